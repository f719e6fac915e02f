/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h -- what is counted by labels, and in histograms.
 *
 * The second half of the table of metric.h: there a row is one number, which
 * INFO shows; here it is one a label's value, or a histogram, which only
 * /metrics shows.  Where a family has the name of a row, /metrics shows the
 * family alone.
 *
 * The values of a label are a closed list: what clients or providers send never
 * makes a new one.  Those of LABEL_PROVIDER and LABEL_WINDOW are the
 * configuration's; families with them have no cells, and are read from the
 * fetch thread's report when they are shown (serve/scrape.h), as those are
 * whose label is LABEL_READ.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds of a histogram's buckets. */
#define FAMILY_BOUNDS 13

/* A histogram is a cell a bound, one for what is above, one for the sum. */
#define FAMILY_CELLS_HISTOGRAM (FAMILY_BOUNDS + 2)
#define FAMILY_CELLS_COUNTER   1
#define FAMILY_CELLS_GAUGE     1
#define FAMILY_CELLS_INFO      1

enum family_protocol {
    FAMILY_RESP,
    FAMILY_HTTP,
    FAMILY_RPYC,
    FAMILY_UNKNOWN, /* nothing has come yet */
};

/* How a request ended.  Those from UNKNOWN on are the words of base/err.h. */
enum family_outcome {
    FAMILY_OK,      /* answered, and it was not for quotes */
    FAMILY_FRESH,   /* every quote is fresh, or cannot be fresher */
    FAMILY_STALE,   /* at least one quote is stale */
    FAMILY_PARTIAL, /* some of several symbols have no quote */
    FAMILY_REFUSED, /* it was no request that can be answered */
    FAMILY_ERRORS,  /* from here: ERR_UNKNOWN, ERR_NODATA, ... */
    FAMILY_OUTCOMES = FAMILY_ERRORS + 9,
};

/* What a request was answered from. */
enum family_way { FAMILY_FROM_MEMORY, FAMILY_FROM_UPSTREAM };

/* How many values a label has; 0: they are not counted in cells. */
#define FAMILY_VALUES_NONE      1
#define FAMILY_VALUES_READ      0
#define FAMILY_VALUES_PROVIDER  0
#define FAMILY_VALUES_CLASS     0
#define FAMILY_VALUES_WINDOW    0 /* and `counts`: calls, symbols, distinct */
#define FAMILY_VALUES_STANDING  0
#define FAMILY_VALUES_PROTO     3
#define FAMILY_VALUES_PROTO_YET 4 /* with those that have not said a word */
#define FAMILY_VALUES_OUTCOME   FAMILY_OUTCOMES
#define FAMILY_VALUES_FROM      2

enum family_label {
    FAMILY_LABEL_NONE,
    FAMILY_LABEL_READ,
    FAMILY_LABEL_PROVIDER,
    FAMILY_LABEL_CLASS,
    FAMILY_LABEL_WINDOW,
    FAMILY_LABEL_STANDING,
    FAMILY_LABEL_PROTO,
    FAMILY_LABEL_PROTO_YET,
    FAMILY_LABEL_OUTCOME,
    FAMILY_LABEL_FROM,
    FAMILY_LABELS,
};

/* clang-format off */
/*     name                   kind       unit       labels             help */
#define FAMILY_TABLE(FAMILY)                                                   \
    FAMILY(requests,          COUNTER,   "",        PROTO,    OUTCOME, "Requests answered.") \
    FAMILY(connections_open,  GAUGE,     "",        PROTO_YET, NONE,   "Connections that are open.") \
    FAMILY(request_duration,  HISTOGRAM, "seconds", FROM,     NONE,    "From request to reply, by what answered it.") \
    FAMILY(price_age,         HISTOGRAM, "seconds", NONE,     NONE,    "How old quotes were that were served.") \
    FAMILY(loop_turn,         HISTOGRAM, "seconds", NONE,     NONE,    "How long workers were busy at a time.") \
    FAMILY(upstream_calls,    COUNTER,   "",        PROVIDER, CLASS,   "Calls to providers that ended, by what came of them.") \
    FAMILY(upstream_duration, HISTOGRAM, "seconds", PROVIDER, NONE,    "From the decision to call a provider to what came of it.") \
    FAMILY(provider_standing, GAUGE,     "",        PROVIDER, STANDING, "1 for how a provider stands, 0 for the others.") \
    FAMILY(provider_queued,   GAUGE,     "",        PROVIDER, NONE,    "Symbols that wait to be asked of a provider.") \
    FAMILY(budget_left,       GAUGE,     "",        PROVIDER, WINDOW,  "What a key still allows in a window, in what `counts` says.") \
    FAMILY(budget_limit,      GAUGE,     "",        PROVIDER, WINDOW,  "What it allows when nothing of it is spent.") \
    FAMILY(log_suppressed,    COUNTER,   "",        READ,     NONE,    "Log lines left out: their event came too often.") \
    FAMILY(build,             INFO,      "",        READ,     NONE,    "The version that runs.") \
    FAMILY(process_cpu,       COUNTER,   "seconds", READ,     NONE,    "CPU time of the process, user and system.") \
    FAMILY(process_start_time, GAUGE,    "seconds", READ,     NONE,    "When the process started, since 1970.") \
    FAMILY(process_resident_memory, GAUGE, "bytes", READ,     NONE,    "Memory that is in RAM.") \
    FAMILY(process_virtual_memory, GAUGE, "bytes",  READ,     NONE,    "Memory that is addressable.") \
    FAMILY(process_open_fds,  GAUGE,     "",        READ,     NONE,    "Open file descriptors.") \
    FAMILY(process_max_fds,   GAUGE,     "",        READ,     NONE,    "How many there may be.") \
    FAMILY(process_threads,   GAUGE,     "",        READ,     NONE,    "Threads.")
/* clang-format on */

enum family {
#define FAMILY_ENUM(name, kind, unit, one, two, help) FAMILY_##name,
    FAMILY_TABLE(FAMILY_ENUM)
#undef FAMILY_ENUM
        FAMILY_COUNT,
};

enum family_kind {
    FAMILY_COUNTER,
    FAMILY_GAUGE,
    FAMILY_HISTOGRAM,
    FAMILY_INFO,
};

struct family_info {
    const char *name;
    enum family_kind kind;
    const char *unit; /* "" where it counts things */
    enum family_label labels[2];
    const char *help;
};

/* The table's row.  BORROWED, static, as all below.  Threads: any. */
const struct family_info *family_info_of(enum family family);

/* The bounds of a histogram's buckets, FAMILY_BOUNDS of them. */
const uint64_t *family_bounds_ms(enum family family);

/* "proto"; "" for NONE and READ. */
const char *family_label_name(enum family_label label);

/* How many values a label has in cells, and the word of one, "resp". */
size_t family_label_values(enum family_label label);
const char *family_label_word(enum family_label label, size_t value);

/* Cells of one combination of labels. */
size_t family_kind_cells(enum family_kind kind);

/* The outcome of a request that failed with `err`, any of base/err.h. */
enum family_outcome family_outcome_of(int err);

/* Which bucket of a histogram a value falls into: 0 to FAMILY_BOUNDS. */
static inline unsigned family_bucket(const uint64_t bounds_ms[FAMILY_BOUNDS],
                                     uint64_t value_ms)
{
    unsigned bucket = 0;
    while (bucket < FAMILY_BOUNDS && value_ms > bounds_ms[bucket]) {
        bucket++;
    }
    return bucket;
}

/* The bounds of durations, and those of prices' ages. */
extern const uint64_t family_durations_ms[FAMILY_BOUNDS];
extern const uint64_t family_ages_ms[FAMILY_BOUNDS];
