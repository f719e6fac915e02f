/* SPDX-License-Identifier: Apache-2.0 */
#include "market/control.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "market/answer.h"
#include "market/due.h"
#include "market/exchange.h"
#include "market/market.h"
#include "market/order.h"
#include "proto/http.h"

/* The counts of a million symbols, which is the most there are. */
#define COUNTS_BYTES_LIMIT (31u << 20)

/* A parameter of a wait. */
#define PARAMETER_BYTES_LIMIT 64

#define WAIT_DEFAULT_MS 5000u
#define WAIT_LIMIT_MS   600000u

TAILQ_HEAD(waits, wait);

struct control {
    struct market *market;
    struct waits waits;
};

enum wait_kind {
    WAIT_CALLS,
    WAIT_HELD,
    WAIT_CONNECTIONS,
    WAIT_IN_FLIGHT,
    WAIT_KINDS, // how many there are
};

/* What a wait waits for. */
struct condition {
    enum wait_kind kind;
    uint64_t count;
    struct symbol symbol; // of calls; a length of 0: of all
};

/* A request that is answered when its condition holds. */
struct wait {
    struct control *control;
    struct exchange *exchange;
    TAILQ_ENTRY(wait) link;
    struct condition condition;
    struct due due;
};

/* --- Answers -------------------------------------------------------------- */

static void answer(struct exchange *exchange, int status,
                   const struct buffer *body, const char *headers)
{
    struct exchange_reply reply = {
        .status = status,
        .type = "application/json",
        .headers = headers,
        .body = buffer_span(body),
        .truncate = SIZE_MAX,
        .resets = body->failed,
        .is_silent = body->failed,
    };
    exchange_reply(exchange, &reply);
    exchange_send(exchange);
}

static void refuse_with(struct exchange *exchange, int status,
                        const char *error, const char *headers)
{
    struct buffer body = buffer_empty(1024);
    buffer_put_text(&body, "{\"error\":");
    answer_put_string(&body, span_of(error));
    buffer_put_text(&body, "}\n");
    answer(exchange, status, &body, headers);
    buffer_deinit(&body);
}

void control_refuse(struct exchange *exchange, int status, const char *error)
{
    refuse_with(exchange, status, error, "");
}

void control_refuse_method(struct exchange *exchange, const char *allowed)
{
    char header[64];
    int len = snprintf(header, sizeof(header), "Allow: %s\r\n", allowed);
    CHECK(len > 0 && len < (int)sizeof(header));
    refuse_with(exchange, 405, "this path has other methods; see Allow",
                header);
}

static void answer_number(struct exchange *exchange, const char *name,
                          uint64_t value)
{
    struct buffer body = buffer_empty(128);
    buffer_put_text(&body, "{\"");
    buffer_put_text(&body, name);
    buffer_put_text(&body, "\":");
    buffer_put_u64(&body, value);
    buffer_put_text(&body, "}\n");
    answer(exchange, 200, &body, "");
    buffer_deinit(&body);
}

static void answer_counts(struct control *control, struct exchange *exchange)
{
    struct buffer body = buffer_empty(COUNTS_BYTES_LIMIT);
    script_put_counts(market_script(control->market), &body);
    answer(exchange, 200, &body, "");
    buffer_deinit(&body);
}

/* What to say where the script could not take an order. */
static void refuse_by_script(struct exchange *exchange, int err)
{
    CHECK(err == ERR_FULL || err == ERR_NOMEM);
    control_refuse(exchange, 503,
                   err == ERR_FULL ? "so many symbols or answers can't be set"
                                   : err_sentence(err));
}

/* --- Orders --------------------------------------------------------------- */

/* Read a request's order; where that fails it is answered. */
static bool read_order(struct order *order, enum order_kind kind,
                       struct exchange *exchange,
                       const struct http_request *request)
{
    if (order_read(order, kind, request->body) == 0) {
        return true;
    }
    control_refuse(exchange, 400, order->error);
    return false;
}

static void hold(struct control *control, struct exchange *exchange,
                 const struct http_request *request)
{
    struct order order;
    if (!read_order(&order, ORDER_HOLD, exchange, request)) {
        return;
    }
    int err = script_hold(market_script(control->market), &order.symbol);
    if (err != 0) {
        refuse_by_script(exchange, err);
        return;
    }
    answer_number(exchange, "held",
                  script_counts(market_script(control->market))->held);
}

static void release(struct control *control, struct exchange *exchange,
                    const struct http_request *request)
{
    struct order order;
    if (!read_order(&order, ORDER_RELEASE, exchange, request)) {
        return;
    }
    if (order.count == UINT64_MAX) {
        script_unhold(market_script(control->market), &order.symbol);
    }
    answer_number(exchange, "released",
                  market_release(control->market, &order.symbol, order.count));
}

static void set_next(struct control *control, struct exchange *exchange,
                     const struct http_request *request)
{
    struct order order;
    if (!read_order(&order, ORDER_NEXT, exchange, request)) {
        return;
    }
    uint64_t count = 0;
    int err = 0;
    while (err == 0 && order.answers != NULL) {
        struct script_answer *one = order.answers;
        order.answers = one->next;
        one->next = NULL;
        err = script_add_answer(market_script(control->market), &order.symbol,
                                &one);
        script_free_answer(one);
        count++;
    }
    order_deinit(&order);
    if (err != 0) {
        refuse_by_script(exchange, err);
        return;
    }
    answer_number(exchange, "added", count);
}

static void set_price(struct control *control, struct exchange *exchange,
                      const struct http_request *request)
{
    struct order order;
    if (!read_order(&order, ORDER_PRICE, exchange, request)) {
        return;
    }
    if (order.session.day[0] == '\0') {
        price_put_trading_day(order.session.day,
                              market_unix_ms(control->market));
    }
    int err = script_set_session(market_script(control->market), &order.symbol,
                                 &order.session);
    if (err != 0) {
        refuse_by_script(exchange, err);
        return;
    }
    struct buffer body = buffer_empty(128);
    buffer_put_text(&body, "{\"price\":\"");
    price_put(&body, order.session.price);
    buffer_put_text(&body, "\"}\n");
    answer(exchange, 200, &body, "");
    buffer_deinit(&body);
}

static void reset(struct control *control, struct exchange *exchange,
                  const struct http_request *request)
{
    (void)request;
    market_reset(control->market);
    answer_counts(control, exchange);
}

static void show_counts(struct control *control, struct exchange *exchange,
                        const struct http_request *request)
{
    (void)request;
    answer_counts(control, exchange);
}

/* --- Waits ---------------------------------------------------------------- */

static bool holds(const struct control *control,
                  const struct condition *condition)
{
    const struct script *script = market_script(control->market);
    const struct script_counts *counts = script_counts(script);
    switch (condition->kind) {
    case WAIT_CALLS:
        return (condition->symbol.len > 0
                    ? script_calls(script, &condition->symbol)
                    : counts->total) >= condition->count;
    case WAIT_HELD:
        return counts->held >= condition->count;
    case WAIT_CONNECTIONS:
        return counts->connections >= condition->count;
    default:
        CHECK(condition->kind == WAIT_IN_FLIGHT);
        return counts->in_flight <= condition->count;
    }
}

/* The wait is answered, or nobody waits any more. */
static void end_wait(struct wait *wait)
{
    due_cancel(market_dues(wait->control->market), &wait->due);
    TAILQ_REMOVE(&wait->control->waits, wait, link);
    mem_free(wait);
}

IMPLEMENTS(on_gone)
static void on_gone(void *user, struct exchange *exchange)
{
    struct wait *wait = user;
    CHECK(wait->exchange == exchange);
    end_wait(wait);
}

IMPLEMENTS(on_due)
static void on_timeout(void *user)
{
    struct wait *wait = user;
    struct exchange *exchange = wait->exchange;
    exchange_watch(exchange, NULL, NULL);
    end_wait(wait);
    control_refuse(exchange, 408, "what was waited for has not happened");
}

void control_check(struct control *control)
{
    struct wait *next;
    for (struct wait *wait = TAILQ_FIRST(&control->waits); wait != NULL;
         wait = next) {
        next = TAILQ_NEXT(wait, link);
        if (holds(control, &wait->condition)) {
            struct exchange *exchange = wait->exchange;
            exchange_watch(exchange, NULL, NULL);
            end_wait(wait);
            answer_counts(control, exchange);
            // Which may have ended other waits: from the front again.
            next = TAILQ_FIRST(&control->waits);
        }
    }
}

/* Read a parameter as a number; false where it is no number. *is_there says
 * whether it is there at all. */
static bool read_count(struct span query, const char *name, bool *is_there,
                       uint64_t *out)
{
    struct buffer text = buffer_empty(PARAMETER_BYTES_LIMIT);
    *is_there = http_query_value(query, name, &text);
    bool is_good = !*is_there ||
                   (!text.failed && span_to_u64(buffer_span(&text), out) == 0);
    buffer_deinit(&text);
    return is_good;
}

/* Read a wait's conditions; returns what is wrong with them, or NULL. */
static const char *read_condition(struct condition *condition,
                                  struct span query)
{
    static const char *const names[WAIT_KINDS] = {
        [WAIT_CALLS] = "calls",
        [WAIT_HELD] = "held",
        [WAIT_CONNECTIONS] = "connections",
        [WAIT_IN_FLIGHT] = "in_flight",
    };
    *condition = (struct condition){.count = 0};
    size_t found = 0;
    for (int i = 0; i < WAIT_KINDS; i++) {
        bool is_there;
        if (!read_count(query, names[i], &is_there, &condition->count)) {
            return "what is waited for must be a whole number";
        }
        if (is_there) {
            condition->kind = (enum wait_kind)i;
            found++;
        }
    }
    struct buffer text = buffer_empty(PARAMETER_BYTES_LIMIT);
    bool has_symbol = http_query_value(query, "symbol", &text);
    bool is_symbol = has_symbol && !text.failed &&
                     symbol_parse(&condition->symbol, buffer_span(&text)) == 0;
    buffer_deinit(&text);
    if (found != 1) {
        return "one of calls, held, connections, in_flight must be given";
    }
    return has_symbol && (!is_symbol || condition->kind != WAIT_CALLS)
               ? "symbol must be " SYMBOL_FORM ", and goes with calls only"
               : NULL;
}

/* How long a wait waits; returns whether that is allowed. */
static bool read_timeout(struct span query, uint64_t *out_ms)
{
    struct buffer text = buffer_empty(PARAMETER_BYTES_LIMIT);
    *out_ms = WAIT_DEFAULT_MS;
    bool is_good = true;
    if (http_query_value(query, "timeout", &text)) {
        is_good = !text.failed &&
                  units_parse_duration_ms(out_ms, buffer_span(&text)) == 0 &&
                  *out_ms <= WAIT_LIMIT_MS;
    }
    buffer_deinit(&text);
    return is_good;
}

static void start_wait(struct control *control, struct exchange *exchange,
                       const struct http_request *request)
{
    struct condition condition;
    uint64_t timeout_ms;
    const char *error = read_condition(&condition, request->query);
    if (error == NULL && !read_timeout(request->query, &timeout_ms)) {
        error = "timeout must be " UNITS_DURATION_FORM ", at most 10m";
    }
    if (error != NULL) {
        control_refuse(exchange, 400, error);
        return;
    }
    if (holds(control, &condition)) {
        answer_counts(control, exchange);
        return;
    }
    struct wait *wait = mem_calloc(1, sizeof(*wait));
    if (wait == NULL) {
        control_refuse(exchange, 503, err_sentence(ERR_NOMEM));
        return;
    }
    *wait = (struct wait){
        .control = control,
        .exchange = exchange,
        .condition = condition,
        .due = {.on_due = on_timeout, .user = wait},
    };
    TAILQ_INSERT_TAIL(&control->waits, wait, link);
    due_set(market_dues(control->market), &wait->due, timeout_ms);
    exchange_watch(exchange, on_gone, wait);
}

/* --- Paths ---------------------------------------------------------------- */

struct path {
    const char *path;
    bool is_order; // POST; else GET and HEAD
    void (*answer)(struct control *control, struct exchange *exchange,
                   const struct http_request *request);
};

static const struct path paths[] = {
    {"/_market/calls", false, show_counts},
    {"/_market/wait", false, start_wait},
    {"/_market/hold", true, hold},
    {"/_market/release", true, release},
    {"/_market/next", true, set_next},
    {"/_market/price", true, set_price},
    {"/_market/reset", true, reset},
    {NULL, false, NULL},
};

void control_answer(struct control *control, struct exchange *exchange,
                    const struct http_request *request)
{
    const struct path *path = paths;
    while (path->path != NULL &&
           !span_equal(request->path, span_of(path->path))) {
        path++;
    }
    if (path->path == NULL) {
        control_refuse(exchange, 404,
                       "there is nothing here; quotes are at /query, the "
                       "control API is under /_market/");
        return;
    }
    struct span method = request->method;
    bool is_post = span_equal(method, span_of("POST"));
    bool is_get = span_equal(method, span_of("GET")) ||
                  span_equal(method, span_of("HEAD"));
    if (path->is_order ? !is_post : !is_get) {
        control_refuse_method(exchange, path->is_order ? "POST" : "GET, HEAD");
        return;
    }
    path->answer(control, exchange, request);
}

/* --- The control ---------------------------------------------------------- */

int control_create(struct control **out, struct market *market)
{
    struct control *control = mem_calloc(1, sizeof(*control));
    *out = control;
    if (control == NULL) {
        return ERR_NOMEM;
    }
    control->market = market;
    TAILQ_INIT(&control->waits);
    return 0;
}

void control_destroy(struct control **control)
{
    if (*control != NULL) {
        CHECK(TAILQ_EMPTY(&(*control)->waits));
        mem_free(*control);
        *control = NULL;
    }
}
