/* SPDX-License-Identifier: Apache-2.0 */
/* Which provider, with whom, and when. */

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "desk/desk.h"
#include "desk/view.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

/* --- Which provider --------------------------------------------------------
 */

static void unknown_to_one_may_be_known_to_the_next(void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    f->moods[0] = COUNTER_UNKNOWN;
    counter_open_desk(f, false);
    counter_ask(f, "IBM", 0, true);
    counter_settle(f);
    assert_int_equal(f->err[0], 0);
    f->moods[1] = COUNTER_UNKNOWN;
    counter_ask(f, "NOPE", 1, true);
    counter_settle(f);
    assert_int_equal(f->err[1], ERR_UNKNOWN);
    f->moods[1] = COUNTER_DOWN;
    counter_ask(f, "SOME", 2, true);
    counter_settle(f);
    assert_int_equal(f->err[2], ERR_UPSTREAM); // one of them did not say so
}

static void a_used_allowance_goes_to_the_next_provider(void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    f->limits[0] = "limits:\n  - [2, d]\n";
    counter_open_desk(f, false);
    static const char *const symbols[] = {"A", "B", "C", "D"};
    for (unsigned i = 0; i < 4; i++) {
        counter_ask(f, symbols[i], i, true);
        counter_settle(f);
        assert_int_equal(f->err[i], 0);
        assert_int_equal(f->made[i].provider, i >= 2);
    }
}

/* The first of the providers has just been given a rest of a second. */
static void make_ill(struct counter *f)
{
    f->moods[0] = COUNTER_DOWN;
    for (int i = 0; i < 3; i++) {
        counter_ask(f, i == 0 ? "X" : i == 1 ? "Y" : "Z", 9, true);
        counter_settle(f);
    }
}

static void nobody_waits_for_one_that_fails_where_another_is_well(void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    counter_open_desk(f, false);
    make_ill(f);
    size_t before = f->made_count;
    counter_ask(f, "A", 0, true); // in its rest
    counter_settle(f);
    assert_int_equal(f->told[0], 1);
    assert_int_equal(f->made_count, before + 1);
    assert_int_equal(f->made[before].provider, 1);
    counter_pass(f, 1000);
    counter_ask(f, "B", 1, true); // tries it
    counter_depart(f);
    assert_int_equal(f->made[before + 1].provider, 0);
    counter_ask(f, "C", 2, true); // while that is under way
    counter_depart(f);
    assert_int_equal(f->made_count, before + 3);
    assert_int_equal(f->made[before + 2].provider, 1);
    counter_settle(f);
    assert_int_equal(f->err[1] + f->err[2], 0);
}

static void who_asks_during_a_trial_waits_for_it(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    make_ill(f);
    counter_pass(f, 1000);
    counter_ask(f, "A", 0, true);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 1);
    counter_ask(f, "B", 1, true);
    counter_ask(f, "C", 2, true);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 1);
    assert_int_equal(f->told[1] + f->told[2], 0);
    f->moods[0] = COUNTER_PRICE;
    counter_settle(f);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], 0);
    }
}

/* A trial that takes longer than people wait: they are told, in seconds and not
 * that it is for ever, and the price comes all the same. */
static void who_waits_too_long_for_a_trial_is_told(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    make_ill(f);
    counter_pass(f, 1000);
    counter_ask(f, "A", 0, true);
    counter_depart(f);
    counter_ask(f, "B", 1, true);
    counter_depart(f);
    counter_pass(f, 1500);
    counter_depart(f);
    assert_int_equal(f->told[1], 1);
    assert_int_equal(f->err[1], ERR_UPSTREAM);
    assert_non_null(strstr(f->reason[1], "not called for another 1 s"));
    size_t before = f->published;
    f->moods[0] = COUNTER_PRICE;
    counter_settle(f);
    assert_int_equal(f->published, before + 2);
}

static void who_waits_too_long_is_told_and_the_price_comes_all_the_same(
    void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, s]\n";
    counter_open_desk(f, false);
    static const char *const symbols[] = {"A", "B", "C", "D"};
    for (unsigned i = 0; i < 4; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_run(f, 1600);
    assert_int_equal(f->err[0], 0);
    assert_int_equal(f->err[1], 0); // it waited for its second
    for (unsigned i = 2; i < 4; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], ERR_LIMIT);
        assert_non_null(strstr(f->reason[i], "one: "));
    }
    assert_int_equal(desk_count(f->desk), 2);
    counter_run(f, 3000);
    assert_int_equal(f->published, 4);
    assert_int_equal(f->told[3], 1);
}

static void a_day_that_is_used_is_told_at_once(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, d]\n";
    counter_open_desk(f, false);
    counter_ask(f, "A", 0, true);
    counter_settle(f);
    counter_ask(f, "B", 1, true);
    assert_int_equal(f->told[1], 1);
    assert_int_equal(f->err[1], ERR_LIMIT);
    assert_non_null(strstr(f->reason[1], "not called for another 432"));
    counter_run(f, 3 * 60000);
    assert_int_equal(f->made_count, 1);
    assert_int_equal(desk_count(f->desk), 0); // nobody wants it any more
}

static void a_provider_that_says_its_day_is_used_is_believed(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [100, d]\n";
    f->moods[0] = COUNTER_LIMIT_DAY;
    counter_open_desk(f, false);
    counter_ask(f, "A", 0, true);
    counter_settle(f);
    assert_int_equal(f->err[0], ERR_LIMIT);
    f->moods[0] = COUNTER_PRICE;
    counter_ask(f, "B", 1, true);
    counter_run(f, 11 * 3600000);
    assert_int_equal(f->made_count, 1);
    counter_ask(f, "B", 2, true);
    counter_run(f, 2 * 3600000); // over midnight
    counter_ask(f, "B", 3, true);
    counter_settle(f);
    assert_int_equal(f->err[3], 0);
}

/* --- Packing ---------------------------------------------------------------
 */

static void symbols_wait_for_company_but_not_for_long(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = counter_batch;
    f->policy.pack_for_ms = 20;
    counter_open_desk(f, false);
    counter_ask(f, "A", 0, true);
    counter_depart(f);
    assert_int_equal(f->made_count, 0);
    assert_int_equal(desk_look_ms(f->desk), 20);
    counter_pass(f, 10);
    counter_ask(f, "B", 1, true);
    counter_depart(f);
    assert_int_equal(f->made_count, 0);
    counter_pass(f, 10);
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    assert_int_equal(f->made[0].count, 2);
    // A full call does not wait.
    static const char *const symbols[] = {"C", "D", "E", "F",
                                          "G", "H", "I", "J"};
    for (unsigned i = 0; i < 8; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_settle(f);
    assert_int_equal(f->made_count, 2);
    assert_int_equal(f->made[1].count, 8);
}

static void a_budget_of_symbols_bounds_the_batch(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = counter_batch;
    f->limits[0] = "limits:\n  - [5, m, symbol]\n";
    f->policy.wait_for_ms = 120000;
    counter_open_desk(f, false);
    static const char *const symbols[] = {"C", "D", "E", "F",
                                          "G", "H", "I", "J"};
    for (unsigned i = 0; i < 8; i++) {
        counter_ask(f, symbols[i], i, true);
    }
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    assert_int_equal(f->made[0].count, 5);
    counter_run(f, 70000);
    assert_int_equal(f->published, 8);
}

/* --- Refreshing ahead ------------------------------------------------------
 */

static void what_is_wanted_is_refreshed_before_it_is_stale(void **state)
{
    struct counter *f = *state;
    f->policy.warm_for_ms = 300000;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){
        .asked_mono_ms = f->now.mono_ms, .seconds = 1, .is_watched = false};
    counter_ask(f, "IBM", 0, true);
    counter_settle(f);
    counter_run(f, 290000);
    assert_in_range(f->made_count, 5, 7); // every 48 to 60 s
    for (size_t i = 1; i < f->made_count; i++) {
        int64_t gap = f->made[i].at_ms - f->made[i - 1].at_ms;
        assert_in_range(gap, 45000, 61000);
    }
    // Nobody has asked for five minutes.
    size_t before = f->made_count;
    counter_run(f, 600000);
    assert_in_range(f->made_count, before, before + 1);
}

static void what_is_watched_is_refreshed_though_nobody_asks(void **state)
{
    struct counter *f = *state;
    f->policy.warm_for_ms = 0;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){.is_watched = true};
    counter_ask(f, "IBM", 0, true);
    counter_settle(f);
    counter_run(f, 290000);
    assert_in_range(f->made_count, 5, 7);
    f->interest.is_watched = false;
    size_t before = f->made_count;
    counter_run(f, 600000);
    assert_in_range(f->made_count, before, before + 1);
}

/* A Saturday; New York is closed until Monday. */
#define SATURDAY_MS 1795262400000

static void what_is_watched_is_left_alone_while_its_market_is_closed(
    void **state)
{
    struct counter *f = *state;
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    assert_int_equal(calendar_add_built_in(calendar, ZONE_FOLDER, error), 0);
    f->hours = calendar_find(calendar, span_of("XNYS"));
    f->now.unix_ms = SATURDAY_MS;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){.is_watched = true};
    counter_ask(f, "IBM", 0, true);
    counter_settle(f);
    counter_run(f, 24 * 3600000);
    assert_int_equal(f->made_count, 1);
    counter_run(f, 28 * 3600000); // it is Monday, and open
    assert_true(f->made_count > 10);
    calendar_destroy(&calendar);
}

static void people_go_before_refreshes(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, s]\n";
    counter_open_desk(f, false);
    counter_ask(f, "OLD1", 0, false);
    counter_ask(f, "OLD2", 0, false);
    counter_ask(f, "NEW", 1, true);
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    assert_string_equal(f->made[0].first, "NEW");
    // A refresh that somebody begins to wait for is no refresh any more.
    counter_ask(f, "OLD2", 2, true);
    counter_run(f, 1300);
    assert_string_equal(f->made[1].first, "OLD2");
    assert_int_equal(f->told[2], 1);
}

static void refreshes_are_paced_and_leave_some_for_people(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [24, d]\n";
    f->policy.warm_for_ms = 86400000;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){
        .asked_mono_ms = f->now.mono_ms, .seconds = 1, .is_watched = true};
    for (int i = 0; i < 4; i++) {
        char text[8];
        snprintf(text, sizeof(text), "S%d", i);
        counter_ask(f, text, 0, true);
        counter_settle(f);
    }
    counter_run(f, 6 * 3600000);
    // 20 are left for 12 hours, some of them for people: one in 36 minutes.
    assert_in_range(f->made_count, 4 + 6, 4 + 11);
    counter_ask(f, "URGENT", 1, true);
    counter_settle(f);
    assert_int_equal(f->err[1], 0);
}

/* --- Changes ---------------------------------------------------------------
 */

static void a_change_keeps_what_is_spent_and_what_is_under_way(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [3, d]\n";
    counter_open_desk(f, false);
    counter_ask(f, "A", 0, true);
    counter_ask(f, "B", 1, true);
    counter_depart(f);
    struct desk_provider providers[COUNTER_PROVIDERS];
    counter_make_providers(f, providers);
    assert_int_equal(
        desk_open(f->desk, f->now, &f->policy, providers, f->providers), 0);
    assert_null(providers[0].provider);
    counter_settle(f);
    assert_int_equal(f->told[0] + f->told[1], 2);
    struct desk_post_view view;
    view_look_at_post(f->desk, f->now, 0, &view);
    assert_int_equal(view.rules_count, 1);
    assert_int_equal(view.rules[0].view.left, 1);
}

static void draining_tells_everybody(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, s]\n";
    counter_open_desk(f, false);
    counter_ask(f, "A", 0, true);
    counter_ask(f, "B", 1, true);
    counter_ask(f, "C", 2, false);
    counter_depart(f);
    desk_drain(f->desk);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], ERR_DRAINING);
    }
    assert_int_equal(desk_count(f->desk), 0);
    assert_int_equal(counter_sum(f, METRIC_flights_open), 0);
}

static void oom_tells_and_leaves_nothing_behind(void **state)
{
    struct counter *f = *state;
    f->policy.warm_for_ms = 300000;
    counter_open_desk(f, true);
    f->interest = (struct desk_interest){
        .asked_mono_ms = f->now.mono_ms, .seconds = 1, .is_watched = true};
    TESTING_EACH_ALLOCATION(n)
    {
        unsigned before = f->told[0];
        int err = counter_ask(f, "IBM", 0, true);
        assert_true(err == 0 || err == ERR_NOMEM);
        counter_settle(f);
        counter_run(f,
                    1100); // a call for which there was no memory is made later
        assert_int_equal(f->told[0], before + (err == 0));
    }
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, counter_set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    TEST(unknown_to_one_may_be_known_to_the_next),
    TEST(a_used_allowance_goes_to_the_next_provider),
    TEST(nobody_waits_for_one_that_fails_where_another_is_well),
    TEST(who_asks_during_a_trial_waits_for_it),
    TEST(who_waits_too_long_for_a_trial_is_told),
    TEST(who_waits_too_long_is_told_and_the_price_comes_all_the_same),
    TEST(a_day_that_is_used_is_told_at_once),
    TEST(a_provider_that_says_its_day_is_used_is_believed),
    TEST(symbols_wait_for_company_but_not_for_long),
    TEST(a_budget_of_symbols_bounds_the_batch),
    TEST(what_is_wanted_is_refreshed_before_it_is_stale),
    TEST(what_is_watched_is_refreshed_though_nobody_asks),
    TEST(what_is_watched_is_left_alone_while_its_market_is_closed),
    TEST(people_go_before_refreshes),
    TEST(refreshes_are_paced_and_leave_some_for_people),
    TEST(a_change_keeps_what_is_spent_and_what_is_under_way),
    TEST(draining_tells_everybody),
    TEST(oom_tells_and_leaves_nothing_behind),
};

TEST_MAIN(tests)
