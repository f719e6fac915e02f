/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy.h -- the PROXY protocol, versions 1 and 2: who a balancer's connection
 * is for, told in front of its first bytes.  Pure.
 *
 * Specification: HAProxy's "The PROXY protocol", sections 2.1 and 2.2.  nginx
 * sends version 1, HAProxy either.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

/* Bytes of the longest address that is given, and its 0: "[ipv6]:65535". */
#define PROXY_SOURCE_SIZE 64

/* Version 1 is at most 107 bytes; of version 2 we take as much as addresses and
 * the usual TLVs need. */
#define PROXY_BYTES_LIMIT 1024

struct proxy_header {
    /* The client's address; "" where the header does not say (the balancer's
     * own health check, or an unknown family). */
    char source[PROXY_SOURCE_SIZE];
};

/*
 * Parse a header at the front of `bytes`.  Returns how many bytes it took (more
 * than 0), 0 when more are needed, or ERR_PROTOCOL when these bytes do not
 * begin with one.  Cut anywhere, the result is the same.  Threads: any.
 */
ptrdiff_t proxy_parse(struct proxy_header *header, struct span bytes);
