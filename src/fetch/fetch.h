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
 * Who is asked, when and with whom is decided by the desk (desk/desk.h); this
 * is its thread, its clock and its telephone.  A call is noted in the store
 * before it is made, where there is one.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "desk/desk.h"
#include "desk/view.h"

struct fetch; /* opaque; see fetch.c */
struct metric_cells;
struct store; /* store/store.h */

struct fetch_options {
    const struct clock *clock; /* NULL: the system's */
    struct metric_cells *cells;
    /* The desk's, called on the fetch thread; their user is also that of those
     * below. */
    struct desk_callbacks desk;
    /* The providers may know what they did not: they are others, or a file of
     * theirs is.  NULL where nobody wants to know, as the next. */
    void (*on_change)(void *user);
    /* What fetch_change() ordered is done; once for each that returned 0, but
     * for those that the thread's end is before. */
    void (*on_changed)(void *user);
    /* What fetch_explain() asked for, on the fetch thread.  MOVED, to be freed
     * with mem_free(); NULL for want of memory.  NULL where nobody asks. */
    void (*on_explained)(void *user, unsigned asker, uint64_t number,
                         struct desk_explanation *moved);
    /* Called on the fetch thread when it starts and ends, and around blocking:
     * the cache's reader calls. */
    void (*on_join)(void *user);
    void (*on_leave)(void *user);
    void (*on_wake)(void *user);
    void (*on_block)(void *user);
    struct store *store; /* BORROWED; NULL: nothing is kept */
    struct desk_policy policy;
};

/*
 * Take over what the store has of the providers' budgets, and start the thread.
 * `providers` (`count` of them) are MOVED on success.  Returns 0, ERR_NOMEM or
 * ERR_IO.  Threads: main, before store_start().
 */
int fetch_start(struct fetch **out, const struct fetch_options *options,
                struct desk_provider *providers, size_t count);

/*
 * Ask for a symbol on behalf of asker number `asker`.  on_done will be called
 * with it; never when this returns ERR_NOMEM or ERR_DRAINING.  An asker whose
 * flight is under way may ask again for more.  Threads: any.
 */
int fetch_ask(struct fetch *fetch, unsigned asker, const struct symbol *symbol,
              struct desk_wish wish);

/*
 * Ask why a symbol's price is what it is: on_explained will be called with the
 * asker and the number, once; never when this returns ERR_NOMEM or
 * ERR_DRAINING.  Costs no call to a provider, whatever the symbol.  Threads:
 * any.
 */
int fetch_explain(struct fetch *fetch, unsigned asker, uint64_t number,
                  const struct symbol *symbol);

/* The providers as they stood a moment ago. */
struct fetch_report {
    int64_t unix_ms; /* when that was, by both clocks */
    uint64_t mono_ms;
    size_t flights;
    size_t posts_count;
    struct desk_post_view posts[DESK_PROVIDERS_LIMIT];
};

/*
 * Copy the report, which the fetch thread renews within 50 ms of a call's end
 * and once a second; so it is no older than that, but for a thread that does
 * not turn.  Waits for nothing but another copy.  Threads: any.
 */
void fetch_copy_report(struct fetch *fetch, struct fetch_report *out);

/*
 * Use other providers and another policy from now on; calls under way end as
 * they began.  Returns 0, ERR_NOMEM or ERR_DRAINING.  What was MOVED is zeroed
 * in `providers`, so terms_free_provider() on each afterwards is always
 * right. Threads: any.
 */
int fetch_change(struct fetch *fetch, struct desk_provider *providers,
                 size_t count, const struct desk_policy *policy);

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
