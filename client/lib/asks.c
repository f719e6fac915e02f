/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/asks.h"

#include <quoted/quoted.h>
#include <string.h>

#include "base/check.h"
#include "lib/clean.h"
#include "lib/fields.h"

static struct quoted_quote *quote_at(const struct asks *asks, size_t i)
{
    CHECK(i < asks->n);
    return (void *)((char *)asks->quotes + i * asks->stride);
}

/* Write what fits of a struct of ours into one of the caller's, and 0 behind
 * it. */
static void hand_over(void *out, size_t size, const void *ours, size_t ours_len)
{
    memcpy(out, ours, size < ours_len ? size : ours_len);
    if (size > ours_len) {
        memset((char *)out + ours_len, 0, size - ours_len);
    }
}

bool asks_may_be_symbol(const char *symbol)
{
    if (symbol == NULL) {
        return false;
    }
    size_t len = strnlen(symbol, QUOTED_SYMBOL_LIMIT + 1);
    return len > 0 && len <= QUOTED_SYMBOL_LIMIT &&
           clean_text((struct span){symbol, len});
}

void asks_begin(struct asks *asks)
{
    asks->open = asks->n;
    for (size_t i = 0; i < asks->n; i++) {
        quote_at(asks, i)->status = ASKS_UNANSWERED;
        if (asks->symbols != NULL && !asks_may_be_symbol(asks->symbols[i])) {
            asks_fail(asks, i, QUOTED_E_SYMBOL,
                      quoted_error_text(QUOTED_E_SYMBOL));
        }
    }
}

size_t asks_next_open(const struct asks *asks, size_t i)
{
    while (i < asks->n && asks_status(asks, i) <= 0) {
        i++;
    }
    return i;
}

int asks_status(const struct asks *asks, size_t i)
{
    return quote_at(asks, i)->status;
}

void asks_answer(struct asks *asks, size_t i, const struct quoted_quote *quote)
{
    CHECK(asks_status(asks, i) > 0);
    CHECK(asks->open > 0);
    CHECK(quote->status <= 0);
    struct quoted_quote *out = quote_at(asks, i);
    hand_over(out, asks->stride, quote, sizeof(*quote));
    out->size = (uint32_t)asks->stride;
    asks->open--;
}

void asks_fail(struct asks *asks, size_t i, int status, const char *message)
{
    struct quoted_quote quote = {.size = 0};
    fields_fail(&quote, status, span_of(message));
    asks_answer(asks, i, &quote);
}

void asks_begin_bars(struct asks_bars *bars)
{
    bars->count = 0;
}

void asks_take_bar(struct asks_bars *bars, const struct quoted_bar *bar)
{
    if (bars->count < bars->room) {
        struct quoted_bar *out =
            (void *)((char *)bars->bars + bars->count * bars->stride);
        hand_over(out, bars->stride, bar, sizeof(*bar));
        out->size = (uint32_t)bars->stride;
    }
    bars->count++;
}

void asks_refer(struct asks *asks, size_t i, enum asks_open why)
{
    CHECK(asks_status(asks, i) > 0);
    quote_at(asks, i)->status = (int)why;
}
