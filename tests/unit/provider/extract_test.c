/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a quote: which values are usable, and what becomes of them. */
#include "provider/extract.h"

#include <stdio.h>
#include <string.h>

#include "provider/document.h"
#include "provider/provider.h"
#include "testing/testing.h"

static const char description[] = "currency: USD\n"
                                  "endpoints:\n"
                                  "  quote:\n"
                                  "    url: https://x/{sym}\n"
                                  "    rows: [/r, /s]\n"
                                  "    id: /id\n"
                                  "    fields:\n"
                                  "      price: [/p, /q]\n"
                                  "      prev: /prev\n"
                                  "      change: /change\n"
                                  "      volume: /volume\n"
                                  "      pct: /pct\n"
                                  "      time: [/t|day Europe/London, /u|day]\n"
                                  "      currency: [/c, /d]\n";

struct fixture {
    struct provider *provider;
    struct symbol ibm;
    struct quote quote;
    char about[64];
};

static int setup(void **state)
{
    static struct fixture fixture;
    char error[PROVIDER_ERROR_SIZE];
    assert_int_equal(
        provider_create(&fixture.provider, "test", span_of(description), error),
        0);
    assert_int_equal(symbol_parse(&fixture.ibm, span_of("IBM")), 0);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    provider_destroy(&f->provider);
    return 0;
}

static enum extract_result extract(struct fixture *f, const char *json)
{
    struct document *document;
    struct span about;
    assert_int_equal(document_parse(&document, span_of(json)), 0);
    enum extract_result result =
        extract_quote(f->provider, document, &f->ibm, &f->quote, &about);
    snprintf(f->about, sizeof(f->about), "%.*s", SPAN_ARGS(about));
    document_destroy(&document);
    return result;
}

/* Extract a row with the members given, for IBM, at a price of 1 unless they
 * say another. */
static enum extract_result extract_row(struct fixture *f, const char *members)
{
    char json[512];
    snprintf(json, sizeof(json), "{\"r\": {\"id\": \"IBM\", \"p\": 1, %s}}",
             members);
    return extract(f, json);
}

/* The price of a value; "" where it is not usable. */
static const char *price_of(struct fixture *f, const char *value)
{
    char members[256];
    snprintf(members, sizeof(members), "\"p\": %s", value);
    return extract_row(f, members) == EXTRACT_PRICE ? f->quote.price_text : "";
}

static void quote_says_symbol_source_and_price(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"p\": \"312.4200\""), EXTRACT_PRICE);
    assert_true(symbol_equal(&f->quote.symbol, &f->ibm));
    assert_string_equal(f->quote.source, "test");
    assert_string_equal(f->quote.price_text, "312.42");
    assert_int_equal(f->quote.has, 1u << QUOTE_PRICE);
    assert_false(f->quote.has_as_of);
    assert_int_equal(f->quote.fetched_unix_ms, 0);
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
        assert_int_equal(f->quote.has, 0);
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
    assert_string_equal(f->quote.price_text, "1.00");
    assert_int_equal(extract_row(f, "\"p\": 0, \"q\": 2"), EXTRACT_PRICE);
    assert_string_equal(f->quote.price_text, "2.00");
    assert_int_equal(extract_row(f, "\"p\": \"abc\", \"q\": 2"), EXTRACT_PRICE);
    assert_string_equal(f->quote.price_text, "2.00");
    assert_int_equal(extract_row(f, "\"p\": \"abc\", \"q\": 0"),
                     EXTRACT_NO_NUMBER);
    assert_int_equal(extract_row(f, "\"p\": 0, \"q\": \"abc\""),
                     EXTRACT_NO_NUMBER);
    assert_int_equal(extract(f, "{\"r\": {\"id\": \"IBM\", \"q\": 3}}"),
                     EXTRACT_PRICE);
    assert_int_equal(extract(f, "{\"r\": {\"id\": \"IBM\"}}"),
                     EXTRACT_NO_FIELD);
}

static void only_prices_must_be_above_zero(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"prev\": 0, \"change\": \"-5.65\","
                                    " \"pct\": \"-0.0000%\", \"volume\": 0"),
                     EXTRACT_PRICE);
    assert_false(quote_has(&f->quote, QUOTE_PREVIOUS_CLOSE));
    assert_true(quote_has(&f->quote, QUOTE_CHANGE));
    assert_int_equal(f->quote.digits[QUOTE_CHANGE], -565);
    assert_true(quote_has(&f->quote, QUOTE_CHANGE_PERCENT));
    assert_true(quote_has(&f->quote, QUOTE_VOLUME));
}

static void unusable_field_is_absent_and_the_price_stays(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"prev\": \"abc\", \"change\": {},"
                                    " \"pct\": null, \"volume\": true"),
                     EXTRACT_PRICE);
    assert_int_equal(f->quote.has, 1u << QUOTE_PRICE);
}

static void volume_with_a_fraction_of_zero_is_whole(void **state)
{
    struct fixture *f = *state;
    char text[DECIMAL_TEXT_SIZE];
    assert_int_equal(extract_row(f, "\"volume\": 40639000.0"), EXTRACT_PRICE);
    quote_print_number(text, &f->quote, QUOTE_VOLUME);
    assert_string_equal(text, "40639000");
}

static const char *as_of(struct fixture *f, const char *day)
{
    static char text[QUOTE_AS_OF_SIZE];
    char members[128];
    snprintf(members, sizeof(members), "\"t\": %s", day);
    assert_int_equal(extract_row(f, members), EXTRACT_PRICE);
    if (!f->quote.has_as_of) {
        return "";
    }
    assert_true(f->quote.as_of_is_day);
    assert_int_equal(f->quote.as_of_unix_ns % 86400000000000, 0);
    quote_print_as_of(text, &f->quote);
    return text;
}

static void day_is_midnight_in_utc(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(as_of(f, "\"2025-11-06\""), "2025-11-06");
    assert_int_equal(f->quote.as_of_unix_ns, 1762387200000000000);
    assert_string_equal(as_of(f, "\" 2024-02-29 \""), "2024-02-29");
    assert_string_equal(as_of(f, "\"2000-02-29\""), "2000-02-29");
    assert_string_equal(as_of(f, "\"1970-01-01\""), "1970-01-01");
    assert_string_equal(as_of(f, "\"2024-08-19T00:00:00+0000\""), "2024-08-19");
    assert_string_equal(as_of(f, "\"2024-08-19 16:00\""), "2024-08-19");
}

static void day_that_is_none_is_absent(void **state)
{
    struct fixture *f = *state;
    static const char *const days[] = {
        "\"2025-02-30\"",
        "\"2025-02-29\"",
        "\"1900-02-29\"",
        "\"2025-04-31\"",
        "\"2025-00-10\"",
        "\"2025-13-01\"",
        "\"2025-11-00\"",
        "\"2025-11-32\"",
        "\"2025-1-06\"",
        "\"06-11-2025\"",
        "\"2025/11/06\"",
        "\"2025-11-6\"",
        "\"2025-11-066\"",
        "\"2025-11-06x\"",
        "\"+025-11-06\"",
        "\"2025-11\"",
        "\"\"",
        "\"None\"",
        "20251106",
        "null",
        "{}",
    };
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        assert_string_equal(as_of(f, days[i]), "");
        assert_int_equal(f->quote.as_of_unix_ns, 0);
    }
}

static void second_place_of_the_day_is_tried(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(extract_row(f, "\"t\": \"today\", \"u\": \"2025-11-06\""),
                     EXTRACT_PRICE);
    assert_true(f->quote.has_as_of);
}

static void currency_is_the_answers_before_the_descriptions(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *members;
        const char *currency;
    } cases[] = {
        {"\"x\": 1", "USD"},
        {"\"c\": null", "USD"},
        {"\"c\": \"\", \"d\": \"EUR\"", "EUR"},
        {"\"c\": \"GBp\", \"d\": \"EUR\"", "GBp"},
        {"\"c\": \" CHF \"", "CHF"},
        // stated, but not to be read: unknown rather than wrong
        {"\"c\": \"U$D\"", ""},
        {"\"c\": \"DOLLARSS\"", ""},
        {"\"c\": 840", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(extract_row(f, cases[i].members), EXTRACT_PRICE);
        assert_string_equal(f->quote.currency, cases[i].currency);
    }
}

static void symbol_must_be_the_asked_one(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *id;
        enum extract_result result;
    } cases[] = {
        {"\"IBM\"", EXTRACT_PRICE},
        {"\" ibm\"", EXTRACT_PRICE},
        {"\"IBMX\"", EXTRACT_OTHER_SYMBOL},
        {"\"IB\"", EXTRACT_OTHER_SYMBOL},
        {"\"IBM IBM\"", EXTRACT_OTHER_SYMBOL},
        {"\"IBM\\u0000\"", EXTRACT_OTHER_SYMBOL},
        {"7", EXTRACT_OTHER_SYMBOL},
        {"\"\"", EXTRACT_NO_SYMBOL},
        {"\"N/A\"", EXTRACT_NO_SYMBOL},
        {"null", EXTRACT_NO_SYMBOL},
        {"{}", EXTRACT_NO_SYMBOL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char json[128];
        snprintf(json, sizeof(json), "{\"r\": {\"id\": %s, \"p\": 1}}",
                 cases[i].id);
        assert_int_equal(extract(f, json), cases[i].result);
    }
    assert_int_equal(extract(f, "{\"r\": {\"id\": \"MSFT\", \"p\": 1}}"),
                     EXTRACT_OTHER_SYMBOL);
    assert_string_equal(f->about, "MSFT");
    // without a price, whose it would be does not matter
    assert_int_equal(extract(f, "{\"r\": {\"id\": \"MSFT\", \"p\": 0}}"),
                     EXTRACT_NO_PRICE);
}

static void first_place_with_data_is_taken(void **state)
{
    struct fixture *f = *state;
    const char *row = "{\"id\": \"IBM\", \"p\": 1}";
    char json[128];
    snprintf(json, sizeof(json), "{\"r\": {}, \"s\": %s}", row);
    assert_int_equal(extract(f, json), EXTRACT_PRICE);
    snprintf(json, sizeof(json), "{\"r\": \"text\", \"s\": %s}", row);
    assert_int_equal(extract(f, json), EXTRACT_PRICE);
    snprintf(json, sizeof(json), "{\"r\": {\"x\": 1}, \"s\": %s}", row);
    assert_int_equal(extract(f, json), EXTRACT_NO_FIELD);
    assert_int_equal(extract(f, "{\"r\": \"text\", \"s\": {}}"), EXTRACT_EMPTY);
    assert_int_equal(extract(f, "{\"s\": null}"), EXTRACT_EMPTY);
    assert_int_equal(extract(f, "{\"r\": []}"), EXTRACT_EMPTY);
    assert_int_equal(extract(f, "{\"r\": [1]}"), EXTRACT_OTHER_SHAPE);
    assert_int_equal(extract(f, "{\"r\": \"\"}"), EXTRACT_OTHER_SHAPE);
    assert_int_equal(extract(f, "{}"), EXTRACT_OTHER_SHAPE);
    assert_int_equal(extract(f, "[]"), EXTRACT_OTHER_SHAPE);
    assert_int_equal(extract(f, "null"), EXTRACT_OTHER_SHAPE);
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
    TEST(day_is_midnight_in_utc),
    TEST(day_that_is_none_is_absent),
    TEST(second_place_of_the_day_is_tried),
    TEST(currency_is_the_answers_before_the_descriptions),
    TEST(symbol_must_be_the_asked_one),
    TEST(first_place_with_data_is_taken),
};

TEST_MAIN(tests)
