/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h -- how many calls a provider allows: so many in any second, minute
 * and day, for each key.
 *
 * A window slides: it is the last second, not the second of the clock, so that
 * nobody gets twice the rate over the turn of a second.  A call that is refused
 * is not counted.  When two windows are used up the longer one answers, because
 * waiting for the shorter would not help.
 *
 *   (1) No window of a key ever holds more calls than the rule allows.
 *   (2) A call is refused only by a window that is full.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

/* The largest count of a window: what we remember is an instant for each call.
 */
#define LIMIT_CALLS_LIMIT 100000

/* Keys that are counted apart; all further ones are counted as one. */
#define LIMIT_KEYS_LIMIT 256

enum limit_window {
    LIMIT_SECOND,
    LIMIT_MINUTE,
    LIMIT_DAY,
    LIMIT_WINDOWS, /* how many there are, and: no window refuses */
};

/* Calls allowed in each window; 0: as many as you like. */
struct limit_rule {
    uint32_t calls_max[LIMIT_WINDOWS];
};

/* What is allowed, for error texts. */
#define LIMIT_FORM \
    "counts up to 100000 of a second, a minute or a day, such as 25/d,1/s"

/* Read "25/d,1/s" or "5/m".  Returns 0, ERR_SYNTAX, or ERR_RANGE where a count
 * is 0 or above LIMIT_CALLS_LIMIT.  Threads: any. */
int limit_parse(struct limit_rule *out, struct span text);

struct limit; /* opaque; see limit.c */

/* Make a counter for the rule.  Returns 0, and *out is to be ended with
 * limit_destroy(), or ERR_NOMEM.  Threads: its owner's, as for all below. */
int limit_create(struct limit **out, const struct limit_rule *rule);

/* Free it and set *limit to NULL; NULL already is allowed. */
void limit_destroy(struct limit **limit);

/*
 * Count a call with this key.  Sets *refused_by to the window that refuses it,
 * or to LIMIT_WINDOWS where none does.  Returns 0, or ERR_NOMEM, and then the
 * call was not counted.
 */
int limit_take(struct limit *limit, struct span key, uint64_t now_mono_ms,
               enum limit_window *refused_by);

/* Forget every call. */
void limit_clear(struct limit *limit);
