/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair.h -- a connection of a loop and its peer, a plain socket, both in the
 * test's one thread.
 *
 * The test moves the loop turn by turn, until what it waits for has come; where
 * it never comes, the test ends by a failed check instead of hanging.  The
 * loop's clock stands still unless the test moves it.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "net/address.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"
#include "testing/testing.h"

struct pair {
    struct testing_clock clock;
    struct loop loop;
    uv_timer_t guard;
    struct listener *listener;
    struct address address;
    int buffer_bytes; // SO_SNDBUF and SO_RCVBUF; 0: the system's
    int peer;         // -1: none

    struct conn *conn; // the one that was accepted; NULL: none or closed
    struct conn_bounds bounds;
    bool waits; // accepted, but not to be started
    unsigned accepted;

    // What the callbacks saw.
    struct buffer consumed;
    size_t offered; // bytes of the last on_bytes()
    unsigned calls; // of on_bytes()
    unsigned ends;
    unsigned drains;
    unsigned idles;
    unsigned closes;
    const char *why;

    // What they do.
    size_t (*on_bytes)(struct pair *pair, char *bytes, size_t len);
    bool agrees_to_idle;
    bool finishes_at_end;
};

/* A loop and a listener on `text`; the fields that were set before stay. */
void pair_open_on(struct pair *pair, const char *text);

/* Connect a plain socket to the listener; returns its descriptor. */
int pair_dial(const struct pair *pair);

/* The same as the pair's peer, and run until it was accepted. */
void pair_connect(struct pair *pair);

/* The usual beginning: everything open and connected over TCP. */
void pair_open(struct pair *pair);

/* Start a connection for which the pair `waits`. */
void pair_start(struct pair *pair);

/* listener_accept_fn of a pair. */
void pair_on_accept(void *user, struct conn *conn);

/* Close the peer's end. */
void pair_hang_up(struct pair *pair);

/* Close everything. */
void pair_end(struct pair *pair);

/* Run one turn; `waits` for an event where there is none yet. */
void pair_turn(struct pair *pair, bool waits);

/* Run some turns in which nothing is expected to happen. */
void pair_settle(struct pair *pair);

/* Ends the test: uv_timer_cb of the guard. */
void pair_hangs(uv_timer_t *timer);

/* When: long after a busy machine has done it. */
#define PAIR_PATIENCE_MS 60000

/* Run until a condition holds. */
#define PAIR_UNTIL(pair, condition)                                      \
    do {                                                                 \
        uv_timer_start(&(pair)->guard, pair_hangs, PAIR_PATIENCE_MS, 0); \
        while (!(condition)) {                                           \
            pair_turn(pair, true);                                       \
        }                                                                \
        uv_timer_stop(&(pair)->guard);                                   \
    } while (0)

/* Let time pass and the loop look at its connections, as its timer does. */
void pair_pass_ms(struct pair *pair, uint64_t ms);

/* --- The peer --------------------------------------------------------------
 */

/* Send, all at once. */
void pair_send(struct pair *pair, const void *bytes, size_t len);
void pair_send_text(struct pair *pair, const char *text);

/* Send, and run until it was delivered to on_bytes(). */
void pair_deliver(struct pair *pair, const char *text);

/*
 * Read what has come to the peer, appending it to *out; at most `most` bytes.
 * Returns how much that was; 0 at the end, -1 where there is nothing, -2 where
 * the connection was reset.
 */
ssize_t pair_receive(const struct pair *pair, struct buffer *out, size_t most);

/* Read until *out has `len` bytes, or the end (0) or a reset (-2); returns the
 * last of what pair_receive() did. */
ssize_t pair_receive_all(struct pair *pair, struct buffer *out, size_t len);

/* Read these bytes, and no others. */
void pair_expect(struct pair *pair, const char *text);
