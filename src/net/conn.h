/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h -- a connection: bytes in, bytes out, and an end.  It knows no
 * protocol.
 *
 * Life, and the call or event on each arrow:
 *
 *     accepted   Reads nothing.
 *       |            conn_start()
 *     open       on_bytes() is called as bytes come.
 *       |   \        conn_finish()
 *       |    finishing  What is unsent goes out, then FIN; input is dropped, so
 *       |   /           that the last answer is not lost to a reset.
 *       |            the peer's end, LINGER, an error, conn_close()
 *     closing    on_closed() is called, once, as the last call.
 *       |            the end of the loop's turn
 *     freed
 *
 * Bounds, each of a connection:
 *
 *   (1) Unsent bytes: above unsent_max it is not read from until they are below
 *       half of it; a peer that takes none of them for CONN_STALL_MS is cut.
 *
 *   (2) Unread input: on_bytes() leaves at most input_max bytes unconsumed, or
 *       the connection is cut.  While it is paused or throttled, all that one
 *       read brought may be left.
 *
 *   (3) Quiet for longer than the loop's idle_for_ms and on_idle() agrees:
 *       ended.
 *
 * A reply is composed into conn_output(), which is the loop's one scratch
 * buffer, and goes out with conn_flush(); after on_bytes() that is done for the
 * callee.
 *
 * Threads: the loop's, for every call and callback.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct conn; /* opaque; see conn.c */
struct loop; /* net/loop.h */

/* A peer that reads nothing for this long while we have something for it does
 * not want it: long enough for a laptop's lid, short enough to free memory. */
#define CONN_STALL_MS 30000

/* After our FIN the peer has this long to read the last bytes and close. */
#define CONN_LINGER_MS 250

/* Bytes of the longest printed peer address and its 0. */
#define CONN_PEER_SIZE 64

struct conn_owner {
    /*
     * Bytes came: `len` of them, of which the callee consumes as many as make
     * whole requests and returns how many that were.  The rest is given again,
     * with more behind it.  They may be written to.
     */
    size_t (*on_bytes)(void *user, struct conn *conn, char *bytes, size_t len);
    /* The peer sent its FIN: no more bytes come.  The callee calls
     * conn_finish() or conn_close(), now or when its last answer is out. */
    void (*on_end)(void *user, struct conn *conn);
    /* The connection has been quiet for idle_for_ms; returns whether to end it.
     */
    bool (*on_idle)(void *user, struct conn *conn);
    /* What was unsent has all gone out; may be NULL. */
    void (*on_drained)(void *user, struct conn *conn);
    /* The connection is gone: the last call.  `why` is one word for the log:
     * "closed", "reset", "idle", "stalled", "overrun", "memory".  BORROWED,
     * static. */
    void (*on_closed)(void *user, struct conn *conn, const char *why);
};

struct conn_bounds {
    size_t input_max;  /* bytes */
    size_t unsent_max; /* bytes */
};

/* Start reading.  `owner` is BORROWED as long as the connection. */
void conn_start(struct conn *conn, const struct conn_owner *owner, void *user,
                const struct conn_bounds *bounds);

/* Change the bounds of a connection that was started. */
void conn_bound(struct conn *conn, const struct conn_bounds *bounds);

/*
 * Where to compose what is to be sent, until conn_flush().  Only one connection
 * of a loop composes at a time (checked).
 */
struct buffer *conn_output(struct conn *conn);

/* Send what was composed, behind what was put by.  The connection may be closed
 * by it. */
void conn_flush(struct conn *conn);

/*
 * Put by what was composed, to go out with what others are sent, at the next
 * conn_flush_gathered() or conn_flush(): who calls this calls the first of them
 * before the turn ends.  Until then the bytes are as if they were still being
 * composed: conn_unsent() does not count them, and conn_close() drops them.
 * Where there is no room for them (conn_has_gathered_many()), or the loop has
 * no burst, this is conn_flush().
 */
void conn_flush_with_others(struct conn *conn);

/* Whether there is little room left for more of that. */
bool conn_has_gathered_many(const struct loop *loop);

/*
 * Send what was put by on a loop, many by one call of the kernel where the loop
 * has a ring (net/burst.h).  Any of the connections may be closed by it.
 * Returns how many sends shared a call.
 */
size_t conn_flush_gathered(struct loop *loop);

/* Stop calling on_bytes(), and start again: what was left unconsumed is given
 * at once, from within conn_resume(). */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* Send what is unsent, then FIN, then close; see above.  From within on_bytes()
 * this begins when that returns, elsewhere it may close at once.  Idempotent.
 */
void conn_finish(struct conn *conn);

/* Close at once, dropping what is unsent; `why` as in on_closed().  With
 * `reset` the peer sees a reset in place of an end.  Idempotent. */
void conn_close(struct conn *conn, const char *why);
void conn_reset(struct conn *conn, const char *why);

/* Whether it is neither finishing nor closing. */
bool conn_is_open(const struct conn *conn);

/*
 * Let the kernel take no more than about `bytes` beyond what the peer has: what
 * is sent then is soon seen to be unsent, so that it can be left out for
 * something newer.  Failing is no matter.
 */
void conn_narrow(struct conn *conn, size_t bytes);

/* Whether bound (1) keeps it from being read: what on_bytes() then leaves is
 * given again when the peer has taken enough. */
bool conn_is_throttled(const struct conn *conn);

/* Bytes that were composed and not yet taken by the kernel. */
size_t conn_unsent(const struct conn *conn);

/* The peer's address: "127.0.0.1:40312", or "unix". */
void conn_print_peer(const struct conn *conn, char out[CONN_PEER_SIZE]);

/* The loop it lives on.  BORROWED. */
struct loop *conn_loop(const struct conn *conn);
