/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/budget.h"

#include <string.h>

#include "base/err.h"
#include "budget/turn.h"
#include "counted.h"
#include "testing/testing.h"

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, counted_set_up, counted_tear_down)

/* --- (1) ------------------------------------------------------------------ */

/* Time goes on: mostly by little, now and then by hours. */
static void pass(struct counted *f)
{
    static const int64_t scales[] = {200, 2000, 60000, COUNTED_HOUR_MS,
                                     9 * COUNTED_HOUR_MS};
    int64_t scale = scales[counted_draw(f, 5)];
    f->true_ms += (int64_t)counted_draw(f, (uint64_t)scale);
}

/* The wall clock is wrong by up to a day, or a whole one, and set right before
 * that is believed. */
static void stumble(struct counted *f)
{
    const int64_t most_ms =
        (int64_t)STEADY_BELIEVED_MS - 10 * COUNTED_HOUR_MS; // pass() adds nine
    bool is_over = f->true_ms - f->stepped_ms > most_ms;
    if (f->step_ms != 0 && (is_over || counted_draw(f, 20) == 0)) {
        f->step_ms = 0;
    } else if (f->step_ms == 0 && f->saved.len > 0 && counted_draw(f, 8) == 0) {
        uint64_t range_ms = (uint64_t)(2 * COUNTED_DAY_MS + 1);
        int64_t any_ms = (int64_t)counted_draw(f, range_ms) - COUNTED_DAY_MS;
        int64_t whole_ms = any_ms < 0 ? -COUNTED_DAY_MS : COUNTED_DAY_MS;
        f->step_ms = counted_draw(f, 3) == 0 ? whole_ms : any_ms;
        f->stepped_ms = f->true_ms;
    }
}

static void happen(struct counted *f, bool may_step)
{
    if (may_step) {
        stumble(f);
    }
    uint64_t event = counted_draw(f, 40);
    if (event == 0) {
        counted_restart(f);
    } else if (event == 1 && !may_step) {
        // The machine itself is started again, by a clock that is right.
        f->boot_ms = f->true_ms;
        f->boots++;
        f->true_ms += 3000;
        counted_restart(f);
    }
}

static void run(struct counted *f, unsigned steps, bool may_step)
{
    assert_int_equal(counted_make(f), 0);
    size_t refused = 0;
    for (unsigned i = 0; i < steps; i++) {
        pass(f);
        happen(f, may_step);
        unsigned count = 1 + (unsigned)counted_draw(f, 6);
        unsigned burst = 1 + (unsigned)counted_draw(f, 30);
        for (unsigned k = 0; k < burst; k++) {
            uint64_t wait_ms;
            refused +=
                counted_ask(f, (unsigned)counted_draw(f, COUNTED_SYMBOLS),
                            count, &wait_ms) == 0;
        }
    }
    assert_true(f->calls_count > 50);
    assert_true(refused > 50);
    counted_check_rules(f);
}

static void inv1_alpha_vantages_rules_hold(void **state)
{
    struct counted *f = *state;
    for (int seed = 1; seed <= 20; seed++) {
        f->random = (uint64_t)seed;
        f->calls_count = 0;
        f->skew_ms = ((int64_t)counted_draw(f, 3) - 1) * (TURN_MARGIN_MS - 1);
        const struct budget_rule rules[] = {
            {.n = 1, .span = BUDGET_SECOND},
            {.n = 25, .span = BUDGET_DAY, .zone = counted_new_york(f)},
        };
        counted_set_rules(f, rules, 2);
        run(f, 400, seed % 2 == 0);
        budget_destroy(&f->budget);
        buffer_clear(&f->saved);
        f->step_ms = 0;
    }
}

static void inv1_rules_of_every_kind_hold_together(void **state)
{
    struct counted *f = *state;
    for (int seed = 1; seed <= 20; seed++) {
        f->random = (uint64_t)seed * 1000;
        f->calls_count = 0;
        f->skew_ms = ((int64_t)counted_draw(f, 3) - 1) * (TURN_MARGIN_MS - 1);
        const struct budget_rule rules[] = {
            {.n = 5, .span = BUDGET_SECOND, .cost = BUDGET_SYMBOLS},
            {.n = 30, .span = BUDGET_MINUTE},
            {.n = 90, .span = BUDGET_HOUR, .cost = BUDGET_SYMBOLS},
            {.n = 300,
             .span = BUDGET_DAY,
             .zone = counted_new_york(f),
             .hour = 17},
            {.n = 3000, .span = BUDGET_MONTH, .cost = BUDGET_SYMBOLS},
            {.n = 30, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
        };
        counted_set_rules(f, rules, 6);
        run(f, 250, seed % 2 == 0);
        budget_destroy(&f->budget);
        buffer_clear(&f->saved);
        f->step_ms = 0;
    }
}

/* Nobody knows which of two zones' days a key has; it is spent by both, over
 * the day that has 25 hours in one of them. */
static void inv1_a_day_that_is_one_of_two_holds_as_either(void **state)
{
    struct counted *f = *state;
    for (int seed = 1; seed <= 20; seed++) {
        f->random = (uint64_t)seed * 77;
        f->calls_count = 0;
        f->true_ms += 238 * COUNTED_DAY_MS; // 2026-10-25, the first time
        const struct budget_rule rules[] = {
            {.n = 1, .span = BUDGET_SECOND},
            {.n = 25, .span = BUDGET_DAY},
            {.n = 25, .span = BUDGET_DAY, .zone = counted_new_york(f)},
            {.n = 90, .span = BUDGET_MONTH},
            {.n = 90, .span = BUDGET_MONTH, .zone = counted_new_york(f)},
        };
        counted_set_rules(f, rules, 5);
        run(f, 400, seed % 2 == 0);
        budget_destroy(&f->budget);
        buffer_clear(&f->saved);
        f->step_ms = 0;
    }
}

/* A step over midnight brings nothing, and taken back it costs nothing. */
static void inv1_a_step_over_midnight_brings_no_second_day(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rule = {.n = 3, .span = BUDGET_DAY};
    counted_set_rules(f, &rule, 1);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    }
    f->step_ms = COUNTED_DAY_MS;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += 11 * COUNTED_HOUR_MS; // 23:00
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += COUNTED_HOUR_MS + TURN_MARGIN_MS;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
}

/* A clock that was ahead when the server started does not bring the day before
 * the provider has it. */
static void inv1_a_clock_that_is_set_right_brings_no_second_day(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rule = {.n = 3, .span = BUDGET_DAY};
    counted_set_rules(f, &rule, 1);
    f->true_ms += 6 * COUNTED_HOUR_MS; // 18:00
    f->step_ms = 5 * COUNTED_HOUR_MS;
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    }
    f->step_ms = 0;
    f->true_ms += 2 * COUNTED_HOUR_MS;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += 4 * COUNTED_HOUR_MS + TURN_MARGIN_MS;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
}

/* What a provider whose clock is ahead counts for tomorrow, so do we. */
static void inv1_what_is_spent_near_midnight_counts_in_both_days(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 9, .span = BUDGET_DAY},
        {.n = 6, .span = BUDGET_DAY, .cost = BUDGET_DISTINCT},
    };
    counted_set_rules(f, rules, 2);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 2, &wait_ms), 2);
    f->true_ms += 12 * COUNTED_HOUR_MS - TURN_MARGIN_MS;
    assert_int_equal(counted_ask(f, 1, 3, &wait_ms), 3); // S1 again, S2 and S3
    f->true_ms += TURN_MARGIN_MS; // midnight, but not on every clock
    assert_int_equal(counted_ask(f, 4, 1, &wait_ms), 1);
    assert_int_equal(counted_look(f, 0).left, 6);
    assert_int_equal(counted_look(f, 1).left, 1);
    counted_restart(f);
    f->true_ms += TURN_MARGIN_MS;
    assert_int_equal(counted_look(f, 0).left, 7); // two calls were late
    assert_int_equal(counted_look(f, 1).left, 2); // of all but S0
    f->true_ms += COUNTED_DAY_MS;
    assert_int_equal(counted_look(f, 0).left, 9);
    assert_int_equal(counted_look(f, 1).left, 6);
}

/* --- (2) ------------------------------------------------------------------ */

static void inv2_what_does_not_fit_fits_when_it_says(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 2, .span = BUDGET_SECOND},
        {.n = 9, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
        {.n = 40, .span = BUDGET_DAY, .zone = counted_new_york(f)},
    };
    counted_set_rules(f, rules, 3);
    assert_int_equal(counted_make(f), 0);
    for (int i = 0; i < 500; i++) {
        uint64_t wait_ms;
        unsigned first = (unsigned)counted_draw(f, COUNTED_SYMBOLS);
        if (counted_ask(f, first, 1 + (unsigned)counted_draw(f, 3), &wait_ms) >
            0) {
            assert_int_equal(wait_ms, 0);
            continue;
        }
        assert_true(wait_ms > 0);
        f->true_ms += (int64_t)wait_ms - 1;
        uint64_t more_ms;
        assert_int_equal(counted_ask(f, first, 1, &more_ms), 0);
        assert_int_equal(more_ms, 1);
        f->true_ms += 1;
        assert_int_equal(counted_ask(f, first, 1, &more_ms), 1);
    }
    counted_check_rules(f);
}

static void inv2_only_what_fits_is_granted(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 8, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
        {.n = 4, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    counted_set_rules(f, rules, 2);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 3, &wait_ms), 3);
    assert_int_equal(counted_ask(f, 1, 5, &wait_ms),
                     3); // S1, S2 known, S3 new, S4 not
    assert_int_equal(counted_ask(f, 0, 5, &wait_ms),
                     2); // symbols of the minute
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += (int64_t)wait_ms;
    assert_int_equal(counted_ask(f, 7, 1, &wait_ms),
                     0); // a fifth symbol this month
    assert_true((int64_t)wait_ms > 20 * COUNTED_DAY_MS);
    assert_int_equal(counted_ask(f, 0, 4, &wait_ms), 4);
}

static void a_provider_that_says_so_has_nothing_left(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 60, .span = BUDGET_MINUTE},
        {.n = 500, .span = BUDGET_DAY},
    };
    counted_set_rules(f, rules, 2);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    uint64_t said_ms = budget_exhaust(f->budget, counted_now(f), BUDGET_MINUTE);
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    assert_int_equal(wait_ms, said_ms);
    assert_in_range(wait_ms, 60000, 70000);
    f->true_ms += (int64_t)wait_ms;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    assert_int_equal(budget_exhaust(f->budget, counted_now(f), BUDGET_HOUR), 0);
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    budget_exhaust(f->budget, counted_now(f), BUDGET_DAY);
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 0);
    assert_in_range(wait_ms, 11 * COUNTED_HOUR_MS,
                    12 * COUNTED_HOUR_MS + TURN_MARGIN_MS);
}

/* --- Edges ---------------------------------------------------------------- */

static void rules_out_of_range_are_refused(void **state)
{
    struct counted *f = *state;
    static const struct budget_rule bad[] = {
        {.n = 0, .span = BUDGET_DAY},
        {.n = BUDGET_N_LIMIT + 1, .span = BUDGET_DAY},
        {.n = 5, .span = BUDGET_HOUR, .cost = BUDGET_DISTINCT},
        {.n = BUDGET_DISTINCT_LIMIT + 1,
         .span = BUDGET_MONTH,
         .cost = BUDGET_DISTINCT},
        {.n = 5, .span = BUDGET_DAY, .hour = 24},
        {.n = 5, .span = BUDGET_SPANS},
        {.n = 5, .cost = BUDGET_COSTS},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        counted_set_rules(f, &bad[i], 1);
        assert_int_equal(counted_make(f), ERR_RANGE);
        assert_null(f->budget);
    }
    f->rules_count = BUDGET_RULES_LIMIT + 1;
    assert_int_equal(counted_make(f), ERR_RANGE);
}

static void without_rules_everything_fits(void **state)
{
    struct counted *f = *state;
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(counted_ask(f, 0, 40, &wait_ms), 40);
    }
}

static void oom_nothing_is_left_behind(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rule = {
        .n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT};
    counted_set_rules(f, &rule, 1);
    TESTING_EACH_ALLOCATION(n)
    {
        if (counted_make(f) == 0) {
            int err = budget_spend(f->budget, counted_now(f), f->list, 5);
            assert_true(err == 0 || err == ERR_NOMEM);
            buffer_clear(&f->saved);
            budget_save(f->budget, counted_now(f), &f->saved);
            if (err == 0 && !f->saved.failed) {
                err = budget_load(f->budget, counted_now(f),
                                  buffer_span(&f->saved));
                assert_true(err == 0 || err == ERR_NOMEM);
                assert_int_equal(counted_look(f, 0).left, 95);
            }
            budget_destroy(&f->budget);
            buffer_deinit(&f->saved);
        }
    }
}

static const struct CMUnitTest tests[] = {
    TEST(inv1_alpha_vantages_rules_hold),
    TEST(inv1_rules_of_every_kind_hold_together),
    TEST(inv1_a_day_that_is_one_of_two_holds_as_either),
    TEST(inv1_a_step_over_midnight_brings_no_second_day),
    TEST(inv1_a_clock_that_is_set_right_brings_no_second_day),
    TEST(inv1_what_is_spent_near_midnight_counts_in_both_days),
    TEST(inv2_what_does_not_fit_fits_when_it_says),
    TEST(inv2_only_what_fits_is_granted),
    TEST(a_provider_that_says_so_has_nothing_left),
    TEST(rules_out_of_range_are_refused),
    TEST(without_rules_everything_fits),
    TEST(oom_nothing_is_left_behind),
};

TEST_MAIN(tests)
