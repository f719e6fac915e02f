/* SPDX-License-Identifier: Apache-2.0 */
#include "web/site.h"

#include "base/buffer.h"
#include "base/check.h"
#include "proto/http.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "web/health.h"
#include "web/outlook.h"
#include "web/page.h"
#include "web/past.h"
#include "web/price.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/stream.h"
#include "web/target.h"
#include "web/web.h"

/* The commonest first: the table is searched from the front. */
static const struct site table[] = {
    {"/v1/quotes/{symbol}", price_one, false},
    {"/v1/quotes", price_many, false},
    {"/v1/watch", stream_run, true},
    {"/v1/explain/{symbol}", outlook_explain, false},
    {"/v1/history/{symbol}", past_history, false},
    {"/v1/providers", outlook_providers, false},
    {"/metrics", outlook_metrics, false},
    {"/livez", health_live, false},
    {"/readyz", health_ready, false},
    {"/healthz", health_ready, false},
    {"/version", health_version, false},
    {"/", page_show, false},
    {"/page.css", page_show, false},
    {"/page.js", page_show, false},
    {"/icon.svg", page_show, false},
    {"/openapi.json", page_show, false},
};

const struct site *site_table(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

const struct site *site_find(struct span path, struct span *argument)
{
    size_t count;
    const struct site *sites = site_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (target_match(sites[i].pattern, path, argument)) {
            return &sites[i];
        }
    }
    return NULL;
}

/* What may be asked here, and whether pages of other origins may; there is
 * nothing to be asked of OPTIONS itself. */
static void answer_options(const struct web_request *request)
{
    struct web *web = request->web;
    struct buffer *out = request->out;
    const char *origins = web_worker(web)->settings->conf->http.cors_origins;
    reply_begin(web, &request->call, 204, out);
    REPLY_PUT(out, REPLY_ALLOW);
    if (origins[0] != '\0' && request->call.origin.data != NULL) {
        REPLY_PUT(out, "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                       "Access-Control-Allow-Headers: Accept, Cache-Control, "
                       "If-None-Match, Last-Event-ID, X-Request-Id, "
                       "traceparent\r\n"
                       "Access-Control-Max-Age: 7200\r\n");
    }
    reply_end_empty(out);
}

/* Decode what stands for {symbol}.  Returns whether it can be, and whether the
 * parameters can, which are decoded one by one where they are wanted. */
static bool decode_argument(struct web_request *request)
{
    struct buffer *text = &web_shelf(request->web)->text;
    buffer_clear(text);
    if (!target_is_decodable(request->http->query)) {
        return false;
    }
    if (request->argument.data == NULL) {
        return true;
    }
    if (!target_decode(request->argument, text)) {
        return false;
    }
    request->argument = buffer_span(text);
    return true;
}

void site_run(const struct site *site, struct web_request *request)
{
    struct span method = request->http->method;
    bool is_get = span_equal(method, span_of("GET"));
    request->call.is_head = span_equal(method, span_of("HEAD"));
    bool is_any = span_equal(request->http->target, span_of("*"));
    if (span_equal(method, span_of("OPTIONS")) && (site != NULL || is_any)) {
        answer_options(request);
    } else if (site == NULL) {
        struct problem problem = problem_of_status(404);
        reply_fail(request->web, &request->call, &problem, request->out);
    } else if (!is_get && !request->call.is_head) {
        reply_fail_with(request->web, &request->call, 405,
                        "GET, HEAD and OPTIONS are; prices are only read",
                        request->out);
    } else if (!decode_argument(request)) {
        reply_fail_with(request->web, &request->call, 400,
                        "a percent sign stands before two hexadecimal digits",
                        request->out);
    } else {
        site->run(request);
    }
}
