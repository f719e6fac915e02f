/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.h -- a reader of comma-separated values (RFC 4180).
 *
 * A field in double quotes may hold commas, newlines and, doubled, quotes.
 * Lines end in LF or CRLF, the last one in nothing too.  Beyond the RFC: a
 * byte-order mark at the start is passed over, and so are lines that are empty
 * or begin with #.
 *
 * It reads in place: quotes are taken away, and each field ends in a 0, by
 * writing into the text.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

#define CSV_FIELDS_LIMIT 64 /* fields in a record */

struct csv {
    char *at;
    char *end;
    size_t line;       /* from 1; the line on which `at` is */
    const char *error; /* why csv_next() said ERR_SYNTAX; static */
};

struct csv_record {
    size_t line; /* on which it begins */
    size_t count;
    struct span fields[CSV_FIELDS_LIMIT]; /* each ends in a 0 */
};

/*
 * Begin to read `len` bytes that may be written to, and the 0 behind them
 * (checked).  BORROWED: the text must outlive the reader and its records.
 * Threads: its owner's, as below.
 */
void csv_init(struct csv *csv, char *text, size_t len);

/*
 * Read the next record.  Returns 0; ERR_ABSENT at the end; or ERR_SYNTAX with
 * csv->line and csv->error, after which there is nothing more to read.
 */
int csv_next(struct csv *csv, struct csv_record *record);
