/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pass.h"

#include <errno.h>
#include <poll.h>
#include <quoted/quoted.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/asks.h"
#include "lib/fields.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/reach.h"
#include "lib/replies.h"

#define RECEIVE_BYTES 16384

/* Where a pass stands. */
struct pass {
    struct quoted *q;
    struct server *server; /* whom the connection is to */
    struct asks *asks;
    size_t sent; /* index of the next ask to send */
    size_t read; /* index of the next ask to be answered */
    size_t in_flight;
    bool is_busy;
};

uint64_t pass_patience(uint64_t deadline_mono_ms, bool has_other_way)
{
    uint64_t now = link_now_ms();
    if (!has_other_way || deadline_mono_ms <= now) {
        return deadline_mono_ms;
    }
    return now + (deadline_mono_ms - now + 2) / 3;
}

static void compose(struct pass *pass)
{
    const struct asks *asks = pass->asks;
    struct buffer *out = &pass->q->out;
    while (pass->sent < asks->n && pass->in_flight < PASS_IN_FLIGHT_LIMIT) {
        if (asks->symbols == NULL) {
            buffer_put_text(out, "*1\r\n$4\r\nPING\r\n");
        } else {
            const char *symbol = asks->symbols[pass->sent];
            buffer_printf(out, "*2\r\n$7\r\nHGETALL\r\n$%zu\r\n%s\r\n",
                          strlen(symbol), symbol);
        }
        pass->in_flight++;
        pass->sent = asks_next_open(asks, pass->sent + 1);
    }
}

/* Send what the socket takes.  An error is not looked at here: reading comes
 * next, and may find the server's reason in front of the same error. */
static void send_some(struct quoted *q)
{
    if (q->out.len == 0) {
        return;
    }
    ssize_t sent = send(q->fd, q->out.data, q->out.len, MSG_NOSIGNAL);
    if (sent > 0) {
        buffer_drop_front(&q->out, (size_t)sent);
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        buffer_clear(&q->out);
    }
}

static enum pass_outcome receive_some(struct pass *pass)
{
    char bytes[RECEIVE_BYTES];
    ssize_t got = recv(pass->q->fd, bytes, sizeof(bytes), 0);
    if (got > 0) {
        int err = replies_feed(pass->q->replies, bytes, (size_t)got);
        return err == 0 ? PASS_GOES_ON : PASS_NOMEM;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return PASS_GOES_ON;
    }
    char text[128];
    reach_failed(pass->server, "%s",
                 got == 0 ? "the server closed the connection"
                          : strerror_r(errno, text, sizeof(text)));
    return PASS_LOST;
}

/* The server said why there is no price: the call's last message. */
static void say(struct pass *pass, const struct quoted_quote *quote)
{
    struct quoted *q = pass->q;
    int len = snprintf(q->message, sizeof(q->message), "%s: %s",
                       pass->server->endpoint.text, quote->message);
    CHECK(len > 0 && (size_t)len < sizeof(q->message) + ENDPOINT_TEXT_SIZE);
}

/* Believe an answer, or note that the server had no time for the ask. */
static void settle(struct pass *pass, size_t i,
                   const struct quoted_quote *quote)
{
    bool is_draining = quote->status == QUOTED_E_DRAINING;
    if (is_draining || quote->status == QUOTED_E_OVERLOADED) {
        reach_failed(pass->server, "%s", quote->message);
        asks_refer(pass->asks, i,
                   is_draining ? ASKS_DRAINING : ASKS_OVERLOADED);
        pass->is_busy = true;
        return;
    }
    if (quote->status != 0) {
        say(pass, quote);
    }
    asks_answer(pass->asks, i, quote);
}

static enum pass_outcome take_reply(struct pass *pass,
                                    const struct reply *reply)
{
    if (pass->q->skipped > 0) {
        pass->q->skipped--;
        return PASS_GOES_ON;
    }
    if (pass->in_flight == 0) {
        reach_failed(pass->server, "an answer nobody asked for");
        return PASS_GARBAGE;
    }
    struct quoted_quote quote = {.size = 0};
    int status = pass->asks->symbols == NULL ? fields_read_pong(&quote, reply)
                                             : fields_read(&quote, reply);
    if (status == QUOTED_E_PROTOCOL) {
        reach_failed(pass->server, "%s", quote.message);
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
        int err = replies_next(pass->q->replies, &reply);
        if (err == ERR_NOMEM) {
            return PASS_NOMEM;
        }
        if (err != 0) {
            reach_failed(pass->server, "%s", replies_refusal(pass->q->replies));
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

/* One turn: send, wait, read.  *is_silent stays true when nothing came. */
static enum pass_outcome turn(struct pass *pass, uint64_t until,
                              bool *is_silent)
{
    struct quoted *q = pass->q;
    compose(pass);
    if (q->out.failed) {
        return PASS_NOMEM;
    }
    send_some(q);
    short events = q->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
    int ready = link_wait(q->fd, events, until);
    if (ready == 0) {
        reach_failed(pass->server, "no answer in time");
        return PASS_QUIET;
    }
    if ((ready & ~POLLOUT) == 0) {
        return PASS_GOES_ON;
    }
    *is_silent = false;
    enum pass_outcome outcome = receive_some(pass);
    return outcome == PASS_GOES_ON ? take_replies(pass) : outcome;
}

enum pass_outcome pass_run(struct quoted *q, struct asks *asks,
                           uint64_t deadline_mono_ms, bool has_other_way)
{
    CHECK(q->fd >= 0);
    CHECK(asks->open > 0);
    size_t first = asks_next_open(asks, 0);
    struct pass pass = {
        .q = q,
        .server = &q->servers[q->preferred],
        .asks = asks,
        .sent = first,
        .read = first,
    };
    uint64_t until = pass_patience(deadline_mono_ms, has_other_way);
    while (pass.read < asks->n) {
        bool is_silent = true;
        enum pass_outcome outcome = turn(&pass, until, &is_silent);
        if (outcome != PASS_GOES_ON) {
            return outcome;
        }
        if (!is_silent) {
            until = pass_patience(deadline_mono_ms, has_other_way);
        }
    }
    return pass.is_busy ? PASS_BUSY : PASS_DONE;
}
