/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h -- the quote cache: for each symbol, the latest quote we know, or
 * that nobody knows the symbol.
 *
 * One table serves the whole process.  Every worker reads it for every request;
 * it changes only when an upstream call has ended.  Reads outnumber writes by
 * orders of magnitude, so one rule shapes everything below: A READER TAKES NO
 * LOCK AND WRITES NO SHARED MEMORY, but for one stamp: a symbol notes, at most
 * once a second, that it was asked for, so that a full table can drop what
 * nobody wants.
 *
 * Life of a quote, and the call that makes each step:
 *
 *     current    Every new cache_find() returns it; immutable.
 *       |            a newer cache_publish(), or eviction by one
 *     retired    No new reader finds it; a reader that holds it may go on
 *       |        using it until that reader pauses.
 *       |            every joined reader has paused (an RCU grace period)
 *     freed      On liburcu's reclaim thread; never by a caller.
 *
 * Invariants; tests/unit/cache/cache_test.c has a test of each number.
 *
 *   (1) A symbol has at most one current quote.
 *   (2) Nobody writes to a current or retired quote.
 *   (3) A quote never replaces one that was fetched later, nor one whose price
 *       is surely of a later time: as_of never goes back for a symbol.
 *   (4) There are never more than symbols_max current quotes, nor more than
 *       CACHE_UNKNOWNS_SHARE of that many symbols believed unknown.
 *   (5) A failure, UNKNOWN included, never removes a quote.
 *   (6) Symbols believed unknown push out only each other.
 *
 * Not decided here: whether a quote is fresh enough to serve
 * (quote/freshness.h), and when to ask upstream again (desk/desk.h).
 *
 * RCU stays in this room: a thread that calls cache_find() needs the four
 * cache_reader_*() calls below and never includes <urcu*.h>.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "quote/symbol.h"

struct cache;        /* opaque; see cache.c */
struct metric_cells; /* obs/metric.h */
struct quote;        /* quote/quote.h */

/* The largest symbols_max we accept.  Not a target: at 300 bytes a symbol it
 * is 300 MiB, and a server that needs more is most likely being fed
 * invented ones. */
#define CACHE_SYMBOLS_LIMIT (1u << 20)

/* Unknown symbols may be this part of symbols_max, rounded up: enough for
 * typing errors, and a flood of them costs an eighth more memory at most. */
#define CACHE_UNKNOWNS_SHARE 8

struct cache_options {
    uint32_t symbols_max; /* current quotes, 1 to CACHE_SYMBOLS_LIMIT */
    struct metric_cells
        *cells; /* the writer's; BORROWED as long as the cache */
};

/* --- Making and ending a cache ------------------------------------------- */

/*
 * Make an empty cache.  On success returns 0 and *out is the caller's, to be
 * ended with cache_destroy().  On failure *out is NULL: ERR_RANGE or ERR_NOMEM.
 *
 * Threads: main, before the first reader joins.
 */
int cache_create(struct cache **out, const struct cache_options *options);

/*
 * Free the cache and every quote in it, and set *cache to NULL; does nothing if
 * it is NULL already.  Waits for a grace period.
 *
 * Threads: main, after the last reader has left.
 */
void cache_destroy(struct cache **cache);

/* --- Readers -------------------------------------------------------------- */

/*
 * A thread joins before its first cache_find() and leaves before it ends.  In
 * between it must pause whenever it is about to block, because a joined reader
 * that sleeps unpaused keeps every retired quote in the process from being
 * freed.  A loop pauses when it is about to poll (net/loop.h), so a found quote
 * is good for the rest of that loop turn.
 *
 * Join and leave take a lock; pause and resume do not and never fail.  On one
 * thread the order is join, any number of pause-resume pairs, leave.
 */
void cache_reader_join(void);
void cache_reader_pause(void);
void cache_reader_resume(void);
void cache_reader_leave(void);

/* What is known of a symbol. */
struct cache_found {
    /* NULL where there is none.  BORROWED: good until this thread's next
     * cache_reader_pause(). */
    const struct quote *quote;
    /* How the last call for it failed; 0 if it did not.  Without a quote:
     * ERR_UNKNOWN or ERR_NODATA. */
    int failure;
    uint64_t failed_until_ms; /* when to ask again, on the monotonic clock */
    /* Without a quote: why, for people; NULL where the failure says all.
     * BORROWED as the quote. */
    const char *why;
};

/*
 * Look up a symbol, on behalf of somebody who wants its price at now_ms (the
 * monotonic clock).  Returns whether anything is known of it.
 *
 * Threads: a reader that is joined and not paused.  Takes no lock, allocates
 * nothing.
 */
bool cache_find(struct cache *cache, const struct symbol *symbol,
                uint64_t now_ms, struct cache_found *found);

/* No place of the table. */
#define CACHE_NOWHERE UINT32_MAX

/*
 * The quote alone, NULL where there is none, for who has the key of a symbol,
 * of SYMBOL_KEY_LETTERS at most, and symbol_key_hash() of it, and a guess at
 * the place: what is there is looked at, so a place that is another symbol's,
 * or CACHE_NOWHERE, costs a look-up and nothing else.  It is interest in the
 * symbol as cache_find() is; BORROWED as there.
 */
const struct quote *cache_find_quote(struct cache *cache, struct symbol_key key,
                                     uint64_t hash, uint32_t place,
                                     uint64_t now_ms);

/*
 * For who is about to look several symbols up, in order not to wait for memory
 * once and again for each: first cache_approach() for all of them, then
 * cache_prefetch() for all, then cache_find_quote() with the places that this
 * returned.  Each begins to fetch what the next one reads.  `hash` is
 * symbol_hash(), or symbol_key_hash(); nothing is changed, and a place is only
 * a guess.
 */
void cache_approach(const struct cache *cache, uint64_t hash);
uint32_t cache_prefetch(const struct cache *cache, uint64_t hash);

/* The same without counting as interest in the symbol. */
bool cache_peek(struct cache *cache, const struct symbol *symbol,
                struct cache_found *found);

/* How much a symbol is wanted. */
struct cache_interest {
    uint64_t asked_mono_ms; /* when it was last asked for, to the second */
    uint32_t seconds;       /* in which it was asked for, since it is known */
};

/* Look at who asks for a symbol, without counting as one.  Returns false where
 * nothing is known of it; *out is then 0.  Threads: as cache_find(). */
bool cache_interest(struct cache *cache, const struct symbol *symbol,
                    struct cache_interest *out);

/* Called with a current quote; BORROWED as in cache_find(). */
typedef void (*cache_quote_fn)(void *user, const struct quote *quote);

/*
 * Call `fn` for the current quotes of `count` places of the table, from place
 * `cursor` on (0: the first).  Returns the next cursor, 0 at the end.  A quote
 * that is there from the first call to the last is given exactly once.
 * Threads: as cache_find().
 */
uint64_t cache_scan(struct cache *cache, uint64_t cursor, uint32_t count,
                    cache_quote_fn fn, void *user);

/* --- The writer ----------------------------------------------------------- */

/*
 * Make a copy of *quote current and retire the one it replaces; a failure noted
 * for the symbol is forgotten.  A full cache drops one of its least recently
 * wanted quotes (of a random sample).  On failure nothing is changed:
 *
 *   ERR_STALE   Invariant (3): what is current already is newer.
 *   ERR_NOMEM   No memory.
 *
 * Threads: one, the writer, joined and not paused; the same for all below.
 */
int cache_publish(struct cache *cache, const struct quote *quote,
                  uint64_t now_ms);

/*
 * Note that a call for a symbol failed and is not to be repeated before
 * until_ms (the monotonic clock).  For a symbol without a quote only
 * ERR_UNKNOWN and ERR_NODATA are noted, and `why` with them (copied; NULL: the
 * failure says all).  Returns 0, or ERR_NOMEM with nothing changed.
 */
int cache_fail(struct cache *cache, const struct symbol *symbol, int failure,
               uint64_t until_ms, const char *why);

/*
 * Forget every failure: unknown symbols are no longer believed to be, and
 * quotes may be refreshed at once.  For when the providers are others now.
 */
void cache_forget_failures(struct cache *cache);

/* Number of current quotes, and of symbols believed unknown. */
uint32_t cache_count(const struct cache *cache);
uint32_t cache_unknowns(const struct cache *cache);
