/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog.h -- the requests of a session that wait, in their order, each with
 * the replies that are held behind it.
 *
 * A turn waits for prices (serve/inquiry.h) or for what another thread knows
 * (serve/question.h).  The inside of redis/session.h, which states the
 * invariants; for session.c.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "redis/session.h"

struct inquiry;  /* serve/inquiry.h */
struct question; /* serve/question.h */
struct worker;   /* serve/worker.h */

/* What a question weighs among the symbols of a session: a session has 8 at the
 * same time, a small part of what a worker has. */
#define BACKLOG_QUESTION_WEIGHT (SESSION_WAITING_LIMIT / 8)

struct backlog {
    TAILQ_HEAD(turn_list, turn) list;
    struct session *session;
    struct worker *worker;
    void (*on_done)(struct session *session); /* a turn's answer has come */
    size_t symbols;    /* in all of them, answered already or not */
    size_t held_bytes; /* behind all of them */
    size_t demands;    /* turns whose requests demand an age */
};

/* A request that waits: `inquiry` or `question` is there, both owned. */
struct turn {
    TAILQ_ENTRY(turn) link;
    struct backlog *backlog;
    struct inquiry *inquiry;
    struct session_request request; /* of the inquiry */
    uint8_t *fields;                /* owned; request.fields */
    struct question *question;
    session_compose_fn compose; /* of the question */
    int version;                /* of RESP, as the request was sent in */
    bool is_element;            /* its reply is one of those in EXEC's array */
    struct buffer held;         /* replies of the requests behind this one */
};

/* Begin without a turn. */
void backlog_init(struct backlog *backlog, struct session *session,
                  struct worker *worker,
                  void (*on_done)(struct session *session));

/*
 * Make a turn of what inquiry_look() has just left, and put it last; NULL for
 * want of memory, or where the worker has turns enough.  on_done is not called
 * where it is done at once.
 */
struct turn *backlog_wait(struct backlog *backlog,
                          const struct session_request *request, size_t count);

/* Put a turn last that waits for an answer to question_past().  Returns 0, or
 * its error. */
int backlog_ask_past(struct backlog *backlog, const struct store_question *past,
                     session_compose_fn compose);

/* The same for question_explain(). */
int backlog_ask_why(struct backlog *backlog, const struct symbol *symbol,
                    session_compose_fn compose);

/* Take a turn out and free it; nobody waits for what has not come. */
void backlog_free(struct turn *turn);

/* Whether its answer has come. */
bool backlog_is_done(const struct turn *turn);

/* How many have no answer yet. */
size_t backlog_count_waiting(const struct backlog *backlog);

/* The last one, NULL where there is none.  BORROWED. */
struct turn *backlog_last(const struct backlog *backlog);
