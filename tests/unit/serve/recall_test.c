/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall_test.c -- names that were asked for last: each is found as it was
 * kept, and none for another, however alike they are.
 */
#include "serve/recall.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing/testing.h"

static int open_recall(void **state)
{
    *state = calloc(1, sizeof(struct recall));
    assert_non_null(*state);
    return 0;
}

static int close_recall(void **state)
{
    free(*state);
    return 0;
}

/* Texts are copied to the end of a block, so that ASan sees a read past it. */
static struct span copy_of(char **block, const char *text)
{
    size_t len = strlen(text);
    *block = malloc(len > 0 ? len : 1);
    assert_non_null(*block);
    memcpy(*block, text, len);
    return (struct span){*block, len};
}

static const struct symbol *find(struct recall *recall, const char *text)
{
    char *block;
    const struct symbol *found = recall_find(recall, copy_of(&block, text));
    free(block);
    return found;
}

static void keep(struct recall *recall, const char *text, const char *named)
{
    char *block;
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(named)), 0);
    recall_keep(recall, copy_of(&block, text), &symbol);
    free(block);
}

static void text_of_every_length_is_found_again(void **state)
{
    struct recall *recall = *state;
    const char letters[] = "ABCDEFGHIJKLMNOPQ";
    for (int len = 1; len <= RECALL_TEXT_LIMIT; len++) {
        char text[RECALL_TEXT_LIMIT + 1];
        snprintf(text, sizeof(text), "%.*s", len, letters);
        assert_null(find(recall, text));
        keep(recall, text, text);
        const struct symbol *found = find(recall, text);
        assert_non_null(found);
        assert_string_equal(found->text, text);
    }
}

static void empty_and_long_texts_are_not_kept(void **state)
{
    struct recall *recall = *state;
    const char *const texts[] = {"", "ABCDEFGHIJKLMNOPQ",
                                 "International Business Machines"};
    for (size_t i = 0; i < 3; i++) {
        keep(recall, texts[i], "IBM");
        assert_null(find(recall, texts[i]));
    }
}

/* One byte differs, or one more is there, at every place: the overlapping words
 * of a key must tell them apart. */
static void no_other_text_is_taken_for_one(void **state)
{
    struct recall *recall = *state;
    const char letters[] = "AAAAAAAAAAAAAAAA";
    for (int len = 1; len <= RECALL_TEXT_LIMIT; len++) {
        char text[RECALL_TEXT_LIMIT + 2];
        snprintf(text, sizeof(text), "%.*s", len, letters);
        recall_forget_all(recall);
        keep(recall, text, "IBM");
        for (int at = 0; at < len; at++) {
            text[at] = 'B';
            assert_null(find(recall, text));
            text[at] = '\0';
            assert_null(find(recall, text)); // shorter
            text[at] = 'A';
        }
        assert_non_null(find(recall, text));
    }
    for (int len = 1; len <= RECALL_TEXT_LIMIT; len++) {
        recall_forget_all(recall);
        char text[RECALL_TEXT_LIMIT + 1];
        snprintf(text, sizeof(text), "%.*s", len, letters);
        keep(recall, text, "IBM");
        for (int other = 1; other <= RECALL_TEXT_LIMIT; other++) {
            char longer[RECALL_TEXT_LIMIT + 1];
            snprintf(longer, sizeof(longer), "%.*s", other, letters);
            assert_int_equal(find(recall, longer) != NULL, other == len);
        }
    }
}

/* A thousand times as many texts as there are places: what is found is always
 * what was kept under that text last. */
static void crowd_pushes_out_and_mixes_up_nothing(void **state)
{
    struct recall *recall = *state;
    size_t found_count = 0;
    const unsigned texts = 100 * RECALL_PLACES;
    for (unsigned i = 0; i < texts; i++) {
        char text[RECALL_TEXT_LIMIT + 1];
        snprintf(text, sizeof(text), "S%u", i);
        assert_null(find(recall, text));
        keep(recall, text, text);
    }
    for (unsigned i = 0; i < texts; i++) {
        char text[RECALL_TEXT_LIMIT + 1];
        snprintf(text, sizeof(text), "S%u", i);
        const struct symbol *found = find(recall, text);
        if (found != NULL) {
            assert_string_equal(found->text, text);
            found_count++;
        }
    }
    // As many as there are places, but for the few that none fell into.
    assert_in_range(found_count, RECALL_PLACES * 9 / 10, RECALL_PLACES);
}

static void forgotten_is_all(void **state)
{
    struct recall *recall = *state;
    keep(recall, "big blue", "IBM");
    assert_string_equal(find(recall, "big blue")->text, "IBM");
    recall_forget_all(recall);
    assert_null(find(recall, "big blue"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(text_of_every_length_is_found_again,
                                    open_recall, close_recall),
    cmocka_unit_test_setup_teardown(empty_and_long_texts_are_not_kept,
                                    open_recall, close_recall),
    cmocka_unit_test_setup_teardown(no_other_text_is_taken_for_one, open_recall,
                                    close_recall),
    cmocka_unit_test_setup_teardown(crowd_pushes_out_and_mixes_up_nothing,
                                    open_recall, close_recall),
    cmocka_unit_test_setup_teardown(forgotten_is_all, open_recall,
                                    close_recall),
};

TEST_MAIN(tests)
