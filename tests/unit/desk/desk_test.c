/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

/* --- Invariants ------------------------------------------------------------
 */

static void inv1_inv3_a_symbol_is_called_for_once_and_all_are_told(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(counter_ask(f, "IBM", i, true), 0);
    }
    counter_depart(f);
    assert_int_equal(counter_ask(f, "IBM", 10, true), 0); // while it is called
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    for (unsigned i = 0; i < 11; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], 0);
    }
    assert_int_equal(desk_count(f->desk), 0);
    assert_int_equal(counter_sum(f, METRIC_flights_started), 1);
    assert_int_equal(counter_sum(f, METRIC_flights_joined), 10);
    assert_int_equal(counter_sum(f, METRIC_flights_open), 0);
}

static void inv2_flights_and_calls_are_bounded(void **state)
{
    struct counter *f = *state;
    f->policy.flights_max = 5;
    f->policy.calls_max = 2;
    counter_open_desk(f, false);
    static const char *const symbols[] = {"A", "B", "C", "D", "E", "F"};
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(counter_ask(f, symbols[i], i, true),
                         i < 5 ? 0 : ERR_FULL);
    }
    counter_depart(f);
    assert_int_equal(f->under_way_count, 2);
    counter_answer(f, f->under_way[--f->under_way_count]);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 2);
    counter_settle(f);
    assert_int_equal(f->made_count, 5);
    assert_int_equal(f->told[5], 0);
}

/* Asks at any time, of all kinds, and what departs is what the rules allow. */
static void inv4_no_call_departs_beyond_the_budget(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, s]\n  - [5, m]\n  - [30, d]\n";
    f->policy.warm_for_ms = 300000;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){
        .asked_mono_ms = f->now.mono_ms, .seconds = 1, .is_watched = true};
    uint64_t random = 3;
    for (int i = 0; i < 4000; i++) {
        char text[8];
        snprintf(text, sizeof(text), "S%u",
                 (unsigned)(testing_random(&random) % 40));
        counter_ask(f, text, 0, testing_random(&random) % 2 == 0);
        counter_run(f, testing_random(&random) % 30000);
    }
    assert_true(f->made_count > 30);
    for (size_t last = 0; last < f->made_count; last++) {
        unsigned second = 0;
        unsigned minute = 0;
        unsigned day = 0;
        int64_t at = f->made[last].at_ms;
        for (size_t i = 0; i <= last; i++) {
            second += at - f->made[i].at_ms < 1000;
            minute += at - f->made[i].at_ms < 60000;
            day += at / 86400000 == f->made[i].at_ms / 86400000;
        }
        assert_true(second <= 1 && minute <= 5 && day <= 30);
    }
}

static void inv5_after_a_rest_one_call_is_a_trial(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_DOWN;
    for (int i = 0; i < 3; i++) {
        counter_ask(f, "IBM", 0, true);
        counter_settle(f);
    }
    assert_int_equal(f->made_count, 3);
    static const char *const symbols[] = {"A", "B", "C"};
    for (unsigned i = 0; i < 3; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_depart(f);
    assert_int_equal(f->under_way_count, 0);
    counter_pass(f, 1000);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 1);
    f->moods[0] = COUNTER_PRICE;
    counter_answer(f, f->under_way[--f->under_way_count]);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 2); // it is well again
    counter_settle(f);
}

static void inv6_a_symbol_that_spoils_a_call_is_left_out(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = counter_batch;
    f->moods[0] = COUNTER_DROPS;
    counter_open_desk(f, false);
    static const char *const symbols[] = {"A", "B", "BAD", "C", "D"};
    for (unsigned i = 0; i < 5; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_settle(f);
    assert_int_equal(f->made_count, 2);
    assert_int_equal(f->made[1].count, 4);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], i == 2 ? ERR_NODATA : 0);
    }
}

static void inv6_one_that_is_not_named_is_found_in_halves(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = counter_batch;
    f->moods[0] = COUNTER_SPLITS;
    counter_open_desk(f, false);
    static const char *const symbols[] = {"A", "B",   "C", "D",
                                          "E", "BAD", "F", "G"};
    for (unsigned i = 0; i < 8; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_settle(f);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], i == 5 ? ERR_NODATA : 0);
    }
    assert_in_range(f->made_count, 4, 7); // 8; 4 and 4; 2 and 2; 1 and 1
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, counter_set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    TEST(inv1_inv3_a_symbol_is_called_for_once_and_all_are_told),
    TEST(inv2_flights_and_calls_are_bounded),
    TEST(inv4_no_call_departs_beyond_the_budget),
    TEST(inv5_after_a_rest_one_call_is_a_trial),
    TEST(inv6_a_symbol_that_spoils_a_call_is_left_out),
    TEST(inv6_one_that_is_not_named_is_found_in_halves),
};

TEST_MAIN(tests)
