/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h -- the request path: from a text that names an instrument to an answer
 * from memory, or to the decision to wait.
 *
 *     fresh quote                 answered
 *     stale quote                 answered and labelled; one refresh behind it,
 *                                 unless the last one failed a moment ago
 *     believed unknown            answered with the error
 *     expired quote, or nothing   the request waits for a flight
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "quote/freshness.h"
#include "quote/symbol.h"

struct quote;  /* quote/quote.h */
struct worker; /* serve/worker.h */

struct answer {
    struct symbol symbol;      /* what was asked for; with ERR_SYMBOL the
                                * printable beginning of the text */
    int err;                   /* 0: there is a quote */
    enum freshness state;      /* FRESH or STALE, with err 0 */
    const struct quote *quote; /* BORROWED for the turn; NULL with an err */
    const char *reason;        /* BORROWED; NULL: the err's own sentence */
};

/* What a text names: names and aliases first, then symbols.  Returns 0, or
 * ERR_SYMBOL with *symbol as in struct answer. */
int ask_resolve(const struct worker *worker, struct span text,
                struct symbol *symbol);

/* Answer for answer->symbol from memory, counting hits and misses.  Returns
 * false where the request has to wait for a fetch. */
bool ask_memory(struct worker *worker, struct answer *answer);

/* What is in memory for answer->symbol, without interest and without counting:
 * for EXISTS, TTL.  Returns false where there is no quote that may be served.
 */
bool ask_peek(struct worker *worker, struct answer *answer);
