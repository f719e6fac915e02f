/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a quote: which values are usable, and what becomes of them. */
#include "provider/extract.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"
#include "unit/provider/court.h"

static const char description[] =
    "currency: USD\n"
    "delay: 15m\n"
    "symbol:\n"
    "  home: [XNYS, XNAS]\n"
    "  markets:\n"
    "    XLON: {suffix: .L, echo: [XLOM]}\n"
    "    XJSE: {suffix: .JO, currency: ZAc}\n"
    "endpoints:\n"
    "  quote:\n"
    "    url: https://x/{sym}\n"
    "    rows: /r\n"
    "    id: /id\n"
    "    fields:\n"
    "      price: [/p, /q, /y|stale]\n"
    "      prev: /prev\n"
    "      open: /open\n"
    "      change: /change\n"
    "      volume: /volume\n"
    "      pct: /pct\n"
    "      bid: /bid\n"
    "      ask: /ask\n"
    "      time: [/t|day Europe/London, /d+/h|local Europe/London, /ns|ns,\n"
    "             /iso|iso, /s|s, /ms|ms]\n"
    "      currency: [/c, /d2]\n"
    "      mic: /m\n"
    "  book:\n"
    "    url: https://x/{sym}\n"
    "    rows: /r\n"
    "    delay: 0s\n"
    "    fields: {bid: /bid, ask: /ask}\n";

struct fixture {
    struct provider *provider;
    struct symbol symbol;
    size_t endpoint;
    int64_t now_unix_ms;
    struct provider_verdict verdict;
    char about[64];
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.provider = court_create(description)};
    assert_int_equal(symbol_parse(&fixture.symbol, span_of("IBM")), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    provider_destroy(&f->provider);
    return 0;
}

static enum extract_result extract(struct fixture *f, const char *row)
{
    struct document *document;
    struct span about;
    assert_int_equal(document_parse(&document, span_of(row)), 0);
    struct extract what = {
        .provider = f->provider,
        .endpoint = &f->provider->endpoints[f->endpoint],
        .symbol = &f->symbol,
        .now_unix_ms = f->now_unix_ms,
    };
    enum extract_result result =
        extract_quote(&what, document_root(document), &f->verdict, &about);
    snprintf(f->about, sizeof(f->about), "%.*s", SPAN_ARGS(about));
    document_destroy(&document);
    return result;
}

static const struct quote *quote_of(const struct fixture *f)
{
    return &f->verdict.quote;
}

/* Extract a row with the members given, at a price of 1 unless they say
 * another. */
static enum extract_result extract_row(struct fixture *f, const char *members)
{
    char json[512];
    snprintf(json, sizeof(json), "{\"id\": \"IBM\", \"p\": 1, %s}", members);
    return extract(f, json);
}

/* The price of a value; "" where it is not usable. */
static const char *price_of(struct fixture *f, const char *value)
{
    char members[256];
    snprintf(members, sizeof(members), "\"p\": %s", value);
    return extract_row(f, members) == EXTRACT_PRICE ? quote_of(f)->price_text
                                                    : "";
}

static void quote_says_symbol_source_and_price(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"p\": \"312.4200\""), EXTRACT_PRICE);
    assert_true(symbol_equal(&quote_of(f)->symbol, &f->symbol));
    assert_string_equal(quote_of(f)->source, "test");
    assert_string_equal(quote_of(f)->price_text, "312.42");
    assert_int_equal(quote_of(f)->has, 1u << QUOTE_PRICE);
    assert_false(quote_of(f)->has_as_of);
    assert_int_equal(quote_of(f)->fetched_unix_ms, 0);
}

static void numbers_are_read_as_providers_write_them(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *value;
        const char *price;
    } cases[] = {
        {"312.42", "312.42"},
        {"\"312.4200\"", "312.42"},
        {"\" 312.42 \"", "312.42"},
        {"\"$312.42\"", "312.42"},
        {"\"312.42%\"", "312.42"},
        {"\"+312.42\"", "312.42"},
        {"\"1,234\"", "1234.00"},
        {"\"12,345.678\"", "12345.678"},
        {"\"$1,234,567.89\"", "1234567.89"},
        {"\"3.1242e2\"", "312.42"},
        {"0.1", "0.10"},
        {"9007199254740993", "9007199254740993.00"},
        {"328.87921142578125", "328.87921142578125"},
        {"0.000000000000000001", "0.000000000000000001"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(price_of(f, cases[i].value), cases[i].price);
    }
}

static void what_is_no_number_is_none(void **state)
{
    struct fixture *f = *state;
    static const char *const values[] = {
        "\"abc\"",
        "\"NaN\"",
        "\"1e400\"",
        "1e400",
        "\"12,50\"",
        "\"1,2345\"",
        "\"1234,567\"",
        "\",123\"",
        "\"123,\"",
        "\"1,,234\"",
        "\"12,34,567\"",
        "\"1.234,567\"",
        "\"$$1\"",
        "\"1%%\"",
        "\"1 %\"",
        "\"$\"",
        "\"1 2\"",
        "\"1\\u00002\"",
        "\"0x10\"",
        "true",
        "{}",
        "[1]",
        "18446744073709551616",
        "\"11111111111111111111111111111111111111111111111111111111111111111\"",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_string_equal(price_of(f, values[i]), "");
        assert_int_equal(quote_of(f)->has, 0);
    }
    char members[64];
    snprintf(members, sizeof(members), "\"p\": %s", "\"abc\"");
    assert_int_equal(extract_row(f, members), EXTRACT_NO_NUMBER);
    assert_string_equal(f->about, "abc");
}

static void words_for_nothing_and_zero_are_no_price(void **state)
{
    struct fixture *f = *state;
    static const char *const values[] = {
        "null",   "\"\"",      "\"  \"",     "\"N/A\"",  "\"N/D\"",
        "\"NA\"", "\"n/a\"",   "\"None\"",   "\"null\"", "\"-\"",
        "\"--\"", "0",         "\"0.0000\"", "-1",       "\"-312.42\"",
        "-0.0",   "\"0,000\"",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char members[64];
        snprintf(members, sizeof(members), "\"p\": %s", values[i]);
        assert_int_equal(extract_row(f, members), EXTRACT_NO_PRICE);
    }
}

static void first_usable_place_wins(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"q\": 2"), EXTRACT_PRICE);
    assert_string_equal(quote_of(f)->price_text, "1.00");
    assert_int_equal(extract_row(f, "\"p\": 0, \"q\": 2"), EXTRACT_PRICE);
    assert_string_equal(quote_of(f)->price_text, "2.00");
    assert_int_equal(extract_row(f, "\"p\": \"abc\", \"q\": 2"), EXTRACT_PRICE);
    assert_string_equal(quote_of(f)->price_text, "2.00");
    assert_int_equal(extract_row(f, "\"p\": \"abc\", \"q\": 0"),
                     EXTRACT_NO_NUMBER);
    assert_int_equal(extract_row(f, "\"p\": 0, \"q\": \"abc\""),
                     EXTRACT_NO_NUMBER);
    assert_int_equal(extract(f, "{\"q\": 3}"), EXTRACT_PRICE);
    assert_int_equal(extract(f, "{\"id\": \"IBM\"}"), EXTRACT_NO_FIELD);
    assert_int_equal(extract(f, "{\"prev\": 3}"), EXTRACT_NO_FIELD);
}

static void only_prices_must_be_above_zero(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"prev\": 0, \"change\": \"-5.65\","
                                    " \"pct\": \"-0.0000%\", \"volume\": 0"),
                     EXTRACT_PRICE);
    assert_false(quote_has(quote_of(f), QUOTE_PREVIOUS_CLOSE));
    assert_true(quote_has(quote_of(f), QUOTE_CHANGE));
    assert_int_equal(quote_of(f)->digits[QUOTE_CHANGE], -565);
    assert_true(quote_has(quote_of(f), QUOTE_CHANGE_PERCENT));
    assert_true(quote_has(quote_of(f), QUOTE_VOLUME));
}

static void unusable_field_is_absent_and_the_price_stays(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"prev\": \"abc\", \"change\": {},"
                                    " \"pct\": null, \"volume\": true"),
                     EXTRACT_PRICE);
    assert_int_equal(quote_of(f)->has, 1u << QUOTE_PRICE);
}

static void volume_with_a_fraction_of_zero_is_whole(void **state)
{
    struct fixture *f = *state;
    char text[DECIMAL_TEXT_SIZE];
    assert_int_equal(extract_row(f, "\"volume\": 40639000.0"), EXTRACT_PRICE);
    quote_print_number(text, quote_of(f), QUOTE_VOLUME);
    assert_string_equal(text, "40639000");
}

/* --- Time ----------------------------------------------------------------- */

static const char *as_of(struct fixture *f, const char *members)
{
    static char text[QUOTE_AS_OF_SIZE];
    assert_int_equal(extract_row(f, members), EXTRACT_PRICE);
    if (!quote_of(f)->has_as_of) {
        assert_int_equal(quote_of(f)->as_of_unix_ns, 0);
        return "";
    }
    quote_print_as_of(text, quote_of(f));
    return text;
}

static void times_of_every_form_are_read(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *members;
        const char *as_of;
    } cases[] = {
        {"\"t\": \"2025-11-06\"", "2025-11-06"},
        {"\"d\": \"2025-07-04\", \"h\": \"16:35:00\"",
         "2025-07-04T15:35:00.000Z"},
        {"\"d\": \"2025-07-04\"", ""},
        {"\"d\": \"2025-07-04\", \"h\": \"N/D\"", ""},
        {"\"d\": \"2025-07-04\", \"h\": null", ""},
        {"\"d\": \"2025-07-04\", \"h\": {}", ""},
        {"\"ns\": 1605195918306274001", "2020-11-12T15:45:18.306274001Z"},
        {"\"ns\": \"1605195918306274000\"", "2020-11-12T15:45:18.306274Z"},
        {"\"iso\": \"2025-02-26T20:59:57.5+01:00\"",
         "2025-02-26T19:59:57.500Z"},
        {"\"s\": 1672261200", "2022-12-28T21:00:00.000Z"},
        {"\"ms\": 1575526691134", "2019-12-05T06:18:11.134Z"},
        {"\"s\": true", ""},
        {"\"s\": \"NA\"", ""},
        {"\"s\": 0", ""},
        {"\"s\": \"0123456789012345678901234567890123456789012345678901234567"
         "89\"",
         ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(as_of(f, cases[i].members), cases[i].as_of);
    }
    assert_string_equal(as_of(f, "\"t\": \"2025-11-06\""), "2025-11-06");
    assert_true(quote_of(f)->as_of_is_day);
}

static void first_usable_time_wins(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(
        as_of(f, "\"t\": \"today\", \"ns\": 0, \"s\": 1672261200"),
        "2022-12-28T21:00:00.000Z");
    assert_string_equal(as_of(f, "\"t\": \"2025-11-06\", \"s\": 1672261200"),
                        "2025-11-06");
}

/* A time that has not come yet was misread, and would keep later prices out. */
static void time_that_has_not_come_is_not_believed(void **state)
{
    struct fixture *f = *state;
    const int64_t minute_ms = 60000;
    const int64_t at_ms = INT64_C(1672261200000);
    const char *members = "\"s\": 1672261200";
    f->now_unix_ms = at_ms - 15 * minute_ms;
    assert_string_equal(as_of(f, members), "2022-12-28T21:00:00.000Z");
    f->now_unix_ms = at_ms - 15 * minute_ms - 1;
    assert_string_equal(as_of(f, members), "");
    f->now_unix_ms = at_ms + 3650 * 24 * 60 * minute_ms;
    assert_string_equal(as_of(f, members), "2022-12-28T21:00:00.000Z");
    // a day has begun where it begins first
    f->now_unix_ms = INT64_C(1762387200000) - (14 * 60 + 15) * minute_ms;
    assert_string_equal(as_of(f, "\"t\": \"2025-11-06\""), "2025-11-06");
    f->now_unix_ms -= 1;
    assert_string_equal(as_of(f, "\"t\": \"2025-11-06\""), "");
    // another time of the row may be good
    assert_string_equal(as_of(f, "\"t\": \"2025-11-06\", \"s\": 1672261200"),
                        "2022-12-28T21:00:00.000Z");
}

/* --- Currency and units ----------------------------------------------------
 */

static void currency_is_the_answers_before_the_descriptions(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *members;
        const char *currency;
    } cases[] = {
        {"\"x\": 1", "USD"},
        {"\"c\": null", "USD"},
        {"\"c\": \"\", \"d2\": \"EUR\"", "EUR"},
        {"\"c\": \"GBP\", \"d2\": \"EUR\"", "GBP"},
        {"\"c\": \" CHF \"", "CHF"},
        // stated, but not to be read: unknown rather than wrong
        {"\"c\": \"U$D\"", ""},
        {"\"c\": \"DOLLARSS\"", ""},
        {"\"c\": 840", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(extract_row(f, cases[i].members), EXTRACT_PRICE);
        assert_string_equal(quote_of(f)->currency, cases[i].currency);
    }
}

static void ask_for(struct fixture *f, const char *symbol)
{
    assert_int_equal(symbol_parse(&f->symbol, span_of(symbol)), 0);
}

static void descriptions_currency_is_that_of_its_home(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *symbol;
        const char *currency;
        const char *price;
    } cases[] = {
        {"IBM", "USD", "100.00"},
        {"IBM.XNYS", "USD", "100.00"},
        {"TSCO.XLON", "", "100.00"},
        {"NPN.XJSE", "ZAR", "1.00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask_for(f, cases[i].symbol);
        assert_int_equal(extract(f, "{\"p\": 100}"), EXTRACT_PRICE);
        assert_string_equal(quote_of(f)->currency, cases[i].currency);
        assert_string_equal(quote_of(f)->price_text, cases[i].price);
    }
}

static void pence_are_shown_in_pounds(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        extract_row(f, "\"p\": 456.7, \"prev\": 455, \"open\": \"455.25\","
                       " \"change\": 1.7, \"pct\": 0.37, \"volume\": 1200,"
                       " \"bid\": 456, \"ask\": 457, \"c\": \"GBp\""),
        EXTRACT_PRICE);
    static const struct {
        enum quote_number number;
        const char *text;
    } numbers[] = {
        {QUOTE_PRICE, "4.567"},         {QUOTE_PREVIOUS_CLOSE, "4.55"},
        {QUOTE_OPEN, "4.5525"},         {QUOTE_CHANGE, "0.017"},
        {QUOTE_CHANGE_PERCENT, "0.37"}, {QUOTE_VOLUME, "1200"},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char text[DECIMAL_TEXT_SIZE];
        quote_print_number(text, quote_of(f), numbers[i].number);
        assert_string_equal(text, numbers[i].text);
    }
    assert_string_equal(quote_of(f)->currency, "GBP");
    assert_int_equal(quote_of(f)->unit_factor, 100);
    assert_true(decimal_equal(f->verdict.bid, (struct decimal){456, -2}));
    assert_true(decimal_equal(f->verdict.ask, (struct decimal){457, -2}));

    assert_int_equal(extract_row(f, "\"p\": 456.7"), EXTRACT_PRICE);
    assert_int_equal(quote_of(f)->unit_factor, 0);
}

static void pence_beyond_a_decimal_are_no_number(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        extract_row(f, "\"p\": \"0.00000000000000001\", \"c\": \"GBX\""),
        EXTRACT_NO_NUMBER);
    // another number than the price is absent
    assert_int_equal(
        extract_row(f, "\"prev\": \"0.00000000000000001\", \"c\": \"GBX\""),
        EXTRACT_PRICE);
    assert_false(quote_has(quote_of(f), QUOTE_PREVIOUS_CLOSE));
}

static void hundredfold_is_refused_where_the_unit_is_in_doubt(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *symbol;
        const char *members;
        enum extract_result result;
    } cases[] = {
        {"TSCO.XLON", "\"prev\": 100", EXTRACT_MIXED_UNITS},
        {"TSCO.XLON", "\"prev\": 0.01", EXTRACT_MIXED_UNITS},
        {"TSCO.XLON", "\"open\": 95, \"prev\": 1", EXTRACT_MIXED_UNITS},
        {"TSCO.XLON", "\"prev\": 49", EXTRACT_PRICE},
        {"TSCO.XLON", "\"prev\": 201", EXTRACT_PRICE},
        {"TSCO.XLON", "\"change\": 100, \"volume\": 100", EXTRACT_PRICE},
        {"TSCO.XLON", "\"prev\": 100, \"c\": \"GBP\"", EXTRACT_MIXED_UNITS},
        {"TSCO.XLON", "\"prev\": 100, \"c\": \"GBX\"", EXTRACT_MIXED_UNITS},
        {"TSCO.XLON", "\"prev\": 100, \"c\": \"EUR\"", EXTRACT_PRICE},
        {"NPN.XJSE", "\"prev\": 100", EXTRACT_MIXED_UNITS},
        // a reverse split: nobody counts dollars in cents
        {"IBM", "\"prev\": 100", EXTRACT_PRICE},
        {"IBM", "\"prev\": 100, \"c\": \"U$D\"", EXTRACT_PRICE},
        {"IBM", "\"prev\": 100, \"c\": \"GBp\"", EXTRACT_MIXED_UNITS},
        {"BRK.B", "\"prev\": 100, \"c\": \"?\"", EXTRACT_PRICE},
        {"TSCO.LON", "\"prev\": 100, \"c\": \"?\"", EXTRACT_MIXED_UNITS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask_for(f, cases[i].symbol);
        assert_int_equal(extract_row(f, cases[i].members), cases[i].result);
    }
}

/* --- What kind of price --------------------------------------------------- */

static void old_price_stands_alone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract(f, "{\"p\": 0, \"y\": 119.49, \"prev\": 119.49,"
                                " \"change\": 0, \"volume\": 7,"
                                " \"s\": 1672261200, \"bid\": 1}"),
                     EXTRACT_PRICE);
    assert_true(quote_of(f)->is_old);
    assert_string_equal(quote_of(f)->price_text, "119.49");
    assert_int_equal(quote_of(f)->has, 1u << QUOTE_PRICE);
    assert_false(quote_of(f)->has_as_of);
    assert_false(f->verdict.has_bid);
    assert_string_equal(quote_of(f)->currency, "USD");
    assert_int_equal(extract(f, "{\"p\": 120, \"y\": 119.49}"), EXTRACT_PRICE);
    assert_false(quote_of(f)->is_old);
}

static void price_of_another_market_is_none(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *symbol;
        const char *mic;
        enum extract_result result;
    } cases[] = {
        {"TSCO.XLON", "\"XLON\"", EXTRACT_PRICE},
        {"TSCO.XLON", "\"XLOM\"", EXTRACT_PRICE},
        {"TSCO.XLON", "\"XNYS\"", EXTRACT_OTHER_MARKET},
        {"TSCO.XLON", "\"xlon\"", EXTRACT_OTHER_MARKET},
        {"TSCO.XLON", "null", EXTRACT_PRICE},
        {"TSCO.XLON", "\"\"", EXTRACT_PRICE},
        {"IBM.XNYS", "\"XNAS\"", EXTRACT_PRICE},
        {"IBM.XNYS", "\"XLON\"", EXTRACT_OTHER_MARKET},
        {"IBM", "\"XLON\"", EXTRACT_PRICE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char members[64];
        snprintf(members, sizeof(members), "\"m\": %s", cases[i].mic);
        ask_for(f, cases[i].symbol);
        assert_int_equal(extract_row(f, members), cases[i].result);
    }
    ask_for(f, "TSCO.XLON");
    extract_row(f, "\"m\": \"XNYS\"");
    assert_string_equal(f->about, "XNYS");
}

static void delay_is_the_nearest_that_is_said(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"x\": 1"), EXTRACT_PRICE);
    assert_int_equal(quote_of(f)->delay, QUOTE_DELAY_KNOWN);
    assert_int_equal(quote_of(f)->delay_s, 900); // the provider's
    f->endpoint = 1;
    assert_int_equal(extract_row(f, "\"bid\": 1"), EXTRACT_PRICE);
    assert_int_equal(quote_of(f)->delay, QUOTE_DELAY_KNOWN);
    assert_int_equal(quote_of(f)->delay_s, 0); // the endpoint's
}

static void bid_or_ask_is_enough_where_there_is_no_price(void **state)
{
    struct fixture *f = *state;
    f->endpoint = 1;
    assert_int_equal(extract(f, "{\"bid\": 240, \"ask\": 0}"), EXTRACT_PRICE);
    assert_true(f->verdict.has_bid);
    assert_false(f->verdict.has_ask);
    assert_int_equal(quote_of(f)->has, 0);
    assert_int_equal(extract(f, "{\"ask\": 245.01}"), EXTRACT_PRICE);
    assert_true(f->verdict.has_ask);
    assert_int_equal(extract(f, "{\"bid\": 0, \"ask\": null}"),
                     EXTRACT_NO_PRICE);
    assert_int_equal(extract(f, "{\"p\": 1}"), EXTRACT_NO_FIELD);
}

static void object_about_something_else_is_known(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json;
        bool has_any;
    } cases[] = {
        {"{\"p\": 1}", true},
        {"{\"p\": null}", true},
        {"{\"volume\": 1}", true},
        {"{\"id\": \"X\"}", true},
        {"{}", false},
        {"{\"message\": \"Hello\"}", false},
        {"{\"c\": \"USD\"}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct document *document;
        assert_int_equal(document_parse(&document, span_of(cases[i].json)), 0);
        assert_int_equal(extract_has_any(&f->provider->endpoints[0],
                                         document_root(document)),
                         cases[i].has_any);
        document_destroy(&document);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(quote_says_symbol_source_and_price),
    TEST(numbers_are_read_as_providers_write_them),
    TEST(what_is_no_number_is_none),
    TEST(words_for_nothing_and_zero_are_no_price),
    TEST(first_usable_place_wins),
    TEST(only_prices_must_be_above_zero),
    TEST(unusable_field_is_absent_and_the_price_stays),
    TEST(volume_with_a_fraction_of_zero_is_whole),
    TEST(times_of_every_form_are_read),
    TEST(first_usable_time_wins),
    TEST(time_that_has_not_come_is_not_believed),
    TEST(currency_is_the_answers_before_the_descriptions),
    TEST(descriptions_currency_is_that_of_its_home),
    TEST(pence_are_shown_in_pounds),
    TEST(pence_beyond_a_decimal_are_no_number),
    TEST(hundredfold_is_refused_where_the_unit_is_in_doubt),
    TEST(old_price_stands_alone),
    TEST(price_of_another_market_is_none),
    TEST(delay_is_the_nearest_that_is_said),
    TEST(bid_or_ask_is_enough_where_there_is_no_price),
    TEST(object_about_something_else_is_known),
};

TEST_MAIN(tests)
