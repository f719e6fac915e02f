/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_test.c -- what is recalled without a call is as new as is demanded,
 * and what came late is not taken for a new price.
 */
#include "host/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "desk/terms.h"
#include "obs/metric.h"
#include "quote/quote.h"
#include "testing/testing.h"

#define NOW_MS UINT64_C(1000000)

static struct fixture {
    struct clock clock;
    struct metrics metrics;
    struct cache *cache;
    struct ledger ledger;
} fixture;

static uint64_t mono_ms(const struct clock *clock)
{
    (void)clock;
    return NOW_MS;
}

static int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    fixture.clock.mono_ms = mono_ms;
    assert_int_equal(metric_init(&fixture.metrics, 1), 0);
    const struct cache_options options = {100, fixture.metrics.cells};
    assert_int_equal(cache_create(&fixture.cache, &options), 0);
    cache_reader_join();
    ledger_init(&fixture.ledger, fixture.cache, &fixture.clock);
    const struct conf conf = {
        .cache = {.fresh_for_ms = 10000, .unknown_for_ms = 60000},
        .fetch = {.retry_after_ms = 5000},
    };
    ledger_apply(&fixture.ledger, &conf);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cache_reader_leave();
    cache_destroy(&fixture.cache);
    metric_deinit(&fixture.metrics);
    return 0;
}

static struct desk_result result_of(uint64_t fetched_ms)
{
    struct desk_result result = {.quote = {.fetched_mono_ms = fetched_ms}};
    assert_int_equal(symbol_parse(&result.symbol, span_of("IBM")), 0);
    result.quote.symbol = result.symbol;
    quote_set(&result.quote, QUOTE_PRICE, (struct decimal){5, 0});
    return result;
}

/* Whether the quote that is kept is recalled for such a demand. */
static bool is_recalled(uint64_t not_before_ms)
{
    struct desk_result result = {.not_before_mono_ms = not_before_ms};
    assert_int_equal(symbol_parse(&result.symbol, span_of("IBM")), 0);
    bool is_recalled = ledger_recall(&fixture.ledger, &result);
    assert_true(!is_recalled || result.err != 0 || result.quote.price_len > 0);
    return is_recalled;
}

static void fresh_quote_is_recalled_where_it_is_as_new_as_demanded(void **state)
{
    (void)state;
    assert_false(is_recalled(0));
    struct desk_result result = result_of(NOW_MS - 3000);
    ledger_keep(&fixture.ledger, &result);
    assert_true(is_recalled(0));
    assert_true(is_recalled(NOW_MS - 3000));
    assert_false(is_recalled(NOW_MS - 2999));
}

static void stale_quote_is_not_recalled_whatever_is_demanded(void **state)
{
    (void)state;
    struct desk_result result = result_of(NOW_MS - 10000);
    ledger_keep(&fixture.ledger, &result);
    assert_false(is_recalled(0));
    assert_false(is_recalled(NOW_MS - 10000));
}

static void closing_price_is_recalled_until_its_market_opens(void **state)
{
    (void)state;
    struct desk_result result = result_of(NOW_MS - 3000);
    result.quote.is_closing = true;
    result.quote.settled_until_mono_ms = NOW_MS + 1;
    ledger_keep(&fixture.ledger, &result);
    assert_true(is_recalled(NOW_MS));
}

static void unknown_symbol_is_recalled_whatever_is_demanded(void **state)
{
    (void)state;
    struct desk_result result = result_of(0);
    result.err = ERR_UNKNOWN;
    ledger_keep(&fixture.ledger, &result);
    assert_true(is_recalled(0));
    assert_true(is_recalled(NOW_MS));
}

/* It is told as it was when it came. */
static void unknown_symbol_is_recalled_with_its_reason(void **state)
{
    (void)state;
    struct desk_result result = result_of(0);
    result.err = ERR_NODATA;
    snprintf(result.reason, sizeof(result.reason), "market: a premium symbol");
    ledger_keep(&fixture.ledger, &result);
    struct desk_result again = {.symbol = result.symbol};
    assert_true(ledger_recall(&fixture.ledger, &again));
    assert_int_equal(again.err, ERR_NODATA);
    assert_string_equal(again.reason, "market: a premium symbol");
}

/* The askers get the current one, whose age stays what it is; and the symbol is
 * left alone for a while, for a reason of its own. */
static void older_price_leaves_the_current_one_its_age(void **state)
{
    (void)state;
    struct desk_result first = result_of(NOW_MS - 9000);
    first.quote.has_as_of = true;
    first.quote.as_of_unix_ns = 2000;
    ledger_keep(&fixture.ledger, &first);
    struct desk_result second = result_of(NOW_MS);
    second.quote.has_as_of = true;
    second.quote.as_of_unix_ns = 1000;
    ledger_keep(&fixture.ledger, &second);
    assert_int_equal(second.quote.fetched_mono_ms, NOW_MS - 9000);
    assert_true(second.is_recalled && !first.is_recalled);
    struct cache_found found;
    assert_true(cache_peek(fixture.cache, &second.symbol, &found));
    assert_int_equal(found.failure, ERR_STALE);
    assert_int_equal(found.failed_until_ms, NOW_MS + 5000);
    assert_false(is_recalled(NOW_MS - 5));
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    LEDGER_TEST(fresh_quote_is_recalled_where_it_is_as_new_as_demanded),
    LEDGER_TEST(stale_quote_is_not_recalled_whatever_is_demanded),
    LEDGER_TEST(closing_price_is_recalled_until_its_market_opens),
    LEDGER_TEST(unknown_symbol_is_recalled_whatever_is_demanded),
    LEDGER_TEST(unknown_symbol_is_recalled_with_its_reason),
    LEDGER_TEST(older_price_leaves_the_current_one_its_age),
};

TEST_MAIN(tests)
