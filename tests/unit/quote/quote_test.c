/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quote_test.c -- a quote knows which of its numbers it has, shows them as they
 * were sent, and composes its price once.
 */
#include "quote/quote.h"

#include <string.h>

#include "testing/testing.h"

static struct decimal decimal_of(const char *text)
{
    struct decimal value;
    assert_int_equal(decimal_parse(&value, span_of(text)), 0);
    return value;
}

static void assert_number(const struct quote *quote, enum quote_number n,
                          const char *expected)
{
    char text[DECIMAL_TEXT_SIZE];
    int len = quote_print_number(text, quote, n);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
}

static void new_quote_has_no_number(void **state)
{
    (void)state;
    struct quote quote = {0};
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        assert_false(quote_has(&quote, (enum quote_number)n));
    }
}

static void set_number_is_had_and_no_other(void **state)
{
    (void)state;
    for (int set = 0; set < QUOTE_NUMBERS; set++) {
        struct quote quote = {0};
        quote_set(&quote, (enum quote_number)set, (struct decimal){5, 0});
        for (int n = 0; n < QUOTE_NUMBERS; n++) {
            assert_int_equal(quote_has(&quote, (enum quote_number)n), n == set);
        }
        assert_int_equal(quote.digits[set], 5);
    }
}

static void all_numbers_can_be_had_at_once(void **state)
{
    (void)state;
    struct quote quote = {0};
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        quote_set(&quote, (enum quote_number)n, (struct decimal){n + 1, 0});
    }
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        assert_true(quote_has(&quote, (enum quote_number)n));
        assert_int_equal(quote.digits[n], n + 1);
    }
    assert_true(QUOTE_NUMBERS <= sizeof(quote.has) * 8);
}

static void price_is_composed_when_it_is_set(void **state)
{
    (void)state;
    struct quote quote = {0};
    quote_set(&quote, QUOTE_OPEN, decimal_of("1.5"));
    assert_int_equal(quote.price_len, 0);
    quote_set(&quote, QUOTE_PRICE, decimal_of("312.4200"));
    assert_string_equal(quote.price_text, "312.42");
    assert_int_equal(quote.price_len, 6);
    quote_set(&quote, QUOTE_PRICE, decimal_of("29"));
    assert_string_equal(quote.price_text, "29.00");
    assert_int_equal(quote.price_len, 5);
    quote_set(&quote, QUOTE_PRICE, decimal_of("-999999999999999999"));
    assert_string_equal(quote.price_text, "-999999999999999999.00");
    assert_int_equal(quote.price_len, 22);
}

static void numbers_print_as_they_are_shown(void **state)
{
    (void)state;
    struct quote quote = {0};
    quote_set(&quote, QUOTE_PRICE, decimal_of("0.000012345678"));
    quote_set(&quote, QUOTE_PREVIOUS_CLOSE, decimal_of("135.6000"));
    quote_set(&quote, QUOTE_CHANGE, decimal_of("-0.5"));
    quote_set(&quote, QUOTE_CHANGE_PERCENT, decimal_of("1.2345"));
    quote_set(&quote, QUOTE_VOLUME, decimal_of("3510000"));
    assert_number(&quote, QUOTE_PRICE, "0.000012345678");
    assert_number(&quote, QUOTE_PREVIOUS_CLOSE, "135.60");
    assert_number(&quote, QUOTE_CHANGE, "-0.50");
    assert_number(&quote, QUOTE_CHANGE_PERCENT, "1.2345");
    assert_number(&quote, QUOTE_VOLUME, "3510000");
    quote_set(&quote, QUOTE_VOLUME, decimal_of("12.345")); // coins have these
    assert_number(&quote, QUOTE_VOLUME, "12.345");
    quote_set(&quote, QUOTE_VOLUME, decimal_of("0"));
    assert_number(&quote, QUOTE_VOLUME, "0");
}

static void names_are_those_of_the_fields(void **state)
{
    (void)state;
    const char *const expected[QUOTE_NUMBERS] = {
        "price",          "open",   "high",           "low",
        "previous_close", "change", "change_percent", "volume",
    };
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        assert_string_equal(quote_number_name((enum quote_number)n),
                            expected[n]);
    }
}

static void day_alone_prints_as_a_day(void **state)
{
    (void)state;
    struct quote quote = {
        .has_as_of = true,
        .as_of_is_day = true,
        .as_of_unix_ns = 1762387200000000000,
    };
    char text[QUOTE_AS_OF_SIZE];
    assert_int_equal(quote_print_as_of(text, &quote), 10);
    assert_string_equal(text, "2025-11-06");
}

static void instant_prints_as_rfc_3339_with_the_places_it_has(void **state)
{
    (void)state;
    static const struct {
        int64_t ns; // behind 2025-11-06T12:34:56Z
        const char *text;
    } cases[] = {
        {0, "2025-11-06T12:34:56.000Z"},
        {789000000, "2025-11-06T12:34:56.789Z"},
        {700000000, "2025-11-06T12:34:56.700Z"},
        {789000001, "2025-11-06T12:34:56.789000001Z"},
        {789001000, "2025-11-06T12:34:56.789001Z"},
        {1, "2025-11-06T12:34:56.000000001Z"},
        {999999999, "2025-11-06T12:34:56.999999999Z"},
        {-1, "2025-11-06T12:34:55.999999999Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct quote quote = {
            .has_as_of = true,
            .as_of_unix_ns = INT64_C(1762432496000000000) + cases[i].ns,
        };
        char text[QUOTE_AS_OF_SIZE];
        int len = quote_print_as_of(text, &quote);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(len, strlen(cases[i].text));
    }
    struct quote early = {.has_as_of = true, .as_of_unix_ns = -1};
    char text[QUOTE_AS_OF_SIZE];
    quote_print_as_of(text, &early);
    assert_string_equal(text, "1969-12-31T23:59:59.999999999Z");
}

#define HOUR_NS (INT64_C(3600) * 1000000000)

static int compare(bool a_is_day, int64_t a_ns, bool b_is_day, int64_t b_ns)
{
    struct quote a = {
        .has_as_of = true, .as_of_is_day = a_is_day, .as_of_unix_ns = a_ns};
    struct quote b = {
        .has_as_of = true, .as_of_is_day = b_is_day, .as_of_unix_ns = b_ns};
    int forth = quote_compare_as_of(&a, &b);
    assert_int_equal(quote_compare_as_of(&b, &a), -forth);
    return forth;
}

static void prices_are_compared_by_what_is_sure(void **state)
{
    (void)state;
    const int64_t day = INT64_C(1762387200000000000);
    assert_int_equal(compare(false, day, false, day), 0);
    assert_int_equal(compare(false, day, false, day + 1), -1);
    assert_int_equal(compare(true, day, true, day), 0);
    assert_int_equal(compare(true, day, true, day + 24 * HOUR_NS), -1);
    // the day is one somewhere from UTC+14 to UTC-12
    assert_int_equal(compare(true, day, false, day - 14 * HOUR_NS - 1), 1);
    assert_int_equal(compare(true, day, false, day - 14 * HOUR_NS), 0);
    assert_int_equal(compare(true, day, false, day + 12 * HOUR_NS), 0);
    assert_int_equal(compare(true, day, false, day + 36 * HOUR_NS - 1), 0);
    assert_int_equal(compare(true, day, false, day + 36 * HOUR_NS), -1);
    // before 1970 too
    assert_int_equal(compare(true, 0, false, -14 * HOUR_NS - 1), 1);
    assert_int_equal(compare(true, 0, false, -14 * HOUR_NS), 0);

    struct quote known = {.has_as_of = true, .as_of_unix_ns = 1};
    struct quote unknown = {.has_as_of = false};
    assert_int_equal(quote_compare_as_of(&known, &unknown), 0);
    assert_int_equal(quote_compare_as_of(&unknown, &known), 0);
}

/* Change member number `i`; returns false where there are no more. */
static bool change(struct quote *quote, int i)
{
    switch (i) {
    case 0:
        return symbol_parse(&quote->symbol, span_of("AAPL")) == 0;
    case 1:
        quote_set(quote, QUOTE_PRICE, (struct decimal){13717, -2});
        return true;
    case 2:
        quote_set(quote, QUOTE_PRICE, (struct decimal){13716, -3});
        return true;
    case 3:
        quote_set(quote, QUOTE_VOLUME, (struct decimal){0, 0});
        return true;
    case 4:
        return (quote->has_as_of = true);
    case 5:
        return (quote->as_of_is_day = true);
    case 6:
        return (quote->is_closing = true);
    case 7:
        return (quote->is_old = true);
    case 8:
        return (quote->delay = QUOTE_DELAY_KNOWN) != 0;
    case 9:
        return ++quote->delay_s > 0;
    case 10:
        return ++quote->as_of_unix_ns > 0;
    case 11:
        return ++quote->fetched_unix_ms > 0;
    case 12:
        return ++quote->fetched_mono_ms > 0;
    case 13:
        return ++quote->settled_until_mono_ms > 0;
    case 14:
        return (quote->currency[0] = 'U') != 0;
    case 15:
        return (quote->source[0] = 'a') != 0;
    case 16:
        return (quote->unit_factor = 100) != 0;
    default:
        return false;
    }
}

static void quotes_are_equal_only_in_every_member(void **state)
{
    (void)state;
    struct quote quote = {0};
    assert_int_equal(symbol_parse(&quote.symbol, span_of("IBM")), 0);
    quote_set(&quote, QUOTE_PRICE, (struct decimal){13716, -2});
    const struct quote same = quote;
    assert_true(quote_equal(&quote, &same));
    struct quote other = quote;
    for (int i = 0; change(&other, i); i++) {
        assert_false(quote_equal(&quote, &other));
        other = quote;
    }
}

static void print_open(void *user)
{
    char text[DECIMAL_TEXT_SIZE];
    quote_print_number(text, user, QUOTE_OPEN);
}

static void print_as_of(void *user)
{
    char text[QUOTE_AS_OF_SIZE];
    quote_print_as_of(text, user);
}

static void set_no_number(void *user)
{
    quote_set(user, QUOTE_NUMBERS, (struct decimal){1, 0});
}

static void name_no_number(void *user)
{
    (void)user;
    quote_number_name(QUOTE_NUMBERS);
}

static void what_is_not_there_aborts(void **state)
{
    (void)state;
    struct quote quote = {0};
    assert_true(testing_aborts(print_open, &quote));
    assert_true(testing_aborts(print_as_of, &quote));
    assert_true(testing_aborts(set_no_number, &quote));
    assert_true(testing_aborts(name_no_number, NULL));
    quote_set(&quote, QUOTE_OPEN, decimal_of("1"));
    assert_false(testing_aborts(print_open, &quote));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(new_quote_has_no_number),
    cmocka_unit_test(set_number_is_had_and_no_other),
    cmocka_unit_test(all_numbers_can_be_had_at_once),
    cmocka_unit_test(price_is_composed_when_it_is_set),
    cmocka_unit_test(numbers_print_as_they_are_shown),
    cmocka_unit_test(names_are_those_of_the_fields),
    cmocka_unit_test(day_alone_prints_as_a_day),
    cmocka_unit_test(instant_prints_as_rfc_3339_with_the_places_it_has),
    cmocka_unit_test(prices_are_compared_by_what_is_sure),
    cmocka_unit_test(quotes_are_equal_only_in_every_member),
    cmocka_unit_test(what_is_not_there_aborts),
};

TEST_MAIN(tests)
