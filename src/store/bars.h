/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bars.h -- many prices as few: open, high, low and close of each step.
 *
 * A step begins at a multiple of its length since 1970 in UTC, as everybody's
 * charts do.  A step without a price has no bar.  Pure.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"

struct bar {
    int64_t at_unix_ms; /* when its step begins */
    uint64_t count;     /* of prices */
    struct decimal open;
    struct decimal high;
    struct decimal low;
    struct decimal close;
};

struct bars {
    uint64_t step_ms;
    struct bar *list; /* `count_max` of them, the owner's */
    size_t count_max;
    size_t count;
    bool is_cut; /* there would have been one more */
};

/* Begin without a bar; step_ms and count_max are 1 or more. */
void bars_init(struct bars *bars, uint64_t step_ms, struct bar *list,
               size_t count_max);

/* Take a price, which is not before the one taken last (checked).  Returns
 * whether to go on: false when its bar would be one too many. */
bool bars_take(struct bars *bars, int64_t at_unix_ms, struct decimal price);
