/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal_test.c -- a price is the decimal that was sent, digit for digit: no
 * text is rounded, equal values are equal fields, and what is printed reads
 * back as the same value.
 */
#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/err.h"
#include "testing/testing.h"

static void assert_parses(const char *text, int64_t digits, int exponent)
{
    struct decimal value = {77, 7};
    int err = decimal_parse(&value, span_of(text));
    if (err != 0 || value.digits != digits || value.exponent != exponent) {
        fail_msg("\"%s\" gave %d, %lld * 10^%d", text, err,
                 (long long)value.digits, value.exponent);
    }
}

static void assert_refused(const char *text, int expected)
{
    struct decimal value = {77, 7};
    int err = decimal_parse(&value, span_of(text));
    if (err != expected) {
        fail_msg("\"%s\" gave %d", text, err);
    }
    assert_int_equal(value.digits, 77); // as it was
    assert_int_equal(value.exponent, 7);
}

static void assert_prints(const char *text, int places_min,
                          const char *expected)
{
    struct decimal value;
    assert_int_equal(decimal_parse(&value, span_of(text)), 0);
    char printed[DECIMAL_TEXT_SIZE];
    int len = decimal_print(printed, value, places_min);
    assert_string_equal(printed, expected);
    assert_int_equal(len, strlen(expected));
}

static void numbers_are_kept_in_lowest_terms(void **state)
{
    (void)state;
    assert_parses("0", 0, 0);
    assert_parses("1", 1, 0);
    assert_parses("-1", -1, 0);
    assert_parses("+1", 1, 0);
    assert_parses("10", 1, 1);
    assert_parses("312.4200", 31242, -2);
    assert_parses("29", 29, 0);
    assert_parses("29.0", 29, 0);
    assert_parses("0.000012345678", 12345678, -12);
    assert_parses("328.87921142578125", 32887921142578125, -14);
    assert_parses("-37.63", -3763, -2);
    assert_parses("5000000", 5, 6);
    assert_parses("007", 7, 0);
    assert_parses("00.50", 5, -1);
}

static void every_zero_is_the_same_zero(void **state)
{
    (void)state;
    const char *const zeros[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        "-0.00",
        "000",
        "0e5",
        "0E-9",
        "0e99",
        "0e-99",
        "0e999999999",
        "-0.0e-1000000",
        "0.00000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        assert_parses(zeros[i], 0, 0);
    }
    assert_prints("-0", 2, "0.00");
}

static void exponents_move_the_point(void **state)
{
    (void)state;
    assert_parses("1e3", 1, 3);
    assert_parses("1E3", 1, 3);
    assert_parses("1e+3", 1, 3);
    assert_parses("1e-3", 1, -3);
    assert_parses("1.5e3", 15, 2);
    assert_parses("12.50e-1", 125, -2);
    assert_parses("1e0003", 1, 3);
    assert_parses("1e-0", 1, 0);
    assert_parses("3.1242e2", 31242, -2);
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",      "-",    "+",        ".",     "-.",    ".5",   "5.",    "-.5",
        "+5.",   "5.e1", ".e1",      "e",     "e5",    "1e",   "1e+",   "1e-",
        "1e1.5", "--1",  "+-1",      "-+1",   "1-",    "1+1",  " 1",    "1 ",
        "1 0",   "1,5",  "1,000",    "1_000", "1.2.3", "0x10", "NaN",   "nan",
        "inf",   "-inf", "Infinity", "None",  "null",  "$1",   "1%",    "1.0f",
        "1e5e5", "1ee5", "1/2",      "\t1",   "1\n",   "1e 5", "1e--5", "one",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refused(texts[i], ERR_SYNTAX);
    }
    struct decimal value;
    assert_int_equal(decimal_parse(&value, (struct span){NULL, 0}), ERR_SYNTAX);
    assert_int_equal(decimal_parse(&value, (struct span){"1\0", 2}),
                     ERR_SYNTAX);
    assert_int_equal(decimal_parse(&value, (struct span){"1\0002", 3}),
                     ERR_SYNTAX);
}

static void syntax_is_judged_before_range(void **state)
{
    (void)state;
    assert_refused("1234567890123456789012345x", ERR_SYNTAX);
    assert_refused("1e999999x", ERR_SYNTAX);
}

static void only_the_span_is_read(void **state)
{
    (void)state;
    struct decimal value;
    assert_int_equal(decimal_parse(&value, (struct span){"123456", 3}), 0);
    assert_int_equal(value.digits, 123);
    assert_int_equal(decimal_parse(&value, (struct span){"12.5", 3}),
                     ERR_SYNTAX);
}

static void eighteen_digits_are_kept_and_nineteen_refused(void **state)
{
    (void)state;
    assert_parses("12345678901234567", 12345678901234567, 0);
    assert_parses("123456789012345678", 123456789012345678, 0);
    assert_parses("999999999999999999", 999999999999999999, 0);
    assert_parses("-999999999999999999", -999999999999999999, 0);
    assert_parses("9.99999999999999999", 999999999999999999, -17);
    assert_parses("0.999999999999999999", 999999999999999999, -18);
    assert_refused("1234567890123456789", ERR_RANGE);
    assert_refused("1.234567890123456789", ERR_RANGE);
    assert_refused("0.1234567890123456789", ERR_RANGE);
    assert_refused("9999999999999999999", ERR_RANGE);
    assert_refused("99999999999999999999", ERR_RANGE);
    assert_refused("1.00000000000000000001", ERR_RANGE);
    assert_refused("12345678901234567890123456789e-20", ERR_RANGE);
}

static void digits_above_and_below_the_bounds_are_refused(void **state)
{
    (void)state;
    assert_parses("1e16", 1, 16);
    assert_parses("1e17", 1, 17);
    assert_refused("1e18", ERR_RANGE);
    assert_parses("100000000000000000", 1, 17);
    assert_refused("1000000000000000000", ERR_RANGE);
    assert_parses("1e-17", 1, -17);
    assert_parses("1e-18", 1, -18);
    assert_refused("1e-19", ERR_RANGE);
    assert_parses("0.000000000000000001", 1, -18);
    assert_refused("0.0000000000000000001", ERR_RANGE);
    assert_parses("12e16", 12, 16);
    assert_refused("12e17", ERR_RANGE);
    assert_refused("-1e18", ERR_RANGE);
    assert_refused("-1e-19", ERR_RANGE);
}

/* Zeros that change nothing may be as many as they like, on either side. */
static void zeros_that_say_nothing_cost_nothing(void **state)
{
    (void)state;
    assert_parses("1.0000000000000000000000000000000000", 1, 0);
    assert_parses("123456789012345678.00000000000000000000", 123456789012345678,
                  0);
    assert_parses("00000000000000000000000000000000000012.5", 125, -1);
    assert_parses("100000000000000000000000000000e-20", 1, 9);
    assert_parses("1234567890123456780000000e-10", 123456789012345678, -3);
    assert_parses("0.00000000000000000000000000000125e30", 125, -2);
    assert_refused("0.00000000000000000000000000000125", ERR_RANGE);
    assert_refused("100000000000000000000000000000", ERR_RANGE);
}

static void huge_exponents_are_out_of_range_and_no_more(void **state)
{
    (void)state;
    assert_refused("1e99", ERR_RANGE);
    assert_refused("1e-99", ERR_RANGE);
    assert_refused("1e127", ERR_RANGE);
    assert_refused("1e256", ERR_RANGE); // not 1e0, which int8_t would make it
    assert_refused("1e-256", ERR_RANGE);
    assert_refused("1e4294967296", ERR_RANGE);
    assert_refused("1e18446744073709551616", ERR_RANGE);
    assert_refused("1e-18446744073709551616", ERR_RANGE);
    assert_refused("1e9999999999999999999999999999999999999", ERR_RANGE);
}

/* A text of 200,000 zeros, whose exponent makes good for all of them but one,
 * and one whose exponent is ten times that. */
static void long_texts_are_counted_exactly(void **state)
{
    (void)state;
    const size_t zeros = 200000;
    char *text = mem_calloc(1, zeros + 40);
    memset(text, '0', zeros);
    memcpy(text, "0.", 2);
    memcpy(text + zeros, "15e200000", 10); // 199,998 zeros behind the point
    assert_parses(text, 15, 0);
    memcpy(text + zeros, "15e1234567", 11);
    assert_refused(text, ERR_RANGE);
    memset(text, '0', zeros);
    text[0] = '7';
    memcpy(text + zeros, "e-200000", 9);
    assert_parses(text, 7, -1);
    mem_free(text);
}

static void prices_print_with_two_places_at_least(void **state)
{
    (void)state;
    assert_prints("312.4200", 2, "312.42");
    assert_prints("29", 2, "29.00");
    assert_prints("29.0", 2, "29.00");
    assert_prints("0.000012345678", 2, "0.000012345678");
    assert_prints("135.6", 2, "135.60");
    assert_prints("0", 2, "0.00");
    assert_prints("0.5", 2, "0.50");
    assert_prints("0.05", 2, "0.05");
    assert_prints("0.005", 2, "0.005");
    assert_prints("-0.005", 2, "-0.005");
    assert_prints("-37.63", 2, "-37.63");
    assert_prints("-5", 2, "-5.00");
    assert_prints("1e3", 2, "1000.00");
    assert_prints("328.87921142578125", 2, "328.87921142578125");
}

static void fewer_places_are_possible(void **state)
{
    (void)state;
    assert_prints("29", 0, "29");
    assert_prints("29", 1, "29.0");
    assert_prints("29.5", 0, "29.5");
    assert_prints("29.5", 1, "29.5");
    assert_prints("29.25", 1, "29.25");
    assert_prints("0", 0, "0");
    assert_prints("3510000", 0, "3510000");
    assert_prints("-1e17", 0, "-100000000000000000");
}

/* The longest texts fill the array that the header sizes for them. */
static void longest_texts_fit(void **state)
{
    (void)state;
    assert_prints("-999999999999999999", 2, "-999999999999999999.00");
    assert_prints("-99999999999999999.9", 2, "-99999999999999999.90");
    assert_prints("-0.999999999999999999", 2, "-0.999999999999999999");
    assert_prints("-1e17", 2, "-100000000000000000.00");
    assert_prints("-1e-18", 2, "-0.000000000000000001");
    assert_true(DECIMAL_TEXT_SIZE > strlen("-999999999999999999.00"));
}

struct printing {
    struct decimal value;
    int places_min;
};

static void print(void *user)
{
    const struct printing *printing = user;
    char text[DECIMAL_TEXT_SIZE];
    decimal_print(text, printing->value, printing->places_min);
}

static void printing_beyond_the_bounds_aborts(void **state)
{
    (void)state;
    struct printing good[] = {
        {{1, 0}, 0}, {{1, 0}, 2}, {{1, 17}, 0}, {{1, -18}, 0}};
    struct printing bad[] = {
        {{1, 0}, -1},        {{1, 0}, 3},           {{1, 18}, 0},
        {{1, -19}, 0},       {{12, 17}, 0},         {{INT64_MAX, 0}, 0},
        {{INT64_MIN, 0}, 0}, {{INT64_MIN, -18}, 0}, {{1, 127}, 0},
        {{1, -128}, 0},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_false(testing_aborts(print, &good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_true(testing_aborts(print, &bad[i]));
    }
}

static void equality_and_sign(void **state)
{
    (void)state;
    struct decimal a;
    struct decimal b;
    assert_int_equal(decimal_parse(&a, span_of("312.42")), 0);
    assert_int_equal(decimal_parse(&b, span_of("0312.4200e0")), 0);
    assert_true(decimal_equal(a, b));
    assert_int_equal(decimal_parse(&b, span_of("-312.42")), 0);
    assert_false(decimal_equal(a, b));
    assert_int_equal(decimal_parse(&b, span_of("3124.2")), 0);
    assert_false(decimal_equal(a, b));
    assert_true(decimal_is_positive(a));
    assert_false(decimal_is_positive((struct decimal){0, 0}));
    assert_false(decimal_is_positive((struct decimal){-1, -18}));
}

/* --- A value made as text, and what every spelling of it must give -------- */

struct made {
    char digits[DECIMAL_DIGITS_LIMIT + 1]; // neither begins nor ends in 0
    int count;
    int exponent;
    bool negative;
};

static int pick(uint64_t *seed, int low, int high)
{
    return low + (int)(testing_random(seed) % (uint64_t)(high - low + 1));
}

static struct made make(uint64_t *seed)
{
    struct made made = {.count = pick(seed, 1, DECIMAL_DIGITS_LIMIT)};
    for (int i = 0; i < made.count; i++) {
        bool at_an_end = i == 0 || i == made.count - 1;
        made.digits[i] = (char)pick(seed, at_an_end ? '1' : '0', '9');
    }
    made.exponent =
        pick(seed, -DECIMAL_PLACES_LIMIT, DECIMAL_DIGITS_LIMIT - made.count);
    made.negative = pick(seed, 0, 1) == 1;
    return made;
}

/* The plain notation, put together from text alone: zeros in front until the
 * point has a digit before it, zeros behind until it has its places. */
static void spell_plainly(struct buffer *out, const struct made *made,
                          int places_min)
{
    int places = made->exponent < 0 ? -made->exponent : 0;
    struct buffer all = buffer_empty(200);
    for (int i = made->count; i <= places; i++) {
        buffer_put_byte(&all, '0');
    }
    buffer_put(&all, made->digits, (size_t)made->count);
    for (int i = 0; i < made->exponent; i++) {
        buffer_put_byte(&all, '0');
    }
    for (; places < places_min; places++) {
        buffer_put_byte(&all, '0');
    }
    size_t whole = all.len - (size_t)places;
    buffer_put_text(out, made->negative ? "-" : "");
    buffer_put(out, all.data, whole);
    if (places > 0) {
        buffer_put_byte(out, '.');
        buffer_put(out, all.data + whole, (size_t)places);
    }
    buffer_put_byte(out, '\0');
    buffer_deinit(&all);
}

/* Another spelling of the same value: zeros at both ends, the point anywhere,
 * and an exponent that moves it back. */
static void spell_oddly(struct buffer *out, const struct made *made,
                        uint64_t *seed)
{
    int behind = pick(seed, 0, 30); // zeros added at the end
    int in_front = pick(seed, 0, 5);
    int total = in_front + made->count + behind;
    int whole = pick(seed, 1, total); // digits before the point
    buffer_put_text(out, made->negative ? "-" : pick(seed, 0, 1) ? "+" : "");
    for (int i = 0; i < total; i++) {
        if (i == whole) {
            buffer_put_byte(out, '.');
        }
        bool is_digit = i >= in_front && i < in_front + made->count;
        buffer_put_byte(out, is_digit ? made->digits[i - in_front] : '0');
    }
    int exponent = made->exponent - behind + (total - whole);
    if (exponent != 0 || pick(seed, 0, 1) == 1) {
        buffer_printf(out, pick(seed, 0, 1) ? "e%d" : "E%+03d", exponent);
    }
    buffer_put_byte(out, '\0');
}

static void every_spelling_gives_the_same_value(void **state)
{
    (void)state;
    uint64_t seed = 4;
    struct buffer text = buffer_empty(1000);
    for (int run = 0; run < 50000; run++) {
        struct made made = make(&seed);
        int64_t digits = strtoll(made.digits, NULL, 10);
        buffer_clear(&text);
        spell_oddly(&text, &made, &seed);
        assert_parses(text.data, made.negative ? -digits : digits,
                      made.exponent);
    }
    buffer_deinit(&text);
}

static void every_value_prints_plainly_and_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct buffer expected = buffer_empty(1000);
    for (int run = 0; run < 50000; run++) {
        struct made made = make(&seed);
        int64_t digits = strtoll(made.digits, NULL, 10);
        struct decimal value = {made.negative ? -digits : digits,
                                (int8_t)made.exponent};
        int places_min = pick(&seed, 0, 2);
        buffer_clear(&expected);
        spell_plainly(&expected, &made, places_min);
        char printed[DECIMAL_TEXT_SIZE];
        int len = decimal_print(printed, value, places_min);
        assert_string_equal(printed, expected.data);
        assert_int_equal(len, strlen(printed));
        assert_parses(printed, value.digits, value.exponent);
    }
    buffer_deinit(&expected);
}

static void assert_shifts(const char *text, int places, const char *expected)
{
    struct decimal value;
    struct decimal shifted = {77, 7};
    assert_int_equal(decimal_parse(&value, span_of(text)), 0);
    int err = decimal_shift(&shifted, value, places);
    if (expected == NULL) {
        assert_int_equal(err, ERR_RANGE);
        assert_int_equal(shifted.digits, 77);
        return;
    }
    struct decimal wanted;
    assert_int_equal(err, 0);
    assert_int_equal(decimal_parse(&wanted, span_of(expected)), 0);
    assert_true(decimal_equal(shifted, wanted));
}

static void point_moves_exactly_or_not_at_all(void **state)
{
    (void)state;
    assert_shifts("312.42", -2, "3.1242");
    assert_shifts("29", -2, "0.29");
    assert_shifts("-5", -2, "-0.05");
    assert_shifts("1500", -2, "15");
    assert_shifts("3.1242", 2, "312.42");
    assert_shifts("0", -2, "0");
    assert_shifts("0", 100, "0");
    assert_shifts("999999999999999999", -18, "0.999999999999999999");
    assert_shifts("0.0000000000000001", -2, "0.000000000000000001");
    assert_shifts("0.00000000000000001", -2, NULL);
    assert_shifts("0.12345678901234567", -2, NULL);
    assert_shifts("999999999999999999", 1, NULL);
    assert_shifts("1", 17, "100000000000000000");
    assert_shifts("1", 18, NULL);
    assert_shifts("1", -1000, NULL);
}

static void comparing_is_exact(void **state)
{
    (void)state;
    static const char *const rising[] = {
        "-999999999999999999",
        "-100000000000000000",
        "-12.5",
        "-12.4999",
        "-1",
        "-0.000000000000000001",
        "0",
        "0.000000000000000001",
        "0.1",
        "0.10000000000000001",
        "0.11",
        "1",
        "1.000001",
        "9.99",
        "10",
        "12",
        "99999.99",
        "100000",
        "123456789012345678",
        "999999999999999999",
    };
    size_t count = sizeof(rising) / sizeof(rising[0]);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            struct decimal a;
            struct decimal b;
            assert_int_equal(decimal_parse(&a, span_of(rising[i])), 0);
            assert_int_equal(decimal_parse(&b, span_of(rising[k])), 0);
            int order = decimal_compare(a, b);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
}

static void doubles_are_the_nearest(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        // Of every length, with every exponent that it may have.
        int64_t digits = (int64_t)(random >> 8) % 1000000000000000000;
        int length = (int)(random % 18) + 1;
        for (int k = 18; k > length; k--) {
            digits /= 10;
        }
        char text[64];
        int places = (int)((random >> 40) % 19);
        snprintf(text, sizeof(text), "%s%llde-%d", random & 64 ? "-" : "",
                 (long long)digits, places);
        struct decimal value;
        if (digits == 0 || decimal_parse(&value, span_of(text)) != 0) {
            continue;
        }
        assert_true(decimal_to_double(value) == strtod(text, NULL));
        value.digits = 0;
        value.exponent = 0;
        assert_true(decimal_to_double(value) == 0);
    }
    struct decimal most = {1, 17};
    assert_true(decimal_to_double(most) == 1e17);
    most.digits = INT64_C(1) << 53;
    most.exponent = 0;
    assert_true(decimal_to_double(most) == 9007199254740992.0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(doubles_are_the_nearest),
    cmocka_unit_test(comparing_is_exact),
    cmocka_unit_test(numbers_are_kept_in_lowest_terms),
    cmocka_unit_test(every_zero_is_the_same_zero),
    cmocka_unit_test(exponents_move_the_point),
    cmocka_unit_test(what_is_no_number_is_refused),
    cmocka_unit_test(syntax_is_judged_before_range),
    cmocka_unit_test(only_the_span_is_read),
    cmocka_unit_test(eighteen_digits_are_kept_and_nineteen_refused),
    cmocka_unit_test(digits_above_and_below_the_bounds_are_refused),
    cmocka_unit_test(zeros_that_say_nothing_cost_nothing),
    cmocka_unit_test(huge_exponents_are_out_of_range_and_no_more),
    cmocka_unit_test(long_texts_are_counted_exactly),
    cmocka_unit_test(prices_print_with_two_places_at_least),
    cmocka_unit_test(fewer_places_are_possible),
    cmocka_unit_test(longest_texts_fit),
    cmocka_unit_test(printing_beyond_the_bounds_aborts),
    cmocka_unit_test(equality_and_sign),
    cmocka_unit_test(point_moves_exactly_or_not_at_all),
    cmocka_unit_test(every_spelling_gives_the_same_value),
    cmocka_unit_test(every_value_prints_plainly_and_reads_back),
};

TEST_MAIN(tests)
