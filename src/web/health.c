/* SPDX-License-Identifier: Apache-2.0 */
#include "web/health.h"

#include "base/buffer.h"
#include "base/check.h"
#include "obs/metric.h"
#include "proto/http.h"
#include "serve/render.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "web/reply.h"
#include "web/target.h"
#include "web/web.h"

#define HEALTH_TYPE "application/health+json"

static void put_text(struct buffer *out, const char *name, struct span value)
{
    REPLY_PUT(out, "\"");
    buffer_put_text(out, name);
    REPLY_PUT(out, "\":");
    render_json_text(out, value);
}

static void answer(struct web_request *request, bool is_well)
{
    const struct buffer *body = &web_shelf(request->web)->body;
    reply_put(request->web, &request->call, is_well ? 200 : 503, HEALTH_TYPE,
              buffer_span(body), request->out);
    request->out->failed = request->out->failed || body->failed;
}

void health_live(struct web_request *request)
{
    const struct shared *shared = web_worker(request->web)->shared;
    struct buffer *body = &web_shelf(request->web)->body;
    bool is_well = shared->is_turning(shared->user);
    buffer_clear(body);
    REPLY_PUT(body, "{");
    put_text(body, "status", span_of(is_well ? "pass" : "fail"));
    if (!is_well) {
        REPLY_PUT(body, ",");
        put_text(body, "output", span_of("a thread hangs"));
    }
    REPLY_PUT(body, "}\n");
    answer(request, is_well);
}

/* --- Readiness --------------------------------------------------------------
 */

struct check {
    const char *name;
    const char *status; // pass, warn, fail
    struct span output; // what is wrong; "" for nothing
};

static void put_check(struct buffer *out, const struct check *check)
{
    REPLY_PUT(out, "\"");
    buffer_put_text(out, check->name);
    REPLY_PUT(out, "\":[{");
    put_text(out, "status", span_of(check->status));
    if (check->output.len > 0) {
        REPLY_PUT(out, ",");
        put_text(out, "output", check->output);
    }
    REPLY_PUT(out, "}]");
}

void health_ready(struct web_request *request)
{
    struct web *web = request->web;
    const struct worker *worker = web_worker(web);
    const struct shared *shared = worker->shared;
    bool is_leaving =
        worker->is_draining ||
        atomic_load_explicit(&shared->is_leaving, memory_order_relaxed);
    struct span verbose;
    struct buffer *body = &web_shelf(web)->body;
    const struct check accepting = {
        .name = "accepting",
        .status = is_leaving ? "fail" : "pass",
        .output = span_of(is_leaving ? "the server was told to end" : ""),
    };
    buffer_clear(body);
    REPLY_PUT(body, "{");
    put_text(body, "status", span_of(accepting.status));
    if (target_find(request->http->query, "verbose", &verbose)) {
        REPLY_PUT(body, ",");
        put_text(body, "releaseId", span_of(QUOTED_VERSION));
        REPLY_PUT(body, ",");
        put_text(body, "serviceId", span_of(worker->settings->conf->server.id));
        REPLY_PUT(body, ",\"checks\":{");
        put_check(body, &accepting);
        REPLY_PUT(body, "}");
    }
    REPLY_PUT(body, "}\n");
    answer(request, !is_leaving);
}

void health_version(struct web_request *request)
{
    struct web *web = request->web;
    struct buffer *body = &web_shelf(web)->body;
    buffer_clear(body);
    REPLY_PUT(body, "{");
    put_text(body, "name", span_of("quoted"));
    REPLY_PUT(body, ",");
    put_text(body, "version", span_of(QUOTED_VERSION));
    REPLY_PUT(body, ",");
    put_text(body, "server",
             span_of(web_worker(web)->settings->conf->server.id));
    REPLY_PUT(body, "}\n");
    reply_put(web, &request->call, 200, "application/json", buffer_span(body),
              request->out);
}
