/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h -- lines that end in CR LF, one by one off the front of some bytes.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* A place in the bytes, which moves line by line. */
struct lines {
    const char *bytes; /* BORROWED */
    size_t len;
    size_t at; /* where the next line begins */
};

enum line {
    LINE_NONE, /* its end is not there yet, and nothing was taken */
    LINE_GOOD, /* *text is the line without its end */
    LINE_BAD,  /* it holds a NUL, or a CR or LF that is not half of the pair */
};

/* Take the next line off.  *text is BORROWED, and only set for LINE_GOOD.
 * Threads: any. */
enum line line_take(struct lines *lines, struct span *text);
