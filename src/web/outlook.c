/* SPDX-License-Identifier: Apache-2.0 */
#include "web/outlook.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "budget/budget.h"
#include "cache/cache.h"
#include "desk/view.h"
#include "fetch/fetch.h"
#include "obs/exposition.h"
#include "proto/http.h"
#include "provider/provider.h"
#include "quote/names.h"
#include "serve/question.h"
#include "serve/scrape.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/explain.h"
#include "show/render.h"
#include "web/accept.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/web.h"

/* --- JSON ------------------------------------------------------------------
 */

/* Begin a member: its name, and a comma unless it is the first. */
static void put_name(struct buffer *out, const char *name)
{
    char before = out->len > 0 ? out->data[out->len - 1] : '{';
    if (before != '{' && before != '[') {
        REPLY_PUT(out, ",");
    }
    REPLY_PUT(out, "\"");
    buffer_put_text(out, name);
    REPLY_PUT(out, "\":");
}

static void put_text(struct buffer *out, const char *name, const char *text)
{
    put_name(out, name);
    render_json_text(out, span_of(text));
}

/* The same; nothing at all of "". */
static void put_known(struct buffer *out, const char *name, const char *text)
{
    if (text[0] != '\0') {
        put_text(out, name, text);
    }
}

static void put_number(struct buffer *out, const char *name, uint64_t number)
{
    put_name(out, name);
    buffer_put_u64(out, number);
}

/* A span of time; nothing at all where nobody knows. */
static void put_span(struct buffer *out, const char *name, uint64_t ms)
{
    if (ms != UINT64_MAX) {
        put_number(out, name, ms);
    }
}

static void put_bool(struct buffer *out, const char *name, bool value)
{
    put_name(out, name);
    buffer_put_text(out, value ? "true" : "false");
}

static void put_instant(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(text, unix_ms);
    put_text(out, name, text);
}

/* Begin one of several in an array. */
static void put_open(struct buffer *out)
{
    if (out->len > 0 && out->data[out->len - 1] == '}') {
        REPLY_PUT(out, ",");
    }
    REPLY_PUT(out, "{");
}

/* --- Providers -------------------------------------------------------------
 */

static void put_saying(struct buffer *out, const char *name,
                       const struct desk_saying *saying)
{
    if (!saying->is_known) {
        return;
    }
    put_name(out, name);
    REPLY_PUT(out, "{");
    put_text(out, "class", provider_class_name(saying->class));
    put_known(out, "text", saying->text);
    put_known(out, "decided_by", saying->decided_by);
    put_number(out, "ago_ms", saying->ago_ms);
    REPLY_PUT(out, "}");
}

static void put_allowance(struct buffer *out,
                          const struct desk_allowance *allowance)
{
    const struct budget_view *view = &allowance->view;
    put_open(out);
    put_number(out, "limit", view->rule.n);
    put_text(out, "window", budget_span_name(view->rule.span));
    put_text(out, "of", budget_cost_name(view->rule.cost));
    put_number(out, "left", view->left);
    put_number(out, "turns_in_ms", view->turns_in_ms);
    put_number(out, "pace_day", allowance->pace_day);
    put_span(out, "out_in_ms", allowance->out_in_ms);
    REPLY_PUT(out, "}");
}

/* The members of a provider, without braces around. */
static void put_post(struct buffer *out, const struct desk_post_view *post)
{
    put_text(out, "name", post->name);
    put_text(out, "standing", view_standing_name(post->standing));
    put_known(out, "why", post->why);
    put_span(out, "rests_ms", post->rests_ms);
    put_number(out, "queued", post->queued);
    put_number(out, "calls", post->calls);
    put_saying(out, "last", &post->last);
    put_name(out, "ended");
    REPLY_PUT(out, "{");
    for (int i = 0; i < PROVIDER_CLASS_COUNT; i++) {
        if (post->outcomes[i] > 0) {
            put_number(out, provider_class_name((enum provider_class)i),
                       post->outcomes[i]);
        }
    }
    REPLY_PUT(out, "}");
    put_name(out, "allowances");
    REPLY_PUT(out, "[");
    for (size_t i = 0; i < post->rules_count; i++) {
        put_allowance(out, &post->rules[i]);
    }
    REPLY_PUT(out, "]");
}

void outlook_providers(struct web_request *request)
{
    struct web *web = request->web;
    struct buffer *body = &web_shelf(web)->body;
    struct fetch_report *report = web_shelf(web)->report;
    fetch_copy_report(web_worker(web)->shared->fetch, report);
    buffer_clear(body);
    REPLY_PUT(body, "{");
    put_instant(body, "at", report->unix_ms);
    put_number(body, "flights", report->flights);
    put_name(body, "providers");
    REPLY_PUT(body, "[");
    for (size_t i = 0; i < report->posts_count; i++) {
        put_open(body);
        put_post(body, &report->posts[i]);
        REPLY_PUT(body, "}");
    }
    REPLY_PUT(body, "]}\n");
    reply_put(web, &request->call, 200, "application/json", buffer_span(body),
              request->out);
    request->out->failed = request->out->failed || body->failed;
}

/* --- Why this price --------------------------------------------------------
 */

static const char *reach_name(enum desk_reach reach)
{
    switch (reach) {
    case DESK_SERVES:
        return "serves";
    case DESK_NOT_ITS_MARKET:
        return "not its market";
    case DESK_NOT_IN_PLAN:
        return "not in plan";
    case DESK_OTHER_UNIT:
        return "other unit";
    }
    CHECK(reach <= DESK_OTHER_UNIT);
    return "";
}

static void put_witness(struct buffer *out, const struct desk_witness *witness)
{
    put_open(out);
    put_text(out, "reach", reach_name(witness->reach));
    put_saying(out, "said", &witness->said);
    if (witness->reach == DESK_SERVES) {
        put_span(out, "wait_ms", witness->wait_ms);
        put_known(out, "wait_why", witness->wait_why);
    }
    put_post(out, &witness->post);
    REPLY_PUT(out, "}");
}

static void put_hours(struct buffer *out,
                      const struct desk_explanation *explanation)
{
    const struct timetable_view *hours = &explanation->hours;
    put_name(out, "market");
    REPLY_PUT(out, "{");
    put_known(out, "mic", explanation->market);
    put_bool(out, "hours_are_known", hours->is_known);
    put_bool(out, "is_open", explanation->is_always_open || hours->is_open);
    if (hours->is_known && hours->next_open_unix_s != TIMETABLE_NEVER) {
        put_instant(out, "next_open", hours->next_open_unix_s * 1000);
    }
    if (hours->is_known && hours->next_close_unix_s != TIMETABLE_NEVER) {
        put_instant(out, "next_close", hours->next_close_unix_s * 1000);
    }
    REPLY_PUT(out, "}");
}

static void put_explanation(struct buffer *out,
                            const struct desk_explanation *explanation)
{
    REPLY_PUT(out, "{");
    put_text(out, "symbol", explanation->symbol.text);
    put_instant(out, "at", explanation->now_unix_ms);
    put_hours(out, explanation);
    put_name(out, "next");
    REPLY_PUT(out, "{");
    put_text(out, "what", view_next_sentence(explanation->next));
    put_span(out, "in_ms", explanation->next_ms);
    put_known(out, "why", explanation->next_why);
    if (explanation->at < explanation->witnesses_count) {
        put_text(out, "provider",
                 explanation->witnesses[explanation->at].post.name);
    }
    REPLY_PUT(out, "}");
    put_name(out, "providers");
    REPLY_PUT(out, "[");
    for (size_t i = 0; i < explanation->witnesses_count; i++) {
        put_witness(out, &explanation->witnesses[i]);
    }
    REPLY_PUT(out, "]");
}

/* What an explanation's text is made from. */
static struct explain_source source_of(
    const struct worker *worker, const struct desk_explanation *explanation)
{
    struct cache_found found;
    cache_peek(worker->shared->cache, &explanation->symbol, &found);
    return (struct explain_source){
        .explanation = explanation,
        .quote = found.quote,
        .name = names_find(worker->settings->names,
                           symbol_span(&explanation->symbol)),
        .rule = &worker->settings->rule,
        .failure = found.failure,
        .failed_until_mono_ms = found.failed_until_ms,
        .now_mono_ms = worker->loop.now_ms,
    };
}

/* The quote that is being explained, whatever its state. */
static void put_quote(struct web *web, const struct explain_source *source,
                      struct buffer *out)
{
    if (source->quote == NULL) {
        return;
    }
    struct answer answer = {
        .symbol = source->explanation->symbol,
        .quote = source->quote,
        .state = freshness_of(source->quote, source->rule, source->now_mono_ms),
    };
    put_number(out, "age_ms",
               freshness_age_ms(source->quote, source->now_mono_ms));
    put_name(out, "quote");
    shelf_put_quote(web_shelf(web), &answer, FORM_JSON, out);
}

IMPLEMENTS(web_tell_fn)
static void tell_explanation(struct web *web, const struct web_call *call,
                             const struct question *question,
                             struct buffer *out)
{
    const struct desk_explanation *explanation = question_explanation(question);
    CHECK(explanation != NULL);
    struct explain_source source = source_of(web_worker(web), explanation);
    struct buffer *body = &web_shelf(web)->body;
    buffer_clear(body);
    const char *type = "application/json";
    if (call->form == FORM_TEXT) {
        explain_render(body, &source);
        type = "text/plain; charset=utf-8";
    } else {
        put_explanation(body, explanation);
        put_quote(web, &source, body);
        REPLY_PUT(body, "}\n");
    }
    out->failed = out->failed || body->failed;
    reply_put(web, call, 200, type, buffer_span(body), out);
}

IMPLEMENTS(web_question_fn)
static int ask_fetch(struct question **out, struct worker *worker,
                     const void *asked, void (*on_done)(void *user), void *user)
{
    return question_explain(out, worker, asked, on_done, user);
}

void outlook_explain(struct web_request *request)
{
    static const char *const types[] = {"application/json", "text/plain"};
    int chosen = accept_choose(web_accepted(request), types, 2);
    struct symbol symbol;
    if (chosen < 0) {
        reply_fail_with(request->web, &request->call, 406,
                        "there is application/json and text/plain",
                        request->out);
        return;
    }
    if (ask_resolve(web_worker(request->web), request->argument, &symbol) !=
        0) {
        struct problem problem = problem_of_err(ERR_SYMBOL);
        problem.symbol = symbol_span(&symbol);
        reply_fail(request->web, &request->call, &problem, request->out);
        return;
    }
    request->call.form = chosen == 1 ? FORM_TEXT : FORM_JSON;
    request->call.tell = tell_explanation;
    web_question(request, ask_fetch, &symbol);
}

/* --- Metrics ---------------------------------------------------------------
 */

void outlook_metrics(struct web_request *request)
{
    static const char *const types[] = {"text/plain",
                                        "application/openmetrics-text"};
    // Who asks for neither is answered all the same: some probes ask for */*.
    bool is_openmetrics = accept_choose(web_accepted(request), types, 2) == 1;
    struct buffer *body = &web_shelf(request->web)->body;
    buffer_clear(body);
    scrape_put(body, web_worker(request->web)->shared, is_openmetrics);
    reply_put(request->web, &request->call, 200,
              exposition_type(is_openmetrics), buffer_span(body), request->out);
    request->out->failed = request->out->failed || body->failed;
}
