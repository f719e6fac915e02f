/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.h -- the requests of one worker that wait for a fetch, by symbol.
 *
 * The fetch thread hears of a symbol once from each worker, however many of the
 * worker's requests wait for it, and also when none does: a stale quote is
 * refreshed behind the answer that it gave.
 *
 * Invariants:
 *
 *   (1) A symbol is asked for upstream at most once until wait_end() names it,
 *       and once more when a request begins to wait for what was a refresh, and
 *       when one demands a newer quote than those before it did.
 *   (2) Each waiter that joined is either ended, once, or has left.
 *   (3) There are never more than WAIT_LIMIT waiters.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct desk_result; /* desk/terms.h */
struct desk_wish;
struct metric_cells; /* obs/metric.h */
struct symbol;       /* quote/symbol.h */
struct wait_symbol;
struct waits; /* opaque; see wait.c */

/* Waiters of one worker at the same time, each some 400 bytes: 40 MiB. */
#define WAIT_LIMIT 100000

/* A place in a symbol's list, within the waiting request's own memory. */
struct waiter {
    TAILQ_ENTRY(waiter) link;
    /* The symbol was fetched, or failed; set before wait_join(). */
    void (*on_end)(struct waiter *waiter, const struct desk_result *result);
    /* What it demands (struct desk_wish in desk/terms.h); set before, too.  Who
     * is told of a flight from which less was demanded waits again. */
    uint64_t not_before_mono_ms;
    struct wait_symbol *symbol; /* NULL: not waiting */
};

struct wait_options {
    struct metric_cells *cells;
    /* Ask for a symbol upstream; 0, or an error, and then nobody waits. */
    int (*ask)(void *user, const struct symbol *symbol,
               const struct desk_wish *wish);
    void *user;
};

/* Make an empty table: 0 or ERR_NOMEM; ended with wait_destroy_all(). */
int wait_create_all(struct waits **out, const struct wait_options *options);

/* Free, and set *waits to NULL; every waiter has left (checked). */
void wait_destroy_all(struct waits **waits);

/* Ask for a symbol without waiting for it.  Failing is no matter: whoever asks
 * next tries again. */
void wait_refresh(struct waits *waits, const struct symbol *symbol);

/* Wait for a symbol.  Returns 0, ERR_OVERLOADED at WAIT_LIMIT or for want of
 * memory, or what `ask` returned. */
int wait_join(struct waits *waits, const struct symbol *symbol,
              struct waiter *waiter);

/* Stop waiting; on_end will not be called.  Not waiting already is allowed. */
void wait_leave(struct waits *waits, struct waiter *waiter);

/* A symbol's flight has ended: on_end for everyone who waits for it, in the
 * order in which they joined. */
void wait_end(struct waits *waits, const struct desk_result *result);

/* Number of waiters. */
size_t wait_count(const struct waits *waits);
