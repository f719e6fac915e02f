/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h -- the table of everything that is counted.
 *
 * Each thread counts in cells of its own, so counting writes no shared memory;
 * they are summed when somebody reads them.  A gauge is counted up and down in
 * the same way, by any thread.  The help is what docs/counters.md says.
 *
 * A row here is one number, whose name INFO shows and never changes; what is
 * counted by labels and in histograms is in family.h, and in the same cells.
 */

#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "obs/family.h"

/* clang-format off */
/*     name                      kind     unit           help */
#define METRIC_TABLE(METRIC)                                                   \
    METRIC(connections_accepted, COUNTER, "connections", "Accepted from clients.") \
    METRIC(connections_refused,  COUNTER, "connections", "Turned away at limits.connections.") \
    METRIC(connections_open,     GAUGE,   "connections", "Open now.")           \
    METRIC(connections_idle_ended, COUNTER, "connections", "Ended after limits.idle_for.") \
    METRIC(connections_cut,      COUNTER, "connections", "Cut: the peer read nothing, sent too much at once or broke the protocol.") \
    METRIC(connections_put_off,  COUNTER, "turns",       "Times that the rest of what a connection sent was left for the next turn.") \
    METRIC(requests,             COUNTER, "requests",    "Commands received.")  \
    METRIC(requests_failed,      COUNTER, "requests",    "Commands answered with an error of any kind.") \
    METRIC(cache_hits,           COUNTER, "lookups",     "Answered from memory, fresh.") \
    METRIC(cache_stale,          COUNTER, "lookups",     "Answered from memory, stale and labelled so.") \
    METRIC(cache_misses,         COUNTER, "lookups",     "Nothing to answer with: had to wait for a fetch.") \
    METRIC(cache_too_old,        COUNTER, "lookups",     "Older than the request allowed (MAXAGE): had to wait for a fetch.") \
    METRIC(cache_unknown,        COUNTER, "lookups",     "Answered from memory that no provider knows the symbol.") \
    METRIC(cache_published,      COUNTER, "quotes",      "Quotes made current.") \
    METRIC(cache_overtaken,      COUNTER, "quotes",      "Quotes that came late: what was current is newer.") \
    METRIC(cache_evicted,        COUNTER, "quotes",      "Pushed out by newer symbols at cache.symbols_max.") \
    METRIC(cache_quotes,         GAUGE,   "quotes",      "Symbols with a quote.") \
    METRIC(cache_unknowns,       GAUGE,   "symbols",     "Symbols believed to be unknown.") \
    METRIC(waits_open,           GAUGE,   "requests",    "Requests waiting for a fetch.") \
    METRIC(watches_open,         GAUGE,   "watches",     "Symbols and patterns that connections watch.") \
    METRIC(watch_sent,           COUNTER, "messages",    "Sent to watchers.") \
    METRIC(watch_bundled,        COUNTER, "sends",       "To watchers that were handed to the kernel many in one call (server.io_uring).") \
    METRIC(watch_conflated,      COUNTER, "quotes",      "Not sent to a watcher: a newer one came before it had read.") \
    METRIC(watch_cut,            COUNTER, "connections", "Watchers cut that read nothing any more.") \
    METRIC(flights_started,      COUNTER, "flights",     "Symbols that began to be fetched.") \
    METRIC(flights_joined,       COUNTER, "flights",     "Workers that asked for a symbol already being fetched.") \
    METRIC(flights_refused,      COUNTER, "flights",     "Refused at fetch.flights_max.") \
    METRIC(flights_open,         GAUGE,   "flights",     "Symbols being fetched or waiting for it.") \
    METRIC(upstream_calls,       COUNTER, "calls",       "Calls sent to providers.") \
    METRIC(upstream_ok,          COUNTER, "calls",       "Calls that brought a price.") \
    METRIC(upstream_unknown,     COUNTER, "calls",       "Calls answered that there is no such symbol.") \
    METRIC(upstream_limited,     COUNTER, "calls",       "Calls answered that the allowance is used.") \
    METRIC(upstream_failed,      COUNTER, "calls",       "Calls that failed in any other way.") \
    METRIC(upstream_other_unit,  COUNTER, "prices",      "Prices refused: in another unit or currency than the one that is served.") \
    METRIC(upstream_resting,     COUNTER, "flights",     "Flights ended without a call, the provider being given a rest.") \
    METRIC(store_kept,           COUNTER, "quotes",      "Quotes written to the file of store.path.") \
    METRIC(store_dropped,        COUNTER, "quotes",      "Quotes not written: the disk fails, or is too slow.") \
    METRIC(store_failed,         COUNTER, "writes",      "Writes to that file that failed.") \
    METRIC(reloads,              COUNTER, "reloads",     "Configuration files taken over.") \
    METRIC(reloads_refused,      COUNTER, "reloads",     "Configuration files refused.")
/* clang-format on */

enum metric {
#define METRIC_ENUM(name, kind, unit, help) METRIC_##name,
    METRIC_TABLE(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT,
};

/* Where a family's cells begin; behind those of the rows above. */
enum metric_at {
    METRIC_AT_FIRST = METRIC_COUNT - 1,
#define METRIC_AT(name, kind, unit, one, two, help) \
    METRIC_AT_##name,                               \
        METRIC_AT_LAST_##name =                     \
            METRIC_AT_##name - 1 +                  \
            FAMILY_CELLS_##kind * FAMILY_VALUES_##one * FAMILY_VALUES_##two,
    FAMILY_TABLE(METRIC_AT)
#undef METRIC_AT
        METRIC_CELLS,
};

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric_info {
    const char *name;
    enum metric_kind kind;
    const char *unit;
    const char *help;
};

/* One thread's cells; the padding keeps two threads' off one cache line. */
struct metric_cells {
    _Atomic uint64_t values[METRIC_CELLS];
    char padding[64];
};

/* Cells of all threads. */
struct metrics {
    struct metric_cells *cells;
    size_t count; /* threads */
};

/* Make cells for `count` threads, all 0.  Returns 0 or ERR_NOMEM; ended with
 * metric_deinit().  Threads: main, before the others start. */
int metric_init(struct metrics *metrics, size_t count);

/* Free the cells.  Threads: main, after the others ended. */
void metric_deinit(struct metrics *metrics);

/* Count in a cell.  Threads: the cells' own.  Relaxed, and no
 * read-modify-write: there is one writer, and a reader may see a count a little
 * late. */
static inline void metric_add_at(struct metric_cells *cells, size_t at,
                                 uint64_t n)
{
    _Atomic uint64_t *value = &cells->values[at];
    atomic_store_explicit(value,
                          atomic_load_explicit(value, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Count. */
static inline void metric_add(struct metric_cells *cells, enum metric metric,
                              uint64_t n)
{
    metric_add_at(cells, (size_t)metric, n);
}

/* Count a gauge down; only the sum over all threads has a meaning. */
static inline void metric_subtract(struct metric_cells *cells,
                                   enum metric metric, uint64_t n)
{
    metric_add(cells, metric, 0 - n);
}

/* Count `n` values of value_ms in the histogram that begins at `at`. */
static inline void metric_observe(struct metric_cells *cells, size_t at,
                                  const uint64_t bounds_ms[FAMILY_BOUNDS],
                                  uint64_t value_ms, uint64_t n)
{
    metric_add_at(cells, at + family_bucket(bounds_ms, value_ms), n);
    metric_add_at(cells, at + FAMILY_BOUNDS + 1, n * value_ms);
}

/* The sum over all threads of a cell of a family.  Threads: any. */
uint64_t metric_sum_at(const struct metrics *metrics, size_t at);

/* The sum over all threads.  Threads: any. */
uint64_t metric_sum(const struct metrics *metrics, enum metric metric);

/* The table's row.  BORROWED, static.  Threads: any. */
const struct metric_info *metric_info_of(enum metric metric);
