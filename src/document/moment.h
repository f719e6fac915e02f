/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moment.h -- when, in the ways in which providers write it.
 *
 * Whatever the form, a moment lies between 1900 and 2200; a number of
 * milliseconds that is taken for seconds does not, and so is none.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct zone; /* calendar/zone.h */

enum moment_form {
    MOMENT_UNIX_S,  /* 1672261200, also with a fraction */
    MOMENT_UNIX_MS, /* 1575526691134 */
    MOMENT_UNIX_NS, /* 1605195918306274000 */
    MOMENT_ISO,     /* 2025-02-26T20:59:57.550854527Z, ...+00:00, ...+0000 */
    MOMENT_DAY,     /* 2025-11-06, and whatever time of day behind it */
    MOMENT_LOCAL,   /* 2024-10-30 19:59:53.814, as clocks of a zone show it */
};

/*
 * Read a text into nanoseconds since 1970; a day is its midnight in UTC.
 * MOMENT_LOCAL needs `zone`, and is never read where that is NULL; the other
 * forms don't look at it.  Seconds may be left out of a time of day; a fraction
 * has 1 to 9 digits.  False, and *out_unix_ns is as it was, where the text is
 * not of the form, there is no such day or time of day, or it is 0 in one of
 * the first three forms, which is a word for nothing.  Threads: any.
 */
bool moment_read(int64_t *out_unix_ns, struct span text, enum moment_form form,
                 const struct zone *zone);
