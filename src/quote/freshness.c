/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/freshness.h"

#include "base/check.h"
#include "quote/quote.h"

uint64_t freshness_age_ms(const struct quote *quote, uint64_t now_mono_ms)
{
    return now_mono_ms > quote->fetched_mono_ms
               ? now_mono_ms - quote->fetched_mono_ms
               : 0;
}

/* From when on it is stale. */
static uint64_t stale_from_ms(const struct quote *quote,
                              const struct freshness_rule *rule)
{
    return quote->settled_until_mono_ms > 0
               ? quote->settled_until_mono_ms
               : quote->fetched_mono_ms + rule->fresh_for_ms;
}

static enum freshness label_of(const struct quote *quote)
{
    if (quote->is_closing) {
        return FRESHNESS_CLOSED;
    }
    bool is_delayed = quote->delay == QUOTE_DELAY_END_OF_DAY ||
                      (quote->delay == QUOTE_DELAY_KNOWN && quote->delay_s > 0);
    return is_delayed ? FRESHNESS_DELAYED : FRESHNESS_FRESH;
}

enum freshness freshness_of(const struct quote *quote,
                            const struct freshness_rule *rule,
                            uint64_t now_mono_ms)
{
    uint64_t from_ms = stale_from_ms(quote, rule);
    if (now_mono_ms < from_ms) {
        return label_of(quote);
    }
    return now_mono_ms - from_ms < rule->stale_for_ms ? FRESHNESS_STALE
                                                      : FRESHNESS_EXPIRED;
}

uint64_t freshness_left_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms)
{
    uint64_t from_ms = stale_from_ms(quote, rule);
    uint64_t now_ms = now_mono_ms > quote->fetched_mono_ms
                          ? now_mono_ms
                          : quote->fetched_mono_ms;
    return now_ms < from_ms ? from_ms - now_ms : 0;
}

uint64_t freshness_late_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms)
{
    uint64_t from_ms = stale_from_ms(quote, rule);
    return now_mono_ms > from_ms ? now_mono_ms - from_ms : 0;
}

const char *freshness_word(enum freshness freshness)
{
    static const char *const words[] = {
        [FRESHNESS_FRESH] = "fresh",     [FRESHNESS_DELAYED] = "delayed",
        [FRESHNESS_CLOSED] = "closed",   [FRESHNESS_STALE] = "stale",
        [FRESHNESS_EXPIRED] = "expired",
    };
    CHECK(freshness <= FRESHNESS_EXPIRED);
    return words[freshness];
}
