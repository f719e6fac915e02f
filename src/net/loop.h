/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h -- one thread's event loop: libuv's, with the time of the turn, shared
 * scratch memory, and the hooks around blocking that the quote cache needs.
 *
 * A turn is what happens between two times of blocking for events.  libuv calls
 * back from inside its poll, before any handle of its own could say "we are
 * awake"; so every callback of this room begins with loop_wake(), which does
 * its work on the first call of a turn only.  Callbacks of other rooms on
 * handles of their own (timers, curl's sockets) do the same.
 *
 *     blocked -- loop_wake() --> awake -- about to poll --> blocked
 *                on_wake()                on_block()
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/clock.h"

struct burst; /* net/burst.h */
struct conn;  /* net/conn.h */

/* What one read may bring: as much as a connection's socket buffer usually
 * holds, and shared by all connections of the loop. */
#define LOOP_READ_BYTES 65536

/* What is composed for one connection at once is never longer than this; what
 * would be is a fault.  It is three times the largest limits.output_bytes: as
 * much may be held behind a reply, and with it goes one more, half of this at
 * most. */
#define LOOP_REPLY_BYTES_LIMIT (192u << 20)

struct loop_options {
    const struct clock *clock;   /* BORROWED as long as the loop */
    void (*on_wake)(void *user); /* may be NULL */
    void (*on_block)(void *user);
    void *user;
};

TAILQ_HEAD(loop_conns, conn);

/* Work that was put off to the next turn, within its owner's memory.  Zeroed,
 * with `run` set, it is not put off. */
struct loop_task {
    void (*run)(struct loop_task *task); /* may free it, or put it off again */
    TAILQ_ENTRY(loop_task) link;         /* loop.c's own, as the next */
    uint64_t turn;
    bool is_put_off;
};

struct loop {
    uv_loop_t uv;
    struct loop_options options;
    bool is_awake;
    uint64_t now_ms;               /* options.clock, read once a turn */
    uint64_t woke_ms;              /* when the turn began, by libuv's clock */
    uint64_t turns;                /* how often it was about to poll */
    TAILQ_HEAD(, loop_task) tasks; /* put off; the first to run first */
    /* For net/conn.c. */
    char *read_scratch;             /* LOOP_READ_BYTES */
    struct buffer reply_scratch;    /* replies are composed here */
    const struct conn *reply_owner; /* whose, until it is flushed */
    struct burst *burst;            /* owned; NULL: each is sent at once */
    size_t replies;          /* connections that were answered in this turn */
    bool is_busy;            /* so many in the last one that they share calls */
    struct loop_conns quiet; /* nothing unsent; longest quiet first */
    struct loop_conns unsent;    /* something unsent; longest stuck first */
    struct loop_conns lingering; /* FIN sent; the first to end first */
    size_t conns_count;          /* those above and those being closed */
    _Atomic uint64_t swept_ms;   /* when it turned last, about; relaxed */
    uint64_t idle_for_ms;        /* conns quiet for longer end; 0: never */
    uv_prepare_t prepare;
    uv_idle_t hurry; /* while there are tasks: do not block */
    uv_check_t check;
    uv_timer_t sweep;
    uv_timer_t linger;
};

/*
 * Make a loop in *loop; the memory must not move.  Returns 0, ERR_NOMEM or,
 * where descriptors run out, ERR_IO.  The clock may be NULL for the system's.
 * Threads: the one that will run it, or main before that thread starts.
 */
int loop_init(struct loop *loop, const struct loop_options *options);

/*
 * Run until loop_stop(), or until nothing is left that could call back.
 * Threads: the loop's, as for all below.
 */
void loop_run(struct loop *loop);

/* Let loop_run() return after this turn. */
void loop_stop(struct loop *loop);

/*
 * Do a part of what is to be done later: once in the loop's next turn, behind
 * what sockets have brought by then, which is not waited for.  So what somebody
 * sends in one piece does not hold up the others.  Put off already, it stays
 * where it is.
 */
void loop_put_off(struct loop *loop, struct loop_task *task);

/* It is not to be done; before its memory goes.  Idempotent. */
void loop_call_off(struct loop *loop, struct loop_task *task);

/* Free; every connection, listener and mailbox on it has been closed before,
 * and their close callbacks are run here (checked). */
void loop_deinit(struct loop *loop);

/* A loop that has not turned for so long hangs: it turns once a second when
 * there is nothing to do, and no turn of ours takes a tenth of one. */
#define LOOP_STUCK_MS 5000

/* Whether it has turned within LOOP_STUCK_MS before now_ms, by its own clock.
 * Threads: any, as long as the loop runs. */
bool loop_is_turning(const struct loop *loop, uint64_t now_ms);

/* Note that the thread is awake: first in every callback from libuv. */
static inline void loop_wake(struct loop *loop)
{
    if (!loop->is_awake) {
        loop->is_awake = true;
        loop->now_ms = clock_mono_ms(loop->options.clock);
        loop->woke_ms = uv_now(&loop->uv);
        if (loop->options.on_wake != NULL) {
            loop->options.on_wake(loop->options.user);
        }
    }
}

/* In on_block: how long the turn took that is over, by the times that libuv has
 * read anyway, when it came back from the kernel and when it began to look for
 * timers.  What timers do is not in it. */
static inline uint64_t loop_turn_ms(const struct loop *loop)
{
    return uv_now(&loop->uv) - loop->woke_ms;
}

/* The loop of a handle. */
static inline struct loop *loop_of(const uv_handle_t *handle)
{
    return handle->loop->data;
}
