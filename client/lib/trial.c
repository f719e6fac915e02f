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

/* How long a trial's silence is borne, and what the time is. */
struct terms {
    struct quoted *q;
    uint64_t attempt_ms;
    uint64_t now_mono_ms;
};

static enum trial_state connect_on(const struct terms *terms,
                                   struct member *member)
{
    if (link_wait(member->fd, POLLOUT, NOW) == 0) {
        return TRIAL_WAITS;
    }
    if (member_finish(member, &terms->q->greeting, NOW) != 0) {
        return TRIAL_FAILED;
    }
    buffer_put_text(&member->out, "*1\r\n$4\r\nPING\r\n");
    return member->out.failed ? TRIAL_FAILED : TRIAL_MOVED;
}

/* Whoever answers PING lives, be it with an error that it answers everything
 * with; but not who says that it has no time. */
static enum trial_state judge(struct member *member, const struct reply *reply)
{
    struct quoted_quote pong = {.size = 0};
    int status = fields_read_pong(&pong, reply);
    if (status == QUOTED_E_PROTOCOL || status == QUOTED_E_DRAINING ||
        status == QUOTED_E_OVERLOADED) {
        member_failed(member, status, "%s", pong.message);
        return TRIAL_FAILED;
    }
    if (!member_is_at_rest(member)) {
        member_failed(member, QUOTED_E_PROTOCOL, "an answer nobody asked for");
        return TRIAL_FAILED;
    }
    return TRIAL_WELL;
}

static enum trial_state listen_on(struct member *member)
{
    member_send(member);
    bool received = false;
    const struct reply *reply;
    if (member_receive(member, &received) != 0 ||
        member_next(member, &reply) != 0) {
        return TRIAL_FAILED;
    }
    if (reply != NULL) {
        return judge(member, reply);
    }
    return received ? TRIAL_MOVED : TRIAL_WAITS;
}

static void fail(const struct terms *terms, struct member *member)
{
    struct pool *pool = &terms->q->pool;
    member_hang_up(member);
    member->server->is_wanted = true;
    member->tried_round = pool->round;
    pool_failed(pool, member, terms->now_mono_ms);
}

/* Go on with a trial as far as that goes without waiting. */
static void go_on(const struct terms *terms, struct member *member)
{
    CHECK(member->health == MEMBER_TRIED && member->fd >= 0);
    enum trial_state state = TRIAL_MOVED;
    for (int i = 0; state == TRIAL_MOVED && i < STEPS_LIMIT; i++) {
        state = member->is_connecting ? connect_on(terms, member)
                                      : listen_on(member);
        if (state == TRIAL_MOVED) {
            member->trial_until_mono_ms =
                terms->now_mono_ms + terms->attempt_ms;
        }
    }
    if (state == TRIAL_WAITS &&
        terms->now_mono_ms >= member->trial_until_mono_ms) {
        member_failed(member, QUOTED_E_TIMEOUT, "no answer in time");
        state = TRIAL_FAILED;
    }
    if (state == TRIAL_FAILED) {
        fail(terms, member);
    } else if (state == TRIAL_WELL) {
        pool_revived(member);
    }
}

static void go_on_all(const struct terms *terms)
{
    struct pool *pool = &terms->q->pool;
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->members[i]->health == MEMBER_TRIED) {
            go_on(terms, pool->members[i]);
        }
    }
}

static void begin(const struct terms *terms, struct member *member)
{
    CHECK(member->health == MEMBER_RESTED);
    if (member_begin(member) != 0) {
        fail(terms, member);
        return;
    }
    member->health = MEMBER_TRIED;
    member->trial_until_mono_ms = terms->now_mono_ms + terms->attempt_ms;
}

void trial_tend(struct quoted *q)
{
    struct terms terms = {q, q->attempt_ms, link_now_ms()};
    struct member *due = pool_due(&q->pool, terms.now_mono_ms);
    if (due != NULL) {
        begin(&terms, due);
    }
    go_on_all(&terms);
}

/* --- A race --------------------------------------------------------------- */

static void begin_all(const struct terms *terms)
{
    const struct pool *pool = &terms->q->pool;
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = pool->members[i];
        if (member->health == MEMBER_RESTED &&
            member->tried_round != pool->round) {
            begin(terms, member);
        }
    }
}

/* Collect the trials that something may come of; returns how many. */
static size_t collect(const struct pool *pool,
                      struct pollfd polled[POOL_MEMBERS_LIMIT])
{
    size_t count = 0;
    for (size_t i = 0; i < pool->count; i++) {
        const struct member *member = pool->members[i];
        if (member->health == MEMBER_TRIED) {
            bool sends = member->is_connecting || member->out.len > 0;
            polled[count++] = (struct pollfd){
                .fd = member->fd,
                .events = sends ? POLLIN | POLLOUT : POLLIN,
            };
        }
    }
    CHECK(count <= POOL_MEMBERS_LIMIT);
    return count;
}

/* Until when the first of the trials is patient, or the race lasts. */
static uint64_t first_end(const struct pool *pool, uint64_t until_mono_ms)
{
    for (size_t i = 0; i < pool->count; i++) {
        const struct member *member = pool->members[i];
        if (member->health == MEMBER_TRIED &&
            member->trial_until_mono_ms < until_mono_ms) {
            until_mono_ms = member->trial_until_mono_ms;
        }
    }
    return until_mono_ms;
}

/* Say of those that are still in the race why they did not win it. */
static void call_off(const struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->members[i]->health == MEMBER_TRIED) {
            member_failed(pool->members[i], QUOTED_E_TIMEOUT,
                          "no answer in time");
        }
    }
}

bool trial_race(struct quoted *q, uint64_t attempt_ms,
                uint64_t deadline_mono_ms)
{
    struct pool *pool = &q->pool;
    struct terms terms = {q, attempt_ms, link_now_ms()};
    uint64_t until = terms.now_mono_ms + 2 * attempt_ms;
    if (until > deadline_mono_ms) {
        until = deadline_mono_ms;
    }
    begin_all(&terms);
    while (true) {
        struct pollfd polled[POOL_MEMBERS_LIMIT];
        go_on_all(&terms);
        size_t count = collect(pool, polled);
        if (pool_has_well(pool)) {
            return true;
        }
        if (count == 0 || terms.now_mono_ms >= until) {
            call_off(pool);
            return false;
        }
        link_wait_any(polled, count, first_end(pool, until));
        terms.now_mono_ms = link_now_ms();
    }
}
