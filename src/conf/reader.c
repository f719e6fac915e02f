/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/reader.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/refusal.h"
#include "conf/value.h"
#include "conf/yaml.h"

#define PROVIDER_FORM                                                         \
    "a name and, as needed, description, url, key_file, timeout, limits and " \
    "markets"

struct reader {
    struct source *source;
    const struct yaml *yaml;
};

static void set_place(struct source *source, size_t line, const char *key)
{
    snprintf(source->place, sizeof(source->place), "%s%.*s:%zu%s%s",
             REFUSAL_PATH(source->file), line, key[0] != '\0' ? ": " : "", key);
}

/* Report a list, a map or a text where another kind should be. */
static int refuse_kind(const struct reader *reader, int node,
                       const char *allowed)
{
    struct source *source = reader->source;
    struct span text = yaml_text(reader->yaml, node);
    switch (yaml_kind_of(reader->yaml, node)) {
    case YAML_LIST:
        text = span_of("a list");
        break;
    case YAML_MAP:
        text = span_of("a map");
        break;
    case YAML_SCALAR:
    case YAML_NOTHING:
        return refusal_print(source->error, ERR_SYNTAX,
                             "%s: found \"%.*s\"; allowed: %s", source->place,
                             REFUSAL_SHOWN(text), allowed);
    }
    return refusal_print(source->error, ERR_SYNTAX,
                         "%s: found %.*s; allowed: %s", source->place,
                         REFUSAL_SHOWN(text), allowed);
}

/* "key:" with nothing behind it, which is what is left of a section when all
 * in it is commented out. */
static bool is_blank(const struct reader *reader, int node)
{
    return yaml_kind_of(reader->yaml, node) == YAML_SCALAR &&
           yaml_text(reader->yaml, node).len == 0;
}

/* A YAML list of words, joined as value_set() reads them. */
static int read_words(const struct reader *reader, void *base,
                      const struct option *option, int node)
{
    struct source *source = reader->source;
    char text[VALUE_TEXT_SIZE];
    size_t len = 0;
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        int item = yaml_item(reader->yaml, node, i);
        struct span word = yaml_text(reader->yaml, item);
        if (yaml_kind_of(reader->yaml, item) != YAML_SCALAR) {
            return refuse_kind(reader, item, "a word as item of the list");
        }
        if (word.len + 1 > sizeof(text) - len) {
            return refusal_print(source->error, ERR_RANGE,
                                 "%s: found a list of %zu items that is far "
                                 "too long",
                                 source->place, yaml_count(reader->yaml, node));
        }
        if (i > 0) {
            text[len++] = ',';
        }
        memcpy(text + len, word.data, word.len);
        len += word.len;
    }
    return source_set(source, base, option, (struct span){text, len});
}

static int read_node(const struct reader *reader, void *base,
                     const struct option *option, int node)
{
    enum yaml_kind kind = yaml_kind_of(reader->yaml, node);
    if (kind == YAML_SCALAR) {
        return source_set(reader->source, base, option,
                          yaml_text(reader->yaml, node));
    }
    if (kind == YAML_LIST && option->type == OPTION_ADDRESSES) {
        return read_words(reader, base, option, node);
    }
    char allowed[VALUE_ALLOWED_SIZE];
    value_print_allowed(allowed, option);
    return refuse_kind(reader, node, allowed);
}

/* A map whose keys are those of `table` behind `prefix`, which is a section of
 * the table ("cache.") or an element of the list ("providers.0."). */
static int read_map(const struct reader *reader, void *base,
                    const struct option_table *table, const char *prefix,
                    int node)
{
    struct source *source = reader->source;
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        int key_node = yaml_key(reader->yaml, node, i);
        struct span word = yaml_text(reader->yaml, key_node);
        char key[SOURCE_KEY_SIZE];
        snprintf(key, sizeof(key), "%s%.*s", prefix, REFUSAL_SHOWN(word));
        set_place(source, yaml_line(reader->yaml, key_node), key);
        struct span wanted = table == option_table() ? span_of(key) : word;
        const struct option *option = option_find(table, wanted);
        int err = option != NULL
                      ? read_node(reader, base, option,
                                  yaml_item(reader->yaml, node, i))
                      : source_refuse_key(source, table,
                                          table == option_table() ? "" : prefix,
                                          wanted);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int read_section(const struct reader *reader, struct span section,
                        int node)
{
    char text[CONF_ERROR_SIZE / 2];
    if (is_blank(reader, node)) {
        return 0;
    }
    if (yaml_kind_of(reader->yaml, node) != YAML_MAP) {
        char allowed[CONF_ERROR_SIZE];
        source_list_words(text, option_table(), section);
        snprintf(allowed, sizeof(allowed), "a map of %s", text);
        return refuse_kind(reader, node, allowed);
    }
    snprintf(text, sizeof(text), "%.*s.", REFUSAL_SHOWN(section));
    return read_map(reader, reader->source->conf, option_table(), text, node);
}

static int read_provider(const struct reader *reader, size_t index, int node)
{
    struct source *source = reader->source;
    char key[SOURCE_KEY_SIZE];
    snprintf(key, sizeof(key), "providers.%zu", index);
    set_place(source, yaml_line(reader->yaml, node), key);
    if (yaml_kind_of(reader->yaml, node) != YAML_MAP) {
        return refuse_kind(reader, node, PROVIDER_FORM);
    }
    struct conf_provider *provider = source_provider(source, index);
    if (provider == NULL) {
        return refusal_no_memory(source->error);
    }
    source->provider_lines[index] = yaml_line(reader->yaml, node);
    snprintf(key, sizeof(key), "providers.%zu.", index);
    return read_map(reader, provider, option_table_of_provider(), key, node);
}

static int read_providers(const struct reader *reader, int node)
{
    struct source *source = reader->source;
    size_t count = yaml_count(reader->yaml, node);
    if (is_blank(reader, node)) {
        return 0;
    }
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        return refuse_kind(
            reader, node,
            "a list (\"- name: ...\"), each item with " PROVIDER_FORM);
    }
    if (count > CONF_PROVIDERS_LIMIT) {
        return refusal_print(source->error, ERR_RANGE,
                             "%s: found %zu items; allowed: at most %d",
                             source->place, count, CONF_PROVIDERS_LIMIT);
    }
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        err = read_provider(reader, i, yaml_item(reader->yaml, node, i));
    }
    return err;
}

static bool is_section(struct span text)
{
    const struct option_table *table = option_table();
    for (size_t i = 0; i < table->count; i++) {
        if (text.len > 0 && span_equal(option_section(&table->rows[i]), text)) {
            return true;
        }
    }
    return false;
}

/* A key at the left edge of the file. */
static int read_top(const struct reader *reader, struct span key, int node)
{
    struct source *source = reader->source;
    if (span_equal(key, span_of("providers"))) {
        return read_providers(reader, node);
    }
    if (is_section(key)) {
        return read_section(reader, key, node);
    }
    const struct option *option = option_find(option_table(), key);
    if (option == NULL) {
        return source_refuse_key(source, option_table(), "", key);
    }
    struct span section = option_section(option);
    if (section.len > 0) {
        return refusal_print(source->error, ERR_SYNTAX,
                             "%s: in a file this is \"%s:\", indented, below "
                             "\"%.*s:\"",
                             source->place, option_word(option),
                             SPAN_ARGS(section));
    }
    return read_node(reader, source->conf, option, node);
}

static int read_root(const struct reader *reader)
{
    int root = yaml_root(reader->yaml);
    if (yaml_kind_of(reader->yaml, root) != YAML_MAP) {
        set_place(reader->source, yaml_line(reader->yaml, root), "");
        return refuse_kind(reader, root,
                           "a map, such as \"cache:\" and, indented below it, "
                           "\"fresh_for: 60s\"");
    }
    int err = 0;
    for (size_t i = 0; err == 0 && i < yaml_count(reader->yaml, root); i++) {
        int key_node = yaml_key(reader->yaml, root, i);
        struct span key = yaml_text(reader->yaml, key_node);
        char shown[SOURCE_KEY_SIZE];
        snprintf(shown, sizeof(shown), "%.*s", REFUSAL_SHOWN(key));
        set_place(reader->source, yaml_line(reader->yaml, key_node), shown);
        err = read_top(reader, key, yaml_item(reader->yaml, root, i));
    }
    return err;
}

int reader_read(struct source *source, struct span text)
{
    struct yaml *yaml;
    size_t line;
    char cause[YAML_ERROR_SIZE];
    int err = yaml_parse(&yaml, text, &line, cause);
    if (err == ERR_NOMEM) {
        return refusal_no_memory(source->error);
    }
    if (err != 0) {
        set_place(source, line, "");
        return refusal_print(source->error, ERR_SYNTAX, "%s: %s", source->place,
                             cause);
    }
    struct reader reader = {source, yaml};
    err = read_root(&reader);
    yaml_destroy(&yaml);
    return err;
}
