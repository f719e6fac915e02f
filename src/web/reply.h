/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.h -- answers as bytes: the status line and the headers that every
 * answer has, whatever it is about.
 *
 *     reply_begin()  status, Date, CORS, Connection
 *     ...            header lines of one's own, each with CR LF
 *     reply_end()    Content-Type, Content-Length, the empty line, the body
 *
 * Threads: the worker's.
 */

#pragma once

#include <string.h>

#include "base/span.h"

struct buffer;         /* base/buffer.h */
struct complaint_name; /* serve/complaint.h */
struct problem;        /* web/problem.h */
struct web;            /* web/web.h */
struct web_call;       /* web/web.h */

/* Append a literal. */
#define REPLY_PUT(out, literal) buffer_put(out, literal, sizeof(literal) - 1)

/* Write a literal where there is room for it, and go on behind it. */
#define REPLY_WRITE(at, literal)                     \
    do {                                             \
        memcpy(*(at), literal, sizeof(literal) - 1); \
        *(at) += sizeof(literal) - 1;                \
    } while (0)

/* The name of a request: its own, that of its headers, or a new one. */
void reply_name(const struct web *web, const struct web_call *call,
                struct complaint_name *out);

/* Begin an answer.  A status from 400 is counted as a failure. */
void reply_begin(struct web *web, const struct web_call *call, int status,
                 struct buffer *out);

/* End it with a body, of which HEAD sees the length only. */
void reply_end(const struct web_call *call, const char *content_type,
               struct span body, struct buffer *out);

/* End it without: of 204 and 304, which have none. */
void reply_end_empty(struct buffer *out);

/* A whole answer of one body, not to be cached. */
void reply_put(struct web *web, const struct web_call *call, int status,
               const char *content_type, struct span body, struct buffer *out);

/* What may be asked of every path. */
#define REPLY_ALLOW "Allow: GET, HEAD, OPTIONS\r\n"

/* A whole answer that tells a problem; its instance is filled in. */
void reply_fail(struct web *web, const struct web_call *call,
                const struct problem *problem, struct buffer *out);

/* As above, of a status that is not about a quote, with a detail or "". */
void reply_fail_with(struct web *web, const struct web_call *call, int status,
                     const char *detail, struct buffer *out);
