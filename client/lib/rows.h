/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h -- what a watch hears of: a row for each of its symbols, found by the
 * words of a message, and the queue of those that are to be asked for.
 *
 *     idle --rows_hear(), rows_make_all_due()--> due --rows_take_due()--> asked
 *      ^                                                                   |
 *      +---------------------------- rows_answered() ----------------------+
 *
 *   (1) A row is asked once at most; one that becomes due while it is asked is
 *       due when it has been answered.
 *   (2) Rows are taken in the order in which they became due.
 *   (3) A message costs as much as there are rows of its symbol, however many
 *       others there are, and whatever names a server gives them.
 *
 * Nothing here waits or does I/O, and only rows_create() allocates.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoted/quoted.h>

#include "base/span.h"

struct rows; /* opaque; see rows.c */

/* What was told of a symbol last. */
struct row {
    const char *symbol; /* as it was asked for; owned by the rows */
    bool is_told;       /* the rest is what was told last */
    int status;
    int state;
    char name[sizeof(((struct quoted_quote *)0)->symbol)]; /* the server's */
    char price[sizeof(((struct quoted_number *)0)->text)];
    char fetched[sizeof(((struct quoted_quote *)0)->fetched)];
};

/*
 * Make rows of n symbols, 1 or more, which are copied; the same one twice is
 * two rows.  `seed` keeps strangers from choosing names that are found slowly.
 * On success returns 0 and *out is the caller's, to be ended with
 * rows_destroy(); ERR_NOMEM else, and *out is NULL.  Threads: the owner's, as
 * below.
 */
int rows_create(struct rows **out, const char *const *symbols, size_t n,
                uint64_t seed);

/* Free them and set *rows to NULL; NULL already is allowed. */
void rows_destroy(struct rows **rows);

/* The row at an index below the number of symbols.  BORROWED. */
struct row *rows_at(struct rows *rows, size_t i);

/* Note what the server calls a row's symbol, cut short where it is longer than
 * a quote's: a message may come by that as well. */
void rows_set_name(struct rows *rows, size_t i, const char *name);

/* There is news of a symbol: the rows of it are due, whether it is what was
 * asked for or the server's name, in any case.  Returns whether there are any.
 */
bool rows_hear(struct rows *rows, struct span symbol);

/* All rows are due. */
void rows_make_all_due(struct rows *rows);

/* Take the next row that is due, which is asked then; false where none is. */
bool rows_take_due(struct rows *rows, size_t *i);

/* A row has been answered. */
void rows_answered(struct rows *rows, size_t i);

/* Nothing that was asked is going to be answered. */
void rows_forget_asked(struct rows *rows);
