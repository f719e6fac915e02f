/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complaint.h -- requests that failed through no fault of the client's, in the
 * log, under a name that the client may have been told.
 *
 * The line, the error and the metric say the same word: "code=UPSTREAM",
 * "-UPSTREAM ..." or "code":"UPSTREAM", outcome="upstream".  The log writes so
 * many of them a second (obs/log.h), the metrics count all.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "obs/family.h"

struct answer; /* serve/ask.h */
struct guest;  /* serve/guest.h */
struct worker; /* serve/worker.h */

/* Bytes of the longest name of a request, and its 0. */
#define COMPLAINT_NAME_SIZE 65

struct complaint_name {
    char text[COMPLAINT_NAME_SIZE]; /* "": it has none */
};

/* Name a request: 16 hex digits, never twice. */
void complaint_name(struct worker *worker, struct complaint_name *out);

/*
 * Take over the name that a client gave: the trace id of a `traceparent`
 * (W3C Trace Context), else an `X-Request-Id` of at most 64 letters, digits and
 * "._-".  Either may be without data.  Returns false where there is none to
 * take.
 */
bool complaint_take_name(struct complaint_name *out, struct span traceparent,
                         struct span request_id);

/*
 * Log that a request failed, if `code`, an error's word, is one that an
 * operator can do something about.  `symbol` and `reason` may be empty.
 */
void complaint_log(const struct guest *guest, const struct complaint_name *name,
                   const char *code, struct span symbol, struct span reason);

/* The same of a request without a name, by the first of its answers and how it
 * ended: where it got any quote, nothing is logged. */
void complaint_log_answer(const struct guest *guest,
                          const struct answer *answer,
                          enum family_outcome outcome);
