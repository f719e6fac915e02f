/* SPDX-License-Identifier: Apache-2.0 */
#include "market/order.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "proto/chunk.h"

/* An order is an object of arrays of objects of objects. */
#define DEPTH_LIMIT 8

/* Readers of fields return this way: 0, or the error is set. */
static int refuse(struct order *order, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct order *order, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(order->error, sizeof(order->error), format, args);
    va_end(args);
    return ERR_SYNTAX;
}

static int no_memory(struct order *order)
{
    refuse(order, "%s", err_sentence(ERR_NOMEM));
    return ERR_NOMEM;
}

/* --- Fields --------------------------------------------------------------- */

/* Reads one field of an object into `into`. */
struct field {
    const char *name;
    int (*read)(struct order *order, json_object *value, void *into);
};

static int refuse_field(struct order *order, const char *name,
                        const struct field *fields)
{
    char known[120] = "";
    for (; fields->name != NULL; fields++) {
        size_t len = strlen(known);
        snprintf(known + len, sizeof(known) - len, " %s", fields->name);
    }
    return refuse(order, "\"%.30s\" is not known here; allowed:%s", name,
                  known);
}

/* Read each field of an object with its reader; `fields` ends with a NULL. */
static int read_fields(struct order *order, json_object *object,
                       const struct field *fields, void *into)
{
    struct json_object_iterator end = json_object_iter_end(object);
    for (struct json_object_iterator at = json_object_iter_begin(object);
         !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        json_object *value = json_object_iter_peek_value(&at);
        const struct field *field = fields;
        while (field->name != NULL && strcmp(field->name, name) != 0) {
            field++;
        }
        if (field->name == NULL) {
            return refuse_field(order, name, fields);
        }
        int err = field->read(order, value, into);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* A string's text; data is NULL where the value is no string. */
static struct span text_of(json_object *value)
{
    if (!json_object_is_type(value, json_type_string)) {
        return (struct span){NULL, 0};
    }
    return (struct span){json_object_get_string(value),
                         (size_t)json_object_get_string_len(value)};
}

/* A whole number between the bounds. */
static bool read_number(json_object *value, uint64_t min, uint64_t max,
                        uint64_t *out)
{
    if (!json_object_is_type(value, json_type_int)) {
        return false;
    }
    int64_t number = json_object_get_int64(value);
    if (number < 0 || (uint64_t)number < min || (uint64_t)number > max) {
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

static int read_bool(struct order *order, json_object *value, const char *name,
                     bool *out)
{
    if (!json_object_is_type(value, json_type_boolean)) {
        return refuse(order, "\"%s\" must be true or false", name);
    }
    *out = json_object_get_boolean(value) != 0;
    return 0;
}

/* Copy a text; a NUL in it stays, and *len counts it. */
static int copy_text(struct order *order, struct span text, char **out,
                     size_t *len)
{
    mem_free(*out);
    *out = mem_text(text.data, text.len);
    *len = text.len;
    return *out != NULL ? 0 : no_memory(order);
}

/* --- An answer ------------------------------------------------------------ */

static int read_status(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    uint64_t status;
    if (!read_number(value, 200, 599, &status)) {
        return refuse(order, "\"status\" must be a number from 200 to 599");
    }
    answer->status = (int)status;
    return 0;
}

static int read_body(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    struct span text = text_of(value);
    if (text.data == NULL) {
        return refuse(order, "\"body\" must be a string: the bytes to send");
    }
    return copy_text(order, text, &answer->body, &answer->body_len);
}

static int read_class(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    struct span text = text_of(value);
    answer->class_of =
        text.data != NULL ? answer_find_class(text) : ANSWER_CLASSES_COUNT;
    if (answer->class_of == ANSWER_CLASSES_COUNT) {
        return refuse(order, "\"class\" must be one of: " ANSWER_CLASS_NAMES);
    }
    return 0;
}

static int read_delay(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    struct span text = text_of(value);
    if (text.data == NULL ||
        units_parse_duration_ms(&answer->delay_ms, text) != 0 ||
        answer->delay_ms > ORDER_DELAY_LIMIT_MS) {
        return refuse(order,
                      "\"delay\" must be " UNITS_DURATION_FORM ", at most 1h");
    }
    return 0;
}

static int read_truncate(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    uint64_t bytes;
    if (!read_number(value, 0, INT_MAX, &bytes)) {
        return refuse(order, "\"truncate\" must be a number of bytes");
    }
    answer->truncate = (size_t)bytes;
    return 0;
}

static int read_reset(struct order *order, json_object *value, void *into)
{
    return read_bool(order, value, "reset",
                     &((struct script_answer *)into)->resets);
}

static int read_hang(struct order *order, json_object *value, void *into)
{
    return read_bool(order, value, "hang",
                     &((struct script_answer *)into)->hangs);
}

static int read_repeat(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    if (!read_number(value, 1, ORDER_REPEAT_LIMIT, &answer->repeat)) {
        return refuse(order, "\"repeat\" must be a number from 1 to %u",
                      ORDER_REPEAT_LIMIT);
    }
    return 0;
}

/* Content-Type goes to its place, and the two that say how long an answer is
 * are ours. */
static int read_header(struct order *order, struct script_answer *answer,
                       struct buffer *lines, struct span name,
                       struct span value)
{
    if (!chunk_is_token(name) || value.data == NULL || !chunk_is_text(value) ||
        span_equal_nocase(name, span_of("Content-Length")) ||
        span_equal_nocase(name, span_of("Transfer-Encoding"))) {
        return refuse(order,
                      "\"headers\" must be names and their values, both "
                      "of one line; Content-Length and Transfer-Encoding "
                      "can't be set");
    }
    if (span_equal_nocase(name, span_of("Content-Type"))) {
        size_t len;
        return copy_text(order, value, &answer->type, &len);
    }
    buffer_put_span(lines, name);
    buffer_put_text(lines, ": ");
    buffer_put_span(lines, value);
    buffer_put_text(lines, "\r\n");
    return 0;
}

static int read_headers(struct order *order, json_object *value, void *into)
{
    struct script_answer *answer = into;
    if (!json_object_is_type(value, json_type_object)) {
        return refuse(order, "\"headers\" must be an object");
    }
    struct buffer lines = buffer_empty(16384);
    int err = 0;
    struct json_object_iterator end = json_object_iter_end(value);
    for (struct json_object_iterator at = json_object_iter_begin(value);
         err == 0 && !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at)) {
        err = read_header(order, answer, &lines,
                          span_of(json_object_iter_peek_name(&at)),
                          text_of(json_object_iter_peek_value(&at)));
    }
    if (err == 0 && lines.failed) {
        err = refuse(order, "\"headers\" are longer than %zu bytes",
                     lines.len_max);
    }
    if (err == 0) {
        size_t len;
        err = copy_text(order, buffer_span(&lines), &answer->headers, &len);
    }
    buffer_deinit(&lines);
    return err;
}

static const struct field answer_fields[] = {
    {"status", read_status}, {"body", read_body},
    {"class", read_class},   {"headers", read_headers},
    {"delay", read_delay},   {"truncate", read_truncate},
    {"reset", read_reset},   {"hang", read_hang},
    {"repeat", read_repeat}, {NULL, NULL},
};

static int read_answer(struct order *order, json_object *value,
                       struct script_answer **out)
{
    if (!json_object_is_type(value, json_type_object)) {
        return refuse(order, "each of \"answers\" must be an object");
    }
    *out = script_make_answer();
    if (*out == NULL) {
        return no_memory(order);
    }
    int err = read_fields(order, value, answer_fields, *out);
    if (err == 0 && (*out)->body != NULL &&
        (*out)->class_of != ANSWER_CLASSES_COUNT) {
        err = refuse(order, "\"class\" and \"body\" exclude each other");
    }
    return err;
}

/* --- An order ------------------------------------------------------------- */

static int read_symbol(struct order *order, json_object *value, void *into)
{
    (void)into;
    struct span text = text_of(value);
    if (text.data != NULL && span_equal(text, span_of("*"))) {
        order->symbol = script_any();
        return 0;
    }
    if (text.data == NULL || symbol_parse(&order->symbol, text) != 0) {
        return refuse(order, "\"symbol\" must be " SYMBOL_FORM ", or *");
    }
    return 0;
}

static int read_count(struct order *order, json_object *value, void *into)
{
    (void)into;
    if (!read_number(value, 1, INT_MAX, &order->count)) {
        return refuse(order, "\"count\" must be a number from 1");
    }
    return 0;
}

static int read_answers(struct order *order, json_object *value, void *into)
{
    (void)into;
    if (!json_object_is_type(value, json_type_array)) {
        return refuse(order, "\"answers\" must be an array");
    }
    order_deinit(order);
    struct script_answer **last = &order->answers;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        json_object *one = json_object_array_get_idx(value, i);
        int err = read_answer(order, one, last);
        if (err != 0) {
            return err;
        }
        last = &(*last)->next;
    }
    return 0;
}

/* A price, as a string or as a number, whose own digits json-c keeps. */
static int read_a_price(struct order *order, json_object *value,
                        const char *name, int64_t *out)
{
    bool is_one = json_object_is_type(value, json_type_string) ||
                  json_object_is_type(value, json_type_int) ||
                  json_object_is_type(value, json_type_double);
    if (!is_one ||
        price_parse(out, span_of(json_object_get_string(value))) != 0) {
        return refuse(order, "\"%s\" must be " PRICE_FORM, name);
    }
    return 0;
}

static int read_price(struct order *order, json_object *value, void *into)
{
    (void)into;
    return read_a_price(order, value, "price", &order->session.price);
}

static int read_previous(struct order *order, json_object *value, void *into)
{
    (void)into;
    return read_a_price(order, value, "previous_close",
                        &order->session.previous);
}

static int read_day(struct order *order, json_object *value, void *into)
{
    (void)into;
    static const char form[] = "0000-00-00";
    struct span text = text_of(value);
    bool is_day = text.data != NULL && text.len == sizeof(form) - 1;
    for (size_t i = 0; is_day && i < text.len; i++) {
        char c = text.data[i];
        is_day = form[i] == '0' ? c >= '0' && c <= '9' : c == form[i];
    }
    if (!is_day) {
        return refuse(order, "\"day\" must be a date such as 2025-11-06");
    }
    snprintf(order->session.day, sizeof(order->session.day), "%.10s",
             text.data);
    return 0;
}

static const struct field hold_fields[] = {{"symbol", read_symbol},
                                           {NULL, NULL}};

static const struct field release_fields[] = {
    {"symbol", read_symbol}, {"count", read_count}, {NULL, NULL}};

static const struct field next_fields[] = {
    {"symbol", read_symbol}, {"answers", read_answers}, {NULL, NULL}};

static const struct field price_fields[] = {
    {"symbol", read_symbol},           {"price", read_price}, {"day", read_day},
    {"previous_close", read_previous}, {NULL, NULL},
};

/* What an order can't do without. */
static int check_whole(struct order *order, enum order_kind kind)
{
    struct symbol any = script_any();
    struct price_session *session = &order->session;
    if (order->symbol.len == 0) {
        return refuse(order, "\"symbol\" is missing");
    }
    if (kind == ORDER_NEXT && order->answers == NULL) {
        return refuse(order, "\"answers\" is missing or empty");
    }
    if (kind == ORDER_PRICE && session->price == INT64_MIN) {
        return refuse(order, "\"price\" is missing");
    }
    if (kind == ORDER_PRICE && symbol_equal(&order->symbol, &any)) {
        return refuse(order, "a price is that of one symbol, not of *");
    }
    if (session->previous == INT64_MIN) {
        session->previous = session->price;
    }
    session->open = session->high = session->low = session->price;
    return 0;
}

static int read_object(struct order *order, enum order_kind kind,
                       json_object *root)
{
    static const struct field *const fields[] = {
        [ORDER_HOLD] = hold_fields,
        [ORDER_RELEASE] = release_fields,
        [ORDER_NEXT] = next_fields,
        [ORDER_PRICE] = price_fields,
    };
    CHECK(json_object_is_type(root, json_type_object));
    int err = read_fields(order, root, fields[kind], NULL);
    return err == 0 ? check_whole(order, kind) : err;
}

int order_read(struct order *out, enum order_kind kind, struct span body)
{
    *out = (struct order){
        .count = UINT64_MAX,
        .session = {.price = INT64_MIN, .previous = INT64_MIN},
    };
    body = span_trim(body);
    if (body.len == 0 || body.data[0] != '{' || body.len > INT_MAX) {
        return refuse(out, "the body must be a JSON object");
    }
    json_tokener *tokener = json_tokener_new_ex(DEPTH_LIMIT);
    if (tokener == NULL) {
        return no_memory(out);
    }
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *root =
        json_tokener_parse_ex(tokener, body.data, (int)body.len);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    int err = 0;
    if (error == json_tokener_success) {
        CHECK(json_tokener_get_parse_end(tokener) == body.len);
        err = read_object(out, kind, root);
    } else if (error == json_tokener_continue) {
        err = refuse(out, "the body is no JSON: it ends too early");
    } else {
        err = refuse(out, "the body is no JSON: %s, at byte %zu",
                     json_tokener_error_desc(error),
                     json_tokener_get_parse_end(tokener));
    }
    json_object_put(root);
    json_tokener_free(tokener);
    if (err != 0) {
        order_deinit(out);
    }
    CHECK(err == 0 || out->error[0] != '\0');
    return err;
}

void order_deinit(struct order *order)
{
    while (order->answers != NULL) {
        struct script_answer *answer = order->answers;
        order->answers = answer->next;
        script_free_answer(answer);
    }
}
