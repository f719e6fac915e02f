/* SPDX-License-Identifier: Apache-2.0 */
#include "web/price.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "cache/cache.h"
#include "proto/http.h"
#include "quote/quote.h"
#include "serve/settings.h"
#include "serve/tally.h"
#include "serve/worker.h"
#include "show/render.h"
#include "web/accept.h"
#include "web/lifetime.h"
#include "web/problem.h"
#include "web/reply.h"
#include "web/target.h"
#include "web/web.h"

static const char *const types[] = {
    [FORM_JSON] = "application/json",
    [FORM_CSV] = "text/csv",
    [FORM_TEXT] = "text/plain",
};

#define TYPES_COUNT (sizeof(types) / sizeof(types[0]))

static const char *content_type(enum form form)
{
    switch (form) {
    case FORM_CSV:
        return "text/csv; charset=utf-8; header=present";
    case FORM_TEXT:
        return "text/plain; charset=utf-8";
    case FORM_JSON:
    case FORM_JSON_NUMBERS:
        break;
    case FORM_COUNT:
        CHECK(form < FORM_COUNT);
    }
    return "application/json";
}

/* --- What is wanted ---------------------------------------------------------
 */

/* A form's word as a parameter; -1 for another. */
static int form_of_word(struct span word)
{
    static const char *const words[TYPES_COUNT] = {"json", "csv", "text"};
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        if (span_equal(word, span_of(words[i]))) {
            return (int)i;
        }
    }
    return -1;
}

bool price_choose_form(struct web_request *request)
{
    struct span query = request->http->query;
    struct span word;
    int form;
    if (query.len > 0 && target_find(query, "format", &word)) {
        form = form_of_word(word);
        if (form < 0) {
            reply_fail_with(request->web, &request->call, 400,
                            "format is json, csv or text", request->out);
            return false;
        }
    } else {
        form = accept_choose(web_accepted(request), types, TYPES_COUNT);
        if (form < 0) {
            reply_fail_with(request->web, &request->call, 406,
                            "there is application/json, text/csv and "
                            "text/plain",
                            request->out);
            return false;
        }
    }
    request->call.form = (enum form)form;
    if (form == FORM_JSON && query.len > 0 &&
        target_find(query, "numbers", &word) &&
        span_equal(word, span_of("1"))) {
        request->call.form = FORM_JSON_NUMBERS;
    }
    return true;
}

bool price_has_tag(struct span list, const char *tag)
{
    struct span wanted = span_of(tag);
    list = span_trim(list);
    if (list.len == 0 || span_equal(list, span_of("*"))) {
        return list.len > 0;
    }
    // A tag may hold commas, but no quote: RFC 9110, 8.8.3.
    const char *at = list.data;
    const char *end = list.data + list.len;
    while (at < end && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (close == NULL) {
            return false;
        }
        struct span one = {at, (size_t)(close - at) + 1};
        if (span_equal(one, wanted)) {
            return true;
        }
        at = close + 1;
    }
    return false;
}

/* --- One quote --------------------------------------------------------------
 */

/* When it is worth to ask for a symbol again; 0: nobody knows. */
static uint64_t retry_after_ms(const struct worker *worker,
                               const struct answer *answer)
{
    if (answer->err == ERR_OVERLOADED || answer->err == ERR_DRAINING) {
        return 1000; // another server has room at once
    }
    if (answer->err == ERR_SYMBOL) {
        return 0;
    }
    struct cache_found found;
    cache_peek(worker->shared->cache, &answer->symbol, &found);
    uint64_t now_ms = worker->loop.now_ms;
    return found.failure != 0 && found.failed_until_ms > now_ms
               ? found.failed_until_ms - now_ms
               : 0;
}

static struct problem problem_of(const struct worker *worker,
                                 const struct answer *answer)
{
    struct problem problem = problem_of_err(answer->err);
    problem.symbol = symbol_span(&answer->symbol);
    problem.retry_after_ms = retry_after_ms(worker, answer);
    if (answer->err != ERR_SYMBOL && answer->reason != NULL) {
        problem.detail = span_of(answer->reason);
    }
    return problem;
}

/* Whether nothing of the answer is different from that to others. */
static bool is_plain(const struct web_call *call)
{
    return call->if_none_match.data == NULL && call->origin.data == NULL &&
           !call->is_head && !call->is_1_0 && !call->is_closing &&
           !call->was_waited;
}

static void compose_quote(struct web *web, const struct web_call *call,
                          const struct answer *answer,
                          const struct rendition *rendition, struct buffer *out)
{
    bool is_same = call->if_none_match.data != NULL &&
                   price_has_tag(call->if_none_match, rendition->tag);
    reply_begin(web, call, is_same ? 304 : 200, out);
    REPLY_PUT(out, "ETag: ");
    buffer_put(out, rendition->tag, SHELF_TAG_SIZE - 1);
    REPLY_PUT(out, "\r\n");
    lifetime_put(out, web_worker(web), answer, call->was_waited);
    if (is_same) {
        reply_end_empty(out);
    } else {
        reply_end(call, content_type(call->form), buffer_span(&rendition->body),
                  out);
    }
}

IMPLEMENTS(web_compose_fn)
static void compose_one(struct web *web, const struct web_call *call,
                        const struct answer *answers, size_t count,
                        struct buffer *out)
{
    CHECK(count == 1);
    if (answers->err != 0) {
        struct problem problem = problem_of(web_worker(web), answers);
        reply_fail(web, call, &problem, out);
        return;
    }
    struct rendition *rendition =
        shelf_rendition(web_shelf(web), answers, call->form);
    uint64_t now_ms = web_worker(web)->loop.now_ms;
    struct buffer *whole = &rendition->whole;
    if (!rendition->is_kept || !is_plain(call)) {
        compose_quote(web, call, answers, rendition, out);
    } else if (whole->len > 0 && !whole->failed &&
               rendition->whole_ms == now_ms) {
        buffer_put_span(out, buffer_span(whole));
    } else {
        // Every one of a millisecond is the same.
        buffer_clear(whole);
        compose_quote(web, call, answers, rendition, whole);
        rendition->whole_ms = now_ms;
        buffer_put_span(out, buffer_span(whole));
        out->failed = out->failed || whole->failed;
    }
    out->failed = out->failed || rendition->body.failed;
}

/* Look, without asking anybody, for the first text whose quote in memory is not
 * as the request demands; `count` where there is none.  Texts that are no
 * symbols are passed over.  The worker's answers are then those that were
 * found. */
static size_t find_unfit(const struct web_request *request,
                         const struct span *texts, size_t count,
                         struct symbol *symbol)
{
    struct worker *worker = web_worker(request->web);
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = &worker->answers[i];
        *answer = (struct answer){.max_age_ms = ASK_ANY_AGE};
        answer->err = ask_resolve(worker, texts[i], &answer->symbol);
        if (answer->err != 0) {
            continue;
        }
        if (!ask_peek(worker, answer) ||
            !directive_allows(&request->call.directive, answer->quote,
                              &worker->settings->rule, worker->loop.now_ms)) {
            *symbol = answer->symbol;
            return i;
        }
    }
    return count;
}

/* Answer what find_unfit() has found, and ask nobody: a look at a stale quote
 * would begin to fetch it. */
static void answer_peeked(struct web_request *request, size_t count)
{
    struct worker *worker = web_worker(request->web);
    tally_quotes(worker, worker->answers, count);
    request->call.compose(request->web, &request->call, worker->answers, count,
                          request->out);
}

/* Ask for quotes, obeying what the client demands of their age. */
static void ask(struct web_request *request, const struct span *texts,
                size_t count)
{
    const struct directive *directive = &request->call.directive;
    struct symbol symbol;
    if ((directive->is_limiting || directive->is_only_if_cached) &&
        find_unfit(request, texts, count, &symbol) < count) {
        if (directive->is_only_if_cached) {
            struct problem problem = problem_of_status(504);
            problem.symbol = symbol_span(&symbol);
            reply_fail(request->web, &request->call, &problem, request->out);
            return;
        }
        request->call.max_age_ms = directive_age_ms(
            directive, &web_worker(request->web)->settings->rule);
    } else if (directive->is_only_if_cached) {
        answer_peeked(request, count);
        return;
    }
    web_ask(request, texts, count);
}

void price_one(struct web_request *request)
{
    if (price_choose_form(request)) {
        request->call.compose = compose_one;
        request->may_repeat = true;
        ask(request, &request->argument, 1);
    }
}

/* --- Several ----------------------------------------------------------------
 */

/* One of several as JSON: its status, and the quote or the problem. */
static void put_element(struct web *web, const struct answer *answer,
                        enum form form, struct buffer *out)
{
    struct problem problem = {.status = 200};
    if (answer->err != 0) {
        problem = problem_of(web_worker(web), answer);
    }
    REPLY_PUT(out, "{\"symbol\":");
    render_json_text(out, symbol_span(&answer->symbol));
    REPLY_PUT(out, ",\"status\":");
    buffer_put_u64(out, (uint64_t)problem.status);
    if (answer->err == 0) {
        REPLY_PUT(out, ",\"quote\":");
        shelf_put_quote(web_shelf(web), answer, form, out);
    } else {
        REPLY_PUT(out, ",\"problem\":");
        problem_put(out, &problem);
    }
    REPLY_PUT(out, "}");
}

/* A line of CSV or text for a symbol without a quote: the code stands where the
 * state would. */
static void put_failed_line(const struct answer *answer, enum form form,
                            struct buffer *out)
{
    const char *code = err_word(answer->err);
    struct span symbol = symbol_span(&answer->symbol);
    if (form == FORM_TEXT) {
        buffer_put_span(out, symbol);
        REPLY_PUT(out, " - - ");
        buffer_put_text(out, code);
        REPLY_PUT(out, "\n");
        return;
    }
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (!render_has((enum field)field)) {
            continue;
        }
        if (field == FIELD_SYMBOL) {
            render_csv_text(out, symbol);
            continue;
        }
        REPLY_PUT(out, ",");
        if (field == FIELD_STATE) {
            buffer_put_text(out, code);
        }
    }
    REPLY_PUT(out, "\r\n");
}

/* Append answer number `i` to the body of several. */
static void put_one_of(struct web *web, const struct answer *answer, size_t i,
                       enum form form, struct buffer *out)
{
    if (form == FORM_JSON || form == FORM_JSON_NUMBERS) {
        if (i > 0) {
            REPLY_PUT(out, ",");
        }
        put_element(web, answer, form, out);
    } else if (answer->err == 0) {
        shelf_put_quote(web_shelf(web), answer, form, out);
    } else {
        put_failed_line(answer, form, out);
    }
}

static void begin_body(struct buffer *body, enum form form)
{
    buffer_clear(body);
    if (form == FORM_JSON || form == FORM_JSON_NUMBERS) {
        REPLY_PUT(body, "{\"quotes\":[");
    } else if (form == FORM_CSV) {
        render_csv_head(body);
    }
}

/* Answer with a body of several quotes, which may be kept, and asked whether it
 * is still the same. */
static void answer_body(struct web *web, const struct web_call *call,
                        const struct buffer *body, struct buffer *out)
{
    char tag[SHELF_TAG_SIZE];
    shelf_print_tag(tag, buffer_span(body));
    bool is_same = call->if_none_match.data != NULL &&
                   price_has_tag(call->if_none_match, tag);
    reply_begin(web, call, is_same ? 304 : 200, out);
    REPLY_PUT(out, "ETag: ");
    buffer_put_text(out, tag);
    REPLY_PUT(out, "\r\nCache-Control: no-cache\r\nVary: Accept\r\n");
    if (is_same) {
        reply_end_empty(out);
    } else {
        reply_end(call, content_type(call->form), buffer_span(body), out);
    }
    out->failed = out->failed || body->failed;
}

IMPLEMENTS(web_compose_fn)
static void compose_many(struct web *web, const struct web_call *call,
                         const struct answer *answers, size_t count,
                         struct buffer *out)
{
    struct buffer *body = &web_shelf(web)->body;
    begin_body(body, call->form);
    for (size_t i = 0; i < count; i++) {
        put_one_of(web, &answers[i], i, call->form, body);
    }
    if (call->form == FORM_JSON || call->form == FORM_JSON_NUMBERS) {
        REPLY_PUT(body, "]}");
    }
    answer_body(web, call, body, out);
}

/* --- What is in memory ------------------------------------------------------
 */

/* Places of the cache that are looked at for one answer: well under a
 * millisecond. */
#define PLACES_LIMIT 8192
#define PLACES_STEP  256

struct page {
    struct web *web;
    enum form form;
    size_t count;
    struct buffer *body;
};

IMPLEMENTS(cache_quote_fn)
static void put_found(void *user, const struct quote *quote)
{
    struct page *page = user;
    const struct worker *worker = web_worker(page->web);
    struct answer answer = {
        .symbol = quote->symbol,
        .quote = quote,
        .state =
            freshness_of(quote, &worker->settings->rule, worker->loop.now_ms),
    };
    if (answer.state != FRESHNESS_EXPIRED) {
        put_one_of(page->web, &answer, page->count++, page->form, page->body);
    }
}

/* A number among the parameters, which may be absent.  Returns whether it is
 * one up to `max`. */
static bool read_number(struct span query, const char *name, uint64_t max,
                        uint64_t *out)
{
    struct span value;
    return !target_find(query, name, &value) ||
           (span_to_u64(value, out) == 0 && *out <= max);
}

static void answer_page(struct web_request *request)
{
    struct web *web = request->web;
    uint64_t limit = PRICE_PAGE_DEFAULT;
    uint64_t cursor = 0;
    struct span query = request->http->query;
    if (!read_number(query, "limit", PRICE_PAGE_LIMIT, &limit) || limit == 0 ||
        !read_number(query, "cursor", UINT64_MAX, &cursor)) {
        reply_fail_with(web, &request->call, 400,
                        "symbols=A,B names symbols; without them, limit is a "
                        "number from 1 to 1000 and cursor what `next` was",
                        request->out);
        return;
    }
    struct buffer *body = &web_shelf(web)->body;
    struct page page = {.web = web, .form = request->call.form, .body = body};
    begin_body(body, page.form);
    for (unsigned places = 0; places < PLACES_LIMIT; places += PLACES_STEP) {
        cursor = cache_scan(web_worker(web)->shared->cache, cursor, PLACES_STEP,
                            put_found, &page);
        if (cursor == 0 || page.count >= limit) {
            break;
        }
    }
    if (page.form == FORM_JSON || page.form == FORM_JSON_NUMBERS) {
        REPLY_PUT(body, "]");
        if (cursor != 0) {
            REPLY_PUT(body, ",\"next\":\"");
            buffer_put_u64(body, cursor);
            REPLY_PUT(body, "\"");
        }
        REPLY_PUT(body, "}");
    }
    answer_body(web, &request->call, body, request->out);
}

/* --- The parameter symbols --------------------------------------------------
 */

/* Split a list of symbols; returns how many there are, RESP_ARGS_LIMIT + 1
 * where there are more. */
static size_t split_symbols(struct span list, struct span *texts)
{
    size_t count = 0;
    struct span one;
    while (span_split(&list, ',', &one)) {
        if (span_trim(one).len == 0) {
            continue; // "IBM," is meant well
        }
        if (count == RESP_ARGS_LIMIT) {
            return count + 1;
        }
        texts[count++] = one;
    }
    return count;
}

void price_many(struct web_request *request)
{
    struct span found;
    if (!price_choose_form(request)) {
        return;
    }
    request->call.compose = compose_many;
    if (!target_find(request->http->query, "symbols", &found)) {
        answer_page(request);
        return;
    }
    struct buffer *list = &web_shelf(request->web)->text;
    struct span texts[RESP_ARGS_LIMIT];
    buffer_clear(list);
    size_t count = target_words(request->http->query, "symbols", list)
                       ? split_symbols(buffer_span(list), texts)
                       : 0;
    if (count == 0 || count > RESP_ARGS_LIMIT) {
        reply_fail_with(request->web, &request->call, 400,
                        "symbols is a list with commas, of 1 to 1025",
                        request->out);
        return;
    }
    ask(request, texts, count);
}
