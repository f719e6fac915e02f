/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.h -- a client that speaks HTTP: its requests in, the answers out in the
 * order of the requests.
 *
 * As in redis/session.h, a request that has to wait becomes a turn, and the
 * answers of those behind it are composed at once but held with it.
 *
 * Invariants:
 *
 *   (1) Answers leave in the order of their requests, each exactly once.
 *   (2) Above WEB_WAITING_LIMIT symbols in the requests that wait, or
 *       limits.output_bytes held, no further request is read until there are
 *       half as many.
 *   (3) A session that ends leaves no waiter behind.
 *   (4) Behind an answer that says "Connection: close", nothing is answered.
 *   (5) A request that is not whole after WEB_REQUEST_MS (or limits.idle_for,
 *       where that is shorter) is answered 408, and the connection ends.
 *   (6) A request that is answered from memory with a rendition that is on the
 *       shelf allocates nothing, takes no lock and calls nobody but the kernel
 *       for its reading and writing.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "serve/ask.h"
#include "serve/complaint.h"
#include "serve/guest.h"
#include "web/directive.h"
#include "web/shelf.h"

struct buffer;   /* base/buffer.h */
struct question; /* serve/question.h */
struct stream;   /* web/stream.h */
struct web;      /* opaque; see web.c */
struct web_call;

/* Symbols in the requests of a connection that wait; one request more. */
#define WEB_WAITING_LIMIT 1024

/* How long a request may take to arrive: a slow sender is told from one who is
 * far away, and holds a connection for no longer. */
#define WEB_REQUEST_MS 10000

/* Compose the answer to a request for quotes, from one answer a symbol. */
typedef void (*web_compose_fn)(struct web *web, const struct web_call *call,
                               const struct answer *answers, size_t count,
                               struct buffer *out);

/* Compose the answer to a request that has asked another thread. */
typedef void (*web_tell_fn)(struct web *web, const struct web_call *call,
                            const struct question *question,
                            struct buffer *out);

/* How a request is to be answered.  The texts are BORROWED: from the request,
 * or, while it waits, from its turn. */
struct web_call {
    /* In the turn in which it came: it, for its headers; else NULL. */
    const struct http_request *http;
    struct complaint_name name; /* of a request that waits */
    struct span target;         /* as it was sent */
    struct span origin;        /* the Origin header; data is NULL without one */
    struct span if_none_match; /* the list of that name; the same */
    struct directive directive;
    uint64_t max_age_ms; /* that a quote may have; ASK_ANY_AGE */
    enum form form;
    bool is_head;
    bool is_1_0;
    bool is_batch;
    bool was_waited; /* the answer had to be fetched */
    bool is_closing; /* it says Connection: close */
    web_compose_fn compose;
    web_tell_fn tell;
};

/* A request while it is being looked at. */
struct web_request {
    struct web *web;
    struct web_call call;
    const struct http_request *http;
    struct span argument; /* what {symbol} in the pattern stands for, decoded */
    struct buffer *out;   /* where its answer goes */
    bool may_repeat;      /* it is for one quote: it may be kept as a memo */
};

/*
 * Answer a request for the quotes of `texts` (1 to RESP_ARGS_LIMIT of them) by
 * call.compose, now or later.  Texts that are no symbols are answered with
 * ERR_SYMBOL.
 */
void web_ask(struct web_request *request, const struct span *texts,
             size_t count);

/* For web_question(): ask, with the question's callback and its user. */
typedef int (*web_question_fn)(struct question **out, struct worker *worker,
                               const void *asked, void (*on_done)(void *user),
                               void *user);

/* Ask another thread by `ask`, and answer by call.tell when it has answered;
 * where it can't be asked, the answer is the problem. */
void web_question(struct web_request *request, web_question_fn ask,
                  const void *asked);

/* The Accept header of a request; of several, one list.  BORROWED until the
 * shelf's body is written to. */
struct span web_accepted(const struct web_request *request);

/* What is being answered is a failure. */
void web_note_failure(struct web *web);

/* The worker of a session.  BORROWED, as the next two. */
struct worker *web_worker(const struct web *web);
struct shelf *web_shelf(const struct web *web);
struct guest *web_guest(const struct web *web);

/* From now on what is sent are the stream's events (MOVED), until the end; no
 * request waits, and none is read any more. */
void web_begin_stream(struct web *web, struct stream *stream);

/* HTTP, as a connection speaks it; a slot in guest.c. */
extern const struct guest_protocol web_protocol;
