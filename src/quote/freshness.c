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

enum freshness freshness_of(const struct quote *quote,
                            const struct freshness_rule *rule,
                            uint64_t now_mono_ms)
{
    uint64_t age_ms = freshness_age_ms(quote, now_mono_ms);
    if (age_ms < rule->fresh_for_ms) {
        return FRESHNESS_FRESH;
    }
    if (age_ms - rule->fresh_for_ms < rule->stale_for_ms) {
        return FRESHNESS_STALE;
    }
    return FRESHNESS_EXPIRED;
}

uint64_t freshness_left_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms)
{
    uint64_t age_ms = freshness_age_ms(quote, now_mono_ms);
    return age_ms < rule->fresh_for_ms ? rule->fresh_for_ms - age_ms : 0;
}

const char *freshness_word(enum freshness freshness)
{
    static const char *const words[] = {
        [FRESHNESS_FRESH] = "fresh",
        [FRESHNESS_STALE] = "stale",
        [FRESHNESS_EXPIRED] = "expired",
    };
    CHECK(freshness <= FRESHNESS_EXPIRED);
    return words[freshness];
}
