/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "conf/key.h"
#include "conf/option.h"
#include "conf/reader.h"
#include "conf/refusal.h"
#include "conf/source.h"
#include "conf/value.h"
#include "conf/yaml.h"

/* --- Loading ------------------------------------------------------------- */

static int set_initial(struct conf *conf)
{
    const struct option_table *table = option_table();
    for (size_t i = 0; i < table->count; i++) {
        int err = value_set_initial(conf, &table->rows[i]);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int load_file(struct source *source, struct span text)
{
    if (text.data != NULL) {
        return reader_read(source, text);
    }
    struct buffer content = buffer_empty(YAML_BYTES_LIMIT);
    int err = file_read(&content, source->file);
    if (err == 0) {
        err = reader_read(source, buffer_span(&content));
    } else if (err == ERR_IO) {
        refusal_print(source->error, err, "%s%.*s: %s",
                      REFUSAL_PATH(source->file), strerror(errno));
    } else if (err == ERR_FULL) {
        err = refusal_print(source->error, ERR_SYNTAX,
                            "%s%.*s: longer than %u bytes",
                            REFUSAL_PATH(source->file), YAML_BYTES_LIMIT);
    } else {
        refusal_no_memory(source->error);
    }
    buffer_deinit(&content);
    return err;
}

static int load_all(struct source *source, const struct conf_sources *sources)
{
    int err = 0;
    if (sources->file != NULL || sources->file_text.data != NULL) {
        err = load_file(source, sources->file_text);
    }
    if (err == 0 && sources->environment != NULL) {
        err = source_read_environment(source, sources->environment);
    }
    for (size_t i = 0; err == 0 && i < sources->sets_count; i++) {
        err = source_read_set(source, sources->sets[i]);
    }
    bool has_none = source->conf->providers_count == 0;
    if (err == 0 && has_none && sources->environment != NULL) {
        err = key_add_providers(source, sources->environment);
    }
    return err;
}

/* "quoted.yaml:12: providers.0", or without the file where it is not there. */
static void place_provider(struct source *source, size_t index)
{
    int len = 0;
    if (source->provider_lines[index] != 0) {
        len = snprintf(source->place, sizeof(source->place),
                       "%s%.*s:%zu: ", REFUSAL_PATH(source->file),
                       source->provider_lines[index]);
    }
    CHECK(len >= 0 && (size_t)len < sizeof(source->place));
    snprintf(source->place + len, sizeof(source->place) - (size_t)len,
             "providers.%zu", index);
}

/* What no value shows by itself: that providers have names, and different
 * ones. */
static int check_providers(struct source *source)
{
    const struct conf *conf = source->conf;
    for (size_t i = 0; i < conf->providers_count; i++) {
        const char *name = conf->providers[i].name;
        place_provider(source, i);
        if (name[0] == '\0') {
            return refusal_print(source->error, ERR_SYNTAX,
                                 "%s: found no name; a provider needs one, "
                                 "such as \"name: alphavantage\"",
                                 source->place);
        }
        for (size_t before = 0; before < i; before++) {
            if (strcmp(conf->providers[before].name, name) == 0) {
                return refusal_print(source->error, ERR_SYNTAX,
                                     "%s: found the name \"%s\"; that is the "
                                     "name of providers.%zu already",
                                     source->place, name, before);
            }
        }
    }
    return 0;
}

/* A server without a name has that of its host. */
static int name_server(struct conf *conf)
{
    char host[65] = "";
    if (conf->server.id[0] != '\0') {
        return 0;
    }
    // Where the host has no name that can be shown, any will do.
    int err = ERR_SYNTAX;
    if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != '\0') {
        err = value_set(conf, option_find(option_table(), span_of("server.id")),
                        span_of(host));
    }
    if (err != 0 && err != ERR_NOMEM) {
        err = value_set(conf, option_find(option_table(), span_of("server.id")),
                        span_of("quoted"));
    }
    return err;
}

int conf_load(struct conf **out, const struct conf_sources *sources,
              char error[CONF_ERROR_SIZE])
{
    *out = NULL;
    error[0] = '\0';
    struct conf *conf = mem_calloc(1, sizeof(*conf));
    struct source source = {
        .conf = conf,
        .error = error,
        .file = sources->file != NULL ? sources->file : "settings",
    };
    if (conf == NULL || set_initial(conf) != 0) {
        conf_destroy(&conf);
        return refusal_no_memory(error);
    }
    int err = load_all(&source, sources);
    if (err == 0) {
        err = check_providers(&source);
    }
    if (err == 0 && name_server(conf) != 0) {
        err = refusal_no_memory(error);
    }
    if (err != 0) {
        CHECK(error[0] != '\0');
        conf_destroy(&conf);
        return err;
    }
    *out = conf;
    return 0;
}

static void clear(void *base, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        value_clear(base, &table->rows[i]);
    }
}

void conf_destroy(struct conf **conf)
{
    if (*conf == NULL) {
        return;
    }
    for (size_t i = 0; i < (*conf)->providers_count; i++) {
        clear(&(*conf)->providers[i], option_table_of_provider());
    }
    clear(*conf, option_table());
    mem_free(*conf);
    *conf = NULL;
}

int conf_provider_key(char **out, const struct conf_provider *provider,
                      const char *const *environment,
                      char error[CONF_ERROR_SIZE])
{
    error[0] = '\0';
    return key_read(out, provider, environment, error);
}

/* --- Printing ------------------------------------------------------------ */

/* Columns of a comment; the keys' help is one line in the table. */
#define COLUMNS_LIMIT 78

static void put_comment(struct buffer *out, const char *indent,
                        const char *text)
{
    struct span rest = span_of(text);
    struct span word;
    size_t column = 0;
    while (span_split(&rest, ' ', &word)) {
        if (column == 0 || column + 1 + word.len > COLUMNS_LIMIT) {
            buffer_printf(out, "%s%s#", column > 0 ? "\n" : "", indent);
            column = strlen(indent) + 1;
        }
        buffer_put_byte(out, ' ');
        buffer_put_span(out, word);
        column += 1 + word.len;
    }
    buffer_put_byte(out, '\n');
}

/* The help of a setting, and what may be written. */
static void put_help(struct buffer *out, const char *indent,
                     const struct option *option)
{
    char range[VALUE_ALLOWED_SIZE];
    char text[1024];
    value_print_range(range, option);
    int len = snprintf(text, sizeof(text), "%s (%s; %s%s%s)", option->help,
                       range, option_is_required(option) ? "" : "default ",
                       option_default(option),
                       option->needs_restart ? "; needs a restart" : "");
    CHECK(len > 0 && (size_t)len < sizeof(text));
    put_comment(out, indent, text);
}

/* Take the code point off the front of *text, which is valid UTF-8. */
static uint32_t take_character(struct span *text)
{
    const unsigned char *byte = (const unsigned char *)text->data;
    size_t len = byte[0] < 0x80   ? 1
                 : byte[0] < 0xe0 ? 2
                 : byte[0] < 0xf0 ? 3
                                  : 4;
    CHECK(len <= text->len);
    uint32_t point = len == 1 ? byte[0] : byte[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        point = point << 6 | (byte[i] & 0x3f);
    }
    text->data += len;
    text->len -= len;
    return point;
}

/* Whether a text can stand in YAML without quotes and be taken for no more than
 * it is. */
static bool is_bare(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || c == '/';
        bool is_inner = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        c == '.' || c == '_' || c == '-';
        if (!is_letter && (i == 0 || !is_inner)) {
            return false;
        }
    }
    return text.len > 0;
}

/* A text as YAML, escaped beyond ASCII, since YAML does not allow all of that
 * as it is. */
static void put_text(struct buffer *out, struct span text)
{
    if (is_bare(text)) {
        buffer_put_span(out, text);
        return;
    }
    buffer_put_byte(out, '"');
    while (text.len > 0) {
        uint32_t point = take_character(&text);
        if (point >= 0x80) {
            buffer_printf(out, "\\U%08X", (unsigned)point);
            continue;
        }
        if (point == '"' || point == '\\') {
            buffer_put_byte(out, '\\');
        }
        buffer_put_byte(out, (char)point);
    }
    buffer_put_byte(out, '"');
}

static void put_value(struct buffer *out, const char *indent, const void *base,
                      const struct option *option)
{
    char text[VALUE_TEXT_SIZE];
    value_print(text, base, option);
    if (option->type == OPTION_ADDRESSES) {
        struct span rest = span_of(text);
        struct span word;
        while (span_split(&rest, ',', &word)) {
            buffer_printf(out, "\n%s  - ", indent);
            put_text(out, word);
        }
    } else if (option->type >= OPTION_DURATION) {
        buffer_printf(out, " %s", text);
    } else {
        buffer_put_byte(out, ' ');
        put_text(out, span_of(text));
    }
    buffer_put_byte(out, '\n');
}

static void put_providers(struct buffer *out, const struct conf *conf)
{
    const struct option_table *table = option_table_of_provider();
    buffer_put_byte(out, '\n');
    put_comment(out, "", option_providers_help());
    for (size_t i = 0; i < table->count; i++) {
        buffer_printf(out, "#\n# %s:\n", table->rows[i].key);
        put_help(out, "", &table->rows[i]);
    }
    buffer_put_text(out, conf->providers_count == 0 ? "providers: []\n"
                                                    : "providers:\n");
    for (size_t p = 0; p < conf->providers_count; p++) {
        for (size_t i = 0; i < table->count; i++) {
            buffer_printf(out, "%s%s:", i == 0 ? "  - " : "    ",
                          table->rows[i].key);
            put_value(out, "    ", &conf->providers[p], &table->rows[i]);
        }
    }
}

void conf_print(const struct conf *conf, struct buffer *out)
{
    const struct option_table *table = option_table();
    struct span section = span_of("");
    buffer_put_text(out, "# Settings of quoted; see quoted.yaml(5).\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        const char *indent = option_section(option).len > 0 ? "  " : "";
        buffer_put_byte(out, '\n');
        if (!span_equal(section, option_section(option))) {
            section = option_section(option);
            if (section.len > 0) {
                buffer_printf(out, "%.*s:\n", SPAN_ARGS(section));
            }
        }
        put_help(out, indent, option);
        buffer_printf(out, "%s%s:", indent, option_word(option));
        put_value(out, indent, conf, option);
    }
    put_providers(out, conf);
}

/* --- Going through the keys ---------------------------------------------- */

/* Bytes of "providers.15.key_file" and its 0. */
#define PROVIDER_KEY_SIZE 48

static void print_provider_key(char out[PROVIDER_KEY_SIZE], size_t index,
                               const struct option *option)
{
    int len = snprintf(out, PROVIDER_KEY_SIZE, "providers.%zu.%s", index,
                       option->key);
    CHECK(len > 0 && len < PROVIDER_KEY_SIZE);
}

void conf_each(const struct conf *conf, conf_key_fn fn, void *user)
{
    char value[VALUE_TEXT_SIZE];
    const struct option_table *table = option_table();
    for (size_t i = 0; i < table->count; i++) {
        value_print(value, conf, &table->rows[i]);
        fn(user, table->rows[i].key, value);
    }
    table = option_table_of_provider();
    for (size_t p = 0; p < conf->providers_count; p++) {
        for (size_t i = 0; i < table->count; i++) {
            char key[PROVIDER_KEY_SIZE];
            print_provider_key(key, p, &table->rows[i]);
            value_print(value, &conf->providers[p], &table->rows[i]);
            fn(user, key, value);
        }
    }
}

struct comparison {
    conf_change_fn fn;
    void *user;
    size_t changes;
};

/* Either base may be NULL, where there is no such provider. */
static void compare(struct comparison *comparison, const char *key,
                    const struct option *option, const void *before,
                    const void *after)
{
    char before_text[VALUE_TEXT_SIZE] = "";
    char after_text[VALUE_TEXT_SIZE] = "";
    if (before != NULL) {
        value_print(before_text, before, option);
    }
    if (after != NULL) {
        value_print(after_text, after, option);
    }
    if (strcmp(before_text, after_text) != 0) {
        comparison->changes++;
        comparison->fn(comparison->user, key, before_text, after_text,
                       option->needs_restart);
    }
}

size_t conf_compare(const struct conf *before, const struct conf *after,
                    conf_change_fn fn, void *user)
{
    struct comparison comparison = {.fn = fn, .user = user};
    const struct option_table *table = option_table();
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        compare(&comparison, option->key, option, before, after);
    }
    table = option_table_of_provider();
    for (size_t p = 0; p < CONF_PROVIDERS_LIMIT; p++) {
        for (size_t i = 0; i < table->count; i++) {
            char key[PROVIDER_KEY_SIZE];
            print_provider_key(key, p, &table->rows[i]);
            compare(&comparison, key, &table->rows[i],
                    p < before->providers_count ? &before->providers[p] : NULL,
                    p < after->providers_count ? &after->providers[p] : NULL);
        }
    }
    return comparison.changes;
}
