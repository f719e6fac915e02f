/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instant.h -- instants and steps of the past, as people and programs ask for
 * them: HISTORY's FROM, TO and EVERY.
 *
 *     2026-11-20                   a day in UTC, all of it
 *     2026-11-20T14:30:00Z         RFC 3339; with an offset, a fraction, or
 *     2026-11-20 14:30             without seconds; without a zone it is UTC
 *     1795185000, 1795185000000    Unix time in seconds; in milliseconds from
 *                                  12 digits on; fewer than 9 are refused
 *     -90m                         so long ago (base/units.h)
 *     now
 *     -, +                         the first and the last there is
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

struct store_question; /* store/store.h */

/* What is allowed, for error texts. */
#define INSTANT_FORM                                                      \
    "a day (2026-11-20), a time (2026-11-20T14:30:00Z), Unix seconds or " \
    "milliseconds, so long ago (-7d), now, - or +"

/* An instant that was read: what it stands for begins and ends. */
struct instant {
    int64_t from_unix_ms;
    int64_t to_unix_ms; /* of a day its end, else the same */
};

/*
 * Read an instant at `now`.  Returns 0; ERR_SYNTAX; or ERR_RANGE before 1970
 * and after the year 9999.
 */
int instant_parse(struct instant *out, struct span text, int64_t now_unix_ms);

#define INSTANT_EVERY_LIMIT_MS (UINT64_C(366) * 86400000)

/* What was asked for of the past; "" is what was not said: from the first price
 * there is, until now, day by day. */
struct instant_range {
    struct span from;
    struct span to;
    struct span every;
};

/*
 * Read a range into *out, but for the symbol.  Steps are whole: where `from` is
 * within a step it is moved to its beginning, and `to` to its end.  Returns
 * NULL, or what is wrong with it, in a sentence.  BORROWED, static.
 */
const char *instant_read_range(struct store_question *out,
                               const struct instant_range *range,
                               int64_t now_unix_ms);
