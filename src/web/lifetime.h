/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifetime.h -- how old a quote is and how long it stays true, as caches on the
 * way are told: Age, Cache-Control, X-Accel-Expires (nginx), Cache-Status.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

struct answer; /* serve/ask.h */
struct buffer; /* base/buffer.h */
struct worker; /* serve/worker.h */

/* Append these header lines for the quote of an answer, and Vary; was_waited
 * says that it had to be fetched. */
void lifetime_put(struct buffer *out, const struct worker *worker,
                  const struct answer *answer, bool was_waited);
