/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h -- comma-separated values whose first line names the columns.
 *
 * The form is that of quote/csv.h, without 0 bytes.  A row may be shorter than
 * the first line, and then has no cells there; what a row has beyond it is not
 * looked at.  Of two columns of one name the later counts, as in JSON.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct table; /* opaque; see table.c */

/* Cells of all rows: 50,000 instruments with 20 columns, in 16 MiB. */
#define TABLE_CELLS_LIMIT (1u << 20)

/*
 * Read a table.  On success returns 0 and *out is the caller's, to be ended
 * with table_destroy().  On failure *out is NULL: ERR_SYNTAX where it is no
 * CSV, ERR_FULL beyond the limit above, ERR_NOMEM.  `text` is copied.  Threads:
 * any, as all below.
 */
int table_create(struct table **out, struct span text);

/* Free and set *table to NULL; NULL already is allowed. */
void table_destroy(struct table **table);

/* Rows behind the first line. */
size_t table_rows(const struct table *table);

/* Whether the first line has a column of this name. */
bool table_has_column(const struct table *table, struct span name);

/* Cells of a row, below table_rows() (checked). */
size_t table_cells(const struct table *table, size_t row);

/* Cell `at` of a row, below table_cells() (checked), and the name of its
 * column.  BORROWED from the table. */
struct span table_cell(const struct table *table, size_t row, size_t at,
                       struct span *name);

/* The cell of a row in the column of this name; false where there is none. */
bool table_find(const struct table *table, size_t row, struct span name,
                struct span *out);
