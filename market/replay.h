/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h -- prices from a file, played back step by step.
 *
 * A CSV file whose first line is "time,symbol,price".  A time is a date
 * ("2004-08-01") or a date with a time of day behind it
 * ("2004-08-01T15:59:00Z"); a symbol's lines stand in the order of their times,
 * those of different symbols in any order.  Lines that are empty or begin with
 * # are passed over.
 *
 * Each symbol is at its first line at step 0, moves to its next one each step
 * and stays at its last.  The lines of one date are a session: its open is the
 * first of them, its previous close the last of the date before.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "market/price.h"
#include "quote/symbol.h"

/* Lines in a file, a bound against a wrong file: 10,000 symbols of 400 lines.
 */
#define REPLAY_LINES_LIMIT 4000000

struct replay; /* opaque; see replay.c */

/* What is wrong with a file, and where. */
struct replay_error {
    size_t line; /* from 1; 0 where no line is to blame */
    char text[160];
};

/*
 * Read a file's text.  On success returns 0 and *out is the caller's, to be
 * ended with replay_destroy().  On failure *out is NULL and *error says what is
 * wrong: ERR_SYNTAX, ERR_FULL or ERR_NOMEM.  Threads: any.
 */
int replay_create(struct replay **out, struct span text,
                  struct replay_error *error);

/* As above, from a file; ERR_IO where it can't be read. */
int replay_load(struct replay **out, const char *path,
                struct replay_error *error);

/* Free it and set *replay to NULL; NULL already is allowed. */
void replay_destroy(struct replay **replay);

/* The session of a symbol at a step.  Returns false where the file has no line
 * of it; NULL for `replay` has none.  Threads: any. */
bool replay_find(const struct replay *replay, const struct symbol *symbol,
                 uint64_t step, struct price_session *out);
