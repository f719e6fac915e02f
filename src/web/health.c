/* SPDX-License-Identifier: Apache-2.0 */
#include "web/health.h"

#include "base/buffer.h"
#include "base/check.h"
#include "fetch/fetch.h"
#include "proto/http.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/render.h"
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

/* In rising order: the worst of the checks is the whole's. */
enum status { STATUS_PASS, STATUS_WARN, STATUS_FAIL };

static const char *status_word(enum status status)
{
    static const char *const words[] = {"pass", "warn", "fail"};
    CHECK(status <= STATUS_FAIL);
    return words[status];
}

/* Begin a check, and end it; with a text of what is wrong, or "". */
static void put_check(struct buffer *out, const char *id, enum status status,
                      const char *output)
{
    char before = out->len > 0 ? out->data[out->len - 1] : '[';
    if (before == '}') {
        REPLY_PUT(out, ",");
    }
    REPLY_PUT(out, "{");
    if (id[0] != '\0') {
        put_text(out, "componentId", span_of(id));
        REPLY_PUT(out, ",");
    }
    put_text(out, "status", span_of(status_word(status)));
    if (output[0] != '\0') {
        REPLY_PUT(out, ",");
        put_text(out, "output", span_of(output));
    }
    REPLY_PUT(out, "}");
}

static enum status status_of_post(const struct desk_post_view *post)
{
    return post->standing == DESK_OK ? STATUS_PASS : STATUS_WARN;
}

struct readiness {
    enum status accepting;
    enum status threads;
    enum status providers;
};

static struct readiness readiness_of(const struct worker *worker,
                                     const struct fetch_report *report)
{
    const struct shared *shared = worker->shared;
    bool is_leaving = worker_is_leaving(worker);
    struct readiness ready = {
        .accepting = is_leaving ? STATUS_FAIL : STATUS_PASS,
        .threads = shared->is_turning(shared->user) ? STATUS_PASS : STATUS_FAIL,
        .providers = report->posts_count > 0 ? STATUS_PASS : STATUS_WARN,
    };
    for (size_t i = 0; i < report->posts_count; i++) {
        if (status_of_post(&report->posts[i]) != STATUS_PASS) {
            ready.providers = STATUS_WARN;
        }
    }
    return ready;
}

static void put_checks(struct buffer *out, const struct readiness *ready,
                       const struct fetch_report *report)
{
    REPLY_PUT(out, ",\"checks\":{\"accepting\":[");
    put_check(out, "", ready->accepting,
              ready->accepting == STATUS_FAIL ? "the server was told to end"
                                              : "");
    REPLY_PUT(out, "],\"threads\":[");
    put_check(out, "", ready->threads,
              ready->threads == STATUS_FAIL ? "a thread hangs" : "");
    REPLY_PUT(out, "],\"providers\":[");
    for (size_t i = 0; i < report->posts_count; i++) {
        const struct desk_post_view *post = &report->posts[i];
        enum status status = status_of_post(post);
        put_check(out, post->name, status,
                  status == STATUS_PASS ? "" : post->why);
    }
    REPLY_PUT(out, "]}");
}

static enum status worst_of(const struct readiness *ready)
{
    enum status worst = ready->accepting;
    worst = ready->threads > worst ? ready->threads : worst;
    return ready->providers > worst ? ready->providers : worst;
}

void health_ready(struct web_request *request)
{
    struct web *web = request->web;
    const struct worker *worker = web_worker(web);
    struct fetch_report *report = web_shelf(web)->report;
    fetch_copy_report(worker->shared->fetch, report);
    struct readiness ready = readiness_of(worker, report);
    enum status worst = worst_of(&ready);
    struct span verbose;
    struct buffer *body = &web_shelf(web)->body;
    buffer_clear(body);
    REPLY_PUT(body, "{");
    put_text(body, "status", span_of(status_word(worst)));
    if (target_find(request->http->query, "verbose", &verbose)) {
        REPLY_PUT(body, ",");
        put_text(body, "releaseId", span_of(QUOTED_VERSION));
        REPLY_PUT(body, ",");
        put_text(body, "serviceId", span_of(worker->settings->conf->server.id));
        put_checks(body, &ready, report);
    }
    REPLY_PUT(body, "}\n");
    answer(request, worst != STATUS_FAIL);
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
