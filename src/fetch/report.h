/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h -- the fetch thread's report of its providers, for other threads to
 * copy.
 *
 * The inside of fetch.h.  Threads: stated below.
 */

#pragma once

#include <uv.h>

#include "fetch/fetch.h"

struct desk; /* desk/desk.h */

struct report {
    uv_mutex_t lock;
    struct fetch_report kept;  /* under the lock */
    struct fetch_report draft; /* the fetch thread's: made without it */
};

/* Begin with a report of nothing.  Returns 0 or ERR_NOMEM.  Threads: main, as
 * the next. */
int report_init(struct report *report);
void report_deinit(struct report *report);

/* Report anew.  The lock is held for a memcpy.  Threads: the fetch thread, or
 * main before it starts. */
void report_renew(struct report *report, struct desk *desk,
                  struct steady_time now);

/* Copy.  Threads: any. */
void report_copy(struct report *report, struct fetch_report *out);
