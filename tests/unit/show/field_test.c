/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field_test.c -- each field of a quote, known and unknown, to the letter.
 */
#include "show/field.h"

#include <ctype.h>
#include <string.h>

#include "quote/names.h"
#include "quote/quote.h"
#include "shown.h"
#include "testing/testing.h"

/* The quote that is shown, with what only its fields tell. */
static struct quote full_quote(void)
{
    struct quote quote = shown_full();
    quote.delay = QUOTE_DELAY_KNOWN;
    quote.delay_s = 900;
    quote.unit_factor = 100;
    quote_set(&quote, QUOTE_PRICE, (struct decimal){31242, -2});
    return quote;
}

static void assert_field(enum field field, const struct field_source *source,
                         const char *expected)
{
    char scratch[FIELD_TEXT_SIZE];
    memset(scratch, '?', sizeof(scratch));
    struct span text = field_text(field, source, scratch);
    if (expected == NULL) {
        assert_null(text.data);
        assert_int_equal(text.len, 0);
    } else {
        assert_non_null(text.data);
        assert_true(span_equal(text, span_of(expected)));
    }
}

static void assert_fields(const struct field_source *source,
                          const char *const expected[FIELD_COUNT])
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        assert_field((enum field)field, source, expected[field]);
    }
}

static void names_are_those_of_the_header_in_its_order(void **state)
{
    (void)state;
    const char *const names[FIELD_COUNT] = {
        "symbol", "name",        "price",          "currency", "open",
        "high",   "low",         "previous_close", "change",   "change_percent",
        "volume", "as_of",       "fetched",        "age_ms",   "state",
        "delay",  "unit_factor", "source",         "server",
    };
    for (int field = 0; field < FIELD_COUNT; field++) {
        assert_string_equal(field_name((enum field)field), names[field]);
    }
}

static void field_is_found_by_its_name_in_any_case(void **state)
{
    (void)state;
    for (int field = 0; field < FIELD_COUNT; field++) {
        const char *name = field_name((enum field)field);
        char capitals[32];
        size_t len = strlen(name);
        for (size_t i = 0; i <= len; i++) {
            capitals[i] = (char)toupper((unsigned char)name[i]);
        }
        assert_int_equal(field_find(span_of(name)), field);
        assert_int_equal(field_find(span_of(capitals)), field);
        assert_int_equal(field_find((struct span){name, len - 1}), FIELD_COUNT);
    }
    const char *const others[] = {"",    "prices", " price",        "price ",
                                  "bid", "age",    "previous-close"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(field_find(span_of(others[i])), FIELD_COUNT);
    }
    assert_int_equal(field_find((struct span){"price\0", 6}), FIELD_COUNT);
    assert_int_equal(field_find((struct span){NULL, 0}), FIELD_COUNT);
}

static void delay_is_a_duration_or_the_end_of_the_day(void **state)
{
    (void)state;
    const struct {
        enum quote_delay delay;
        uint32_t delay_s;
        const char *text;
    } rows[] = {
        {QUOTE_DELAY_UNKNOWN, 0, NULL},
        {QUOTE_DELAY_UNKNOWN, 900, NULL},
        {QUOTE_DELAY_KNOWN, 0, "0"},
        {QUOTE_DELAY_KNOWN, 60, "1m"},
        {QUOTE_DELAY_KNOWN, 61, "61s"},
        {QUOTE_DELAY_KNOWN, 86400, "1d"},
        {QUOTE_DELAY_KNOWN, UINT32_MAX, "4294967295s"},
        {QUOTE_DELAY_END_OF_DAY, 0, "end of day"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct quote quote = shown_bare();
        quote.delay = (uint8_t)rows[i].delay;
        quote.delay_s = rows[i].delay_s;
        const struct field_source source = {.quote = &quote, .server = ""};
        assert_field(FIELD_DELAY, &source, rows[i].text);
    }
}

static void unit_factor_is_shown_where_prices_were_divided(void **state)
{
    (void)state;
    struct quote quote = shown_bare();
    const struct field_source source = {.quote = &quote, .server = ""};
    assert_field(FIELD_UNIT_FACTOR, &source, NULL);
    quote.unit_factor = 1;
    assert_field(FIELD_UNIT_FACTOR, &source, NULL);
    quote.unit_factor = UINT16_MAX;
    assert_field(FIELD_UNIT_FACTOR, &source, "65535");
}

static void every_field_that_is_known_has_its_text(void **state)
{
    (void)state;
    struct quote quote = full_quote();
    const struct name name = {.name = "International Business Machines",
                              .currency = "EUR",
                              .mic = "XNYS"};
    const struct field_source source = {
        .quote = &quote,
        .name = &name,
        .state = FRESHNESS_STALE,
        .now_mono_ms = 66500,
        .server = "quoted-1",
    };
    const char *const expected[FIELD_COUNT] = {
        [FIELD_SYMBOL] = "IBM",
        [FIELD_NAME] = "International Business Machines",
        [FIELD_PRICE] = "312.42",
        [FIELD_CURRENCY] = "USD", // the provider's own word
        [FIELD_OPEN] = "300.00",
        [FIELD_HIGH] = "313.50",
        [FIELD_LOW] = "0.000012345",
        [FIELD_PREVIOUS_CLOSE] = "29.00",
        [FIELD_CHANGE] = "-1.50",
        [FIELD_CHANGE_PERCENT] = "0.00",
        [FIELD_VOLUME] = "4123000",
        [FIELD_AS_OF] = "2025-11-06",
        [FIELD_FETCHED] = "2025-11-06T08:00:00.123Z",
        [FIELD_AGE_MS] = "61500",
        [FIELD_STATE] = "stale",
        [FIELD_DELAY] = "15m",
        [FIELD_UNIT_FACTOR] = "100",
        [FIELD_SOURCE] = "alphavantage",
        [FIELD_SERVER] = "quoted-1",
    };
    assert_fields(&source, expected);
}

static void field_that_is_not_known_has_none(void **state)
{
    (void)state;
    struct quote quote = shown_bare();
    const struct field_source source = {
        .quote = &quote,
        .name = NULL,
        .state = FRESHNESS_FRESH,
        .now_mono_ms = 5000,
        .server = "",
    };
    const char *const expected[FIELD_COUNT] = {
        [FIELD_SYMBOL] = "X",
        [FIELD_PRICE] = "0.00001",
        [FIELD_FETCHED] = "1970-01-01T00:00:00.000Z",
        [FIELD_AGE_MS] = "0",
        [FIELD_STATE] = "fresh",
    };
    assert_fields(&source, expected);
}

static void currency_of_the_names_file_stands_in(void **state)
{
    (void)state;
    struct quote quote = shown_bare();
    struct name name = {.name = "X", .currency = "GBX", .mic = ""};
    struct field_source source = {.quote = &quote, .name = &name, .server = ""};
    assert_field(FIELD_CURRENCY, &source, "GBX");
    name.currency = "";
    assert_field(FIELD_CURRENCY, &source, NULL);
}

static void longest_texts_fit(void **state)
{
    (void)state;
    struct quote quote = full_quote();
    quote.as_of_is_day = false;
    quote.fetched_mono_ms = 0;
    const struct decimal longest = {-999999999999999999, -18};
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        quote_set(&quote, (enum quote_number)n, longest);
    }
    const struct field_source source = {
        .quote = &quote, .now_mono_ms = UINT64_MAX, .server = "s"};
    assert_field(FIELD_OPEN, &source, "-0.999999999999999999");
    assert_field(FIELD_AS_OF, &source, "2025-11-06T00:00:00.000Z");
    assert_field(FIELD_AGE_MS, &source, "18446744073709551615");
}

/* Another thread's clock reading may be a little older. */
static void quote_from_the_future_is_0_ms_old(void **state)
{
    (void)state;
    struct quote quote = shown_bare();
    const struct field_source source = {
        .quote = &quote, .now_mono_ms = 4999, .server = ""};
    assert_field(FIELD_AGE_MS, &source, "0");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_those_of_the_header_in_its_order),
    cmocka_unit_test(field_is_found_by_its_name_in_any_case),
    cmocka_unit_test(delay_is_a_duration_or_the_end_of_the_day),
    cmocka_unit_test(unit_factor_is_shown_where_prices_were_divided),
    cmocka_unit_test(every_field_that_is_known_has_its_text),
    cmocka_unit_test(field_that_is_not_known_has_none),
    cmocka_unit_test(currency_of_the_names_file_stands_in),
    cmocka_unit_test(longest_texts_fit),
    cmocka_unit_test(quote_from_the_future_is_0_ms_old),
};

TEST_MAIN(tests)
