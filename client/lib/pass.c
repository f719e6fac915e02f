/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pass.h"

#include <poll.h>
#include <quoted/quoted.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/asks.h"
#include "lib/fields.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/replies.h"

uint64_t pass_patience(uint64_t deadline_mono_ms, bool has_other_way)
{
    uint64_t now = link_now_ms();
    if (!has_other_way || deadline_mono_ms <= now) {
        return deadline_mono_ms;
    }
    return now + (deadline_mono_ms - now + 2) / 3;
}

/* Until when silence is borne from now on. */
static uint64_t patient_until(const struct pass *pass)
{
    const struct member *member = pass->member;
    if (member->greeting == GREETING_OVER && !member->has_heartbeat) {
        return pass_patience(pass->deadline_mono_ms, pass->has_other_way);
    }
    uint64_t until = link_now_ms() + pass->attempt_ms;
    return until < pass->deadline_mono_ms ? until : pass->deadline_mono_ms;
}

static void put_word(struct buffer *out, const char *word)
{
    buffer_printf(out, "$%zu\r\n%s\r\n", strlen(word), word);
}

/* Two words more, where the second is wanted. */
static void put_option(struct buffer *out, const char *name, const char *value)
{
    if (value != NULL) {
        put_word(out, name);
        put_word(out, value);
    }
}

static void put_history(struct buffer *out, const char *symbol,
                        const struct quoted_period *period)
{
    int options =
        (period->from != NULL) + (period->to != NULL) + (period->every != NULL);
    buffer_printf(out, "*%d\r\n$7\r\nHISTORY\r\n", 2 + 2 * options);
    put_word(out, symbol);
    put_option(out, "FROM", period->from);
    put_option(out, "TO", period->to);
    put_option(out, "EVERY", period->every);
}

static void put_ask(struct buffer *out, const struct asks *asks, size_t i)
{
    if (asks->symbols == NULL) {
        buffer_put_text(out, "*1\r\n$4\r\nPING\r\n");
        return;
    }
    const char *symbol = asks->symbols[i];
    if (asks->bars != NULL) {
        put_history(out, symbol, asks->bars->period);
        return;
    }
    const char *max_age = asks->max_age[0] != '\0' ? asks->max_age : NULL;
    buffer_put_text(out, max_age != NULL ? "*4\r\n" : "*2\r\n");
    put_word(out, asks->text != NULL ? "EXPLAIN" : "HGETALL");
    put_word(out, symbol);
    put_option(out, "MAXAGE", max_age);
}

static void compose(struct pass *pass)
{
    const struct asks *asks = pass->asks;
    struct buffer *out = &pass->member->out;
    while (pass->sent < asks->n && pass->in_flight < PASS_IN_FLIGHT_LIMIT) {
        put_ask(out, asks, pass->sent);
        pass->in_flight++;
        pass->sent = asks_next_open(asks, pass->sent + 1);
    }
}

/* The server said why there is no price: the call's last message. */
static void say(struct pass *pass, const struct quoted_quote *quote)
{
    struct quoted *q = pass->q;
    int len = snprintf(q->message, sizeof(q->message), "%s: %s",
                       pass->member->text, quote->message);
    CHECK(len > 0 && (size_t)len < sizeof(q->message) + MEMBER_TEXT_SIZE);
}

/* Believe an answer, or note that the server had no time for the ask. */
static void settle(struct pass *pass, size_t i,
                   const struct quoted_quote *quote)
{
    bool is_draining = quote->status == QUOTED_E_DRAINING;
    if (is_draining || quote->status == QUOTED_E_OVERLOADED) {
        member_failed(pass->member, quote->status, "%s", quote->message);
        asks_refer(pass->asks, i,
                   is_draining ? ASKS_DRAINING : ASKS_OVERLOADED);
        pass->is_busy = true;
        pass->is_draining = pass->is_draining || is_draining;
        return;
    }
    if (quote->status != 0) {
        say(pass, quote);
    }
    asks_answer(pass->asks, i, quote);
}

/* Read a reply as one to what was asked. */
static int read_reply(const struct asks *asks, const struct reply *reply,
                      struct quoted_quote *out)
{
    if (asks->symbols == NULL) {
        return fields_read_pong(out, reply);
    }
    return asks->text != NULL
               ? fields_read_text(out, reply, asks->text, asks->text_size)
               : fields_read(out, reply);
}

/* Take the announcement of bars, or one of them.  Returns 0, or
 * QUOTED_E_PROTOCOL with the reason in *out. */
static int take_row(struct pass *pass, const struct reply *reply,
                    struct quoted_quote *out)
{
    struct asks_bars *bars = pass->asks->bars;
    struct quoted_bar bar;
    *out = (struct quoted_quote){.age_ms = -1};
    if (!pass->has_rows && reply->kind == REPLY_ROWS) {
        pass->has_rows = true;
        pass->rows_left = reply->count;
        asks_begin_bars(bars);
        return 0;
    }
    if (pass->has_rows && fields_read_bar(&bar, reply) == 0) {
        asks_take_bar(bars, &bar);
        pass->rows_left--;
        return 0;
    }
    fields_fail(out, QUOTED_E_PROTOCOL, span_of("a reply that is no history"));
    return QUOTED_E_PROTOCOL;
}

static enum pass_outcome take_reply(struct pass *pass,
                                    const struct reply *reply)
{
    if (pass->in_flight == 0) {
        member_failed(pass->member, QUOTED_E_PROTOCOL,
                      "an answer nobody asked for");
        return PASS_GARBAGE;
    }
    struct quoted_quote quote = {.size = 0};
    bool is_row = pass->asks->bars != NULL &&
                  (pass->has_rows || reply->kind != REPLY_ERROR);
    int status = is_row ? take_row(pass, reply, &quote)
                        : read_reply(pass->asks, reply, &quote);
    if (is_row && status == 0 && pass->rows_left > 0) {
        return PASS_GOES_ON;
    }
    if (status == QUOTED_E_PROTOCOL) {
        member_failed(pass->member, status, "%s", quote.message);
        return PASS_GARBAGE;
    }
    size_t i = pass->read;
    pass->in_flight--;
    pass->read = asks_next_open(pass->asks, i + 1);
    settle(pass, i, &quote);
    return PASS_GOES_ON;
}

static enum pass_outcome take_replies(struct pass *pass)
{
    while (true) {
        const struct reply *reply;
        pass->member->expects_rows =
            pass->asks->bars != NULL && pass->in_flight > 0 && !pass->has_rows;
        if (member_next(pass->member, &reply) != 0) {
            return PASS_GARBAGE;
        }
        if (reply == NULL) {
            return PASS_GOES_ON;
        }
        enum pass_outcome outcome = take_reply(pass, reply);
        if (outcome != PASS_GOES_ON) {
            return outcome;
        }
    }
}

static enum pass_outcome receive(struct pass *pass, bool *received)
{
    switch (member_receive(pass->member, received)) {
    case 0:
        break;
    case ERR_NOMEM:
        return PASS_NOMEM;
    default:
        return PASS_LOST;
    }
    if (*received && pass->latency_us == 0) {
        pass->latency_us = link_now_us() - pass->started_us + 1;
    }
    return take_replies(pass);
}

/* One turn: send, wait, read.  *received is whether anything came. */
static enum pass_outcome turn(struct pass *pass, uint64_t until, bool *received)
{
    struct member *member = pass->member;
    *received = false;
    compose(pass);
    if (member->out.failed) {
        return PASS_NOMEM;
    }
    member_send(member);
    short events = member->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
    int ready = link_wait(member->fd, events, until);
    // What comes without an end does not hold us beyond the deadline either.
    if (ready == 0 || link_now_ms() > pass->deadline_mono_ms) {
        member_failed(member, QUOTED_E_TIMEOUT, "no answer in time");
        return PASS_QUIET;
    }
    return (ready & ~POLLOUT) == 0 ? PASS_GOES_ON : receive(pass, received);
}

enum pass_outcome pass_run(struct pass *pass)
{
    CHECK(pass->member->fd >= 0 && !pass->member->is_connecting);
    CHECK(pass->asks->open > 0);
    pass->sent = asks_next_open(pass->asks, 0);
    pass->read = pass->sent;
    pass->in_flight = 0;
    pass->latency_us = 0;
    pass->is_busy = false;
    pass->is_draining = false;
    pass->has_rows = false;
    pass->rows_left = 0;
    pass->started_us = link_now_us();
    uint64_t until = patient_until(pass);
    while (pass->read < pass->asks->n) {
        bool received;
        enum pass_outcome outcome = turn(pass, until, &received);
        if (outcome != PASS_GOES_ON) {
            return outcome;
        }
        if (received) {
            until = patient_until(pass);
        }
    }
    return pass->is_busy ? PASS_BUSY : PASS_DONE;
}
