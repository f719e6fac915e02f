/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money_test.c -- a price in another unit than the one that is served: who is
 * believed, who is asked next, and how a wrong one is got rid of.
 */
#include <string.h>

#include "base/err.h"
#include "desk/unit.h"
#include "desk/view.h"
#include "obs/metric.h"
#include "testing/testing.h"
#include "unit/desk/counter.h"

#define PENCE  ((struct decimal){4085, -1}) // 408.5
#define POUNDS ((struct decimal){4085, -3}) // 4.085

/* Two providers that say the same, in pounds. */
static int set_up(void **state)
{
    counter_set_up(state);
    struct counter *f = *state;
    f->providers = 2;
    f->serves = true;
    for (int i = 0; i < 2; i++) {
        f->says[i] = (struct counter_said){POUNDS, "GBP", 100};
    }
    return 0;
}

static int ask(struct counter *f)
{
    unsigned told = f->told[0];
    assert_int_equal(counter_ask(f, "TSCO.XLON", 0, true), 0);
    counter_settle(f);
    assert_int_equal(f->told[0], told + 1);
    return f->err[0];
}

static void assert_served(const struct counter *f, const char *price,
                          const char *source)
{
    assert_string_equal(f->quote.price_text, price);
    assert_string_equal(f->quote.source, source);
}

/* The second takes the first's pence for pounds: it is not believed, and not
 * asked again for a while. */
static void one_behind_in_another_unit_is_refused(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "one");
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    assert_int_equal(ask(f), ERR_UPSTREAM);
    assert_non_null(strstr(f->reason[0],
                           "two: 408.50 GBP is in another unit than 4.085 GBP "
                           "(sent in hundredths) of one"));
    assert_served(f, "4.085", "one");
    assert_int_equal(counter_sum(f, METRIC_upstream_other_unit), 1);
    size_t made = f->made_count;
    assert_int_equal(ask(f), ERR_UPSTREAM); // the first says unknown
    assert_non_null(strstr(f->reason[0], "is in another unit than"));
    assert_int_equal(f->made_count, made + 1);
    // Where it has seen its error, it is believed.
    counter_pass(f, UNIT_BAN_MS);
    f->says[1] = (struct counter_said){POUNDS, "GBP", 0};
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "two");
}

/* A file that was wrong may be right when it has changed. */
static void one_that_has_news_is_asked_again(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    assert_int_equal(ask(f), 0);
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    assert_int_equal(ask(f), ERR_UPSTREAM);
    f->says[1] = (struct counter_said){POUNDS, "GBP", 0};
    assert_int_equal(ask(f), ERR_UPSTREAM);
    desk_renew(f->desk, f->now, "two");
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "two");
}

static void the_next_provider_is_asked(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    // The one that is served is of the second, which is first by now.
    f->moods[0] = COUNTER_UNKNOWN;
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "two");
    // It contradicts itself: another factor, and a hundredfold.
    f->moods[0] = COUNTER_PRICE;
    f->says[0] = (struct counter_said){POUNDS, "GBP", 0};
    assert_int_equal(ask(f), 0);
    f->says[0] = (struct counter_said){PENCE, "GBP", 100};
    assert_int_equal(ask(f), 0); // by the second
    assert_served(f, "4.085", "two");
    assert_int_equal(counter_sum(f, METRIC_upstream_other_unit), 1);
}

static void one_before_in_another_unit_is_believed(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    assert_int_equal(ask(f), 0);
    assert_served(f, "408.50", "two");
    f->moods[0] = COUNTER_PRICE;
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "one");
    assert_int_equal(counter_sum(f, METRIC_upstream_other_unit), 0);
}

static void other_currencies_are_other_units(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    assert_int_equal(ask(f), 0);
    f->moods[0] = COUNTER_DOWN;
    f->says[1] = (struct counter_said){POUNDS, "USD", 0};
    assert_int_equal(ask(f), ERR_UPSTREAM);
    assert_served(f, "4.085", "one");
    // Its own currency a provider may change.
    f->moods[0] = COUNTER_PRICE;
    f->says[0] = (struct counter_said){POUNDS, "EUR", 0};
    assert_int_equal(ask(f), 0);
    assert_string_equal(f->quote.currency, "EUR");
}

/* Nothing is held against what is not served any more. */
static void a_price_that_has_expired_locks_nobody_out(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    assert_int_equal(ask(f), 0);
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    f->serves = false;
    assert_int_equal(ask(f), 0);
    assert_served(f, "408.50", "two");
}

/* Nor against a provider that has been taken out. */
static void a_provider_that_is_gone_locks_nobody_out(void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    assert_int_equal(ask(f), 0);
    assert_served(f, "408.50", "two");
    f->providers = 1;
    counter_reload(f);
    f->moods[0] = COUNTER_PRICE;
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "one");
}

static void of_a_batch_only_the_one_in_another_unit_is_refused(void **state)
{
    struct counter *f = *state;
    f->yaml[0] = f->yaml[1] = counter_batch;
    counter_open_desk(f, false);
    assert_int_equal(ask(f), 0);
    f->moods[0] = COUNTER_UNKNOWN;
    f->says[1] = (struct counter_said){PENCE, "GBP", 0};
    assert_int_equal(counter_ask(f, "TSCO.XLON", 0, true), 0);
    assert_int_equal(counter_ask(f, "VOD.XLON", 1, true), 0);
    counter_settle(f);
    assert_int_equal(f->err[0], ERR_UPSTREAM);
    assert_int_equal(f->err[1], 0); // nothing of it was served before
}

static void the_currency_is_that_of_the_names_where_nobody_says_one(
    void **state)
{
    struct counter *f = *state;
    counter_open_desk(f, false);
    f->currency = "GBX";
    assert_int_equal(ask(f), 0); // the provider's own counts more
    assert_served(f, "4.085", "one");
    f->says[0] = (struct counter_said){PENCE, NULL, 0};
    assert_int_equal(ask(f), 0);
    assert_served(f, "4.085", "one");
    assert_string_equal(f->quote.currency, "GBP");
    assert_int_equal(f->quote.unit_factor, 100);
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up, counter_tear_down)

static const struct CMUnitTest tests[] = {
    TEST(one_behind_in_another_unit_is_refused),
    TEST(one_that_has_news_is_asked_again),
    TEST(the_next_provider_is_asked),
    TEST(one_before_in_another_unit_is_believed),
    TEST(other_currencies_are_other_units),
    TEST(a_price_that_has_expired_locks_nobody_out),
    TEST(a_provider_that_is_gone_locks_nobody_out),
    TEST(of_a_batch_only_the_one_in_another_unit_is_refused),
    TEST(the_currency_is_that_of_the_names_where_nobody_says_one),
};

TEST_MAIN(tests)
