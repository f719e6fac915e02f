/* SPDX-License-Identifier: Apache-2.0 */
#include "web/web.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn.h"
#include "obs/metric.h"
#include "proto/http.h"
#include "serve/heartbeat.h"
#include "serve/inquiry.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/share.h"
#include "serve/tally.h"
#include "serve/watch.h"
#include "serve/worker.h"
#include "web/memo.h"
#include "web/partial.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/site.h"
#include "web/stream.h"
#include "web/target.h"
#include "web/together.h"
#include "web/waiting.h"

struct web {
    struct guest *guest;
    struct shelf *shelf; // the worker's
    struct waiting waiting;
    struct stream *stream; // owned; NULL: none has begun
    bool is_counted;       // the request that is being answered, or will be
    bool has_failed;       // it was answered with a problem
    struct share share;    // full where there may be no other request now
    uint32_t memo;         // where the last request that was known was found
    struct partial partial;
};

struct worker *web_worker(const struct web *web)
{
    return web->guest->worker;
}

struct shelf *web_shelf(const struct web *web)
{
    return web->shelf;
}

struct span web_accepted(const struct web_request *request)
{
    return http_join_header(request->http, "Accept",
                            &request->web->shelf->body);
}

void web_note_failure(struct web *web)
{
    web->has_failed = true;
}

struct guest *web_guest(const struct web *web)
{
    return web->guest;
}

void web_begin_stream(struct web *web, struct stream *stream)
{
    CHECK(web->stream == NULL && TAILQ_EMPTY(&web->waiting.list));
    web->stream = stream;
    web->guest->is_watching = true;
    conn_narrow(web->guest->conn, WATCH_UNSENT_BYTES);
}

/* Take back the quotes that aren't fresh for as long as is demanded, where that
 * is longer than a call could bring. */
static void judge(const struct worker *worker, const struct web_call *call,
                  struct answer *answers, size_t count)
{
    const struct freshness_rule *rule = &worker->settings->rule;
    if (!directive_is_beyond(&call->directive, rule)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = &answers[i];
        bool is_short =
            answer->err == 0 &&
            freshness_left_ms(answer->quote, rule, worker->loop.now_ms) <
                call->directive.min_fresh_ms;
        if (is_short) {
            answer->err = ERR_TOOOLD;
            answer->quote = NULL;
            answer->reason = "min-fresh is more than cache.fresh_for, so "
                             "fetching it anew would not help";
        }
    }
}

/* --- Turns ------------------------------------------------------------------
 */

/* Compose the answer of a turn that is done. */
static void compose_turn(struct turn *turn, struct buffer *out)
{
    struct web *web = turn->web;
    bool is_last = TAILQ_NEXT(turn, link) == NULL && turn->held.len == 0;
    turn->call.is_closing |= is_last && web->guest->is_ending;
    struct worker *worker = web_worker(web);
    if (turn->inquiry != NULL) {
        size_t count = inquiry_count(turn->inquiry);
        inquiry_recall(turn->inquiry);
        judge(worker, &turn->call, worker->answers, count);
        tally_waited(worker, PROTOCOL_HTTP,
                     tally_quotes(worker, worker->answers, count),
                     inquiry_asked_ms(turn->inquiry));
        turn->call.compose(web, &turn->call, worker->answers, count, out);
        return;
    }
    int err = question_err(turn->question);
    web->has_failed = false;
    if (err == 0) {
        turn->call.tell(web, &turn->call, turn->question, out);
    } else {
        struct problem problem = problem_of_err(err);
        reply_fail(web, &turn->call, &problem, out);
    }
    tally_told(worker, PROTOCOL_HTTP,
               err != 0          ? family_outcome_of(err)
               : web->has_failed ? FAMILY_REFUSED
                                 : FAMILY_OK);
}

/* Where the answer to the next request goes. */
static struct buffer *output(struct web *web)
{
    struct turn *last = TAILQ_LAST(&web->waiting.list, turn_list);
    return last != NULL ? &last->held : conn_output(web->guest->conn);
}

static size_t output_bytes_max(const struct web *web)
{
    return web_worker(web)->settings->conf->limits.output_bytes_max;
}

/* Invariant (2), both ways. */
static void pause_if_full(struct web *web)
{
    if (web->waiting.symbols >= WEB_WAITING_LIMIT ||
        web->waiting.held_bytes > output_bytes_max(web)) {
        share_pause(&web->share);
    }
}

static void resume_if_free(struct web *web)
{
    if (web->share.is_full && web->waiting.symbols <= WEB_WAITING_LIMIT / 2 &&
        web->waiting.held_bytes <= output_bytes_max(web) / 2) {
        share_resume(&web->share); // may end the session
    }
}

/* Send the answers of the turns at the front that are done. */
static void advance(struct web *web)
{
    struct turn *turn = TAILQ_FIRST(&web->waiting.list);
    if (turn == NULL || !waiting_is_done(turn)) {
        return;
    }
    struct conn *conn = web->guest->conn;
    struct buffer *out = conn_output(conn);
    while (turn != NULL && waiting_is_done(turn)) {
        compose_turn(turn, out);
        buffer_put_span(out, buffer_span(&turn->held));
        waiting_free(turn);
        turn = TAILQ_FIRST(&web->waiting.list);
    }
    conn_flush(conn);
    if (conn_is_open(conn)) {
        guest_end_if_done(web->guest);
    }
    if (conn_is_open(conn)) {
        resume_if_free(web);
    }
}

/* Both of inquiry_done_fn and question_done_fn. */
static void on_done(void *user)
{
    const struct turn *turn = user;
    advance(turn->web);
}

/* --- Asking ------------------------------------------------------------------
 */

/* Answer what was found; what was not is said to be too much. */
static void answer_found(struct web_request *request, size_t count)
{
    struct web *web = request->web;
    struct answer *answers = web_worker(web)->answers;
    for (size_t i = 0; i < count; i++) {
        bool is_answered = answers[i].quote != NULL || answers[i].err != 0;
        answers[i].err = is_answered ? answers[i].err : ERR_OVERLOADED;
    }
    struct worker *worker = web_worker(web);
    judge(worker, &request->call, answers, count);
    web->is_counted = true;
    tally_answered(worker, PROTOCOL_HTTP, tally_quotes(worker, answers, count));
    request->call.compose(web, &request->call, answers, count, request->out);
}

/* Answer what was looked up, now or, where it is not all there, later. */
static void settle(struct web_request *request, bool is_answered, size_t count)
{
    struct web *web = request->web;
    bool is_held = !TAILQ_EMPTY(&web->waiting.list);
    if (is_answered && !is_held) {
        answer_found(request, count);
        return;
    }
    // What is held is composed when it leaves: it tells an age.
    request->call.was_waited = !is_answered;
    struct turn *turn = waiting_add(&web->waiting, web, &request->call);
    if (turn == NULL) {
        answer_found(request, count);
        return;
    }
    if (inquiry_create(&turn->inquiry, web_worker(web), count, on_done, turn) !=
        0) {
        waiting_free(turn);
        answer_found(request, count);
        return;
    }
    web->is_counted = true; // when it ends
    web->waiting.symbols += count;
    if (inquiry_is_done(turn->inquiry) && !is_held) {
        compose_turn(turn, request->out); // nothing could be waited for
        waiting_free(turn);
    }
}

void web_ask(struct web_request *request, const struct span *texts,
             size_t count)
{
    CHECK(count >= 1 && count <= RESP_ARGS_LIMIT);
    struct worker *worker = web_worker(request->web);
    uint64_t max_age_ms = request->call.max_age_ms;
    bool is_answered =
        max_age_ms == ASK_ANY_AGE
            ? inquiry_look(worker, texts, count)
            : inquiry_look_within(worker, texts, count, max_age_ms);
    settle(request, is_answered, count);
}

void web_question(struct web_request *request, web_question_fn ask,
                  const void *asked)
{
    struct web *web = request->web;
    int err = ERR_OVERLOADED;
    struct turn *turn = waiting_add(&web->waiting, web, &request->call);
    if (turn != NULL) {
        err = ask(&turn->question, web_worker(web), asked, on_done, turn);
    }
    if (err == 0) {
        web->is_counted = true; // when it ends
        web->waiting.symbols++;
        return;
    }
    if (turn != NULL) {
        waiting_free(turn);
    }
    struct problem problem = problem_of_err(err);
    reply_fail(web, &request->call, &problem, request->out);
}

/* --- Requests ----------------------------------------------------------------
 */

/* Above this, what was composed goes out before more requests are answered. */
#define FLUSH_BYTES 65536

/* Answer bytes that are no request, and end. */
static void refuse(struct web *web, int status, const char *why)
{
    bool is_held = !TAILQ_EMPTY(&web->waiting.list);
    struct buffer *out = output(web);
    size_t before = out->len;
    const struct web_call call = {.is_closing = true};
    reply_fail_with(web, &call, status, why, out);
    web->waiting.held_bytes += is_held ? out->len - before : 0;
    metric_add(web_worker(web)->cells, METRIC_connections_cut, 1);
    guest_finish(web->guest);
}

static struct web_request request_of(struct web *web,
                                     const struct http_request *http)
{
    struct web_request request = {
        .web = web,
        .http = http,
        .out = output(web),
        .call =
            {
                .http = http,
                .target = http->target,
                .origin = http_find_header(http, "Origin"),
                .if_none_match =
                    http_join_header(http, "If-None-Match", &web->shelf->tags),
                .max_age_ms = ASK_ANY_AGE,
                .is_1_0 = http->is_1_0,
                .is_closing =
                    !http->keep_alive || worker_is_leaving(web_worker(web)),
            },
    };
    directive_read(&request.call.directive, http);
    return request;
}

/* Keep a request that was answered at once, and could be again. */
static void keep_memo(struct web *web, const struct web_request *request,
                      struct span bytes)
{
    const struct web_call *call = &request->call;
    bool is_plain = !call->is_closing && call->origin.data == NULL &&
                    call->if_none_match.data == NULL &&
                    !call->directive.is_limiting &&
                    !call->directive.is_only_if_cached;
    if (is_plain && !web->has_failed && TAILQ_EMPTY(&web->waiting.list) &&
        web_worker(web)->answers->err == 0) {
        shelf_settle(web->shelf);
        memo_keep(web->shelf->memos, bytes, call);
    }
}

/* Answer a request that is known, as run() would; `quote` is what it asks for,
 * NULL where there is none that is good. */
static void run_memo(struct web *web, const struct memo_found *found,
                     const struct quote *quote)
{
    struct worker *worker = web_worker(web);
    struct answer *answer = &worker->answers[0];
    struct web_request request = {
        .web = web,
        .call = found->memo->call,
        .out = output(web),
    };
    request.call.target = found->target;
    metric_add(worker->cells, METRIC_requests, 1);
    roster_count_commands(&web->guest->member, 1);
    if (quote == NULL) {
        answer->max_age_ms = ASK_ANY_AGE;
        settle(&request, ask_text(worker, found->text, answer), 1);
        return;
    }
    answer->err = 0;
    answer->quote = quote;
    answer->state =
        freshness_of(quote, &worker->settings->rule, worker->loop.now_ms);
    tally_again(worker, PROTOCOL_HTTP, &quote, 1);
    request.call.compose(web, &request.call, answer, 1, request.out);
}

/* Whether the request at the front of the bytes is known, and what of it may be
 * used. */
static bool find_memo(struct web *web, struct span bytes,
                      struct together *together, struct memo_found *found,
                      const struct quote **quote)
{
    if (!TAILQ_EMPTY(&web->waiting.list) ||
        worker_is_leaving(web_worker(web))) {
        return false;
    }
    shelf_settle(web->shelf);
    return together_take(together, bytes, found, quote) ||
           (together_find(together, web_worker(web), web->shelf->memos,
                          &web->memo, bytes) &&
            together_take(together, bytes, found, quote));
}

/* Answer one request, now or later; returns false where it has to wait for the
 * turns before it.  May end the session. */
static bool run(struct web *web, const struct http_request *http,
                struct span bytes)
{
    bool was_held = !TAILQ_EMPTY(&web->waiting.list);
    struct web_request request = request_of(web, http);
    size_t before = request.out->len;
    const struct site *site = site_find(http->path, &request.argument);
    if (site != NULL && site->is_endless && was_held) {
        share_pause(&web->share);
        return false;
    }
    metric_add(web_worker(web)->cells, METRIC_requests, 1);
    roster_count_commands(&web->guest->member, 1);
    web->is_counted = web->has_failed = false;
    if (!target_is_host(http_find_header(http, "Host"))) {
        reply_fail_with(web, &request.call, 400, "the Host is no host",
                        request.out);
    } else {
        site_run(site, &request);
    }
    if (request.may_repeat) {
        keep_memo(web, &request, bytes);
    }
    if (!web->is_counted) {
        tally_answered(web_worker(web), PROTOCOL_HTTP,
                       web->has_failed ? FAMILY_REFUSED : FAMILY_OK);
    }
    if (was_held) {
        web->waiting.held_bytes += request.out->len - before;
    }
    if (was_held && request.out->failed) {
        conn_reset(web->guest->conn, "memory");
    } else if (request.call.is_closing && web->stream == NULL) {
        guest_finish(web->guest);
    }
    return true;
}

/* Answer one request at the front of the bytes; returns how many it took, 0
 * where there may be no other now. */
static size_t answer_one(struct web *web, char *bytes, size_t len,
                         struct together *together)
{
    struct memo_found found;
    const struct quote *quote;
    struct span all = {bytes, len};
    if (find_memo(web, all, together, &found, &quote)) {
        run_memo(web, &found, quote);
        return found.len;
    }
    together_forget(together); // memos may be others now
    const struct worker *worker = web_worker(web);
    struct http_request *http = &web->shelf->request;
    ptrdiff_t one = http_parse(http, bytes, len, 0);
    if (one < 0) {
        refuse(web, http->status, http->error);
        return 0;
    }
    if (one == 0) {
        if (len >= worker->settings->conf->limits.request_bytes_max) {
            refuse(web, 431, "the request is longer than limits.request_bytes");
        }
        return 0;
    }
    struct span request = {bytes, (size_t)one};
    return run(web, http, request) ? request.len : 0;
}

/* --- Slow senders ------------------------------------------------------------
 */

static void forget_partial(struct web *web)
{
    partial_forget(&web->shelf->partials, &web->partial);
}

static void refuse_if_slow(struct web *web)
{
    uint64_t now_ms = web_worker(web)->loop.now_ms;
    uint64_t idle_ms = web_worker(web)->settings->conf->limits.idle_for_ms;
    uint64_t limit_ms =
        idle_ms > 0 && idle_ms < WEB_REQUEST_MS ? idle_ms : WEB_REQUEST_MS;
    if (now_ms - web->partial.since_ms < limit_ms) {
        return;
    }
    forget_partial(web);
    refuse(web, 408, "");
}

IMPLEMENTS(on_beat)
static void on_beat(void *user)
{
    struct shelf *shelf = user;
    struct partial *next;
    for (struct partial *one = LIST_FIRST(&shelf->partials.list); one != NULL;
         one = next) {
        next = LIST_NEXT(one, link);
        refuse_if_slow(one->web);
    }
}

/* --- The slots ---------------------------------------------------------------
 */

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *state, char *bytes, size_t len)
{
    struct web *web = state;
    struct conn *conn = web->guest->conn;
    size_t taken = 0;
    struct together together;
    together_begin(&together);
    while (taken < len && !web->guest->is_ending && web->stream == NULL &&
           share_is_left(&web->share)) {
        size_t before = web->waiting.held_bytes + conn_output(conn)->len;
        size_t one = answer_one(web, bytes + taken, len - taken, &together);
        taken += one;
        if (!conn_is_open(conn)) {
            return taken; // the session may be gone
        }
        if (one == 0) {
            break;
        }
        share_charge_growth(&web->share, before,
                            web->waiting.held_bytes + conn_output(conn)->len);
        if (TAILQ_EMPTY(&web->waiting.list) &&
            conn_output(conn)->len > FLUSH_BYTES) {
            conn_flush(conn);
            if (!conn_is_open(conn)) {
                return taken;
            }
            if (conn_is_throttled(conn)) {
                break;
            }
        }
        pause_if_full(web);
    }
    if (web->stream != NULL) {
        forget_partial(web);
        return len; // nothing that comes now would be answered
    }
    bool is_waiting_for_more = taken < len && !web->share.is_full &&
                               !web->share.is_used && !web->guest->is_ending &&
                               !conn_is_throttled(conn);
    if (is_waiting_for_more) {
        partial_note(&web->shelf->partials, &web->partial, taken > 0,
                     web_worker(web)->loop.now_ms);
    } else {
        forget_partial(web);
    }
    return taken;
}

IMPLEMENTS(open)
static void *open_session(struct guest *guest)
{
    struct web *web = mem_calloc(1, sizeof(*web));
    struct shelf *shelf = shelf_of(guest->worker, on_beat);
    if (web == NULL || shelf == NULL) {
        mem_free(web);
        return NULL;
    }
    web->guest = guest;
    share_init(&web->share, guest);
    web->shelf = shelf;
    web->partial.web = web;
    TAILQ_INIT(&web->waiting.list);
    return web;
}

IMPLEMENTS(is_busy)
static bool is_busy(const void *state)
{
    const struct web *web = state;
    return !TAILQ_EMPTY(&web->waiting.list);
}

IMPLEMENTS(on_drained)
static void on_drained(void *state)
{
    struct web *web = state;
    if (web->stream != NULL) {
        stream_send(web->stream);
    }
}

IMPLEMENTS(on_end)
static bool on_end(void *state)
{
    struct web *web = state;
    return web->stream != NULL && stream_end_when_told(web->stream);
}

IMPLEMENTS(close)
static void close_session(void *state)
{
    struct web *web = state;
    forget_partial(web);
    share_end(&web->share);
    stream_destroy(&web->stream);
    for (struct turn *turn; (turn = TAILQ_FIRST(&web->waiting.list)) != NULL;) {
        waiting_free(turn);
    }
    CHECK(web->waiting.symbols == 0 && web->waiting.held_bytes == 0);
    mem_free(web);
}

const struct guest_protocol web_protocol = {
    .open = open_session,
    .on_bytes = on_bytes,
    .is_busy = is_busy,
    .close = close_session,
    .on_drained = on_drained,
    .on_end = on_end,
    .leave = shelf_leave,
};
