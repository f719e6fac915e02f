/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/quote.h"

#include "base/check.h"
#include "base/clock.h"

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

int quote_print_as_of(char out[QUOTE_AS_OF_SIZE], const struct quote *quote)
{
    CHECK(quote->has_as_of);
    int len = clock_print_unix_ms(out, quote->as_of_unix_ms);
    if (quote->as_of_is_day) {
        len = 10; // "2025-11-06"
        out[len] = '\0';
    }
    return len;
}
