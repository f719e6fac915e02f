/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/description.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "conf/yaml.h"
#include "provider/clause.h"
#include "provider/resource.h"
#include "provider/rule.h"
#include "provider/spelling.h"
#include "provider/template.h"

/* What is enough for every provider but one, with room to spare. */
#define HEADER_MAX_USUAL 16384u
#define HEADER_MAX_LEAST 1024u
#define HEADER_MAX_LIMIT (1u << 20)

/* The largest count of a limit; budget/budget.h's. */
#define LIMIT_COUNT_LIMIT 1000000000u

/* --- Keys and headers ----------------------------------------------------- */

static void read_like(struct clause *clause, void *into, int node)
{
    (void)into;
    clause_words(clause, node); // followed by provider.c
}

static void check_header(struct clause *clause, int node, struct span text)
{
    const char *fault = template_header_fault(text);
    if (fault != NULL) {
        clause_fail(clause, node, "%s", fault);
    }
}

static void read_key(struct clause *clause, void *into, int node)
{
    struct provider *provider = into;
    struct span text = clause_words(clause, node);
    provider->key_in_query = span_equal(text, span_of("query"));
    provider->key_line = span_of("");
    if (provider->key_in_query) {
        return;
    }
    if ((template_places(text) & TEMPLATE_KEY) == 0) {
        clause_fail(clause, node,
                    "\"%.*s\" is not known; allowed are query, and a header "
                    "line with {key} in it",
                    CLAUSE_SHOWN(text));
    }
    check_header(clause, node, text);
    provider->key_line = text;
}

static void read_headers(struct clause *clause, void *into, int node)
{
    struct provider *provider = into;
    clause_texts(clause, node, &provider->headers);
    for (size_t i = 0; i < provider->headers.count; i++) {
        check_header(clause, node, provider->headers.items[i]);
    }
}

static void read_key_default(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->key_default = clause_words(clause, node);
}

static void read_key_page(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->key_page = clause_text(clause, node);
}

static void read_origin(struct clause *clause, void *into, int node)
{
    struct span text = clause_text(clause, node);
    if (!template_is_origin(text)) {
        clause_fail(clause, node,
                    "an origin is http://HOST:PORT or https://HOST:PORT");
    }
    ((struct provider *)into)->origin = text;
}

/* --- Limits --------------------------------------------------------------- */

static const struct clause_word windows[] = {
    {"s", PROVIDER_LIMIT_SECOND}, {"m", PROVIDER_LIMIT_MINUTE},
    {"h", PROVIDER_LIMIT_HOUR},   {"d", PROVIDER_LIMIT_DAY},
    {"mo", PROVIDER_LIMIT_MONTH},
};

static const struct clause_word costs[] = {
    {"request", PROVIDER_COST_REQUEST},
    {"symbol", PROVIDER_COST_SYMBOL},
    {"distinct", PROVIDER_COST_DISTINCT},
};

static bool find_word(struct span text, const struct clause_word *words,
                      size_t count, int *meaning)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(text, span_of(words[i].word))) {
            *meaning = words[i].meaning;
            return true;
        }
    }
    return false;
}

static bool parse_limit(const struct yaml *yaml, int node,
                        struct provider_limit *out)
{
    size_t parts = yaml_count(yaml, node);
    struct span number = yaml_text(yaml, yaml_item(yaml, node, 0));
    struct span word = yaml_text(yaml, yaml_item(yaml, node, 1));
    uint64_t count;
    int window;
    int cost = PROVIDER_COST_REQUEST;
    if (yaml_kind_of(yaml, node) != YAML_LIST || parts < 2 || parts > 3 ||
        span_to_u64(number, &count) != 0 || count == 0 ||
        count > LIMIT_COUNT_LIMIT ||
        !find_word(word, windows, CLAUSE_COUNT(windows), &window)) {
        return false;
    }
    word = yaml_text(yaml, yaml_item(yaml, node, 2));
    if (parts == 3 && !find_word(word, costs, CLAUSE_COUNT(costs), &cost)) {
        return false;
    }
    // Which symbols were asked for is kept for long windows alone.
    if (cost == PROVIDER_COST_DISTINCT && window != PROVIDER_LIMIT_DAY &&
        window != PROVIDER_LIMIT_MONTH) {
        return false;
    }
    out->count = (uint32_t)count;
    out->window = (enum provider_class)window;
    out->cost = (enum provider_cost)cost;
    return true;
}

static void read_limit(struct clause *clause, void *into, int node)
{
    struct provider *provider = into;
    struct provider_limit limit = {0};
    if (!parse_limit(clause->yaml, node, &limit)) {
        clause_fail(clause, node,
                    "a limit is [COUNT, WINDOW] or [COUNT, WINDOW, COST], such "
                    "as [25, d]; windows are s, m, h, d, mo; costs are "
                    "request, symbol, and with d and mo distinct");
    } else if (provider->limits_count == PROVIDER_LIMITS_LIMIT) {
        clause_fail(clause, node, "more than %d limits", PROVIDER_LIMITS_LIMIT);
    } else {
        provider->limits[provider->limits_count++] = limit;
    }
}

static void read_limits(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->limits_count = 0;
    clause_list(clause, into, node, read_limit);
}

static void read_turn_hour(struct clause *clause, void *into, int node)
{
    ((struct provider_turn *)into)->hour =
        (unsigned)clause_number(clause, node, 0, 23);
}

static void read_turn_zone(struct clause *clause, void *into, int node)
{
    struct span name = clause_words(clause, node);
    bool is_utc = span_equal(name, span_of("UTC"));
    // Without zones on this machine it is UTC's, too.
    ((struct provider_turn *)into)->zone =
        is_utc ? NULL : clause_zone(clause, node, name);
}

static void read_turn(struct clause *clause, void *into, int node)
{
    static const struct clause_entry entries[] = {
        {"hour", read_turn_hour, 0},
        {"zone", read_turn_zone, 0},
    };
    struct provider *provider = into;
    if (provider->turns_count == PROVIDER_TURNS_LIMIT) {
        clause_fail(clause, node, "more than %d turns", PROVIDER_TURNS_LIMIT);
        return;
    }
    struct provider_turn *turn = &provider->turns[provider->turns_count++];
    *turn = (struct provider_turn){.zone = NULL};
    clause_map(clause, turn, node, entries, CLAUSE_COUNT(entries));
    if (clause_find(clause, node, "zone") == 0) {
        clause_fail(clause, node, "there is no zone, such as UTC");
    }
}

/* One, or a list of those of which one is right. */
static void read_turns(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->turns_count = 0;
    if (clause_is_list(clause, node)) {
        clause_list(clause, into, node, read_turn);
    } else {
        read_turn(clause, into, node);
    }
}

static void read_left_header(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->left_header = clause_words(clause, node);
}

static void read_left_window(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->left_window = (enum provider_class)clause_word(
        clause, node, windows, CLAUSE_COUNT(windows));
}

static void read_left(struct clause *clause, void *into, int node)
{
    static const struct clause_entry entries[] = {
        {"header", read_left_header, 0},
        {"window", read_left_window, 0},
    };
    struct provider *provider = into;
    provider->left_header = span_of("");
    provider->left_window = PROVIDER_OK;
    clause_map(clause, into, node, entries, CLAUSE_COUNT(entries));
    if (provider->left_header.len == 0 ||
        provider->left_window == PROVIDER_OK) {
        clause_fail(clause, node,
                    "what is left is {header: NAME, window: WINDOW}");
    }
}

static void read_header_max(struct clause *clause, void *into, int node)
{
    uint64_t bytes;
    struct span text = clause_text(clause, node);
    if (units_parse_size_bytes(&bytes, text) != 0 || bytes < HEADER_MAX_LEAST ||
        bytes > HEADER_MAX_LIMIT) {
        clause_fail(
            clause, node,
            "\"%.*s\" is no size from 1KiB to 1MiB; a size is " UNITS_SIZE_FORM,
            CLAUSE_SHOWN(text));
        bytes = HEADER_MAX_USUAL;
    }
    ((struct provider *)into)->header_max = (size_t)bytes;
}

/* --- The provider --------------------------------------------------------- */

static void read_currency(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->currency = clause_currency(clause, node);
}

static void read_delay(struct clause *clause, void *into, int node)
{
    ((struct provider *)into)->delay =
        clause_delay(clause, node, clause_text(clause, node));
}

static void read_hours(struct clause *clause, void *into, int node)
{
    struct span text = clause_text(clause, node);
    bool is_always = span_equal(text, span_of("always"));
    if (!is_always && !span_equal(text, span_of("market"))) {
        clause_fail(clause, node, "\"%.*s\" is neither market nor always",
                    CLAUSE_SHOWN(text));
    }
    ((struct provider *)into)->is_always_open = is_always;
}

static void read_errors(struct clause *clause, void *into, int node)
{
    rule_read_all(clause, &((struct provider *)into)->errors, node);
}

static void read_use(struct clause *clause, void *into, int node)
{
    clause_texts(clause, node, &((struct provider *)into)->use);
}

struct span description_like(const struct yaml *yaml)
{
    return yaml_text(yaml, yaml_find(yaml, yaml_root(yaml), "like"));
}

int description_read(struct provider *provider, const struct yaml *yaml,
                     char error[PROVIDER_ERROR_SIZE])
{
    static const struct clause_entry entries[] = {
        {"like", read_like, 0},
        {"key", read_key, 0},
        {"key_default", read_key_default, 0},
        {"key_page", read_key_page, 0},
        {"headers", read_headers, 0},
        {"origin", read_origin, 0},
        {"currency", read_currency, 0},
        {"delay", read_delay, 0},
        {"hours", read_hours, 0},
        {"symbol", spelling_read, 0},
        {"limits", read_limits, 0},
        {"turns", read_turns, 0},
        {"left", read_left, 0},
        {"header_max", read_header_max, 0},
        {"errors", read_errors, 0},
        {"use", read_use, 0},
        {"endpoints", resource_read_all, 0},
    };
    struct clause clause = {
        .provider = provider,
        .yaml = yaml,
        .error = error,
    };
    clause_map(&clause, provider, yaml_root(yaml), entries,
               CLAUSE_COUNT(entries));
    return clause.err;
}

/* --- Once all is read ----------------------------------------------------- */

/* Work out which endpoints are called, best first. */
static const char *finish_use(struct provider *provider)
{
    provider->used_count = 0;
    for (size_t i = 0; i < provider->use.count; i++) {
        size_t at = resource_find(provider, provider->use.items[i]);
        if (at == provider->endpoints_count) {
            return "it names an endpoint that is not there";
        }
        if (!resource_has_price(&provider->endpoints[at])) {
            return "it names an endpoint without a price";
        }
        provider->used[provider->used_count++] = at;
    }
    if (provider->use.count > 0) {
        return NULL;
    }
    for (size_t at = 0; at < provider->endpoints_count; at++) {
        if (resource_has_price(&provider->endpoints[at])) {
            provider->used[provider->used_count++] = at;
        }
    }
    return provider->used_count > 0 ? NULL : "no endpoint has a price";
}

/* Find out which keys a call carries, and where. */
static const char *finish_keys(struct provider *provider)
{
    unsigned in_headers = template_places(provider->key_line);
    unsigned in_urls = 0;
    for (size_t i = 0; i < provider->headers.count; i++) {
        in_headers |= template_places(provider->headers.items[i]);
    }
    for (size_t i = 0; i < provider->endpoints_count; i++) {
        unsigned in_url = template_places(provider->endpoints[i].url);
        in_urls |= in_url;
        if (((in_url & TEMPLATE_KEY) != 0) != provider->key_in_query) {
            return "\"key: query\" and {key} in the URL go together";
        }
    }
    unsigned found = in_headers | in_urls;
    provider->key_in_headers =
        (in_headers & (TEMPLATE_KEY | TEMPLATE_KEY2)) != 0;
    provider->has_key = (found & TEMPLATE_KEY) != 0;
    provider->has_key2 = (found & TEMPLATE_KEY2) != 0;
    return provider->has_key2 && !provider->has_key
               ? "there is a {key2} and no {key}"
               : NULL;
}

static const char *finish_rest(struct provider *provider)
{
    if (provider->turns_count == 0) {
        provider->turns[provider->turns_count++] =
            (struct provider_turn){.zone = NULL};
    }
    if (provider->header_max == 0) {
        provider->header_max = HEADER_MAX_USUAL;
    }
    bool is_file = template_is_file(provider->endpoints[0].url);
    for (size_t i = 1; i < provider->endpoints_count; i++) {
        if (template_is_file(provider->endpoints[i].url) != is_file) {
            return "some are files and some are not";
        }
    }
    return NULL;
}

/* What is wrong with a description as a whole, and the key it is about. */
static const char *finish_all(struct provider *provider, const char **key)
{
    *key = "endpoints";
    if (provider->endpoints_count == 0) {
        return "there are none";
    }
    const char *fault = finish_rest(provider);
    if (fault == NULL) {
        *key = "use";
        fault = finish_use(provider);
    }
    if (fault == NULL) {
        *key = "key";
        fault = finish_keys(provider);
    }
    return fault;
}

int description_finish(struct provider *provider,
                       char error[PROVIDER_ERROR_SIZE])
{
    for (size_t i = 0; i < provider->endpoints_count; i++) {
        const struct provider_endpoint *endpoint = &provider->endpoints[i];
        const char *fault = resource_fault(endpoint);
        if (fault != NULL) {
            snprintf(error, PROVIDER_ERROR_SIZE, "endpoints.%.*s: %s",
                     CLAUSE_SHOWN(endpoint->name), fault);
            return ERR_SYNTAX;
        }
    }
    const char *key;
    const char *fault = finish_all(provider, &key);
    if (fault == NULL) {
        return 0;
    }
    snprintf(error, PROVIDER_ERROR_SIZE, "%s: %s", key, fault);
    return ERR_SYNTAX;
}
