/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exhibit_test.c -- what people are shown of a call: durations they can read,
 * keys they can't, strangers' bytes as one printable line.
 */
#include "host/exhibit.h"

#include <stdlib.h>
#include <string.h>

#include "provider/query.h"
#include "testing/testing.h"

#define KEY "SeCrEt/KeY99"

struct fixture {
    struct provider *provider;
    struct symbol symbol;
    const struct symbol *symbols[1];
    struct query query;
    FILE *out;
    char *text; // what was shown
    size_t len;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[PROVIDER_ERROR_SIZE];
    assert_non_null(f);
    assert_int_equal(provider_create_built_in(&f->provider, "finnhub", error),
                     0);
    assert_int_equal(symbol_parse(&f->symbol, span_of("IBM")), 0);
    f->symbols[0] = &f->symbol;
    f->query = (struct query){
        .provider = f->provider,
        .symbols = f->symbols,
        .count = 1,
        .key = KEY,
    };
    f->out = open_memstream(&f->text, &f->len);
    assert_non_null(f->out);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fclose(f->out);
    assert_null(strstr(f->text, KEY));
    assert_null(strstr(f->text, "SeCrEt%2FKeY99"));
    free(f->text);
    provider_destroy(&f->provider);
    free(f);
    return 0;
}

static void assert_shown(const struct fixture *f, const char *part)
{
    if (strstr(f->text, part) == NULL) {
        fail_msg("'%s' is not in:\n%s", part, f->text);
    }
}

static void steps_stand_in_two_columns(void **state)
{
    struct fixture *f = *state;
    exhibit_say(f->out, "symbol", "%s", "IBM");
    exhibit_say(f->out, "", "and %d more", 2);
    assert_string_equal(f->text, "symbol         IBM\n"
                                 "               and 2 more\n");
}

static void request_is_composed_with_another_key(void **state)
{
    struct fixture *f = *state;
    exhibit_request(f->out, &f->query, "http://127.0.0.1:1");
    assert_shown(f, "GET http://127.0.0.1:1/api/v1/quote?symbol=IBM\n");
    assert_shown(f, "X-Finnhub-Token: HIDDEN\n");
}

static void only_headers_of_interest_are_shown_and_no_key(void **state)
{
    struct fixture *f = *state;
    exhibit_headers(f->out, &f->query,
                    span_of("HTTP/1.1 200 OK\r\n"
                            "Content-Type: text/html\r\n"
                            "X-RateLimit-Remaining: 3 of " KEY "\r\n"
                            "Location: /?k=SeCrEt%2FKeY99\r\n"
                            "Server: x\r\nSet-Cookie: a=" KEY "\r\n\r\n"));
    assert_shown(f, "Content-Type: text/html\n");
    assert_shown(f, "X-RateLimit-Remaining: 3 of <key>\n");
    assert_shown(f, "Location: /?k=<key>\n");
    assert_shown(f, "(and 2 other header lines)\n");
    assert_null(strstr(f->text, "Cookie"));
}

static void body_is_one_printable_line_without_the_key(void **state)
{
    struct fixture *f = *state;
    exhibit_body(f->out, &f->query,
                 span_of("{\n  \"a\": \"" KEY "\",\x1b[31m\xff}"));
    assert_string_equal(f->text, "body           { \"a\": \"<key>\", [31m?}\n");
}

static void long_body_is_cut_and_said_to_be(void **state)
{
    struct fixture *f = *state;
    char body[5000];
    memset(body, 'x', sizeof(body));
    exhibit_body(f->out, &f->query, (struct span){body, sizeof(body)});
    assert_true(f->len < 1100);
    assert_shown(f, "x ...\n");
}

static void empty_body_is_said_to_be(void **state)
{
    struct fixture *f = *state;
    exhibit_body(f->out, &f->query, span_of("\r\n"));
    assert_shown(f, "(nothing that can be shown)\n");
}

static void quote_is_shown_with_what_is_known(void **state)
{
    struct fixture *f = *state;
    struct quote quote = {.currency = "GBP", .unit_factor = 100};
    quote_set(&quote, QUOTE_PRICE, (struct decimal){4125, -3});
    quote_set(&quote, QUOTE_VOLUME, (struct decimal){12, 0});
    quote.delay = QUOTE_DELAY_KNOWN;
    quote.delay_s = 900;
    exhibit_quote(f->out, &quote);
    assert_shown(f, "price          4.125 GBP\n");
    assert_shown(f, "volume         12\n");
    assert_shown(f, "unit           divided by 100: it came in hundredths\n");
    assert_shown(f, "as_of          not known\n");
    assert_shown(f, "delay          15m\n");
    assert_null(strstr(f->text, "open"));
}

static void budget_says_what_each_rule_has_left(void **state)
{
    struct fixture *f = *state;
    struct steady_time now = {INT64_C(1772366400000), 1000000};
    const struct budget_rule rules[] = {
        {.n = 25, .span = BUDGET_DAY},
        {.n = 8, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
    };
    struct budget_options options = {rules, 2, ""};
    struct budget *budget;
    assert_int_equal(budget_create(&budget, &options, now), 0);
    assert_int_equal(budget_spend(budget, now, f->symbols, 1), 0);
    exhibit_budget(f->out, "after", budget, now);
    assert_shown(f, "after          24 of 25 calls a day are left, all of them "
                    "again in 12h 1m\n");
    assert_shown(f, "               7 of 8 symbols a minute are left, ");
    budget_destroy(&budget);
    options.rules_count = 0;
    assert_int_equal(budget_create(&budget, &options, now), 0);
    exhibit_budget(f->out, "before", budget, now);
    assert_shown(f, "before         no limits are known\n");
    budget_destroy(&budget);
}

static void durations_have_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1s"},
        {59999, "60s"},
        {60000, "1m"},
        {3600000, "1h 0m"},
        {12345678, "3h 25m"},
        {172799999, "47h 59m"},
        {172800000, "2d"},
        {UINT64_C(2592000000), "30d"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[UNITS_TEXT_SIZE];
        exhibit_print_rough(text, cases[i].ms);
        assert_string_equal(text, cases[i].text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(steps_stand_in_two_columns),
    TEST(request_is_composed_with_another_key),
    TEST(only_headers_of_interest_are_shown_and_no_key),
    TEST(body_is_one_printable_line_without_the_key),
    TEST(long_body_is_cut_and_said_to_be),
    TEST(empty_body_is_said_to_be),
    TEST(quote_is_shown_with_what_is_known),
    TEST(budget_says_what_each_rule_has_left),
    cmocka_unit_test(durations_have_two_units_at_most),
};

TEST_MAIN(tests)
