/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/digits.h"
#include "base/err.h"

/* An exponent beyond this is not counted on: no text has as many digits, so
 * the value stays out of range whatever stands before the e. */
#define EXPONENT_ENOUGH INT64_C(1000000000000)

/* As many as surely fit 64 bits; one more than a value may have, which is
 * enough to see that it has too many. */
#define DIGITS_TAKEN (DECIMAL_DIGITS_LIMIT + 1)

/* A reader's place in the text, and what it has read. */
struct reader {
    struct span rest;
    uint64_t digits;
    int significant;  // digits taken since the first that is not 0
    int64_t exponent; // of the last digit that was taken
    bool overflowed;  // a digit other than 0 was dropped
};

static void take_digit(struct reader *r, char c, bool in_fraction)
{
    r->exponent -= in_fraction;
    if (r->significant == DIGITS_TAKEN) {
        // A zero too many is made good by the exponent; other digits are lost.
        r->overflowed = r->overflowed || c != '0';
        r->exponent++;
        return;
    }
    r->significant += r->significant > 0 || c != '0';
    r->digits = r->digits * 10 + (uint64_t)(c - '0');
}

static bool next_is_digit(const struct reader *r)
{
    return r->rest.len > 0 && r->rest.data[0] >= '0' && r->rest.data[0] <= '9';
}

static char take(struct reader *r)
{
    char c = r->rest.data[0];
    r->rest.data++;
    r->rest.len--;
    return c;
}

static bool take_if(struct reader *r, char a, char b)
{
    if (r->rest.len == 0 || (r->rest.data[0] != a && r->rest.data[0] != b)) {
        return false;
    }
    take(r);
    return true;
}

static size_t take_digits(struct reader *r, bool in_fraction)
{
    size_t count = 0;
    for (; next_is_digit(r); count++) {
        take_digit(r, take(r), in_fraction);
    }
    return count;
}

static int take_exponent(struct reader *r)
{
    bool negative = take_if(r, '-', '-');
    if (!negative) {
        take_if(r, '+', '+');
    }
    if (!next_is_digit(r)) {
        return ERR_SYNTAX;
    }
    int64_t value = 0;
    while (next_is_digit(r)) {
        char c = take(r);
        value = value > EXPONENT_ENOUGH ? value : value * 10 + (c - '0');
    }
    r->exponent += negative ? -value : value;
    return 0;
}

/* Powers of ten: the last is beyond every value. */
static const uint64_t tens[DECIMAL_DIGITS_LIMIT + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
};
_Static_assert(DECIMAL_PLACES_LIMIT <= DECIMAL_DIGITS_LIMIT, "there is one");

/* A value's digits without its sign. */
static uint64_t size_of(struct decimal value)
{
    return value.digits < 0 ? 0 - (uint64_t)value.digits
                            : (uint64_t)value.digits;
}

/* 0 of 0: it has no first digit. */
static int count_digits(uint64_t value)
{
    return value > 0 ? digits_count(value) : 0;
}

static bool in_bounds(int count, int64_t exponent)
{
    return count <= DECIMAL_DIGITS_LIMIT && exponent >= -DECIMAL_PLACES_LIMIT &&
           exponent + count <= DECIMAL_DIGITS_LIMIT;
}

static int in_lowest_terms(struct decimal *out, uint64_t digits,
                           int64_t exponent, bool negative)
{
    if (digits == 0) {
        *out = (struct decimal){0, 0};
        return 0;
    }
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    if (!in_bounds(count_digits(digits), exponent)) {
        return ERR_RANGE;
    }
    out->digits = negative ? -(int64_t)digits : (int64_t)digits;
    out->exponent = (int8_t)exponent;
    return 0;
}

int decimal_parse(struct decimal *out, struct span text)
{
    struct reader r = {.rest = text};
    bool negative = take_if(&r, '-', '-');
    if (!negative) {
        take_if(&r, '+', '+');
    }
    if (take_digits(&r, false) == 0) {
        return ERR_SYNTAX;
    }
    if (take_if(&r, '.', '.') && take_digits(&r, true) == 0) {
        return ERR_SYNTAX;
    }
    if (take_if(&r, 'e', 'E') && take_exponent(&r) != 0) {
        return ERR_SYNTAX;
    }
    if (r.rest.len > 0) {
        return ERR_SYNTAX;
    }
    if (r.overflowed) {
        return ERR_RANGE;
    }
    return in_lowest_terms(out, r.digits, r.exponent, negative);
}

int decimal_shift(struct decimal *out, struct decimal value, int places)
{
    return in_lowest_terms(out, size_of(value),
                           (int64_t)value.exponent + places, value.digits < 0);
}

/* The sizes of two values above 0: below 0, 0 or above 0. */
static int compare_sizes(uint64_t a, int a_exponent, uint64_t b, int b_exponent)
{
    int a_first = count_digits(a) + a_exponent; // where the first digit stands
    int b_first = count_digits(b) + b_exponent;
    if (a_first != b_first) {
        return a_first < b_first ? -1 : 1;
    }
    // Brought to the smaller exponent, neither has more digits than before the
    // other had, so nothing overflows.
    for (; a_exponent > b_exponent; a_exponent--) {
        a *= 10;
    }
    for (; b_exponent > a_exponent; b_exponent--) {
        b *= 10;
    }
    return a < b ? -1 : a > b;
}

int decimal_compare(struct decimal a, struct decimal b)
{
    int a_sign = a.digits < 0 ? -1 : a.digits > 0;
    int b_sign = b.digits < 0 ? -1 : b.digits > 0;
    if (a_sign != b_sign || a_sign == 0) {
        return a_sign - b_sign;
    }
    if (a_sign < 0) {
        return compare_sizes(0 - (uint64_t)b.digits, b.exponent,
                             0 - (uint64_t)a.digits, a.exponent);
    }
    return compare_sizes((uint64_t)a.digits, a.exponent, (uint64_t)b.digits,
                         b.exponent);
}

/* A value's size in two parts, at the point. */
struct parts {
    uint64_t whole;
    uint64_t fraction; // of so many places
    int places;
};

static struct parts parts_of(uint64_t digits, int exponent)
{
    if (exponent >= 0) {
        return (struct parts){digits * tens[exponent], 0, 0};
    }
    uint64_t unit = tens[-exponent];
    return (struct parts){digits / unit, digits % unit, -exponent};
}

/* Write a fraction with all its places and return where it ends. */
static char *print_fraction(char *at, const struct parts *parts)
{
    char *end = at + parts->places;
    memset(at, '0', (size_t)parts->places);
    if (parts->fraction > 0) {
        digits_put_before(end, parts->fraction);
    }
    return end;
}

/* Write a value with two places. */
static int print_hundredths(char *out, uint64_t hundredths, bool is_negative)
{
    out[0] = '-'; // or a digit
    char *at = digits_put(out + is_negative, hundredths / 100);
    at[0] = '.';
    digits_put_two(at + 1, (unsigned)(hundredths % 100));
    at[3] = '\0';
    return (int)(at + 3 - out);
}

/* Hundredths of which nearly every price has less, and that leave room for two
 * more digits. */
#define HUNDREDTHS_MAX UINT64_C(10000000000000000)

/* Write any value: apart, so that the other way needs no registers for it. */
__attribute__((noinline)) static int print_any(char out[DECIMAL_TEXT_SIZE],
                                               struct decimal value,
                                               int places_min)
{
    int exponent = value.exponent;
    uint64_t digits = size_of(value);
    CHECK(places_min >= 0 && places_min <= 2);
    CHECK(exponent >= -DECIMAL_PLACES_LIMIT &&
          exponent <= DECIMAL_DIGITS_LIMIT);
    CHECK(digits < tens[DECIMAL_DIGITS_LIMIT - (exponent > 0 ? exponent : 0)]);

    struct parts parts = parts_of(digits, exponent);
    char *at = out;
    if (value.digits < 0) {
        *at++ = '-';
    }
    at = digits_put(at, parts.whole);
    if (parts.places > 0 || places_min > 0) {
        *at++ = '.';
        at = print_fraction(at, &parts);
        for (int i = parts.places; i < places_min; i++) {
            *at++ = '0';
        }
    }
    *at = '\0';
    return (int)(at - out);
}

int decimal_print(char out[DECIMAL_TEXT_SIZE], struct decimal value,
                  int places_min)
{
    int exponent = value.exponent;
    uint64_t digits = size_of(value);
    if (places_min == 2 && exponent <= 0 && exponent >= -2 &&
        digits < HUNDREDTHS_MAX) {
        return print_hundredths(out, digits * tens[exponent + 2],
                                value.digits < 0);
    }
    return print_any(out, value, places_min);
}

/* Whole numbers up to this are doubles, as are the powers of ten below; one
 * division or product of two doubles is rounded once, to the nearest. */
#define EXACT_MAX (INT64_C(1) << 53)

double decimal_to_double(struct decimal value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                    1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                    1e14, 1e15, 1e16, 1e17, 1e18};
    CHECK(value.exponent >= -DECIMAL_PLACES_LIMIT &&
          value.exponent < DECIMAL_DIGITS_LIMIT);
    if (value.digits > EXACT_MAX || value.digits < -EXACT_MAX) {
        char text[DECIMAL_TEXT_SIZE];
        decimal_print(text, value, 0);
        return strtod(text, NULL);
    }
    double digits = (double)value.digits;
    return value.exponent < 0 ? digits / powers[-value.exponent]
                              : digits * powers[value.exponent];
}
