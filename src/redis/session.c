/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "fetch/fetch.h"
#include "net/conn.h"
#include "proto/resp.h"
#include "redis/backlog.h"
#include "redis/command.h"
#include "redis/multi.h"
#include "redis/pubsub.h"
#include "redis/shortcut.h"
#include "serve/guest.h"
#include "serve/heartbeat.h"
#include "serve/inquiry.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/share.h"
#include "serve/tally.h"
#include "serve/worker.h"
#include "store/store.h"

struct session {
    struct guest *guest;
    struct worker *worker; // the guest's
    struct backlog backlog;
    struct multi *multi; // owned; NULL: none is open
    struct buffer due;   // commands of an EXEC that are being run
    size_t due_at;       // where the next of them begins
    size_t due_for;      // bytes of that EXEC, unconsumed until all have run
    struct heartbeat *heartbeat; // owned; NULL: the peer wants none
    struct pubsub pubsub;
    // The last turn that holds a confirmation of a subscription; or NULL.
    const struct turn *confirming;
    int version;        // of RESP
    struct share share; // full by invariant (2)
    bool is_counted;    // the request that is being run, by how it ended
};

struct worker *session_worker(const struct session *session)
{
    return session->worker;
}

struct roster_member *session_member(struct session *session)
{
    return &session->guest->member;
}

struct guest *session_guest(const struct session *session)
{
    return session->guest;
}

struct pubsub *session_pubsub(struct session *session)
{
    return &session->pubsub;
}

struct multi **session_multi(struct session *session)
{
    return &session->multi;
}

bool session_is_in_exec(const struct session *session)
{
    return session->due.len > 0;
}

int session_version(const struct session *session)
{
    return session->version;
}

void session_speak(struct session *session, int version)
{
    CHECK(version == 2 || version == 3);
    if (version == 2) {
        heartbeat_destroy(&session->heartbeat); // RESP 2 has no pushes
    }
    session->version = version;
    atomic_store_explicit(&session->guest->member.version, version,
                          memory_order_relaxed);
}

/* --- Heartbeats -------------------------------------------------------------
 */

/*
 * What has been sent ends where the reply of the first turn will begin: that is
 * the place of a push, unless it is within an array, or before the peer chose
 * RESP 3.
 */
static bool has_place_for_push(const struct session *session)
{
    const struct turn *first = TAILQ_FIRST(&session->backlog.list);
    return session->due.len == 0 &&
           (first == NULL || (first->version == 3 && !first->is_element));
}

bool session_may_push(const struct session *session)
{
    bool is_free = TAILQ_EMPTY(&session->backlog.list) ||
                   (session->version == 3 && session->confirming == NULL);
    return is_free && has_place_for_push(session) && !session->guest->is_ending;
}

void session_hold_pushes(struct session *session)
{
    session->confirming = backlog_last(&session->backlog);
}

/* A peer that has not taken what was sent would not see it, and behind the end
 * nothing can be sent. */
IMPLEMENTS(on_beat)
static void on_beat(void *user)
{
    struct session *session = user;
    struct conn *conn = session->guest->conn;
    const struct turn *first = TAILQ_FIRST(&session->backlog.list);
    CHECK(first == NULL || !backlog_is_done(first));
    if (!has_place_for_push(session) || !conn_is_open(conn) ||
        conn_unsent(conn) > 0) {
        return;
    }
    size_t count = first != NULL ? backlog_count_waiting(&session->backlog)
                                 : pubsub_count(&session->pubsub);
    struct buffer *out = conn_output(conn);
    resp_put_push(out, 2);
    resp_put_bulk(out, span_of(first != NULL ? "waiting" : "watching"));
    resp_put_integer(out, (int64_t)count);
    conn_flush(conn); // may end the session
}

void session_settle(struct session *session)
{
    heartbeat_settle(session->heartbeat,
                     !TAILQ_EMPTY(&session->backlog.list) ||
                         pubsub_count(&session->pubsub) > 0);
}

int session_beat(struct session *session, uint64_t period_ms)
{
    CHECK(period_ms == 0 || session->version == 3);
    heartbeat_destroy(&session->heartbeat);
    if (period_ms == 0) {
        return 0;
    }
    struct heartbeat_options options = {
        .period_ms = period_ms,
        .on_beat = on_beat,
        .user = session,
    };
    int err =
        heartbeat_create(&session->heartbeat, &session->worker->loop, &options);
    session_settle(session);
    return err;
}

/* --- Turns ------------------------------------------------------------------
 */

static void end_turn(struct turn *turn)
{
    struct session *session = turn->backlog->session;
    if (session->confirming == turn) {
        session->confirming = NULL;
    }
    backlog_free(turn);
    session_settle(session);
}

/* How a request ended, by the reply to it: an error begins with its word. */
static enum family_outcome outcome_of(const struct buffer *out, size_t before)
{
    if (out->len <= before || out->data[before] != '-') {
        return FAMILY_OK;
    }
    struct span rest = {out->data + before + 1, out->len - before - 1};
    struct span word;
    bool has_word = span_split(&rest, ' ', &word);
    for (int err = ERR_UNKNOWN; has_word && err >= ERR_STORE; err--) {
        if (span_equal(word, span_of(err_word(err)))) {
            return family_outcome_of(err);
        }
    }
    return FAMILY_REFUSED;
}

/* The reply of a turn that waited for another thread. */
static void compose_answer(struct turn *turn, struct buffer *out)
{
    struct session *session = turn->backlog->session;
    size_t before = out->len;
    int err = question_err(turn->question);
    if (err != 0) {
        command_fail_symbol(session, out, question_symbol(turn->question), err,
                            NULL);
    } else {
        turn->compose(session, turn->question, out);
    }
    tally_told(session->worker, PROTOCOL_RESP, outcome_of(out, before));
}

/* The reply of a turn that waited for prices. */
static void compose_quotes(struct turn *turn, struct buffer *out)
{
    struct session *session = turn->backlog->session;
    struct worker *worker = session->worker;
    size_t count = inquiry_count(turn->inquiry);
    inquiry_recall(turn->inquiry);
    tally_waited(worker, PROTOCOL_RESP,
                 tally_quotes(worker, worker->answers, count),
                 inquiry_asked_ms(turn->inquiry));
    turn->request.compose(session, &turn->request, worker->answers, count, out);
}

/* Compose the reply of a turn whose answer has come. */
static void compose_turn(struct turn *turn, struct buffer *out)
{
    struct session *session = turn->backlog->session;
    // A HELLO behind it is for the replies behind that.
    int version = session->version;
    session->version = turn->version;
    if (turn->question != NULL) {
        compose_answer(turn, out);
    } else {
        compose_quotes(turn, out);
    }
    session->version = version;
}

/* Where the reply of the next request goes. */
static struct buffer *output(struct session *session)
{
    struct turn *last = backlog_last(&session->backlog);
    return last != NULL ? &last->held : conn_output(session->guest->conn);
}

static size_t output_bytes_max(const struct session *session)
{
    return session->worker->settings->conf->limits.output_bytes_max;
}

/* Invariant (2), both ways. */
static void pause_if_full(struct session *session)
{
    if (session->backlog.symbols >= SESSION_WAITING_LIMIT ||
        session->backlog.held_bytes > output_bytes_max(session)) {
        share_pause(&session->share);
    }
}

static void resume_if_free(struct session *session)
{
    if (session->share.is_full &&
        session->backlog.symbols <= SESSION_WAITING_LIMIT / 2 &&
        session->backlog.held_bytes <= output_bytes_max(session) / 2) {
        share_resume(&session->share); // may end the session
    }
}

/* Send the replies of the turns at the front that are answered. */
static void advance(struct session *session)
{
    struct turn *turn = TAILQ_FIRST(&session->backlog.list);
    if (turn == NULL || !backlog_is_done(turn)) {
        return;
    }
    struct buffer *out = conn_output(session->guest->conn);
    while (turn != NULL && backlog_is_done(turn)) {
        compose_turn(turn, out);
        buffer_put_span(out, buffer_span(&turn->held));
        end_turn(turn);
        turn = TAILQ_FIRST(&session->backlog.list);
    }
    struct conn *conn = session->guest->conn;
    conn_flush(conn);
    if (conn_is_open(conn)) {
        guest_end_if_done(session->guest);
    }
    if (conn_is_open(conn)) {
        pubsub_send(&session->pubsub); // what there was no place for
    }
    if (conn_is_open(conn)) {
        resume_if_free(session);
    }
}

/* A turn was put last. */
static void begin_turn(struct session *session)
{
    struct turn *turn = backlog_last(&session->backlog);
    turn->version = session->version;
    turn->is_element = session->due.len > 0;
    session->is_counted = true; // when it ends
    session_settle(session);
}

/* Compose the reply from the worker's answers, in the turn of the request. */
static void compose_now(struct session *session,
                        const struct session_request *request, size_t count,
                        struct buffer *out)
{
    struct worker *worker = session->worker;
    session->is_counted = true;
    tally_answered(worker, PROTOCOL_RESP,
                   tally_quotes(worker, worker->answers, count));
    request->compose(session, request, worker->answers, count, out);
}

/* Answer a request from what was looked up, where it is all there and need not
 * be composed later; else make a turn of it. */
static void answer_or_wait(struct session *session,
                           const struct session_request *request, size_t count,
                           bool is_there, struct buffer *out)
{
    struct worker *worker = session->worker;
    bool is_held = !TAILQ_EMPTY(&session->backlog.list);
    bool is_later =
        is_held && (request->shows_age || session->backlog.demands > 0);
    if (is_there && !is_later) {
        compose_now(session, request, count, out);
        return;
    }
    struct turn *turn = backlog_wait(&session->backlog, request, count);
    if (turn == NULL) {
        for (size_t i = 0; i < count; i++) {
            struct answer *answer = &worker->answers[i];
            bool is_answered = answer->quote != NULL || answer->err != 0;
            answer->err = is_answered ? answer->err : ERR_OVERLOADED;
        }
        compose_now(session, request, count, out);
        return;
    }
    begin_turn(session);
    if (backlog_is_done(turn) && !is_held) {
        compose_turn(turn, out); // nothing could be waited for
        end_turn(turn);
    }
}

void session_ask(struct session *session, const struct session_request *request,
                 const struct span *texts, size_t count, struct buffer *out)
{
    CHECK(count >= 1 && count <= RESP_ARGS_LIMIT);
    bool is_there = inquiry_look(session->worker, texts, count);
    answer_or_wait(session, request, count, is_there, out);
}

void session_ask_within(struct session *session,
                        const struct session_request *request,
                        const struct span *texts, size_t count,
                        uint64_t max_age_ms, struct buffer *out)
{
    CHECK(count >= 1 && count <= RESP_ARGS_LIMIT);
    struct session_request demanding = *request;
    demanding.demands_age = true;
    bool is_there =
        inquiry_look_within(session->worker, texts, count, max_age_ms);
    answer_or_wait(session, &demanding, count, is_there, out);
}

void session_ask_past(struct session *session,
                      const struct store_question *past,
                      session_compose_fn compose, struct buffer *out)
{
    int err = backlog_ask_past(&session->backlog, past, compose);
    if (err != 0) {
        command_fail_symbol(session, out, &past->symbol, err, NULL);
        return;
    }
    begin_turn(session);
}

void session_ask_why(struct session *session, const struct symbol *symbol,
                     session_compose_fn compose, struct buffer *out)
{
    int err = backlog_ask_why(&session->backlog, symbol, compose);
    if (err != 0) {
        command_fail_symbol(session, out, symbol, err, NULL);
        return;
    }
    begin_turn(session);
}

/* --- Bytes ------------------------------------------------------------------
 */

static void refuse_bytes(struct session *session, const char *why)
{
    bool is_held = !TAILQ_EMPTY(&session->backlog.list);
    struct buffer *out = output(session);
    size_t before = out->len;
    buffer_put_text(out, "-ERR Protocol error: ");
    buffer_put_text(out, why);
    buffer_put_text(out, "\r\n");
    session->backlog.held_bytes += is_held ? out->len - before : 0;
    metric_add(session->worker->cells, METRIC_connections_cut, 1);
    session_finish(session);
}

/* Answer one command, now or later.  May end the session. */
static void run(struct session *session, const struct resp_command *command)
{
    const struct turn *last = backlog_last(&session->backlog);
    struct buffer *out = output(session);
    size_t before = out->len;
    session->is_counted = false;
    command_run(session, command, out);
    if (!session->is_counted) {
        tally_answered(session->worker, PROTOCOL_RESP, outcome_of(out, before));
    }
    if (last != NULL) {
        session->backlog.held_bytes += out->len - before;
        if (out->failed) {
            conn_reset(session->guest->conn, "memory");
        }
    }
}

void session_run_next(struct session *session, struct buffer *commands)
{
    CHECK(session->due.len == 0 && !commands->failed);
    session->due = *commands;
    session->due_at = 0;
    *commands = buffer_empty(commands->len_max);
}

/* Run the next of the commands that are due.  Returns how many bytes of the
 * peer's it took: those of the EXEC with the last, or none. */
static size_t run_due(struct session *session)
{
    struct conn *conn = session->guest->conn;
    struct buffer *due = &session->due;
    struct resp_command *command = &session->worker->command;
    ptrdiff_t one = resp_parse(command, due->data + session->due_at,
                               due->len - session->due_at, due->len);
    CHECK(one > 0 && command->count > 0); // we composed them
    session->due_at += (size_t)one;
    run(session, command);
    if (!conn_is_open(conn) || session->due_at < due->len) {
        return 0;
    }
    buffer_deinit(due);
    return session->due_for;
}

/* Whether the next request is the peer's, is run at once, and its reply is the
 * next that goes out: nothing waits, and nothing forbids it. */
static bool is_plain(const struct session *session)
{
    return TAILQ_EMPTY(&session->backlog.list) && session->due.len == 0 &&
           session->multi == NULL && pubsub_count(&session->pubsub) == 0;
}

/* Answer one request at the front of the bytes, or several by the shortcut, and
 * add their bytes to *taken; or a step of one.  Returns whether there may be
 * another. */
static bool answer_one(struct session *session, char *bytes, size_t len,
                       size_t *taken)
{
    struct conn *conn = session->guest->conn;
    if (is_plain(session)) {
        size_t quick = shortcut_take(session, (struct span){bytes, len},
                                     conn_output(conn));
        *taken += quick;
        if (quick > 0) {
            return true;
        }
    }
    if (session->due.len > 0) {
        *taken += run_due(session);
        return conn_is_open(conn);
    }
    struct worker *worker = session->worker;
    struct resp_command *command = &worker->command;
    ptrdiff_t one = resp_parse(
        command, bytes, len, worker->settings->conf->limits.request_bytes_max);
    if (one < 0) {
        refuse_bytes(session, command->error);
        return false;
    }
    if (one > 0 && command->count > 0) {
        metric_add(worker->cells, METRIC_requests, 1);
        roster_count_commands(&session->guest->member, 1);
        run(session, command);
        if (conn_is_open(conn) && session->due.len > 0) {
            session->due_for = (size_t)one;
            return true;
        }
    }
    *taken += (size_t)one;
    return one > 0 && conn_is_open(conn);
}

/* Bytes of replies that have not gone out. */
static size_t composed(const struct session *session)
{
    return session->backlog.held_bytes + conn_output(session->guest->conn)->len;
}

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *state, char *bytes, size_t len)
{
    struct session *session = state;
    struct conn *conn = session->guest->conn;
    size_t taken = 0;
    while (taken < len && !session->guest->is_ending &&
           share_is_left(&session->share)) {
        size_t before = composed(session);
        if (!answer_one(session, bytes + taken, len - taken, &taken)) {
            break;
        }
        share_charge_growth(&session->share, before, composed(session));
        if (TAILQ_EMPTY(&session->backlog.list) &&
            conn_output(conn)->len > SESSION_FLUSH_BYTES) {
            conn_flush(conn);
            if (!conn_is_open(conn) || conn_is_throttled(conn)) {
                break;
            }
        }
        pause_if_full(session);
    }
    if (conn_is_open(conn)) {
        pubsub_send(&session->pubsub); // what there was no place for
    }
    return taken;
}

IMPLEMENTS(on_drained)
static void on_drained(void *state)
{
    struct session *session = state;
    pubsub_send(&session->pubsub);
}

/* --- Opening and ending ------------------------------------------------------
 */

IMPLEMENTS(open)
static void *open_session(struct guest *guest)
{
    struct session *session = mem_calloc(1, sizeof(*session));
    if (session != NULL) {
        session->guest = guest;
        session->worker = guest->worker;
        share_init(&session->share, guest);
        backlog_init(&session->backlog, session, guest->worker, advance);
        pubsub_init(&session->pubsub, session);
        session_speak(session, 2);
    }
    return session;
}

IMPLEMENTS(is_busy)
static bool is_busy(const void *state)
{
    const struct session *session = state;
    return !TAILQ_EMPTY(&session->backlog.list);
}

IMPLEMENTS(close)
static void close_session(void *state)
{
    struct session *session = state;
    share_end(&session->share);
    heartbeat_destroy(&session->heartbeat);
    pubsub_end_all(&session->pubsub);
    for (struct turn *turn;
         (turn = TAILQ_FIRST(&session->backlog.list)) != NULL;) {
        backlog_free(turn);
    }
    CHECK(session->backlog.symbols == 0 && session->backlog.held_bytes == 0);
    multi_drop(session);
    buffer_deinit(&session->due);
    mem_free(session);
}

void session_finish(struct session *session)
{
    guest_finish(session->guest);
}

const struct guest_protocol session_protocol = {
    .open = open_session,
    .on_bytes = on_bytes,
    .is_busy = is_busy,
    .on_drained = on_drained,
    .close = close_session,
};
