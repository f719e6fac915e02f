/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freshness.h -- whether a quote may be served, and under which label.
 *
 * Age is counted on the monotonic clock from when we got the quote.  FRESH
 * below fresh_for; STALE, labelled and refreshed behind the answer, for
 * stale_for longer; EXPIRED after that, and then it is not served at all.
 */

#pragma once

#include <stdint.h>

struct quote; /* quote/quote.h */

enum freshness {
    FRESHNESS_FRESH,
    FRESHNESS_STALE,
    FRESHNESS_EXPIRED,
};

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

/* Milliseconds for which the quote stays fresh; 0 when it no longer is. */
uint64_t freshness_left_ms(const struct quote *quote,
                           const struct freshness_rule *rule,
                           uint64_t now_mono_ms);

/* "fresh", "stale", "expired".  BORROWED, static. */
const char *freshness_word(enum freshness freshness);
