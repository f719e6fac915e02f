/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch subscribes to its symbols and, told that one has a new price, asks
 * for the quote on the same connection: so a quote is read in one way only, and
 * of many changes the newest is asked for.
 *
 *     no ear --tune_in()--> an ear: SUBSCRIBE sent, every row due
 *        ^                    |  due --ask_due()--> asked --reply--> told
 *        +---- lose() --------+
 *
 *   (1) Every row is due when a subscription begins and each
 *       LOOK_AGAIN_MS, so that a lost message costs that at most, and a quote
 *       that grew old is seen to.
 *   (2) A row's quotes never go back in time.
 *   (3) What is sent goes in portions that the connection's buffer holds.
 */
#include <poll.h>
#include <quoted/quoted.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/asks.h"
#include "lib/call.h"
#include "lib/fields.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/pass.h"
#include "lib/replies.h"
#include "lib/rows.h"

#define BEAT_MS       2000u
#define SILENT_MS     6000u
#define LOOK_AGAIN_MS 15000u

/* The same after news of something that is none of ours. */
#define LOOK_SOON_MS 1000u

/* With more bytes to be sent nothing more is composed; so what is, fits. */
#define OUT_FULL_BYTES (PASS_SEND_BYTES_LIMIT / 2)

/* A connection that lived as long was a good one. */
#define LIVED_MS 5000u

#define IN_FLIGHT_LIMIT 256

/* Turns after the deadline of a call, while there is more and more to read. */
#define LATE_TURNS_LIMIT 64

struct quoted_watch {
    struct quoted *q;
    struct member *ear; // one of the handle's; NULL: none
    bool is_tuned;      // the subscription has been answered
    uint64_t tuned_mono_ms;
    uint64_t heard_mono_ms;
    uint64_t looked_mono_ms;       // when every row was due last
    uint64_t look_mono_ms;         // when every row is due next
    uint64_t again_mono_ms;        // no connection before
    uint32_t losses;               // in a row
    size_t subscribed;             // rows whose SUBSCRIBE was composed; n + 1
                                   // when the PING behind them was, too
    size_t asked[IN_FLIGHT_LIMIT]; // rows, in a ring
    size_t asked_at;
    size_t asked_count;
    size_t n;
    struct rows *rows; // n of them
};

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* --- Asking ----------------------------------------------------------------
 */

static void put_command(struct buffer *out, const char *verb,
                        const char *symbol)
{
    buffer_printf(out, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(verb), verb,
                  strlen(symbol), symbol);
}

static void make_all_due(struct quoted_watch *w)
{
    w->looked_mono_ms = link_now_ms();
    w->look_mono_ms = w->looked_mono_ms + LOOK_AGAIN_MS;
    rows_make_all_due(w->rows);
}

static bool has_room(const struct quoted_watch *w)
{
    return w->ear->out.len < OUT_FULL_BYTES;
}

/* Subscribe to what is left of the rows, as far as there is room. */
static void subscribe(struct quoted_watch *w)
{
    while (w->subscribed < w->n && has_room(w)) {
        put_command(&w->ear->out, "SUBSCRIBE",
                    rows_at(w->rows, w->subscribed)->symbol);
        w->subscribed++;
    }
    if (w->subscribed == w->n && has_room(w)) {
        // Errors until its answer are the subscription's.
        buffer_put_text(&w->ear->out, "*1\r\n$4\r\nPING\r\n");
        w->subscribed++;
    }
}

/* Ask for what is due, as far as may be in flight. */
static void ask_due(struct quoted_watch *w)
{
    size_t i;
    while (w->subscribed > w->n && w->asked_count < IN_FLIGHT_LIMIT &&
           has_room(w) && rows_take_due(w->rows, &i)) {
        put_command(&w->ear->out, "HGETALL", rows_at(w->rows, i)->symbol);
        w->asked[(w->asked_at + w->asked_count) % IN_FLIGHT_LIMIT] = i;
        w->asked_count++;
    }
}

static uint64_t pause_ms(const struct quoted_watch *w)
{
    return w->losses == 0 ? 0 : call_pause_ms(w->losses - 1);
}

/* Silence is no lack of news where a server is looked for. */
static int failure_of(int error)
{
    CHECK(error < 0);
    return error == QUOTED_E_TIMEOUT ? QUOTED_E_UNREACHABLE : error;
}

/* There is nobody to hear from any more; w->ear->error and its text say why. */
static int lose(struct quoted_watch *w)
{
    struct member *ear = w->ear;
    CHECK(ear != NULL);
    uint64_t now = link_now_ms();
    int error = failure_of(ear->error);
    int len = snprintf(w->q->message, sizeof(w->q->message), "%s: %s",
                       ear->text, ear->failure);
    CHECK(len > 0);
    bool was_good = w->is_tuned && now - w->tuned_mono_ms >= LIVED_MS;
    w->losses = was_good ? 1 : w->losses + 1;
    w->again_mono_ms = now + pause_ms(w);
    member_hang_up(ear);
    pool_failed(&w->q->pool, ear, now);
    ear->server->is_wanted = true;
    w->ear = NULL;
    w->is_tuned = false;
    w->asked_count = 0;
    rows_forget_asked(w->rows);
    return error;
}

/* The member on whose connection a PING has just been answered. */
static struct member *well_member(const struct quoted *q)
{
    for (size_t i = 0; i < q->pool.count; i++) {
        struct member *member = q->pool.members[i];
        if (member->health == MEMBER_WELL && member->fd >= 0) {
            return member;
        }
    }
    return NULL;
}

/* Find a server and subscribe.  Returns 0, or an error of the call. */
static int tune_in(struct quoted_watch *w, uint64_t deadline_mono_ms)
{
    struct quoted *q = w->q;
    uint64_t now = link_now_ms();
    uint64_t left = deadline_mono_ms > now ? deadline_mono_ms - now : 0;
    q->timeout_ms = left < q->attempt_ms ? q->attempt_ms
                    : left > SILENT_MS   ? SILENT_MS
                                         : (uint32_t)left;
    int err = quoted_ping(q);
    struct member *ear = err == 0 ? well_member(q) : NULL;
    if (ear == NULL) {
        w->again_mono_ms = link_now_ms() + call_pause_ms(w->losses);
        w->losses++;
        return err != 0 ? failure_of(err) : QUOTED_E_UNREACHABLE;
    }
    w->ear = ear;
    w->asked_at = 0;
    w->heard_mono_ms = link_now_ms();
    w->tuned_mono_ms = w->heard_mono_ms;
    w->subscribed = 0;
    make_all_due(w);
    return 0;
}

/* --- What is heard ----------------------------------------------------------
 */

static bool is_text(struct span text, const char *other)
{
    return span_equal_nocase(text, span_of(other));
}

/* A symbol has a new price: its rows are due; soon all are, where it is none of
 * ours. */
static void hear(struct quoted_watch *w, const struct reply *push)
{
    if (push->count < 3 || !is_text(push->fields[0], "message")) {
        return; // a beat, or that a subscription was taken
    }
    if (!rows_hear(w->rows, push->fields[1])) {
        w->look_mono_ms =
            sooner(w->look_mono_ms, w->looked_mono_ms + LOOK_SOON_MS);
    }
}

/* Whether a quote tells more than what was told last, and is not of before. */
static bool is_news(const struct row *row, const struct quoted_quote *quote)
{
    if (!row->is_told || row->status != quote->status) {
        return true;
    }
    if (quote->status != 0) {
        return false;
    }
    // RFC 3339 in UTC to the millisecond: as texts they sort as times.
    int order = strcmp(quote->fetched, row->fetched);
    return order > 0 ||
           (order == 0 && (row->state != quote->state ||
                           strcmp(quote->price.text, row->price) != 0));
}

/* Whether an answer may be told: a failure always, a quote if none of a later
 * time was told, whatever failure came between. */
static bool goes_back(const struct row *row, const struct quoted_quote *quote)
{
    return quote->status == 0 && strcmp(quote->fetched, row->fetched) < 0;
}

static void remember(struct quoted_watch *w, size_t i,
                     const struct quoted_quote *quote)
{
    struct row *row = rows_at(w->rows, i);
    row->is_told = true;
    row->status = quote->status;
    if (quote->status == 0) {
        row->state = quote->state;
        rows_set_name(w->rows, i, quote->symbol);
        memcpy(row->price, quote->price.text, sizeof(row->price));
        memcpy(row->fetched, quote->fetched, sizeof(row->fetched));
    }
}

/* Hand over a quote, as long as the caller knows it. */
static void give(struct quoted_quote *out, const struct quoted_quote *quote)
{
    const char *none = "";
    struct asks one = {.symbols = &none,
                       .n = 1,
                       .quotes = out,
                       .stride = out->size,
                       .open = 1};
    out->status = ASKS_UNANSWERED;
    asks_answer(&one, 0, quote);
}

/* A server that is leaving, or has too much to do, is left. */
static bool is_of_server(int status)
{
    return status == QUOTED_E_DRAINING || status == QUOTED_E_OVERLOADED ||
           status == QUOTED_E_PROTOCOL;
}

/* Take the answer to the oldest ask.  Returns 0, or the error that loses the
 * server; *out is written and *has_news set where there is something to tell.
 */
static int take_answer(struct quoted_watch *w, const struct reply *reply,
                       struct quoted_quote *out, size_t *index, bool *has_news)
{
    if (w->asked_count == 0) {
        member_failed(w->ear, QUOTED_E_PROTOCOL, "an answer nobody asked for");
        return lose(w);
    }
    size_t i = w->asked[w->asked_at];
    w->asked_at = (w->asked_at + 1) % IN_FLIGHT_LIMIT;
    w->asked_count--;
    struct row *row = rows_at(w->rows, i);
    rows_answered(w->rows, i);
    struct quoted_quote quote = {.size = 0};
    int status = fields_read(&quote, reply);
    if (is_of_server(status)) {
        member_failed(w->ear, status, "%s", quote.message);
        return lose(w); // and with the next one every row is due
    }
    if (!goes_back(row, &quote) && is_news(row, &quote)) {
        remember(w, i, &quote);
        give(out, &quote);
        *index = i;
        *has_news = true;
    }
    return 0;
}

/* Take an answer to the subscription or the PING behind it. */
static int take_tuning(struct quoted_watch *w, const struct reply *reply)
{
    if (reply->kind != REPLY_ERROR) {
        w->is_tuned = true;
        return 0;
    }
    struct quoted_quote quote = {.size = 0};
    int status = fields_read(&quote, reply);
    // A symbol that is refused is told of by the answer to its HGETALL.
    if (status == QUOTED_E_SERVER || is_of_server(status)) {
        member_failed(w->ear, status, "%s", quote.message);
        return lose(w);
    }
    return 0;
}

static int take_replies(struct quoted_watch *w, struct quoted_quote *out,
                        size_t *index, bool *has_news)
{
    while (!*has_news) {
        const struct reply *reply;
        if (member_next_or_push(w->ear, &reply) != 0) {
            return lose(w);
        }
        if (reply == NULL) {
            return 0;
        }
        int err = 0;
        if (reply->kind == REPLY_PUSH) {
            hear(w, reply);
        } else if (!w->is_tuned) {
            err = take_tuning(w, reply);
        } else {
            err = take_answer(w, reply, out, index, has_news);
        }
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* --- Turns ------------------------------------------------------------------
 */

/* Half of a command or of a reply is of no use: the next call begins anew. */
static int lose_for_memory(struct quoted_watch *w)
{
    member_failed(w->ear, QUOTED_E_NOMEM, "%s",
                  quoted_error_text(QUOTED_E_NOMEM));
    return lose(w);
}

static int receive(struct quoted_watch *w, bool *received)
{
    int err = member_receive(w->ear, received);
    if (err == ERR_NOMEM) {
        return lose_for_memory(w);
    }
    if (err != 0) {
        return lose(w);
    }
    if (*received) {
        w->heard_mono_ms = link_now_ms();
    }
    return 0;
}

/* Compose what is due and send what the socket takes. */
static int send_due(struct quoted_watch *w)
{
    if (link_now_ms() >= w->look_mono_ms) {
        make_all_due(w);
    }
    subscribe(w);
    ask_due(w);
    if (w->ear->out.failed) {
        return lose_for_memory(w);
    }
    member_send(w->ear);
    return 0;
}

/* Wait and receive, once; *received is whether anything came. */
static int listen_once(struct quoted_watch *w, uint64_t until_mono_ms,
                       bool *received)
{
    struct member *ear = w->ear;
    uint64_t silent_until = w->heard_mono_ms + SILENT_MS;
    uint64_t until = sooner(until_mono_ms, silent_until);
    until = sooner(until, w->look_mono_ms);
    short events = ear->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
    int ready = link_wait(ear->fd, events, until);
    if ((ready & ~POLLOUT) != 0) {
        return receive(w, received);
    }
    if (link_now_ms() >= silent_until) {
        member_failed(ear, QUOTED_E_TIMEOUT, "nothing was heard for %u ms",
                      SILENT_MS);
        return lose(w);
    }
    return 0;
}

/* Wait before the next connection. */
static void rest(const struct quoted_watch *w, uint64_t until_mono_ms)
{
    link_wait_any(NULL, 0, sooner(w->again_mono_ms, until_mono_ms));
}

/* What a turn is given, and what came of it. */
struct turn {
    struct quoted_quote *quote;
    size_t *index;
    uint64_t deadline_mono_ms;
    bool may_listen;
    bool has_news; /* *quote and *index are written, and no more was done */
    bool received; /* and not looked at yet */
};

/* Look at what has come, or find a server; send what is due; wait and receive.
 * Returns 0, or why there is no server to hear from. */
static int take_turn(struct quoted_watch *w, struct turn *turn)
{
    int err = 0;
    turn->has_news = false;
    turn->received = false;
    if (w->ear != NULL) {
        err = take_replies(w, turn->quote, turn->index, &turn->has_news);
    } else if (link_now_ms() >= w->again_mono_ms) {
        err = tune_in(w, turn->deadline_mono_ms);
    }
    if (turn->has_news) {
        return 0;
    }
    if (err == 0 && w->ear != NULL) {
        err = send_due(w);
    }
    if (err == 0 && w->ear != NULL && turn->may_listen) {
        err = listen_once(w, turn->deadline_mono_ms, &turn->received);
    }
    if (w->ear == NULL && err != QUOTED_E_NOMEM) {
        rest(w, turn->deadline_mono_ms);
    }
    return err;
}

int quoted_watch_next(struct quoted_watch *w, struct quoted_quote *quote,
                      size_t *index, uint32_t wait_ms)
{
    if (w == NULL || index == NULL || quote == NULL ||
        !handle_is_size(quote->size, HANDLE_QUOTE_SIZE_FIRST)) {
        return QUOTED_E_ARGUMENT;
    }
    struct turn turn = {
        .quote = quote,
        .index = index,
        .deadline_mono_ms = link_now_ms() + wait_ms,
        .may_listen = true,
    };
    int failure = QUOTED_E_TIMEOUT;
    // What has been received is looked at, also after the deadline: a program
    // that waits for the descriptor would not hear of it.  So that this ends,
    // the last turn receives nothing more.
    for (int late = 0;; late += link_now_ms() >= turn.deadline_mono_ms) {
        turn.may_listen = late < LATE_TURNS_LIMIT;
        int err = take_turn(w, &turn);
        if (turn.has_news) {
            w->q->message[0] = '\0';
            return 0;
        }
        if (err == QUOTED_E_NOMEM) {
            return err;
        }
        failure = err != 0 ? err : w->ear != NULL ? QUOTED_E_TIMEOUT : failure;
        if (link_now_ms() >= turn.deadline_mono_ms && !turn.received) {
            return failure;
        }
    }
}

/* --- Beginning and end ------------------------------------------------------
 */

int quoted_watch_fd(const struct quoted_watch *w)
{
    return w == NULL || w->ear == NULL ? -1 : w->ear->fd;
}

const char *quoted_watch_server(const struct quoted_watch *w)
{
    return w == NULL || w->ear == NULL ? "" : w->ear->text;
}

const char *quoted_watch_message(const struct quoted_watch *w)
{
    return w == NULL ? "" : quoted_last_message(w->q);
}

static int take_symbols(struct quoted_watch *w, const char *const *symbols)
{
    for (size_t i = 0; i < w->n; i++) {
        if (!asks_may_be_symbol(symbols[i])) {
            return QUOTED_E_SYMBOL;
        }
    }
    int err = rows_create(&w->rows, symbols, w->n, pool_draw(&w->q->pool));
    return err == 0 ? 0 : QUOTED_E_NOMEM;
}

int quoted_watch_open(struct quoted_watch **out, const char *addresses,
                      const struct quoted_options *options,
                      const char *const *symbols, size_t n)
{
    if (out == NULL) {
        return QUOTED_E_ARGUMENT;
    }
    *out = NULL;
    if (symbols == NULL || n == 0 || n > QUOTED_WATCH_LIMIT) {
        return QUOTED_E_ARGUMENT;
    }
    struct quoted_watch *w = mem_calloc(1, sizeof(*w));
    if (w == NULL) {
        return QUOTED_E_NOMEM;
    }
    w->n = n;
    int err = quoted_open(&w->q, addresses, options);
    if (err == 0) {
        w->q->pool.balance = QUOTED_BALANCE_CONNECTION;
        w->q->greeting.heartbeat_ms = BEAT_MS;
        w->q->rounds_max = 1;
        err = take_symbols(w, symbols);
    }
    if (err != 0) {
        quoted_watch_close(&w);
        return err;
    }
    *out = w;
    return 0;
}

void quoted_watch_close(struct quoted_watch **w)
{
    if (w == NULL || *w == NULL) {
        return;
    }
    struct quoted_watch *old = *w;
    *w = NULL;
    quoted_close(&old->q);
    rows_destroy(&old->rows);
    mem_free(old);
}
