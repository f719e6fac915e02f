/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "document/currency.h"
#include "quote/quote.h"

/* Whether a number of a quote is an amount of money. */
static bool is_money(enum quote_number n)
{
    return n != QUOTE_VOLUME && n != QUOTE_CHANGE_PERCENT;
}

/* Whether two prices are about a hundredfold of each other. */
static bool is_hundredfold(struct decimal a, struct decimal b)
{
    return decimal_is_positive(a) && decimal_is_positive(b) &&
           currency_units_differ(a, b);
}

/* Make the money of a quote one in whole units. */
static bool convert(struct quote *quote, int places)
{
    for (int i = 0; i < QUOTE_NUMBERS; i++) {
        enum quote_number n = (enum quote_number)i;
        if (!quote_has(quote, n) || !is_money(n)) {
            continue;
        }
        struct decimal value;
        if (decimal_shift(&value, quote_number(quote, n), -places) != 0) {
            return false;
        }
        quote_set(quote, n, value);
    }
    return true;
}

/* Whether the quote's own prices are in different units. */
static bool is_mixed(const struct quote *quote)
{
    struct decimal price = quote_number(quote, QUOTE_PRICE);
    static const enum quote_number others[] = {QUOTE_OPEN, QUOTE_HIGH,
                                               QUOTE_LOW, QUOTE_PREVIOUS_CLOSE};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (quote_has(quote, others[i]) &&
            is_hundredfold(price, quote_number(quote, others[i]))) {
            return true;
        }
    }
    return false;
}

bool unit_assume(struct quote *quote, struct span currency)
{
    struct currency known;
    if (quote->currency[0] != '\0' || !currency_read(&known, currency)) {
        return true;
    }
    CHECK(quote_has(quote, QUOTE_PRICE));
    if (known.places > 0 && !convert(quote, known.places)) {
        return false;
    }
    memcpy(quote->currency, known.code, sizeof(quote->currency));
    quote->unit_factor = known.places > 0 ? 100 : 0;
    return !currency_is_divided(known.code) || !is_mixed(quote);
}

/* Whether the price may as well be meant in hundredths. */
static bool is_doubtful(const struct quote *quote)
{
    const char *dot = strrchr(quote->symbol.text, '.');
    bool has_ending = dot != NULL && strlen(dot + 1) >= 2;
    return currency_is_divided(quote->currency) ||
           (quote->currency[0] == '\0' && has_ending);
}

bool unit_differs(const struct quote *quote, const struct quote *served)
{
    CHECK(symbol_equal(&quote->symbol, &served->symbol));
    bool is_own = strcmp(quote->source, served->source) == 0;
    bool has_both = quote->currency[0] != '\0' && served->currency[0] != '\0';
    if (has_both && strcmp(quote->currency, served->currency) != 0) {
        return !is_own;
    }
    if (is_own && quote->unit_factor == served->unit_factor) {
        return false;
    }
    return (is_doubtful(quote) || is_doubtful(served)) &&
           is_hundredfold(quote_number(quote, QUOTE_PRICE),
                          quote_number(served, QUOTE_PRICE));
}

void unit_print(char out[UNIT_TEXT_SIZE], const struct quote *quote)
{
    bool is_named = quote->currency[0] != '\0';
    int len = snprintf(out, UNIT_TEXT_SIZE, "%.*s %s%s", quote->price_len,
                       quote->price_text,
                       is_named ? quote->currency : "of no currency",
                       quote->unit_factor > 0 ? " (sent in hundredths)" : "");
    CHECK(len > 0 && len < UNIT_TEXT_SIZE);
}
