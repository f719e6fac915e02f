/* SPDX-License-Identifier: Apache-2.0 */
/*
 * python.h -- the session of a Python client: RPyC frames in and out, and the
 * requests under way in both directions.
 *
 * Requests are answered as they are ready, in any order: a reply carries the
 * number (seq) of its request.  What is asked for is in python/handler.c (the
 * protocol's own questions about objects) and python/service.c (the methods of
 * conn.root).
 *
 *   (1) Each request is answered exactly once, by a reply or an exception.
 *   (2) Above PYTHON_WAITING_LIMIT symbols in the requests that wait, no
 *       further request is read until there are half as many.
 *   (3) Each reference that the client gave is released, once, the last few
 *       dozens when it closes.
 *   (4) A session that ends leaves no waiter behind.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/rpyc.h"
#include "serve/ask.h"
#include "serve/guest.h"

struct buffer;
struct follows; /* python/follow.h */
struct python;  /* opaque; see python.c */
struct references;

/* As for a session of RESP: far more than clients ask at once. */
#define PYTHON_WAITING_LIMIT 1024

/* Iterables of the client's that are being read at the same time. */
#define PYTHON_COLLECTIONS_LIMIT 64

/* Symbols in one request; as in RESP. */
#define PYTHON_SYMBOLS_LIMIT 1024

/* Above this, what was composed goes out before more requests are answered. */
#define PYTHON_FLUSH_BYTES 65536

/* A request while it is being looked at. */
struct python_request {
    struct python *python;
    int64_t seq;
    /* The ids of the references of the client's that are needed for longer. */
    const struct brine_value *kept[2];
};

/* Answer a request about what an iterable of the client's holds, and a function
 * of the client's: its id in brine, or empty. */
typedef void (*python_collected_fn)(struct python_request *request,
                                    struct span callback,
                                    const struct rpyc_box *items);

/* Compose the reply to request `seq` from the answers, one a symbol. */
typedef void (*python_compose_fn)(struct python *python, int64_t seq,
                                  const struct answer *answers, size_t count,
                                  struct buffer *out);

/* For guest.c. */
extern const struct guest_protocol python_protocol;

/* The worker of a session.  BORROWED, as all below. */
struct worker *python_worker(const struct python *python);

/* What the client holds of ours. */
struct references *python_references(struct python *python);

/* Where replies are composed. */
struct buffer *python_output(struct python *python);

/* Answer a request with a builtin exception of Python, counting it as failed.
 */
__attribute__((format(printf, 3, 4))) void python_raise(
    const struct python_request *request, const char *exception,
    const char *format, ...);

/* A request was more work than its bytes and its reply tell; as in
 * serve/share.h. */
void python_charge(struct python *python, size_t bytes);

/* Count a request as failed that is answered by other means. */
void python_count_failed(struct python *python);

/* Of a client's words, what an error repeats: valid UTF-8, and not long. */
struct span python_shown(struct span text);

/* Answer a request from the quotes of `texts`, PYTHON_SYMBOLS_LIMIT at most,
 * now or later. */
void python_ask(const struct python_request *request, python_compose_fn compose,
                const struct span *texts, size_t count);

/*
 * Ask the client what its iterable with the reference `id` holds, and then
 * answer the request by `collected`, to which the reference `callback` is MOVED
 * (NULL: none).  An exception of the client's is one of the request.
 */
void python_collect(struct python_request *request,
                    python_collected_fn collected, const struct brine_value *id,
                    const struct brine_value *callback);

/* Write a request to the client whose arguments are a reference of its own, by
 * its id in brine, and a number, as of BUFFITER and DEL.  Returns its seq. */
int64_t python_put_request(struct python *python, struct buffer *out,
                           enum rpyc_handler handler, struct span id,
                           int64_t number);

/* For release.c: where releases wait.  BORROWED; NULL once the connection is
 * gone. */
struct buffer *python_releases(struct python *python);

/* The number of our next request. */
int64_t python_next_seq(struct python *python);

/* Its connection. */
struct guest *python_guest(const struct python *python);

/* What it follows. */
struct follows *python_follows(struct python *python);

/* The client says that it closes: nothing more is to be answered. */
void python_close(struct python *python);
