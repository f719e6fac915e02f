/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller.h -- HTTP calls to providers: libcurl on a loop.
 *
 * libcurl and the libraries behind it are loaded when the first call is made,
 * so that a server which only answers from memory starts at once and stays
 * small. Connections are kept and used again; TLS is verified; a redirect is
 * not followed, because it could carry a key elsewhere; a body beyond
 * CALLER_BODY_LIMIT, encoded or decoded, ends its call.
 *
 * Threads: the loop's, for every call and callback.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct call;   /* opaque; see caller.c */
struct caller; /* opaque; see caller.c */
struct loop;   /* net/loop.h */

/* A provider's answer for one symbol is a kilobyte; this leaves room for
 * batches and none for a whole market. */
#define CALLER_BODY_LIMIT (1u << 20)

/* Yahoo sends 34 KB of them. */
#define CALLER_HEADERS_LIMIT (64u << 10)

struct caller_answer {
    int status;          /* HTTP status; 0 where there was no answer */
    struct span body;    /* BORROWED for the callback, as the next */
    struct span headers; /* lines, as they came; those beyond
                            CALLER_HEADERS_LIMIT are left out */
    /* How often it was sent: 2 where an idle connection turned out to be dead
     * and libcurl asked again on a new one.  A provider may have seen both. */
    unsigned requests;
    bool is_refused; /* it would have had to be sent again, and was not */
    const char
        *failure; /* why there was none; NULL where there was.  BORROWED */
};

/* A call has ended; called exactly once for each that caller_start() made. */
typedef void (*caller_done_fn)(void *user, void *tag,
                               const struct caller_answer *answer);

/* A call is about to be sent again, on a new connection, because an idle one
 * turned out to be dead; false: it must not be.  It must not call the caller.
 */
typedef bool (*caller_again_fn)(void *user, void *tag);

/* Make a caller.  Returns 0 and *out is the caller's to end with
 * caller_destroy(), or ERR_NOMEM. */
int caller_create(struct caller **out, struct loop *loop,
                  caller_done_fn on_done, void *user);

/* Ask before a call is sent again; without this it is. */
void caller_ask_again(struct caller *caller, caller_again_fn on_again);

/* End every call without calling back, free, and set *caller to NULL. */
void caller_destroy(struct caller **caller);

/*
 * GET `url` within timeout_ms, everything included.  `headers` are lines, each
 * with a 0 behind it.  `tag` is given back with the answer.  Returns 0,
 * ERR_NOMEM, or ERR_ABSENT where libcurl can't be loaded (caller_load_error()
 * says why); then there is no callback.
 */
int caller_start(struct caller *caller, const char *url, struct span headers,
                 uint64_t timeout_ms, void *tag);

/* Why libcurl can't be loaded.  BORROWED until the next caller_start(). */
const char *caller_load_error(const struct caller *caller);
