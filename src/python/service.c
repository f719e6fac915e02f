/* SPDX-License-Identifier: Apache-2.0 */
#include "python/service.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "python/follow.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/field.h"

#define EXPOSED "exposed_"

/* What the old system's client takes for "no price". */
#define NO_PRICE (-1)

/* What the registry of rpyc would list us under. */
#define SERVICE_ALIAS "QUOTED"

#define PARAMETERS_LIMIT 2

struct service_method {
    const char *name;
    const char *parameters[PARAMETERS_LIMIT]; // NULL: no more
    unsigned required;                        // of them, the first
    const char *doc;
    // Of a method that is about one symbol; the others run.
    python_compose_fn compose;
    // `values` are as the parameters; value is NULL where it was not given.
    void (*run)(struct python_request *request, const struct rpyc_box *values);
};

/* --- Composing ---------------------------------------------------------------
 */

static size_t begin_value(int64_t seq, struct buffer *out)
{
    size_t frame = rpyc_begin(out, RPYC_REPLY, seq);
    rpyc_put_label(out, RPYC_VALUE);
    return frame;
}

/* The nearest float to the exact decimal, which is what Python's own
 * float("312.42") gives. */
static double float_of(const struct quote *quote)
{
    return decimal_to_double(quote_number(quote, QUOTE_PRICE));
}

static void put_price(struct buffer *out, const struct answer *answer)
{
    if (answer->err != 0) {
        brine_put_int(out, NO_PRICE);
    } else {
        brine_put_float(out, float_of(answer->quote));
    }
}

static void compose_price(struct python *python, int64_t seq,
                          const struct answer *answers, size_t count,
                          struct buffer *out)
{
    CHECK(count == 1);
    if (answers->err == 0) {
        rpyc_put_float(out, seq, float_of(answers->quote));
        return;
    }
    python_count_failed(python);
    size_t frame = begin_value(seq, out);
    put_price(out, answers);
    rpyc_end(out, frame);
}

static void compose_prices(struct python *python, int64_t seq,
                           const struct answer *answers, size_t count,
                           struct buffer *out)
{
    (void)python;
    size_t frame = begin_value(seq, out);
    brine_put_tuple(out, count);
    for (size_t i = 0; i < count; i++) {
        put_price(out, &answers[i]);
    }
    rpyc_end(out, frame);
}

/* Why there is no quote, in a sentence. */
static const char *sentence_of(const struct answer *answer)
{
    if (answer->err == ERR_SYMBOL) {
        return "this is neither a name nor a symbol, which is " SYMBOL_FORM;
    }
    if (answer->reason != NULL && utf8_is_valid(span_of(answer->reason))) {
        return answer->reason;
    }
    return err_sentence(answer->err);
}

static const char *exception_of(int err)
{
    switch (err) {
    case ERR_SYMBOL:
        return "ValueError";
    case ERR_UNKNOWN:
    case ERR_NODATA:
        return "LookupError";
    default:
        return "RuntimeError";
    }
}

static void compose_price_text(struct python *python, int64_t seq,
                               const struct answer *answers, size_t count,
                               struct buffer *out)
{
    CHECK(count == 1);
    if (answers->err != 0) {
        struct python_request request = {.python = python, .seq = seq};
        python_raise(&request, exception_of(answers->err), "%s %s: %s",
                     err_word(answers->err), answers->symbol.text,
                     sentence_of(answers));
        return;
    }
    size_t frame = begin_value(seq, out);
    brine_put_str(out, (struct span){answers->quote->price_text,
                                     answers->quote->price_len});
    rpyc_end(out, frame);
}

static void put_pair(struct buffer *out, const char *name, struct span text)
{
    brine_put_tuple(out, 2);
    brine_put_str(out, span_of(name));
    brine_put_str(out, text);
}

/* A quote that is not there: what was asked for, and why. */
static void put_failure(struct buffer *out, const struct answer *answer)
{
    brine_put_tuple(out, 4);
    put_pair(out, "symbol", symbol_span(&answer->symbol));
    put_pair(out, "state", span_of("none"));
    put_pair(out, "error", span_of(err_word(answer->err)));
    put_pair(out, "reason", span_of(sentence_of(answer)));
}

static void put_fields(struct buffer *out, const struct worker *worker,
                       const struct answer *answer)
{
    const struct settings *settings = worker->settings;
    struct field_source source = {
        .quote = answer->quote,
        .name =
            names_find(settings->names, symbol_span(&answer->quote->symbol)),
        .state = answer->state,
        .now_mono_ms = worker->loop.now_ms,
        .server = settings->conf->server.id,
    };
    char scratch[FIELD_COUNT][FIELD_TEXT_SIZE];
    struct span texts[FIELD_COUNT];
    size_t known = 0;
    for (int field = 0; field < FIELD_COUNT; field++) {
        texts[field] = field_text((enum field)field, &source, scratch[field]);
        if (!utf8_is_valid(texts[field])) {
            texts[field].data = NULL; // a client would lose its connection
        }
        known += texts[field].data != NULL;
    }
    brine_put_tuple(out, known);
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (texts[field].data != NULL) {
            put_pair(out, field_name((enum field)field), texts[field]);
        }
    }
}

void service_put_quote(struct buffer *out, const struct worker *worker,
                       const struct answer *answer)
{
    if (answer->err != 0) {
        put_failure(out, answer);
    } else {
        put_fields(out, worker, answer);
    }
}

void service_answer_none(const struct python_request *request)
{
    struct buffer *out = python_output(request->python);
    size_t frame = begin_value(request->seq, out);
    brine_put_none(out);
    rpyc_end(out, frame);
}

static void compose_quote(struct python *python, int64_t seq,
                          const struct answer *answers, size_t count,
                          struct buffer *out)
{
    CHECK(count == 1);
    size_t frame = begin_value(seq, out);
    if (answers->err != 0) {
        python_count_failed(python);
    }
    service_put_quote(out, python_worker(python), answers);
    rpyc_end(out, frame);
}

/* --- Arguments ---------------------------------------------------------------
 */

/* The name of a value's type in Python, for errors. */
static const char *type_name(const struct rpyc_box *box)
{
    static const char *const names[] = {
        [BRINE_NONE] = "NoneType",
        [BRINE_NOT_IMPLEMENTED] = "NotImplementedType",
        [BRINE_ELLIPSIS] = "ellipsis",
        [BRINE_BOOL] = "bool",
        [BRINE_INT] = "int",
        [BRINE_BIG_INT] = "int",
        [BRINE_FLOAT] = "float",
        [BRINE_COMPLEX] = "complex",
        [BRINE_BYTES] = "bytes",
        [BRINE_STR] = "str",
        [BRINE_TUPLE] = "tuple",
        [BRINE_SLICE] = "slice",
        [BRINE_SET] = "frozenset",
    };
    switch (box->label) {
    case RPYC_VALUE:
        return names[box->value->type];
    case RPYC_TUPLE:
        return "tuple";
    default:
        return "object";
    }
}

static void refuse_type(const struct python_request *request,
                        const char *parameter, const char *wanted,
                        const struct rpyc_box *box)
{
    python_raise(request, "TypeError", "%s must be %s, not %s", parameter,
                 wanted, type_name(box));
}

static bool is_str(const struct rpyc_box *box)
{
    return box->label == RPYC_VALUE && box->value->type == BRINE_STR;
}

/* Answer from the quote of one symbol. */
static void ask_one(struct python_request *request, python_compose_fn compose,
                    const struct rpyc_box *symbol)
{
    if (!is_str(symbol)) {
        refuse_type(request, "symbol", "a str", symbol);
        return;
    }
    python_ask(request, compose, &symbol->value->text, 1);
}

bool service_read_symbols(const struct python_request *request,
                          const struct rpyc_box *symbols, struct span *texts,
                          size_t *count)
{
    struct rpyc_items items;
    struct rpyc_box item;
    *count = 0;
    if (!rpyc_open_items(&items, symbols)) {
        refuse_type(request, "symbols", "an iterable of str", symbols);
        return false;
    }
    if (items.left > PYTHON_SYMBOLS_LIMIT) {
        python_raise(request, "ValueError", "more than %d symbols at once",
                     PYTHON_SYMBOLS_LIMIT);
        return false;
    }
    while (rpyc_next_item(&items, &item)) {
        if (!is_str(&item)) {
            refuse_type(request, "each of symbols", "a str", &item);
            return false;
        }
        texts[(*count)++] = item.value->text;
    }
    if (items.failed) {
        python_raise(request, "ValueError", "symbols are not boxed");
    }
    return !items.failed;
}

/* Answer with the prices of a boxed tuple of str. */
IMPLEMENTS(python_collected_fn)
static void ask_all(struct python_request *request, struct span callback,
                    const struct rpyc_box *symbols)
{
    (void)callback;
    struct span texts[PYTHON_SYMBOLS_LIMIT];
    size_t count;
    if (service_read_symbols(request, symbols, texts, &count)) {
        python_ask(request, compose_prices, texts, count);
    }
}

/* --- Methods -----------------------------------------------------------------
 */

/* A tuple came with the request; a list, a set, a generator is an object of the
 * client's, of which only the client can say what it holds. */
static void run_prices(struct python_request *request,
                       const struct rpyc_box *symbols)
{
    if (symbols->label == RPYC_REMOTE_REF) {
        python_collect(request, ask_all, symbols->value, NULL);
    } else {
        ask_all(request, span_of(""), symbols);
    }
}

static void run_watch(struct python_request *request,
                      const struct rpyc_box *values)
{
    const struct rpyc_box *symbols = &values[0];
    const struct rpyc_box *callback = &values[1];
    struct rpyc_id id;
    if (callback->label != RPYC_REMOTE_REF ||
        !rpyc_read_id(&id, callback->value)) {
        refuse_type(request, "callback", "a function of yours", callback);
    } else if (symbols->label == RPYC_REMOTE_REF) {
        python_collect(request, follow_change, symbols->value, callback->value);
    } else {
        request->kept[0] = callback->value;
        follow_change(
            request,
            (struct span){callback->value->raw, callback->value->raw_len},
            symbols);
    }
}

static void run_unwatch(struct python_request *request,
                        const struct rpyc_box *symbols)
{
    if (symbols->value == NULL) {
        follow_stop_all(request);
    } else if (symbols->label == RPYC_REMOTE_REF) {
        python_collect(request, follow_change, symbols->value, NULL);
    } else {
        follow_change(request, span_of(""), symbols);
    }
}

static void answer_text(const struct python_request *request, const char *text)
{
    struct buffer *out = python_output(request->python);
    size_t frame = begin_value(request->seq, out);
    brine_put_str(out, span_of(text));
    rpyc_end(out, frame);
}

static void run_server_id(struct python_request *request,
                          const struct rpyc_box *none)
{
    (void)none;
    answer_text(request,
                python_worker(request->python)->settings->conf->server.id);
}

static void run_service_name(struct python_request *request,
                             const struct rpyc_box *none)
{
    (void)none;
    answer_text(request, SERVICE_ALIAS);
}

static void run_service_aliases(struct python_request *request,
                                const struct rpyc_box *none)
{
    (void)none;
    struct buffer *out = python_output(request->python);
    size_t frame = begin_value(request->seq, out);
    brine_put_tuple(out, 1);
    brine_put_str(out, span_of(SERVICE_ALIAS));
    rpyc_end(out, frame);
}

/* The commonest first: the table is searched from the front. */
static const struct service_method methods[] = {
    /* clang-format off */
    {"get_price", {"symbol"}, 1, "The price as a float, or -1 where no price can be had.", compose_price, NULL},
    {"get_prices", {"symbols"}, 1, "The prices of several symbols, fetched together, as a tuple.", NULL, run_prices},
    {"get_quote", {"symbol"}, 1, "Every field of a quote that is known, as pairs for dict().", compose_quote, NULL},
    {"get_price_text", {"symbol"}, 1, "The exact price as a str; raises an exception where there is none.", compose_price_text, NULL},
    {"watch", {"symbols", "callback"}, 2, "Have a function called with each new quote: callback(symbol, quote).", NULL, run_watch},
    {"unwatch", {"symbols"}, 0, "No longer have it called, for some symbols or for all.", NULL, run_unwatch},
    {"get_server_id", {NULL}, 0, "Which server this is.", NULL, run_server_id},
    {"get_service_name", {NULL}, 0, "The name of the service.", NULL, run_service_name},
    {"get_service_aliases", {NULL}, 0, "All names of the service.", NULL, run_service_aliases},
    /* clang-format on */
};

#define METHODS_COUNT ((int)(sizeof(methods) / sizeof(methods[0])))

int service_count(void)
{
    return METHODS_COUNT;
}

int service_find(struct span name)
{
    size_t prefix = sizeof(EXPOSED) - 1;
    if (name.len > prefix && memcmp(name.data, EXPOSED, prefix) == 0) {
        name = (struct span){name.data + prefix, name.len - prefix};
    }
    for (int i = 0; i < METHODS_COUNT; i++) {
        if (span_equal(name, span_of(methods[i].name))) {
            return i + 1;
        }
    }
    return -1;
}

static const struct service_method *method_of(int object)
{
    CHECK(object > SERVICE_ROOT && object <= METHODS_COUNT);
    return &methods[object - 1];
}

const char *service_name(int method)
{
    return method_of(method)->name;
}

const char *service_doc(int object)
{
    return object == SERVICE_ROOT ? "Stock quotes, answered by quoted."
                                  : method_of(object)->doc;
}

python_compose_fn service_composer(int object)
{
    return object > SERVICE_ROOT ? method_of(object)->compose : NULL;
}

/* --- Calls -------------------------------------------------------------------
 */

static unsigned count_parameters(const struct service_method *method)
{
    unsigned count = 0;
    while (count < PARAMETERS_LIMIT && method->parameters[count] != NULL) {
        count++;
    }
    return count;
}

/* Which parameter has this name; count_parameters() where none has. */
static unsigned find_parameter(const struct service_method *method,
                               const struct rpyc_box *name)
{
    unsigned count = count_parameters(method);
    for (unsigned i = 0; i < count; i++) {
        if (brine_is_text(name->value, method->parameters[i])) {
            return i;
        }
    }
    return count;
}

/* Take a keyword argument.  Returns false where it was answered with an
 * exception. */
static bool take_keyword(const struct python_request *request,
                         const struct service_method *method,
                         const struct rpyc_box *pair, struct rpyc_box *values)
{
    struct rpyc_items items;
    struct rpyc_box name;
    struct rpyc_box given;
    if (!rpyc_open_items(&items, pair) || !rpyc_next_item(&items, &name) ||
        !rpyc_next_item(&items, &given) || items.left > 0 || !is_str(&name)) {
        python_raise(request, "TypeError", "keywords must be strings");
        return false;
    }
    unsigned at = find_parameter(method, &name);
    if (at == count_parameters(method)) {
        struct span shown = python_shown(name.value->text);
        python_raise(request, "TypeError",
                     SERVICE_CLASS
                     ".%s() got an unexpected keyword argument '%.*s'",
                     method->name, SPAN_ARGS(shown));
        return false;
    }
    if (values[at].value != NULL) {
        python_raise(request, "TypeError",
                     SERVICE_CLASS
                     ".%s() got multiple values for argument '%s'",
                     method->name, method->parameters[at]);
        return false;
    }
    values[at] = given;
    return true;
}

/* Python counts self. */
static void refuse_count(const struct python_request *request,
                         const struct service_method *method, uint32_t given)
{
    unsigned most = count_parameters(method) + 1;
    char range[16] = "";
    if (method->required + 1 < most) {
        snprintf(range, sizeof(range), "from %u to ", method->required + 1);
    }
    python_raise(request, "TypeError",
                 SERVICE_CLASS
                 ".%s() takes %s%u positional argument%s but %u were given",
                 method->name, range, most, most == 1 ? "" : "s", given + 1);
}

/* Raise if a parameter that must be given was not; as Python words it. */
static bool has_all(const struct python_request *request,
                    const struct service_method *method,
                    const struct rpyc_box *values)
{
    const char *missing[PARAMETERS_LIMIT] = {""};
    unsigned count = 0;
    for (unsigned i = 0; i < method->required; i++) {
        if (values[i].value == NULL) {
            missing[count++] = method->parameters[i];
        }
    }
    if (count == 1) {
        python_raise(request, "TypeError",
                     SERVICE_CLASS
                     ".%s() missing 1 required positional argument: '%s'",
                     method->name, missing[0]);
    } else if (count == 2) {
        python_raise(request, "TypeError",
                     SERVICE_CLASS
                     ".%s() missing 2 required positional arguments: '%s' and "
                     "'%s'",
                     method->name, missing[0], missing[1]);
    }
    return count == 0;
}

/* Bring the arguments to the parameters, as Python does.  Returns false where
 * the call was answered with an exception. */
static bool match_parameters(const struct python_request *request,
                             const struct service_method *method,
                             const struct service_arguments *arguments,
                             struct rpyc_box values[PARAMETERS_LIMIT])
{
    struct rpyc_items positional;
    struct rpyc_items keywords;
    struct rpyc_box pair;
    if (!rpyc_open_items(&positional, &arguments->positional) ||
        !rpyc_open_items(&keywords, &arguments->keywords)) {
        python_raise(request, "TypeError",
                     "arguments must come in tuples, by position and by name");
        return false;
    }
    if (positional.left > count_parameters(method)) {
        refuse_count(request, method, positional.left);
        return false;
    }
    for (unsigned i = 0; i < PARAMETERS_LIMIT; i++) {
        values[i].value = NULL;
        rpyc_next_item(&positional, &values[i]);
    }
    while (rpyc_next_item(&keywords, &pair)) {
        if (!take_keyword(request, method, &pair, values)) {
            return false;
        }
    }
    if (positional.failed || keywords.failed) {
        python_raise(request, "ValueError", "the arguments are not boxed");
        return false;
    }
    return has_all(request, method, values);
}

void service_call(struct python_request *request, int method,
                  const struct service_arguments *arguments)
{
    const struct service_method *found = method_of(method);
    struct rpyc_box values[PARAMETERS_LIMIT];
    if (!match_parameters(request, found, arguments, values)) {
        return;
    }
    if (found->compose != NULL) {
        ask_one(request, found->compose, values);
    } else {
        found->run(request, values);
    }
}
