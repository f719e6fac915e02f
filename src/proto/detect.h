/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect.h -- which protocol a connection speaks, from its first bytes.
 *
 * An RPyC frame begins with a zero byte (a 4-byte length below 16 MiB); an HTTP
 * request with a method of capitals, a space and "/" (or "http", the absolute
 * form, or "* HTTP/", or "*" behind OPTIONS, or anything behind CONNECT),
 * behind empty lines that say nothing in either; everything else is RESP, whose
 * inline commands are told from HTTP by their argument: no symbol begins with
 * "/".
 */

#pragma once

#include "base/span.h"

enum protocol {
    PROTOCOL_UNKNOWN, /* more bytes are needed */
    PROTOCOL_RESP,
    PROTOCOL_HTTP,
    PROTOCOL_RPYC,
    PROTOCOL_COUNT,
};

/* Bytes after which the answer is never PROTOCOL_UNKNOWN. */
#define DETECT_BYTES_LIMIT 16

/* Tell the protocol.  Once it is known, more bytes never change it.
 * Threads: any. */
enum protocol detect_protocol(struct span first_bytes);

/* "resp", "http", "rpyc", "unknown".  BORROWED, static. */
const char *detect_word(enum protocol protocol);
