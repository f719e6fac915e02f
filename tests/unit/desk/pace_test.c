/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/pace.h"

#include "testing/testing.h"

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

static struct pace_window window(enum budget_span span, uint32_t n,
                                 uint32_t left)
{
    return (struct pace_window){
        .view = {.rule = {.n = n, .span = span}, .left = left},
    };
}

static uint64_t wait_ms(const struct pace *pace, uint64_t now_ms,
                        struct pace_window window)
{
    return pace_wait_ms(pace, now_ms, &window, 1);
}

static void without_rules_nothing_waits(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_spend(&pace, 5);
    assert_int_equal(pace_wait_ms(&pace, 5, NULL, 0), 0);
}

static void of_a_short_window_a_tenth_is_left(void **state)
{
    (void)state;
    struct pace pace = {0};
    assert_int_equal(wait_ms(&pace, 0, window(BUDGET_MINUTE, 60, 7)), 0);
    assert_int_equal(wait_ms(&pace, 0, window(BUDGET_MINUTE, 60, 6)),
                     MINUTE_MS / 54);
    assert_int_equal(wait_ms(&pace, 0, window(BUDGET_MINUTE, 2, 2)), 0);
    assert_true(wait_ms(&pace, 0, window(BUDGET_MINUTE, 2, 1)) > 0);
    // Of one there is none to be left.
    assert_int_equal(wait_ms(&pace, 0, window(BUDGET_SECOND, 1, 1)), 0);
    assert_true(wait_ms(&pace, 0, window(BUDGET_SECOND, 1, 0)) > 0);
}

static void an_hour_is_spread(void **state)
{
    (void)state;
    struct pace pace = {0};
    assert_int_equal(wait_ms(&pace, 0, window(BUDGET_HOUR, 50, 50)), 0);
    pace_spend(&pace, 1000);
    assert_int_equal(wait_ms(&pace, 1000, window(BUDGET_HOUR, 50, 49)),
                     HOUR_MS / 45);
    assert_int_equal(
        wait_ms(&pace, 1000 + HOUR_MS / 45, window(BUDGET_HOUR, 50, 49)), 0);
}

/* Spend as the pace says over an open day, and look at the gaps. */
static void a_day_is_spread_over_the_hours_in_which_prices_move(void **state)
{
    (void)state;
    struct pace pace = {0};
    const uint64_t open_at = 570 * MINUTE_MS; // 09:30
    const uint64_t close_at = 960 * MINUTE_MS;
    uint32_t left = 25;
    uint64_t last_ms = 0;
    uint64_t longest_ms = 0;
    uint64_t shortest_ms = UINT64_MAX;
    unsigned spent = 0;
    for (uint64_t now = open_at; now < close_at; now += 1000) {
        struct pace_window day = window(BUDGET_DAY, 25, left);
        day.view.turns_in_ms = 24 * HOUR_MS - now;
        day.open_ms = close_at - now;
        day.closing = 10;
        if (wait_ms(&pace, now, day) > 0) {
            continue;
        }
        if (spent++ > 0) {
            uint64_t gap_ms = now - last_ms;
            longest_ms = gap_ms > longest_ms ? gap_ms : longest_ms;
            shortest_ms = gap_ms < shortest_ms ? gap_ms : shortest_ms;
        }
        pace_spend(&pace, now);
        last_ms = now;
        left--;
    }
    // 15 of 25 may go, less the reserve of the end of the day.
    assert_in_range(spent, 13, 15);
    uint64_t even_ms = (close_at - open_at) / 15;
    assert_true(longest_ms <= even_ms * 12 / 10);
    assert_true(shortest_ms >= even_ms * 7 / 10);
    assert_true(left >= 10);
}

static void after_the_close_there_is_nothing_to_spread(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_spend(&pace, 1000);
    struct pace_window day = window(BUDGET_DAY, 25, 10);
    day.view.turns_in_ms = 8 * HOUR_MS;
    day.closing = 10;
    assert_int_equal(wait_ms(&pace, 1000, day), 0);
    day.view.left = 0;
    assert_int_equal(wait_ms(&pace, 1000, day), PACE_WAIT_LIMIT_MS);
}

static void what_is_kept_shrinks_to_nothing_by_the_turn(void **state)
{
    (void)state;
    struct pace pace = {0};
    struct pace_window day = window(BUDGET_DAY, 100, 10);
    day.view.turns_in_ms = 24 * HOUR_MS;
    day.open_ms = 24 * HOUR_MS;
    assert_int_equal(wait_ms(&pace, 0, day), PACE_WAIT_LIMIT_MS);
    day.view.turns_in_ms = day.open_ms = 12 * HOUR_MS;
    assert_int_equal(wait_ms(&pace, 0, day), 0);
    day.view.left = 1;
    day.view.turns_in_ms = day.open_ms = 2 * HOUR_MS;
    assert_int_equal(wait_ms(&pace, 0, day), 0);
}

static void the_longest_wait_of_all_rules_counts(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_spend(&pace, 0);
    struct pace_window windows[] = {
        window(BUDGET_SECOND, 1, 0),
        window(BUDGET_HOUR, 10, 9),
        window(BUDGET_MINUTE, 10, 9),
    };
    assert_int_equal(pace_wait_ms(&pace, 0, windows, 3), HOUR_MS / 9);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_rules_nothing_waits),
    cmocka_unit_test(of_a_short_window_a_tenth_is_left),
    cmocka_unit_test(an_hour_is_spread),
    cmocka_unit_test(a_day_is_spread_over_the_hours_in_which_prices_move),
    cmocka_unit_test(after_the_close_there_is_nothing_to_spread),
    cmocka_unit_test(what_is_kept_shrinks_to_nothing_by_the_turn),
    cmocka_unit_test(the_longest_wait_of_all_rules_counts),
};

TEST_MAIN(tests)
