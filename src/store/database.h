/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.h -- the SQLite file that outlives the process; no thread of its
 * own.
 *
 * Three tables that people may look into with the sqlite3 shell at any time,
 * while the server runs too: `quote` (the last of each symbol), `history` (each
 * new price) and `budget` (what a provider's key has spent).  Prices are text:
 * SQLite's numbers are floating point.
 *
 * What is written is safe from the end of the process, however it ends; of a
 * power cut the last seconds may be lost (write-ahead log, not synchronised for
 * each transaction).
 *
 *   (1) Either every quote of the file can be read, or the file is damaged and
 *       none is.
 *   (2) A damaged file is set aside, under its name with ".damaged-" and the
 *       time behind it, and never written to again.
 *   (3) A file that is not ours, or of a newer version, is refused and left
 *       alone.
 *   (4) No two processes write the same file.
 *   (5) A disk that is full or read-only is no reason not to start.  Where even
 *       reading the file needs room that is not there, or it is damaged and
 *       can't be set aside, it is as if it were empty, until the next start.
 *
 * Threads: one at a time; it need not be the same.  Every call blocks.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "quote/quote.h"

struct database; /* opaque; see database.c */

#define DATABASE_ERROR_SIZE 512

struct database_opening {
    /* The disk is, or it was full: nothing will be kept.  What is there can be
     * read, but for what opening->text says. */
    bool is_read_only;
    bool was_damaged; /* a file was set aside, and a new one begun */
    /* What was set aside and why, or why nothing can be written; else "". */
    char text[DATABASE_ERROR_SIZE];
};

/*
 * Open the file, making it where there is none.  On success returns 0 and *out
 * is the caller's, to be ended with database_close().  On failure *out is NULL
 * and opening->text says what and why, in a sentence:
 *
 *   ERR_IO      It can't be opened or made.
 *   ERR_SYNTAX  Invariant (3).
 *   ERR_FULL    Invariant (4).
 *   ERR_NOMEM
 */
int database_open(struct database **out, const char *path,
                  struct database_opening *opening);

/* Close and set *database to NULL; NULL already is allowed. */
void database_close(struct database **database);

/* Why the last call on this database failed.  BORROWED until the next call. */
const char *database_error(const struct database *database);

/* --- Reading what was kept ------------------------------------------------ */

/* One quote that was kept; BORROWED for the call. */
typedef void (*database_quote_fn)(void *user, const struct quote *quote);

/*
 * Call `fn` for each quote that was kept, all but fetched_mono_ms, in no order;
 * of more than `count_max` (1 or more, checked) for those that were fetched
 * last, and at the same instant as the first of these.  Returns 0 or ERR_IO,
 * which can only be the disk's fault: the rows were checked when the file was
 * opened.
 */
int database_each_quote(struct database *database, size_t count_max,
                        database_quote_fn fn, void *user);

/* Append the text that was kept under a key.  Returns 0, ERR_ABSENT, ERR_IO or
 * ERR_NOMEM. */
int database_read_budget(struct database *database, const char *key,
                         struct buffer *out);

/* --- Writing -------------------------------------------------------------- */

/*
 * All that is written between these two is written together or not at all.
 * Returns 0 or ERR_IO; after it nothing is open any more.
 */
int database_begin(struct database *database);
int database_commit(struct database *database);

/* Give up what was written since database_begin(), if anything is open. */
void database_undo(struct database *database);

/* Keep a quote as its symbol's last, and in the history where its price or its
 * as_of is a new one.  Returns 0 or ERR_IO. */
int database_put_quote(struct database *database, const struct quote *quote);

/* Keep a text under a key.  Returns 0 or ERR_IO. */
int database_put_budget(struct database *database, const char *key,
                        struct span text, int64_t now_unix_ms);

/* Forget up to `count_max` rows of the history, the ones kept first, that are
 * of before an instant.  *count is how many.  Returns 0 or ERR_IO. */
int database_prune(struct database *database, int64_t before_unix_ms,
                   size_t count_max, size_t *count);

/* --- History -------------------------------------------------------------- */

/* One price of the past: at its as_of where that is an instant, else when it
 * was fetched. */
struct database_past {
    int64_t at_unix_ms;
    struct decimal price;
};

/* Returns whether to go on. */
typedef bool (*database_past_fn)(void *user, const struct database_past *past);

/* Call `fn` for each price of a symbol at `from` or later and before `to`, in
 * the order of time.  Returns 0 or ERR_IO. */
int database_each_past(struct database *database, const struct symbol *symbol,
                       int64_t from_unix_ms, int64_t to_unix_ms,
                       database_past_fn fn, void *user);
