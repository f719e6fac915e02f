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
#include "lib/replies.h"

struct call {
    struct quoted *q;
    struct asks *asks;
    uint64_t deadline_mono_ms;
    bool is_hopeful; /* something failed in this round that time may heal */
    bool has_no_memory;
    int status; /* how the last attempt failed, or 0 */
    int result; /* what call_run() returns */
};

static bool is_over(const struct call *call)
{
    return call->asks->open == 0 || call->has_no_memory ||
           link_now_ms() >= call->deadline_mono_ms;
}

static void failed(struct call *call, int status, bool may_heal)
{
    call->status = status;
    call->is_hopeful = call->is_hopeful || may_heal;
}

/* Run a pass and draw the conclusions: the connection is kept only after
 * PASS_DONE. */
static enum pass_outcome try_pass(struct call *call, bool has_other_way)
{
    struct quoted *q = call->q;
    enum pass_outcome outcome =
        pass_run(q, call->asks, call->deadline_mono_ms, has_other_way);
    switch (outcome) {
    case PASS_DONE:
        CHECK(call->asks->open == 0);
        if (q->skipped == 0 && !replies_has_rest(q->replies)) {
            return PASS_DONE;
        }
        break; // more came than was asked for
    case PASS_LOST:
        failed(call, QUOTED_E_UNREACHABLE, true);
        break;
    case PASS_QUIET:
        failed(call, QUOTED_E_TIMEOUT, true);
        break;
    case PASS_GARBAGE:
        failed(call, QUOTED_E_PROTOCOL, false);
        break;
    case PASS_NOMEM:
        call->has_no_memory = true;
        break;
    case PASS_BUSY: // the asks know
        break;
    case PASS_GOES_ON:
        CHECK(false);
    }
    reach_hang_up(q);
    return outcome;
}

/* Use the connection that an earlier call left.  Returns whether to go on and
 * connect to the same server afresh. */
static bool try_held(struct call *call)
{
    struct quoted *q = call->q;
    struct server *server = &q->servers[q->preferred];
    if (!link_is_idle(q->fd)) {
        reach_hang_up(q); // closed while nobody looked, which is no failure
        return true;
    }
    switch (try_pass(call, true)) {
    case PASS_LOST:
    case PASS_QUIET: // perhaps only the connection is dead, not the server
        return true;
    case PASS_BUSY: // another address of the same name may have the time
        server->first++;
        return server->known.count > 1;
    default:
        return false;
    }
}

/* Connect to each of a server's addresses in turn until all is answered. */
static void try_afresh(struct call *call, size_t index, bool has_others)
{
    struct server *server = &call->q->servers[index];
    if (!reach_addresses(server,
                         pass_patience(call->deadline_mono_ms, has_others))) {
        failed(call, QUOTED_E_UNREACHABLE, true);
        return;
    }
    unsigned count = (unsigned)server->known.count;
    for (unsigned tried = 1; tried <= count; tried++) {
        bool has_other_way = has_others || tried < count;
        int err =
            reach_connect(call->q, index, server->first % count,
                          pass_patience(call->deadline_mono_ms, has_other_way));
        if (err == ERR_NOMEM) {
            call->has_no_memory = true;
            return;
        }
        if (err != 0) {
            failed(call, QUOTED_E_UNREACHABLE, true);
        } else if (try_pass(call, has_other_way) == PASS_DONE) {
            return;
        }
        server->first++; // whoever comes next begins with another one
        if (is_over(call)) {
            return;
        }
    }
}

static void run_round(struct call *call)
{
    struct quoted *q = call->q;
    size_t first = q->preferred;
    for (size_t k = 0; k < q->servers_count; k++) {
        bool goes_on = q->fd < 0 || try_held(call);
        if (goes_on && !is_over(call)) {
            try_afresh(call, (first + k) % q->servers_count,
                       k + 1 < q->servers_count);
        }
        if (is_over(call)) {
            return;
        }
    }
}

/* Put together which address failed how: "a:7400: refused; b:7400: ...". */
static void say_failures(struct quoted *q)
{
    struct buffer text = buffer_empty(2 * HANDLE_MESSAGE_SIZE);
    for (size_t i = 0; i < q->servers_count; i++) {
        const struct server *server = &q->servers[i];
        if (server->failure[0] != '\0') {
            buffer_printf(&text, "%s%s: %s", text.len > 0 ? "; " : "",
                          server->endpoint.text, server->failure);
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

/* Whether another round could do better than this one. */
static bool is_worth_a_round(const struct call *call)
{
    const struct asks *asks = call->asks;
    bool is_worth = call->is_hopeful;
    for (size_t i = asks_next_open(asks, 0); !is_worth && i < asks->n;
         i = asks_next_open(asks, i + 1)) {
        is_worth = asks_status(asks, i) == ASKS_DRAINING;
    }
    return is_worth;
}

/* xorshift64: enough to keep clients from coming back in step. */
static uint64_t draw(struct quoted *q)
{
    CHECK(q->random != 0);
    q->random ^= q->random << 13;
    q->random ^= q->random >> 7;
    q->random ^= q->random << 17;
    return q->random;
}

uint64_t call_pause_ms(uint32_t round)
{
    uint64_t pause = round > 8 ? CALL_PAUSE_MS_LIMIT : CALL_PAUSE_MS << round;
    return pause < CALL_PAUSE_MS_LIMIT ? pause : CALL_PAUSE_MS_LIMIT;
}

static void pause_after(const struct call *call, uint32_t round)
{
    uint64_t half = call_pause_ms(round) / 2;
    uint64_t until = link_now_ms() + half + draw(call->q) % (half + 1);
    link_wait(-1, 0,
              until < call->deadline_mono_ms ? until : call->deadline_mono_ms);
}

static void begin(struct call *call)
{
    struct quoted *q = call->q;
    q->message[0] = '\0';
    for (size_t i = 0; i < q->servers_count; i++) {
        q->servers[i].failure[0] = '\0';
    }
    asks_begin(call->asks);
    if (call->asks->open < call->asks->n) {
        clean_copy(q->message, sizeof(q->message),
                   span_of(quoted_error_text(QUOTED_E_SYMBOL)));
    }
}

int call_run(struct quoted *q, struct asks *asks)
{
    struct call call = {
        .q = q,
        .asks = asks,
        .deadline_mono_ms = link_now_ms() + q->timeout_ms,
    };
    begin(&call);
    for (uint32_t round = 0; asks->open > 0; round++) {
        call.is_hopeful = false;
        run_round(&call);
        if (is_over(&call) || !is_worth_a_round(&call) ||
            round + 1 == q->rounds_max) {
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
    return call.result;
}
