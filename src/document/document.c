/* SPDX-License-Identifier: Apache-2.0 */
#include "document/document.h"

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "document/table.h"
#include "document/words.h"

#include <json-c/json.h>

struct document {
    struct json_object *root; /* NULL is JSON's null */
    struct table *table;      /* NULL where it is JSON */
};

/* --- What json-c lets pass ------------------------------------------------ */

static bool is_digit(struct span rest)
{
    return rest.len > 0 && rest.data[0] >= '0' && rest.data[0] <= '9';
}

static bool is_one_of(struct span rest, const char *bytes)
{
    return rest.len > 0 && rest.data[0] != '\0' &&
           strchr(bytes, rest.data[0]) != NULL;
}

static struct span skip(struct span rest, size_t len)
{
    CHECK(len <= rest.len);
    return (struct span){rest.data + len, rest.len - len};
}

static struct span skip_space(struct span rest)
{
    while (is_one_of(rest, " \t\r\n")) {
        rest = skip(rest, 1);
    }
    return rest;
}

/* Skip a run of digits; false where there is none. */
static bool skip_digits(struct span *rest)
{
    bool found = is_digit(*rest);
    while (is_digit(*rest)) {
        *rest = skip(*rest, 1);
    }
    return found;
}

/* Skip a number as RFC 8259 has it: no leading 0, digits round the point. */
static bool skip_number(struct span *rest)
{
    if (is_one_of(*rest, "-")) {
        *rest = skip(*rest, 1);
    }
    bool begins_with_zero = is_one_of(*rest, "0");
    const char *whole = rest->data;
    if (!skip_digits(rest) || (begins_with_zero && rest->data - whole > 1)) {
        return false;
    }
    if (is_one_of(*rest, ".")) {
        *rest = skip(*rest, 1);
        if (!skip_digits(rest)) {
            return false;
        }
    }
    if (is_one_of(*rest, "eE")) {
        *rest = skip(*rest, 1);
        *rest = skip(*rest, is_one_of(*rest, "+-") ? 1 : 0);
        return skip_digits(rest);
    }
    return true;
}

/* Skip a string with its quotes; what its escapes mean is json-c's business,
 * but for that of a 0. */
static bool skip_string(struct span *rest, bool *has_zero)
{
    static const char zero[] = "\\u0000";
    const size_t zero_len = sizeof(zero) - 1;
    CHECK(is_one_of(*rest, "\""));
    *has_zero = false;
    *rest = skip(*rest, 1);
    while (!is_one_of(*rest, "\"")) {
        size_t len = words_character(*rest);
        if (len == 0 || (unsigned char)rest->data[0] < ' ') {
            return false; // the end of the text is one of these
        }
        bool is_escape = is_one_of(*rest, "\\");
        *has_zero |= is_escape && rest->len >= zero_len &&
                     memcmp(rest->data, zero, zero_len) == 0;
        *rest = skip(*rest, len);
        if (is_escape && rest->len > 0) {
            *rest = skip(*rest, 1);
        }
    }
    *rest = skip(*rest, 1);
    return true;
}

/* Whether a text is made of JSON's strings, numbers, words and marks; and how
 * many objects and arrays it begins. */
static bool is_made_of_tokens(struct span rest, size_t *objects)
{
    *objects = 0;
    while (rest.len > 0) {
        *objects += is_one_of(rest, "{[") ? 1 : 0;
        bool is_good = true;
        if (rest.data[0] == '"') {
            bool has_zero;
            is_good = skip_string(&rest, &has_zero);
            is_good =
                is_good && !(has_zero && is_one_of(skip_space(rest), ":"));
        } else if (rest.data[0] == '-' || is_digit(rest)) {
            is_good = skip_number(&rest);
        } else if (is_one_of(rest, "{}[]:, \t\r\ntruefalsn")) {
            rest = skip(rest, 1);
        } else {
            is_good = false;
        }
        if (!is_good) {
            return false;
        }
    }
    return true;
}

/* --- A document ----------------------------------------------------------- */

static int parse_text(struct json_tokener *tokener, struct span body,
                      struct json_object **out)
{
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    *out = json_tokener_parse_ex(tokener, body.data, (int)body.len);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        // A number that is the whole text may go on until a 0 says not.
        *out = json_tokener_parse_ex(tokener, "", 1);
    }
    switch (json_tokener_get_error(tokener)) {
    case json_tokener_success:
        return 0;
    case json_tokener_error_depth:
        return ERR_FULL;
    default:
        return ERR_SYNTAX;
    }
}

int document_parse(struct document **out, struct span body)
{
    *out = NULL;
    if (body.len > DOCUMENT_BYTES_LIMIT) {
        return ERR_FULL;
    }
    struct span text = span_trim(body);
    size_t objects;
    if (text.len == 0 || !is_made_of_tokens(text, &objects)) {
        return ERR_SYNTAX;
    }
    if (objects > DOCUMENT_OBJECTS_LIMIT) {
        return ERR_FULL;
    }
    struct document *document = mem_calloc(1, sizeof(*document));
    struct json_tokener *tokener = json_tokener_new_ex(DOCUMENT_DEPTH_LIMIT);
    int err = ERR_NOMEM;
    if (document != NULL && tokener != NULL) {
        err = parse_text(tokener, text, &document->root);
    }
    if (tokener != NULL) {
        json_tokener_free(tokener);
    }
    if (err != 0) {
        document_destroy(&document);
    }
    *out = document;
    return err;
}

int document_parse_csv(struct document **out, struct span body)
{
    *out = NULL;
    if (is_one_of(span_trim(body), "{[")) {
        return document_parse(out, body);
    }
    if (body.len > DOCUMENT_BYTES_LIMIT) {
        return ERR_FULL;
    }
    struct document *document = mem_calloc(1, sizeof(*document));
    if (document == NULL) {
        return ERR_NOMEM;
    }
    int err = table_create(&document->table, body);
    if (err != 0) {
        document_destroy(&document);
    }
    *out = document;
    return err;
}

void document_destroy(struct document **document)
{
    if (*document == NULL) {
        return;
    }
    json_object_put((*document)->root);
    table_destroy(&(*document)->table);
    mem_free(*document);
    *document = NULL;
}

static struct document_node node_of(struct json_object *object)
{
    enum document_kind kind = DOCUMENT_NULL;
    switch (json_object_get_type(object)) {
    case json_type_null:
        break;
    case json_type_boolean:
        kind = DOCUMENT_BOOLEAN;
        break;
    case json_type_double:
    case json_type_int:
        kind = DOCUMENT_NUMBER;
        break;
    case json_type_string:
        kind = DOCUMENT_TEXT;
        break;
    case json_type_array:
        kind = DOCUMENT_LIST;
        break;
    case json_type_object:
        kind = DOCUMENT_MAP;
        break;
    }
    return (struct document_node){.kind = kind, .object = object};
}

static const struct document_node missing = {.kind = DOCUMENT_MISSING};

static struct document_node node_of_row(const struct table *table, size_t row)
{
    return (struct document_node){
        .kind = DOCUMENT_MAP, .table = table, .row = row};
}

static struct document_node node_of_cell(const struct table *table,
                                         struct span cell)
{
    return (struct document_node){
        .kind = DOCUMENT_TEXT, .table = table, .cell = cell};
}

struct document_node document_root(const struct document *document)
{
    if (document->table != NULL) {
        return (struct document_node){.kind = DOCUMENT_LIST,
                                      .table = document->table};
    }
    return node_of(document->root);
}

/* --- Pointers ------------------------------------------------------------- */

/* Take the first step off a pointer that begins with a slash, unescaped and
 * with a 0 behind it.  False where it is malformed or too long. */
static bool take_step(struct span *pointer, char step[DOCUMENT_STEP_LIMIT + 1])
{
    CHECK(is_one_of(*pointer, "/"));
    *pointer = skip(*pointer, 1);
    size_t len = 0;
    while (pointer->len > 0 && pointer->data[0] != '/') {
        char c = pointer->data[0];
        *pointer = skip(*pointer, 1);
        if (c == '~') {
            if (!is_one_of(*pointer, "01")) {
                return false;
            }
            c = pointer->data[0] == '0' ? '~' : '/';
            *pointer = skip(*pointer, 1);
        }
        if (len == DOCUMENT_STEP_LIMIT || c == '\0') {
            return false;
        }
        step[len++] = c;
    }
    step[len] = '\0';
    return true;
}

bool document_is_pointer(struct span text)
{
    char step[DOCUMENT_STEP_LIMIT + 1];
    while (is_one_of(text, "/")) {
        if (!take_step(&text, step)) {
            return false;
        }
    }
    return text.len == 0;
}

/* Item `at` of a list, which has it. */
static struct document_node item_of(struct document_node list, size_t at)
{
    return list.table != NULL
               ? node_of_row(list.table, at)
               : node_of(json_object_array_get_idx(list.object, at));
}

static struct document_node find_item(struct document_node list,
                                      const char *step)
{
    uint64_t at;
    bool has_leading_zero = step[0] == '0' && step[1] != '\0';
    if (has_leading_zero || span_to_u64(span_of(step), &at) != 0 ||
        at >= document_count(list)) {
        return missing;
    }
    return item_of(list, (size_t)at);
}

static struct document_node find_member(struct document_node map,
                                        const char *step)
{
    struct json_object *member = NULL;
    struct span cell;
    if (map.table != NULL) {
        return table_find(map.table, map.row, span_of(step), &cell)
                   ? node_of_cell(map.table, cell)
                   : missing;
    }
    return json_object_object_get_ex(map.object, step, &member)
               ? node_of(member)
               : missing;
}

struct document_node document_find(struct document_node node,
                                   struct span pointer)
{
    CHECK_SLOW(document_is_pointer(pointer));
    char step[DOCUMENT_STEP_LIMIT + 1];
    while (pointer.len > 0) {
        if (!take_step(&pointer, step)) {
            return missing;
        }
        if (node.kind == DOCUMENT_LIST) {
            node = find_item(node, step);
        } else if (node.kind == DOCUMENT_MAP) {
            node = find_member(node, step);
        } else {
            return missing;
        }
    }
    return node;
}

/* --- Values --------------------------------------------------------------- */

struct span document_text(struct document_node node)
{
    switch (node.kind) {
    case DOCUMENT_MISSING:
    case DOCUMENT_NULL:
    case DOCUMENT_LIST:
    case DOCUMENT_MAP:
        break;
    case DOCUMENT_BOOLEAN:
        return span_of(json_object_get_boolean(node.object) ? "true" : "false");
    case DOCUMENT_NUMBER: {
        const char *text = json_object_get_string(node.object);
        return span_of(text != NULL ? text : ""); // NULL: no memory
    }
    case DOCUMENT_TEXT:
        if (node.table != NULL) {
            return node.cell;
        }
        return (struct span){json_object_get_string(node.object),
                             (size_t)json_object_get_string_len(node.object)};
    }
    return span_of("");
}

size_t document_count(struct document_node node)
{
    if (node.kind == DOCUMENT_LIST) {
        return node.table != NULL ? table_rows(node.table)
                                  : json_object_array_length(node.object);
    }
    if (node.kind == DOCUMENT_MAP) {
        return node.table != NULL
                   ? table_cells(node.table, node.row)
                   : (size_t)json_object_object_length(node.object);
    }
    return 0;
}

bool document_has_column(struct document_node node, struct span name)
{
    return node.table != NULL && table_has_column(node.table, name);
}

struct document_walk document_walk(struct document_node node)
{
    struct document_walk walk = {.node = node};
    if (node.kind == DOCUMENT_MAP && node.table == NULL) {
        walk.entry = lh_table_head(json_object_get_object(node.object));
    }
    return walk;
}

bool document_next(struct document_walk *walk, struct span *name,
                   struct document_node *member)
{
    struct document_node node = walk->node;
    *name = span_of("");
    if (node.kind == DOCUMENT_MAP && node.table == NULL) {
        struct lh_entry *entry = walk->entry;
        if (entry == NULL) {
            return false;
        }
        *name = span_of((const char *)lh_entry_k(entry));
        *member = node_of(lh_entry_v(entry));
        walk->entry = lh_entry_next(entry);
        return true;
    }
    size_t at = walk->at++;
    if (at >= document_count(node)) {
        return false;
    }
    *member = node.kind == DOCUMENT_MAP
                  ? node_of_cell(node.table,
                                 table_cell(node.table, node.row, at, name))
                  : item_of(node, at);
    return true;
}

/* --- What is said to people ----------------------------------------------- */

/* The first member of a map that is a text with a space in it, "" without one;
 * and its first text. */
static struct span find_sentence(struct document_node node,
                                 struct span *first_text)
{
    struct document_walk walk = document_walk(node);
    struct document_node member;
    struct span name;
    *first_text = span_of("");
    while (node.kind == DOCUMENT_MAP && document_next(&walk, &name, &member)) {
        struct span text = document_text(member);
        if (member.kind != DOCUMENT_TEXT || text.len == 0) {
            continue;
        }
        if (memchr(text.data, ' ', text.len) != NULL) {
            return text;
        }
        *first_text = first_text->len == 0 ? text : *first_text;
    }
    return span_of("");
}

struct span document_sentence(struct document_node node)
{
    struct span text;
    struct span found = find_sentence(node, &text);
    struct document_walk walk = document_walk(node);
    struct document_node member;
    struct span name;
    while (node.kind == DOCUMENT_MAP && found.len == 0 &&
           document_next(&walk, &name, &member)) {
        struct span inner;
        found = find_sentence(member, &inner);
    }
    return found.len > 0 ? found : text;
}
