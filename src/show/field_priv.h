/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field_priv.h -- field_text() for who composes all fields of a quote: where
 * the field is a constant, only what that field takes is left of it.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include "base/clock.h"
#include "base/digits.h"
#include "base/units.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "show/field.h"

/* A text, or nothing for "". */
static inline struct span field_known(const char *text)
{
    return text[0] != '\0' ? span_of(text) : (struct span){NULL, 0};
}

/* The quote's, or else the names file's. */
static inline struct span field_currency(const struct field_source *source)
{
    if (source->quote->currency[0] != '\0') {
        return span_of(source->quote->currency);
    }
    return source->name != NULL ? field_known(source->name->currency)
                                : (struct span){NULL, 0};
}

/* A number of the quote, written into scratch, as all below. */
static inline struct span field_number(const struct quote *quote,
                                       enum quote_number n,
                                       char scratch[FIELD_TEXT_SIZE])
{
    if (!quote_has(quote, n)) {
        return (struct span){NULL, 0};
    }
    int len = quote_print_number(scratch, quote, n);
    return (struct span){scratch, (size_t)len};
}

/* When the price was. */
static inline struct span field_as_of(const struct quote *quote,
                                      char scratch[FIELD_TEXT_SIZE])
{
    if (!quote->has_as_of) {
        return (struct span){NULL, 0};
    }
    int len = quote_print_as_of(scratch, quote);
    return (struct span){scratch, (size_t)len};
}

/* When the quote was fetched. */
static inline struct span field_fetched(const struct quote *quote,
                                        char scratch[FIELD_TEXT_SIZE])
{
    int len = clock_print_unix_ms(scratch, quote->fetched_unix_ms);
    return (struct span){scratch, (size_t)len};
}

/* A whole number. */
static inline struct span field_whole(uint64_t value,
                                      char scratch[FIELD_TEXT_SIZE])
{
    return (struct span){scratch,
                         (size_t)(digits_put(scratch, value) - scratch)};
}

/* "15m", or "0". */
static inline struct span field_duration(uint32_t seconds,
                                         char scratch[FIELD_TEXT_SIZE])
{
    if (seconds == 0) {
        return span_of("0");
    }
    int len = units_print_duration_ms(scratch, (uint64_t)seconds * 1000);
    return (struct span){scratch, (size_t)len};
}

/* How late the provider says that its prices are. */
static inline struct span field_delay(const struct quote *quote,
                                      char scratch[FIELD_TEXT_SIZE])
{
    switch ((enum quote_delay)quote->delay) {
    case QUOTE_DELAY_KNOWN:
        return field_duration(quote->delay_s, scratch);
    case QUOTE_DELAY_END_OF_DAY:
        return span_of("end of day");
    case QUOTE_DELAY_UNKNOWN:
        break;
    }
    return (struct span){NULL, 0};
}

/* What the provider's prices were divided by. */
static inline struct span field_unit_factor(const struct quote *quote,
                                            char scratch[FIELD_TEXT_SIZE])
{
    if (quote->unit_factor <= 1) {
        return (struct span){NULL, 0};
    }
    return field_whole(quote->unit_factor, scratch);
}

/* As field_text(). */
__attribute__((always_inline)) static inline struct span field_compose(
    enum field field, const struct field_source *source,
    char scratch[FIELD_TEXT_SIZE])
{
    const struct quote *quote = source->quote;
    switch (field) {
    case FIELD_SYMBOL:
        return symbol_span(&quote->symbol);
    case FIELD_NAME:
        return source->name != NULL ? span_of(source->name->name)
                                    : (struct span){NULL, 0};
    case FIELD_PRICE:
        return (struct span){quote->price_text, quote->price_len};
    case FIELD_CURRENCY:
        return field_currency(source);
    case FIELD_OPEN:
        return field_number(quote, QUOTE_OPEN, scratch);
    case FIELD_HIGH:
        return field_number(quote, QUOTE_HIGH, scratch);
    case FIELD_LOW:
        return field_number(quote, QUOTE_LOW, scratch);
    case FIELD_PREVIOUS_CLOSE:
        return field_number(quote, QUOTE_PREVIOUS_CLOSE, scratch);
    case FIELD_CHANGE:
        return field_number(quote, QUOTE_CHANGE, scratch);
    case FIELD_CHANGE_PERCENT:
        return field_number(quote, QUOTE_CHANGE_PERCENT, scratch);
    case FIELD_VOLUME:
        return field_number(quote, QUOTE_VOLUME, scratch);
    case FIELD_AS_OF:
        return field_as_of(quote, scratch);
    case FIELD_FETCHED:
        return field_fetched(quote, scratch);
    case FIELD_AGE_MS:
        return field_whole(freshness_age_ms(quote, source->now_mono_ms),
                           scratch);
    case FIELD_STATE:
        return span_of(freshness_word(source->state));
    case FIELD_DELAY:
        return field_delay(quote, scratch);
    case FIELD_UNIT_FACTOR:
        return field_unit_factor(quote, scratch);
    case FIELD_SOURCE:
        return field_known(quote->source);
    case FIELD_SERVER:
        return field_known(source->server);
    case FIELD_COUNT:
        break;
    }
    return (struct span){NULL, 0};
}
