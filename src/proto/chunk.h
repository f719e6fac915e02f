/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk.h -- the chunked transfer coding of HTTP/1.1 (RFC 9112, section 7.1),
 * read from the bytes alone.
 *
 * A chunk's line is judged when it has its end, its data when they are all
 * there, so that where the bytes were cut changes nothing.  Extensions and
 * trailers are checked for their form and dropped.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/line.h"

/* A chunk's size with its extensions, or a trailer; bytes with the line end. */
#define CHUNK_LINE_LIMIT 4096

/* All that is not the body itself: sizes, extensions, trailers, line ends.
 * Without a bound a body of one-byte chunks costs any multiple of its length.
 */
#define CHUNK_OVERHEAD_LIMIT 16384

struct chunks {
    struct lines lines; /* the bytes; `at` is where the body begins */
    size_t body_max;    /* bytes */
    char *to;           /* where the body is put together; NULL: only measured.
                         * May be the place where the body begins. */
    uint64_t len;       /* out: bytes of body */
    int status;         /* out: what to refuse it with: 400 or 413 */
    const char *error;  /* out: and why; static */
};

/*
 * Walk over the whole body.  Returns where it ends in the bytes, 0 when more
 * are needed, or ERR_PROTOCOL.  Threads: any.
 */
ptrdiff_t chunk_walk(struct chunks *chunks);

/* Whether the text is a token of RFC 9110: a name of a method or a header. */
bool chunk_is_token(struct span text);

/* Whether the text holds no control character but the tab. */
bool chunk_is_text(struct span text);
