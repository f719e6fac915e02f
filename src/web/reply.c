/* SPDX-License-Identifier: Apache-2.0 */
#include "web/reply.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/digits.h"
#include "obs/metric.h"
#include "proto/http.h"
#include "serve/complaint.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "web/problem.h"
#include "web/web.h"

/* --- CORS ------------------------------------------------------------------
 */

/* Whether an origin is in the setting's list, which has spaces between. */
static bool is_listed(const char *list, struct span origin)
{
    struct span rest = span_of(list);
    struct span one;
    while (span_split(&rest, ' ', &one)) {
        if (one.len > 0 && span_equal_nocase(one, origin)) {
            return true;
        }
    }
    return false;
}

static void put_cors(const struct web *web, const struct web_call *call,
                     struct buffer *out)
{
    const char *origins = web_worker(web)->settings->conf->http.cors_origins;
    if (origins[0] == '\0') {
        return;
    }
    bool is_any = strcmp(origins, "*") == 0;
    if (!is_any) {
        REPLY_PUT(out, "Vary: Origin\r\n");
    }
    if (call->origin.data == NULL ||
        (!is_any && !is_listed(origins, call->origin))) {
        return;
    }
    REPLY_PUT(out, "Access-Control-Allow-Origin: ");
    buffer_put_span(out, is_any ? span_of("*") : call->origin);
    REPLY_PUT(out, "\r\nAccess-Control-Expose-Headers: Age, Cache-Status, "
                   "Date, ETag, Retry-After, X-Request-Id\r\n");
}

/* --- Heads -----------------------------------------------------------------
 */

static void put_status(struct buffer *out, int status)
{
    if (status == 200) {
        REPLY_PUT(out, "HTTP/1.1 200 OK\r\nDate: ");
        return;
    }
    REPLY_PUT(out, "HTTP/1.1 ");
    buffer_put_u64(out, (uint64_t)status);
    buffer_put_byte(out, ' ');
    buffer_put_text(out, http_reason(status));
    REPLY_PUT(out, "\r\nDate: ");
}

void reply_begin(struct web *web, const struct web_call *call, int status,
                 struct buffer *out)
{
    CHECK(status >= 200 && status <= 599);
    if (status >= 400) {
        metric_add(web_worker(web)->cells, METRIC_requests_failed, 1);
        web_note_failure(web);
    }
    put_status(out, status);
    buffer_put_span(out, shelf_date(web_shelf(web)));
    REPLY_PUT(out, "\r\n");
    if (call->is_closing) {
        REPLY_PUT(out, "Connection: close\r\n");
    } else if (call->is_1_0) {
        REPLY_PUT(out, "Connection: keep-alive\r\n");
    }
    put_cors(web, call, out);
}

/* The last two lines, but for the type and the body. */
#define END_BYTES_LIMIT 64

_Static_assert(sizeof("Content-Type: \r\nContent-Length: \r\n\r\n") +
                       DIGITS_LIMIT <=
                   END_BYTES_LIMIT,
               "there is room for the longest");

void reply_end(const struct web_call *call, const char *content_type,
               struct span body, struct buffer *out)
{
    size_t type_len = strlen(content_type);
    size_t body_len = call->is_head ? 0 : body.len;
    char *from = buffer_reserve(out, type_len + END_BYTES_LIMIT + body_len);
    if (from == NULL) {
        return;
    }
    char *at = from;
    REPLY_WRITE(&at, "Content-Type: ");
    memcpy(at, content_type, type_len);
    at += type_len;
    REPLY_WRITE(&at, "\r\nContent-Length: ");
    at = digits_put(at, body.len);
    REPLY_WRITE(&at, "\r\n\r\n");
    if (body_len > 0) {
        memcpy(at, body.data, body_len);
    }
    out->len += (size_t)(at - from) + body_len;
}

void reply_end_empty(struct buffer *out)
{
    REPLY_PUT(out, "\r\n");
}

void reply_put(struct web *web, const struct web_call *call, int status,
               const char *content_type, struct span body, struct buffer *out)
{
    reply_begin(web, call, status, out);
    REPLY_PUT(out, "Cache-Control: no-store\r\n");
    reply_end(call, content_type, body, out);
}

/* --- Problems --------------------------------------------------------------
 */

void reply_name(const struct web *web, const struct web_call *call,
                struct complaint_name *out)
{
    *out = call->name;
    if (out->text[0] != '\0') {
        return;
    }
    if (call->http == NULL ||
        !complaint_take_name(out, http_find_header(call->http, "traceparent"),
                             http_find_header(call->http, "X-Request-Id"))) {
        complaint_name(web_worker(web), out);
    }
}

/* How much of a target is repeated. */
#define INSTANCE_BYTES 256

void reply_fail(struct web *web, const struct web_call *call,
                const struct problem *problem, struct buffer *out)
{
    struct problem whole = *problem;
    whole.instance = call->target;
    if (whole.instance.len > INSTANCE_BYTES) {
        whole.instance.len = INSTANCE_BYTES;
    }
    struct buffer *body = &web_shelf(web)->body;
    buffer_clear(body);
    problem_put(body, &whole);
    out->failed = out->failed || body->failed;
    reply_begin(web, call, whole.status, out);
    uint64_t retry_after_s = problem_retry_after_s(&whole);
    if (retry_after_s > 0) {
        REPLY_PUT(out, "Retry-After: ");
        buffer_put_u64(out, retry_after_s);
        REPLY_PUT(out, "\r\n");
    }
    struct complaint_name name;
    reply_name(web, call, &name);
    REPLY_PUT(out, "X-Request-Id: ");
    buffer_put_text(out, name.text);
    REPLY_PUT(out, "\r\n");
    complaint_log(web_guest(web), &name, whole.code, whole.symbol,
                  whole.detail.len > 0 ? whole.detail : span_of(whole.title));
    if (whole.status == 405) {
        REPLY_PUT(out, REPLY_ALLOW);
    }
    REPLY_PUT(out, "Cache-Control: no-store\r\n");
    reply_end(call, "application/problem+json", buffer_span(body), out);
}

void reply_fail_with(struct web *web, const struct web_call *call, int status,
                     const char *detail, struct buffer *out)
{
    struct problem problem = problem_of_status(status);
    problem.detail = span_of(detail);
    reply_fail(web, call, &problem, out);
}
