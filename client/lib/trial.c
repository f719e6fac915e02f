/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/trial.h"

#include <quoted/quoted.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/fields.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/replies.h"

#define NOW 0 /* an instant that has passed: look, and don't wait */

/* What comes without an end is looked at in portions. */
#define STEPS_LIMIT 8

enum trial_state {
    TRIAL_WAITS,
    TRIAL_MOVED, /* something came: look again, and be patient anew */
    TRIAL_WELL,
    TRIAL_FAILED,
};

static enum trial_state connect_on(struct quoted *q, struct member *member)
{
    if (link_wait(member->fd, POLLOUT, NOW) == 0) {
        return TRIAL_WAITS;
    }
    if (member_finish(member, &q->greeting, NOW) != 0) {
        return TRIAL_FAILED;
    }
    buffer_put_text(&member->out, "*1\r\n$4\r\nPING\r\n");
    return member->out.failed ? TRIAL_FAILED : TRIAL_MOVED;
}

static enum trial_state listen_on(struct member *member)
{
    member_send(member);
    bool received = false;
    if (member_receive(member, &received) != 0) {
        return TRIAL_FAILED;
    }
    const struct reply *reply;
    if (member_next(member, &reply) != 0) {
        return TRIAL_FAILED;
    }
    if (reply == NULL) {
        return received ? TRIAL_MOVED : TRIAL_WAITS;
    }
    struct quoted_quote pong = {.size = 0};
    if (fields_read_pong(&pong, reply) != 0) {
        member_failed(member, "%s", pong.message);
        return TRIAL_FAILED;
    }
    return member_is_at_rest(member) ? TRIAL_WELL : TRIAL_FAILED;
}

static void fail(struct quoted *q, struct member *member, uint64_t now)
{
    member_hang_up(member);
    member->server->is_wanted = true;
    pool_failed(&q->pool, member, now);
}

/* Go on with a trial as far as that goes without waiting. */
static void go_on(struct quoted *q, struct member *member, uint64_t now)
{
    CHECK(member->health == MEMBER_TRIED && member->fd >= 0);
    enum trial_state state = TRIAL_MOVED;
    for (int i = 0; state == TRIAL_MOVED && i < STEPS_LIMIT; i++) {
        state =
            member->is_connecting ? connect_on(q, member) : listen_on(member);
        if (state == TRIAL_MOVED) {
            member->trial_until_mono_ms = now + q->attempt_ms;
        }
    }
    if (state == TRIAL_WAITS && now >= member->trial_until_mono_ms) {
        member_failed(member, "no answer in time");
        state = TRIAL_FAILED;
    }
    if (state == TRIAL_FAILED) {
        fail(q, member, now);
    } else if (state == TRIAL_WELL) {
        pool_revived(member);
    }
}

void trial_tend(struct quoted *q)
{
    uint64_t now = link_now_ms();
    for (size_t i = 0; i < q->pool.count; i++) {
        if (q->pool.members[i]->health == MEMBER_TRIED) {
            go_on(q, q->pool.members[i], now);
        }
    }
    struct member *due = pool_due(&q->pool, now);
    if (due == NULL) {
        return;
    }
    if (member_begin(due) != 0) {
        fail(q, due, now);
        return;
    }
    due->health = MEMBER_TRIED;
    due->trial_until_mono_ms = now + q->attempt_ms;
    go_on(q, due, now);
}
