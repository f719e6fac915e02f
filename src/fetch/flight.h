/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.h -- who waits for which symbol: one flight a symbol, however many
 * ask.
 *
 *     (none)  -- flight_join() --> waiting -- flight_next() --> flying
 *                                     |                           |
 *                                     +------ flight_land() ------+--> (none)
 *
 * Invariants:
 *
 *   (1) A symbol has at most one flight.
 *   (2) There are never more than flights_max flights, nor more than calls_max
 *       flying.
 *   (3) Waiting flights take off in the order in which they were joined.
 *   (4) Landing names every asker that joined since the flight was made, each
 *       once.
 *
 * Pure bookkeeping: no socket, no clock.  Threads: one.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quote/symbol.h"

struct flight; /* opaque; see flight.c */
struct flights;

/* Askers are workers, by number; a set of them is a word. */
#define FLIGHT_ASKERS_LIMIT 64

struct flight_options {
    uint32_t flights_max; /* 1 or more */
    uint32_t calls_max;   /* 1 or more */
};

/* Make an empty table; 0 or ERR_NOMEM.  Ended with flight_destroy_all(). */
int flight_create_all(struct flights **out,
                      const struct flight_options *options);

/* Free the table and every flight in it, and set *flights to NULL. */
void flight_destroy_all(struct flights **flights);

/* Change the bounds; what is above them stays until it lands. */
void flight_bound(struct flights *flights,
                  const struct flight_options *options);

/*
 * Asker number `asker` (below FLIGHT_ASKERS_LIMIT) wants the symbol.  Returns 0
 * with *is_new telling whether the flight was made by this call, ERR_FULL at
 * flights_max, or ERR_NOMEM.
 */
int flight_join(struct flights *flights, const struct symbol *symbol,
                unsigned asker, bool *is_new);

/* Let the first waiting flight take off.  NULL where none waits or calls_max
 * are flying.  BORROWED until it lands. */
struct flight *flight_next(struct flights *flights);

/* End a flight, free it and set *flight to NULL.  Returns its askers: bit n is
 * asker n. */
uint64_t flight_land(struct flights *flights, struct flight **flight);

/* The symbol.  BORROWED as long as the flight. */
const struct symbol *flight_symbol(const struct flight *flight);

/* Number of flights, waiting and flying. */
size_t flight_count(const struct flights *flights);
