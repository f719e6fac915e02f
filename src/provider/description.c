/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map is read through a table of its keys, each with a function that reads
 * the value; the table also is the list of what is allowed, for the error text.
 */
#include "provider/description.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/yaml.h"
#include "provider/document.h"
#include "provider/provider_priv.h"
#include "provider/template.h"
#include "provider/words.h"

/* A reading of one document.  The first failure stays; readers may go on after
 * it, and what they fill in is thrown away. */
struct reader {
    struct provider *provider;
    struct provider_rule *rule; /* the one being read */
    enum quote_number number;   /* the one being read */
    const struct yaml *yaml;
    char *error;
    bool failed;
};

/* A key and the function that reads its value. */
struct entry {
    const char *key;
    void (*read)(struct reader *reader, int node);
    enum quote_number number; /* for read_number() */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts in messages are cut to this: "%.*s" with SHOWN(span). */
#define SHOWN_LEN_MAX 60
#define SHOWN(text) \
    (int)((text).len < SHOWN_LEN_MAX ? (text).len : SHOWN_LEN_MAX), (text).data

__attribute__((format(printf, 3, 4))) static void fail(struct reader *reader,
                                                       int node,
                                                       const char *format, ...)
{
    if (reader->failed) {
        return;
    }
    reader->failed = true;
    char cause[PROVIDER_ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    char where[32];
    int len = snprintf(where, sizeof(where),
                       "line %zu: ", yaml_line(reader->yaml, node));
    CHECK(len > 0 && (size_t)len < sizeof(where));
    // The cause quotes the document, which may hold anything in quotes.
    struct words words;
    words_init(&words, reader->error, PROVIDER_ERROR_SIZE, span_of(""));
    words_put(&words, span_of(where));
    words_put(&words, span_of(cause));
}

/* --- Values --------------------------------------------------------------- */

/* A scalar on one line; "" and an error for anything else. */
static struct span read_text(struct reader *reader, int node)
{
    struct span text = yaml_text(reader->yaml, node);
    if (yaml_kind_of(reader->yaml, node) != YAML_SCALAR) {
        fail(reader, node, "a text is expected here");
        return span_of("");
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ') {
            fail(reader, node, "a text on one line is expected here");
            return span_of("");
        }
    }
    return text;
}

/* A word that has to be a certain one. */
static void read_word(struct reader *reader, int node, const char *only)
{
    struct span text = read_text(reader, node);
    if (!span_equal(text, span_of(only))) {
        fail(reader, node, "\"%.*s\" is not known; allowed is %s", SHOWN(text),
             only);
    }
}

static void add_text(struct reader *reader, int node,
                     struct provider_texts *out)
{
    struct span text = read_text(reader, node);
    if (text.len == 0) {
        fail(reader, node, "a text is expected here");
    } else if (out->count == PROVIDER_TEXTS_LIMIT) {
        fail(reader, node, "more than %d texts in one list",
             PROVIDER_TEXTS_LIMIT);
    } else {
        out->items[out->count++] = text;
    }
}

/* One text, or a list of them. */
static void read_texts(struct reader *reader, int node,
                       struct provider_texts *out)
{
    *out = (struct provider_texts){.count = 0};
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        add_text(reader, node, out);
        return;
    }
    if (yaml_count(reader->yaml, node) == 0) {
        fail(reader, node, "the list is empty");
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        add_text(reader, yaml_item(reader->yaml, node, i), out);
    }
}

static void check_pointer(struct reader *reader, int node, struct span text)
{
    if (!document_is_pointer(text)) {
        fail(reader, node,
             "\"%.*s\" is no JSON pointer; one looks like /Global Quote/05. "
             "price",
             SHOWN(text));
    }
}

static void read_pointers(struct reader *reader, int node,
                          struct provider_texts *out)
{
    read_texts(reader, node, out);
    for (size_t i = 0; i < out->count; i++) {
        check_pointer(reader, node, out->items[i]);
    }
}

/* Append the keys of a table to a text, as far as there is room. */
static void list_keys(const struct entry *entries, size_t count,
                      char out[PROVIDER_ERROR_SIZE])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < PROVIDER_ERROR_SIZE; i++) {
        len += (size_t)snprintf(out + len, PROVIDER_ERROR_SIZE - len, "%s%s",
                                i > 0 ? ", " : "", entries[i].key);
    }
}

static void read_pair(struct reader *reader, int node, size_t at,
                      const struct entry *entries, size_t count)
{
    int key = yaml_key(reader->yaml, node, at);
    struct span word = yaml_text(reader->yaml, key);
    for (size_t i = 0; i < count; i++) {
        if (span_equal(word, span_of(entries[i].key))) {
            reader->number = entries[i].number;
            entries[i].read(reader, yaml_item(reader->yaml, node, at));
            return;
        }
    }
    char allowed[PROVIDER_ERROR_SIZE];
    list_keys(entries, count, allowed);
    fail(reader, key, "\"%.*s\" is not known here; allowed are %s", SHOWN(word),
         allowed);
}

static void read_map(struct reader *reader, int node,
                     const struct entry *entries, size_t count)
{
    if (yaml_kind_of(reader->yaml, node) != YAML_MAP) {
        fail(reader, node, "keys and values are expected here");
        return;
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        read_pair(reader, node, i, entries, count);
    }
}

/* --- Error rules ---------------------------------------------------------- */

/* The class of a name; PROVIDER_CLASS_COUNT where there is none. */
static enum provider_class find_class(struct span name)
{
    enum provider_class class = PROVIDER_OK;
    while (class < PROVIDER_CLASS_COUNT &&
           !span_equal(name, span_of(provider_class_name(class)))) {
        class ++;
    }
    return class;
}

static void read_rule_is(struct reader *reader, int node)
{
    struct span name = read_text(reader, node);
    enum provider_class class = find_class(name);
    if (class == PROVIDER_CLASS_COUNT || class == PROVIDER_OK) {
        fail(reader, node, "\"%.*s\" is no class of errors", SHOWN(name));
    }
    reader->rule->class = class;
}

static void read_rule_status(struct reader *reader, int node)
{
    uint64_t status;
    if (span_to_u64(read_text(reader, node), &status) != 0 || status < 100 ||
        status > 999) {
        fail(reader, node, "an HTTP status is expected here, such as 429");
        return;
    }
    reader->rule->status = (int)status;
}

static void read_rule_at(struct reader *reader, int node)
{
    read_pointers(reader, node, &reader->rule->at);
}

static void read_rule_eq(struct reader *reader, int node)
{
    read_texts(reader, node, &reader->rule->eq);
}

static void read_rule_has(struct reader *reader, int node)
{
    read_texts(reader, node, &reader->rule->has);
}

static void read_rule(struct reader *reader, int node)
{
    static const struct entry entries[] = {
        {"is", read_rule_is, 0},   {"status", read_rule_status, 0},
        {"at", read_rule_at, 0},   {"eq", read_rule_eq, 0},
        {"has", read_rule_has, 0},
    };
    struct provider *provider = reader->provider;
    if (provider->errors_count == PROVIDER_RULES_LIMIT) {
        fail(reader, node, "more than %d rules", PROVIDER_RULES_LIMIT);
        return;
    }
    struct provider_rule *rule = &provider->errors[provider->errors_count++];
    *rule = (struct provider_rule){.class = PROVIDER_OK};
    reader->rule = rule;
    read_map(reader, node, entries, COUNT(entries));
    if (rule->class == PROVIDER_OK) {
        fail(reader, node, "the rule has no \"is\": the class it stands for");
    } else if (rule->status == 0 && rule->at.count + rule->has.count == 0) {
        fail(reader, node, "the rule has no condition: status, at or has");
    } else if (rule->eq.count > 0 && rule->at.count == 0) {
        fail(reader, node, "\"eq\" needs \"at\": a pointer to what is equal");
    } else if (rule->eq.count > 0 && rule->has.count > 0) {
        fail(reader, node, "a rule has \"eq\" or \"has\", not both");
    }
}

static void read_errors(struct reader *reader, int node)
{
    reader->provider->errors_count = 0;
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        fail(reader, node, "a list of rules is expected here");
        return;
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        read_rule(reader, yaml_item(reader->yaml, node, i));
    }
}

/* --- Limits --------------------------------------------------------------- */

static void read_limit(struct reader *reader, int node)
{
    static const struct {
        const char *word;
        enum provider_class window;
    } windows[] = {
        {"s", PROVIDER_LIMIT_SECOND}, {"m", PROVIDER_LIMIT_MINUTE},
        {"h", PROVIDER_LIMIT_HOUR},   {"d", PROVIDER_LIMIT_DAY},
        {"mo", PROVIDER_LIMIT_MONTH},
    };
    const struct yaml *yaml = reader->yaml;
    struct provider *provider = reader->provider;
    struct provider_limit limit = {0, PROVIDER_OK};
    struct span calls = yaml_text(yaml, yaml_item(yaml, node, 0));
    struct span word = yaml_text(yaml, yaml_item(yaml, node, 1));
    for (size_t i = 0; i < COUNT(windows); i++) {
        if (span_equal(word, span_of(windows[i].word))) {
            limit.window = windows[i].window;
        }
    }
    if (yaml_kind_of(yaml, node) != YAML_LIST || yaml_count(yaml, node) != 2 ||
        span_to_u64(calls, &limit.calls) != 0 || limit.calls == 0 ||
        limit.window == PROVIDER_OK) {
        fail(reader, node,
             "a limit is [CALLS, WINDOW], such as [25, d]; windows are "
             "s, m, h, d, mo");
    } else if (provider->limits_count == PROVIDER_LIMITS_LIMIT) {
        fail(reader, node, "more than %d limits", PROVIDER_LIMITS_LIMIT);
    } else {
        provider->limits[provider->limits_count++] = limit;
    }
}

static void read_limits(struct reader *reader, int node)
{
    reader->provider->limits_count = 0;
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        fail(reader, node, "a list of limits is expected here");
        return;
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        read_limit(reader, yaml_item(reader->yaml, node, i));
    }
}

/* --- URLs ----------------------------------------------------------------- */

static void read_origin(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    if (!template_is_origin(text)) {
        fail(reader, node,
             "an origin is http://HOST:PORT or https://HOST:PORT");
    }
    reader->provider->origin = text;
}

static void read_url(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    const char *fault = template_fault(text);
    if (fault != NULL) {
        fail(reader, node, "%s", fault);
    }
    reader->provider->quote.url = text;
}

/* --- The endpoint --------------------------------------------------------- */

static void read_format(struct reader *reader, int node)
{
    read_word(reader, node, "json");
}

static void read_shape(struct reader *reader, int node)
{
    read_word(reader, node, "object");
}

static void read_rows(struct reader *reader, int node)
{
    // "" is the whole document, and so no empty text as in other lists.
    struct provider_texts *rows = &reader->provider->quote.rows;
    if (yaml_kind_of(reader->yaml, node) == YAML_SCALAR &&
        yaml_text(reader->yaml, node).len == 0) {
        *rows = (struct provider_texts){.items = {span_of("")}, .count = 1};
        return;
    }
    read_pointers(reader, node, rows);
}

static void read_id(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    check_pointer(reader, node, text);
    reader->provider->quote.id = text;
}

/* Pointers of a field that takes no flag: "/05. price". */
static void read_plain_field(struct reader *reader, int node,
                             struct provider_texts *out)
{
    read_pointers(reader, node, out);
    for (size_t i = 0; i < out->count; i++) {
        if (memchr(out->items[i].data, '|', out->items[i].len) != NULL) {
            fail(reader, node, "\"%.*s\": this field takes no flag",
                 SHOWN(out->items[i]));
        }
    }
}

/* Pointers to a date: "/07. latest trading day|day America/New_York".  The zone
 * is there for readers; a date is kept as a date and needs none. */
static void read_time(struct reader *reader, int node)
{
    struct provider_texts *days = &reader->provider->quote.days;
    read_texts(reader, node, days);
    for (size_t i = 0; i < days->count; i++) {
        struct span rest = days->items[i];
        struct span pointer;
        struct span flag;
        span_split(&rest, '|', &pointer);
        span_split(&rest, ' ', &flag);
        check_pointer(reader, node, pointer);
        if (!span_equal(flag, span_of("day"))) {
            fail(reader, node,
                 "\"%.*s\": a time is POINTER|day ZONE, such as "
                 "/date|day America/New_York",
                 SHOWN(days->items[i]));
        }
        days->items[i] = pointer;
    }
}

static void read_currency_field(struct reader *reader, int node)
{
    read_plain_field(reader, node, &reader->provider->quote.currency);
}

static void read_number(struct reader *reader, int node)
{
    CHECK(reader->number < QUOTE_NUMBERS);
    read_plain_field(reader, node,
                     &reader->provider->quote.numbers[reader->number]);
}

static void read_fields(struct reader *reader, int node)
{
    static const struct entry entries[] = {
        {"price", read_number, QUOTE_PRICE},
        {"prev", read_number, QUOTE_PREVIOUS_CLOSE},
        {"open", read_number, QUOTE_OPEN},
        {"high", read_number, QUOTE_HIGH},
        {"low", read_number, QUOTE_LOW},
        {"volume", read_number, QUOTE_VOLUME},
        {"change", read_number, QUOTE_CHANGE},
        {"pct", read_number, QUOTE_CHANGE_PERCENT},
        {"time", read_time, 0},
        {"currency", read_currency_field, 0},
    };
    read_map(reader, node, entries, COUNT(entries));
}

static void read_quote(struct reader *reader, int node)
{
    static const struct entry entries[] = {
        {"url", read_url, 0},   {"format", read_format, 0},
        {"rows", read_rows, 0}, {"shape", read_shape, 0},
        {"id", read_id, 0},     {"fields", read_fields, 0},
    };
    reader->provider->quote = (struct provider_endpoint){.url = span_of("")};
    read_map(reader, node, entries, COUNT(entries));
}

static void read_endpoints(struct reader *reader, int node)
{
    static const struct entry entries[] = {{"quote", read_quote, 0}};
    read_map(reader, node, entries, COUNT(entries));
}

/* --- The provider --------------------------------------------------------- */

static void read_like(struct reader *reader, int node)
{
    read_text(reader, node); // followed by provider.c
}

static void read_key(struct reader *reader, int node)
{
    read_word(reader, node, "query");
    reader->provider->has_key = true;
}

static void read_key_default(struct reader *reader, int node)
{
    reader->provider->key_default = read_text(reader, node);
}

static void read_key_page(struct reader *reader, int node)
{
    reader->provider->key_page = read_text(reader, node);
}

static void read_currency(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    if (text.len == 0 || text.len >= QUOTE_CURRENCY_SIZE) {
        fail(reader, node, "a currency is expected here, such as USD");
    }
    reader->provider->currency = text;
}

static void read_symbol_case(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    reader->provider->is_lower_case = span_equal(text, span_of("lower"));
    if (!reader->provider->is_lower_case &&
        !span_equal(text, span_of("upper"))) {
        fail(reader, node, "\"%.*s\" is not known; allowed are upper, lower",
             SHOWN(text));
    }
}

static void read_symbol(struct reader *reader, int node)
{
    static const struct entry entries[] = {{"case", read_symbol_case, 0}};
    read_map(reader, node, entries, COUNT(entries));
}

struct span description_like(const struct yaml *yaml)
{
    return yaml_text(yaml, yaml_find(yaml, yaml_root(yaml), "like"));
}

int description_read(struct provider *provider, const struct yaml *yaml,
                     char error[PROVIDER_ERROR_SIZE])
{
    static const struct entry entries[] = {
        {"like", read_like, 0},
        {"key", read_key, 0},
        {"key_default", read_key_default, 0},
        {"key_page", read_key_page, 0},
        {"origin", read_origin, 0},
        {"currency", read_currency, 0},
        {"symbol", read_symbol, 0},
        {"limits", read_limits, 0},
        {"errors", read_errors, 0},
        {"endpoints", read_endpoints, 0},
    };
    struct reader reader = {
        .provider = provider,
        .yaml = yaml,
        .error = error,
    };
    read_map(&reader, yaml_root(yaml), entries, COUNT(entries));
    return reader.failed ? ERR_SYNTAX : 0;
}

int description_check(const struct provider *provider,
                      char error[PROVIDER_ERROR_SIZE])
{
    const struct provider_endpoint *quote = &provider->quote;
    const char *cause = NULL;
    if (quote->url.len == 0) {
        cause = "there is no endpoints.quote.url";
    } else if (quote->rows.count == 0) {
        cause = "there is no endpoints.quote.rows";
    } else if (quote->numbers[QUOTE_PRICE].count == 0) {
        cause = "there is no endpoints.quote.fields.price";
    } else if (template_has_key(quote->url) != provider->has_key) {
        cause = "\"key: query\" and {key} in the URL go together";
    }
    if (cause == NULL) {
        return 0;
    }
    snprintf(error, PROVIDER_ERROR_SIZE, "%s", cause);
    return ERR_SYNTAX;
}
