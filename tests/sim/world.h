/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h -- a server's desk in virtual time, before people and a provider that
 * counts.
 *
 * Everything that decides is the server's own (desk/desk.h and all behind it);
 * the cache, the clock, the store and the provider are models.  The provider
 * answers at once.
 *
 * A program that plays in it prints what came of it as rows of words and
 * numbers where the environment has SIM_ROWS, for the page that tells of it;
 * its hash has no seed, so each run is the same.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "desk/desk.h"
#include "obs/metric.h"
#include "quote/freshness.h"
#include "testing/testing.h"

#define WORLD_SYMBOLS 1000
#define WORLD_CALLS   8192

#define SECOND_MS UINT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

/* A symbol, and what the cache knows of it. */
struct world_symbol {
    struct symbol symbol;
    bool has_quote;
    struct quote quote;
    uint64_t asked_mono_ms;
    uint32_t asked_seconds;
};

/* A call that was made. */
struct world_call {
    int64_t unix_ms;
    uint64_t mono_ms;
    bool is_open; // the market
    size_t symbol;
};

/* How a request was answered. */
enum world_answer { WORLD_FRESH, WORLD_STALE, WORLD_WAITS };

struct world {
    struct metrics metrics;
    struct desk *desk;
    struct desk_policy policy;
    struct steady_time now;
    const char *description; // of the provider
    const struct timetable *hours;
    struct buffer kept; // the budget, as the store would have it
    size_t symbols_count;
    struct world_symbol symbols[WORLD_SYMBOLS];
    size_t calls_count;
    struct world_call calls[WORLD_CALLS];
    unsigned told_limit; // flights that ended with ERR_LIMIT
    uint64_t random;
};

/* Set `count` symbols, a policy as the server's by default, the description's
 * limits and so on up to its endpoints, and the hours of the market (NULL: open
 * always); and start the server. */
void world_open(struct world *world, size_t count, const char *terms,
                const struct timetable *hours, struct steady_time now);

/* End it. */
void world_close(struct world *world);

/* The server's process dies and is started again: everything in memory goes but
 * what the store has, quotes and the budget. */
void world_kill_and_start(struct world *world);

/* Somebody asks for a symbol. */
enum world_answer world_ask(struct world *world, struct world_symbol *one);

/* Make and answer every call that may be made now. */
void world_settle(struct world *world);

/* Let time pass. */
void world_pass(struct world *world, uint64_t ms);

/* Whether the market is open. */
bool world_is_open(const struct world *world);

/* The most calls that were ever made within a span of so many ms. */
unsigned world_most_within(const struct world *world, uint64_t ms);

/* Whether rows are to be printed. */
bool world_prints_rows(void);

#define WORLD_MAIN(tests)                                 \
    int main(int argc, char **argv)                       \
    {                                                     \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }
