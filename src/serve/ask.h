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
 * A request may demand that a quote be no older than so much (MAXAGE): one that
 * is older is not answered with, though it were fresh, and the request waits
 * for a flight.  The age is that since it was fetched; a price that can't
 * change before an instant, such as a closing price (desk/closing.h), is as new
 * as can be until then.  A quote that can't be served without the demand can't
 * be served with it.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "quote/freshness.h"
#include "quote/symbol.h"

struct quote;  /* quote/quote.h */
struct worker; /* serve/worker.h */

/* No age is demanded. */
#define ASK_ANY_AGE UINT64_MAX

struct answer {
    struct symbol symbol;      /* what was asked for; with ERR_SYMBOL the
                                * printable beginning of the text */
    int err;                   /* 0: there is a quote */
    enum freshness state;      /* FRESH or STALE, with err 0 */
    const struct quote *quote; /* BORROWED for the turn; NULL with an err */
    const char *reason;        /* BORROWED; NULL: the err's own sentence */
    uint64_t max_age_ms;       /* what was demanded; ASK_ANY_AGE */
};

/* What a text names: names and aliases first, then symbols.  Returns 0, or
 * ERR_SYMBOL with *symbol as in struct answer. */
int ask_resolve(const struct worker *worker, struct span text,
                struct symbol *symbol);

/*
 * Answer for what a text names, from memory, counting hits and misses;
 * answer->max_age_ms is what the caller demands.  Returns false where the
 * request has to wait for a fetch; a text that names nothing is answered with
 * its err.
 */
bool ask_text(struct worker *worker, struct span text, struct answer *answer);

/*
 * The quote for a text where nothing else has to be known of it: it is a symbol
 * or a name that was asked for a moment ago, and its quote is good.  NULL is no
 * answer.  Nothing is counted: who answers with it calls tally_again().
 * BORROWED for the turn.
 */
const struct quote *ask_again(struct worker *worker, struct span text);

/* The most texts of ask_again_all(). */
#define ASK_AGAIN_LIMIT 98

/*
 * The same for 1 to ASK_AGAIN_LIMIT texts, whose quotes are fetched from memory
 * all at once, instead of one after another.  Returns how many, from the first
 * on, have a good one, and so many `quotes` are filled in.
 */
size_t ask_again_all(struct worker *worker, const struct span *texts,
                     size_t count, const struct quote **quotes);

/* Answer for answer->symbol from memory, counting hits and misses.  Returns
 * false where the request has to wait for a fetch. */
bool ask_memory(struct worker *worker, struct answer *answer);

/* Whether a quote is new enough for a demand (struct desk_wish in desk/terms.h)
 * that is 0 or an instant before `now`.  Threads: any. */
bool ask_is_new(const struct quote *quote, uint64_t not_before_mono_ms,
                uint64_t now_mono_ms);

/* The failure of the last call for a symbol, where it forbids another one for
 * now; 0 where it does not. */
int ask_held(struct worker *worker, const struct symbol *symbol);

/* What is in memory for answer->symbol, without interest and without counting:
 * for EXISTS, TTL.  Returns false where there is no quote that may be served.
 */
bool ask_peek(struct worker *worker, struct answer *answer);
