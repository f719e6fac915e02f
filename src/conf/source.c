/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/source.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/refusal.h"
#include "conf/value.h"

#define ENVIRONMENT_START "QUOTED_"

struct conf_provider *source_provider(struct source *source, size_t index)
{
    struct conf *conf = source->conf;
    const struct option_table *table = option_table_of_provider();
    CHECK(index < CONF_PROVIDERS_LIMIT);
    while (conf->providers_count <= index) {
        struct conf_provider *provider =
            &conf->providers[conf->providers_count];
        conf->providers_count++; // so that what is set is freed on failure
        for (size_t i = 0; i < table->count; i++) {
            if (value_set_initial(provider, &table->rows[i]) != 0) {
                return NULL;
            }
        }
    }
    return &conf->providers[index];
}

int source_set(struct source *source, void *base, const struct option *option,
               struct span text)
{
    int err = value_set(base, option, text);
    if (err == 0) {
        return 0;
    }
    if (err == ERR_NOMEM) {
        return refusal_no_memory(source->error);
    }
    char allowed[VALUE_ALLOWED_SIZE];
    value_print_allowed(allowed, option);
    if (option->may_be_secret) {
        return refusal_print(source->error, err,
                             "%s: found another form; allowed: %s",
                             source->place, allowed);
    }
    return refusal_print(source->error, err, "%s: found \"%.*s\"; allowed: %s",
                         source->place, REFUSAL_SHOWN(text), allowed);
}

/* --- Keys that are none -------------------------------------------------- */

void source_list_words(char out[CONF_ERROR_SIZE / 2],
                       const struct option_table *table, struct span section)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        if (span_equal(option_section(option), section)) {
            int more = snprintf(out + len, CONF_ERROR_SIZE / 2 - len, "%s%s",
                                len > 0 ? ", " : "", option_word(option));
            CHECK(more > 0 && (size_t)more < CONF_ERROR_SIZE / 2 - len);
            len += (size_t)more;
        }
    }
}

static char spell(char c)
{
    return (char)(c == '.' ? '_' : c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static int suggest(struct source *source, const char *prefix, const char *key)
{
    char name[SOURCE_KEY_SIZE];
    int len =
        snprintf(name, sizeof(name), "%s%s%s",
                 source->is_environment ? ENVIRONMENT_START : "", prefix, key);
    CHECK(len > 0 && len < SOURCE_KEY_SIZE);
    for (char *c = name; source->is_environment && *c != '\0'; c++) {
        *c = spell(*c);
    }
    return refusal_print(source->error, ERR_SYNTAX,
                         "%s: no such setting; did you mean %s?", source->place,
                         name);
}

/* Who writes "apikey:" has the key itself behind it. */
static bool is_key_itself(struct span wanted)
{
    return span_equal_nocase(wanted, span_of("key")) ||
           span_has_nocase(wanted, span_of("apikey")) ||
           span_has_nocase(wanted, span_of("api_key")) ||
           span_has_nocase(wanted, span_of("token"));
}

int source_refuse_key(struct source *source, const struct option_table *table,
                      const char *prefix, struct span wanted)
{
    bool is_of_provider = table == option_table_of_provider();
    if (is_of_provider && is_key_itself(wanted)) {
        return refusal_print(source->error, ERR_SYNTAX,
                             "%s: a key is no setting; write it to a file and "
                             "name that in key_file, or set QUOTED_<NAME>_KEY",
                             source->place);
    }
    const struct option *near = option_nearest(table, wanted);
    if (near != NULL) {
        return suggest(source, prefix, near->key);
    }
    struct span section = span_of("");
    struct span rest = wanted;
    if (!is_of_provider) {
        span_split(&rest, '.', &section);
    }
    char words[CONF_ERROR_SIZE / 2] = "";
    if (is_of_provider || rest.data != NULL) {
        source_list_words(words, table, section);
    }
    if (words[0] != '\0') {
        return refusal_print(source->error, ERR_SYNTAX,
                             "%s: no such setting; there are %s", source->place,
                             words);
    }
    return refusal_print(source->error, ERR_SYNTAX,
                         "%s: no such setting; quoted.yaml(5) lists them",
                         source->place);
}

/* --- Keys on one line ---------------------------------------------------- */

/* Take "providers.0." (or with _ for the dots) off the front of *key; returns
 * whether it was there. */
static bool take_provider(struct span *key, char separator, uint64_t *index)
{
    const char *word = separator == '_' ? "PROVIDERS" : "providers";
    struct span rest = *key;
    struct span part;
    bool is_there = span_split(&rest, separator, &part) &&
                    span_equal(part, span_of(word)) &&
                    span_split(&rest, separator, &part) &&
                    span_to_u64(part, index) == 0 && rest.data != NULL;
    if (is_there) {
        *key = rest;
    }
    return is_there;
}

/* The row of a key as it is, or of one spelt as in the environment. */
static const struct option *find(const struct source *source,
                                 const struct option_table *table,
                                 struct span key)
{
    if (!source->is_environment) {
        return option_find(table, key);
    }
    for (size_t i = 0; i < table->count; i++) {
        const char *row = table->rows[i].key;
        size_t same = 0;
        while (same < key.len && row[same] != '\0' &&
               spell(row[same]) == key.data[same]) {
            same++;
        }
        if (same == key.len && row[same] == '\0') {
            return &table->rows[i];
        }
    }
    return NULL;
}

static int read_provider(struct source *source, uint64_t index, struct span key,
                         struct span value)
{
    const struct option_table *table = option_table_of_provider();
    if (index >= CONF_PROVIDERS_LIMIT) {
        return refusal_print(source->error, ERR_RANGE,
                             "%s: found provider %llu; allowed: 0 to %d",
                             source->place, (unsigned long long)index,
                             CONF_PROVIDERS_LIMIT - 1);
    }
    const struct option *option = find(source, table, key);
    if (option == NULL) {
        char prefix[32];
        snprintf(prefix, sizeof(prefix), "providers.%d.", (int)index);
        return source_refuse_key(source, table, prefix, key);
    }
    struct conf_provider *provider = source_provider(source, (size_t)index);
    return provider != NULL ? source_set(source, provider, option, value)
                            : refusal_no_memory(source->error);
}

static int read_line(struct source *source, struct span key, struct span value)
{
    uint64_t index;
    if (take_provider(&key, source->is_environment ? '_' : '.', &index)) {
        return read_provider(source, index, key, value);
    }
    const struct option *option = find(source, option_table(), key);
    return option != NULL ? source_set(source, source->conf, option, value)
                          : source_refuse_key(source, option_table(), "", key);
}

static bool ends_with(struct span text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static bool starts_with(struct span text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.data, start, len) == 0;
}

static bool is_spelt(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        if (!is_upper && !(c >= '0' && c <= '9') && c != '_') {
            return false;
        }
    }
    return name.len > 0;
}

bool source_is_key(struct span name, struct span *out)
{
    uint64_t index;
    if (!starts_with(name, ENVIRONMENT_START)) {
        return false;
    }
    name.data += strlen(ENVIRONMENT_START);
    name.len -= strlen(ENVIRONMENT_START);
    struct span rest = name;
    if (take_provider(&rest, '_', &index)) {
        return false;
    }
    const char *end = ends_with(name, "_KEY_FILE") ? "_KEY_FILE" : "_KEY";
    if (!ends_with(name, end)) {
        return false;
    }
    *out = (struct span){name.data, name.len - strlen(end)};
    return is_spelt(*out);
}

/* Kubernetes gives every container the addresses of the services around it,
 * and "quoted" is what people will call theirs. */
static bool is_service(struct span name, struct span value)
{
    return ends_with(name, "_SERVICE_HOST") ||
           span_has_nocase(name, span_of("_SERVICE_PORT")) ||
           (span_has_nocase(name, span_of("_PORT_")) &&
            span_has_nocase(name, span_of("_TCP"))) ||
           (ends_with(name, "_PORT") && starts_with(value, "tcp://"));
}

int source_read_environment(struct source *source,
                            const char *const *environment)
{
    source->is_environment = true;
    for (; *environment != NULL; environment++) {
        struct span value = span_of(*environment);
        struct span name;
        struct span of_key;
        if (!starts_with(value, ENVIRONMENT_START) ||
            !span_split(&value, '=', &name) || value.data == NULL ||
            source_is_key(name, &of_key) || is_service(name, value)) {
            continue;
        }
        snprintf(source->place, sizeof(source->place), "environment %.*s",
                 REFUSAL_SHOWN(name));
        struct span key = {name.data + strlen(ENVIRONMENT_START),
                           name.len - strlen(ENVIRONMENT_START)};
        int err = read_line(source, key, value);
        if (err != 0) {
            return err;
        }
    }
    source->is_environment = false;
    return 0;
}

int source_read_set(struct source *source, const char *set)
{
    struct span value = span_of(set);
    struct span key;
    bool has_key = span_split(&value, '=', &key);
    CHECK(has_key && !source->is_environment);
    snprintf(source->place, sizeof(source->place), "--set %.*s",
             REFUSAL_SHOWN(key));
    if (value.data == NULL) {
        return refusal_print(source->error, ERR_SYNTAX,
                             "%s: found no value; allowed: --set key=value",
                             source->place);
    }
    return read_line(source, key, value);
}
