/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.h -- a failure as HTTP tells it: a status, and a document about it
 * (RFC 9457) whose `code` is the same word that RESP says.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

struct buffer; /* base/buffer.h */

#define PROBLEM_TYPE "application/problem+json"

struct problem {
    int status;
    const char *code;        /* "UNKNOWN" */
    const char *title;       /* the code's sentence; always the same */
    struct span detail;      /* what it was this time; "" for the title */
    struct span instance;    /* the target of the request; "" for none */
    struct span symbol;      /* "" for none */
    uint64_t retry_after_ms; /* 0: not known, or of no use */
};

/* The problem of an err (base/err.h); the detail is what holds every time, or
 * empty, as the rest is. */
struct problem problem_of_err(int err);

/* The same of a status that is not about a quote: 400, 404, 405... */
struct problem problem_of_status(int status);

/* Append the document. */
void problem_put(struct buffer *out, const struct problem *problem);

/* The whole seconds of a Retry-After header; 0: there is to be none. */
uint64_t problem_retry_after_s(const struct problem *problem);

/* The rows of the table, for the test of openapi.json: NULL behind the last. */
const char *problem_code(unsigned row);
