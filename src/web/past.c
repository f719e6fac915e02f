/* SPDX-License-Identifier: Apache-2.0 */
#include "web/past.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/err.h"
#include "proto/http.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/instant.h"
#include "show/render.h"
#include "store/store.h"
#include "web/price.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/target.h"
#include "web/web.h"

/* --- Composing --------------------------------------------------------------
 */

static void put_price(struct buffer *out, const char *before,
                      struct decimal price, const char *behind)
{
    char text[DECIMAL_TEXT_SIZE];
    int len = decimal_print(text, price, 2);
    buffer_put_text(out, before);
    buffer_put(out, text, (size_t)len);
    buffer_put_text(out, behind);
}

static void put_bar_json(struct buffer *out, const struct bar *bar,
                         bool as_numbers)
{
    const char *mark = as_numbers ? "" : "\"";
    char at[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(at, bar->at_unix_ms);
    REPLY_PUT(out, "{\"at\":\"");
    buffer_put_text(out, at);
    REPLY_PUT(out, "\",\"open\":");
    put_price(out, mark, bar->open, mark);
    REPLY_PUT(out, ",\"high\":");
    put_price(out, mark, bar->high, mark);
    REPLY_PUT(out, ",\"low\":");
    put_price(out, mark, bar->low, mark);
    REPLY_PUT(out, ",\"close\":");
    put_price(out, mark, bar->close, mark);
    REPLY_PUT(out, ",\"count\":");
    buffer_put_u64(out, bar->count);
    REPLY_PUT(out, "}");
}

static void put_json(struct buffer *out, const struct question *question,
                     bool as_numbers)
{
    const struct bars *bars = question_bars(question);
    REPLY_PUT(out, "{\"symbol\":");
    render_json_text(out, symbol_span(question_symbol(question)));
    REPLY_PUT(out, ",\"every_ms\":");
    buffer_put_u64(out, bars->step_ms);
    REPLY_PUT(out, ",\"bars\":[");
    for (size_t i = 0; i < bars->count; i++) {
        if (i > 0) {
            REPLY_PUT(out, ",");
        }
        put_bar_json(out, &bars->list[i], as_numbers);
    }
    REPLY_PUT(out, "]}\n");
}

/* The same as lines, with commas or spaces between. */
static void put_lines(struct buffer *out, const struct bars *bars,
                      const char *between, const char *end)
{
    for (size_t i = 0; i < bars->count; i++) {
        const struct bar *bar = &bars->list[i];
        char at[CLOCK_TEXT_SIZE];
        clock_print_unix_ms(at, bar->at_unix_ms);
        buffer_put_text(out, at);
        put_price(out, between, bar->open, between);
        put_price(out, "", bar->high, between);
        put_price(out, "", bar->low, between);
        put_price(out, "", bar->close, between);
        buffer_put_u64(out, bar->count);
        buffer_put_text(out, end);
    }
}

IMPLEMENTS(web_tell_fn)
static void tell_bars(struct web *web, const struct web_call *call,
                      const struct question *question, struct buffer *out)
{
    const struct bars *bars = question_bars(question);
    CHECK(bars != NULL);
    if (bars->is_cut) {
        reply_fail_with(web, call, 400,
                        "that is more steps than there are in one answer: ask "
                        "for a longer `every`, or for less between `from` and "
                        "`to`",
                        out);
        return;
    }
    struct buffer *body = &web_shelf(web)->body;
    buffer_clear(body);
    const char *type = "application/json";
    if (call->form == FORM_CSV) {
        REPLY_PUT(body, "at,open,high,low,close,count\r\n");
        put_lines(body, bars, ",", "\r\n");
        type = "text/csv; charset=utf-8; header=present";
    } else if (call->form == FORM_TEXT) {
        put_lines(body, bars, " ", "\n");
        type = "text/plain; charset=utf-8";
    } else {
        put_json(body, question, call->form == FORM_JSON_NUMBERS);
    }
    out->failed = out->failed || body->failed;
    reply_put(web, call, 200, type, buffer_span(body), out);
}

/* --- Asking -----------------------------------------------------------------
 */

IMPLEMENTS(web_question_fn)
static int ask_store(struct question **out, struct worker *worker,
                     const void *asked, void (*on_done)(void *user), void *user)
{
    return question_past(out, worker, asked, on_done, user);
}

/* A parameter, decoded behind what is in `text`; empty where it is absent. */
static struct span parameter(struct web_request *request, const char *name)
{
    struct buffer *text = &web_shelf(request->web)->text;
    size_t before = text->len;
    return target_words(request->http->query, name, text)
               ? (struct span){text->data + before, text->len - before}
               : (struct span){NULL, 0};
}

/* Read what is asked for; the sentence of what is wrong with it, or NULL. */
static const char *read_range(struct web_request *request,
                              struct store_question *past)
{
    const struct worker *worker = web_worker(request->web);
    // So that no text moves while another is appended.
    buffer_reserve(&web_shelf(request->web)->text, request->http->query.len);
    const struct instant_range range = {
        .from = parameter(request, "from"),
        .to = parameter(request, "to"),
        .every = parameter(request, "every"),
    };
    return instant_read_range(past, &range,
                              clock_unix_ms(worker->shared->clock));
}

void past_history(struct web_request *request)
{
    struct web *web = request->web;
    const struct worker *worker = web_worker(web);
    struct store_question past = {.step_ms = 1};
    if (!price_choose_form(request)) {
        return;
    }
    // Before the parameters, which are decoded where the argument is.
    if (ask_resolve(worker, request->argument, &past.symbol) != 0) {
        struct problem problem = problem_of_err(ERR_SYMBOL);
        problem.symbol = symbol_span(&past.symbol);
        reply_fail(web, &request->call, &problem, request->out);
        return;
    }
    const char *error = read_range(request, &past);
    if (error != NULL) {
        reply_fail_with(web, &request->call, 400, error, request->out);
        return;
    }
    if (worker->shared->store == NULL ||
        worker->settings->conf->store.history_for_ms == 0) {
        struct problem problem = problem_of_err(ERR_STORE);
        problem.symbol = symbol_span(&past.symbol);
        problem.detail =
            span_of(worker->shared->store == NULL
                        ? "no prices of the past are kept: set store.path to a "
                          "file and start the server again"
                        : "no prices of the past are kept, since "
                          "store.history_for is 0");
        reply_fail(web, &request->call, &problem, request->out);
        return;
    }
    request->call.tell = tell_bars;
    web_question(request, ask_store, &past);
}
