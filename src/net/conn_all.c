/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with all connections of a loop: the sweep that its timer starts,
 * its end, and what is put by to be sent together.
 */
#include "net/burst.h"
#include "net/conn_priv.h"

static void end_idle(struct loop *loop)
{
    struct conn *next;
    for (struct conn *conn = TAILQ_FIRST(&loop->quiet); conn != NULL;
         conn = next) {
        next = TAILQ_NEXT(conn, link);
        if (loop->now_ms - conn->active_ms < loop->idle_for_ms) {
            return;
        }
        if (conn->owner == NULL || conn->owner->on_idle(conn->user, conn)) {
            conn_close(conn, "idle");
        }
    }
}

void conn_sweep(struct loop *loop)
{
    if (loop->idle_for_ms > 0) {
        end_idle(loop);
    }
    for (struct conn *conn; (conn = TAILQ_FIRST(&loop->unsent)) != NULL;) {
        if (loop->now_ms - conn->active_ms < CONN_STALL_MS) {
            return;
        }
        conn_reset(conn, "stalled");
    }
}

void conn_close_all(struct loop *loop)
{
    struct loop_conns *lists[] = {&loop->quiet, &loop->unsent,
                                  &loop->lingering};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (struct conn *conn; (conn = TAILQ_FIRST(lists[i])) != NULL;) {
            conn_close(conn, "closed");
        }
    }
}

size_t conn_flush_gathered(struct loop *loop)
{
    struct burst *burst = loop->burst;
    if (burst == NULL || burst->count == 0 || burst->is_sent) {
        return 0; // in the last case our caller is at it
    }
    size_t together = burst_send(burst);
    for (size_t i = 0; i < burst->count; i++) {
        if (burst->conns[i] != NULL) {
            conn_end_gathered(burst->conns[i]); // may close others of them
        }
    }
    burst_clear(burst);
    return together;
}

bool conn_has_gathered_many(const struct loop *loop)
{
    return loop->burst != NULL && burst_is_full(loop->burst);
}

void conn_flush_reply(struct conn *conn)
{
    struct loop *loop = conn->loop;
    if (loop->reply_owner == conn) {
        loop->replies++;
    }
    if (!loop->is_busy) {
        conn_flush(conn);
        return;
    }
    conn_flush_with_others(conn);
    if (conn_has_gathered_many(loop)) {
        conn_flush_gathered(loop);
    }
}

void conn_end_turn(struct loop *loop)
{
    conn_flush_gathered(loop);
    loop->is_busy = loop->replies >= BURST_TOGETHER_MIN &&
                    loop->burst != NULL && loop->burst->ring != NULL;
    loop->replies = 0;
}
