/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burst.h -- what many connections of a loop are sent in one turn, put by and
 * handed to the kernel together.
 *
 *     burst_add()     the bytes of a connection are copied; it knows where
 *         |           (conn_priv.h: gathered), and burst_drop() forgets them
 *     burst_send()    all are sent, by one call (net/ring.h) or one by one, and
 *         |           each has its answer
 *     burst_clear()   the answers have been dealt with
 *
 *   (1) A connection has one entry at most; what it is sent besides goes out
 *       behind that (conn_flush()), so its bytes stay in order.
 *   (2) Whether there is a ring changes nothing but the calls: what is put by,
 *       what each send() answers and what is made of that are the same.
 *   (3) Between the sending and the last answer dealt with nothing is added:
 *       it is sent at once.
 *   (4) Nothing is allocated after burst_create(), and the kernel has nothing
 *       of ours between two calls.
 *
 * Threads: the loop's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "net/ring.h"

struct conn; /* net/conn.h */

/* Connections, and bytes of all of them: as many messages as their memory stays
 * in a processor's cache.  With 128 to 512 a send took least, with 1,024 more
 * again: docs/decisions/0012. */
#define BURST_LIMIT 128
#define BURST_BYTES (128u << 10)

/* Fewer are sent one by one: a call for 8 takes 0.9 of 8 calls. */
#define BURST_TOGETHER_MIN 8

struct burst {
    struct ring *ring; /* NULL: they are sent one by one */
    size_t count;
    size_t len;                      /* bytes that are used */
    bool is_sent;                    /* and the answers not all dealt with */
    struct conn *conns[BURST_LIMIT]; /* of each send; NULL: dropped */
    struct ring_send sends[BURST_LIMIT];
    char bytes[BURST_BYTES];
};

/* Make one without a ring; 0 or ERR_NOMEM, ended with burst_destroy(). */
int burst_create(struct burst **out);

/* Free, and set to NULL, which it may be already. */
void burst_destroy(struct burst **burst);

/* Use a ring from now on, where there is one to be had: 0, or the error of
 * ring_open().  Threads: that which sends. */
int burst_open_ring(struct burst *burst);

/* Put by what a connection is to be sent, copied.  Returns its entry, or NULL
 * where there is no room or (3) forbids it. */
struct ring_send *burst_add(struct burst *burst, struct conn *conn, int fd,
                            struct span bytes);

/* Whether little more would find room. */
bool burst_is_full(const struct burst *burst);

/* Forget an entry; its connection is told nothing of it. */
void burst_drop(struct burst *burst, const struct ring_send *entry);

/* The answer to an entry: where it was not sent yet, it is now. */
ssize_t burst_answer(const struct burst *burst, const struct ring_send *entry);

/* Send everything.  Returns how many went with others in one call. */
size_t burst_send(struct burst *burst);

/* Forget everything: no connection has an entry any more. */
void burst_clear(struct burst *burst);
