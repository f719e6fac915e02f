/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h -- standard output that may be closed, full, or read by nobody.
 *
 * Threads: main.
 */

#pragma once

#include <stdbool.h>

/*
 * Take the descriptors 0, 1 and 2 where they are closed, so that no connection
 * gets one of them and is printed to; writing to them still fails.  Returns
 * false where that can't be done.
 */
bool output_take_descriptors(void);

/* All 0 at the start. */
struct output {
    bool has_failed; /* and standard error has said so */
};

/* Write out what has been printed.  Returns whether all of it could be; the
 * first time that it could not, standard error says why. */
bool output_flush(struct output *output);

/* Whether standard output is a pipe that nobody reads any more. */
bool output_is_abandoned(void);
