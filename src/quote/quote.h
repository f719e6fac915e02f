/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quote.h -- a price with all that is known about it: a plain value.
 *
 * A quote is filled in by whoever builds it and never changed once it is
 * published (cache/cache.h).  Only symbol, price, fetched and source are always
 * there; `has` says which of the others are.  Nothing is guessed: what the
 * provider did not say stays absent.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"
#include "quote/symbol.h"

/* The decimals of a quote, as the fields of HGETALL name them. */
enum quote_number {
    QUOTE_PRICE,
    QUOTE_OPEN,
    QUOTE_HIGH,
    QUOTE_LOW,
    QUOTE_PREVIOUS_CLOSE,
    QUOTE_CHANGE,
    QUOTE_CHANGE_PERCENT,
    QUOTE_VOLUME,
    QUOTE_NUMBERS, /* how many there are */
};

/* An ISO 4217 code, or a provider's own word such as GBX, and a 0. */
#define QUOTE_CURRENCY_SIZE 8

/* A provider's name and a 0. */
#define QUOTE_SOURCE_SIZE 24

/* What the provider is known to say about the delay of its prices. */
enum quote_delay {
    QUOTE_DELAY_UNKNOWN,
    QUOTE_DELAY_KNOWN,      /* delay_s of it; 0 is real time */
    QUOTE_DELAY_END_OF_DAY, /* one price a session, once it has closed */
};

/* What nearly every request reads stands first, next to each other. */
struct quote {
    struct symbol symbol;
    uint16_t has; /* bit n: number n is known */
    bool has_as_of;
    bool as_of_is_day; /* the provider gave a date without a time */
    bool is_closing;   /* settled because its market is closed */
    bool is_old;   /* of an earlier session: the provider had no other price */
    uint8_t delay; /* enum quote_delay */
    uint8_t price_len;
    /* What the provider's prices were divided by to be in `currency`: 100 where
     * it counts pence.  0: they are as they were sent. */
    uint16_t unit_factor;
    uint32_t delay_s;
    uint64_t fetched_mono_ms; /* base/clock.h; what ages the quote */
    /* Until then there can be no other price, so it is neither stale nor
     * refreshed (desk/closing.h); 0: there may be one at any time. */
    uint64_t settled_until_mono_ms;
    /* The price as it is shown, composed once when the quote is made, because
     * it is what nearly every request asks for. */
    char price_text[DECIMAL_TEXT_SIZE];
    int64_t fetched_unix_ms;
    /* When the provider says the price was; of a day, its midnight in UTC,
     * wherever the day is one. */
    int64_t as_of_unix_ns;
    /* The numbers' digits and exponents: apart, they take 56 bytes less than
     * decimals would.  Read with quote_number(). */
    int64_t digits[QUOTE_NUMBERS];
    int8_t exponents[QUOTE_NUMBERS];
    char currency[QUOTE_CURRENCY_SIZE]; /* "" where unknown */
    char source[QUOTE_SOURCE_SIZE];     /* the provider's name */
};

/* Whether a number is known.  Threads: any, as all below. */
static inline bool quote_has(const struct quote *quote, enum quote_number n)
{
    return (quote->has >> n & 1) != 0;
}

/* A number that is known. */
static inline struct decimal quote_number(const struct quote *quote,
                                          enum quote_number n)
{
    return (struct decimal){quote->digits[n], quote->exponents[n]};
}

/* Set a number, and price_text with QUOTE_PRICE. */
void quote_set(struct quote *quote, enum quote_number n, struct decimal value);

/* The name of a number's field, such as "previous_close".  BORROWED, static. */
const char *quote_number_name(enum quote_number n);

/*
 * Write a number as it is shown: with at least two places, the volume without
 * any that it does not have.  The number is known (checked).  Returns the
 * length without the 0.
 */
int quote_print_number(char out[DECIMAL_TEXT_SIZE], const struct quote *quote,
                       enum quote_number n);

/* Bytes of the longest printed as_of and its 0:
 * "2025-11-06T12:34:56.123456789Z". */
#define QUOTE_AS_OF_SIZE 31

/* Write as_of: "2025-11-06" where only the day is known, else RFC 3339 in UTC
 * with 3, 6 or 9 places of the second, as many as it takes.  has_as_of is true
 * (checked).  Returns the length without the 0. */
int quote_print_as_of(char out[QUOTE_AS_OF_SIZE], const struct quote *quote);

/* Whether two quotes are the same in every member. */
bool quote_equal(const struct quote *a, const struct quote *b);

/*
 * Which of two prices is the earlier one: below 0 where a's surely is, above 0
 * where b's surely is, else 0, and 0 where either has no as_of.  A day is 24
 * hours that begin anywhere from UTC+14 to UTC-12, so an instant within these
 * is neither before the day nor after it.
 */
int quote_compare_as_of(const struct quote *a, const struct quote *b);
