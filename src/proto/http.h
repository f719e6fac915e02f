/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h -- HTTP/1.x: bytes to requests, replies to bytes.  Pure: no socket, no
 * clock.  The grammar of the head is http-parser's, which is included in http.c
 * only; where that is lenient, http.c is not, because a byte that two parsers
 * on one path read differently is how requests are smuggled: every line ends in
 * CR LF, no line is folded, no name has a space in it, and a body's length is
 * said once and in one way.
 *
 *   (1) Cut anywhere: parsing a request in two pieces gives the same request,
 *       or the same refusal.
 *   (2) A request's head has at most HTTP_HEAD_LIMIT bytes, its body at most
 *       body_max; what is longer is refused with the right status.
 *   (3) No request needs more than HTTP_BYTES_LIMIT(body_max) bytes to be told
 *       from one that is refused.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

#define HTTP_HEAD_LIMIT    16384 /* bytes */
#define HTTP_HEADERS_LIMIT 64

/* A request with its chunk sizes, trailers and the line that breaks the bound:
 * what a connection's input buffer must be able to hold. */
#define HTTP_BYTES_LIMIT(body_max) ((body_max) + 3 * (size_t)HTTP_HEAD_LIMIT)

struct http_header {
    struct span name; /* as it was sent; compare with span_equal_nocase() */
    struct span value;
};

struct http_request {
    struct span method; /* "GET" */
    struct span target; /* as it was sent: "/query?function=GLOBAL_QUOTE" */
    struct span path;   /* the target up to "?"; of the absolute form
                         * "http://host/path", or https, behind the host */
    struct span query;  /* behind "?"; empty where there is none */
    struct span body;
    struct http_header headers[HTTP_HEADERS_LIMIT];
    size_t headers_count;
    bool is_1_0;       /* of the version 1.0, and not 1.1 */
    bool keep_alive;   /* by version and Connection header */
    int status;        /* what to refuse it with, where parsing failed: 400,
                        * 405, 413, 414, 431, 501 or 505; 0 where it did not */
    const char *error; /* and why, for the log; static */
};

/*
 * Parse one request at the front of `bytes`.  Returns how many bytes it took
 * (more than 0), 0 when more are needed, or ERR_PROTOCOL with request->status
 * and request->error set: the connection can't be read any further.  All spans
 * are BORROWED from `bytes`; a chunked body is put together in place, which is
 * why they are not const (done only when the whole request is there, and only
 * once: parsing again then finds other bytes).  Trailers are dropped.
 * Threads: any.
 */
ptrdiff_t http_parse(struct http_request *request, char *bytes, size_t len,
                     size_t body_max);

/* The value of a header, by name in any case; data is NULL where it is absent.
 * The first, where it was sent more than once.  BORROWED as the request. */
struct span http_find_header(const struct http_request *request,
                             const char *name);

/*
 * The value of a header that is a list, whose lines are one list with commas
 * between them (RFC 9110, 5.3).  BORROWED as the request where it was sent
 * once; where more often, from `scratch`, which is cleared, and without memory
 * it is the first.
 */
struct span http_join_header(const struct http_request *request,
                             const char *name, struct buffer *scratch);

/*
 * Append the value of a query parameter, percent-decoded (and + as a space), to
 * `out`; the first, where it is there more than once.  Returns false where it
 * is absent; a broken escape is taken as it stands.
 */
bool http_query_value(struct span query, const char *name, struct buffer *out);

/* "Not Found" for 404; "Status" for a number that is not known.  Static. */
const char *http_reason(int status);

/*
 * Append the head of a reply: status line, Content-Type, Content-Length and,
 * where !keep_alive, "Connection: close", then `extra` (whole header lines,
 * each with its \r\n, or ""), then the empty line.  The body follows by the
 * caller.
 */
void http_put_head(struct buffer *out, int status, const char *content_type,
                   size_t content_length, bool keep_alive, const char *extra);
