/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price.h -- simulated prices: a random walk that needs no walking.
 *
 * Where the walk of a symbol is at step n depends on the seed, the symbol and n
 * alone, in integers; so a run repeats on any machine, two markets with one
 * seed agree, and no step has to be taken to know the next.  The walk is
 * Brownian motion built from coarse to fine: its places at steps 1, 2, 4, 8,
 * ... by independent moves, the place half way between two known ones by their
 * average and a move of its own.  A wall above and one below reflect it.
 *
 *   (1) A price is above 0, and within a tenth and nineteen tenths of where the
 *       walk began.
 *   (2) Step 0 is the price that the walk begins with.
 *   (3) low <= open, price <= high, and what two steps of one session say of
 *       their open and previous close is the same.
 *
 * Prices are in ten-thousandths of the currency, as the provider prints them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "quote/symbol.h"

#define PRICE_UNIT 10000 /* one dollar */

/* A price is at most this, either way, so that a percentage of one does not
 * overflow: a hundred million dollars. */
#define PRICE_LIMIT ((int64_t)100000000 * PRICE_UNIT)

/* Steps that share an open and a previous close. */
#define PRICE_SESSION_STEPS 60

/* Steps beyond this are taken modulo it: 34 years of milliseconds. */
#define PRICE_STEPS_LIMIT ((uint64_t)1 << 40)

#define PRICE_DAY_SIZE 11 /* "2026-11-22" and its 0 */

/* A symbol's session up to now. */
struct price_session {
    int64_t open;
    int64_t high;
    int64_t low;
    int64_t price;
    int64_t previous; /* close of the session before */
    uint64_t volume;  /* shares */
    char day[PRICE_DAY_SIZE];
};

/* What every market trades. */
struct price_company {
    const char *symbol;
    const char *name;
    const char *alias; /* what else people search for; "" where nothing */
    int64_t start;     /* where its walk begins */
};

/* The companies, and behind the last one a symbol of NULL.  BORROWED, static.
 * Threads: any, as for all below. */
const struct price_company *price_companies(void);

/*
 * Where a symbol's walk begins: that of a company, or, with `invent`, of any
 * symbol of 1 to 5 letters with digits behind them.  Returns false for every
 * other symbol.
 */
bool price_find_start(int64_t *out, const struct symbol *symbol, bool invent);

/* The session of a walk at a step; out->day is left alone. */
void price_walk(struct price_session *out, uint64_t seed,
                const struct symbol *symbol, int64_t start, uint64_t step);

/* A session in which nothing was traded but at one price. */
struct price_session price_flat_session(int64_t price);

/* The latest day, up to that of the instant, that is no Saturday or Sunday. */
void price_put_trading_day(char out[PRICE_DAY_SIZE], int64_t unix_ms);

/* Read a price with at most four places.  Returns 0, ERR_SYNTAX, or ERR_RANGE
 * beyond PRICE_LIMIT or four places. */
int price_parse(int64_t *out, struct span text);

/* What is allowed, for error texts. */
#define PRICE_FORM "a decimal of at most 4 places and 100000000"

/* Write a price with four places: "135.6000". */
void price_put(struct buffer *out, int64_t value);

/* What a session's price is above its previous close, and that in percent, in
 * ten-thousandths, rounded half away from 0; 0 where the close was 0. */
int64_t price_change(const struct price_session *session);
int64_t price_change_percent(const struct price_session *session);
