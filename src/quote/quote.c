/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/quote.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"

#define NS_PER_MS ((int64_t)CLOCK_NS_PER_MS)
#define NS_PER_S  (NS_PER_MS * 1000)

void quote_set(struct quote *quote, enum quote_number n, struct decimal value)
{
    CHECK(n < QUOTE_NUMBERS);
    quote->digits[n] = value.digits;
    quote->exponents[n] = value.exponent;
    quote->has = (uint16_t)(quote->has | 1u << n);
    if (n == QUOTE_PRICE) {
        quote->price_len = (uint8_t)decimal_print(quote->price_text, value, 2);
    }
}

const char *quote_number_name(enum quote_number n)
{
    static const char *const names[QUOTE_NUMBERS] = {
        [QUOTE_PRICE] = "price",
        [QUOTE_OPEN] = "open",
        [QUOTE_HIGH] = "high",
        [QUOTE_LOW] = "low",
        [QUOTE_PREVIOUS_CLOSE] = "previous_close",
        [QUOTE_CHANGE] = "change",
        [QUOTE_CHANGE_PERCENT] = "change_percent",
        [QUOTE_VOLUME] = "volume",
    };
    CHECK(n < QUOTE_NUMBERS);
    return names[n];
}

int quote_print_number(char out[DECIMAL_TEXT_SIZE], const struct quote *quote,
                       enum quote_number n)
{
    CHECK(quote_has(quote, n));
    return decimal_print(out, quote_number(quote, n),
                         n == QUOTE_VOLUME ? 0 : 2);
}

/* Make a fraction of three places one of six or nine, if that takes them. */
static int print_fraction(char out[QUOTE_AS_OF_SIZE], int len, int64_t ns)
{
    CHECK(ns >= 0 && ns < NS_PER_MS);
    if (ns == 0) {
        return len;
    }
    bool is_us = ns % 1000 == 0;
    int at = len - 1; // of the Z
    len = at + snprintf(out + at, QUOTE_AS_OF_SIZE - (size_t)at, "%0*uZ",
                        is_us ? 3 : 6, (unsigned)(is_us ? ns / 1000 : ns));
    CHECK(len < QUOTE_AS_OF_SIZE);
    return len;
}

int quote_print_as_of(char out[QUOTE_AS_OF_SIZE], const struct quote *quote)
{
    CHECK(quote->has_as_of);
    int64_t ns = quote->as_of_unix_ns % NS_PER_MS;
    ns += ns < 0 ? NS_PER_MS : 0;
    int len = clock_print_unix_ms(out, (quote->as_of_unix_ns - ns) / NS_PER_MS);
    if (quote->as_of_is_day) {
        len = 10; // "2025-11-06"
        out[len] = '\0';
        return len;
    }
    return print_fraction(out, len, ns);
}

static bool equal_values(const struct quote *a, const struct quote *b)
{
    return a->has == b->has &&
           memcmp(a->digits, b->digits, sizeof(a->digits)) == 0 &&
           memcmp(a->exponents, b->exponents, sizeof(a->exponents)) == 0 &&
           memcmp(a->currency, b->currency, sizeof(a->currency)) == 0 &&
           memcmp(a->source, b->source, sizeof(a->source)) == 0 &&
           a->unit_factor == b->unit_factor;
}

static bool equal_times(const struct quote *a, const struct quote *b)
{
    return a->fetched_mono_ms == b->fetched_mono_ms &&
           a->fetched_unix_ms == b->fetched_unix_ms &&
           a->settled_until_mono_ms == b->settled_until_mono_ms &&
           a->has_as_of == b->has_as_of && a->as_of_is_day == b->as_of_is_day &&
           a->as_of_unix_ns == b->as_of_unix_ns &&
           a->is_closing == b->is_closing && a->is_old == b->is_old &&
           a->delay == b->delay && a->delay_s == b->delay_s;
}

bool quote_equal(const struct quote *a, const struct quote *b)
{
    // Copies of one are alike in every byte, also in those between members,
    // which of others may differ.  The price's text is of its digits.
    if (memcmp(a, b, sizeof(*a)) == 0) {
        return true;
    }
    return symbol_equal(&a->symbol, &b->symbol) && equal_times(a, b) &&
           equal_values(a, b);
}

/* The whole second that an instant is in. */
static int64_t second_of(const struct quote *quote)
{
    int64_t ns = quote->as_of_unix_ns;
    return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

/* Whether all that `a` may mean is before all that `b` may mean. */
static bool is_before(const struct quote *a, const struct quote *b)
{
    if (a->as_of_is_day == b->as_of_is_day) {
        return a->as_of_unix_ns < b->as_of_unix_ns;
    }
    const int64_t hour = 3600;
    return a->as_of_is_day ? second_of(a) + (24 + 12) * hour <= second_of(b)
                           : second_of(a) < second_of(b) - 14 * hour;
}

int quote_compare_as_of(const struct quote *a, const struct quote *b)
{
    if (!a->has_as_of || !b->has_as_of) {
        return 0;
    }
    return is_before(a, b) ? -1 : is_before(b, a) ? 1 : 0;
}
