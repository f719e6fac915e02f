/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/call.h"

#include <quoted/quoted.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/asks.h"
#include "lib/clean.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/pass.h"
#include "lib/reach.h"
#include "lib/trial.h"

struct call {
    struct quoted *q;
    struct asks *asks;
    uint64_t begun_mono_ms;
    uint64_t deadline_mono_ms;
    uint64_t attempt_ms; /* of this round */
    bool is_hopeful;     /* something failed in this round that time may heal */
    bool is_far; /* connecting took longer than the attempt time in it */
    bool has_no_memory;
    int status; /* how the last attempt failed, or 0 */
    int result; /* what call_run() returns */
};

static bool is_over(const struct call *call)
{
    return call->asks->open == 0 || call->has_no_memory ||
           link_now_ms() >= call->deadline_mono_ms;
}

static uint64_t attempt_until(const struct call *call)
{
    uint64_t until = link_now_ms() + call->attempt_ms;
    return until < call->deadline_mono_ms ? until : call->deadline_mono_ms;
}

/* --- Attempts ------------------------------------------------------------- */

/* Whether a name may yet turn out to mean somebody else: it has not been looked
 * up since this call began. */
static bool may_move(const struct call *call, const struct server *server)
{
    return !server->is_fixed && (server->lookup != NULL ||
                                 server->asked_mono_ms < call->begun_mono_ms);
}

static void note_failure(struct call *call, const struct member *member)
{
    call->status = member->error;
    call->is_hopeful = call->is_hopeful || member->error != QUOTED_E_PROTOCOL ||
                       may_move(call, member->server);
}

/* A member failed: it rests, and its name may mean another address by now. */
static void fail(struct call *call, struct member *member)
{
    member_hang_up(member);
    pool_failed(&call->q->pool, member, link_now_ms());
    member->server->is_wanted = true;
    note_failure(call, member);
}

/* One who is alone at an address may be a balancer, which gives the next
 * connection to another server. */
static void note_busy(struct call *call, struct member *member,
                      bool is_draining)
{
    if (is_draining) {
        fail(call, member);
        return;
    }
    pool_refused(member, call->attempt_ms * 1000, link_now_ms());
    if (call->q->pool.count == 1) {
        member_hang_up(member);
    }
}

static void note_done(struct call *call, struct member *member,
                      uint64_t latency_us)
{
    CHECK(call->asks->open == 0);
    struct pool *pool = &call->q->pool;
    pool_answered(member, latency_us, link_now_ms());
    if (!member_is_at_rest(member)) {
        member_hang_up(member); // more came than was asked for
    }
    for (size_t i = 0;
         pool->balance == QUOTED_BALANCE_CONNECTION && i < pool->count; i++) {
        if (pool->members[i] != member &&
            pool->members[i]->health == MEMBER_WELL) {
            member_hang_up(pool->members[i]); // one connection is enough
        }
    }
}

/* Draw the conclusions from a pass. */
static void conclude(struct call *call, const struct pass *pass,
                     enum pass_outcome outcome)
{
    struct member *member = pass->member;
    switch (outcome) {
    case PASS_DONE:
        note_done(call, member, pass->latency_us);
        return;
    case PASS_LOST:
    case PASS_QUIET:
    case PASS_GARBAGE:
        fail(call, member);
        return;
    case PASS_BUSY:
        note_busy(call, member, pass->is_draining);
        return;
    case PASS_NOMEM:
        member_hang_up(member);
        call->has_no_memory = true;
        return;
    case PASS_GOES_ON:
        break;
    }
    CHECK(false);
}

static struct pass pass_of(const struct call *call, struct member *member,
                           bool has_other_way)
{
    return (struct pass){
        .q = call->q,
        .member = member,
        .asks = call->asks,
        .deadline_mono_ms = call->deadline_mono_ms,
        .attempt_ms = call->attempt_ms,
        .has_other_way = has_other_way,
    };
}

/* Use the connection that an earlier call left, if there is one.  Returns
 * whether to go on and connect to the same member afresh. */
static bool try_held(struct call *call, struct member *member)
{
    if (member->fd < 0) {
        return true;
    }
    if (member->health != MEMBER_WELL || !link_is_idle(member->fd)) {
        // A trial's; or it was closed while nobody looked, which is no failure.
        member_hang_up(member);
        pool_untry(member);
        return true;
    }
    struct pass pass = pass_of(call, member, true);
    enum pass_outcome outcome = pass_run(&pass);
    if (outcome == PASS_LOST) { // perhaps only the connection, not the server
        member_hang_up(member);
        return true;
    }
    conclude(call, &pass, outcome);
    return false;
}

static void try_member(struct call *call, struct member *member)
{
    if (!try_held(call, member) || is_over(call)) {
        return;
    }
    uint64_t until = attempt_until(call);
    int err = member_connect(member, &call->q->greeting, until);
    if (err == ERR_NOMEM) {
        call->has_no_memory = true;
        return;
    }
    if (err != 0) {
        call->is_far = call->is_far || link_now_ms() >= until;
        fail(call, member);
        return;
    }
    struct pass pass = pass_of(call, member, pool_has_untried(&call->q->pool));
    enum pass_outcome outcome = pass_run(&pass);
    conclude(call, &pass, outcome);
}

/* Whether each open ask has been refused by a server with too much to do. */
static bool is_shed(const struct asks *asks)
{
    for (size_t i = asks_next_open(asks, 0); i < asks->n;
         i = asks_next_open(asks, i + 1)) {
        if (asks_status(asks, i) != ASKS_OVERLOADED) {
            return false;
        }
    }
    return true;
}

/* No well member is left: look for one among the others.  Returns whether there
 * is one. */
static bool race(struct call *call)
{
    struct pool *pool = &call->q->pool;
    if (is_shed(call->asks) || !pool_has_untried(pool)) {
        return false;
    }
    if (trial_race(call->q, call->attempt_ms, call->deadline_mono_ms)) {
        return true;
    }
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->members[i]->health != MEMBER_WELL) {
            note_failure(call, pool->members[i]);
        }
    }
    return false;
}

static void run_round(struct call *call)
{
    struct pool *pool = &call->q->pool;
    reach_await(call->q, call->deadline_mono_ms);
    pool_begin_round(pool);
    if (pool->count == 0) { // no name is known
        call->status = QUOTED_E_UNREACHABLE;
        call->is_hopeful = true;
    }
    while (!is_over(call)) {
        struct member *member = pool_choose(pool, link_now_ms());
        if (member == NULL && !race(call)) {
            return;
        }
        if (member != NULL &&
            (member->health == MEMBER_WELL || !is_shed(call->asks))) {
            try_member(call, member);
        }
    }
}

/* --- The end -------------------------------------------------------------- */

static void say_failure(struct buffer *text, const char *who, const char *why)
{
    if (why != NULL && why[0] != '\0') {
        buffer_printf(text, "%s%s: %s", text->len > 0 ? "; " : "", who, why);
    }
}

/* Put together which address failed how: "a:7400: refused; b:7400: ...". */
static void say_failures(struct quoted *q)
{
    struct buffer text = buffer_empty(2 * HANDLE_MESSAGE_SIZE);
    for (size_t i = 0; i < q->servers_count; i++) {
        const struct server *server = &q->servers[i];
        say_failure(&text, server->endpoint.text, reach_failure(q, server));
        for (size_t k = 0; k < q->pool.count; k++) {
            const struct member *member = q->pool.members[k];
            if (member->server == server) {
                say_failure(&text, member->text, member->failure);
            }
        }
    }
    clean_copy(q->message, sizeof(q->message), buffer_span(&text));
    buffer_deinit(&text);
}

/* What the caller is told of an ask that stayed open. */
static int final_status(const struct call *call, int open)
{
    switch (open) {
    case ASKS_DRAINING:
        return QUOTED_E_DRAINING;
    case ASKS_OVERLOADED:
        return QUOTED_E_OVERLOADED;
    default:
        return call->has_no_memory ? QUOTED_E_NOMEM
               : call->status != 0 ? call->status
                                   : QUOTED_E_TIMEOUT;
    }
}

/* Make the open asks final that are in this state, or all where it is 0. */
static void settle(struct call *call, int state)
{
    struct asks *asks = call->asks;
    bool has_said = false;
    for (size_t i = asks_next_open(asks, 0); i < asks->n;
         i = asks_next_open(asks, i + 1)) {
        int open = asks_status(asks, i);
        if (state != 0 && open != state) {
            continue;
        }
        if (!has_said) {
            say_failures(call->q);
            has_said = true;
        }
        call->result = final_status(call, open);
        asks_fail(asks, i, call->result, call->q->message);
    }
}

uint64_t call_pause_ms(uint32_t round)
{
    uint64_t pause = round > 8 ? CALL_PAUSE_MS_LIMIT : CALL_PAUSE_MS << round;
    return pause < CALL_PAUSE_MS_LIMIT ? pause : CALL_PAUSE_MS_LIMIT;
}

uint64_t call_attempt_ms(uint32_t attempt_ms, uint32_t doublings)
{
    return (uint64_t)attempt_ms << (doublings < 16 ? doublings : 16);
}

bool call_doubles(size_t members, uint32_t round, bool is_far)
{
    return members > 1 || is_far || round % 3 == 2;
}

static void pause_after(const struct call *call, uint32_t round)
{
    uint64_t half = call_pause_ms(round) / 2;
    uint64_t until =
        link_now_ms() + half + pool_draw(&call->q->pool) % (half + 1);
    link_wait(-1, 0,
              until < call->deadline_mono_ms ? until : call->deadline_mono_ms);
}

static void begin(struct call *call)
{
    struct quoted *q = call->q;
    q->message[0] = '\0';
    for (size_t i = 0; i < q->pool.count; i++) {
        q->pool.members[i]->failure[0] = '\0';
    }
    asks_begin(call->asks);
    if (call->asks->open < call->asks->n) {
        clean_copy(q->message, sizeof(q->message),
                   span_of(quoted_error_text(QUOTED_E_SYMBOL)));
    }
    trial_tend(q);
}

int call_run(struct quoted *q, struct asks *asks)
{
    uint64_t now = link_now_ms();
    struct call call = {
        .q = q,
        .asks = asks,
        .begun_mono_ms = now,
        .deadline_mono_ms = now + q->timeout_ms,
    };
    begin(&call);
    uint32_t doublings = 0;
    for (uint32_t round = 0; asks->open > 0; round++) {
        call.is_hopeful = false;
        call.is_far = false;
        call.attempt_ms = call_attempt_ms(q->attempt_ms, doublings);
        run_round(&call);
        doublings += call_doubles(q->pool.count, round, call.is_far);
        if (is_over(&call) || !call.is_hopeful || round + 1 == q->rounds_max) {
            break;
        }
        // Who has too much to do was asked once and said so, which is the
        // answer: asking again is what it has too much of.
        settle(&call, ASKS_OVERLOADED);
        if (asks->open > 0) {
            pause_after(&call, round);
        }
    }
    settle(&call, 0);
    CHECK(asks->open == 0);
    trial_tend(q); // so that a trial has got further when the next call looks
    return call.result;
}
