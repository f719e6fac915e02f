/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark.h -- how far a watcher has come: the id of an event, which it shows when
 * it comes back, to this server or another.
 *
 *     3f09c1d2-19aaf3c2b10.0x19aaf3bff00.1c2y4fa3.-
 *
 * The first part is a mark of the symbols, in their order; then when the newest
 * quote was fetched, in milliseconds of Unix time; then of each symbol how much
 * earlier its quote was (- : there was none), and when its price was: at an
 * instant (x, milliseconds) or on a day (y).  All numbers are hexadecimal.  A
 * server that has no newer quote of a symbol than the watcher sends none: so
 * nothing is missed and nothing goes back, whatever server it is.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buffer; /* base/buffer.h */
struct quote;  /* quote/quote.h */
struct symbol; /* quote/symbol.h */

/* What a watcher has of a symbol. */
struct mark {
    bool is_known; /* it has a quote, and the rest is valid */
    bool has_as_of;
    bool as_of_is_day;
    int64_t fetched_unix_ms;
    int64_t as_of_unix_ns; /* whole milliseconds */
};

/* A mark of symbols in their order. */
uint32_t mark_of_symbols(const struct symbol *symbols, size_t count);

/* The mark of a quote. */
struct mark mark_of_quote(const struct quote *quote);

/* Whether a quote is newer than the mark; any is where that is not known. */
bool mark_is_before(const struct mark *mark, const struct quote *quote);

/* Append the id. */
void mark_put(struct buffer *out, uint32_t symbols, const struct mark *marks,
              size_t count);

/* Read an id into `count` marks.  Returns false, and they are all not known,
 * where it is none, or of other symbols. */
bool mark_read(struct span id, uint32_t symbols, struct mark *marks,
               size_t count);
