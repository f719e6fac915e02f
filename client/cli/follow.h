/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h -- quote --watch: a live table on a terminal, else a line a change.
 *
 * It goes on until it is ended: by q, by a signal, or because nobody reads its
 * output any more.  Servers that fail and come back are said on standard error,
 * or in the table's first line.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arguments; /* cli/arguments.h */
struct output;    /* cli/output.h */
struct quoted_options;

struct follow {
    const struct arguments *arguments;
    struct output *output;
    const char *server; /* addresses */
    const struct quoted_options *options;
    char *const *names; /* names_count of them, 1 or more */
    size_t names_count;
    bool has_colors;
};

/*
 * Follow.  Returns 0 when it was ended, or what quoted_watch_open() or the
 * output failed with, below 0; the cause has been said.  SIGINT, SIGTERM,
 * SIGHUP and SIGQUIT end it from now on.  Threads: main.
 */
int follow_run(const struct follow *follow);
