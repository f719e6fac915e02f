/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h -- how requests ended, whatever protocol they came by.
 *
 * Every request that was received is counted once, when its reply is composed:
 *
 *     tally_answered()   in the turn of the loop in which it came
 *     tally_waited()     later, for it had to wait for a price
 *     tally_told()       later, for it had to wait for something else
 *
 * The clock is not read for it.  What is answered in its turn cannot have taken
 * longer than that, and is counted with the turn's length when it is over.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "obs/family.h"
#include "proto/detect.h"

struct answer; /* serve/ask.h */
struct quote;  /* quote/quote.h */
struct worker; /* serve/worker.h */

/* What is counted of a turn of a worker's loop. */
struct tally {
    uint64_t answered; /* requests, in this turn */
    uint64_t named;    /* requests, ever; complaint.c's */
};

/*
 * Note the ages of the quotes that are served, and say how a request for them
 * ended: with the error, where it was for one symbol.
 */
enum family_outcome tally_quotes(struct worker *worker,
                                 const struct answer *answers, size_t count);

/* Count a request that came in this turn. */
void tally_answered(struct worker *worker, enum protocol protocol,
                    enum family_outcome outcome);

/* Count one that came in this turn and is answered with good quotes from
 * ask_again(): these as hits, with their ages. */
void tally_again(struct worker *worker, enum protocol protocol,
                 const struct quote *const *quotes, size_t count);

/* The same of `count` requests, each for one of the quotes. */
void tally_again_each(struct worker *worker, enum protocol protocol,
                      const struct quote *const *quotes, size_t count);

/* Count one that came when the loop's clock was asked_mono_ms. */
void tally_waited(struct worker *worker, enum protocol protocol,
                  enum family_outcome outcome, uint64_t asked_mono_ms);

/* Count one whose time says nothing of prices. */
void tally_told(struct worker *worker, enum protocol protocol,
                enum family_outcome outcome);

/* A turn of the loop is over, which took so long. */
void tally_turn(struct worker *worker, uint64_t turn_ms);

/* A connection came (UNKNOWN), told its protocol, or went. */
void tally_join(struct worker *worker, enum protocol protocol);
void tally_leave(struct worker *worker, enum protocol protocol);
