/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partial.h -- requests of which only a part has come: whose senders are slow,
 * and since when.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct heartbeat; /* serve/heartbeat.h */
struct web;       /* web/web.h */

/* A session's place in the list of those who wait for the rest. */
struct partial {
    LIST_ENTRY(partial) link;
    struct web *web;
    bool is_listed;
    uint64_t since_ms; /* of the loop's clock */
};

LIST_HEAD(partial_list, partial);

struct partials {
    struct partial_list list;
    struct heartbeat *heartbeat; /* owned; beats while there are any */
};

/* A request is there in part; `is_new` where it is not the one that was before.
 */
void partial_note(struct partials *partials, struct partial *partial,
                  bool is_new, uint64_t now_ms);

/* Nothing of a request is there, or nothing is waited for.  Not being in the
 * list already is allowed. */
void partial_forget(struct partials *partials, struct partial *partial);
