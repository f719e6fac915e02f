/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows_test.c -- the rows of a watch against a plain model of them, which looks
 * through all for each message, and how many messages there may be.
 */
#include "lib/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "testing/testing.h"

#define MANY  10000u
#define WORDS 7000u /* fewer than rows, so that some are there twice */
#define NONE  UINT32_MAX

struct model_row {
    uint32_t symbol; /* number of its word */
    uint32_t name;   /* or NONE */
    bool is_due;
    bool is_asked;
};

struct model {
    struct model_row rows[MANY];
    uint32_t queue[MANY]; /* a ring: each row is in it once at most */
    uint32_t first;
    uint32_t count;
};

/* The text of a word, in one of its cases. */
static const char *word(char out[16], uint32_t number, bool is_small)
{
    snprintf(out, 16, is_small ? "ab.%u" : "AB.%u", number);
    return out;
}

static void enqueue(struct model *model, uint32_t i)
{
    assert_true(model->count < MANY);
    model->queue[(model->first + model->count) % MANY] = i;
    model->count++;
}

static void make_due(struct model *model, uint32_t i)
{
    struct model_row *row = &model->rows[i];
    if (!row->is_due && !row->is_asked) {
        enqueue(model, i);
    }
    row->is_due = true;
}

static void answer(struct model *model, struct rows *rows, uint32_t i)
{
    struct model_row *row = &model->rows[i];
    rows_answered(rows, i);
    row->is_asked = false;
    if (row->is_due) {
        enqueue(model, i);
    }
}

static void hear(struct model *model, struct rows *rows, uint32_t number,
                 bool is_small)
{
    char text[16];
    bool is_known = false;
    for (uint32_t i = 0; i < MANY; i++) {
        if (model->rows[i].symbol == number || model->rows[i].name == number) {
            make_due(model, i);
            is_known = true;
        }
    }
    assert_int_equal(rows_hear(rows, span_of(word(text, number, is_small))),
                     is_known);
}

static void take(struct model *model, struct rows *rows)
{
    size_t i;
    bool is_due = rows_take_due(rows, &i);
    assert_int_equal(is_due, model->count > 0);
    if (is_due) {
        // The rows of one message may be taken in any order.
        struct model_row *row = &model->rows[i];
        assert_true(row->is_due && !row->is_asked); // (1)
        uint32_t at = 0;
        while (model->queue[(model->first + at) % MANY] != i) {
            at++;
            assert_true(at < model->count);
        }
        for (; at > 0; at--) {
            uint32_t to = (model->first + at) % MANY;
            model->queue[to] = model->queue[(model->first + at - 1) % MANY];
        }
        model->first = (model->first + 1) % MANY;
        model->count--;
        row->is_due = false;
        row->is_asked = true;
    }
}

static struct model *make(struct rows **rows)
{
    static char texts[MANY][16];
    static const char *symbols[MANY];
    struct model *model = calloc(1, sizeof(*model));
    assert_non_null(model);
    for (uint32_t i = 0; i < MANY; i++) {
        model->rows[i] = (struct model_row){.symbol = i % WORDS, .name = NONE};
        symbols[i] = word(texts[i], i % WORDS, i % 3 == 0);
    }
    assert_int_equal(rows_create(rows, symbols, MANY, 4711), 0);
    return model;
}

static void step(struct model *model, struct rows *rows, uint64_t *random)
{
    char text[16];
    uint32_t i = (uint32_t)(testing_random(random) % MANY);
    uint32_t number = (uint32_t)(testing_random(random) % (2 * WORDS));
    switch (testing_random(random) % 8) {
    case 0:
    case 1:
    case 2:
        hear(model, rows, number, i % 2 == 0);
        break;
    case 3:
        model->rows[i].name = number;
        rows_set_name(rows, i, word(text, number, i % 2 == 0));
        break;
    case 4:
        if (model->rows[i].is_asked) {
            answer(model, rows, i);
        }
        break;
    default:
        take(model, rows);
    }
}

/* A connection is lost, and there is another. */
static void begin_anew(struct model *model, struct rows *rows)
{
    for (uint32_t i = 0; i < MANY; i++) {
        bool waits = model->rows[i].is_asked && model->rows[i].is_due;
        model->rows[i].is_asked = false;
        if (waits) {
            enqueue(model, i);
        }
    }
    for (uint32_t i = 0; i < MANY; i++) {
        make_due(model, i);
    }
    rows_forget_asked(rows);
    rows_make_all_due(rows);
    for (int n = 0; n < 9000; n++) {
        take(model, rows);
    }
}

static void inv1_2_rows_are_those_of_a_plain_model(void **state)
{
    (void)state;
    struct rows *rows;
    struct model *model = make(&rows);
    uint64_t random = 1;
    for (int i = 0; i < 40000; i++) {
        step(model, rows, &random);
        if (i % 10000 == 5000) {
            begin_anew(model, rows);
        }
    }
    rows_destroy(&rows);
    assert_null(rows);
    free(model);
}

/* In the order in which they became due, each once. */
static void inv2_the_first_that_is_due_is_asked_first(void **state)
{
    (void)state;
    const char *const symbols[] = {"a", "b", "c", "B"};
    struct rows *rows;
    size_t i;
    assert_int_equal(rows_create(&rows, symbols, 4, 1), 0);
    assert_false(rows_take_due(rows, &i));
    assert_true(rows_hear(rows, span_of("c")));
    assert_true(rows_hear(rows, span_of("A")));
    assert_true(rows_hear(rows, span_of("c")));
    assert_false(rows_hear(rows, span_of("d")));
    assert_true(rows_take_due(rows, &i) && i == 2);
    assert_true(rows_hear(rows, span_of("c"))); // while it is asked
    assert_true(rows_take_due(rows, &i) && i == 0);
    assert_false(rows_take_due(rows, &i));
    rows_answered(rows, 0);
    assert_false(rows_take_due(rows, &i));
    rows_answered(rows, 2);
    assert_true(rows_take_due(rows, &i) && i == 2);
    assert_true(rows_hear(rows, span_of("b"))); // both of it
    assert_true(rows_take_due(rows, &i) && (i == 1 || i == 3));
    assert_true(rows_take_due(rows, &i) && (i == 1 || i == 3));
    assert_false(rows_take_due(rows, &i));
    rows_destroy(&rows);
}

static void names_are_found_until_they_are_others(void **state)
{
    (void)state;
    const char *const symbols[] = {"Google", "GOOGL", "Alphabet"};
    struct rows *rows;
    assert_int_equal(rows_create(&rows, symbols, 3, 1), 0);
    assert_string_equal(rows_at(rows, 1)->symbol, "GOOGL");
    rows_set_name(rows, 0, "GOOGL");
    rows_set_name(rows, 2, "GOOGL");
    rows_set_name(rows, 2, "GOOGL");
    rows_set_name(rows, 1, "googl");
    size_t i;
    assert_true(rows_hear(rows, span_of("googl")));
    for (int n = 0; n < 3; n++) {
        assert_true(rows_take_due(rows, &i));
        rows_answered(rows, i);
    }
    assert_false(rows_take_due(rows, &i));
    rows_set_name(rows, 2, "GOOG");
    rows_set_name(rows, 0, "");
    rows_set_name(rows, 1,
                  "longer than any symbol that a quote can have, and cut");
    assert_true(rows_hear(rows, span_of("GOOGL")));
    assert_true(rows_take_due(rows, &i) && i == 1);
    assert_false(rows_take_due(rows, &i));
    assert_false(rows_hear(rows, span_of("")));
    assert_int_equal(strlen(rows_at(rows, 1)->name),
                     sizeof(rows_at(rows, 1)->name) - 1);
    rows_destroy(&rows);
}

/* (3) Looking through all rows would make ten thousand million of this, which
 * no test has the time for. */
static void inv3_a_message_does_not_look_through_all(void **state)
{
    (void)state;
    struct rows *rows;
    struct model *model = make(&rows);
    char text[16];
    for (uint32_t i = 0; i < 1000000; i++) {
        size_t taken;
        rows_hear(rows, span_of(word(text, i % (2 * WORDS), i % 2 == 0)));
        while (rows_take_due(rows, &taken)) {
            rows_answered(rows, taken);
        }
    }
    rows_destroy(&rows);
    free(model);
}

static void oom_makes_none(void **state)
{
    (void)state;
    const char *const symbols[] = {"a", "b"};
    TESTING_EACH_ALLOCATION(n)
    {
        struct rows *rows;
        int err = rows_create(&rows, symbols, 2, 1);
        assert_true(err == 0 || (err == ERR_NOMEM && rows == NULL));
        rows_destroy(&rows);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_2_rows_are_those_of_a_plain_model),
    cmocka_unit_test(inv2_the_first_that_is_due_is_asked_first),
    cmocka_unit_test(names_are_found_until_they_are_others),
    cmocka_unit_test(inv3_a_message_does_not_look_through_all),
    cmocka_unit_test(oom_makes_none),
};

TEST_MAIN(tests)
