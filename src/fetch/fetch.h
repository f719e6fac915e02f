/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h -- the fetch thread: symbols in, quotes or reasons out.
 *
 * One thread with one loop makes all upstream calls, so that "one flight a
 * symbol" needs no lock and a provider's state has one owner.  Whoever asks is
 * told by number when the symbol's flight has ended; what becomes of the quote
 * is the business of on_done, which runs here, on the fetch thread, before the
 * askers are told: so what they find in the cache is never older than what
 * ended.
 *
 * An asker looks into the cache and then asks; between the two a flight may
 * have ended that it did not join.  So a flight recalls, before it makes a
 * call, what is in the cache by now: a symbol is called for once, however the
 * threads run.
 *
 * Providers are asked in their order; the next one when the one before could
 * not give a price.  One that refuses (limit, key, block) or keeps failing is
 * given a rest, in which it is not called:
 *
 *     limit.s 1 s, limit.m 60 s, limit.h, limit.d and limit.mo 1 h (the
 * window's end is not known here), blocked 15 min, notice 60 s; auth and plan
 * until the configuration is loaded again; three failures in a row 1 s,
 * doubling with each further one to 30 s.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "provider/provider.h"

struct fetch; /* opaque; see fetch.c */
struct metric_cells;

/* A provider that can be called. */
struct fetch_provider {
    struct provider *provider; /* MOVED to the fetch thread */
    char *origin;              /* MOVED; "" for the description's own */
    char *key;                 /* MOVED; "" where none is needed */
    uint64_t timeout_ms;
};

/* Bytes of the longest reason and its 0: a provider's name and its words. */
#define FETCH_REASON_SIZE 320

/* How a flight ended. */
struct fetch_result {
    struct symbol symbol;
    int err; /* 0: `quote` is there; ERR_UNKNOWN, ERR_NODATA, ERR_LIMIT,
              * ERR_UPSTREAM, ERR_OVERLOADED, ERR_DRAINING */
    bool is_recalled;   /* known before: there is nothing new to keep */
    struct quote quote; /* with err 0 */
    char reason[FETCH_REASON_SIZE]; /* a sentence for people; "" with err 0 */
};

/* A flight ended; `askers` has a bit for each asker.  BORROWED for the call.
 * Threads: the fetch thread. */
typedef void (*fetch_done_fn)(void *user, uint64_t askers,
                              const struct fetch_result *result);

/* Whether result->symbol need not be called for, because its answer is known by
 * now; then fills in err and quote or reason.  Threads: the fetch thread. */
typedef bool (*fetch_recall_fn)(void *user, struct fetch_result *result);

struct fetch_options {
    const struct clock *clock; /* NULL: the system's */
    struct metric_cells *cells;
    fetch_done_fn on_done;
    fetch_recall_fn on_recall; /* NULL: never known */
    /* fetch_change() has taken effect; NULL where nobody wants to know. */
    void (*on_change)(void *user);
    /* Called on the fetch thread when it starts and ends, and around blocking:
     * the cache's reader calls. */
    void (*on_join)(void *user);
    void (*on_leave)(void *user);
    void (*on_wake)(void *user);
    void (*on_block)(void *user);
    void *user;
    uint32_t flights_max;
    uint32_t calls_max;
};

/*
 * Start the thread.  `providers` (`count` of them) are MOVED on success.
 * Returns 0, ERR_NOMEM or ERR_IO.  Threads: main.
 */
int fetch_start(struct fetch **out, const struct fetch_options *options,
                struct fetch_provider *providers, size_t count);

/*
 * Ask for a symbol on behalf of asker number `asker`.  on_done will be called
 * with it; never when this returns ERR_NOMEM or ERR_DRAINING.  Threads: any.
 */
int fetch_ask(struct fetch *fetch, unsigned asker, const struct symbol *symbol);

/*
 * Use other providers and bounds from now on; flights under way end as they
 * began.  Returns 0, ERR_NOMEM or ERR_DRAINING.  What was MOVED is zeroed in
 * `providers`, so fetch_provider_deinit() on each afterwards is always right.
 * Threads: any.
 */
int fetch_change(struct fetch *fetch, struct fetch_provider *providers,
                 size_t count, uint32_t flights_max, uint32_t calls_max);

/*
 * End every flight with ERR_DRAINING and take no more; the thread ends.  Does
 * not wait for it.  Threads: main.
 */
void fetch_drain(struct fetch *fetch);

/*
 * Drain, wait for the thread's end, free, and set *fetch to NULL.  Nobody may
 * call fetch_ask() any more.  Threads: main.
 */
void fetch_stop(struct fetch **fetch);

/* Whether the fetch thread's loop turns (net/loop.h).  Threads: any. */
bool fetch_is_turning(const struct fetch *fetch, uint64_t now_ms);

/* Free what a struct fetch_provider holds. */
void fetch_provider_deinit(struct fetch_provider *provider);
