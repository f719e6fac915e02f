/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h -- a quote as a row of the table `quote`, and back.
 *
 * Threads: the database's, for all of it.
 */

#pragma once

#include <sqlite3.h>

#include "base/decimal.h"
#include "quote/quote.h"

/* Bind a quote to the parameters of SCHEMA_PUT_QUOTE.  BORROWED: the quote must
 * not change until the statement has run. */
void row_bind(sqlite3_stmt *statement, const struct quote *quote);

/* Bind its as_of, which may be absent, to one parameter. */
void row_bind_as_of(sqlite3_stmt *statement, int at, const struct quote *quote);

/* Read a quote from a row of SCHEMA_EACH_QUOTE, all but fetched_mono_ms.
 * Returns 0, or ERR_SYNTAX where a column is not of its form. */
int row_read(struct quote *out, sqlite3_stmt *row);

/* Read a decimal from a column; 0 or ERR_SYNTAX. */
int row_read_decimal(struct decimal *out, sqlite3_stmt *row, int column);
