/* SPDX-License-Identifier: Apache-2.0 */
/*
 * framing.h -- where one reply ends and the next begins, and nothing else of a
 * protocol: what a reply says is looked at once, before the load.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framing_kind {
    FRAMING_RESP, /* simple, errors, numbers, strings, arrays, maps, pushes */
    FRAMING_HTTP, /* a head with Content-Length, and a body */
    FRAMING_RPYC, /* a length of 4 bytes, a byte, that many, and a line end */
    FRAMING_MEMCACHED, /* the text protocol's VALUEs and an END */
    FRAMING_FIXED,     /* so many bytes */
};

#define FRAMING_LINE_SIZE 256

struct framing {
    enum framing_kind kind;
    size_t fixed;    /* bytes, of FRAMING_FIXED */
    size_t skip;     /* bytes to come that need not be looked at */
    uint64_t values; /* of RESP, to come in this reply; of memcached, that have
                      * come */
    size_t line_len;
    bool is_bad;        /* it is no such protocol; no more is read */
    uint64_t errors;    /* replies that say an error: -..., a status of 400 and
                         * more, or that memcached has no value */
    size_t body_len;    /* of HTTP, as its head says */
    bool is_first_line; /* of an HTTP head */
    char line[FRAMING_LINE_SIZE];
};

/* Begin at the front of a reply. */
void framing_init(struct framing *framing, enum framing_kind kind,
                  size_t fixed);

/* Read bytes, and return how many replies ended in them. */
size_t framing_take(struct framing *framing, const char *bytes, size_t len);
