/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change_test.c -- what is still true of a provider when the configuration has
 * been loaded again, and what is not.
 */
#include <string.h>

#include "base/err.h"
#include "calendar/zone.h"
#include "desk/desk_priv.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

/* Two kinds of calls: one of them may not be in the plan. */
static const char two_kinds[] = "key: query\n"
                                "endpoints:\n"
                                "  best:\n"
                                "    url: http://127.0.0.1/b?s={sym}&k={key}\n"
                                "    rows: \"\"\n"
                                "    fields: {price: /p}\n"
                                "  plain:\n"
                                "    url: http://127.0.0.1/p?s={sym}&k={key}\n"
                                "    rows: \"\"\n"
                                "    fields: {price: /p}\n";

/* Ask as somebody who waits; returns what came of it. */
static int ask(struct counter *f, const char *symbol)
{
    unsigned told = f->told[0];
    assert_int_equal(counter_ask(f, symbol, 0, true), 0);
    counter_settle(f);
    assert_int_equal(f->told[0], told + 1);
    return f->err[0];
}

static void a_key_that_is_no_good_stays_so_until_it_is_another(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_AUTH;
    assert_int_equal(ask(f, "A"), ERR_UPSTREAM);
    f->moods[0] = COUNTER_PRICE;
    for (int i = 0; i < 3; i++) {
        counter_pass(f, 1u << 30);
        f->policy.wait_for_ms += 1; // another setting
        counter_reload(f);
        assert_int_equal(ask(f, "B"), ERR_UPSTREAM);
        assert_non_null(strstr(f->reason[0], "until its settings change"));
    }
    assert_int_equal(f->made_count, 1);
    f->keys[0] = "another";
    counter_reload(f);
    assert_int_equal(ask(f, "B"), 0);
    // And back: what was learnt of a key is forgotten with it.
    f->keys[0] = "k";
    counter_reload(f);
    assert_int_equal(ask(f, "B"), 0);
    assert_int_equal(f->made_count, 3);
}

static void another_place_or_description_is_another_provider(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_AUTH;
    assert_int_equal(ask(f, "A"), ERR_UPSTREAM);
    f->origins[0] = "http://127.0.0.2";
    counter_reload(f);
    assert_int_equal(ask(f, "A"), ERR_UPSTREAM);
    assert_int_equal(f->made_count, 2);
    f->yaml[0] = counter_batch;
    f->moods[0] = COUNTER_PRICE;
    counter_reload(f);
    assert_int_equal(ask(f, "A"), 0);
    assert_int_equal(f->made_count, 3);
}

static void a_symbol_that_is_not_in_the_plan_stays_out_of_it(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_FORBIDDEN;
    assert_int_equal(ask(f, "A"), ERR_NODATA);
    f->moods[0] = COUNTER_PRICE;
    counter_reload(f);
    assert_int_equal(ask(f, "A"), ERR_NODATA);
    assert_non_null(strstr(f->reason[0], "one: in a mood (not asked for it"));
    assert_int_equal(f->made_count, 1);
    assert_int_equal(ask(f, "B"), 0); // others are
    counter_pass(f, POST_BAN_MS);
    assert_int_equal(ask(f, "A"), 0);
}

static void a_kind_of_call_that_is_not_in_the_plan_is_not_made_again(
    void **state)
{
    struct counter *f = *state;
    f->yaml[0] = two_kinds;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_PLAN;
    assert_int_equal(counter_ask(f, "A", 0, true), 0);
    counter_depart(f);
    assert_int_equal(f->under_way[0]->query.endpoint, 0);
    counter_answer(f, f->under_way[--f->under_way_count]);
    counter_reload(f);
    f->moods[0] = COUNTER_PRICE;
    counter_ask(f, "B", 1, true);
    counter_depart(f);
    assert_int_equal(f->under_way_count, 1);
    assert_int_equal(f->under_way[0]->query.endpoint, 1);
    counter_settle(f);
    assert_int_equal(f->err[1], 0);
}

static void rests_and_used_allowances_last(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_LIMIT_DAY; // without a rule of the day: an hour
    assert_int_equal(ask(f, "A"), ERR_LIMIT);
    counter_reload(f);
    f->moods[0] = COUNTER_PRICE;
    assert_int_equal(ask(f, "A"), ERR_LIMIT);
    assert_int_equal(f->made_count, 1);
    counter_pass(f, REST_HOUR_MS);
    assert_int_equal(ask(f, "A"), 0);
    f->moods[0] = COUNTER_DOWN;
    for (int i = 0; i < REST_FAILURES; i++) {
        assert_int_equal(ask(f, "B"), ERR_UPSTREAM);
    }
    size_t made = f->made_count;
    counter_reload(f);
    f->policy.wait_for_ms = 0;
    counter_reload(f);
    assert_int_equal(ask(f, "B"), ERR_UPSTREAM);
    assert_int_equal(f->made_count, made);
}

/* The answer to a call of before the change is one of the same provider. */
static void a_call_under_way_teaches_the_one_in_its_place(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    assert_int_equal(counter_ask(f, "A", 0, true), 0);
    counter_depart(f);
    counter_reload(f);
    f->moods[0] = COUNTER_AUTH;
    counter_settle(f);
    f->moods[0] = COUNTER_PRICE;
    assert_int_equal(ask(f, "B"), ERR_UPSTREAM);
    assert_int_equal(f->made_count, 1);
}

/* A key of which nobody knows where its day turns: the settings' own limits
 * hold in each of the days, too. */
static void own_limits_hold_in_each_day_that_it_may_be(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [25, d]\n  - [1, s]\n"
                   "turns: [{zone: UTC}, {zone: America/New_York, hour: 3}]\n";
    counter_open_desk(f, false);
    assert_int_equal(budget_rules_count(f->desk->set->posts[0].budget), 3);
    struct desk_provider providers[COUNTER_PROVIDERS];
    counter_make_providers(f, providers);
    providers[0].has_rules = true;
    providers[0].rules_count = 2;
    providers[0].rules[0] = (struct budget_rule){.n = 7, .span = BUDGET_MONTH};
    providers[0].rules[1] = (struct budget_rule){.n = 9, .span = BUDGET_MINUTE};
    assert_int_equal(desk_open(f->desk, f->now, &f->policy, providers, 1), 0);
    struct budget *budget = f->desk->set->posts[0].budget;
    assert_int_equal(budget_rules_count(budget), 3);
    struct budget_view views[3];
    for (size_t i = 0; i < 3; i++) {
        budget_look(budget, f->now, i, &views[i]);
    }
    assert_int_equal(views[0].rule.n, 7);
    assert_null(views[0].rule.zone);
    assert_int_equal(views[1].rule.n, 7);
    assert_int_equal(views[1].rule.hour, 3);
    assert_string_equal(zone_name(views[1].rule.zone), "America/New_York");
    assert_int_equal(views[2].rule.n, 9);
    assert_null(views[2].rule.zone);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, counter_set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    TEST(a_key_that_is_no_good_stays_so_until_it_is_another),
    TEST(another_place_or_description_is_another_provider),
    TEST(a_symbol_that_is_not_in_the_plan_stays_out_of_it),
    TEST(a_kind_of_call_that_is_not_in_the_plan_is_not_made_again),
    TEST(rests_and_used_allowances_last),
    TEST(a_call_under_way_teaches_the_one_in_its_place),
    TEST(own_limits_hold_in_each_day_that_it_may_be),
};

TEST_MAIN(tests)
