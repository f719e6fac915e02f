/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h -- requests over HTTP connections, each answered when its owner
 * likes, and sent in the order in which they came.
 *
 * Life of an exchange, and the call that makes each step:
 *
 *     asked      on_request() was called.
 *       |            exchange_reply()
 *     composed   What is to be sent stands; when is still open.
 *       |            exchange_send()
 *     sent       The pointer is no longer the owner's.  It goes out when the
 *                answers before it on its connection have gone.
 *
 * From asked and composed it may also end by its client going away, and then
 * the function given to exchange_watch() is called, once, as the last call; or
 * by exchange_drop(), which closes the connection.  A client that sends its FIN
 * while it waits for an answer counts as gone: nobody else does that.
 *
 * Requests that are no HTTP are answered here, with the status that says why.
 *
 * Threads: the loop's, for every call and callback.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "market/due.h"
#include "proto/http.h"

struct conn;     /* net/conn.h */
struct exchange; /* opaque; see exchange.c */

/* A request's body; larger ones are refused. */
#define EXCHANGE_BODY_LIMIT (1u << 20)

/* Requests of one connection that wait for their answers; further ones are not
 * read before half of them are answered. */
#define EXCHANGE_PIPELINE_LIMIT 128

struct exchange_server {
    /* A request came, which is BORROWED for the call. */
    void (*on_request)(void *user, struct exchange *exchange,
                       const struct http_request *request);
    void *user;
    struct due_list *dues; /* BORROWED */
};

struct exchange_reply {
    int status;
    const char *type;    /* Content-Type */
    const char *headers; /* whole lines with their \r\n, or "" */
    struct span body;
    size_t truncate; /* bytes of the body that are sent before the connection
                      * is ended; SIZE_MAX: all, and it goes on */
    bool resets;     /* reset it in place of an end */
    bool is_silent;  /* send nothing before that */
};

/* Take a connection over from its listener.  `server` is BORROWED as long as
 * there are connections. */
void exchange_accept(const struct exchange_server *server, struct conn *conn);

/* Have on_gone(user, exchange) called if its client goes away. */
void exchange_watch(struct exchange *exchange,
                    void (*on_gone)(void *user, struct exchange *exchange),
                    void *user);

/* Compose the answer; everything in *reply is copied. */
void exchange_reply(struct exchange *exchange,
                    const struct exchange_reply *reply);

/* Send it when its turn has come. */
void exchange_send(struct exchange *exchange);

/* Close the connection without an answer; on_gone() of its other exchanges is
 * called, that of this one is not. */
void exchange_drop(struct exchange *exchange);
