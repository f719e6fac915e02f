/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h -- a client's connection that speaks RESP: its requests in, the
 * replies out in the order of the requests.
 *
 * A request that has to wait becomes a turn.  Replies of requests behind it are
 * composed at once, but held with the turn until it is answered:
 *
 *     out to the peer | turn 1 (waits) + held bytes | turn 2 (waits) + held
 * bytes
 *
 * Invariants:
 *
 *   (1) Replies leave in the order of their requests, each exactly once.
 *   (2) Above SESSION_WAITING_LIMIT symbols waited for, or limits.output_bytes
 *       held, no further request is read until there are half as many.
 *   (3) A session that ends leaves no waiter behind.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "quote/symbol.h"
#include "serve/ask.h"
#include "serve/roster.h"

struct buffer;
struct conn;
struct fetch_result;
struct session; /* opaque; see session.c */
struct waiter;
struct worker;

/* Far more than clients pipeline; and a whole MGET fits on top. */
#define SESSION_WAITING_LIMIT 1024

/* A request for quotes: how its reply is composed from the answers, one a
 * symbol, in order.  `fields` is the request's own list (serve/quotes.c),
 * BORROWED. */
struct session_request {
    void (*compose)(struct session *session,
                    const struct session_request *request,
                    const struct answer *answers, size_t count,
                    struct buffer *out);
    const uint8_t *fields;
    size_t fields_count;
};

/* Take over a connection that was accepted; it is closed where there is no
 * memory or no room.  */
void session_open(struct worker *worker, struct conn *conn);

/*
 * Answer a request for the quotes of `texts` (1 to RESP_ARGS_LIMIT of them)
 * now, into `out`, or later.  Texts that are no symbols are answered with
 * ERR_SYMBOL.
 */
void session_ask(struct session *session, const struct session_request *request,
                 const struct span *texts, size_t count, struct buffer *out);

/* A waiter of one of the worker's sessions ended; wait_options.on_end. */
void session_on_result(void *user, struct waiter *waiter,
                       const struct fetch_result *result);

/* Stop reading requests; end when the last reply is out. */
void session_finish(struct session *session);

/* End at once. */
void session_cut(struct session *session);

/* The worker has new settings: take over its bounds. */
void session_rebound(struct session *session);

/* The worker of a session.  BORROWED, as all below. */
struct worker *session_worker(const struct session *session);

/* Its line in the roster. */
struct roster_member *session_member(struct session *session);

/* 2 or 3. */
int session_version(const struct session *session);
void session_speak(struct session *session, int version);

/* The next session of the worker's list; NULL at its end. */
struct session *session_next(const struct session *session);
