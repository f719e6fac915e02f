/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glance.h -- the request that is nearly every one, a call of a method with one
 * text, told by its form: all of its bytes are known beforehand but for the
 * method's number and the text.
 *
 *   (1) What is read at a glance is what parsing the whole and matching the
 *       arguments would give; what is not, may be anything, and is parsed.
 *   (2) What is answered at a glance is answered as python_ask() would, and
 *       counted as it would be: from a quote that is in memory and good.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct python; /* python/python.h */

struct glance {
    int64_t object_id; /* of the method, which may be none of ours */
    struct span text;  /* 1 to 255 bytes of ASCII.  BORROWED from the request */
};

/* Read the body of a request (struct rpyc_cut).  Returns false where it is of
 * another form.  Threads: any. */
bool glance_read(struct glance *glance, struct span body);

/*
 * Answer the requests at the front of the bytes, up to one that needs more, or
 * until PYTHON_FLUSH_BYTES are composed.  Returns how many bytes were taken.
 */
size_t glance_take(struct python *python, struct span bytes);
