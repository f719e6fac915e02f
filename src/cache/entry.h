/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h -- what the cache keeps of a symbol, in one block of memory, so that
 * who has found it has all of it: a look-up among a million symbols waits for
 * memory twice, for the place (cache/places.h) and for this.
 *
 * The quote in it is never written to once a reader can find it: a newer one
 * comes in an entry of its own, which takes the place of this one.  What is
 * written to meanwhile stands before it.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <urcu-qsbr.h>

#include "cache/slab.h"
#include "quote/quote.h"

/* What stands in the place of a quote where a symbol is believed unknown. */
struct unknown {
    struct symbol symbol;
    uint16_t has; // as a quote's: nothing
    char *why;    // owned; NULL: the failure says all
};

_Static_assert(offsetof(struct unknown, symbol) ==
                       offsetof(struct quote, symbol) &&
                   offsetof(struct unknown, has) == offsetof(struct quote, has),
               "an unknown symbol is a quote without a price");

struct entry {
    /* Seconds of the monotonic clock when somebody last asked.  Relaxed: a
     * stamp that is lost or late makes the order of eviction a little less
     * exact. */
    _Atomic uint32_t asked_s;
    _Atomic uint32_t asked_seconds; // how often that was stamped; relaxed too
    /* until_ms << 8 | -failure, in one word so that the two belong together;
     * 0: no failure.  Relaxed: it stands for itself. */
    _Atomic uint64_t failed;
    union {
        struct quote quote;
        struct unknown unknown; // it has no price
    };
    uint32_t slot;           // of the cache's list of entries; never changes
    struct slab *slab;       // where it goes when nobody reads it any more
    struct rcu_head reclaim; // here, so that retiring can't fail
};

_Static_assert(sizeof(struct entry) <= SLAB_BLOCK_SIZE, "fits a block");

/* Whether the symbol has a price. */
static inline bool entry_has_quote(const struct entry *entry)
{
    return quote_has(&entry->quote, QUOTE_PRICE);
}
