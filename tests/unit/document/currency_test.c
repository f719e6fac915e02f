/* SPDX-License-Identifier: Apache-2.0 */
/* Pence are told from pounds by the letter, and a hundredfold by the numbers.
 */
#include "document/currency.h"

#include <string.h>

#include "testing/testing.h"

static void hundredths_are_told_by_the_letter(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code;
        int places;
    } cases[] = {
        {"USD", "USD", 0}, {"GBP", "GBP", 0},         {"GBX", "GBP", 2},
        {"GBp", "GBP", 2}, {"gbp", "gbp", 0},         {"ZAR", "ZAR", 0},
        {"ZAc", "ZAR", 2}, {"ZAC", "ZAR", 2},         {"ZAX", "ZAR", 2},
        {"ILS", "ILS", 0}, {"ILA", "ILS", 2},         {"ILa", "ILS", 2},
        {"USX", "USX", 0}, {"SEVENTH", "SEVENTH", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct currency currency;
        assert_true(currency_read(&currency, span_of(cases[i].text)));
        assert_string_equal(currency.code, cases[i].code);
        assert_int_equal(currency.places, cases[i].places);
    }
}

static void what_is_no_word_is_no_currency(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "U$D",        "US D",    "840",
                                        "USD ", "US\xc3\xa9", "EIGHTHES"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct currency currency = {"USD", 7};
        assert_false(currency_read(&currency, span_of(texts[i])));
        assert_int_equal(currency.places, 7);
    }
}

static void three_currencies_are_divided(void **state)
{
    (void)state;
    assert_true(currency_is_divided("GBP"));
    assert_true(currency_is_divided("ZAR"));
    assert_true(currency_is_divided("ILS"));
    assert_false(currency_is_divided("USD"));
    assert_false(currency_is_divided("GBp"));
    assert_false(currency_is_divided(""));
}

static struct decimal decimal_of(const char *text)
{
    struct decimal value;
    assert_int_equal(decimal_parse(&value, span_of(text)), 0);
    return value;
}

static void assert_differ(const char *a, const char *b, bool expected)
{
    assert_int_equal(currency_units_differ(decimal_of(a), decimal_of(b)),
                     expected);
    assert_int_equal(currency_units_differ(decimal_of(b), decimal_of(a)),
                     expected);
}

static void hundredfold_is_50_to_200_times(void **state)
{
    (void)state;
    assert_differ("456.7", "4.55", true);
    assert_differ("456.7", "455.0", false);
    assert_differ("1", "1", false);
    assert_differ("100", "1", true);
    assert_differ("50", "1", true);
    assert_differ("49.99", "1", false);
    assert_differ("200", "1", true);
    assert_differ("200.01", "1", false);
    assert_differ("10", "1", false);
    assert_differ("1000", "1", false);
    assert_differ("999", "10", true);
    assert_differ("101", "0.99", true);
    assert_differ("99", "1.01", true);
    assert_differ("0.5", "0.01", true);
    assert_differ("0.499", "0.01", false);
    assert_differ("999999999999999999", "9999999999999999.99", true);
    assert_differ("0.0000000000000001", "0.000000000000000001", true);
    assert_differ("100000000000000000", "0.000000000000000001", false);
    assert_differ("123456789012345678", "1234567890123456.78", true);
}

static void differ_from_nothing(void *user)
{
    (void)user;
    currency_units_differ((struct decimal){1, 0}, (struct decimal){0, 0});
}

static void prices_are_above_zero(void **state)
{
    (void)state;
    assert_true(testing_aborts(differ_from_nothing, NULL));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(hundredths_are_told_by_the_letter),
    cmocka_unit_test(what_is_no_word_is_no_currency),
    cmocka_unit_test(three_currencies_are_divided),
    cmocka_unit_test(hundredfold_is_50_to_200_times),
    cmocka_unit_test(prices_are_above_zero),
};

TEST_MAIN(tests)
