/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest_test.c -- how long a provider rests after each class of answer, and that
 * a rest is never cut short but by a price.
 */
#include "desk/rest.h"

#include "testing/testing.h"

#define NOW 5000000u

/* The table of fetch/fetch.h. */
static const struct {
    enum provider_class class;
    uint64_t rest_ms;
} table[] = {
    {PROVIDER_OK, 0},
    {PROVIDER_UNKNOWN, 0},
    {PROVIDER_FORBIDDEN, 0},
    {PROVIDER_PLAN, REST_FOR_EVER},
    {PROVIDER_AUTH, REST_FOR_EVER},
    {PROVIDER_LIMIT_SECOND, 1000},
    {PROVIDER_LIMIT_MINUTE, 60000},
    {PROVIDER_LIMIT_HOUR, 3600000},
    {PROVIDER_LIMIT_DAY, 3600000},
    {PROVIDER_LIMIT_MONTH, 3600000},
    {PROVIDER_SESSION, 900000},
    {PROVIDER_BLOCKED, 900000},
    {PROVIDER_UPSTREAM, 0}, // one alone
    {PROVIDER_BAD, 0},
    {PROVIDER_NOTICE, 60000},
};

#define CLASSES (sizeof(table) / sizeof(table[0]))

static void every_class_has_its_rest(void **state)
{
    (void)state;
    assert_int_equal(CLASSES, PROVIDER_CLASS_COUNT);
    for (size_t i = 0; i < CLASSES; i++) {
        struct rest rest = {0};
        uint64_t ms = table[i].rest_ms;
        assert_true(rest_note(&rest, table[i].class, NOW) == ms);
        assert_true(rest_left_ms(&rest, NOW) == ms);
    }
}

static void rest_ends_to_the_millisecond(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLASSES; i++) {
        uint64_t ms = table[i].rest_ms;
        if (ms == 0 || ms == REST_FOR_EVER) {
            continue;
        }
        struct rest rest = {0};
        rest_note(&rest, table[i].class, NOW);
        assert_int_equal(rest_left_ms(&rest, NOW + 1), ms - 1);
        assert_int_equal(rest_left_ms(&rest, NOW + ms - 1), 1);
        assert_int_equal(rest_left_ms(&rest, NOW + ms), 0);
        assert_int_equal(rest_left_ms(&rest, NOW + ms + 1), 0);
    }
}

static void for_ever_is_for_ever(void **state)
{
    (void)state;
    struct rest rest = {0};
    assert_true(rest_note(&rest, PROVIDER_AUTH, NOW) == REST_FOR_EVER);
    assert_true(rest_left_ms(&rest, UINT64_MAX - 1) == REST_FOR_EVER);
    assert_true(rest_left_ms(&rest, UINT64_MAX) == REST_FOR_EVER);
}

static void failures_in_a_row_double_the_rest(void **state)
{
    (void)state;
    const uint64_t lengths[] = {0,    0,     1000,  2000,  4000,
                                8000, 16000, 30000, 30000, 30000};
    struct rest rest = {0};
    uint64_t now = NOW;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        assert_int_equal(rest_note(&rest, PROVIDER_UPSTREAM, now), lengths[i]);
        assert_int_equal(rest_left_ms(&rest, now), lengths[i]);
        now += lengths[i];
    }
    // A hundred thousand later it is still half a minute.
    for (int i = 0; i < 100000; i++) {
        now += 30000;
        rest_note(&rest, PROVIDER_UPSTREAM, now);
    }
    assert_int_equal(rest_left_ms(&rest, now), 30000);
}

/* Fifty calls that were under way when the provider fell ill are one outage. */
static void calls_that_fail_together_are_one_rest(void **state)
{
    (void)state;
    struct rest rest = {0};
    for (int i = 0; i < 50; i++) {
        uint64_t expected = i == 2 ? 1000 : 0;
        assert_int_equal(rest_note(&rest, PROVIDER_UPSTREAM, NOW + (uint64_t)i),
                         expected);
    }
    assert_int_equal(rest_left_ms(&rest, NOW + 2), 1000);
    assert_int_equal(rest_note(&rest, PROVIDER_UPSTREAM, NOW + 1002), 2000);
}

/* Any other answer ends the row: it was one. */
static void answer_in_between_ends_the_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLASSES; i++) {
        if (table[i].class == PROVIDER_UPSTREAM) {
            continue;
        }
        struct rest rest = {0};
        rest_note(&rest, PROVIDER_UPSTREAM, NOW);
        rest_note(&rest, PROVIDER_UPSTREAM, NOW);
        rest_note(&rest, table[i].class, NOW);
        assert_int_equal(rest_note(&rest, PROVIDER_UPSTREAM, NOW), 0);
        assert_int_equal(rest_note(&rest, PROVIDER_UPSTREAM, NOW), 0);
    }
}

/* A call that was under way when a rest began must not end it, whatever it
 * brings but a price. */
static void rest_is_never_cut_short_but_by_a_price(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLASSES; i++) {
        for (size_t j = 0; j < CLASSES; j++) {
            struct rest rest = {0};
            rest_note(&rest, table[i].class, NOW);
            uint64_t began_ms = rest_note(&rest, table[j].class, NOW + 10);
            uint64_t first = table[i].rest_ms;
            uint64_t second = table[j].rest_ms;
            uint64_t left = first == REST_FOR_EVER ? first
                            : first > 10           ? first - 10
                                                   : 0;
            bool is_longer = second > left;
            uint64_t expected = table[j].class == PROVIDER_OK ? 0
                                : is_longer                   ? second
                                                              : left;
            assert_true(rest_left_ms(&rest, NOW + 10) == expected);
            // It tells of a rest only where this answer began one.
            assert_true(began_ms == (is_longer ? second : 0));
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_class_has_its_rest),
    cmocka_unit_test(rest_ends_to_the_millisecond),
    cmocka_unit_test(for_ever_is_for_ever),
    cmocka_unit_test(failures_in_a_row_double_the_rest),
    cmocka_unit_test(calls_that_fail_together_are_one_rest),
    cmocka_unit_test(answer_in_between_ends_the_row),
    cmocka_unit_test(rest_is_never_cut_short_but_by_a_price),
};

TEST_MAIN(tests)
