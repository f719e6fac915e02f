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
 * have ended that it did not join.  So a flight recalls, before a call is made
 * for it, what is in the cache by now.
 *
 * Who is asked, when and with whom is decided by the desk (fetch/desk.h); this
 * is its thread, its clock and its telephone.  A call is noted in the store
 * before it is made, where there is one.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "budget/budget.h"
#include "provider/provider.h"

struct fetch; /* opaque; see fetch.c */
struct metric_cells;
struct store;     /* store/store.h */
struct timetable; /* calendar/timetable.h */

/* A provider that can be called. */
struct fetch_provider {
    struct provider *provider; /* MOVED to the fetch thread */
    char *origin;              /* MOVED; "" for the description's own */
    char *key;                 /* MOVED; "" where none is needed */
    uint64_t timeout_ms;
    /* MICs of the markets that it may serve, MOVED; none: those that it can. */
    char **markets;
    size_t markets_count;
    /* What the key allows, in place of what the description says. */
    bool has_rules;
    size_t rules_count;
    struct budget_rule rules[BUDGET_RULES_LIMIT];
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

/* How the allowance is spent; what the members mean is in fetch/desk.h. */
struct fetch_policy {
    uint32_t flights_max; /* 1 or more, as the next two */
    uint32_t calls_max;
    uint32_t symbols_max; /* that are refreshed ahead */
    uint64_t wait_for_ms; /* a request waits so long for an allowance */
    uint64_t pack_for_ms; /* a flight waits so long for company */
    uint64_t warm_for_ms; /* after it was asked for last, a symbol is
                             refreshed so long; 0: never ahead */
    uint64_t fresh_for_ms;
    uint64_t retry_after_ms; /* of a refresh that failed */
};

/* How much a symbol is wanted. */
struct fetch_interest {
    uint64_t asked_mono_ms;    /* when it was asked for last; 0: never */
    uint32_t seconds;          /* in which it was asked for, rising */
    const struct quote *quote; /* what there is of it, or NULL.  BORROWED until
                                  the thread blocks */
    bool is_watched;
};

struct fetch_options {
    const struct clock *clock; /* NULL: the system's */
    struct metric_cells *cells;
    fetch_done_fn on_done;
    fetch_recall_fn on_recall; /* NULL: never known */
    /* NULL: nobody is ever interested, so nothing is refreshed ahead. */
    void (*on_interest)(void *user, const struct symbol *symbol,
                        struct fetch_interest *out);
    /* The hours of a symbol's market, never NULL.  BORROWED as long as the
     * fetch thread.  NULL: every market is always open. */
    const struct timetable *(*on_market)(void *user,
                                         const struct symbol *symbol);
    /* fetch_change() has taken effect; NULL where nobody wants to know. */
    void (*on_change)(void *user);
    /* Called on the fetch thread when it starts and ends, and around blocking:
     * the cache's reader calls. */
    void (*on_join)(void *user);
    void (*on_leave)(void *user);
    void (*on_wake)(void *user);
    void (*on_block)(void *user);
    void *user;
    struct store *store; /* BORROWED; NULL: nothing is kept */
    const char *boot;    /* as in budget/budget.h */
    struct fetch_policy policy;
};

/*
 * Take over what the store has of the providers' budgets, and start the thread.
 * `providers` (`count` of them) are MOVED on success.  Returns 0, ERR_NOMEM or
 * ERR_IO.  Threads: main, before store_start().
 */
int fetch_start(struct fetch **out, const struct fetch_options *options,
                struct fetch_provider *providers, size_t count);

/*
 * Ask for a symbol on behalf of asker number `asker`; with is_waited a request
 * waits for it.  on_done will be called with it; never when this returns
 * ERR_NOMEM or ERR_DRAINING.  An asker whose refresh is under way may ask again
 * with is_waited.  Threads: any.
 */
int fetch_ask(struct fetch *fetch, unsigned asker, const struct symbol *symbol,
              bool is_waited);

/*
 * Use other providers and another policy from now on; calls under way end as
 * they began.  Returns 0, ERR_NOMEM or ERR_DRAINING.  What was MOVED is zeroed
 * in `providers`, so fetch_provider_deinit() on each afterwards is always
 * right. Threads: any.
 */
int fetch_change(struct fetch *fetch, struct fetch_provider *providers,
                 size_t count, const struct fetch_policy *policy);

/* A call's note is safe, or can't be made so: it may be made.  `ticket` is what
 * store_note_budget() was given.  Threads: any. */
void fetch_noted(struct fetch *fetch, uint64_t ticket);

/*
 * End every flight with ERR_DRAINING and take no more; the thread ends.  Does
 * not wait for it.  Threads: main.
 */
void fetch_drain(struct fetch *fetch);

/* Drain, and wait for the thread's end.  The memory stays, for fetch_noted().
 * Threads: main. */
void fetch_end(struct fetch *fetch);

/*
 * Drain, wait for the thread's end, free, and set *fetch to NULL.  Nobody may
 * call fetch_ask() any more.  Threads: main.
 */
void fetch_stop(struct fetch **fetch);

/* Whether the fetch thread's loop turns (net/loop.h).  Threads: any. */
bool fetch_is_turning(const struct fetch *fetch, uint64_t now_ms);

/* Free what a struct fetch_provider holds. */
void fetch_provider_deinit(struct fetch_provider *provider);
