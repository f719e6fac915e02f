/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wish_test.c -- how new a quote must be goes along with the flight: what is
 * known already is recalled only where it is new enough for all who wait, and
 * who is told learns for which demand.
 */
#include "desk/desk.h"

#include "base/err.h"
#include "desk/terms.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

static void what_is_known_is_recalled_where_it_is_new_enough(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->known_mono_ms = 5000;
    counter_demand(f, "IBM", 0, 5000);
    counter_settle(f);
    assert_int_equal(f->told[0], 1);
    assert_int_equal(f->made_count, 0);
    counter_demand(f, "IBM", 0, 5001);
    counter_settle(f);
    assert_int_equal(f->told[0], 2);
    assert_int_equal(f->made_count, 1);
    assert_int_equal(f->not_before_ms, 5001);
}

static void the_newest_demand_of_all_counts(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->known_mono_ms = 5000;
    counter_demand(f, "IBM", 0, 0);
    counter_demand(f, "IBM", 1, 6000);
    counter_demand(f, "IBM", 2, 4000);
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->told[i], 1);
        assert_int_equal(f->err[i], 0);
    }
    assert_int_equal(f->not_before_ms, 6000);
}

static void who_joins_a_call_demands_of_its_answer(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    counter_ask(f, "IBM", 0, true);
    counter_depart(f);
    counter_demand(f, "IBM", 1, f->now.mono_ms);
    counter_settle(f);
    assert_int_equal(f->made_count, 1);
    assert_int_equal(f->told[1], 1);
    assert_int_equal(f->not_before_ms, f->now.mono_ms);
}

/* Those who waited are told and gone, and their demand with them; the symbol
 * stays wanted. */
static void a_demand_ends_with_those_who_made_it(void **state)
{
    struct counter *f = *state;
    f->limits[0] = "limits:\n  - [1, m]\n";
    counter_open_desk(f, false);
    counter_ask(f, "TSLA", 9, true);
    counter_settle(f);
    counter_demand(f, "IBM", 0, 6000);
    counter_settle(f);
    assert_int_equal(f->err[0], ERR_LIMIT);
    assert_int_equal(f->not_before_ms, 6000);
    assert_int_equal(desk_count(f->desk), 1);
    counter_ask(f, "IBM", 1, true);
    counter_settle(f);
    assert_int_equal(f->err[1], ERR_LIMIT);
    assert_int_equal(f->not_before_ms, 0);
}

#define WISH_TEST(test) \
    cmocka_unit_test_setup_teardown(test, counter_set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    WISH_TEST(what_is_known_is_recalled_where_it_is_new_enough),
    WISH_TEST(the_newest_demand_of_all_counts),
    WISH_TEST(who_joins_a_call_demands_of_its_answer),
    WISH_TEST(a_demand_ends_with_those_who_made_it),
};

TEST_MAIN(tests)
