/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stub.h -- a provider's web server of a test's own, in a thread: it answers as
 * the test says, holds its answers back where it is told to, and counts.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct stub; /* opaque; see stub.c */

/* What goes out as the answer to a request. */
struct stub_answer {
    struct span request; /* what is answered: its line and headers.  BORROWED */
    char *bytes; /* malloc()'s: mem_fail_nth() is for the code under test */
    size_t len;
    bool closes; /* then the connection ends */
    bool resets; /* then it is reset */
};

/* Fill in the answer to a GET of `target` ("/path?query").  Threads: the
 * stub's. */
typedef void (*stub_answer_fn)(void *user, const char *target,
                               struct stub_answer *out);

/* Start on a port of 127.0.0.1 that was free.  Never fails (checked). */
struct stub *stub_start(stub_answer_fn answer, void *user);

/* End it, and set *stub to NULL. */
void stub_stop(struct stub **stub);

/* "http://127.0.0.1:40123".  BORROWED.  Threads: any, as all below. */
const char *stub_origin(const struct stub *stub);

/* Keep requests unanswered, or answer those that wait. */
void stub_hold(struct stub *stub, bool holds);

/* Requests and connections that came so far. */
unsigned stub_requests(struct stub *stub);
unsigned stub_connections(struct stub *stub);

/* Block until `count` requests have come; ends the test where they never do. */
void stub_await(struct stub *stub, unsigned count);

/* Append bytes to an answer; returns where they are, so that NULL for `data`
 * makes room that the caller fills. */
char *stub_append(struct stub_answer *out, const void *data, size_t len);

/* Append as printf() would; 8,000 bytes at most (checked). */
void stub_printf(struct stub_answer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append an answer: "200 OK", header lines each with its line end, a body. */
void stub_put(struct stub_answer *out, const char *status, const char *headers,
              struct span body);
