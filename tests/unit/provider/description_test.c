/* SPDX-License-Identifier: Apache-2.0 */
/* A description is read whole or refused with the line and the cause. */
#include "provider/description.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "provider/provider_priv.h"
#include "testing/testing.h"

/* A description of which the tests spoil one line. */
static const char good[] = "key: query\n"
                           "key_default: open\n"
                           "key_page: https://x/keys\n"
                           "origin: http://127.0.0.1:7401\n"
                           "currency: USD\n"
                           "symbol: {case: lower}\n"
                           "limits: [[1, s], [2, m], [3, h], [4, d], [5, mo]]\n"
                           "errors:\n"
                           "  - is: limit.d\n"
                           "    status: 429\n"
                           "    at: [/Note, /a~1b]\n"
                           "    has: [per day, per diem]\n"
                           "  - {is: bad, at: /code, eq: '400'}\n"
                           "endpoints:\n"
                           "  quote:\n"
                           "    url: https://x.example/q?s={sym}&k={key}\n"
                           "    format: json\n"
                           "    rows: [/r, /s]\n"
                           "    shape: object\n"
                           "    id: /id\n"
                           "    fields:\n"
                           "      price: [/p, /q]\n"
                           "      time: [/t|day America/New_York, /u|day]\n"
                           "      currency: /c\n";

static int create(struct provider **out, const char *yaml,
                  char error[PROVIDER_ERROR_SIZE])
{
    return provider_create(out, "test", span_of(yaml), error);
}

static void every_part_is_read(void **state)
{
    (void)state;
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(create(&provider, good, error), 0);
    assert_string_equal(error, "");
    assert_true(provider->has_key);
    assert_true(provider->is_lower_case);
    assert_true(span_equal(provider->key_default, span_of("open")));
    assert_true(span_equal(provider->key_page, span_of("https://x/keys")));
    assert_true(span_equal(provider->origin, span_of("http://127.0.0.1:7401")));
    assert_true(span_equal(provider->currency, span_of("USD")));
    assert_int_equal(provider->limits_count, 5);
    assert_int_equal(provider->limits[4].calls, 5);
    assert_int_equal(provider->limits[4].window, PROVIDER_LIMIT_MONTH);

    assert_int_equal(provider->errors_count, 2);
    const struct provider_rule *rule = &provider->errors[0];
    assert_int_equal(rule->class, PROVIDER_LIMIT_DAY);
    assert_int_equal(rule->status, 429);
    assert_int_equal(rule->at.count, 2);
    assert_true(span_equal(rule->at.items[1], span_of("/a~1b")));
    assert_int_equal(rule->has.count, 2);
    assert_int_equal(provider->errors[1].eq.count, 1);

    const struct provider_endpoint *quote = &provider->quote;
    assert_true(
        span_equal(quote->url, span_of("https://x.example/q?s={sym}&k={key}")));
    assert_int_equal(quote->rows.count, 2);
    assert_true(span_equal(quote->id, span_of("/id")));
    assert_int_equal(quote->numbers[QUOTE_PRICE].count, 2);
    assert_int_equal(quote->days.count, 2);
    assert_true(span_equal(quote->days.items[0], span_of("/t")));
    assert_int_equal(quote->currency.count, 1);
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

/* Replace the line that begins with `line` by another, and expect a refusal. */
static void spoil(const char *line, const char *by, const char *expected)
{
    char yaml[4096];
    const char *at = strstr(good, line);
    assert_non_null(at);
    const char *end = strchr(at, '\n');
    snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)(at - good), good, by, end);
    assert_refused(yaml, expected);
}

static void top_level_faults_are_told_by_line(void **state)
{
    (void)state;
    spoil("key: query", "key: header",
          "line 1: \"header\" is not known; allowed is query");
    spoil("key: query", "kee: query",
          "line 1: \"kee\" is not known here; allowed are like, key,");
    spoil("key_default", "key_default: [a]", "line 2: a text is expected here");
    spoil("origin", "origin: http://x/", "line 4: an origin is http://HOST");
    spoil("origin", "origin: ftp://x", "line 4: an origin is http://HOST");
    spoil("origin", "origin: https://", "line 4: an origin is http://HOST");
    spoil("origin", "origin: ''", "line 4: an origin is http://HOST");
    spoil("currency", "currency: DOLLARSS", "line 5: a currency");
    spoil("currency", "currency: ''", "line 5: a currency");
    spoil("symbol", "symbol: {case: title}",
          "line 6: \"title\" is not known; allowed are upper, lower");
    spoil("symbol", "symbol: {dot: '-'}", "line 6: \"dot\" is not known here");
    spoil("symbol", "symbol: upper",
          "line 6: keys and values are expected here");
}

static void limit_faults_are_told_by_line(void **state)
{
    (void)state;
    static const char *const limits[] = {
        "limits: [[0, s]]", "limits: [[-1, s]]",        "limits: [[1, w]]",
        "limits: [[1]]",    "limits: [[1, s, symbol]]", "limits: [25/d]",
        "limits: [{1: s}]", "limits: [[1.5, s]]",
    };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        spoil("limits", limits[i],
              "line 7: a limit is [CALLS, WINDOW], such as [25, d]");
    }
    spoil("limits", "limits: 25", "line 7: a list of limits");
    spoil("limits",
          "limits: [[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s]]",
          "line 7: more than 8 limits");
}

static void rule_faults_are_told_by_line(void **state)
{
    (void)state;
    spoil("  - is: limit.d", "  - is: limit.w",
          "line 9: \"limit.w\" is no class of errors");
    spoil("  - is: limit.d", "  - is: ok",
          "line 9: \"ok\" is no class of errors");
    spoil("    status: 429", "    status: 4xx",
          "line 10: an HTTP status is expected here, such as 429");
    spoil("    status: 429", "    status: 99", "line 10: an HTTP status");
    spoil("    status: 429", "    status: 1000", "line 10: an HTTP status");
    spoil("    at: [/Note", "    at: [Note]",
          "line 11: \"Note\" is no JSON pointer");
    spoil("    at: [/Note", "    at: []", "line 11: the list is empty");
    spoil("    at: [/Note", "    at: {/Note: 1}",
          "line 11: a text is expected here");
    spoil("    has: [per", "    has: ['']", "line 12: a text is expected here");
    spoil("    has: [per", "    has: [1,2,3,4,5,6,7,8,9]",
          "line 12: more than 8 texts in one list");
    spoil("    has: [per", "    had: [per day]",
          "line 12: \"had\" is not known here; allowed are is, status, at, eq,"
          " has");
    spoil("  - {is: bad", "  - {at: /x}", "line 13: the rule has no \"is\"");
    spoil("  - {is: bad", "  - {is: bad}",
          "line 13: the rule has no condition");
    spoil("  - {is: bad", "  - {is: bad, status: 400, eq: x}",
          "line 13: \"eq\" needs \"at\"");
    spoil("  - {is: bad", "  - {is: bad, at: /a, eq: x, has: y}",
          "line 13: a rule has \"eq\" or \"has\", not both");
    spoil("  - {is: bad", "  - bad",
          "line 13: keys and values are expected here");
}

static void url_faults_are_told_by_line(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "    url: ''",
        "    url: x.example/{sym}",
        "    url: ftp://x/{sym}",
        "    url: https://x",
        "    url: https:///{sym}",
        "    url: https://x?s={sym}",
        "    url: https://{sym}/q",
        "    url: https://x/a b/{sym}",
        "    url: https://x/\xc3\xa9/{sym}",
        "    url: \"https://x/\\0/{sym}\"",
        "    url: [a]",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        spoil("    url", urls[i], "line 16: ");
    }
    spoil("    url", "    url: https://x/q?k={key}",
          "line 16: the URL has no {sym}");
    spoil("    url", "    url: https://x/{sym}?k={key2}",
          "line 16: what stands in braces in an URL is {sym} or {key}");
    spoil("    url", "    url: https://x/{sym}?k={ke",
          "line 16: what stands in braces");
    spoil("    url", "    url: https://x/{sym}",
          "\"key: query\" and {key} in the URL go together");
}

static void endpoint_faults_are_told_by_line(void **state)
{
    (void)state;
    spoil(
        "endpoints:", "endpoints: {}\nx:", "line 15: \"x\" is not known here");
    spoil("  quote:", "  quotes:",
          "line 15: \"quotes\" is not known here; allowed are quote");
    spoil("    format", "    format: csv",
          "line 17: \"csv\" is not known; allowed is json");
    spoil("    shape", "    shape: array",
          "line 19: \"array\" is not known; allowed is object");
    spoil("    rows", "    rows: [r]", "line 18: \"r\" is no JSON pointer");
    spoil("    id", "    id: id", "line 20: \"id\" is no JSON pointer");
    spoil("      price", "      prize: /p",
          "line 22: \"prize\" is not known here; allowed are price, prev,");
    spoil("      price", "      price: /p|stale",
          "line 22: \"/p|stale\": this field takes no flag");
    spoil("      price", "      price: ''", "line 22: a text is expected here");
    spoil("      time", "      time: /t",
          "line 23: \"/t\": a time is POINTER|day ZONE");
    spoil("      time", "      time: /t|iso",
          "line 23: \"/t|iso\": a time is POINTER|day ZONE");
    spoil("      time", "      time: t|day",
          "line 23: \"t\" is no JSON pointer");
}

static void what_has_to_be_there_is_asked_for(void **state)
{
    (void)state;
    assert_refused("", "there is no endpoints.quote.url");
    spoil("    url", "    # none", "there is no endpoints.quote.url");
    spoil("    rows", "    # none", "there is no endpoints.quote.rows");
    spoil("      price", "      # none",
          "there is no endpoints.quote.fields.price");
    spoil("key: query", "# none",
          "\"key: query\" and {key} in the URL go together");
}

static void what_is_no_yaml_is_refused_by_line(void **state)
{
    (void)state;
    assert_refused("key: query\nerrors: [", "line ");
    assert_refused("key: query\nkey: query\n", "line 2: ");
    assert_refused("- a\n", "line 1: keys and values are expected here");
    assert_refused("key: &a query\n", "line 1: ");
    assert_refused("key: \"a\\nb\"\n", "line 1: a text on one line");
}

static void message_is_one_line_whatever_it_quotes(void **state)
{
    (void)state;
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(create(&provider, "\"a\\n\\e[31mb\": 1\n", error),
                     ERR_SYNTAX);
    assert_null(strchr(error, '\n'));
    assert_null(strchr(error, '\x1b'));

    char yaml[2048];
    memset(yaml, 'k', sizeof(yaml));
    snprintf(yaml + 1000, sizeof(yaml) - 1000, ": 1\n");
    assert_int_equal(create(&provider, yaml, error), ERR_SYNTAX);
    assert_true(strlen(error) < PROVIDER_ERROR_SIZE);
}

static void more_rules_than_the_bound_are_refused(void **state)
{
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        char yaml[8192] = "like: alphavantage\nerrors:\n";
        size_t len = strlen(yaml);
        for (int i = 0; i < PROVIDER_RULES_LIMIT + extra; i++) {
            len += (size_t)snprintf(yaml + len, sizeof(yaml) - len,
                                    "  - {is: bad, status: 400}\n");
        }
        if (extra > 0) {
            assert_refused(yaml, "line 35: more than 32 rules");
            continue;
        }
        struct provider *provider;
        char error[PROVIDER_ERROR_SIZE];
        assert_int_equal(create(&provider, yaml, error), 0);
        assert_int_equal(provider->errors_count, PROVIDER_RULES_LIMIT);
        provider_destroy(&provider);
    }
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
                            "errors: [{is: blocked, status: 403}]\n",
                            error),
                     0);
    assert_true(provider->is_lower_case);
    assert_int_equal(provider->limits_count, 1);
    assert_int_equal(provider->limits[0].calls, 75);
    assert_int_equal(provider->errors_count, 1);
    assert_true(provider->has_key);
    assert_true(span_equal(provider->quote.id, span_of("/01. symbol")));
    provider_destroy(&provider);
}

static void endpoint_that_is_said_inherits_nothing(void **state)
{
    (void)state;
    assert_refused("like: alphavantage\n"
                   "endpoints: {quote: {url: 'https://x/{sym}?{key}'}}\n",
                   "there is no endpoints.quote.rows");
}

static void like_must_name_a_built_in_that_is_like_none(void **state)
{
    (void)state;
    assert_refused("like: nobody\n",
                   "there is no description of \"nobody\"; there are "
                   "alphavantage, market");
    assert_refused("like: market\n",
                   "\"like: market\" is like another itself; name that one");
    assert_refused("like: \"a\\nb\"\n",
                   "there is no description of \"a b\"; there are");
    assert_refused("like: [alphavantage]\n", "line 1: a text is expected here");
}

static void oom_reading_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct provider *provider = (struct provider *)-1;
        char error[PROVIDER_ERROR_SIZE] = "";
        int err = create(&provider, good, error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(err == 0, provider != NULL);
        succeeded = err == 0;
        provider_destroy(&provider);
    }
    assert_true(succeeded);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_part_is_read),
    cmocka_unit_test(top_level_faults_are_told_by_line),
    cmocka_unit_test(limit_faults_are_told_by_line),
    cmocka_unit_test(rule_faults_are_told_by_line),
    cmocka_unit_test(url_faults_are_told_by_line),
    cmocka_unit_test(endpoint_faults_are_told_by_line),
    cmocka_unit_test(what_has_to_be_there_is_asked_for),
    cmocka_unit_test(what_is_no_yaml_is_refused_by_line),
    cmocka_unit_test(message_is_one_line_whatever_it_quotes),
    cmocka_unit_test(more_rules_than_the_bound_are_refused),
    cmocka_unit_test(what_is_said_takes_the_place_of_what_is_inherited),
    cmocka_unit_test(endpoint_that_is_said_inherits_nothing),
    cmocka_unit_test(like_must_name_a_built_in_that_is_like_none),
    cmocka_unit_test(oom_reading_fails_clean),
};

TEST_MAIN(tests)
