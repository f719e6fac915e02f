/* SPDX-License-Identifier: Apache-2.0 */
/*
 * integers.h -- what a saved budget is written in: words with a space between.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

/*
 * Take the next word off the front as a number, which may be negative.  Returns
 * 0; ERR_ABSENT at the end, where *rest is then without data; or ERR_SYNTAX
 * where the word is none or does not fit, with *rest as it was.  Threads: any.
 */
int integers_take(struct span *rest, int64_t *out);
