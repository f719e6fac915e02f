/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.h -- which part of an answer is about which of the asked symbols.
 *
 * An answer has a place where its data is: one object, an array of objects that
 * name their symbols, or a map of objects by symbols.  Each asked symbol has a
 * seat, to which its row is led.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/document.h"
#include "provider/provider_priv.h"
#include "provider/query.h"
#include "provider/spelling.h"

/* What is at the place of the data. */
enum seat_place {
    SEAT_OTHER_SHAPE, /* there is no such place, or it has no rows */
    SEAT_EMPTY,       /* there is, with nothing in it */
    SEAT_ROWS,
};

/* Seats are found by their text, for a file may have more rows than a call has
 * symbols, by far. */
#define SEAT_SLOTS 512

/* A symbol that was asked for. */
struct seat {
    struct spelling spelling; /* as it was sent */
    size_t rows;              /* that are about it; one is right */
    struct document_node row; /* the first of them; may be null */
    uint16_t next[2]; /* of its slot: by its text, and without the suffix */
};

/* All of a query.  The caller's to end with seat_deinit_all(). */
struct seat_plan {
    struct seat *seats; /* one a symbol */
    size_t count;
    enum seat_place place;
    struct provider_delay delay; /* of the place where rows were found */
    size_t strangers;            /* rows about what nobody asked for */
    struct span stranger;        /* whom the first of them names; "": nobody */
    struct span echoed; /* of one object: whom it names; "" for nobody */
    uint16_t slots[SEAT_SLOTS]; /* the first of each, as seat.c numbers them */
};

/* Make a seat for each symbol.  Returns 0 or ERR_NOMEM.  Threads: the
 * document's, as below. */
int seat_init_all(struct seat_plan *plan, const struct query *query);

/* Free them. */
void seat_deinit_all(struct seat_plan *plan);

/* What is at the place of the data in a document. */
enum seat_place seat_place_of(const struct provider_endpoint *endpoint,
                              const struct document *document);

/* Find the place of the data in a document and lead its rows to the seats. */
void seat_rows(struct seat_plan *plan, const struct provider_endpoint *endpoint,
               const struct document *document);
