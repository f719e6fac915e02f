/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shown.h -- quotes to be shown: one of which all is known, and one of which
 * only the price is.
 */

#pragma once

#include "quote/quote.h"
#include "testing/testing.h"

static inline struct quote shown_full(void)
{
    struct quote quote = {
        .has_as_of = true,
        .as_of_is_day = true,
        .as_of_unix_ns = 1762387200000000000,
        .fetched_unix_ms = 1762416000123,
        .fetched_mono_ms = 5000,
        .currency = "USD",
        .source = "alphavantage",
    };
    assert_int_equal(symbol_parse(&quote.symbol, span_of("IBM")), 0);
    quote_set(&quote, QUOTE_PRICE, (struct decimal){32887921142578125, -14});
    quote_set(&quote, QUOTE_OPEN, (struct decimal){3, 2});
    quote_set(&quote, QUOTE_HIGH, (struct decimal){3135, -1});
    quote_set(&quote, QUOTE_LOW, (struct decimal){12345, -9});
    quote_set(&quote, QUOTE_PREVIOUS_CLOSE, (struct decimal){29, 0});
    quote_set(&quote, QUOTE_CHANGE, (struct decimal){-15, -1});
    quote_set(&quote, QUOTE_CHANGE_PERCENT, (struct decimal){0, 0});
    quote_set(&quote, QUOTE_VOLUME, (struct decimal){4123, 3});
    return quote;
}

static inline struct quote shown_bare(void)
{
    struct quote quote = {.fetched_unix_ms = 0, .fetched_mono_ms = 5000};
    assert_int_equal(symbol_parse(&quote.symbol, span_of("X")), 0);
    quote_set(&quote, QUOTE_PRICE, (struct decimal){1, -5});
    return quote;
}
