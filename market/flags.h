/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flags.h -- the command line of quoted-market.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "market/limit.h"

/* Longest --latency and --step. */
#define FLAGS_LATENCY_LIMIT_MS 600000u
#define FLAGS_STEP_LIMIT_MS    604800000u

struct flags {
    const char *listen; /* BORROWED from the command line, as the next two */
    const char *key;    /* NULL: not given */
    const char *prices; /* NULL: not given */
    uint64_t seed;
    uint64_t latency_ms;
    uint64_t step_ms;
    struct limit_rule rule;
    bool invents;
    bool wants_help;
    bool wants_version;
    char error[300]; /* what is wrong, where reading failed */
};

/*
 * Read the command line.  Returns 0, or ERR_SYNTAX with out->error set.
 * Threads: main.
 */
int flags_read(struct flags *out, int argc, char **argv);

/* What --help prints.  BORROWED, static. */
const char *flags_help(void);
