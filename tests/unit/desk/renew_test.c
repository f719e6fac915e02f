/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_test.c -- a provider whose news are known before anybody asks: what
 * came from it is asked for again, wanted or not, and nothing else is.
 */
#include <stdio.h>
#include <string.h>

#include "testing/testing.h"
#include "unit/desk/counter.h"

/* The interest that everybody has: in nothing of late, with a quote of "one".
 */
static void open_with_quotes(struct counter *f, struct quote *quote)
{
    *quote = (struct quote){.source = "one"};
    f->policy.warm_for_ms = 60000;
    f->interest.quote = quote;
    counter_open_desk(f, true);
}

static void fetch_some(struct counter *f, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[8];
        snprintf(text, sizeof(text), "S%zu", i);
        assert_int_equal(counter_ask(f, text, 1, true), 0);
        counter_settle(f);
    }
    assert_int_equal(f->made_count, count);
}

static void what_came_from_it_is_asked_for_again(void **state)
{
    struct counter *f = *state;
    struct quote quote;
    open_with_quotes(f, &quote);
    fetch_some(f, 3);
    counter_pass(f, 10);
    desk_renew(f->desk, f->now, "one");
    counter_settle(f);
    assert_int_equal(f->made_count, 6);
    counter_pass(f, 10);
    desk_renew(f->desk, f->now, "one"); // and again
    counter_settle(f);
    assert_int_equal(f->made_count, 9);
    assert_int_equal(f->told[1], 3); // nobody is told who did not ask
}

static void what_came_from_others_is_left_alone(void **state)
{
    struct counter *f = *state;
    struct quote quote;
    open_with_quotes(f, &quote);
    fetch_some(f, 3);
    desk_renew(f->desk, f->now, "other");
    desk_renew(f->desk, f->now, NULL); // none is a file
    counter_settle(f);
    assert_int_equal(f->made_count, 3);
    memcpy(quote.source, "two", 4);
    desk_renew(f->desk, f->now, "one");
    counter_settle(f);
    assert_int_equal(f->made_count, 3);
}

static void flights_stay_within_their_bound(void **state)
{
    struct counter *f = *state;
    struct quote quote;
    f->policy.flights_max = 2;
    open_with_quotes(f, &quote);
    fetch_some(f, 5);
    desk_renew(f->desk, f->now, "one");
    assert_int_equal(desk_count(f->desk), 2);
    counter_settle(f);
    assert_int_equal(f->made_count, 7);
}

static void rest_of_a_provider_with_news_is_over(void **state)
{
    struct counter *f = *state;
    struct quote quote;
    f->moods[0] = COUNTER_DOWN;
    open_with_quotes(f, &quote);
    fetch_some(f, 3);
    assert_int_equal(counter_ask(f, "T", 1, false), 0);
    counter_depart(f);
    assert_int_equal(f->made_count, 3); // it rests
    f->moods[0] = COUNTER_PRICE;
    desk_renew(f->desk, f->now, "one");
    counter_settle(f);
    assert_true(f->made_count > 3);
}

static void oom_what_is_asked_for_later_is_no_leak(void **state)
{
    struct counter *f = *state;
    struct quote quote;
    open_with_quotes(f, &quote);
    fetch_some(f, 3);
    TESTING_EACH_ALLOCATION(n)
    {
        desk_renew(f->desk, f->now, "one");
        counter_settle(f);
    }
    assert_true(f->made_count > 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_came_from_it_is_asked_for_again,
                                    counter_set_up, counter_tear_down),
    cmocka_unit_test_setup_teardown(what_came_from_others_is_left_alone,
                                    counter_set_up, counter_tear_down),
    cmocka_unit_test_setup_teardown(flights_stay_within_their_bound,
                                    counter_set_up, counter_tear_down),
    cmocka_unit_test_setup_teardown(rest_of_a_provider_with_news_is_over,
                                    counter_set_up, counter_tear_down),
    cmocka_unit_test_setup_teardown(oom_what_is_asked_for_later_is_no_leak,
                                    counter_set_up, counter_tear_down),
};

TEST_MAIN(tests)
