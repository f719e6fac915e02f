/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/share.h"

#include "net/conn.h"
#include "serve/guest.h"
#include "serve/worker.h"

static void on_turn(struct loop_task *task)
{
    struct share *share = (struct share *)task;
    share->is_used = false;
    if (!share->is_full) {
        conn_resume(share->guest->conn); // may end the session
    }
}

void share_init(struct share *share, struct guest *guest)
{
    *share = (struct share){.rest = {.run = on_turn}, .guest = guest};
}

void share_end(struct share *share)
{
    loop_call_off(&share->guest->worker->loop, &share->rest);
}

bool share_is_left(struct share *share)
{
    struct worker *worker = share->guest->worker;
    if (share->is_full || share->is_used) {
        return false;
    }
    if (share->turn != worker->loop.turns) {
        share->turn = worker->loop.turns;
        share->charged = 0;
    }
    if (share->charged < SHARE_BYTES) {
        return true;
    }
    share->is_used = true;
    conn_pause(share->guest->conn);
    loop_put_off(&worker->loop, &share->rest);
    metric_add(worker->cells, METRIC_connections_put_off, 1);
    return false;
}

void share_pause(struct share *share)
{
    share->is_full = true;
    conn_pause(share->guest->conn);
}

void share_resume(struct share *share)
{
    share->is_full = false;
    if (!share->is_used) {
        conn_resume(share->guest->conn); // may end the session
    }
}
