/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/option.h"
#include "conf/refusal.h"

/* Keys of providers have 16 to 64 characters. */
#define KEY_BYTES_LIMIT 256

/* A file may have white space around the key, but not a page of it. */
#define FILE_BYTES_LIMIT 1024

/* Bytes of "QUOTED_<NAME>_KEY_FILE" and its 0. */
#define NAME_SIZE 64

/* Check a key and copy it; `place` is the file or variable it is from. */
static int take_key(char **out, struct span text, const char *place,
                    char error[CONF_ERROR_SIZE])
{
    struct span key = span_trim(text);
    const char *cause = NULL;
    if (key.len == 0) {
        cause = "is empty";
    } else if (memchr(key.data, '\n', key.len) != NULL) {
        cause = "has more than one line";
    } else if (key.len > KEY_BYTES_LIMIT) {
        cause = "is longer than 256 bytes";
    } else if (!utf8_is_valid(key) || utf8_has_control(key)) {
        cause = "holds a control character or is no text";
    }
    if (cause != NULL) {
        return refusal_print(error, ERR_SYNTAX, "%s: the key %s", place, cause);
    }
    *out = mem_text(key.data, key.len);
    return *out != NULL ? 0 : refusal_no_memory(error);
}

static int take_file(char **out, const char *path, const char *place,
                     char error[CONF_ERROR_SIZE])
{
    struct buffer text = buffer_empty(FILE_BYTES_LIMIT);
    int err = file_read(&text, path);
    if (err == 0) {
        err = take_key(out, buffer_span(&text), place, error);
    } else if (err == ERR_IO) {
        refusal_print(error, err, "%s: can't read the file: %s", place,
                      strerror(errno));
    } else if (err == ERR_FULL) {
        err = refusal_print(error, ERR_SYNTAX,
                            "%s: the key is longer than 256 bytes", place);
    } else {
        refusal_no_memory(error);
    }
    if (text.data != NULL) {
        explicit_bzero(text.data, text.capacity);
    }
    buffer_deinit(&text);
    return err;
}

static void print_variable(char out[NAME_SIZE], const char *name,
                           const char *end)
{
    int len = snprintf(out, NAME_SIZE, "QUOTED_%s%s", name, end);
    CHECK(len > 0 && len < NAME_SIZE); // a name has 23 bytes at most
    for (char *c = out; *c != '\0'; c++) {
        bool is_small = *c >= 'a' && *c <= 'z';
        *c = (char)(is_small ? *c - ('a' - 'A') : *c == '-' ? '_' : *c);
    }
}

/* A variable's value; NULL where it is not set or empty. */
static const char *find_variable(const char *const *environment,
                                 const char *name)
{
    size_t len = strlen(name);
    for (; environment != NULL && *environment != NULL; environment++) {
        const char *entry = *environment;
        if (strncmp(entry, name, len) == 0 && entry[len] == '=' &&
            entry[len + 1] != '\0') {
            return entry + len + 1;
        }
    }
    return NULL;
}

/* What a report calls the file.  A key that was written where the name of its
 * file should be has neither a slash nor a dot. */
static void print_place(char out[CONF_ERROR_SIZE / 2], const char *where,
                        const char *path)
{
    bool is_path = strpbrk(path, "/.") != NULL;
    snprintf(out, CONF_ERROR_SIZE / 2, "%.120s%s%s%.*s", where,
             is_path ? " " : "", REFUSAL_PATH(is_path ? path : ""));
}

int key_read(char **out, const struct conf_provider *provider,
             const char *const *environment, char error[CONF_ERROR_SIZE])
{
    char variable[NAME_SIZE];
    char place[CONF_ERROR_SIZE / 2];
    *out = NULL;
    if (provider->key_file[0] != '\0') {
        snprintf(place, sizeof(place), "key_file of %s", provider->name);
        char where[CONF_ERROR_SIZE / 2];
        print_place(where, place, provider->key_file);
        return take_file(out, provider->key_file, where, error);
    }
    print_variable(variable, provider->name, "_KEY_FILE");
    const char *value = find_variable(environment, variable);
    if (value != NULL) {
        print_place(place, variable, value);
        return take_file(out, value, place, error);
    }
    print_variable(variable, provider->name, "_KEY");
    value = find_variable(environment, variable);
    if (value != NULL) {
        return take_key(out, span_of(value), variable, error);
    }
    *out = mem_text("", 0);
    return *out != NULL ? 0 : refusal_no_memory(error);
}

/* --- Providers that nobody configured ------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct conf_provider *)a)->name,
                  ((const struct conf_provider *)b)->name);
}

static bool has_provider(const struct conf *conf, struct span name)
{
    for (size_t i = 0; i < conf->providers_count; i++) {
        if (span_equal_nocase(span_of(conf->providers[i].name), name)) {
            return true;
        }
    }
    return false;
}

static int add_provider(struct source *source, struct span name)
{
    struct conf *conf = source->conf;
    char text[NAME_SIZE];
    if (has_provider(conf, name)) {
        return 0; // it has both variables
    }
    if (conf->providers_count == CONF_PROVIDERS_LIMIT) {
        return refusal_print(source->error, ERR_RANGE,
                             "%s: the key of one provider more than %d",
                             source->place, CONF_PROVIDERS_LIMIT);
    }
    struct conf_provider *provider =
        source_provider(source, conf->providers_count);
    if (provider == NULL) {
        return refusal_no_memory(source->error);
    }
    size_t len = name.len < sizeof(text) ? name.len : sizeof(text);
    for (size_t i = 0; i < len; i++) {
        bool is_upper = name.data[i] >= 'A' && name.data[i] <= 'Z';
        text[i] = (char)(is_upper ? name.data[i] + ('a' - 'A') : name.data[i]);
    }
    const struct option *option =
        option_find(option_table_of_provider(), span_of("name"));
    return source_set(source, provider, option, (struct span){text, len});
}

int key_add_providers(struct source *source, const char *const *environment)
{
    struct conf *conf = source->conf;
    CHECK(conf->providers_count == 0);
    for (; *environment != NULL; environment++) {
        struct span value = span_of(*environment);
        struct span variable;
        struct span name;
        bool has_value = span_split(&value, '=', &variable) && value.len > 0;
        if (!has_value || !source_is_key(variable, &name)) {
            continue;
        }
        snprintf(source->place, sizeof(source->place), "environment %.*s",
                 REFUSAL_SHOWN(variable));
        int err = add_provider(source, name);
        if (err != 0) {
            return err;
        }
    }
    // The environment has no order that anybody could rely on.
    if (conf->providers_count > 1) {
        qsort(conf->providers, conf->providers_count,
              sizeof(conf->providers[0]), compare_names);
    }
    return 0;
}
