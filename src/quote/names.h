/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h -- the operator's table of instruments: names, aliases, currency,
 * MIC.
 *
 * A CSV file (RFC 4180) whose first line names the columns, in any order:
 *
 *     symbol    required   GOOGL
 *     name      required   Google
 *     aliases   optional   Alphabet|Alphabet Inc     (separated by |)
 *     currency  optional   USD                       (ISO 4217; or GBX, ZAC,
 *                                                     ILA: see below)
 *     mic       optional   XNAS                      (ISO 10383)
 *
 * The currency is that of prices for which no provider names one; GBX, ZAC and
 * ILA say that such prices come in hundredths of the pound, rand or shekel.
 * Lines that are empty or begin with # are passed over.  Symbol, name and
 * aliases all find the instrument, whatever their case (of A to Z) and
 * surrounding space; none is longer than 128 bytes.  A column that is not of
 * these is refused: it would be a misspelt one more often than not.
 * The table is immutable once made and may be read by any number of threads.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "quote/symbol.h"

struct names; /* opaque; see names.c */

/* At most this many instruments in a file: a limit against a wrong file. */
#define NAMES_LIMIT 200000

struct name {
    struct symbol symbol;
    const char *name;     /* as it is shown */
    const char *currency; /* "" where the file does not say */
    const char *mic;      /* "" where the file does not say */
};

/* What is wrong with a file, and where. */
struct names_error {
    size_t line; /* from 1; 0 where no line is to blame */
    char text[160];
};

/*
 * Read a table from the text of a file.  On success returns 0 and *out is the
 * caller's, to be ended with names_destroy().  On failure *out is NULL and
 * *error says what is wrong: ERR_SYNTAX, ERR_FULL beyond NAMES_LIMIT, or
 * ERR_NOMEM.  The same name or alias for two symbols is ERR_SYNTAX.
 * Threads: any.
 */
int names_create(struct names **out, struct span text,
                 struct names_error *error);

/* As above, from a file; ERR_IO where it can't be read. */
int names_load(struct names **out, const char *path, struct names_error *error);

/* As above, from the file that is built in (data/names.csv).  Only ERR_NOMEM is
 * possible: a unit test reads that file. */
int names_create_built_in(struct names **out, struct names_error *error);

/* Free the table and set *names to NULL; NULL already is allowed. */
void names_destroy(struct names **names);

/*
 * The instrument that a text names: by symbol, name or alias.  NULL where there
 * is none; NULL for `names` finds nothing.  BORROWED, as long as the table.
 * Threads: any.
 */
const struct name *names_find(const struct names *names, struct span text);

/* Whether names_find() might find the text of a symbol: false is sure, and so
 * it is for nearly every symbol that the table does not have.  `hash` is
 * symbol_hash(); NULL for `names` has nothing.  Threads: any. */
bool names_may_have(const struct names *names, uint64_t hash);

/*
 * Whether the text of a symbol may find another one, of which it is the name or
 * an alias: false is sure, and so it is for nearly all that are none.  `hash`
 * is symbol_hash(); NULL for `names` has nothing.  Threads: any.
 */
bool names_may_rename(const struct names *names, uint64_t hash);

/* Number of instruments.  Threads: any. */
size_t names_count(const struct names *names);
