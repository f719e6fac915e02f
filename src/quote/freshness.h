/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h -- whether a quote may be served, and under which label.
 *
 * Age is counted on the monotonic clock from when we got the quote.  FRESH
 * below fresh_for; STALE, labelled and refreshed behind the answer, for
 * stale_for longer; EXPIRED after that, and then it is not served at all.
 *
 * A price that can't change before an instant (desk/closing.h) does not grow
 * stale before it either, and is stale from it on: CLOSED where that is because
 * its market is closed.  DELAYED is as FRESH, of a provider whose prices are
 * known to be behind the market's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct quote; /* quote/quote.h */

enum freshness {
    FRESHNESS_FRESH,
    FRESHNESS_DELAYED,
    FRESHNESS_CLOSED,
    FRESHNESS_STALE,
    FRESHNESS_EXPIRED,
};

/* Whether a quote may be served without asking for another. */
static inline bool freshness_is_good(enum freshness freshness)
{
    return freshness < FRESHNESS_STALE;
}

struct freshness_rule {
    uint64_t fresh_for_ms;
    uint64_t stale_for_ms; /* counted from the end of fresh_for_ms */
};

/* Milliseconds since the quote was fetched; 0 where now is before that, which
 * happens when another thread's clock reading is a little older. */
uint64_t freshness_age_ms(const struct quote *quote, uint64_t now_mono_ms);

/* The label at `now`.  Threads: any. */
enum freshness freshness_of(const struct quote *quote,
                            const struct freshness_rule *rule,
                            uint64_t now_mono_ms);

/* Milliseconds for which the quote stays good; 0 when it no longer is. */
uint64_t freshness_left_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms);

/* Milliseconds since the quote was good last; 0 while it is. */
uint64_t freshness_late_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms);

/* "fresh", "delayed", "closed", "stale", "expired".  BORROWED, static. */
const char *freshness_word(enum freshness freshness);
