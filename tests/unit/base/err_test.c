/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err_test.c -- every error has a number, a word and a sentence of its own, and
 * the words that are on the wire stay as they are.
 */
#include "base/err.h"

#include <ctype.h>
#include <string.h>

#include "testing/testing.h"

struct row {
    int code;
    int value;
    const char *word;
    const char *sentence;
};

#define ROW(code, value, word, sentence) {code, value, word, sentence},
static const struct row rows[] = {ERR_TABLE(ROW)};
#undef ROW

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void each_error_is_negative_and_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(rows[i].code < 0);
        assert_int_equal(rows[i].code, rows[i].value);
        assert_string_equal(err_word(rows[i].code), rows[i].word);
        assert_string_equal(err_sentence(rows[i].code), rows[i].sentence);
    }
}

static void numbers_words_and_sentences_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(rows[i].value, rows[j].value);
            assert_string_not_equal(rows[i].word, rows[j].word);
            assert_string_not_equal(rows[i].sentence, rows[j].sentence);
        }
    }
}

/* A word is the first of a RESP error line, so it must be one token. */
static void words_are_capitals_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(strlen(rows[i].word) > 0);
        for (const char *c = rows[i].word; *c != '\0'; c++) {
            assert_true(*c >= 'A' && *c <= 'Z');
        }
    }
}

static void sentences_have_no_full_stop_and_no_capital(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const char *sentence = rows[i].sentence;
        assert_true(islower((unsigned char)sentence[0]));
        assert_true(sentence[strlen(sentence) - 1] != '.');
    }
}

static void words_on_the_wire_never_change(void **state)
{
    (void)state;
    const struct {
        int value;
        const char *word;
    } promised[] = {
        {-1, "UNKNOWN"},  {-2, "NODATA"},     {-3, "LIMIT"},
        {-4, "UPSTREAM"}, {-5, "OVERLOADED"}, {-6, "DRAINING"},
        {-7, "SYMBOL"},   {-8, "TOOOLD"},     {-9, "STORE"},
    };
    for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
        assert_string_equal(err_word(promised[i].value), promised[i].word);
    }
}

static void zero_is_ok(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_string_equal(err_word(0), "OK");
    assert_true(strlen(err_sentence(0)) > 0);
}

static void other_numbers_have_a_word_too(void **state)
{
    (void)state;
    const int others[] = {1, -10, -19, -1000, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_string_equal(err_word(others[i]), "ERR");
        assert_true(strlen(err_sentence(others[i])) > 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_error_is_negative_and_has_its_row),
    cmocka_unit_test(numbers_words_and_sentences_are_unique),
    cmocka_unit_test(words_are_capitals_only),
    cmocka_unit_test(sentences_have_no_full_stop_and_no_capital),
    cmocka_unit_test(words_on_the_wire_never_change),
    cmocka_unit_test(zero_is_ok),
    cmocka_unit_test(other_numbers_have_a_word_too),
};

TEST_MAIN(tests)
