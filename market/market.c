/* SPDX-License-Identifier: Apache-2.0 */
#include "market/market.h"

#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "market/answer.h"
#include "market/control.h"
#include "market/due.h"
#include "market/exchange.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"

/* A parameter of a query. */
#define PARAMETER_BYTES_LIMIT 1024

/* A body of our own: ten matches of a search are the longest. */
#define BODY_BYTES_LIMIT (EXCHANGE_BODY_LIMIT + 4096)

TAILQ_HEAD(calls, call);

struct market {
    struct market_options options;
    char *key; // a copy; NULL: any
    struct loop *loop;
    struct listener *listener;
    struct exchange_server server;
    struct due_list dues;
    struct script *script;
    struct limit *limit;
    struct control *control;
    uint64_t started_ms;
    struct calls held;      // in the order in which they came
    struct calls releasing; // were held, and are next
    struct calls others;    // delayed or hanging
};

/* A call that is not answered yet. */
struct call {
    struct market *market;
    struct exchange *exchange;
    TAILQ_ENTRY(call) link;
    struct calls *list;
    struct due due;
    struct symbol symbol;
    bool has_symbol; // else the parameter was missing, or is no symbol
    bool lacks_symbol;
    struct buffer function;
    struct buffer key;
    struct buffer keywords;
    bool is_csv;
    bool is_delayed;
};

/* --- A call's life -------------------------------------------------------- */

static void move_to(struct call *call, struct calls *list)
{
    struct market *market = call->market;
    CHECK(market != NULL);
    if (call->list == &market->held) {
        script_count_unhold(market->script);
    }
    if (call->list != NULL) {
        TAILQ_REMOVE(call->list, call, link);
    }
    call->list = list;
    if (list != NULL) {
        TAILQ_INSERT_TAIL(list, call, link);
    }
    if (list == &market->held) {
        script_count_hold(market->script);
    }
}

/* The call is answered, or nobody waits for it any more. */
static void end_call(struct call *call)
{
    struct market *market = call->market;
    due_cancel(&market->dues, &call->due);
    move_to(call, NULL);
    script_count_end(market->script);
    buffer_deinit(&call->function);
    buffer_deinit(&call->key);
    buffer_deinit(&call->keywords);
    mem_free(call);
    control_check(market->control);
}

IMPLEMENTS(on_gone)
static void on_gone(void *user, struct exchange *exchange)
{
    struct call *call = user;
    CHECK(call->exchange == exchange);
    end_call(call);
}

IMPLEMENTS(on_due)
static void send_call(void *user)
{
    struct call *call = user;
    exchange_watch(call->exchange, NULL, NULL);
    exchange_send(call->exchange);
    end_call(call);
}

/* --- What the provider would answer --------------------------------------- */

/* A reply that is being put together. */
struct draft {
    struct exchange_reply reply;
    struct buffer body;
};

static void put_class(struct draft *draft, const struct call *call,
                      enum answer_class class_of)
{
    const struct answer_call what = {
        .function = buffer_span(&call->function),
        .key = buffer_span(&call->key),
        .rule = &call->market->options.rule,
    };
    draft->reply.status = answer_class_status(class_of);
    draft->reply.type = answer_class_type(class_of);
    answer_put_class(&draft->body, class_of, &what);
}

static uint64_t step_of(const struct market *market)
{
    uint64_t step_ms = market->options.step_ms;
    return step_ms > 0 ? (market->loop->now_ms - market->started_ms) / step_ms
                       : 0;
}

/* The session of a symbol now; false where nobody trades it. */
static bool find_session(const struct market *market,
                         const struct symbol *symbol, struct price_session *out)
{
    const struct market_options *options = &market->options;
    uint64_t step = step_of(market);
    const struct price_session *fixed =
        script_find_session(market->script, symbol);
    if (fixed != NULL) {
        *out = *fixed;
        return true;
    }
    if (replay_find(options->replay, symbol, step, out)) {
        return true;
    }
    int64_t start;
    if (!price_find_start(&start, symbol, options->invents)) {
        return false;
    }
    price_put_trading_day(out->day, market_unix_ms(market));
    price_walk(out, options->seed, symbol, start, step);
    return true;
}

static void put_quote(struct draft *draft, const struct call *call)
{
    struct price_session session;
    if (call->lacks_symbol) {
        put_class(draft, call, ANSWER_BAD_CALL);
    } else if (!call->has_symbol ||
               !find_session(call->market, &call->symbol, &session)) {
        put_class(draft, call, ANSWER_UNKNOWN);
    } else if (call->is_csv) {
        draft->reply.type = "application/x-download";
        answer_put_quote_csv(&draft->body, &call->symbol, &session);
    } else {
        answer_put_quote(&draft->body, &call->symbol, &session,
                         call->is_delayed);
    }
}

static void put_search(struct draft *draft, const struct call *call)
{
    struct span keywords = span_trim(buffer_span(&call->keywords));
    if (keywords.len == 0) {
        put_class(draft, call, ANSWER_BAD_CALL);
        return;
    }
    // What is traded but is no company is found by its symbol.
    struct symbol symbol;
    struct price_session session;
    int64_t start;
    bool is_also = symbol_parse(&symbol, keywords) == 0 &&
                   !price_find_start(&start, &symbol, false) &&
                   find_session(call->market, &symbol, &session);
    answer_put_search(&draft->body, keywords, is_also ? &symbol : NULL);
}

static bool is_key_good(const struct market *market, struct span key)
{
    return market->key != NULL ? span_equal(key, span_of(market->key))
                               : key.len > 0;
}

/* Count the call; returns what to refuse it with, or ANSWER_CLASSES_COUNT. */
static enum answer_class count_call(const struct call *call)
{
    static const enum answer_class refusals[] = {
        [LIMIT_SECOND] = ANSWER_LIMIT_SECOND,
        [LIMIT_MINUTE] = ANSWER_LIMIT_MINUTE,
        [LIMIT_DAY] = ANSWER_LIMIT_DAY,
        [LIMIT_WINDOWS] = ANSWER_CLASSES_COUNT,
    };
    struct market *market = call->market;
    enum limit_window refused_by;
    int err = limit_take(market->limit, buffer_span(&call->key),
                         market->loop->now_ms, &refused_by);
    return err == 0 ? refusals[refused_by] : ANSWER_DOWN;
}

static void put_usual(struct draft *draft, const struct call *call)
{
    if (!is_key_good(call->market, buffer_span(&call->key))) {
        put_class(draft, call, ANSWER_BAD_KEY);
        return;
    }
    enum answer_class refusal = count_call(call);
    struct span function = buffer_span(&call->function);
    if (refusal != ANSWER_CLASSES_COUNT) {
        put_class(draft, call, refusal);
    } else if (span_equal(function, span_of("GLOBAL_QUOTE"))) {
        put_quote(draft, call);
    } else if (span_equal(function, span_of("SYMBOL_SEARCH"))) {
        put_search(draft, call);
    } else {
        put_class(draft, call, ANSWER_BAD_FUNCTION);
    }
}

/* --- What is answered ----------------------------------------------------- */

static void put_scripted(struct draft *draft, const struct call *call,
                         const struct script_answer *answer)
{
    struct exchange_reply *reply = &draft->reply;
    if (answer->body != NULL) {
        buffer_put(&draft->body, answer->body, answer->body_len);
    } else if (answer->class_of != ANSWER_CLASSES_COUNT) {
        put_class(draft, call, answer->class_of);
    } else if (answer->status != 0 && answer->status != 200) {
        reply->type = "text/plain";
        buffer_printf(&draft->body, "%d %s\n", answer->status,
                      http_reason(answer->status));
    } else {
        put_usual(draft, call);
    }
    reply->status = answer->status != 0 ? answer->status : reply->status;
    reply->type = answer->type != NULL ? answer->type : reply->type;
    reply->headers = answer->headers != NULL ? answer->headers : "";
    reply->truncate = answer->truncate;
    reply->resets = answer->resets;
    reply->is_silent = answer->resets && answer->truncate == SIZE_MAX;
}

/* Decide what the call is answered, and send it when its delay is over. */
static void decide(struct call *call)
{
    struct market *market = call->market;
    move_to(call, &market->others);
    const struct script_answer *answer = script_take_answer(
        market->script, call->has_symbol ? &call->symbol : NULL);
    if (answer != NULL && answer->hangs) {
        return;
    }
    struct draft draft = {
        .reply = {.status = 200,
                  .type = "application/json",
                  .headers = "",
                  .truncate = SIZE_MAX},
        .body = buffer_empty(BODY_BYTES_LIMIT),
    };
    uint64_t delay_ms = market->options.latency_ms;
    if (answer != NULL) {
        put_scripted(&draft, call, answer);
        delay_ms = answer->delay_ms != UINT64_MAX ? answer->delay_ms : delay_ms;
    } else {
        put_usual(&draft, call);
    }
    if (draft.body.failed) {
        draft.reply.resets = draft.reply.is_silent = true; // no memory
    }
    draft.reply.body = buffer_span(&draft.body);
    exchange_reply(call->exchange, &draft.reply);
    buffer_deinit(&draft.body);
    if (delay_ms > 0) {
        due_set(&market->dues, &call->due, delay_ms);
    } else {
        send_call(call);
    }
}

/* --- What is asked -------------------------------------------------------- */

/* Read the parameters; returns whether there was memory for them. */
static bool read_query(struct call *call, struct span query)
{
    struct buffer symbol = buffer_empty(PARAMETER_BYTES_LIMIT);
    struct buffer other = buffer_empty(PARAMETER_BYTES_LIMIT);
    call->function = buffer_empty(PARAMETER_BYTES_LIMIT);
    call->key = buffer_empty(PARAMETER_BYTES_LIMIT);
    call->keywords = buffer_empty(PARAMETER_BYTES_LIMIT);
    http_query_value(query, "function", &call->function);
    http_query_value(query, "apikey", &call->key);
    http_query_value(query, "keywords", &call->keywords);
    http_query_value(query, "symbol", &symbol);
    call->lacks_symbol = symbol.len == 0;
    call->has_symbol = symbol_parse(&call->symbol, buffer_span(&symbol)) == 0;
    http_query_value(query, "datatype", &other);
    call->is_csv = span_equal(buffer_span(&other), span_of("csv"));
    buffer_clear(&other);
    http_query_value(query, "entitlement", &other);
    call->is_delayed = span_equal(buffer_span(&other), span_of("delayed"));
    bool is_read = !symbol.failed && !other.failed && !call->function.failed &&
                   !call->key.failed && !call->keywords.failed;
    buffer_deinit(&symbol);
    buffer_deinit(&other);
    return is_read;
}

static void start_call(struct market *market, struct exchange *exchange,
                       const struct http_request *request)
{
    struct call *call = mem_calloc(1, sizeof(*call));
    if (call == NULL) {
        exchange_drop(exchange);
        return;
    }
    call->market = market;
    call->exchange = exchange;
    call->due = (struct due){.on_due = send_call, .user = call};
    bool is_read = read_query(call, request->query);
    const struct symbol *symbol = call->has_symbol ? &call->symbol : NULL;
    script_count_call(market->script, symbol);
    exchange_watch(exchange, on_gone, call);
    if (!is_read) {
        exchange_watch(exchange, NULL, NULL);
        control_refuse(exchange, 414, "a parameter is too long");
        end_call(call);
        return;
    }
    if (script_is_held(market->script, symbol)) {
        move_to(call, &market->held);
    } else {
        decide(call);
    }
    control_check(market->control);
}

IMPLEMENTS(on_request)
static void on_request(void *user, struct exchange *exchange,
                       const struct http_request *request)
{
    struct market *market = user;
    if (!span_equal(request->path, span_of("/query"))) {
        control_answer(market->control, exchange, request);
    } else if (!span_equal(request->method, span_of("GET")) &&
               !span_equal(request->method, span_of("HEAD"))) {
        control_refuse_method(exchange, "GET, HEAD");
    } else {
        start_call(market, exchange, request);
    }
}

/* --- The market ----------------------------------------------------------- */

IMPLEMENTS(listener_accept_fn)
static void on_accept(void *user, struct conn *conn)
{
    struct market *market = user;
    script_count_connection(market->script);
    exchange_accept(&market->server, conn);
    control_check(market->control);
}

static int set_up(struct market *market, int fd)
{
    const struct market_options *options = &market->options;
    if (options->key != NULL) {
        market->key = mem_text(options->key, strlen(options->key));
    }
    int err = options->key == NULL || market->key != NULL ? 0 : ERR_NOMEM;
    err = err == 0 ? script_create(&market->script) : err;
    err = err == 0 ? limit_create(&market->limit, &options->rule) : err;
    err = err == 0 ? control_create(&market->control, market) : err;
    if (err != 0) {
        close(fd);
        return err;
    }
    return listener_open(&market->listener, market->loop, fd, on_accept,
                         market);
}

int market_create(struct market **out, struct loop *loop,
                  const struct market_options *options, int fd)
{
    *out = NULL;
    struct market *market = mem_calloc(1, sizeof(*market));
    if (market == NULL) {
        close(fd);
        return ERR_NOMEM;
    }
    market->options = *options;
    market->loop = loop;
    market->started_ms = loop->now_ms;
    market->server = (struct exchange_server){
        .on_request = on_request, .user = market, .dues = &market->dues};
    TAILQ_INIT(&market->held);
    TAILQ_INIT(&market->releasing);
    TAILQ_INIT(&market->others);
    int err = set_up(market, fd);
    if (err != 0) {
        market_destroy(&market);
        return err;
    }
    due_init(&market->dues, loop);
    *out = market;
    return 0;
}

void market_close(struct market *market)
{
    listener_close(&market->listener);
    due_close(&market->dues);
}

void market_destroy(struct market **market)
{
    if (*market == NULL) {
        return;
    }
    CHECK(TAILQ_EMPTY(&(*market)->held) && TAILQ_EMPTY(&(*market)->others));
    control_destroy(&(*market)->control);
    limit_destroy(&(*market)->limit);
    script_destroy(&(*market)->script);
    mem_free((*market)->key);
    mem_free(*market);
    *market = NULL;
}

struct script *market_script(struct market *market)
{
    return market->script;
}

struct due_list *market_dues(struct market *market)
{
    return &market->dues;
}

int64_t market_unix_ms(const struct market *market)
{
    return clock_unix_ms(market->loop->options.clock);
}

uint64_t market_release(struct market *market, const struct symbol *symbol,
                        uint64_t count)
{
    struct symbol any = script_any();
    bool is_any = symbol_equal(symbol, &any);
    uint64_t released = 0;
    struct call *next;
    for (struct call *call = TAILQ_FIRST(&market->held);
         call != NULL && released < count; call = next) {
        next = TAILQ_NEXT(call, link);
        if (is_any ||
            (call->has_symbol && symbol_equal(symbol, &call->symbol))) {
            move_to(call, &market->releasing);
            released++;
        }
    }
    // Deciding may end other calls of the list, so it is taken from its front.
    for (struct call *call; (call = TAILQ_FIRST(&market->releasing)) != NULL;) {
        decide(call);
    }
    control_check(market->control);
    return released;
}

void market_reset(struct market *market)
{
    struct calls *lists[] = {&market->held, &market->others};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (struct call *call; (call = TAILQ_FIRST(lists[i])) != NULL;) {
            exchange_drop(call->exchange);
            end_call(call);
        }
    }
    // Behind that, since the calls were still counted.
    script_clear(market->script);
    limit_clear(market->limit);
    market->started_ms = market->loop->now_ms;
    control_check(market->control);
}
