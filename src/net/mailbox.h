/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h -- messages to a loop from other threads, in order.
 *
 * A lock is held for a few instructions on each side; it is only ever taken for
 * what is rare (a miss, a result, an order from main), never for a hit.
 *
 * The loop is woken by an eventfd of the mailbox's own.  With libuv's uv_async
 * the thread that is woken spins until the one that woke it has run on, and
 * that one may not get to run, for it is often on its processor that the other
 * was woken: a quarter of a worker's time went there when all of its requests
 * were misses.
 */

#pragma once

#include <stdbool.h>

#include <uv.h>

struct loop; /* net/loop.h */

/* The head of a message, first in the sender's own struct. */
struct mail {
    struct mail *next;
};

/* A message came; it is the callee's to free.  Threads: the loop's. */
typedef void (*mailbox_mail_fn)(void *user, struct mail *mail);

struct mailbox {
    uv_mutex_t lock;
    struct mail *first; /* under the lock, as the next two */
    struct mail **last;
    bool is_closed;
    int bell; /* an eventfd: rung when the first of some mail has come */
    uv_poll_t poll;
    struct loop *loop;
    mailbox_mail_fn on_mail;
    void *user;
};

/*
 * Make a mailbox in *mailbox, whose memory must not move.  Returns 0, or ERR_IO
 * where descriptors run out.
 * Threads: the loop's, or main before that thread starts.
 */
int mailbox_init(struct mailbox *mailbox, struct loop *loop,
                 mailbox_mail_fn on_mail, void *user);

/*
 * Hand over a message.  Returns whether it was taken: false once the mailbox is
 * closed, and the message stays the caller's.  Threads: any, as long as the
 * memory of *mailbox lives.
 */
bool mailbox_post(struct mailbox *mailbox, struct mail *mail);

/*
 * Take no more messages; those that are there are delivered first, from within
 * the call.  The memory is free to go after loop_deinit() and when nobody posts
 * any more.  Threads: the loop's.
 */
void mailbox_close(struct mailbox *mailbox);

/* End the lock and the descriptor: after mailbox_close(), loop_deinit() and the
 * last post. */
void mailbox_deinit(struct mailbox *mailbox);
