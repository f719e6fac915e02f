/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.h -- letting go of what the client gave: each reference once.
 *
 * Threads: the worker's.
 */

#pragma once

#include "base/span.h"

struct brine_value; /* proto/brine.h */
struct python;      /* python/python.h */
struct rpyc_box;    /* proto/rpyc.h */

/* Let go of a reference of the client's, by its id in brine; soon, with
 * others. */
void release_one(struct python *python, struct span id);

/* Let go of all that came in a box, but for what is kept. */
void release_given(struct python *python, const struct rpyc_box *box,
                   const struct brine_value *const kept[2]);
