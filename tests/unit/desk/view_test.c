/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/view.h"

#include <string.h>

#include "base/err.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "desk/desk.h"
#include "desk/post.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

#define MINUTE_MS 60000
#define HOUR_MS   (60 * MINUTE_MS)

/* Wednesday 2026-03-04, 09:30 in New York. */
#define OPEN_MS INT64_C(1772634600000)

static struct desk_explanation explain(struct counter *f, const char *text)
{
    static struct desk_explanation out;
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    view_explain(f->desk, f->now, &symbol, &out);
    assert_int_equal(out.witnesses_count, f->providers);
    return out;
}

static struct desk_post_view look(struct counter *f, size_t i)
{
    struct desk_post_view out;
    view_look_at_post(f->desk, f->now, i, &out);
    return out;
}

static void price(struct counter *f, const char *symbol)
{
    counter_ask(f, symbol, 0, true);
    counter_settle(f);
}

/* Everybody asked just now, for ever, and nobody knows what there is. */
static void keep_interest(struct counter *f, uint64_t warm_for_ms)
{
    f->policy.warm_for_ms = warm_for_ms;
    f->interest = (struct desk_interest){
        .asked_mono_ms = f->now.mono_ms,
        .seconds = 1,
        .is_watched = true,
    };
}

/* --- Symbols -------------------------------------------------------------- */

static void an_unknown_symbol_costs_nothing(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    struct desk_explanation why = explain(f, "NOSUCH");
    assert_string_equal(why.symbol.text, "NOSUCH");
    assert_int_equal(why.now_unix_ms, f->now.unix_ms);
    assert_false(why.flight.has_flight);
    assert_string_equal(why.flight.post, "");
    assert_int_equal(why.next, DESK_NEXT_NONE);
    assert_true(why.next_ms == UINT64_MAX);
    assert_int_equal(why.at, 0);
    assert_string_equal(why.witnesses[0].post.name, "one");
    assert_int_equal(why.witnesses[0].reach, DESK_SERVES);
    assert_int_equal(why.witnesses[0].wait_ms, 0);
    assert_false(why.witnesses[0].said.is_known);
    assert_false(why.witnesses[0].post.last.is_known);
    assert_false(why.hours.is_known);
    counter_run(f, HOUR_MS);
    assert_int_equal(f->made_count, 0);
    assert_int_equal(desk_count(f->desk), 0);
}

static void what_each_provider_said_last_is_remembered(void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    f->moods[0] = COUNTER_UNKNOWN;
    counter_open_desk(f, false);
    price(f, "IBM");
    counter_pass(f, 7000);
    struct desk_explanation why = explain(f, "IBM");
    const struct desk_saying *said = &why.witnesses[0].said;
    assert_true(said->is_known);
    assert_int_equal(said->class, PROVIDER_UNKNOWN);
    assert_int_equal(said->ago_ms, 7000);
    assert_int_equal(said->symbols, 1);
    assert_string_equal(said->text, "in a mood");
    assert_string_equal(said->decided_by, "its mood");
    assert_int_equal(why.witnesses[1].said.class, PROVIDER_OK);
    assert_string_equal(why.witnesses[1].said.text, "");
    assert_false(explain(f, "OTHER").witnesses[0].said.is_known);
    // It is of the symbol; this is of the provider.
    f->moods[0] = COUNTER_PRICE;
    price(f, "OTHER");
    assert_int_equal(look(f, 0).last.class, PROVIDER_OK);
    assert_int_equal(look(f, 0).outcomes[PROVIDER_UNKNOWN], 1);
    assert_int_equal(look(f, 0).outcomes[PROVIDER_OK], 1);
    why = explain(f, "IBM");
    assert_int_equal(why.witnesses[0].said.class, PROVIDER_UNKNOWN);
}

static void each_symbol_of_a_batch_has_its_own_answer(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = counter_batch;
    f->moods[0] = COUNTER_DROPS;
    counter_open_desk(f, false);
    counter_ask(f, "GOOD", 0, true);
    counter_ask(f, "BAD", 1, true);
    counter_settle(f);
    struct desk_explanation why = explain(f, "BAD");
    assert_int_equal(why.witnesses[0].said.class, PROVIDER_BAD);
    assert_int_equal(why.witnesses[0].said.symbols, 2);
    why = explain(f, "GOOD"); // asked for again, alone
    assert_int_equal(why.witnesses[0].said.class, PROVIDER_OK);
    assert_int_equal(why.witnesses[0].said.symbols, 1);
}

static void what_is_under_way_is_said(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    counter_ask(f, "IBM", 0, true);
    counter_depart(f);
    struct desk_explanation why = explain(f, "IBM");
    assert_true(why.flight.has_flight && why.flight.is_called);
    assert_true(why.flight.is_waited);
    assert_string_equal(why.flight.post, "one");
    assert_int_equal(why.next, DESK_NEXT_CALLED);
    assert_int_equal(why.next_ms, 0);
    assert_int_equal(why.at, 0);
    assert_int_equal(why.witnesses[0].post.calls, 1);
    counter_settle(f);
    assert_int_equal(explain(f, "IBM").next, DESK_NEXT_NONE);
}

static void what_waits_says_for_what(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, s]\n";
    counter_open_desk(f, false);
    price(f, "A");
    counter_pass(f, 300);
    counter_ask(f, "B", 1, true);
    counter_depart(f);
    struct desk_explanation why = explain(f, "B");
    assert_true(why.flight.has_flight && !why.flight.is_called);
    assert_int_equal(why.next, DESK_NEXT_QUEUED);
    assert_in_range(why.next_ms, 700, 1000);
    assert_string_equal(why.next_why, "the allowance is used");
    assert_int_equal(why.witnesses[0].post.queued, 1);
    assert_int_equal(why.witnesses[0].post.queued_waited, 1);
}

static void a_refresh_that_is_paced_says_so(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [24, d]\n";
    keep_interest(f, 24 * HOUR_MS);
    counter_open_desk(f, true);
    price(f, "A");
    counter_ask(f, "B", 0, false);
    counter_settle(f);
    counter_ask(f, "C", 0, false);
    counter_settle(f);
    struct desk_explanation why = explain(f, "C");
    assert_false(why.flight.is_waited);
    assert_int_equal(why.next, DESK_NEXT_QUEUED);
    assert_int_equal(why.next_ms, look(f, 0).pace_ms);
    assert_in_range(why.next_ms, 10 * MINUTE_MS, HOUR_MS);
    assert_non_null(strstr(why.next_why, "spread"));
}

/* --- When it is due again ------------------------------------------------- */

static struct calendar *open_market(struct counter *f, int64_t unix_ms)
{
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    assert_int_equal(calendar_add_built_in(calendar, ZONE_FOLDER, error), 0);
    f->hours = calendar_find(calendar, span_of("XNYS"));
    f->now.unix_ms = unix_ms;
    return calendar;
}

static void while_the_market_is_open_it_is_kept_fresh(void **state)
{
    struct counter *f = *state;
    struct calendar *calendar = open_market(f, OPEN_MS + HOUR_MS);
    keep_interest(f, HOUR_MS);
    counter_open_desk(f, true);
    price(f, "IBM");
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.next, DESK_NEXT_FRESH);
    assert_in_range(why.next_ms, 45000, 60000);
    assert_int_equal(why.next_ms, why.flight.due_in_ms);
    assert_false(why.is_always_open);
    assert_true(why.hours.is_known && why.hours.is_open);
    assert_int_equal(why.hours.next_close_unix_s,
                     OPEN_MS / 1000 + 6 * 3600 + 1800);
    calendar_destroy(&calendar);
}

static void before_the_close_the_closing_price_is_next(void **state)
{
    struct counter *f = *state;
    int64_t close_ms = OPEN_MS + 6 * HOUR_MS + 30 * MINUTE_MS;
    struct calendar *calendar = open_market(f, close_ms - 20000);
    keep_interest(f, HOUR_MS);
    counter_open_desk(f, true);
    price(f, "IBM");
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.next, DESK_NEXT_CLOSING);
    assert_true(why.next_ms > 2 * MINUTE_MS);
    calendar_destroy(&calendar);
}

static void while_the_market_is_closed_its_opening_is_next(void **state)
{
    struct counter *f = *state;
    struct calendar *calendar = open_market(f, OPEN_MS - 10 * HOUR_MS);
    keep_interest(f, HOUR_MS);
    counter_open_desk(f, true);
    price(f, "IBM");
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.next, DESK_NEXT_OPENING);
    assert_in_range(why.next_ms, 10 * HOUR_MS, 10 * HOUR_MS + 13000);
    assert_false(why.hours.is_open);
    assert_int_equal(why.hours.next_open_unix_s, OPEN_MS / 1000);
    calendar_destroy(&calendar);
}

static void what_is_due_at_the_opening_is_not_due_before_it(void **state)
{
    struct counter *f = *state;
    struct calendar *calendar = open_market(f, OPEN_MS - 10 * HOUR_MS + 999);
    f->policy.fresh_for_ms = 5; // so that nothing is added by chance
    keep_interest(f, HOUR_MS);
    counter_open_desk(f, true);
    price(f, "IBM");
    counter_pass(f, 400);
    f->now.unix_ms -= 20; // one clock is read a little later than the other
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.next_ms, 10 * HOUR_MS - 999 - 400);
    assert_int_equal(why.next, DESK_NEXT_OPENING);
    calendar_destroy(&calendar);
}

static void after_a_failure_it_is_tried_again(void **state)
{
    struct counter *f = *state;
    keep_interest(f, HOUR_MS);
    f->moods[0] = COUNTER_DOWN;
    counter_open_desk(f, true);
    price(f, "IBM");
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.next, DESK_NEXT_RETRY);
    assert_in_range(why.next_ms, 5000, 5501);
}

/* --- Who is asked next ---------------------------------------------------- */

static void where_the_first_is_used_up_the_second_is_next(void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    f->limits[0] = "limits:\n  - [1, d]\n";
    counter_open_desk(f, false);
    assert_int_equal(explain(f, "B").at, 0);
    price(f, "A");
    struct desk_explanation why = explain(f, "B");
    assert_int_equal(why.at, 1);
    assert_string_equal(why.witnesses[0].wait_why, "the allowance is used");
    assert_in_range(why.witnesses[0].wait_ms, 12 * HOUR_MS,
                    12 * HOUR_MS + 5 * MINUTE_MS);
    assert_int_equal(why.witnesses[1].wait_ms, 0);
}

static void nobody_waits_for_a_provider_that_fails_where_another_is_well(
    void **state)
{
    struct counter *f = *state;
    f->providers = 2;
    f->moods[0] = COUNTER_DOWN;
    counter_open_desk(f, false);
    for (int i = 0; i < 3; i++) {
        price(f, "IBM");
    }
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.witnesses[0].wait_ms, 1000);
    assert_true(why.witnesses[0].wait_ms < f->policy.wait_for_ms);
    assert_int_equal(why.at, 1);
    // It is as was said.
    size_t before = f->made_count;
    price(f, "IBM");
    assert_int_equal(f->made_count, before + 1);
    assert_int_equal(f->made[before].provider, 1);
}

static void who_refused_a_symbol_is_not_asked_for_it(void **state)
{
    struct counter *f = *state;
    f->moods[0] = COUNTER_FORBIDDEN;
    counter_open_desk(f, false);
    price(f, "IBM");
    struct desk_explanation why = explain(f, "IBM");
    assert_int_equal(why.witnesses[0].reach, DESK_NOT_IN_PLAN);
    assert_int_equal(why.witnesses[0].wait_ms, POST_BAN_MS);
    assert_string_equal(why.witnesses[0].wait_why, "in a mood");
    assert_int_equal(why.at, 1); // nobody
    assert_int_equal(explain(f, "MSFT").witnesses[0].reach, DESK_SERVES);
}

static void a_market_that_the_settings_leave_out_is_not_served(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    struct desk_provider providers[COUNTER_PROVIDERS];
    counter_make_providers(f, providers);
    providers[0].markets = mem_calloc(1, sizeof(char *));
    providers[0].markets[0] = mem_text("XNAS", 4);
    providers[0].markets_count = 1;
    assert_int_equal(desk_open(f->desk, f->now, &f->policy, providers, 1), 0);
    struct desk_explanation why = explain(f, "TSCO.XLON");
    assert_int_equal(why.witnesses[0].reach, DESK_NOT_ITS_MARKET);
    assert_true(why.witnesses[0].wait_ms == UINT64_MAX);
    assert_int_equal(why.at, 1); // nobody
}

static void how_a_provider_stands(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [3, d]\n";
    counter_open_desk(f, false);
    assert_int_equal(look(f, 0).standing, DESK_OK);
    f->moods[0] = COUNTER_DOWN;
    for (int i = 0; i < 3; i++) {
        price(f, "IBM");
    }
    assert_int_equal(look(f, 0).standing, DESK_RESTING);
    assert_int_equal(look(f, 0).rests_ms, 1000);
    assert_string_equal(look(f, 0).why, "in a mood");
    counter_pass(f, 1000);
    assert_int_equal(look(f, 0).standing, DESK_TRYING);
    counter_pass(f, 13 * HOUR_MS);
    f->moods[0] = COUNTER_PRICE;
    for (int i = 0; i < 3; i++) {
        price(f, "IBM");
    }
    assert_int_equal(look(f, 0).standing, DESK_LIMITED);
    assert_int_equal(look(f, 0).rules[0].out_in_ms, 0);
    assert_true(look(f, 0).rules[0].pace_day >= 3);
    counter_pass(f, 24 * HOUR_MS);
    assert_true(look(f, 0).rules[0].out_in_ms == UINT64_MAX);
    f->moods[0] = COUNTER_AUTH;
    price(f, "IBM");
    assert_int_equal(look(f, 0).standing, DESK_OFF);
    assert_true(look(f, 0).rests_ms == UINT64_MAX);
}

static void of_rules_alike_one_matters(void **state)
{
    (void)state;
    struct desk_post_view post = {.rules_count = 5};
    for (size_t i = 0; i < 5; i++) {
        post.rules[i].view = (struct budget_view){
            .rule = {.n = 25, .span = BUDGET_DAY},
            .left = 3,
            .turns_in_ms = HOUR_MS,
        };
    }
    post.rules[1].view.turns_in_ms = 2 * HOUR_MS;
    post.rules[2].view.left = 4;
    post.rules[3].view.rule.cost = BUDGET_DISTINCT;
    post.rules[4].view.rule.span = BUDGET_MONTH;
    const bool expected[] = {false, true, false, true, true};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(view_is_tightest(&post, i), expected[i]);
    }
    post.rules[1].view.turns_in_ms = HOUR_MS; // quite the same: the first
    assert_true(view_is_tightest(&post, 0));
    assert_false(view_is_tightest(&post, 1));
}

static void every_word_is_there(void **state)
{
    (void)state;
    assert_string_equal(view_standing_name(DESK_TRYING), "trying");
    for (enum desk_standing i = 0; i < DESK_STANDINGS; i++) {
        assert_true(view_standing_name(i)[0] != '\0');
    }
    for (enum desk_next i = 0; i < DESK_NEXTS; i++) {
        assert_true(view_next_sentence(i)[0] != '\0');
    }
}

/* --- Changes -------------------------------------------------------------- */

static void change(struct counter *f)
{
    struct desk_provider providers[COUNTER_PROVIDERS];
    counter_make_providers(f, providers);
    assert_int_equal(
        desk_open(f->desk, f->now, &f->policy, providers, f->providers), 0);
}

static void a_change_forgets_nothing(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [5, h]\n  - [25, d]\n";
    counter_open_desk(f, false);
    price(f, "IBM");
    counter_ask(f, "LATE", 0, true);
    counter_depart(f);
    f->limits[0] = "limits:\n  - [100, d]\n";
    change(f);
    assert_true(explain(f, "IBM").witnesses[0].said.is_known);
    assert_int_equal(look(f, 0).rules_count, 1);
    assert_true(look(f, 0).rules[0].pace_day > 0);
    assert_int_equal(look(f, 0).outcomes[PROVIDER_OK], 1);
    // What was called before comes back to the posts of now.
    struct desk_explanation why = explain(f, "LATE");
    assert_string_equal(why.flight.post, "one");
    assert_int_equal(why.at, 1);
    counter_settle(f);
    assert_int_equal(look(f, 0).outcomes[PROVIDER_OK], 2);
    assert_true(explain(f, "LATE").witnesses[0].said.is_known);
}

#define UNIT(name) \
    cmocka_unit_test_setup_teardown(name, counter_set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    UNIT(an_unknown_symbol_costs_nothing),
    UNIT(what_each_provider_said_last_is_remembered),
    UNIT(each_symbol_of_a_batch_has_its_own_answer),
    UNIT(what_is_under_way_is_said),
    UNIT(what_waits_says_for_what),
    UNIT(a_refresh_that_is_paced_says_so),
    UNIT(while_the_market_is_open_it_is_kept_fresh),
    UNIT(before_the_close_the_closing_price_is_next),
    UNIT(while_the_market_is_closed_its_opening_is_next),
    UNIT(what_is_due_at_the_opening_is_not_due_before_it),
    UNIT(after_a_failure_it_is_tried_again),
    UNIT(where_the_first_is_used_up_the_second_is_next),
    UNIT(nobody_waits_for_a_provider_that_fails_where_another_is_well),
    UNIT(who_refused_a_symbol_is_not_asked_for_it),
    UNIT(a_market_that_the_settings_leave_out_is_not_served),
    UNIT(how_a_provider_stands),
    UNIT(of_rules_alike_one_matters),
    UNIT(every_word_is_there),
    UNIT(a_change_forgets_nothing),
};

TEST_MAIN(tests)
