/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/unit.h"

#include <stdio.h>

#include "quote/quote.h"
#include "testing/testing.h"

static struct quote quote_of(const char *symbol, const char *source,
                             const char *price, const char *currency,
                             uint16_t factor)
{
    struct quote quote = {.unit_factor = factor};
    struct decimal value;
    assert_int_equal(symbol_parse(&quote.symbol, span_of(symbol)), 0);
    assert_int_equal(decimal_parse(&value, span_of(price)), 0);
    quote_set(&quote, QUOTE_PRICE, value);
    snprintf(quote.currency, sizeof(quote.currency), "%s", currency);
    snprintf(quote.source, sizeof(quote.source), "%s", source);
    return quote;
}

static void assert_number(const struct quote *quote, enum quote_number n,
                          const char *expected)
{
    char text[DECIMAL_TEXT_SIZE];
    quote_print_number(text, quote, n);
    assert_string_equal(text, expected);
}

/* --- A currency from elsewhere ----------------------------------------------
 */

static void a_currency_is_taken_where_the_quote_has_none(void **state)
{
    (void)state;
    struct quote quote = quote_of("VOD", "a", "73.5", "", 0);
    assert_true(unit_assume(&quote, span_of("")));
    assert_string_equal(quote.currency, "");
    assert_true(unit_assume(&quote, span_of("GBP")));
    assert_string_equal(quote.currency, "GBP");
    assert_int_equal(quote.unit_factor, 0);
    assert_string_equal(quote.price_text, "73.50");
    assert_true(unit_assume(&quote, span_of("USD"))); // it has one by now
    assert_string_equal(quote.currency, "GBP");
}

static void hundredths_become_whole_units_exactly(void **state)
{
    (void)state;
    static const char *const words[][2] = {
        {"GBX", "GBP"}, {"ZAC", "ZAR"}, {"ILA", "ILS"}};
    for (size_t i = 0; i < 3; i++) {
        struct quote quote = quote_of("VOD", "a", "7350.125", "", 0);
        quote_set(&quote, QUOTE_OPEN, (struct decimal){7349, 0});
        quote_set(&quote, QUOTE_CHANGE, (struct decimal){-1, 0});
        quote_set(&quote, QUOTE_CHANGE_PERCENT, (struct decimal){-1, -2});
        quote_set(&quote, QUOTE_VOLUME, (struct decimal){31, 2});
        assert_true(unit_assume(&quote, span_of(words[i][0])));
        assert_string_equal(quote.currency, words[i][1]);
        assert_int_equal(quote.unit_factor, 100);
        assert_string_equal(quote.price_text, "73.50125");
        assert_number(&quote, QUOTE_OPEN, "73.49");
        assert_number(&quote, QUOTE_CHANGE, "-0.01");
        assert_number(&quote, QUOTE_CHANGE_PERCENT, "-0.01");
        assert_number(&quote, QUOTE_VOLUME, "3100");
    }
}

static void a_quote_of_two_units_is_not_used(void **state)
{
    (void)state;
    struct quote quote = quote_of("VOD", "a", "73.5", "", 0);
    quote_set(&quote, QUOTE_PREVIOUS_CLOSE, (struct decimal){7349, 0});
    assert_false(unit_assume(&quote, span_of("GBP")));
    quote = quote_of("VOD", "a", "73.5", "", 0);
    quote_set(&quote, QUOTE_PREVIOUS_CLOSE, (struct decimal){7349, 0});
    assert_true(unit_assume(&quote, span_of("USD"))); // has no hundredths
    quote = quote_of("VOD", "a", "0.000000000000000001", "", 0);
    assert_false(unit_assume(&quote, span_of("GBX"))); // no decimal holds it
}

/* --- Against another --------------------------------------------------------
 */

static void units_differ_by_currency_or_by_a_hundredfold(void **state)
{
    (void)state;
    static const struct {
        const char *symbol;
        const char *price;
        const char *currency;
        uint16_t factor;
        const char *other;
        const char *other_currency;
        uint16_t other_factor;
        bool differs;
        bool own_differs; // of the same provider
    } cases[] = {
        {"VOD", "73.5", "GBP", 100, "73.4", "GBP", 0, false, false},
        {"VOD", "7350", "GBP", 0, "73.4", "GBP", 100, true, true},
        {"VOD", "0.735", "GBP", 100, "73.4", "GBP", 0, true, true},
        {"VOD", "7350", "GBP", 0, "73.4", "GBP", 0, true, false},
        {"VOD", "73.5", "USD", 0, "73.4", "GBP", 0, true, false},
        {"VOD", "98", "EUR", 0, "73.4", "GBP", 100, true, false},
        // Without a currency only an ending makes it doubtful.
        {"VOD", "7350", "", 0, "73.4", "GBP", 0, true, false},
        {"VOD", "73.5", "", 0, "73.4", "GBP", 0, false, false},
        {"IBM", "30000", "", 0, "300", "USD", 0, false, false},
        {"IBM", "30000", "", 0, "300", "", 0, false, false},
        {"TSCO.LON", "408", "", 0, "4.08", "", 0, true, false},
        {"BRK.B", "408", "", 0, "4.08", "", 0, false, false},
        // A reverse split in dollars is no change of unit.
        {"IBM", "30000", "USD", 0, "300", "USD", 0, false, false},
        // Exactly at the edges of a hundredfold, and beyond.
        {"VOD", "50", "GBP", 0, "1", "GBP", 0, true, false},
        {"VOD", "49.99", "GBP", 0, "1", "GBP", 0, false, false},
        {"VOD", "200", "GBP", 0, "1", "GBP", 0, true, false},
        {"VOD", "200.01", "GBP", 0, "1", "GBP", 0, false, false},
        {"GOLD", "-5", "GBP", 0, "5", "GBP", 0, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct quote quote = quote_of(cases[i].symbol, "a", cases[i].price,
                                      cases[i].currency, cases[i].factor);
        struct quote other =
            quote_of(cases[i].symbol, "b", cases[i].other,
                     cases[i].other_currency, cases[i].other_factor);
        assert_int_equal(unit_differs(&quote, &other), cases[i].differs);
        assert_int_equal(unit_differs(&other, &quote), cases[i].differs);
        snprintf(other.source, sizeof(other.source), "a");
        assert_int_equal(unit_differs(&quote, &other), cases[i].own_differs);
        assert_int_equal(unit_differs(&other, &quote), cases[i].own_differs);
    }
}

static void a_price_is_written_with_its_unit(void **state)
{
    (void)state;
    char text[UNIT_TEXT_SIZE];
    struct quote quote = quote_of("VOD", "a", "73.5", "GBP", 0);
    unit_print(text, &quote);
    assert_string_equal(text, "73.50 GBP");
    quote = quote_of("VOD", "a", "-123456789012345678", "ABCDEFG", 100);
    unit_print(text, &quote);
    assert_string_equal(text, "-123456789012345678.00 ABCDEFG (sent in "
                              "hundredths)");
    quote = quote_of("VOD", "a", "7350", "", 0);
    unit_print(text, &quote);
    assert_string_equal(text, "7350.00 of no currency");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_currency_is_taken_where_the_quote_has_none),
    cmocka_unit_test(hundredths_become_whole_units_exactly),
    cmocka_unit_test(a_quote_of_two_units_is_not_used),
    cmocka_unit_test(units_differ_by_currency_or_by_a_hundredfold),
    cmocka_unit_test(a_price_is_written_with_its_unit),
};

TEST_MAIN(tests)
