/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/flight.h"

#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct flight {
    UT_hash_handle hh;
    TAILQ_ENTRY(flight) link; // while waiting
    uint64_t askers;
    bool is_flying;
    struct symbol symbol;
};

struct flights {
    struct flight *table;
    TAILQ_HEAD(, flight) waiting;
    struct flight_options options;
    uint32_t flying;
};

int flight_create_all(struct flights **out,
                      const struct flight_options *options)
{
    CHECK(options->flights_max > 0 && options->calls_max > 0);
    *out = mem_calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->options = *options;
    TAILQ_INIT(&(*out)->waiting);
    return 0;
}

void flight_destroy_all(struct flights **flights)
{
    if (*flights == NULL) {
        return;
    }
    struct flight *flight;
    struct flight *next;
    HASH_ITER(hh, (*flights)->table, flight, next)
    {
        HASH_DEL((*flights)->table, flight);
        mem_free(flight);
    }
    mem_free(*flights);
    *flights = NULL;
}

void flight_bound(struct flights *flights, const struct flight_options *options)
{
    CHECK(options->flights_max > 0 && options->calls_max > 0);
    flights->options = *options;
}

static struct flight *add(struct flights *flights, const struct symbol *symbol)
{
    struct flight *flight = mem_calloc(1, sizeof(*flight));
    if (flight == NULL) {
        return NULL;
    }
    flight->symbol = *symbol;
    HASH_ADD_KEYPTR(hh, flights->table, flight->symbol.text, flight->symbol.len,
                    flight);
    if (flight->hh.tbl == NULL) { // uthash found no memory
        mem_free(flight);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&flights->waiting, flight, link);
    return flight;
}

int flight_join(struct flights *flights, const struct symbol *symbol,
                unsigned asker, bool *is_new)
{
    CHECK(asker < FLIGHT_ASKERS_LIMIT);
    struct flight *flight;
    HASH_FIND(hh, flights->table, symbol->text, symbol->len, flight);
    *is_new = flight == NULL;
    if (flight == NULL) {
        if (flight_count(flights) >= flights->options.flights_max) {
            return ERR_FULL;
        }
        flight = add(flights, symbol);
        if (flight == NULL) {
            return ERR_NOMEM;
        }
    }
    flight->askers |= UINT64_C(1) << asker;
    return 0;
}

struct flight *flight_next(struct flights *flights)
{
    struct flight *flight = TAILQ_FIRST(&flights->waiting);
    if (flight == NULL || flights->flying >= flights->options.calls_max) {
        return NULL;
    }
    TAILQ_REMOVE(&flights->waiting, flight, link);
    flight->is_flying = true;
    flights->flying++;
    return flight;
}

uint64_t flight_land(struct flights *flights, struct flight **flight)
{
    struct flight *landed = *flight;
    CHECK(landed != NULL && landed->askers != 0);
    if (landed->is_flying) {
        CHECK(flights->flying > 0);
        flights->flying--;
    } else {
        TAILQ_REMOVE(&flights->waiting, landed, link);
    }
    uint64_t askers = landed->askers;
    HASH_DEL(flights->table, landed);
    mem_free(landed);
    *flight = NULL;
    return askers;
}

const struct symbol *flight_symbol(const struct flight *flight)
{
    return &flight->symbol;
}

size_t flight_count(const struct flights *flights)
{
    return HASH_COUNT(flights->table);
}
