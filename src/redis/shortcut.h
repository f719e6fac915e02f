/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shortcut.h -- the commonest requests by far, GET and MGET of symbols whose
 * quotes are in memory and good, answered without what all others need: they
 * are not taken apart into words or dispatched, and are found together.
 *
 *   (1) What is answered here is answered as quotes_get() or quotes_mget()
 * would, and counted as it would be.  What can't be is left alone.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

struct buffer;
struct session; /* redis/session.h */

/*
 * Answer the requests at the front of the bytes, up to one that needs more, or
 * until SESSION_FLUSH_BYTES are composed.  The session is one whose next
 * request is run at once and whose reply goes out next (session.c sees to
 * that).  Returns how many bytes were taken.
 */
size_t shortcut_take(struct session *session, struct span bytes,
                     struct buffer *out);
