/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in descriptions are without fault and say what providers are known
 * to ask for; what is asked of any provider is told. */
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "calendar/zone.h"
#include "provider/provider_priv.h"
#include "testing/testing.h"
#include "unit/provider/court.h"

static const char *const built_in[] = {
    "alpaca", "alphavantage", "eodhd",   "file",   "finnhub",    "fmp",
    "market", "marketstack",  "massive", "tiingo", "twelvedata", "yahoo",
};

#define BUILT_IN_COUNT (sizeof(built_in) / sizeof(built_in[0]))

/* --- The built-in descriptions -------------------------------------------- */

static void every_description_is_without_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        struct provider *provider = court_create_built_in(built_in[i]);
        assert_string_equal(provider_name(provider), built_in[i]);
        assert_in_range(provider_header_max(provider), 1024, 1 << 20);
        assert_int_equal(provider_is_file(provider),
                         strcmp(built_in[i], "file") == 0);
        provider_destroy(&provider);
        assert_null(provider);
    }
}

/* Whoever reads an error must learn where a key is to be had. */
static void keys_are_asked_for_with_their_pages(void **state)
{
    (void)state;
    static const char *const without[] = {"file", "market", "yahoo"};
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        struct provider *provider = court_create_built_in(built_in[i]);
        bool needs = true;
        for (size_t j = 0; j < sizeof(without) / sizeof(without[0]); j++) {
            needs = needs && strcmp(built_in[i], without[j]) != 0;
        }
        assert_int_equal(provider_needs_key(provider), needs);
        const char *page = provider_key_page(provider);
        assert_int_equal(strncmp(page, "https://", 8) == 0, needs);
        provider_destroy(&provider);
    }
}

static void limits_are_those_of_a_free_key(void **state)
{
    (void)state;
    static const struct {
        const char *provider;
        struct provider_limit limits[3];
        size_t count;
        size_t turns;
    } cases[] = {
        {"alphavantage",
         {{1, PROVIDER_LIMIT_SECOND, PROVIDER_COST_REQUEST},
          {25, PROVIDER_LIMIT_DAY, PROVIDER_COST_REQUEST}},
         2,
         2},
        {"twelvedata",
         {{8, PROVIDER_LIMIT_MINUTE, PROVIDER_COST_SYMBOL},
          {800, PROVIDER_LIMIT_DAY, PROVIDER_COST_SYMBOL}},
         2,
         2},
        {"tiingo",
         {{50, PROVIDER_LIMIT_HOUR, PROVIDER_COST_REQUEST},
          {1000, PROVIDER_LIMIT_DAY, PROVIDER_COST_REQUEST},
          {500, PROVIDER_LIMIT_MONTH, PROVIDER_COST_DISTINCT}},
         3,
         2},
        {"eodhd",
         {{20, PROVIDER_LIMIT_DAY, PROVIDER_COST_SYMBOL},
          {1000, PROVIDER_LIMIT_MINUTE, PROVIDER_COST_REQUEST}},
         2,
         1},
        {"market", {{0}}, 0, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider *provider = court_create_built_in(cases[i].provider);
        size_t count;
        const struct provider_limit *limits = provider_limits(provider, &count);
        assert_int_equal(count, cases[i].count);
        for (size_t at = 0; at < count; at++) {
            const struct provider_limit *wanted = &cases[i].limits[at];
            assert_int_equal(limits[at].count, wanted->count);
            assert_int_equal(limits[at].window, wanted->window);
            assert_int_equal(limits[at].cost, wanted->cost);
        }
        // Where nobody knows when the day turns, it is either of two.
        const struct provider_turn *turns = provider_turns(provider, &count);
        assert_int_equal(count, cases[i].turns);
        assert_null(turns[0].zone);
        assert_int_equal(turns[0].hour, 0);
        if (count == 2) {
            assert_string_equal(zone_name(turns[1].zone), "America/New_York");
            assert_int_equal(turns[1].hour, 0);
        }
        provider_destroy(&provider);
    }
}

static void market_is_alphavantage_here_without_a_key(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("market");
    struct provider_verdict verdict = court_judge_text(
        provider, "{\"Global Quote\": {\"01. symbol\": \"IBM\","
                  " \"05. price\": \"137.1600\"}}");
    assert_int_equal(verdict.class, PROVIDER_OK);
    assert_string_equal(verdict.quote.source, "market");
    assert_string_equal(verdict.quote.currency, "USD");
    assert_string_equal(verdict.quote.price_text, "137.16");
    assert_int_equal(verdict.quote.delay, QUOTE_DELAY_KNOWN);
    assert_int_equal(verdict.quote.delay_s, 0);
    // the rules are inherited too
    verdict = court_judge_text(provider, "{\"Note\": \"25 per day\"}");
    assert_int_equal(verdict.class, PROVIDER_LIMIT_DAY);
    provider_destroy(&provider);
}

static void delay_is_told_where_it_is_known(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct provider_verdict verdict = court_judge_text(
        provider, "{\"Global Quote\": {\"01. symbol\": \"IBM\","
                  " \"05. price\": 1}}");
    assert_int_equal(verdict.quote.delay, QUOTE_DELAY_END_OF_DAY);
    verdict = court_judge_text(provider,
                               "{\"Global Quote - DATA DELAYED BY 15 MINUTES\":"
                               " {\"01. symbol\": \"IBM\", \"05. price\": 1}}");
    assert_int_equal(verdict.quote.delay, QUOTE_DELAY_KNOWN);
    assert_int_equal(verdict.quote.delay_s, 900);
    provider_destroy(&provider);
}

static void file_may_be_csv_or_json(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "symbol,price,currency,as_of\nMSFT,1,USD,\nIBM,312.42,USD,"
        "2025-11-06T21:00:00Z\n",
        "[{\"symbol\": \"IBM\", \"price\": 312.42, \"currency\": \"USD\","
        " \"as_of\": \"2025-11-06T21:00:00Z\"}]",
        "{\"quotes\": [{\"symbol\": \"ibm\", \"price\": \"312.42\","
        " \"currency\": \"USD\", \"as_of\": \"2025-11-06T21:00:00Z\"}]}",
    };
    struct provider *provider = court_create_built_in("file");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct provider_verdict verdict = court_judge_text(provider, bodies[i]);
        char text[QUOTE_AS_OF_SIZE];
        assert_int_equal(verdict.class, PROVIDER_OK);
        assert_string_equal(verdict.quote.price_text, "312.42");
        assert_string_equal(verdict.quote.currency, "USD");
        quote_print_as_of(text, &verdict.quote);
        assert_string_equal(text, "2025-11-06T21:00:00.000Z");
    }
    // it has whatever it has: others' rows are no trouble
    struct provider_verdict verdict =
        court_judge_text(provider, "symbol,price\nMSFT,1\n");
    assert_int_equal(verdict.class, PROVIDER_UNKNOWN);
    provider_destroy(&provider);
}

static void keys_have_the_form_that_their_place_allows(void **state)
{
    (void)state;
    static const struct {
        const char *provider;
        const char *key;
        bool is_good;
    } cases[] = {
        {"alphavantage", "", true},
        {"alphavantage", "a\nb", true},
        {"alphavantage", "\xc3\xa9", true},
        {"finnhub", "", true},
        {"finnhub", "abc DEF~", true},
        {"finnhub", "a\nb", false},
        {"finnhub", "a\rb", false},
        {"finnhub", "a\x7f", false},
        {"finnhub", "\xc3\xa9", false},
        {"alpaca", "", true},
        {"alpaca", "ID:SECRET", true},
        {"alpaca", "ID:SEC:RET", true},
        {"alpaca", "ID", false},
        {"alpaca", "ID:", false},
        {"alpaca", ":SECRET", false},
        {"alpaca", "ID:SEC\nRET", false},
        {"yahoo", "unused\n", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider *provider = court_create_built_in(cases[i].provider);
        const char *fault = provider_key_fault(provider, cases[i].key);
        assert_int_equal(fault == NULL, cases[i].is_good);
        provider_destroy(&provider);
    }
}

static void unknown_name_is_refused_with_those_there_are(void **state)
{
    (void)state;
    static const char *const names[] = {"", "alpha", "market.yaml", "MARKET"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct provider *provider = (struct provider *)-1;
        char error[PROVIDER_ERROR_SIZE];
        char expected[PROVIDER_ERROR_SIZE];
        assert_int_equal(provider_create_built_in(&provider, names[i], error),
                         ERR_ABSENT);
        assert_null(provider);
        snprintf(expected, sizeof(expected),
                 "there is no description of \"%s\"; there are alpaca, "
                 "alphavantage, eodhd, file, finnhub, fmp, market, "
                 "marketstack, massive, tiingo, twelvedata, yahoo",
                 names[i]);
        assert_string_equal(error, expected);
    }
}

static void oom_create_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct provider *provider = (struct provider *)-1;
        char error[PROVIDER_ERROR_SIZE] = "";
        int err = provider_create_built_in(&provider, "market", error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(err == 0, provider != NULL);
        assert_int_equal(err == 0, error[0] == '\0');
        succeeded = err == 0;
        provider_destroy(&provider);
    }
    assert_true(succeeded);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    struct provider *provider = NULL;
    provider_destroy(&provider);
    assert_null(provider);
}

/* --- Names ---------------------------------------------------------------- */

static void name_is_as_long_as_a_source_may_be(void **state)
{
    (void)state;
    char name[QUOTE_SOURCE_SIZE + 1];
    for (size_t len = 0; len < sizeof(name); len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        struct provider *provider;
        char error[PROVIDER_ERROR_SIZE];
        int err =
            provider_create(&provider, name, span_of("like: market"), error);
        bool is_allowed = len >= 1 && len < QUOTE_SOURCE_SIZE;
        assert_int_equal(err, is_allowed ? 0 : ERR_SYNTAX);
        if (err == 0) {
            assert_string_equal(provider_name(provider), name);
        }
        provider_destroy(&provider);
    }
}

/* --- Classes -------------------------------------------------------------- */

static void each_class_has_its_name_and_error(void **state)
{
    (void)state;
    static const struct {
        enum provider_class class;
        const char *name;
        int err;
    } classes[] = {
        {PROVIDER_OK, "ok", ERR_OK},
        {PROVIDER_UNKNOWN, "unknown", ERR_UNKNOWN},
        {PROVIDER_FORBIDDEN, "forbidden", ERR_NODATA},
        {PROVIDER_PLAN, "plan", ERR_NODATA},
        {PROVIDER_AUTH, "auth", ERR_UPSTREAM},
        {PROVIDER_LIMIT_SECOND, "limit.s", ERR_LIMIT},
        {PROVIDER_LIMIT_MINUTE, "limit.m", ERR_LIMIT},
        {PROVIDER_LIMIT_HOUR, "limit.h", ERR_LIMIT},
        {PROVIDER_LIMIT_DAY, "limit.d", ERR_LIMIT},
        {PROVIDER_LIMIT_MONTH, "limit.mo", ERR_LIMIT},
        {PROVIDER_SESSION, "session", ERR_UPSTREAM},
        {PROVIDER_BLOCKED, "blocked", ERR_UPSTREAM},
        {PROVIDER_UPSTREAM, "upstream", ERR_UPSTREAM},
        {PROVIDER_BAD, "bad", ERR_NODATA},
        {PROVIDER_NOTICE, "notice", ERR_UPSTREAM},
    };
    assert_int_equal(sizeof(classes) / sizeof(classes[0]),
                     PROVIDER_CLASS_COUNT);
    for (size_t i = 0; i < PROVIDER_CLASS_COUNT; i++) {
        assert_string_equal(provider_class_name(classes[i].class),
                            classes[i].name);
        assert_int_equal(provider_class_err(classes[i].class), classes[i].err);
    }
}

static void name_of_no_class(void *user)
{
    (void)user;
    provider_class_name(PROVIDER_CLASS_COUNT);
}

static void class_outside_the_table_is_a_failed_check(void **state)
{
    (void)state;
    assert_true(testing_aborts(name_of_no_class, NULL));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_description_is_without_fault),
    cmocka_unit_test(keys_are_asked_for_with_their_pages),
    cmocka_unit_test(limits_are_those_of_a_free_key),
    cmocka_unit_test(market_is_alphavantage_here_without_a_key),
    cmocka_unit_test(delay_is_told_where_it_is_known),
    cmocka_unit_test(file_may_be_csv_or_json),
    cmocka_unit_test(keys_have_the_form_that_their_place_allows),
    cmocka_unit_test(unknown_name_is_refused_with_those_there_are),
    cmocka_unit_test(oom_create_fails_clean),
    cmocka_unit_test(destroying_nothing_is_allowed),
    cmocka_unit_test(name_is_as_long_as_a_source_may_be),
    cmocka_unit_test(each_class_has_its_name_and_error),
    cmocka_unit_test(class_outside_the_table_is_a_failed_check),
};

TEST_MAIN(tests)
