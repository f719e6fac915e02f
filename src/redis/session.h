/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h -- a client that speaks RESP: its requests in, the replies out in
 * the order of the requests.
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
 *   (2) Above SESSION_WAITING_LIMIT symbols in the requests that wait (those of
 *       them that are answered take as much room; a question to another thread
 *       counts as many), or limits.output_bytes held, no further request is
 *       read until there are half as many.
 *   (3) A session that ends leaves no waiter behind.
 *   (4) A push is between two replies, never within one, and only in RESP 3.
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
struct guest_protocol;
struct guest; /* serve/guest.h */
struct multi;
struct pubsub;         /* redis/pubsub.h */
struct question;       /* serve/question.h */
struct session;        /* opaque; see session.c */
struct store_question; /* store/store.h */
struct worker;

/* Far more than clients pipeline; and a whole MGET fits on top. */
#define SESSION_WAITING_LIMIT 1024

/* Above this, what was composed goes out before more requests are answered: the
 * peer can begin to read, and the scratch buffer stays small. */
#define SESSION_FLUSH_BYTES 65536

/* A request for quotes: how its reply is composed from the answers, one a
 * symbol, in order.  `fields` is the request's own list (redis/quotes.c),
 * BORROWED. */
struct session_request {
    void (*compose)(struct session *session,
                    const struct session_request *request,
                    const struct answer *answers, size_t count,
                    struct buffer *out);
    const uint8_t *fields;
    size_t fields_count;
    /* The reply says how old the quotes are, so it is composed when it leaves
     * and not while it is held behind one that waits. */
    bool shows_age;
    /* It demands an age (session_ask_within() sets it).  Replies behind it are
     * composed when they leave, too, since they must not go back in time. */
    bool demands_age;
};

/*
 * Answer a request for the quotes of `texts` (1 to RESP_ARGS_LIMIT of them)
 * now, into `out`, or later.  Texts that are no symbols are answered with
 * ERR_SYMBOL.
 */
void session_ask(struct session *session, const struct session_request *request,
                 const struct span *texts, size_t count, struct buffer *out);

/* The same for quotes that are not older than max_age_ms (serve/inquiry.h). */
void session_ask_within(struct session *session,
                        const struct session_request *request,
                        const struct span *texts, size_t count,
                        uint64_t max_age_ms, struct buffer *out);

/* How the reply to a request is composed from what another thread knows;
 * question_err() is 0. */
typedef void (*session_compose_fn)(struct session *session,
                                   const struct question *question,
                                   struct buffer *out);

/*
 * Answer a request by question_past(), later: by `compose`, or with the error
 * that came instead (now, into `out`, where it can't be asked).
 */
void session_ask_past(struct session *session,
                      const struct store_question *past,
                      session_compose_fn compose, struct buffer *out);

/* The same by question_explain(). */
void session_ask_why(struct session *session, const struct symbol *symbol,
                     session_compose_fn compose, struct buffer *out);

/* No more requests are read; the connection ends when the last reply is out. */
void session_finish(struct session *session);

/*
 * Run `commands` (MOVED; as they come from clients) when the one that is being
 * run has returned, before the next request.  Bound (2) holds for each of them
 * as if it came from the peer.  For EXEC, one at a time (checked).
 */
void session_run_next(struct session *session, struct buffer *commands);

/* Whether the command that is being run is one of an EXEC. */
bool session_is_in_exec(const struct session *session);

/* Its MULTI, for redis/multi.c: NULL where none is open. */
struct multi **session_multi(struct session *session);

/* Its subscriptions, for redis/pubsub.c as the next four. */
struct pubsub *session_pubsub(struct session *session);

/* Whether a message may be sent now: between two replies, and behind the
 * confirmation of its subscription. */
bool session_may_push(const struct session *session);

/* A confirmation was composed, which may be held behind requests that wait. */
void session_hold_pushes(struct session *session);

/* The number of subscriptions has changed. */
void session_settle(struct session *session);

/* Its connection. */
struct guest *session_guest(const struct session *session);

/* The worker of a session.  BORROWED, as all below. */
struct worker *session_worker(const struct session *session);

/* Its line in the roster. */
struct roster_member *session_member(struct session *session);

/* 2 or 3. */
int session_version(const struct session *session);
void session_speak(struct session *session, int version);

/*
 * From now on send a push, "waiting" and the number of requests that wait,
 * every period_ms for as long as any does, else "watching" and the number of
 * subscriptions, if there are any; 0: none.  So a peer can tell a server that
 * waits for a provider, or for news, from one that is gone.  Choosing RESP 2
 * ends it.  None is sent while earlier output is unsent, nor among the replies
 * of an EXEC.  Returns 0, or ERR_NOMEM and then there are none.  For RESP 3
 * (checked).
 */
int session_beat(struct session *session, uint64_t period_ms);

/* RESP, as a connection speaks it; a slot in guest.c. */
extern const struct guest_protocol session_protocol;
