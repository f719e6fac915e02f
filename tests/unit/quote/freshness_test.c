/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness_test.c -- a quote is fresh, then stale, then expired, and each
 * begins in the millisecond that the rule says.
 */
#include "quote/freshness.h"

#include <stdint.h>

#include "quote/quote.h"
#include "testing/testing.h"

static struct quote fetched_at(uint64_t mono_ms)
{
    return (struct quote){.fetched_mono_ms = mono_ms};
}

static const struct freshness_rule minute_then_hour = {
    .fresh_for_ms = 60000,
    .stale_for_ms = 3600000,
};

static void age_counts_from_the_fetch(void **state)
{
    (void)state;
    struct quote quote = fetched_at(1000);
    assert_int_equal(freshness_age_ms(&quote, 1000), 0);
    assert_int_equal(freshness_age_ms(&quote, 1001), 1);
    assert_int_equal(freshness_age_ms(&quote, 61000), 60000);
    assert_int_equal(freshness_age_ms(&quote, UINT64_MAX), UINT64_MAX - 1000);
}

static void now_before_the_fetch_is_age_0(void **state)
{
    (void)state;
    struct quote quote = fetched_at(1000);
    assert_int_equal(freshness_age_ms(&quote, 999), 0);
    assert_int_equal(freshness_age_ms(&quote, 0), 0);
    assert_int_equal(freshness_of(&quote, &minute_then_hour, 0),
                     FRESHNESS_FRESH);
    assert_int_equal(freshness_left_ms(&quote, &minute_then_hour, 0), 60000);
}

static void labels_change_at_the_bounds(void **state)
{
    (void)state;
    struct quote quote = fetched_at(500);
    const struct {
        uint64_t age_ms;
        enum freshness label;
    } cases[] = {
        {0, FRESHNESS_FRESH},         {59999, FRESHNESS_FRESH},
        {60000, FRESHNESS_STALE},     {60001, FRESHNESS_STALE},
        {3659999, FRESHNESS_STALE},   {3660000, FRESHNESS_EXPIRED},
        {3660001, FRESHNESS_EXPIRED}, {UINT64_MAX - 500, FRESHNESS_EXPIRED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            freshness_of(&quote, &minute_then_hour, 500 + cases[i].age_ms),
            cases[i].label);
    }
}

static void left_counts_down_to_0(void **state)
{
    (void)state;
    struct quote quote = fetched_at(500);
    const struct {
        uint64_t age_ms;
        uint64_t left_ms;
    } cases[] = {
        {0, 60000}, {1, 59999}, {59999, 1},
        {60000, 0}, {60001, 0}, {UINT64_MAX - 500, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            freshness_left_ms(&quote, &minute_then_hour, 500 + cases[i].age_ms),
            cases[i].left_ms);
    }
}

static void rule_of_nothing_expires_at_once(void **state)
{
    (void)state;
    const struct freshness_rule rule = {0, 0};
    struct quote quote = fetched_at(500);
    assert_int_equal(freshness_of(&quote, &rule, 500), FRESHNESS_EXPIRED);
    assert_int_equal(freshness_left_ms(&quote, &rule, 500), 0);
}

static void rule_without_stale_goes_from_fresh_to_expired(void **state)
{
    (void)state;
    const struct freshness_rule rule = {.fresh_for_ms = 10};
    struct quote quote = fetched_at(0);
    assert_int_equal(freshness_of(&quote, &rule, 9), FRESHNESS_FRESH);
    assert_int_equal(freshness_of(&quote, &rule, 10), FRESHNESS_EXPIRED);
}

static void rule_without_fresh_is_stale_at_once(void **state)
{
    (void)state;
    const struct freshness_rule rule = {.stale_for_ms = 10};
    struct quote quote = fetched_at(0);
    assert_int_equal(freshness_of(&quote, &rule, 0), FRESHNESS_STALE);
    assert_int_equal(freshness_of(&quote, &rule, 9), FRESHNESS_STALE);
    assert_int_equal(freshness_of(&quote, &rule, 10), FRESHNESS_EXPIRED);
}

/* The two times may add up to more than 64 bits hold. */
static void rules_as_long_as_they_can_be_do_not_wrap(void **state)
{
    (void)state;
    const struct freshness_rule rule = {UINT64_MAX, UINT64_MAX};
    const struct freshness_rule long_stale = {10, UINT64_MAX};
    struct quote quote = fetched_at(0);
    assert_int_equal(freshness_of(&quote, &rule, UINT64_MAX - 1),
                     FRESHNESS_FRESH);
    assert_int_equal(freshness_of(&quote, &rule, UINT64_MAX), FRESHNESS_STALE);
    assert_int_equal(freshness_of(&quote, &long_stale, 9), FRESHNESS_FRESH);
    assert_int_equal(freshness_of(&quote, &long_stale, UINT64_MAX),
                     FRESHNESS_STALE);
}

static void words_are_those_on_the_wire(void **state)
{
    (void)state;
    assert_string_equal(freshness_word(FRESHNESS_FRESH), "fresh");
    assert_string_equal(freshness_word(FRESHNESS_STALE), "stale");
    assert_string_equal(freshness_word(FRESHNESS_EXPIRED), "expired");
}

static void word_of_no_label(void *user)
{
    (void)user;
    freshness_word((enum freshness)7);
}

static void what_is_no_label_aborts(void **state)
{
    (void)state;
    assert_true(testing_aborts(word_of_no_label, NULL));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(age_counts_from_the_fetch),
    cmocka_unit_test(now_before_the_fetch_is_age_0),
    cmocka_unit_test(labels_change_at_the_bounds),
    cmocka_unit_test(left_counts_down_to_0),
    cmocka_unit_test(rule_of_nothing_expires_at_once),
    cmocka_unit_test(rule_without_stale_goes_from_fresh_to_expired),
    cmocka_unit_test(rule_without_fresh_is_stale_at_once),
    cmocka_unit_test(rules_as_long_as_they_can_be_do_not_wrap),
    cmocka_unit_test(words_are_those_on_the_wire),
    cmocka_unit_test(what_is_no_label_aborts),
};

TEST_MAIN(tests)
