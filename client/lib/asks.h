/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asks.h -- what one call asks, and how far each of its asks is.
 *
 *     unanswered --asks_refer()--> overloaded or draining   (still open)
 *         |                            |
 *         +---- asks_answer() or asks_fail() ----> final
 *
 *   (1) What has its final status never gets another one (checked).
 *   (2) The caller's quotes are written up to the size that the caller knows,
 *       and 0 beyond what the library knows.
 *
 * The state is kept in the status of the caller's own quotes, above 0 while an
 * ask is open, so that a call with a million symbols allocates nothing.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct quoted_bar; /* quoted/quoted.h */
struct quoted_period;
struct quoted_quote;

enum asks_open {
    ASKS_UNANSWERED = 1,
    ASKS_OVERLOADED = 2, /* a server was asked and had too much to do */
    ASKS_DRAINING = 3,   /* a server was asked and was shutting down */
};

/* Bars that are asked for, and those that have come. */
struct asks_bars {
    const struct quoted_period *period;
    void *bars;    /* `room` of them, each `stride` bytes long */
    size_t stride; /* bytes, as the program that calls was compiled */
    size_t room;
    size_t count; /* bars that have come, those without room too */
};

#define ASKS_MAX_AGE_SIZE 16 /* "31622400000ms" and its 0 */

struct asks {
    const char *const *symbols; /* NULL for a PING; then n is 1 */
    size_t n;
    void *quotes;  /* n times struct quoted_quote, each `stride` bytes long */
    size_t stride; /* bytes, as the program that calls was compiled */
    size_t open;   /* asks that are not final */
    /* Where an explanation goes; then n is 1, and a quote holds the status
     * only.  NULL: quotes are asked for. */
    char *text;
    size_t text_size;                /* bytes there, 1 or more */
    struct asks_bars *bars;          /* the same for prices of the past */
    char max_age[ASKS_MAX_AGE_SIZE]; /* demanded of quotes; "": any */
};

/* Whether a text can be a symbol or a name, as quoted.h has it; NULL can't. */
bool asks_may_be_symbol(const char *symbol);

/*
 * Make every ask unanswered; what can't be a symbol (quoted.h) is final at once
 * with QUOTED_E_SYMBOL.  Threads: the handle's, as below.
 */
void asks_begin(struct asks *asks);

/* The first open ask at `i` or behind it; asks->n where there is none. */
size_t asks_next_open(const struct asks *asks, size_t i);

/* The status of an ask: an ASKS_... while it is open, else what the caller is
 * told. */
int asks_status(const struct asks *asks, size_t i);

/* Make an open ask final, with a quote or with the failure that is in it. */
void asks_answer(struct asks *asks, size_t i, const struct quoted_quote *quote);

/* Make an open ask final: it failed with `status`, below 0, for a reason. */
void asks_fail(struct asks *asks, size_t i, int status, const char *message);

/* Forget the bars that have come: they are asked for anew. */
void asks_begin_bars(struct asks_bars *bars);

/* Take the next bar, where there is room for it. */
void asks_take_bar(struct asks_bars *bars, const struct quoted_bar *bar);

/* Note that a server had no time for an open ask; it stays open. */
void asks_refer(struct asks *asks, size_t i, enum asks_open why);
