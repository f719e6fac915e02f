/* SPDX-License-Identifier: Apache-2.0 */
/* A description is read whole or refused with the line, the key and the cause.
 */
#include "provider/description.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "calendar/zone.h"
#include "provider/provider_priv.h"
#include "testing/testing.h"
#include "unit/provider/specimen.h"

static int create(struct provider **out, const char *yaml,
                  char error[PROVIDER_ERROR_SIZE])
{
    return provider_create(out, "test", span_of(yaml), error);
}

static struct provider *create_good(void)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    if (create(&provider, specimen, error) != 0) {
        fail_msg("%s", error);
    }
    assert_string_equal(error, "");
    return provider;
}

static void assert_text(struct span text, const char *expected)
{
    assert_true(span_equal(text, span_of(expected)));
}

/* --- What is read --------------------------------------------------------- */

static void provider_is_read(void **state)
{
    (void)state;
    struct provider *provider = create_good();
    assert_true(provider->key_in_query);
    assert_true(provider->key_in_headers);
    assert_true(provider->has_key && provider->has_key2);
    assert_text(provider->key_default, "open");
    assert_text(provider->key_page, "https://x/keys");
    assert_int_equal(provider->headers.count, 2);
    assert_text(provider->origin, "http://127.0.0.1:7401");
    assert_text(provider->currency, "USD");
    assert_int_equal(provider->delay.kind, QUOTE_DELAY_KNOWN);
    assert_int_equal(provider->delay.s, 900);
    assert_text(provider->left_header, "X-Left");
    assert_int_equal(provider->left_window, PROVIDER_LIMIT_HOUR);
    assert_int_equal(provider->header_max, 65536);
    assert_int_equal(provider->used_count, 2);
    assert_int_equal(provider->used[0], 1);
    assert_int_equal(provider->used[1], 0);
    provider_destroy(&provider);
}

static void limits_are_read_with_their_turns(void **state)
{
    (void)state;
    static const struct provider_limit wanted[] = {
        {.count = 1, .window = PROVIDER_LIMIT_SECOND},
        {2, PROVIDER_LIMIT_MINUTE, PROVIDER_COST_SYMBOL},
        {.count = 3, .window = PROVIDER_LIMIT_HOUR},
        {.count = 4, .window = PROVIDER_LIMIT_DAY},
        {5, PROVIDER_LIMIT_MONTH, PROVIDER_COST_DISTINCT},
    };
    struct provider *provider = create_good();
    size_t count;
    const struct provider_limit *limits = provider_limits(provider, &count);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(limits[i].count, wanted[i].count);
        assert_int_equal(limits[i].window, wanted[i].window);
        assert_int_equal(limits[i].cost, wanted[i].cost);
    }
    const struct provider_turn *turns = provider_turns(provider, &count);
    assert_int_equal(count, 1);
    assert_int_equal(turns[0].hour, 17);
    assert_string_equal(zone_name(turns[0].zone), "America/New_York");
    provider_destroy(&provider);
}

static void symbols_are_read(void **state)
{
    (void)state;
    struct provider *provider = create_good();
    const struct provider_spelling *spelling = &provider->spelling;
    assert_true(spelling->is_lower_case && spelling->has_dot);
    assert_text(spelling->dot, "-");
    assert_text(spelling->suffix, ".us");
    assert_int_equal(spelling->home.count, 2);
    assert_int_equal(spelling->markets_count, 2);
    assert_text(spelling->markets[0].suffix, ".l");
    assert_text(spelling->markets[1].mic, "XPAR");
    assert_text(spelling->markets[1].prefix, "P.");
    assert_text(spelling->markets[1].query, "&m=p");
    assert_text(spelling->markets[1].currency, "EUR");
    assert_int_equal(spelling->markets[1].echo.count, 1);
    assert_int_equal(spelling->aliases_count, 1);
    provider_destroy(&provider);
}

static void rules_are_read(void **state)
{
    (void)state;
    struct provider *provider = create_good();
    const struct provider_rule *rules = provider->errors.items;
    assert_int_equal(provider->errors.count, 3);
    assert_int_equal(rules[0].class, PROVIDER_LIMIT_DAY);
    assert_int_equal(rules[0].status, 429);
    assert_int_equal(rules[0].at.count, 2);
    assert_text(rules[0].at.items[1], "/a~1b");
    assert_int_equal(rules[0].has.count, 2);
    assert_int_equal(rules[1].eq.count, 1);
    assert_true(rules[2].drops);
    assert_false(rules[2].is_guard);
    rules = provider->endpoints[0].errors.items;
    assert_true(rules[0].is_guard);
    assert_int_equal(rules[0].other_than.count, 2);
    provider_destroy(&provider);
}

static void endpoints_are_read(void **state)
{
    (void)state;
    struct provider *provider = create_good();
    const struct provider_endpoint *quote = &provider->endpoints[0];
    assert_int_equal(provider_endpoints(provider), 2);
    assert_string_equal(provider_endpoint_name(provider, 0), "quote");
    assert_int_equal(quote->min, 1);
    assert_int_equal(quote->max, 1);
    assert_int_equal(quote->rows.count, 3);
    assert_text(quote->rows.items[1].pointer, "/s");
    assert_int_equal(quote->rows.items[0].delay.kind, QUOTE_DELAY_UNKNOWN);
    assert_int_equal(quote->rows.items[1].delay.kind, QUOTE_DELAY_KNOWN);
    assert_text(quote->id, "/id");
    assert_true(quote->id_is_bare);
    assert_int_equal(quote->delay.kind, QUOTE_DELAY_END_OF_DAY);
    const struct provider_places *price = &quote->numbers[QUOTE_PRICE];
    assert_int_equal(price->count, 2);
    assert_false(price->items[0].is_stale);
    assert_true(price->items[1].is_stale);
    assert_text(price->items[1].pointer, "/q");
    assert_int_equal(quote->numbers[PROVIDER_BID].count, 1);
    const struct provider_time *times = quote->times.items;
    assert_int_equal(quote->times.count, 3);
    assert_int_equal(times[0].form, MOMENT_DAY);
    assert_int_equal(times[1].form, MOMENT_LOCAL);
    assert_int_equal(times[1].pointers_count, 2);
    assert_text(times[1].pointers[1], "/h");
    assert_string_equal(zone_name(times[1].zone), "Europe/London");
    assert_ptr_equal(times[0].zone, times[1].zone);
    assert_int_equal(times[2].form, MOMENT_UNIX_NS);
    assert_int_equal(quote->currency.count, 1);
    assert_int_equal(quote->mic.count, 1);

    const struct provider_endpoint *batch = &provider->endpoints[1];
    assert_int_equal(batch->min, 2);
    assert_int_equal(batch->max, 50);
    assert_text(batch->sep, "+");
    assert_int_equal(batch->shape, PROVIDER_ARRAY);
    assert_int_equal(batch->numbers[QUOTE_PRICE].count, 2); // inherited
    assert_int_equal(batch->errors.count, 1);
    provider_destroy(&provider);
}

static void assert_refused(const char *yaml, const char *expected)
{
    struct provider *provider = (struct provider *)-1;
    char error[PROVIDER_ERROR_SIZE] = "";
    int err = create(&provider, yaml, error);
    if (err != ERR_SYNTAX || strstr(error, expected) == NULL) {
        print_error("%s\n  want: %s\n  got:  %s\n", yaml, expected, error);
    }
    assert_int_equal(err, ERR_SYNTAX);
    assert_null(provider);
    assert_non_null(strstr(error, expected));
    assert_true(strlen(error) < PROVIDER_ERROR_SIZE);
}

/* --- Bounds --------------------------------------------------------------- */

static void rules_are_bounded_in_all(void **state)
{
    (void)state;
    const int inherited = 12; // with the endpoints' own
    for (int extra = 0; extra <= 1; extra++) {
        char yaml[16384] = "like: alphavantage\nerrors:\n";
        size_t len = strlen(yaml);
        int count = PROVIDER_RULES_LIMIT - inherited + extra;
        for (int i = 0; i < count; i++) {
            len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                    "  - {is: bad, has: x%d}\n", i);
        }
        if (extra > 0) {
            assert_refused(yaml, "line 39: errors 37: more than 48 rules");
            continue;
        }
        struct provider *provider;
        char error[PROVIDER_ERROR_SIZE];
        assert_int_equal(create(&provider, yaml, error), 0);
        assert_int_equal(provider->errors.count, count);
        provider_destroy(&provider);
    }
}

static void maps_are_bounded(void **state)
{
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        char markets[16384] = "like: finnhub\nsymbol:\n  markets:\n";
        char aliases[16384] = "like: finnhub\nsymbol:\n  aliases:\n";
        char endpoints[16384] = "like: finnhub\nendpoints:\n";
        for (int i = 0; i < PROVIDER_MARKETS_LIMIT + extra; i++) {
            size_t len = strlen(markets);
            snprintf(markets + len, sizeof(markets) - len, "    X%03d: .x\n",
                     i);
            len = strlen(aliases);
            snprintf(aliases + len, sizeof(aliases) - len, "    A%d: B\n", i);
        }
        // one is inherited
        for (int i = 1; i < PROVIDER_ENDPOINTS_LIMIT + extra; i++) {
            size_t len = strlen(endpoints);
            snprintf(endpoints + len, sizeof(endpoints) - len,
                     "  q%d: {like: quote}\n", i);
        }
        struct provider *provider;
        char error[PROVIDER_ERROR_SIZE];
        if (extra == 0) {
            assert_int_equal(create(&provider, markets, error), 0);
            provider_destroy(&provider);
            assert_int_equal(create(&provider, aliases, error), 0);
            provider_destroy(&provider);
            assert_int_equal(create(&provider, endpoints, error), 0);
            assert_int_equal(provider_endpoints(provider), 8);
            provider_destroy(&provider);
            continue;
        }
        assert_refused(markets, "symbol.markets.X064: more than 64 markets");
        assert_refused(aliases, "symbol.aliases.A64: more than 64 aliases");
        assert_refused(endpoints, "endpoints.q8: more than 8 endpoints");
    }
}

static void zones_are_bounded(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Madrid",
        "Europe/Rome",   "Asia/Tokyo",   "Asia/Seoul",    "Asia/Dubai",
    };
    char yaml[1024];
    size_t len =
        (size_t)snprintf(yaml, sizeof(yaml),
                         "turns: {zone: America/New_York}\n"
                         "endpoints: {q: {url: 'https://x/{sym}', rows: '',\n"
                         "  fields: {price: /p, time: [/t|local Europe/London");
    for (size_t i = 1; i < 7; i++) {
        len += (size_t)snprintf(yaml + len, sizeof(yaml) - len, ", /t|local %s",
                                zones[i]);
    }
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    size_t eight = len;
    snprintf(yaml + len, sizeof(yaml) - len, "]}}}\n");
    assert_int_equal(create(&provider, yaml, error), 0);
    assert_int_equal(provider->zones_count, PROVIDER_ZONES_LIMIT);
    provider_destroy(&provider);
    snprintf(yaml + eight, sizeof(yaml) - eight, ", /t|local %s]}}}\n",
             zones[7]);
    assert_refused(yaml, "more than 8 time zones");
}

/* --- like ----------------------------------------------------------------- */

static void what_is_said_takes_the_place_of_what_is_inherited(void **state)
{
    (void)state;
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(create(&provider,
                            "like: alphavantage\n"
                            "symbol: {case: lower}\n"
                            "limits: [[75, m]]\n"
                            "errors: [{is: blocked, status: 403}]\n"
                            "use: [bulk, quote]\n"
                            "endpoints: {quote: {like: quote, delay: 0s}}\n",
                            error),
                     0);
    assert_true(provider->spelling.is_lower_case);
    assert_true(provider->spelling.markets_count > 0);
    assert_int_equal(provider->limits_count, 1);
    assert_int_equal(provider->limits[0].count, 75);
    assert_int_equal(provider->errors.count, 1);
    assert_true(provider->has_key);
    assert_int_equal(provider->endpoints_count, 3);
    assert_text(provider->endpoints[0].id, "/01. symbol");
    assert_int_equal(provider->endpoints[0].delay.kind, QUOTE_DELAY_KNOWN);
    assert_int_equal(provider->used_count, 2);
    provider_destroy(&provider);
}

static void key_may_move_from_the_url_to_a_header(void **state)
{
    (void)state;
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(
        create(&provider,
               "like: finnhub\n"
               "key: query\n"
               "endpoints: {quote: {like: quote,\n"
               "  url: 'https://finnhub.io/api/v1/quote?s={sym}&t={key}'}}\n",
               error),
        0);
    assert_true(provider->key_in_query);
    assert_false(provider->key_in_headers);
    provider_destroy(&provider);
}

static void endpoint_that_is_like_none_inherits_nothing(void **state)
{
    (void)state;
    assert_refused("like: alphavantage\n"
                   "endpoints: {quote: {url: 'https://x/{sym}?{key}'}}\n",
                   "endpoints.quote: there are no rows");
}

static void descriptions_may_be_like_those_that_are_like_others(void **state)
{
    (void)state;
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(create(&provider, "like: market\ncurrency: EUR\n", error),
                     0);
    assert_text(provider->currency, "EUR");
    assert_text(provider->origin, "http://127.0.0.1:7401");
    assert_int_equal(provider->errors.count, 7);
    provider_destroy(&provider);
}

static void like_must_name_a_built_in(void **state)
{
    (void)state;
    assert_refused("like: nobody\n",
                   "there is no description of \"nobody\"; there are alpaca, "
                   "alphavantage,");
    assert_refused("like: \"a\\nb\"\n",
                   "there is no description of \"a b\"; there are");
    assert_refused("like: [alphavantage]\n",
                   "line 1: like: a text is expected here");
}

static void oom_reading_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct provider *provider = (struct provider *)-1;
        char error[PROVIDER_ERROR_SIZE] = "";
        int err = create(&provider, specimen, error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(err == 0, provider != NULL);
        assert_int_equal(err == 0, error[0] == '\0');
        succeeded = err == 0;
        provider_destroy(&provider);
    }
    assert_true(succeeded);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(provider_is_read),
    cmocka_unit_test(limits_are_read_with_their_turns),
    cmocka_unit_test(symbols_are_read),
    cmocka_unit_test(rules_are_read),
    cmocka_unit_test(endpoints_are_read),
    cmocka_unit_test(rules_are_bounded_in_all),
    cmocka_unit_test(maps_are_bounded),
    cmocka_unit_test(zones_are_bounded),
    cmocka_unit_test(what_is_said_takes_the_place_of_what_is_inherited),
    cmocka_unit_test(key_may_move_from_the_url_to_a_header),
    cmocka_unit_test(endpoint_that_is_like_none_inherits_nothing),
    cmocka_unit_test(descriptions_may_be_like_those_that_are_like_others),
    cmocka_unit_test(like_must_name_a_built_in),
    cmocka_unit_test(oom_reading_fails_clean),
};

TEST_MAIN(tests)
