/* SPDX-License-Identifier: Apache-2.0 */
/*
 * due.h -- things to do later, on one timer.
 *
 * A delayed answer, a wait that gives up: most of them are equally far away, so
 * a new one usually goes to the end of the list, which is kept in the order of
 * the instants.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <uv.h>

struct loop; /* net/loop.h */

/* In the struct of what is to be done; zeroed before its first use. */
struct due {
    TAILQ_ENTRY(due) link;
    uint64_t at_ms; /* the loop's clock */
    void (*on_due)(void *user);
    void *user;
    bool is_set;
};

TAILQ_HEAD(due_queue, due);

struct due_list {
    struct loop *loop;
    struct due_queue queue;
    uv_timer_t timer;
};

/* Make an empty list in memory that does not move.  Threads: the loop's, as for
 * all below. */
void due_init(struct due_list *list, struct loop *loop);

/* Close the timer; nothing is called any more.  The memory is free to go after
 * loop_deinit(). */
void due_close(struct due_list *list);

/* Call on_due(user) after `delay_ms`, never from within this call.  One that is
 * set already is set anew. */
void due_set(struct due_list *list, struct due *due, uint64_t delay_ms);

/* Do not call it; one that is not set may be cancelled. */
void due_cancel(struct due_list *list, struct due *due);
