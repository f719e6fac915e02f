/* SPDX-License-Identifier: Apache-2.0 */
#include "web/stream.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn.h"
#include "obs/log.h"
#include "proto/http.h"
#include "quote/quote.h"
#include "serve/heartbeat.h"
#include "serve/watch.h"
#include "serve/worker.h"
#include "web/mark.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/target.h"
#include "web/web.h"

struct stream {
    struct watcher watcher; // first
    struct web *web;
    struct heartbeat *heartbeat; // owned
    uint32_t symbols_mark;
    size_t count;
    struct symbol symbols[STREAM_SYMBOLS_LIMIT];
    struct mark marks[STREAM_SYMBOLS_LIMIT];
    bool is_told[STREAM_SYMBOLS_LIMIT]; // it has had its first event
    size_t told_count;
    bool is_last; // the session ends when all are told
};

/* --- Events -----------------------------------------------------------------
 */

static void put_id(struct buffer *out, const struct stream *stream)
{
    mark_put(out, stream->symbols_mark, stream->marks, stream->count);
}

/* The place of a symbol; it is one of them (checked). */
static size_t place_of(const struct stream *stream, const struct symbol *symbol)
{
    size_t i = 0;
    while (i < stream->count && !symbol_equal(&stream->symbols[i], symbol)) {
        i++;
    }
    CHECK(i < stream->count);
    return i;
}

IMPLEMENTS(watch_compose_fn)
static void put_news(void *user, const struct watch_news *news,
                     struct buffer *out)
{
    struct stream *stream = user;
    size_t place = place_of(stream, news->symbol);
    struct mark *mark = &stream->marks[place];
    stream->told_count += !stream->is_told[place];
    stream->is_told[place] = true;
    if (news->quote != NULL && !mark_is_before(mark, news->quote)) {
        return; // the watcher has this one, or a newer one from elsewhere
    }
    struct span json = watch_json(news);
    if (json.data == NULL) {
        out->failed = true; // no memory: the connection ends
        return;
    }
    if (news->quote == NULL) {
        REPLY_PUT(out, "event: failure\ndata: ");
    } else {
        *mark = mark_of_quote(news->quote);
        REPLY_PUT(out, "event: quote\nid: ");
        put_id(out, stream);
        REPLY_PUT(out, "\ndata: ");
    }
    buffer_put_span(out, json);
    REPLY_PUT(out, "\n\n");
}

bool stream_end_when_told(struct stream *stream)
{
    CHECK(stream->told_count <= stream->count);
    stream->is_last = true;
    return stream->told_count < stream->count;
}

/* A peer that has taken nothing for long hears why, if it ever reads. */
static void cut(struct stream *stream)
{
    struct guest *guest = web_guest(stream->web);
    log_event(LOG_INFO, "web", "a watcher reads nothing and is cut",
              LOG_TEXT("peer", guest->member.peer));
    metric_add(guest->worker->cells, METRIC_watch_cut, 1);
    struct buffer *out = conn_output(guest->conn);
    REPLY_PUT(out, "event: cut\ndata: nothing was read for 15 s while there "
                   "was news\n\n");
    guest_finish(guest);
}

void stream_send(struct stream *stream)
{
    const struct guest *guest = web_guest(stream->web);
    struct conn *conn = guest->conn;
    if (guest->is_ending) {
        return; // what is sent last has been composed
    }
    if (!watch_send(&stream->watcher, conn, put_news, stream)) {
        cut(stream);
        return;
    }
    // Where it is not open, the stream is gone.
    if (conn_is_open(conn) && stream->is_last &&
        stream->told_count == stream->count) {
        guest_finish(web_guest(stream->web));
    }
}

IMPLEMENTS(on_news)
static void on_news(struct watcher *watcher)
{
    stream_send((struct stream *)watcher);
}

/* While there is something unsent, the connection's own time runs, and a
 * heartbeat would be read too late to mean anything. */
IMPLEMENTS(on_beat)
static void on_beat(void *user)
{
    struct stream *stream = user;
    const struct guest *guest = web_guest(stream->web);
    struct conn *conn = guest->conn;
    if (guest->is_ending || conn_unsent(conn) > 0) {
        return;
    }
    struct buffer *out = conn_output(conn);
    REPLY_PUT(out, "event: heartbeat\ndata: ");
    put_id(out, stream);
    REPLY_PUT(out, "\n\n");
    conn_flush(conn); // may end the session
}

/* --- Beginning and ending ----------------------------------------------------
 */

void stream_destroy(struct stream **stream)
{
    struct stream *gone = *stream;
    if (gone == NULL) {
        return;
    }
    heartbeat_destroy(&gone->heartbeat);
    watch_leave_all(&gone->watcher);
    mem_free(gone);
    *stream = NULL;
}

static struct stream *make_stream(struct web *web)
{
    struct stream *stream = mem_calloc(1, sizeof(*stream));
    if (stream == NULL) {
        return NULL;
    }
    struct worker *worker = web_worker(web);
    struct heartbeat_options options = {
        .period_ms = STREAM_BEAT_MS,
        .on_beat = on_beat,
        .user = stream,
    };
    stream->web = web;
    watch_init(&stream->watcher, worker->watches, on_news);
    if (heartbeat_create(&stream->heartbeat, &worker->loop, &options) != 0) {
        stream_destroy(&stream);
    }
    return stream;
}

static void refuse_symbol(const struct web_request *request, int err,
                          const struct symbol *symbol)
{
    struct problem problem = problem_of_err(err);
    problem.symbol = symbol_span(symbol);
    reply_fail(request->web, &request->call, &problem, request->out);
}

static void refuse_full(const struct web_request *request)
{
    struct problem problem = problem_of_err(ERR_OVERLOADED);
    reply_fail(request->web, &request->call, &problem, request->out);
}

static bool has_symbol(const struct stream *stream, const struct symbol *symbol)
{
    for (size_t i = 0; i < stream->count; i++) {
        if (symbol_equal(&stream->symbols[i], symbol)) {
            return true;
        }
    }
    return false;
}

/* Read the parameter symbols.  Where it is not as it should be, it is answered,
 * and false is returned. */
static bool read_symbols(struct stream *stream, struct web_request *request)
{
    struct worker *worker = web_worker(request->web);
    struct buffer *list = &web_shelf(request->web)->text;
    buffer_clear(list);
    struct span rest = {NULL, 0};
    if (target_words(request->http->query, "symbols", list)) {
        rest = buffer_span(list);
    }
    struct span one;
    while (span_split(&rest, ',', &one)) {
        struct symbol symbol;
        if (span_trim(one).len == 0) {
            continue;
        }
        if (ask_resolve(worker, one, &symbol) != 0) {
            refuse_symbol(request, ERR_SYMBOL, &symbol);
            return false;
        }
        if (stream->count == STREAM_SYMBOLS_LIMIT &&
            !has_symbol(stream, &symbol)) {
            stream->count = 0;
            break;
        }
        if (!has_symbol(stream, &symbol)) {
            stream->symbols[stream->count++] = symbol;
        }
    }
    if (stream->count == 0) {
        reply_fail_with(request->web, &request->call, 400,
                        "symbols is a list with commas, of 1 to 100",
                        request->out);
    }
    return stream->count > 0;
}

/* Servers' clocks differ by less; a mark that is further ahead than this is not
 * believed, or its watcher would wait until then. */
#define MARK_AHEAD_MS (5 * 60 * 1000)

/* Go on from where the watcher was, by its header or, where it can't send one,
 * the parameter last_event_id. */
static void read_marks(struct stream *stream, struct web_request *request)
{
    struct span id = http_find_header(request->http, "Last-Event-ID");
    struct buffer *text = &web_shelf(request->web)->text;
    buffer_clear(text);
    if (id.data == NULL &&
        target_words(request->http->query, "last_event_id", text)) {
        id = buffer_span(text);
    }
    stream->symbols_mark = mark_of_symbols(stream->symbols, stream->count);
    mark_read(id, stream->symbols_mark, stream->marks, stream->count);
    int64_t latest_unix_ms =
        clock_unix_ms(web_worker(request->web)->shared->clock) + MARK_AHEAD_MS;
    for (size_t i = 0; i < stream->count; i++) {
        if (stream->marks[i].fetched_unix_ms > latest_unix_ms) {
            stream->marks[i] = (struct mark){.is_known = false};
        }
    }
}

static bool join_all(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++) {
        const struct symbol *symbol = &stream->symbols[i];
        if (watch_join(&stream->watcher, symbol, symbol_span(symbol)) != 0) {
            return false;
        }
    }
    return true;
}

static void begin(struct web_request *request)
{
    struct buffer *out = request->out;
    request->call.is_closing = true; // the body ends with the connection
    reply_begin(request->web, &request->call, 200, out);
    // The second is for nginx, which would hold events back to fill a buffer.
    REPLY_PUT(out, "Content-Type: text/event-stream\r\n"
                   "Cache-Control: no-store\r\n"
                   "X-Accel-Buffering: no\r\n\r\n");
}

void stream_run(struct web_request *request)
{
    struct web *web = request->web;
    struct stream *stream = make_stream(web);
    if (stream == NULL) {
        refuse_full(request);
        return;
    }
    if (!read_symbols(stream, request)) {
        stream_destroy(&stream);
        return;
    }
    read_marks(stream, request);
    if (request->call.is_head) {
        begin(request);
        stream_destroy(&stream);
        return;
    }
    if (!join_all(stream)) {
        stream_destroy(&stream);
        refuse_full(request);
        return;
    }
    begin(request);
    // An id from the beginning, so that every heartbeat's is one that came.
    REPLY_PUT(request->out, "retry: 500\nid: ");
    put_id(request->out, stream);
    REPLY_PUT(request->out, "\n\n");
    heartbeat_settle(stream->heartbeat, true);
    web_begin_stream(web, stream);
}
