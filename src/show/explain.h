/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h -- why a symbol's price is what it is, as a text for people.
 *
 *     IBM  International Business Machines
 *     price     231.45 USD, fresh: 12 s old, good for another 48 s
 *     as of     2026-11-20T20:59:58.000Z, fetched 2026-11-20T20:59:59.120Z
 *     source    alphavantage, delayed by 15 min
 *     market    XNYS is open until 2026-11-20T21:00Z, in 12 s
 *     next      in 34 s: it is asked for again before it is stale
 *     to ask    alphavantage, at once, when somebody has to wait
 *     alphavantage: ok
 *       said    ok, 12 s ago
 *       left    19 of 25 a day, anew in 9 h 12 min; at this pace gone in 4 h 18
 * min
 *
 * A line has EXPLAIN_COLUMNS at most; what is longer goes on below, three lines
 * of it.  Seven lines, and three or four for each provider; a provider's `last`
 * stands for what it said last of another symbol.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

#include "quote/freshness.h"

struct buffer;           /* base/buffer.h */
struct desk_explanation; /* desk/view.h */
struct name;             /* quote/names.h */
struct quote;            /* quote/quote.h */

#define EXPLAIN_COLUMNS 80

/* A bound for the whole of it; providers for which there is no room are
 * counted.  Clients take 8 KiB (QUOTED_EXPLANATION_SIZE). */
#define EXPLAIN_BYTES_LIMIT 8000

/* What it is made from; all BORROWED. */
struct explain_source {
    const struct desk_explanation *explanation;
    const struct quote *quote; /* in memory, also one that is expired; NULL */
    const struct name *name;   /* the names file's; NULL where it has none */
    const struct freshness_rule *rule;
    int failure; /* of the last call, that is still believed: 0, ERR_UNKNOWN,
                    ... */
    uint64_t failed_until_mono_ms;
    uint64_t now_mono_ms;
};

/* Append the text: lines that end in a newline. */
void explain_render(struct buffer *out, const struct explain_source *source);
