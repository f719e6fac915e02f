/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.h -- prices of the past as a table, JSON, CSV or plain lines.
 *
 * As show.h: past_begin(), past_show() for each name, past_end().  Times are
 * UTC.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/arguments.h"

struct quoted_bar; /* quoted/quoted.h */

struct past {
    FILE *out;
    enum arguments_format format; /* not ARGUMENTS_REPORT */
    bool has_titles;              /* each table says whose it is */
    struct quoted_bar *bars;      /* of the name that is shown */
    size_t count;                 /* of these */
    size_t written;               /* lines or objects so far */
};

/* Write what stands before the first name.  Threads: main, as below. */
void past_begin(struct past *past);

/* Write the bars of a name; JSON also says that they could not be had and why,
 * where `error` is not 0. */
void past_show(struct past *past, const char *name, int error,
               const char *message);

/* Write what stands behind the last name. */
void past_end(struct past *past);
