/* SPDX-License-Identifier: Apache-2.0 */
/*
 * office.h -- a fetch thread, two providers of a test's own that it calls, and
 * a record of how each flight ended.
 */

#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "fetch/fetch.h"
#include "obs/metric.h"
#include "quote/symbol.h"
#include "unit/fetch/stub.h"

/* The key of each provider; no text that comes out may hold it. */
#define OFFICE_KEY "SeCrEtKeY99"

#define OFFICE_SITES       2
#define OFFICE_ENDED_LIMIT 4096

/* What a provider answers; for the symbols SECOND and DAY the limit of that
 * name, whatever its mood. */
enum site_mood {
    SITE_PRICE, /* 312.42 for whatever symbol */
    SITE_UNKNOWN,
    SITE_FORBIDDEN_PLAN,
    SITE_BAD_KEY,
    SITE_LIMIT_SECOND,
    SITE_LIMIT_DAY, /* with the key in its words */
    SITE_DOWN,      /* 503 */
    SITE_RESET,
};

struct site {
    struct stub *stub;
    _Atomic int mood;
};

struct office_ended {
    uint64_t askers;
    struct desk_result result;
};

struct office {
    struct clock clock; /* first */
    _Atomic uint64_t mono_ms;
    struct fetch *fetch;
    struct metrics metrics;
    struct site sites[OFFICE_SITES]; /* "alphavantage" and "market" */
    uint64_t timeout_ms;
    _Atomic bool recalls; /* on_recall knows every symbol */
    pthread_mutex_t lock;
    pthread_cond_t came;
    size_t count; /* under the lock, as the next */
    struct office_ended *ended;
    /* The fetch thread's. */
    bool has_joined;
    bool has_left;
    bool is_awake;
    unsigned changes;
    unsigned changed; /* orders of fetch_change() */
    unsigned wakes;
};

/* Sites that answer prices, and a clock that stands still.  `timeout_ms` of
 * each call; 0: long enough. */
void office_open(struct office *office, uint64_t timeout_ms);

/* Start the thread on the first `providers` sites. */
void office_start(struct office *office, size_t providers, uint32_t flights_max,
                  uint32_t calls_max);

/* Stop the thread, and check what it leaves. */
void office_stop(struct office *office);

/* Stop what runs, and end everything. */
void office_close(struct office *office);

/* Fill in a provider that calls a site; the caller's to end. */
void office_provider(struct office *office, size_t site,
                     struct desk_provider *out);

/* A policy with these bounds, by which nothing is refreshed ahead and nobody
 * waits for company or for an allowance. */
struct desk_policy office_policy(uint32_t flights_max, uint32_t calls_max);

/* The options of a thread; what office_start() takes. */
struct fetch_options office_options(struct office *office, uint32_t flights_max,
                                    uint32_t calls_max);

/* Ask for a symbol; never fails. */
void office_ask(struct office *office, unsigned asker, const char *symbol);

/* Block until `count` flights have ended since the beginning; ends the test
 * where they never do. */
void office_await(struct office *office, size_t count);

/* How the last flight of a symbol ended; it has (checked). */
struct office_ended office_ended_of(struct office *office, const char *symbol);

/* Ask for one symbol, wait, and give how it ended. */
struct desk_result office_fetch(struct office *office, const char *symbol);

/* Flights that ended so far, and how many of a symbol. */
size_t office_count(struct office *office);
size_t office_count_of(struct office *office, const char *symbol);

/* A counter. */
uint64_t office_metric(struct office *office, enum metric metric);

/* main() of a test program.  A proxy of the machine's is not to be asked for
 * 127.0.0.1; and rests, which are expected, need not be read about. */
#define OFFICE_MAIN(tests)                                \
    int main(int argc, char **argv)                       \
    {                                                     \
        setenv("no_proxy", "*", 1);                       \
        log_setup(STDERR_FILENO, LOG_ERROR, LOG_LOGFMT);  \
        hash_setup();                                     \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }
