/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/resource.h"

#include <string.h>

#include "base/check.h"
#include "provider/rule.h"
#include "provider/template.h"

#define NAME_LEN_LIMIT 24

/* --- How it is asked ------------------------------------------------------ */

static void read_url(struct clause *clause, void *into, int node)
{
    struct span text = clause_text(clause, node);
    const char *fault = template_url_fault(text);
    if (fault != NULL) {
        clause_fail(clause, node, "%s", fault);
    }
    ((struct provider_endpoint *)into)->url = text;
}

static void read_min(struct clause *clause, void *into, int node)
{
    ((struct provider_endpoint *)into)->min =
        clause_number(clause, node, 1, PROVIDER_SYMBOLS_LIMIT);
}

static void read_max(struct clause *clause, void *into, int node)
{
    ((struct provider_endpoint *)into)->max =
        clause_number(clause, node, 1, PROVIDER_SYMBOLS_LIMIT);
}

static void read_sep(struct clause *clause, void *into, int node)
{
    ((struct provider_endpoint *)into)->sep = clause_part(clause, node);
}

static void read_delay(struct clause *clause, void *into, int node)
{
    ((struct provider_endpoint *)into)->delay =
        clause_delay(clause, node, clause_text(clause, node));
}

/* --- Where the data is ---------------------------------------------------- */

static void read_format(struct clause *clause, void *into, int node)
{
    static const struct clause_word words[] = {{"json", 0}, {"csv", 1}};
    ((struct provider_endpoint *)into)->is_csv =
        clause_word(clause, node, words, CLAUSE_COUNT(words)) != 0;
}

static void read_shape(struct clause *clause, void *into, int node)
{
    static const struct clause_word words[] = {
        {"object", PROVIDER_OBJECT},
        {"array", PROVIDER_ARRAY},
        {"map", PROVIDER_MAP},
    };
    ((struct provider_endpoint *)into)->shape =
        (enum provider_shape)clause_word(clause, node, words,
                                         CLAUSE_COUNT(words));
}

/* Part a text in two: what stands before a | and the flag behind it, "" for
 * none. */
static struct span take_flag(struct clause *clause, int node, struct span text,
                             struct span *flag)
{
    struct span rest = text;
    struct span front;
    span_split(&rest, '|', &front);
    *flag = rest.data != NULL ? rest : span_of("");
    if (rest.data != NULL && rest.len == 0) {
        clause_fail(clause, node, "\"%.*s\": there is no flag behind the |",
                    CLAUSE_SHOWN(text));
    }
    return front;
}

/* As above, where a pointer stands before the flag. */
static struct span take_pointer(struct clause *clause, int node,
                                struct span text, struct span *flag)
{
    struct span pointer = take_flag(clause, node, text, flag);
    clause_check_pointer(clause, node, pointer);
    return pointer;
}

static void add_row(struct clause *clause, void *into, int node)
{
    struct provider_rows *rows = &((struct provider_endpoint *)into)->rows;
    struct span text = clause_text(clause, node); // "" is the whole document
    struct span flag;
    struct provider_row row = {.pointer =
                                   take_pointer(clause, node, text, &flag)};
    if (flag.len > 0) {
        struct span word;
        span_split(&flag, ' ', &word);
        if (!span_equal(word, span_of("delay"))) {
            clause_fail(clause, node,
                        "\"%.*s\": the flag of a place is |delay TIME",
                        CLAUSE_SHOWN(text));
            return;
        }
        row.delay = clause_delay(clause, node, flag);
    }
    if (rows->count == PROVIDER_TEXTS_LIMIT) {
        clause_fail(clause, node, "more than %d places", PROVIDER_TEXTS_LIMIT);
        return;
    }
    rows->items[rows->count++] = row;
}

static void read_rows(struct clause *clause, void *into, int node)
{
    ((struct provider_endpoint *)into)->rows.count = 0;
    if (clause_is_text(clause, node)) {
        add_row(clause, into, node);
    } else {
        clause_list(clause, into, node, add_row);
    }
}

static void read_id(struct clause *clause, void *into, int node)
{
    struct provider_endpoint *endpoint = into;
    struct span text = clause_words(clause, node);
    struct span flag;
    endpoint->id = take_pointer(clause, node, text, &flag);
    endpoint->id_is_bare = span_equal(flag, span_of("bare"));
    if (flag.len > 0 && !endpoint->id_is_bare) {
        clause_fail(clause, node, "\"%.*s\": the flag of an id is |bare",
                    CLAUSE_SHOWN(text));
    }
}

/* --- Where the fields are ------------------------------------------------- */

static void read_number(struct clause *clause, void *into, int node)
{
    struct provider_endpoint *endpoint = into;
    CHECK(clause->number >= 0 && clause->number < PROVIDER_NUMBERS);
    bool is_price = clause->number == QUOTE_PRICE;
    struct provider_places *places = &endpoint->numbers[clause->number];
    struct provider_texts texts;
    clause_texts(clause, node, &texts);
    places->count = texts.count;
    for (size_t i = 0; i < texts.count; i++) {
        struct provider_place *place = &places->items[i];
        struct span flag;
        place->pointer = take_pointer(clause, node, texts.items[i], &flag);
        place->is_stale = is_price && span_equal(flag, span_of("stale"));
        if (flag.len > 0 && !place->is_stale) {
            clause_fail(clause, node, "\"%.*s\": this field takes %s",
                        CLAUSE_SHOWN(texts.items[i]),
                        is_price ? "no flag but |stale" : "no flag");
        }
    }
}

/* "/Date+/Time": two members, whose texts make one. */
static void read_time_pointers(struct clause *clause, int node,
                               struct span text, struct provider_time *out)
{
    struct span pointer;
    out->pointers_count = 0;
    while (span_split(&text, '+', &pointer)) {
        if (out->pointers_count == CLAUSE_COUNT(out->pointers)) {
            clause_fail(clause, node, "at most two members are joined");
            return;
        }
        clause_check_pointer(clause, node, pointer);
        out->pointers[out->pointers_count++] = pointer;
    }
}

static void read_time_form(struct clause *clause, int node, struct span flag,
                           struct provider_time *out)
{
    static const struct {
        const char *word;
        enum moment_form form;
        bool takes_zone;
        bool needs_zone;
    } forms[] = {
        {"s", MOMENT_UNIX_S, false, false},
        {"ms", MOMENT_UNIX_MS, false, false},
        {"ns", MOMENT_UNIX_NS, false, false},
        {"iso", MOMENT_ISO, false, false},
        {"day", MOMENT_DAY, true, false},
        {"local", MOMENT_LOCAL, true, true},
    };
    struct span zone = flag;
    struct span word;
    span_split(&zone, ' ', &word);
    bool has_zone = zone.len > 0;
    for (size_t i = 0; i < CLAUSE_COUNT(forms); i++) {
        if (span_equal(word, span_of(forms[i].word)) &&
            has_zone <= forms[i].takes_zone &&
            has_zone >= forms[i].needs_zone) {
            out->form = forms[i].form;
            out->zone = has_zone ? clause_zone(clause, node, zone) : NULL;
            return;
        }
    }
    clause_fail(clause, node,
                "\"%.*s\": a time is POINTER|FORM; forms are s, ms, ns, iso, "
                "day, day ZONE, local ZONE",
                CLAUSE_SHOWN(flag));
}

static void read_time(struct clause *clause, void *into, int node)
{
    struct provider_times *times = &((struct provider_endpoint *)into)->times;
    struct provider_texts texts;
    clause_texts(clause, node, &texts);
    times->count = texts.count;
    for (size_t i = 0; i < texts.count; i++) {
        struct span flag;
        struct span front = take_flag(clause, node, texts.items[i], &flag);
        read_time_pointers(clause, node, front, &times->items[i]);
        read_time_form(clause, node, flag, &times->items[i]);
    }
}

/* Places of a text, which take no flag. */
static void read_places(struct clause *clause, int node,
                        struct provider_texts *out)
{
    clause_texts(clause, node, out);
    for (size_t i = 0; i < out->count; i++) {
        struct span flag;
        take_pointer(clause, node, out->items[i], &flag);
        if (flag.len > 0) {
            clause_fail(clause, node, "\"%.*s\": this field takes no flag",
                        CLAUSE_SHOWN(out->items[i]));
        }
    }
}

static void read_currency(struct clause *clause, void *into, int node)
{
    read_places(clause, node, &((struct provider_endpoint *)into)->currency);
}

static void read_mic(struct clause *clause, void *into, int node)
{
    read_places(clause, node, &((struct provider_endpoint *)into)->mic);
}

static void read_fields(struct clause *clause, void *into, int node)
{
    static const struct clause_entry entries[] = {
        {"price", read_number, QUOTE_PRICE},
        {"prev", read_number, QUOTE_PREVIOUS_CLOSE},
        {"open", read_number, QUOTE_OPEN},
        {"high", read_number, QUOTE_HIGH},
        {"low", read_number, QUOTE_LOW},
        {"volume", read_number, QUOTE_VOLUME},
        {"change", read_number, QUOTE_CHANGE},
        {"pct", read_number, QUOTE_CHANGE_PERCENT},
        {"bid", read_number, PROVIDER_BID},
        {"ask", read_number, PROVIDER_ASK},
        {"time", read_time, 0},
        {"currency", read_currency, 0},
        {"mic", read_mic, 0},
    };
    struct provider_endpoint *endpoint = into;
    memset(endpoint->numbers, 0, sizeof(endpoint->numbers));
    endpoint->currency.count = 0;
    endpoint->mic.count = 0;
    endpoint->times.count = 0;
    clause_map(clause, endpoint, node, entries, CLAUSE_COUNT(entries));
}

/* --- The endpoint --------------------------------------------------------- */

static void read_errors(struct clause *clause, void *into, int node)
{
    rule_read_all(clause, &((struct provider_endpoint *)into)->errors, node);
}

/* What it is like was copied before anything else was read (begin()). */
static void read_like(struct clause *clause, void *into, int node)
{
    (void)into;
    clause_words(clause, node);
}

size_t resource_find(const struct provider *provider, struct span name)
{
    size_t at = 0;
    while (at < provider->endpoints_count &&
           !span_equal(provider->endpoints[at].name, name)) {
        at++;
    }
    return at;
}

static bool is_name(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_good =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (!is_good) {
            return false;
        }
    }
    return text.len > 0 && text.len <= NAME_LEN_LIMIT;
}

/* Begin an endpoint: as the one it is like, or with what is usual. */
static void begin(struct clause *clause, struct provider_endpoint *endpoint,
                  struct span name, int node)
{
    const struct provider *provider = clause->provider;
    int like = clause_find(clause, node, "like");
    if (like == 0) {
        memset(endpoint, 0, sizeof(*endpoint));
        endpoint->min = 1;
        endpoint->max = 1;
        endpoint->sep = span_of(",");
    } else {
        struct span model = clause_text(clause, like);
        size_t at = resource_find(provider, model);
        if (at < provider->endpoints_count) {
            memmove(endpoint, &provider->endpoints[at], sizeof(*endpoint));
        } else {
            clause_fail(clause, like,
                        "there is no endpoint \"%.*s\" before this one",
                        CLAUSE_SHOWN(model));
        }
    }
    endpoint->name = name;
}

static void read_endpoint(struct clause *clause, void *into, int key, int node)
{
    static const struct clause_entry entries[] = {
        {"like", read_like, 0},     {"url", read_url, 0},
        {"min", read_min, 0},       {"max", read_max, 0},
        {"sep", read_sep, 0},       {"format", read_format, 0},
        {"rows", read_rows, 0},     {"shape", read_shape, 0},
        {"id", read_id, 0},         {"fields", read_fields, 0},
        {"errors", read_errors, 0}, {"delay", read_delay, 0},
    };
    struct provider *provider = into;
    struct span name = clause_name(clause, key);
    size_t at = resource_find(provider, name);
    if (!is_name(name)) {
        clause_fail(clause, key,
                    "the name of an endpoint is 1 to %d of a-z, 0-9 and _",
                    NAME_LEN_LIMIT);
        return;
    }
    if (at == PROVIDER_ENDPOINTS_LIMIT) {
        clause_fail(clause, key, "more than %d endpoints",
                    PROVIDER_ENDPOINTS_LIMIT);
        return;
    }
    struct provider_endpoint *endpoint = &provider->endpoints[at];
    begin(clause, endpoint, name, node);
    provider->endpoints_count += at == provider->endpoints_count;
    clause_map(clause, endpoint, node, entries, CLAUSE_COUNT(entries));
}

void resource_read_all(struct clause *clause, void *into, int node)
{
    clause_pairs(clause, into, node, read_endpoint);
}

/* --- What has to be there ------------------------------------------------- */

bool resource_has_price(const struct provider_endpoint *endpoint)
{
    return endpoint->numbers[QUOTE_PRICE].count > 0;
}

static const char *batch_fault(const struct provider_endpoint *endpoint)
{
    unsigned places = template_places(endpoint->url);
    bool is_file = template_is_file(endpoint->url);
    bool takes_many = (places & (TEMPLATE_SYMS | TEMPLATE_REST)) != 0;
    if (endpoint->min > endpoint->max) {
        return "min is above max";
    }
    if (endpoint->max > 1 && !takes_many && !is_file) {
        return "max is above 1, and the URL has neither {syms} nor {rest}";
    }
    if ((places & TEMPLATE_REST) != 0 && endpoint->min < 2) {
        return "an URL with {rest} needs min: 2";
    }
    return NULL;
}

static const char *shape_fault(const struct provider_endpoint *endpoint)
{
    bool is_many = endpoint->max > 1 || template_is_file(endpoint->url);
    bool has_id = endpoint->id.len > 0;
    if (endpoint->is_csv && endpoint->shape != PROVIDER_ARRAY) {
        return "CSV has shape: array";
    }
    if (endpoint->shape == PROVIDER_OBJECT && is_many) {
        return "several symbols need shape: array or map";
    }
    if (endpoint->shape == PROVIDER_ARRAY && is_many && !has_id) {
        return "an array of several symbols needs an id";
    }
    return NULL;
}

const char *resource_fault(const struct provider_endpoint *endpoint)
{
    const struct provider_places *numbers = endpoint->numbers;
    if (endpoint->url.len == 0) {
        return "there is no url";
    }
    if (endpoint->rows.count == 0) {
        return "there are no rows: the place of the data";
    }
    if (numbers[QUOTE_PRICE].count == 0 && numbers[PROVIDER_BID].count == 0 &&
        numbers[PROVIDER_ASK].count == 0) {
        return "there is no fields.price";
    }
    const char *fault = batch_fault(endpoint);
    return fault != NULL ? fault : shape_fault(endpoint);
}
