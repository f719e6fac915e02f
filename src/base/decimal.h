/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decimal.h -- exact signed decimals, the only form a price has here.
 *
 * The value is digits * 10^exponent.  It is kept in lowest terms (digits does
 * not end in 0, and 0 is 0 * 10^0), so equal values have equal fields.  There
 * is no NaN and no infinity: what is no number does not parse.
 *
 * Bounds: 18 significant digits, and no digit above 10^17 or below 10^-18; the
 * providers' longest (float noise such as 328.87921142578125) has 17 digits.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define DECIMAL_DIGITS_LIMIT 18
#define DECIMAL_PLACES_LIMIT 18

/* Bytes of the longest printed decimal and its 0: a sign, "0.", 18 places, or
 * 18 digits with a point, or 18 digits and ".00". */
#define DECIMAL_TEXT_SIZE 24

struct decimal {
    int64_t digits;
    int8_t exponent;
};

/*
 * Read [+-]digits[.digits][e[+-]digits], the whole span; ".5" and "5." are not
 * of this form, as in JSON.  Returns 0, ERR_SYNTAX when it is no number,
 * ERR_RANGE when it is one beyond the bounds above (never rounded: a rounded
 * price is a wrong price); on failure *out is as it was.  Threads: any.
 */
int decimal_parse(struct decimal *out, struct span text);

/*
 * Write in plain notation with at least places_min (0 to 2) places and no
 * trailing zero beyond them: with 2, 312.4200 is "312.42", 29 is "29.00".  The
 * value is within the bounds above (checked).  Returns the length without the
 * 0.  Threads: any.
 */
int decimal_print(char out[DECIMAL_TEXT_SIZE], struct decimal value,
                  int places_min);

/*
 * Move the point: *out is value * 10^places, exactly.  Returns 0, or ERR_RANGE
 * where that is beyond the bounds above; *out is then as it was.  Threads: any.
 */
int decimal_shift(struct decimal *out, struct decimal value, int places);

/* The nearest double, which is what strtod() gives for the printed value.
 * Threads: any. */
double decimal_to_double(struct decimal value);

/* Same value; lowest terms make that same fields. */
static inline bool decimal_equal(struct decimal a, struct decimal b)
{
    return a.digits == b.digits && a.exponent == b.exponent;
}

/* Below 0 where a < b, 0 where they are equal, above 0 where a > b; exactly.
 * Threads: any. */
int decimal_compare(struct decimal a, struct decimal b);

/* Whether the value is above 0. */
static inline bool decimal_is_positive(struct decimal value)
{
    return value.digits > 0;
}
