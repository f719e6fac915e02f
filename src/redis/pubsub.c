/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/pubsub.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "net/conn.h"
#include "obs/log.h"
#include "proto/resp.h"
#include "redis/client.h"
#include "redis/command.h"
#include "redis/multi.h"
#include "redis/session.h"
#include "serve/ask.h"
#include "serve/guest.h"
#include "serve/roster.h"
#include "serve/worker.h"

IMPLEMENTS(on_news)
static void on_news(struct watcher *watcher)
{
    pubsub_send((struct pubsub *)watcher);
}

void pubsub_init(struct pubsub *pubsub, struct session *session)
{
    pubsub->session = session;
    pubsub->is_narrow = false;
    watch_init(&pubsub->watcher, session_worker(session)->watches, on_news);
}

size_t pubsub_count(const struct pubsub *pubsub)
{
    return pubsub->watcher.symbols + pubsub->watcher.patterns;
}

/* To be called when the number of subscriptions has changed. */
static void settle(struct pubsub *pubsub)
{
    struct session *session = pubsub->session;
    struct roster_member *member = session_member(session);
    bool is_watching = pubsub_count(pubsub) > 0;
    atomic_store_explicit(&member->channels, pubsub->watcher.symbols,
                          memory_order_relaxed);
    atomic_store_explicit(&member->patterns, pubsub->watcher.patterns,
                          memory_order_relaxed);
    session_guest(session)->is_watching = is_watching;
    if (is_watching && !pubsub->is_narrow) {
        // Else what is in the kernel's hands would be long out of date by the
        // time that a slow peer reads it.
        pubsub->is_narrow = true;
        conn_narrow(session_guest(session)->conn, WATCH_UNSENT_BYTES);
    }
    session_settle(session);
}

void pubsub_end_all(struct pubsub *pubsub)
{
    watch_leave_all(&pubsub->watcher);
    settle(pubsub);
}

/* --- Messages ---------------------------------------------------------------
 */

/* An array in RESP 2 and a push in RESP 3. */
static void put_head(const struct session *session, struct buffer *out,
                     size_t count, const char *kind)
{
    if (session_version(session) == 3) {
        resp_put_push(out, count);
    } else {
        resp_put_array(out, count);
    }
    resp_put_bulk(out, span_of(kind));
}

IMPLEMENTS(watch_compose_fn)
static void put_message(void *user, const struct watch_news *news,
                        struct buffer *out)
{
    const struct session *session = user;
    struct span json = watch_json(news);
    if (json.data == NULL) {
        out->failed = true; // no memory: the connection ends
        return;
    }
    if (news->is_pattern) {
        put_head(session, out, 4, "pmessage");
        resp_put_bulk(out, news->label);
        resp_put_bulk(out, symbol_span(news->symbol));
    } else {
        put_head(session, out, 3, "message");
        resp_put_bulk(out, news->label);
    }
    resp_put_bulk(out, json);
}

/* A peer that has taken nothing for long hears why, if it ever reads, and the
 * end. */
static void cut(struct session *session)
{
    struct guest *guest = session_guest(session);
    log_event(LOG_INFO, "redis", "a watcher reads nothing and is cut",
              LOG_TEXT("peer", guest->member.peer));
    metric_add(guest->worker->cells, METRIC_watch_cut, 1);
    struct buffer *out = conn_output(guest->conn);
    const char *sentence = "nothing was read for 15 s while there was news; "
                           "connect again for the newest";
    if (session_version(session) == 3) {
        resp_put_push(out, 2);
        resp_put_bulk(out, span_of("cut"));
        resp_put_bulk(out, span_of(sentence));
    } else {
        resp_put_error(out, "SLOW", span_of(sentence));
    }
    session_finish(session);
}

void pubsub_send(struct pubsub *pubsub)
{
    struct session *session = pubsub->session;
    if (!watch_has_news(&pubsub->watcher) || !session_may_push(session)) {
        return;
    }
    struct conn *conn = session_guest(session)->conn;
    if (!watch_send(&pubsub->watcher, conn, put_message, session)) {
        cut(session);
    }
}

/* --- Commands ---------------------------------------------------------------
 */

static void put_confirmation(struct session *session, struct buffer *out,
                             const char *kind, struct span label)
{
    put_head(session, out, 3, kind);
    if (label.data != NULL) {
        resp_put_bulk(out, label);
    } else {
        resp_put_null(out, session_version(session));
    }
    resp_put_integer(out, (int64_t)pubsub_count(session_pubsub(session)));
}

static void refuse_join(struct session *session, struct buffer *out, int err)
{
    switch (err) {
    case ERR_RANGE:
        command_fail(session, out, "ERR", "a pattern has at most 128 bytes");
        break;
    case ERR_FULL:
        command_fail(session, out, "OVERLOADED",
                     "too much is watched; of more symbols, watch a pattern");
        break;
    default:
        command_fail(session, out, "OVERLOADED", "no memory to watch it");
        break;
    }
}

/* Whether all channels are symbols or names; composes the error of the first
 * that is not. */
static bool are_symbols(struct session *session,
                        const struct resp_command *command, struct buffer *out)
{
    for (size_t i = 1; i < command->count; i++) {
        struct symbol symbol;
        int err =
            ask_resolve(session_worker(session), command->args[i], &symbol);
        if (err != 0) {
            command_fail_symbol(session, out, &symbol, err, NULL);
            return false;
        }
    }
    return true;
}

static int join(struct session *session, struct span text, bool is_pattern)
{
    struct watcher *watcher = &session_pubsub(session)->watcher;
    if (is_pattern) {
        return watch_join_pattern(watcher, text);
    }
    struct symbol symbol;
    int err = ask_resolve(session_worker(session), text, &symbol);
    CHECK(err == 0); // are_symbols()
    return watch_join(watcher, &symbol, text);
}

static void join_all(struct session *session,
                     const struct resp_command *command, bool is_pattern,
                     struct buffer *out)
{
    const char *kind = is_pattern ? "psubscribe" : "subscribe";
    int err = 0;
    for (size_t i = 1; i < command->count && err == 0; i++) {
        err = join(session, command->args[i], is_pattern);
        if (err == 0) {
            put_confirmation(session, out, kind, command->args[i]);
        }
    }
    if (err != 0) {
        refuse_join(session, out, err);
    }
    session_hold_pushes(session);
    settle(session_pubsub(session));
}

void pubsub_subscribe(struct session *session,
                      const struct resp_command *command, struct buffer *out)
{
    if (are_symbols(session, command, out)) {
        join_all(session, command, false, out);
    }
}

void pubsub_psubscribe(struct session *session,
                       const struct resp_command *command, struct buffer *out)
{
    join_all(session, command, true, out);
}

/* Leave every subscription of one kind, each confirmed; or none, confirmed
 * too. */
static void leave_kind(struct session *session, bool is_pattern,
                       const char *kind, struct buffer *out)
{
    struct watcher *watcher = &session_pubsub(session)->watcher;
    struct span label = watch_first_label(watcher, is_pattern);
    if (label.data == NULL) {
        put_confirmation(session, out, kind, label);
    }
    while (label.data != NULL) {
        char copy[WATCH_LABEL_LIMIT];
        struct span gone = {copy, label.len};
        CHECK(label.len <= sizeof(copy));
        memcpy(copy, label.data, label.len);
        watch_leave(watcher, gone, is_pattern);
        put_confirmation(session, out, kind, gone);
        label = watch_first_label(watcher, is_pattern);
    }
}

static void leave_all(struct session *session,
                      const struct resp_command *command, bool is_pattern,
                      struct buffer *out)
{
    const char *kind = is_pattern ? "punsubscribe" : "unsubscribe";
    struct watcher *watcher = &session_pubsub(session)->watcher;
    if (command->count == 1) {
        leave_kind(session, is_pattern, kind, out);
    }
    for (size_t i = 1; i < command->count; i++) {
        watch_leave(watcher, command->args[i], is_pattern);
        put_confirmation(session, out, kind, command->args[i]);
    }
    settle(session_pubsub(session));
}

void pubsub_unsubscribe(struct session *session,
                        const struct resp_command *command, struct buffer *out)
{
    leave_all(session, command, false, out);
}

void pubsub_punsubscribe(struct session *session,
                         const struct resp_command *command, struct buffer *out)
{
    leave_all(session, command, true, out);
}

bool pubsub_refuses(struct session *session, const struct command *command,
                    struct buffer *out)
{
    // Commands of an EXEC were let in before its SUBSCRIBE was run.
    if (session_version(session) != 2 || session_is_in_exec(session) ||
        pubsub_count(session_pubsub(session)) == 0) {
        return false;
    }
    static const command_fn allowed[] = {
        pubsub_subscribe,    pubsub_psubscribe, pubsub_unsubscribe,
        pubsub_punsubscribe, client_ping,       client_quit,
        client_reset};
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (command->run == allowed[i]) {
            return false;
        }
    }
    struct buffer text = buffer_empty(256);
    buffer_printf(&text,
                  "Can't execute '%s': only (P)SUBSCRIBE, (P)UNSUBSCRIBE, "
                  "PING, QUIT and RESET are allowed in this context",
                  command->name);
    buffer_put_byte(&text, '\0');
    // As in Redis: a client awaits one of two answers to its EXEC.
    command_fail(session, out, command->run == multi_exec ? "EXECABORT" : "ERR",
                 text.failed ? "not now" : text.data);
    buffer_deinit(&text);
    return true;
}
