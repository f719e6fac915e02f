/* SPDX-License-Identifier: Apache-2.0 */
/*
 * market.h -- the stand-in for the provider: what comes to /query is answered
 * as Alpha Vantage would, or as a test has said.
 *
 * The way of a call:
 *
 *     asked ──► held? ──► decided ──► delayed ──► sent
 *                 │          │
 *                 │          └─ or left hanging, where a test says so
 *                 └─ until market_release(), in the order in which they came
 *
 * What is answered is decided when a call is no longer held: the script's next
 * answer for its symbol, or else the key, the limits, the function, the price.
 * Scripted answers cost nothing of the limits.
 *
 * Threads: the loop's, for every call.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "market/limit.h"
#include "market/replay.h"
#include "market/script.h"

struct market; /* opaque; see market.c */
struct loop;   /* net/loop.h */
struct due_list;

struct market_options {
    const char *key; /* the only good key; NULL: any that is not empty */
    uint64_t seed;
    uint64_t latency_ms;
    uint64_t step_ms; /* how long a price stands; 0: for ever */
    bool invents;     /* see price_find_start() */
    struct limit_rule rule;
    const struct replay
        *replay; /* BORROWED as long as the market; NULL: none */
};

/*
 * Make a market on a loop and let it accept on descriptor `fd`, which becomes
 * its own.  On success returns 0 and *out is the caller's; ERR_NOMEM or ERR_IO
 * otherwise.  *options is copied.
 */
int market_create(struct market **out, struct loop *loop,
                  const struct market_options *options, int fd);

/* Stop accepting and delaying; connections end with loop_deinit(), which comes
 * between this and market_destroy(). */
void market_close(struct market *market);

/* Free it and set *market to NULL; NULL already is allowed. */
void market_destroy(struct market **market);

/* --- For control.c -------------------------------------------------------- */

/* What is set and counted.  BORROWED. */
struct script *market_script(struct market *market);

/* The list of what is to be done later.  BORROWED. */
struct due_list *market_dues(struct market *market);

/* Now, by the wall clock. */
int64_t market_unix_ms(const struct market *market);

/* Go on with calls that are held: those for a symbol, or all for "*", the first
 * `count` of them.  Returns how many there were. */
uint64_t market_release(struct market *market, const struct symbol *symbol,
                        uint64_t count);

/* Be as if just started: the script is cleared, limits and steps begin anew,
 * and the connections of calls that are under way are closed. */
void market_reset(struct market *market);
