/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob.h -- patterns such as "B*", "?SPY" and "[AB]*", as Redis has them.
 *
 *     *       any text, also none      [abc]  one of these, [a-c] of a range,
 *     ?       any one character               [^abc] any other
 *     \x      x itself
 *
 * Letters match in either case.  What a pattern costs is bounded by its length
 * times the text's, whoever wrote it.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"

/* Whether the whole text matches. */
bool glob_match(struct span pattern, struct span text);
