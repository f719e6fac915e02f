/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments.h -- what the user asked for on the command line.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoted/quoted.h>

/* At most this many passes with --repeat. */
#define ARGUMENTS_REPEAT_LIMIT 1000000000u

/* Bytes of the longest --client. */
#define ARGUMENTS_CLIENT_LIMIT 32

enum arguments_format {
    ARGUMENTS_TABLE,
    ARGUMENTS_REPORT,
    ARGUMENTS_JSON,
    ARGUMENTS_CSV,
    ARGUMENTS_PLAIN,
};

enum arguments_task {
    ARGUMENTS_ASK,
    ARGUMENTS_PING,
    ARGUMENTS_WATCH,
    ARGUMENTS_EXPLAIN,
    ARGUMENTS_HISTORY,
    ARGUMENTS_HELP,
    ARGUMENTS_VERSION,
};

struct arguments {
    enum arguments_task task;
    enum arguments_format format;
    const char *server; /* of -s; NULL where not given */
    const char *client; /* of --client; NULL where not given */
    uint32_t repeat;    /* passes over the list, 1 or more */
    uint32_t every_ms;  /* from one pass to the next; 0: at once */
    uint32_t timeout_ms;
    uint32_t attempt_ms;
    enum quoted_balance balance;
    bool reconnect;
    bool fresh;
    int64_t max_age_ms;          /* of --max-age; -1 where not given */
    struct quoted_period period; /* of --from, --to and --step */
    bool no_color;
    char **names; /* BORROWED from argv */
    size_t names_count;
    char error[256]; /* what is wrong, and what is allowed */
};

/*
 * Read the command line.  Returns 0, or -1 with out->error set.  May put
 * argv in another order.  Threads: main.
 */
int arguments_parse(struct arguments *out, int argc, char **argv);

/*
 * Read a duration as --timeout takes it: a whole number and ms, s or m, from
 * 1ms to 60m.  Returns 0 or -1.
 */
int arguments_parse_duration(uint32_t *out_ms, const char *text);

/* Whether a text is UTF-8 without control characters, and not empty: what a
 * name may be, so that printing it can't hurt the terminal. */
bool arguments_is_name(const char *text);

/* What --help prints.  BORROWED, static. */
const char *arguments_help(void);
