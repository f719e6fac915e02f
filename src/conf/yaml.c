/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built from libyaml's events, not from its documents: only the events tell
 * that an alias or a tag was there, and the depth can be refused before the
 * parser goes down it.
 *
 * Nodes stand in an array in the order in which they begin.  The children of a
 * list or a map (key, value, key, value) must stand side by side to be found by
 * their number, but between two of them stand the nodes inside the first.  So
 * the finished children of every open node wait on one stack; when a node ends,
 * its own are on top and are copied to `children` in one run.
 */
#include "conf/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#include <yaml.h>

/* A large settings file has a hundred nodes, three deep. */
#define NODES_LIMIT 8192
#define DEPTH_LIMIT 16

/* Two bytes of text ("\L" in quotes) can mean three, and each scalar has a 0.
 */
#define TEXTS_LIMIT (2 * YAML_BYTES_LIMIT + NODES_LIMIT)

struct node {
    enum yaml_kind kind;
    size_t line;  /* from 1 */
    size_t first; /* its first byte in `texts`, or place in `children` */
    size_t count; /* bytes, items or pairs */
};

struct yaml {
    struct buffer texts;
    size_t nodes_count;
    size_t children_count;
    struct node nodes[NODES_LIMIT]; /* the first stands for "no node" */
    int children[NODES_LIMIT];      /* every node is one's child at most */
};

struct builder {
    struct yaml *yaml;
    size_t *line;
    char *error;
    size_t documents;
    size_t depth;
    size_t waiting_count;
    int waiting[NODES_LIMIT]; /* finished children of the open nodes */
    struct {
        int node;
        size_t waiting_before; /* its own children stand above these */
    } open[DEPTH_LIMIT];
};

__attribute__((format(printf, 4, 5))) static int refuse(struct builder *builder,
                                                        int err, size_t line,
                                                        const char *format, ...)
{
    CHECK(err < 0);
    va_list args;
    va_start(args, format);
    vsnprintf(builder->error, YAML_ERROR_SIZE, format, args);
    va_end(args);
    for (char *c = builder->error; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '\x7f') {
            *c = '?'; // a key may hold a newline, a message is one line
        }
    }
    *builder->line = line;
    return err;
}

/* The node that begins with an event; *out is its number. */
static int add_node(struct builder *builder, enum yaml_kind kind,
                    const yaml_event_t *event, int *out)
{
    struct yaml *yaml = builder->yaml;
    size_t line = event->start_mark.line + 1;
    if (yaml->nodes_count == NODES_LIMIT) {
        return refuse(builder, ERR_FULL, line, "more than %d values",
                      NODES_LIMIT - 1);
    }
    CHECK(builder->waiting_count < NODES_LIMIT);
    *out = (int)yaml->nodes_count++;
    yaml->nodes[*out] = (struct node){.kind = kind, .line = line};
    builder->waiting[builder->waiting_count++] = *out;
    return 0;
}

static int add_scalar(struct builder *builder, const yaml_event_t *event)
{
    int node = 0;
    int err = add_node(builder, YAML_SCALAR, event, &node);
    if (err != 0) {
        return err;
    }
    struct buffer *texts = &builder->yaml->texts;
    builder->yaml->nodes[node].first = texts->len;
    builder->yaml->nodes[node].count = event->data.scalar.length;
    buffer_put(texts, event->data.scalar.value, event->data.scalar.length);
    buffer_put_byte(texts, '\0'); // so that an empty text has an address too
    return texts->failed ? ERR_NOMEM : 0;
}

static int begin(struct builder *builder, enum yaml_kind kind,
                 const yaml_event_t *event)
{
    if (builder->depth == DEPTH_LIMIT) {
        return refuse(builder, ERR_SYNTAX, event->start_mark.line + 1,
                      "more than %d lists and maps inside each other",
                      DEPTH_LIMIT);
    }
    int node = 0;
    int err = add_node(builder, kind, event, &node);
    if (err != 0) {
        return err;
    }
    builder->open[builder->depth].node = node;
    builder->open[builder->depth].waiting_before = builder->waiting_count;
    builder->depth++;
    return 0;
}

/* Every key is a word and stands once. */
static int check_keys(struct builder *builder, int map)
{
    const struct yaml *yaml = builder->yaml;
    for (size_t at = 0; at < yaml_count(yaml, map); at++) {
        int key = yaml_key(yaml, map, at);
        struct span text = yaml_text(yaml, key);
        if (yaml_kind_of(yaml, key) != YAML_SCALAR) {
            return refuse(builder, ERR_SYNTAX, yaml_line(yaml, key),
                          "a list or a map where a key should be");
        }
        for (size_t before = 0; before < at; before++) {
            int other = yaml_key(yaml, map, before);
            if (span_equal(yaml_text(yaml, other), text)) {
                return refuse(builder, ERR_SYNTAX, yaml_line(yaml, key),
                              "\"%.*s\" stands here and in line %zu already",
                              (int)(text.len < 64 ? text.len : 64), text.data,
                              yaml_line(yaml, other));
            }
        }
    }
    return 0;
}

static int end(struct builder *builder)
{
    CHECK(builder->depth > 0);
    builder->depth--;
    struct yaml *yaml = builder->yaml;
    size_t before = builder->open[builder->depth].waiting_before;
    int number = builder->open[builder->depth].node;
    struct node *node = &yaml->nodes[number];
    CHECK(before <= builder->waiting_count);
    size_t count = builder->waiting_count - before;
    CHECK(yaml->children_count + count <= NODES_LIMIT);

    node->first = yaml->children_count;
    memcpy(yaml->children + yaml->children_count, builder->waiting + before,
           count * sizeof(builder->waiting[0]));
    yaml->children_count += count;
    builder->waiting_count = before;
    if (node->kind == YAML_LIST) {
        node->count = count;
        return 0;
    }
    CHECK(count % 2 == 0);
    node->count = count / 2;
    return check_keys(builder, number);
}

static int add_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        builder->documents++;
        return builder->documents == 1
                   ? 0
                   : refuse(builder, ERR_SYNTAX, event->start_mark.line + 1,
                            "a second document, where one is allowed");
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return begin(builder, YAML_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return begin(builder, YAML_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return end(builder);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_ALIAS_EVENT:
        break;
    }
    return 0;
}

/* What is YAML, but means something that no reader of ours would see. */
static int check_event(struct builder *builder, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    size_t line = event->start_mark.line + 1;
    if (anchor != NULL || event->type == YAML_ALIAS_EVENT) {
        return refuse(builder, ERR_SYNTAX, line,
                      "an anchor or alias (& or *), which is not allowed; "
                      "a text that begins so needs quotes");
    }
    if (tag != NULL) {
        return refuse(builder, ERR_SYNTAX, line,
                      "a tag (!), which is not allowed; a text that begins so "
                      "needs quotes");
    }
    return 0;
}

/* What libyaml says is wrong. */
static int refuse_syntax(struct builder *builder, const yaml_parser_t *parser,
                         struct span text)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return ERR_NOMEM;
    }
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_READER_ERROR) {
        // The reader is ahead of the parser and knows only the byte.
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < text.len; i++) {
            line += text.data[i] == '\n';
        }
    }
    const char *context = parser->context != NULL ? parser->context : "";
    bool is_star =
        strstr(context, "alias") != NULL || strstr(context, "anchor") != NULL;
    return refuse(builder, ERR_SYNTAX, line, "not YAML: %s%s%s%s", context,
                  context[0] != '\0' ? ", " : "",
                  parser->problem != NULL ? parser->problem : "unreadable",
                  // "listen: *:7400" is what everybody writes first.
                  is_star ? "; a text that begins with * or & needs quotes"
                          : "");
}

static int build(struct builder *builder, yaml_parser_t *parser,
                 struct span text)
{
    // Without this, libyaml would take a text for UTF-16 by its first bytes.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)text.data,
                                 text.len);
    for (bool is_over = false; !is_over;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return refuse_syntax(builder, parser, text);
        }
        int err = check_event(builder, &event);
        if (err == 0) {
            err = add_event(builder, &event);
        }
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (err != 0) {
            return err;
        }
    }
    CHECK(builder->depth == 0);
    return 0;
}

/* Nothing at all, or "---" with nothing behind it, is a map without pairs. */
static void fill_empty(struct yaml *yaml)
{
    struct node *root = &yaml->nodes[1];
    if (yaml->nodes_count == 1) {
        yaml->nodes_count = 2;
        *root = (struct node){.kind = YAML_MAP, .line = 1};
    } else if (root->kind == YAML_SCALAR && root->count == 0) {
        root->kind = YAML_MAP;
        root->first = 0;
    }
}

/* The text without the byte-order mark, which libyaml would take for the first
 * column of the first key. */
static struct span without_mark(struct span text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    if (text.len >= 3 && memcmp(text.data, mark, 3) == 0) {
        return (struct span){text.data + 3, text.len - 3};
    }
    return text.data != NULL ? text : span_of("");
}

int yaml_parse(struct yaml **out, struct span text, size_t *line,
               char error[YAML_ERROR_SIZE])
{
    *out = NULL;
    *line = 0;
    error[0] = '\0';
    if (text.len > YAML_BYTES_LIMIT) {
        snprintf(error, YAML_ERROR_SIZE, "longer than %u bytes",
                 YAML_BYTES_LIMIT);
        return ERR_FULL;
    }
    struct span bytes = without_mark(text);
    yaml_parser_t parser;
    int err = ERR_NOMEM;
    struct yaml *yaml = mem_calloc(1, sizeof(*yaml));
    struct builder *builder = mem_calloc(1, sizeof(*builder));
    bool has_parser =
        yaml != NULL && builder != NULL && yaml_parser_initialize(&parser);
    if (has_parser) {
        yaml->texts = buffer_empty(TEXTS_LIMIT);
        yaml->nodes_count = 1;
        builder->yaml = yaml;
        builder->line = line;
        builder->error = error;
        err = build(builder, &parser, bytes);
        yaml_parser_delete(&parser);
    }
    mem_free(builder);
    if (err != 0) {
        if (err == ERR_NOMEM) {
            snprintf(error, YAML_ERROR_SIZE, "%s", err_sentence(err));
        }
        yaml_destroy(&yaml);
        return err;
    }
    fill_empty(yaml);
    *out = yaml;
    return 0;
}

void yaml_destroy(struct yaml **yaml)
{
    if (*yaml == NULL) {
        return;
    }
    buffer_deinit(&(*yaml)->texts);
    mem_free(*yaml);
    *yaml = NULL;
}

static const struct node *node_of(const struct yaml *yaml, int node)
{
    CHECK(node >= 0 && (size_t)node < yaml->nodes_count);
    return &yaml->nodes[node];
}

int yaml_root(const struct yaml *yaml)
{
    CHECK(yaml->nodes_count > 1);
    return 1;
}

enum yaml_kind yaml_kind_of(const struct yaml *yaml, int node)
{
    return node_of(yaml, node)->kind;
}

size_t yaml_line(const struct yaml *yaml, int node)
{
    return node_of(yaml, node)->line;
}

struct span yaml_text(const struct yaml *yaml, int node)
{
    const struct node *found = node_of(yaml, node);
    if (found->kind != YAML_SCALAR) {
        return span_of("");
    }
    return (struct span){yaml->texts.data + found->first, found->count};
}

size_t yaml_count(const struct yaml *yaml, int node)
{
    const struct node *found = node_of(yaml, node);
    return found->kind == YAML_SCALAR ? 0 : found->count;
}

int yaml_item(const struct yaml *yaml, int node, size_t at)
{
    const struct node *found = node_of(yaml, node);
    if (at >= yaml_count(yaml, node)) {
        return 0;
    }
    bool is_map = found->kind == YAML_MAP;
    return yaml->children[found->first + (is_map ? 2 * at + 1 : at)];
}

int yaml_key(const struct yaml *yaml, int node, size_t at)
{
    const struct node *found = node_of(yaml, node);
    if (found->kind != YAML_MAP || at >= found->count) {
        return 0;
    }
    return yaml->children[found->first + 2 * at];
}

int yaml_find(const struct yaml *yaml, int node, const char *key)
{
    struct span wanted = span_of(key);
    if (yaml_kind_of(yaml, node) != YAML_MAP) {
        return 0;
    }
    for (size_t at = 0; at < yaml_count(yaml, node); at++) {
        if (span_equal(yaml_text(yaml, yaml_key(yaml, node, at)), wanted)) {
            return yaml_item(yaml, node, at);
        }
    }
    return 0;
}
