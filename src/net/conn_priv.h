/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_priv.h -- what the other files of net need of a connection: what it is
 * made of, making one, and the sweep that the loop's timer starts.
 */

#pragma once

#include "net/conn.h"
#include "net/loop.h"

struct ring_send; /* net/ring.h */

struct conn {
    uv_poll_t poll;
    int fd;            /* -1: closed */
    int watched;       /* UV_READABLE and UV_WRITABLE, as libuv was told last */
    bool is_paused;    /* by the owner */
    bool is_throttled; /* by bound (1) */
    bool is_delivering; /* within on_bytes() */
    bool is_finishing;
    bool is_closing;
    bool has_ended; /* the peer's FIN came */
    struct loop *loop;
    const struct conn_owner *owner;
    void *user;
    TAILQ_ENTRY(conn) link; /* in one of the loop's lists, by `list` */
    struct loop_conns *list;
    uint64_t active_ms;   /* when bytes last went either way */
    struct buffer input;  /* what on_bytes() left */
    struct buffer unsent; /* and of it at the front */
    size_t taken;         /* by the kernel already */
    struct conn_bounds bounds;
    struct ring_send *gathered; /* in the loop's burst; NULL: nothing */
};

/*
 * A connection of `fd`, a connected socket that does not block, which becomes
 * its own.  Returns 0 and *out lives until it is closed; otherwise ERR_NOMEM or
 * ERR_IO, and `fd` is closed.  Threads: the loop's.
 */
int conn_accept(struct conn **out, struct loop *loop, int fd);

/* End the connections that are idle, and those whose peer is stuck. */
void conn_sweep(struct loop *loop);

/* Close every connection of the loop. */
void conn_close_all(struct loop *loop);

/*
 * Send what was composed in answer to what came: at once, or, where the loop is
 * busy, with the answers of others before the turn ends.  The connection, and
 * others, may be closed by it.
 */
void conn_flush_reply(struct conn *conn);

/* Send what is put by, and see whether the next turn is to count as busy: its
 * answers share calls of the kernel, if those of this one could have. */
void conn_end_turn(struct loop *loop);

/* Deal with what became of the bytes that were put by, of which there are some:
 * they are sent now where they were not yet.  May close the connection. */
void conn_end_gathered(struct conn *conn);
