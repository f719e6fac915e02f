/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h -- a client's connection, whatever it speaks: it comes, its first
 * bytes tell its protocol, that protocol's session answers it, it goes.
 *
 *     guest_open() -> first bytes -> open() -> on_bytes()... -> close()
 *
 * What all protocols have in common is done here: the roster, the limits,
 * idling, draining, the counters.  A protocol is a struct guest_protocol at the
 * end of its file, listed in main.c.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "proto/detect.h"
#include "serve/roster.h"

struct conn; /* net/conn.h */
struct guest;
struct worker; /* serve/worker.h */

/* The slots that a protocol fills.  `state` is what its open() returned. */
struct guest_protocol {
    /* Make the state of a session; NULL for want of memory. */
    void *(*open)(struct guest *guest);
    /* As conn_owner.on_bytes (net/conn.h); not called once it is ending. */
    size_t (*on_bytes)(void *state, char *bytes, size_t len);
    /* Whether requests are being worked on: then it is not idle, and when it is
     * to end, it ends itself with guest_end_if_done() after the last of them.
     */
    bool (*is_busy)(const void *state);
    /* The connection is gone: free the state. */
    void (*close)(void *state);
    /* What was unsent has all gone out.  May be NULL, as the next. */
    void (*on_drained)(void *state);
    /* The peer sends no more.  Returns whether something is owed to it that
     * is_busy() does not tell: then the protocol ends the session when that is
     * out, with guest_finish().  May be NULL. */
    bool (*on_end)(void *state);
    /* The worker's loop ends: free what the protocol keeps in its
     * worker->memory, and set that to NULL.  May be NULL. */
    void (*leave)(struct worker *worker);
};

struct guest {
    LIST_ENTRY(guest) link; /* of the worker's guests */
    struct worker *worker;
    struct conn *conn;
    const struct guest_protocol *protocol; /* NULL: not known yet */
    enum protocol spoken;                  /* the same, for the tally */
    void *state;                           /* the protocol's */
    struct roster_member member;
    bool is_introduced; /* its PROXY header came, or none is expected */
    bool is_ending;     /* takes no more requests */
    bool is_watching;   /* quiet, it is not idle */
};

/* Take over a connection that was accepted; it is answered and ended where
 * there is no memory or no room. */
void guest_open(struct worker *worker, struct conn *conn);

/* Take no more requests; end when none is being worked on. */
void guest_finish(struct guest *guest);

/* End it if it is to end and not busy. */
void guest_end_if_done(struct guest *guest);

/* Whether it waits for an answer, or for the rest of one. */
bool guest_is_owed(const struct guest *guest);

/* End at once. */
void guest_cut(struct guest *guest);

/* The worker has new settings: take over their bounds. */
void guest_rebound(struct guest *guest);
