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
#include "redis/command.h"
#include "redis/multi.h"
#include "serve/guest.h"
#include "serve/heartbeat.h"
#include "serve/inquiry.h"
#include "serve/settings.h"
#include "serve/worker.h"

/* A request that waits. */
struct turn {
    TAILQ_ENTRY(turn) link;
    struct session *session;
    struct session_request request;
    struct inquiry *inquiry;
    int version;        // of RESP, as the request was sent in
    bool is_element;    // its reply is one of those in EXEC's array
    uint8_t *fields;    // owned; request.fields
    struct buffer held; // replies of the requests behind this one
};

TAILQ_HEAD(turn_list, turn);

struct session {
    struct guest *guest;
    struct worker *worker; // the guest's
    struct turn_list turns;
    size_t symbols;      // in all turns, answered already or not
    size_t held_bytes;   // in all turns
    struct multi *multi; // owned; NULL: none is open
    struct buffer due;   // commands of an EXEC that are being run
    size_t due_at;       // where the next of them begins
    size_t due_for;      // bytes of that EXEC, unconsumed until all have run
    struct heartbeat *heartbeat; // owned; NULL: the peer wants none
    int version;                 // of RESP
    bool is_paused;
};

struct worker *session_worker(const struct session *session)
{
    return session->worker;
}

struct roster_member *session_member(struct session *session)
{
    return &session->guest->member;
}

struct multi **session_multi(struct session *session)
{
    return &session->multi;
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

static size_t count_waiting(const struct session *session)
{
    size_t count = 0;
    struct turn *turn;
    TAILQ_FOREACH(turn, &session->turns, link)
    {
        count += !inquiry_is_done(turn->inquiry);
    }
    return count;
}

/*
 * What has been sent ends where the reply of the first turn will begin: that is
 * the place of a push, unless it is within an array, or before the peer chose
 * RESP 3.  A peer that has not taken what was sent would not see it.
 */
IMPLEMENTS(on_beat)
static void on_beat(void *user)
{
    struct session *session = user;
    struct conn *conn = session->guest->conn;
    const struct turn *first = TAILQ_FIRST(&session->turns);
    CHECK(first != NULL);
    CHECK(!inquiry_is_done(first->inquiry));
    if (first->version < 3 || first->is_element || conn_unsent(conn) > 0) {
        return;
    }
    struct buffer *out = conn_output(conn);
    resp_put_push(out, 2);
    resp_put_bulk(out, span_of("waiting"));
    resp_put_integer(out, (int64_t)count_waiting(session));
    conn_flush(conn); // may end the session
}

/* To be called when a turn came or went. */
static void settle_heartbeat(struct session *session)
{
    heartbeat_settle(session->heartbeat, !TAILQ_EMPTY(&session->turns));
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
    settle_heartbeat(session);
    return err;
}

/* --- Turns ------------------------------------------------------------------
 */

static void free_turn(struct turn *turn)
{
    struct session *session = turn->session;
    TAILQ_REMOVE(&session->turns, turn, link);
    settle_heartbeat(session);
    session->symbols -= inquiry_count(turn->inquiry);
    session->held_bytes -= turn->held.len;
    inquiry_destroy(&turn->inquiry);
    buffer_deinit(&turn->held);
    mem_free(turn->fields);
    mem_free(turn);
}

/* Compose the reply of a turn whose inquiry is done. */
static void compose_turn(struct turn *turn, struct buffer *out)
{
    struct session *session = turn->session;
    inquiry_recall(turn->inquiry);
    // A HELLO behind it is for the replies behind that.
    int version = session->version;
    session->version = turn->version;
    turn->request.compose(session, &turn->request, session->worker->answers,
                          inquiry_count(turn->inquiry), out);
    session->version = version;
}

/* Where the reply of the next request goes. */
static struct buffer *output(struct session *session)
{
    struct turn *last = TAILQ_LAST(&session->turns, turn_list);
    return last != NULL ? &last->held : conn_output(session->guest->conn);
}

static size_t output_bytes_max(const struct session *session)
{
    return session->worker->settings->conf->limits.output_bytes_max;
}

/* Invariant (2), both ways. */
static void pause_if_full(struct session *session)
{
    if (session->symbols >= SESSION_WAITING_LIMIT ||
        session->held_bytes > output_bytes_max(session)) {
        session->is_paused = true;
        conn_pause(session->guest->conn);
    }
}

static void resume_if_free(struct session *session)
{
    if (session->is_paused && session->symbols <= SESSION_WAITING_LIMIT / 2 &&
        session->held_bytes <= output_bytes_max(session) / 2) {
        session->is_paused = false;
        conn_resume(session->guest->conn); // may end the session
    }
}

/* Send the replies of the turns at the front that are answered. */
static void advance(struct session *session)
{
    struct turn *turn = TAILQ_FIRST(&session->turns);
    if (turn == NULL || !inquiry_is_done(turn->inquiry)) {
        return;
    }
    struct buffer *out = conn_output(session->guest->conn);
    while (turn != NULL && inquiry_is_done(turn->inquiry)) {
        compose_turn(turn, out);
        buffer_put_span(out, buffer_span(&turn->held));
        free_turn(turn);
        turn = TAILQ_FIRST(&session->turns);
    }
    struct conn *conn = session->guest->conn;
    conn_flush(conn);
    if (conn_is_open(conn)) {
        guest_end_if_done(session->guest);
    }
    if (conn_is_open(conn)) {
        resume_if_free(session);
    }
}

IMPLEMENTS(inquiry_done_fn)
static void on_done(void *user)
{
    const struct turn *turn = user;
    advance(turn->session);
}

/* Make a turn of what inquiry_look() left; NULL for want of memory, or where
 * the worker has turns enough. */
static struct turn *make_turn(struct session *session,
                              const struct session_request *request,
                              size_t count)
{
    struct turn *turn = mem_calloc(1, sizeof(*turn));
    uint8_t *fields = mem_calloc(request->fields_count + 1, 1);
    if (turn == NULL || fields == NULL ||
        inquiry_create(&turn->inquiry, session->worker, count, on_done, turn) !=
            0) {
        mem_free(turn);
        mem_free(fields);
        return NULL;
    }
    if (request->fields_count > 0) {
        memcpy(fields, request->fields, request->fields_count);
    }
    turn->session = session;
    turn->version = session->version;
    turn->is_element = session->due.len > 0;
    turn->request = *request;
    turn->request.fields = fields;
    turn->fields = fields;
    turn->held = buffer_empty(LOOP_REPLY_BYTES_LIMIT);
    TAILQ_INSERT_TAIL(&session->turns, turn, link);
    settle_heartbeat(session);
    session->symbols += count;
    return turn;
}

void session_ask(struct session *session, const struct session_request *request,
                 const struct span *texts, size_t count, struct buffer *out)
{
    CHECK(count >= 1 && count <= RESP_ARGS_LIMIT);
    struct worker *worker = session->worker;
    bool is_held = !TAILQ_EMPTY(&session->turns);
    if (inquiry_look(worker, texts, count) &&
        !(is_held && request->shows_age)) {
        request->compose(session, request, worker->answers, count, out);
        return;
    }
    struct turn *turn = make_turn(session, request, count);
    if (turn == NULL) {
        for (size_t i = 0; i < count; i++) {
            struct answer *answer = &worker->answers[i];
            bool is_answered = answer->quote != NULL || answer->err != 0;
            answer->err = is_answered ? answer->err : ERR_OVERLOADED;
        }
        request->compose(session, request, worker->answers, count, out);
        return;
    }
    if (inquiry_is_done(turn->inquiry) && !is_held) {
        compose_turn(turn, out); // nothing could be waited for
        free_turn(turn);
    }
}

/* --- Bytes ------------------------------------------------------------------
 */

/* Above this, what was composed goes out before more requests are answered: the
 * peer can begin to read, and the scratch buffer stays small. */
#define FLUSH_BYTES 65536

static void refuse_bytes(struct session *session, const char *why)
{
    bool is_held = !TAILQ_EMPTY(&session->turns);
    struct buffer *out = output(session);
    size_t before = out->len;
    buffer_put_text(out, "-ERR Protocol error: ");
    buffer_put_text(out, why);
    buffer_put_text(out, "\r\n");
    session->held_bytes += is_held ? out->len - before : 0;
    metric_add(session->worker->cells, METRIC_connections_cut, 1);
    session_finish(session);
}

/* Answer one command, now or later.  May end the session. */
static void run(struct session *session, const struct resp_command *command)
{
    struct turn *last = TAILQ_LAST(&session->turns, turn_list);
    struct buffer *out = output(session);
    size_t before = out->len;
    command_run(session, command, out);
    if (last != NULL) {
        session->held_bytes += out->len - before;
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

/* Answer one request at the front of the bytes and add its bytes to *taken; or
 * a step of one.  Returns whether there may be another. */
static bool answer_one(struct session *session, char *bytes, size_t len,
                       size_t *taken)
{
    struct conn *conn = session->guest->conn;
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
        roster_count_command(&session->guest->member);
        run(session, command);
        if (conn_is_open(conn) && session->due.len > 0) {
            session->due_for = (size_t)one;
            return true;
        }
    }
    *taken += (size_t)one;
    return one > 0 && conn_is_open(conn);
}

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *state, char *bytes, size_t len)
{
    struct session *session = state;
    struct conn *conn = session->guest->conn;
    size_t taken = 0;
    while (taken < len && !session->is_paused && !session->guest->is_ending) {
        if (!answer_one(session, bytes + taken, len - taken, &taken)) {
            break;
        }
        if (TAILQ_EMPTY(&session->turns) &&
            conn_output(conn)->len > FLUSH_BYTES) {
            conn_flush(conn);
            if (!conn_is_open(conn) || conn_is_throttled(conn)) {
                break;
            }
        }
        pause_if_full(session);
    }
    return taken;
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
        TAILQ_INIT(&session->turns);
        session_speak(session, 2);
    }
    return session;
}

IMPLEMENTS(is_busy)
static bool is_busy(const void *state)
{
    const struct session *session = state;
    return !TAILQ_EMPTY(&session->turns);
}

IMPLEMENTS(close)
static void close_session(void *state)
{
    struct session *session = state;
    heartbeat_destroy(&session->heartbeat);
    for (struct turn *turn; (turn = TAILQ_FIRST(&session->turns)) != NULL;) {
        free_turn(turn);
    }
    CHECK(session->symbols == 0 && session->held_bytes == 0);
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
    .close = close_session,
};
