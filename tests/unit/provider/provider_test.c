/* SPDX-License-Identifier: Apache-2.0 */
/* A provider from its description: the built-in ones, URLs, keys, classes. */
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "provider/provider_priv.h"
#include "testing/testing.h"

static struct provider *create_built_in(const char *name)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    if (provider_create_built_in(&provider, name, error) != 0) {
        fail_msg("%s: %s", name, error);
    }
    return provider;
}

static struct provider *create_with_url(const char *head, const char *url)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    char yaml[512];
    snprintf(yaml, sizeof(yaml),
             "%sendpoints: {quote: {url: \"%s\", rows: \"\","
             " fields: {price: /p}}}\n",
             head, url);
    if (provider_create(&provider, "test", span_of(yaml), error) != 0) {
        fail_msg("%s", error);
    }
    return provider;
}

static const char *url_of(const struct provider *provider, const char *origin,
                          const char *symbol, const char *key)
{
    static char text[2048];
    struct symbol asked;
    assert_int_equal(symbol_parse(&asked, span_of(symbol)), 0);
    struct buffer out = buffer_empty(sizeof(text) - 1);
    provider_compose_url(provider, origin, &asked, key, &out);
    assert_false(out.failed);
    memcpy(text, out.data, out.len);
    text[out.len] = '\0';
    buffer_deinit(&out);
    return text;
}

/* --- The built-in descriptions -------------------------------------------- */

static void alphavantage_asks_global_quote_with_a_key(void **state)
{
    (void)state;
    struct provider *provider = create_built_in("alphavantage");
    assert_string_equal(provider_name(provider), "alphavantage");
    assert_true(provider_needs_key(provider));
    assert_string_equal(provider_key_page(provider),
                        "https://www.alphavantage.co/support/#api-key");
    assert_string_equal(url_of(provider, "", "IBM", "K3Y"),
                        "https://www.alphavantage.co/query"
                        "?function=GLOBAL_QUOTE&symbol=IBM&apikey=K3Y");
    provider_destroy(&provider);
    assert_null(provider);
}

static void alphavantage_allows_one_a_second_and_25_a_day(void **state)
{
    (void)state;
    struct provider *provider = create_built_in("alphavantage");
    assert_int_equal(provider->limits_count, 2);
    assert_int_equal(provider->limits[0].calls, 1);
    assert_int_equal(provider->limits[0].window, PROVIDER_LIMIT_SECOND);
    assert_int_equal(provider->limits[1].calls, 25);
    assert_int_equal(provider->limits[1].window, PROVIDER_LIMIT_DAY);
    provider_destroy(&provider);
}

static void market_is_alphavantage_here_without_a_key(void **state)
{
    (void)state;
    struct provider *provider = create_built_in("market");
    assert_string_equal(provider_name(provider), "market");
    assert_false(provider_needs_key(provider));
    assert_string_equal(provider_key_page(provider), "");
    assert_string_equal(url_of(provider, "", "IBM", ""),
                        "http://127.0.0.1:7401/query"
                        "?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo");
    // quoted-market --key S3CRET
    assert_string_equal(url_of(provider, "", "IBM", "S3CRET"),
                        "http://127.0.0.1:7401/query"
                        "?function=GLOBAL_QUOTE&symbol=IBM&apikey=S3CRET");
    provider_destroy(&provider);
}

static void market_is_the_source_of_its_quotes(void **state)
{
    (void)state;
    struct provider *provider = create_built_in("market");
    struct symbol ibm;
    assert_int_equal(symbol_parse(&ibm, span_of("ibm")), 0);
    struct provider_verdict verdict;
    provider_judge(provider, 200,
                   span_of("{\"Global Quote\": {\"01. symbol\": \"IBM\","
                           " \"05. price\": \"137.1600\"}}"),
                   &ibm, "", &verdict);
    assert_int_equal(verdict.class, PROVIDER_OK);
    assert_string_equal(verdict.quote.source, "market");
    assert_string_equal(verdict.quote.currency, "USD");
    assert_string_equal(verdict.quote.price_text, "137.16");
    // the rules are inherited too
    provider_judge(provider, 200, span_of("{\"Note\": \"25 per day\"}"), &ibm,
                   "", &verdict);
    assert_int_equal(verdict.class, PROVIDER_LIMIT_DAY);
    provider_destroy(&provider);
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
                 "there is no description of \"%s\"; there are alphavantage, "
                 "market",
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

/* --- URLs ----------------------------------------------------------------- */

static void symbols_are_percent_encoded(void **state)
{
    (void)state;
    struct provider *provider = create_with_url("", "https://x/q?s={sym}");
    assert_string_equal(url_of(provider, "", "^GSPC", ""),
                        "https://x/q?s=%5EGSPC");
    assert_string_equal(url_of(provider, "", "EUR=X", ""),
                        "https://x/q?s=EUR%3DX");
    assert_string_equal(url_of(provider, "", "EUR/USD", ""),
                        "https://x/q?s=EUR%2FUSD");
    assert_string_equal(url_of(provider, "", "BINANCE:BTC_USD", ""),
                        "https://x/q?s=BINANCE%3ABTC_USD");
    assert_string_equal(url_of(provider, "", "BRK-B.US", ""),
                        "https://x/q?s=BRK-B.US");
    assert_string_equal(
        url_of(provider, "", "////////////////////////////////", ""),
        "https://x/q?s=%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F"
        "%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F"
        "%2F%2F%2F");
    provider_destroy(&provider);
}

static void keys_are_percent_encoded(void **state)
{
    (void)state;
    struct provider *provider =
        create_with_url("key: query\n", "https://x/{sym}?k={key}&z=1#f");
    assert_true(provider_needs_key(provider));
    assert_string_equal(provider_key_page(provider), "");
    assert_string_equal(url_of(provider, "", "A", "a&b=c d/e?f#g%h{sym}"),
                        "https://x/A?k=a%26b%3Dc%20d%2Fe%3Ff%23g%25h%7Bsym%7D"
                        "&z=1#f");
    assert_string_equal(url_of(provider, "", "A", "Az09-._~"),
                        "https://x/A?k=Az09-._~&z=1#f");
    assert_string_equal(url_of(provider, "", "A", "\xc3\xa9\x01"),
                        "https://x/A?k=%C3%A9%01&z=1#f");
    assert_string_equal(url_of(provider, "", "A", ""), "https://x/A?k=&z=1#f");
    provider_destroy(&provider);
}

static void placeholders_may_stand_more_than_once(void **state)
{
    (void)state;
    struct provider *provider =
        create_with_url("key: query\n", "https://x/{sym}{key}{sym}");
    assert_string_equal(url_of(provider, "", "A/B", "k"),
                        "https://x/A%2FBkA%2FB");
    provider_destroy(&provider);
}

static void symbols_are_sent_in_the_case_of_the_description(void **state)
{
    (void)state;
    struct provider *provider =
        create_with_url("symbol: {case: lower}\n", "https://x/{sym}");
    assert_string_equal(url_of(provider, "", "BRK-B.US", ""),
                        "https://x/brk-b.us");
    provider_destroy(&provider);
    provider = create_with_url("symbol: {case: upper}\n", "https://x/{sym}");
    assert_string_equal(url_of(provider, "", "brk-b", ""), "https://x/BRK-B");
    provider_destroy(&provider);
}

static void origin_takes_the_place_of_scheme_host_and_port(void **state)
{
    (void)state;
    struct provider *provider =
        create_with_url("", "https://api.example:8443/v1/{sym}?x=/y");
    assert_string_equal(url_of(provider, "", "A", ""),
                        "https://api.example:8443/v1/A?x=/y");
    assert_string_equal(url_of(provider, "http://127.0.0.1:7401", "A", ""),
                        "http://127.0.0.1:7401/v1/A?x=/y");
    assert_string_equal(url_of(provider, "http://[::1]:7401", "A", ""),
                        "http://[::1]:7401/v1/A?x=/y");
    provider_destroy(&provider);

    provider = create_with_url("origin: https://other\n", "http://x/{sym}");
    assert_string_equal(url_of(provider, "", "A", ""), "https://other/A");
    assert_string_equal(url_of(provider, "http://mine", "A", ""),
                        "http://mine/A");
    provider_destroy(&provider);
}

static void url_is_appended_and_bounded(void **state)
{
    (void)state;
    struct provider *provider = create_with_url("", "https://x/{sym}");
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("IBM")), 0);
    struct buffer out = buffer_empty(17);
    buffer_put_text(&out, "GET ");
    provider_compose_url(provider, "", &symbol, "", &out);
    assert_true(span_equal(buffer_span(&out), span_of("GET https://x/IBM")));
    buffer_deinit(&out);

    out = buffer_empty(12);
    provider_compose_url(provider, "", &symbol, "", &out);
    assert_true(out.failed);
    buffer_deinit(&out);
    provider_destroy(&provider);
}

static void oom_composing_fails_the_buffer(void **state)
{
    (void)state;
    struct provider *provider = create_with_url("", "https://x/{sym}");
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("IBM")), 0);
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer out = buffer_empty(1024);
        provider_compose_url(provider, "", &symbol, "", &out);
        succeeded = !out.failed;
        buffer_deinit(&out);
    }
    assert_true(succeeded);
    provider_destroy(&provider);
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
        assert_int_equal(err, ERR_SYNTAX); // market itself is like another
        err = provider_create(&provider, name, span_of("like: alphavantage"),
                              error);
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
    cmocka_unit_test(alphavantage_asks_global_quote_with_a_key),
    cmocka_unit_test(alphavantage_allows_one_a_second_and_25_a_day),
    cmocka_unit_test(market_is_alphavantage_here_without_a_key),
    cmocka_unit_test(market_is_the_source_of_its_quotes),
    cmocka_unit_test(unknown_name_is_refused_with_those_there_are),
    cmocka_unit_test(oom_create_fails_clean),
    cmocka_unit_test(destroying_nothing_is_allowed),
    cmocka_unit_test(symbols_are_percent_encoded),
    cmocka_unit_test(keys_are_percent_encoded),
    cmocka_unit_test(placeholders_may_stand_more_than_once),
    cmocka_unit_test(symbols_are_sent_in_the_case_of_the_description),
    cmocka_unit_test(origin_takes_the_place_of_scheme_host_and_port),
    cmocka_unit_test(url_is_appended_and_bounded),
    cmocka_unit_test(oom_composing_fails_the_buffer),
    cmocka_unit_test(name_is_as_long_as_a_source_may_be),
    cmocka_unit_test(each_class_has_its_name_and_error),
    cmocka_unit_test(class_outside_the_table_is_a_failed_check),
};

TEST_MAIN(tests)
