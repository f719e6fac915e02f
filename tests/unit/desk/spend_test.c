/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/spend.h"

#include "testing/testing.h"

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* A slot of a day's rule. */
#define SLOT_MS (6 * HOUR_MS / SPEND_SLOTS)

#define START_MS (400 * DAY_MS)

static struct budget_view day(uint32_t n, uint32_t left, uint64_t turns_in_ms)
{
    return (struct budget_view){
        .rule = {.n = n, .span = BUDGET_DAY},
        .left = left,
        .turns_in_ms = turns_in_ms,
    };
}

static struct budget_view minute(uint32_t n, uint32_t left)
{
    return (struct budget_view){
        .rule = {.n = n, .span = BUDGET_MINUTE},
        .left = left,
    };
}

static void inv1_what_was_spent_counts_for_the_look_back(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_DAY, START_MS);
    uint64_t at = START_MS + DAY_MS + SLOT_MS / 2; // in the middle of a slot
    spend_note(&spend, at, 3);
    assert_true(spend_pace_day(&spend, at) > 0);
    assert_true(spend_pace_day(&spend, at + 15 * SLOT_MS) > 0);
    assert_int_equal(spend_pace_day(&spend, at + 16 * SLOT_MS), 0);
    // As a day that the machine slept through.
    spend_note(&spend, at + 100 * DAY_MS, 1);
    assert_int_equal(spend_pace_day(&spend, at + 101 * DAY_MS), 0);
}

static void the_pace_is_what_a_day_takes(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_DAY, START_MS);
    uint64_t at = START_MS;
    for (; at < START_MS + DAY_MS; at += HOUR_MS) {
        spend_note(&spend, at, 1);
    }
    uint64_t pace = spend_pace_day(&spend, at);
    assert_in_range(pace, 22, 26); // 5 or 6 hours are looked at
}

static void a_call_at_the_start_is_no_torrent(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_DAY, START_MS);
    spend_note(&spend, START_MS, 1);
    struct budget_view view = day(25, 24, DAY_MS);
    assert_int_equal(spend_pace_day(&spend, START_MS), DAY_MS / SLOT_MS);
    assert_int_equal(spend_out_in_ms(&spend, START_MS, &view), 24 * SLOT_MS);
}

static void inv2_where_nothing_was_spent_it_never_runs_out(void **state)
{
    (void)state;
    struct spend spend;
    for (enum budget_span span = 0; span < BUDGET_SPANS; span++) {
        spend_init(&spend, span, START_MS);
        for (uint32_t left = 0; left < 3; left++) {
            struct budget_view view = {
                .rule = {.n = 3, .span = span},
                .left = left,
                .turns_in_ms = HOUR_MS,
            };
            assert_true(spend_out_in_ms(&spend, START_MS + 1, &view) ==
                        SPEND_NEVER);
        }
    }
}

static void inv3_more_left_is_not_sooner_and_more_spent_not_later(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int round = 0; round < 2000; round++) {
        enum budget_span span =
            testing_random(&random) % 2 == 0 ? BUDGET_DAY : BUDGET_MINUTE;
        struct spend spend;
        spend_init(&spend, span, START_MS);
        uint64_t at = START_MS + testing_random(&random) % DAY_MS;
        spend_note(&spend, at, (uint32_t)(1 + testing_random(&random) % 50));
        struct budget_view view = {
            .rule = {.n = 100, .span = span},
            .left = (uint32_t)(testing_random(&random) % 100),
            .turns_in_ms = testing_random(&random) % DAY_MS,
        };
        uint64_t out = spend_out_in_ms(&spend, at, &view);
        view.left++;
        assert_true(spend_out_in_ms(&spend, at, &view) >= out);
        view.left--;
        spend_note(&spend, at, (uint32_t)(testing_random(&random) % 50));
        assert_true(spend_out_in_ms(&spend, at, &view) <= out);
    }
}

static void inv4_where_nothing_is_left_it_runs_out_now(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_DAY, START_MS);
    spend_note(&spend, START_MS, 25);
    struct budget_view view = day(25, 0, 3 * HOUR_MS);
    assert_int_equal(spend_out_in_ms(&spend, START_MS + 5, &view), 0);
}

static void a_day_that_turns_before_lasts(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_DAY, START_MS);
    uint64_t at = START_MS + DAY_MS;
    spend_note(&spend, at, 6); // an hour each
    struct budget_view view = day(100, 10, 9 * HOUR_MS);
    assert_true(spend_out_in_ms(&spend, at, &view) == SPEND_NEVER);
    view.turns_in_ms = 12 * HOUR_MS;
    assert_in_range(spend_out_in_ms(&spend, at, &view), 9 * HOUR_MS,
                    10 * HOUR_MS);
}

static void of_a_minute_what_comes_back_is_enough_or_not(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_MINUTE, START_MS);
    uint64_t at = START_MS;
    for (; at < START_MS + HOUR_MS; at += 2000) { // 30 a minute
        spend_note(&spend, at, 1);
    }
    struct budget_view view = minute(40, 10);
    assert_true(spend_out_in_ms(&spend, at, &view) == SPEND_NEVER);
    view.rule.n = 20;
    assert_in_range(spend_out_in_ms(&spend, at, &view), 15000, 25000);
}

static void the_largest_amounts_do_not_overflow(void **state)
{
    (void)state;
    struct spend spend;
    spend_init(&spend, BUDGET_MONTH, START_MS);
    uint64_t at = START_MS;
    for (int i = 0; i < 100; i++) {
        spend_note(&spend, at, UINT32_MAX);
        at += DAY_MS / 2;
    }
    struct budget_view view = {
        .rule = {.n = BUDGET_N_LIMIT, .span = BUDGET_MONTH},
        .left = BUDGET_N_LIMIT,
        .turns_in_ms = 31 * DAY_MS,
    };
    uint64_t out = spend_out_in_ms(&spend, at, &view);
    assert_in_range(out, DAY_MS, 30 * DAY_MS);
    assert_true(spend_pace_day(&spend, at) > UINT32_MAX / 100);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_what_was_spent_counts_for_the_look_back),
    cmocka_unit_test(the_pace_is_what_a_day_takes),
    cmocka_unit_test(a_call_at_the_start_is_no_torrent),
    cmocka_unit_test(inv2_where_nothing_was_spent_it_never_runs_out),
    cmocka_unit_test(inv3_more_left_is_not_sooner_and_more_spent_not_later),
    cmocka_unit_test(inv4_where_nothing_is_left_it_runs_out_now),
    cmocka_unit_test(a_day_that_turns_before_lasts),
    cmocka_unit_test(of_a_minute_what_comes_back_is_enough_or_not),
    cmocka_unit_test(the_largest_amounts_do_not_overflow),
};

TEST_MAIN(tests)
