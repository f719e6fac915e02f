/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h -- watch() and unwatch(): functions of the client's that are called
 * with each new quote of a symbol.
 *
 * A call of the client's function is a request to which it replies when the
 * function has returned.  Until FOLLOW_CALLS_LIMIT of them are unanswered the
 * next is sent; from then on news is kept back, and when replies come, the
 * newest of each symbol goes out (serve/watch.h).  So a slow function is called
 * less often, and one that never returns costs nothing.
 *
 * Invariants:
 *
 *   (1) A symbol has one function on a connection, that of its last watch().
 *   (2) There are never more than FOLLOW_CALLS_LIMIT calls without a reply.
 *   (3) A function that raises is called no more, for none of its symbols; but
 *       for the calls that are under way.
 *   (4) A function is released, once, when no symbol has it any more.
 *   (5) A watch() that is refused, for whatever reason, changes nothing.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "serve/watch.h"

struct callback; /* follow.c's own, as the next */
struct followed;
struct python;
struct python_request;
struct rpyc_box;

/* Enough that round trips do not hold up a table of prices, and few enough that
 * a slow function is not told much that is old by then. */
#define FOLLOW_CALLS_LIMIT 16

/* What a session follows, within its memory. */
struct follows {
    struct watcher watcher; /* first */
    struct python *python;
    struct followed *table; /* by symbol */
    struct {
        int64_t seq;
        struct callback *callback; /* NULL: released meanwhile */
    } calls[FOLLOW_CALLS_LIMIT];   /* without a reply */
    size_t calls_count;
    bool is_narrow; /* its connection was narrowed */
};

/* Begin with nothing. */
void follow_init(struct follows *follows, struct python *python);

/* Free everything, when the connection is gone. */
void follow_end_all(struct follows *follows);

/*
 * Answer a request to call the function with the id `callback` (in brine;
 * MOVED: it will be released) with the quotes of a boxed str, or tuple of str;
 * or to call none any more, where it is empty.
 */
void follow_change(struct python_request *request, struct span callback,
                   const struct rpyc_box *symbols);

/* Answer a request to end all. */
void follow_stop_all(struct python_request *request);

/* Send the calls that may be sent now.  May end the session. */
void follow_send(struct follows *follows);

/* The client has replied.  Returns whether that was to one of our calls. */
bool follow_take_reply(struct follows *follows, int64_t seq, bool has_raised);
