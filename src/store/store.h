/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h -- the store thread: what outlives the process.
 *
 * One thread owns the database (store/database.h).  The others hand it what is
 * to be kept and go on: nobody who asks for a price ever waits for a disk.
 * Only the fetch thread waits, for one thing: that a call is noted before it is
 * made.
 *
 *     store_open()    main: the file is locked, checked, read
 *     store_start()   the thread begins; from now on by message only
 *     store_stop()    what was handed over is written, then the file is closed
 *
 * Writes are gathered for STORE_GATHER_MS, but for budgets, with which all that
 * waits is written at once.  While the disk fails (full, read-only, gone) the
 * server goes on from memory: quotes that can't be kept are dropped and
 * counted, budgets are tried again every STORE_RETRY_MS, and it is said once
 * when it begins and once when it ends.
 *
 * Invariants:
 *
 *   (1) on_noted is called once for each budget that was taken, in order, after
 *       it is safe from the end of this process, or with an error.
 *   (2) At most STORE_WAITING_LIMIT quotes wait; of more the newest are
 *       dropped.
 *   (3) What was taken before store_stop() is written before it returns, where
 *       the disk lets it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/bars.h"
#include "store/database.h"

struct clock;        /* base/clock.h */
struct metric_cells; /* obs/metric.h */
struct store;        /* opaque; see store.c */

/* A transaction costs a few milliseconds of a disk, whatever is in it. */
#define STORE_GATHER_MS 100

#define STORE_RETRY_MS 1000

/* As many as a whole exchange has symbols, a few megabytes. */
#define STORE_WAITING_LIMIT 20000

/* Bars of one answer. */
#define STORE_BARS_LIMIT 10000

/* Bytes of a budget's key and its 0. */
#define STORE_KEY_SIZE 64

/* A budget is safe (err 0), or could not be written.  Threads: the store's. */
typedef void (*store_noted_fn)(void *user, const char *key, uint64_t ticket,
                               int err);

struct store_question {
    struct symbol symbol;
    int64_t from_unix_ms;
    int64_t to_unix_ms;
    uint64_t step_ms; /* 1 or more */
};

/* The answer to a question: `bars` is BORROWED for the call; with err, ERR_IO
 * or ERR_NOMEM, it is NULL.  Threads: the store's. */
typedef void (*store_answer_fn)(void *user, void *tag, int err,
                                const struct bars *bars);

struct store_options {
    const char *path;          /* of the file */
    const struct clock *clock; /* NULL: the system's; BORROWED */
    struct metric_cells *cells;
    uint64_t history_for_ms;
};

/*
 * Open the file.  Returns 0 and *out is the caller's, to be ended with
 * store_stop(); errors and what *opening says are those of database_open().
 * Blocks.  Threads: main.
 */
int store_open(struct store **out, const struct store_options *options,
               struct database_opening *opening);

/* The database, until store_start().  BORROWED. */
struct database *store_database(struct store *store);

/* What the callbacks are; `user` is handed to both. */
struct store_callbacks {
    store_noted_fn on_noted;
    store_answer_fn on_answer;
    void *user;
};

/* Start the thread.  Returns 0, ERR_NOMEM or ERR_IO.  Threads: main. */
int store_start(struct store *store, const struct store_callbacks *callbacks);

/* Keep a quote.  Never blocks; it may be dropped (invariant 2).
 * Threads: any, as for all below. */
void store_keep_quote(struct store *store, const struct quote *quote);

/*
 * Keep a budget's text under a key of fewer than STORE_KEY_SIZE bytes.  Returns
 * 0 when on_noted will be called with `ticket`; ERR_NOMEM, or ERR_DRAINING
 * after store_stop() has begun.
 */
int store_note_budget(struct store *store, const char *key, struct span text,
                      uint64_t ticket);

/* Ask for the past of a symbol.  Returns 0 when on_answer will be called with
 * `tag`; ERR_NOMEM or ERR_DRAINING. */
int store_ask(struct store *store, const struct store_question *question,
              void *tag);

/* How long quotes of the past are kept, from now on; 0: not at all. */
void store_change(struct store *store, uint64_t history_for_ms);

/* Write what waits, end the thread if it was started, close the file, free, and
 * set *store to NULL; NULL already is allowed.  Questions that were not
 * answered are answered with ERR_DRAINING.  Threads: main. */
void store_stop(struct store **store);
