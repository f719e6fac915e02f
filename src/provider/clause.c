/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/clause.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/units.h"
#include "calendar/zone.h"
#include "conf/yaml.h"
#include "document/currency.h"
#include "document/document.h"
#include "document/words.h"

void clause_fail(struct clause *clause, int node, const char *format, ...)
{
    if (clause->err != 0) {
        return;
    }
    clause->err = ERR_SYNTAX;
    char cause[PROVIDER_ERROR_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    char where[CLAUSE_PATH_SIZE + 40];
    int len = snprintf(where, sizeof(where), "line %zu: %s%s",
                       yaml_line(clause->yaml, node), clause->path,
                       clause->path[0] != '\0' ? ": " : "");
    CHECK(len > 0 && (size_t)len < sizeof(where));
    // The cause quotes the document, which may hold anything in quotes.
    struct words words;
    words_init(&words, clause->error, PROVIDER_ERROR_SIZE, span_of(""));
    words_put(&words, span_of(where));
    words_put(&words, span_of(cause));
}

void clause_fail_nomem(struct clause *clause)
{
    if (clause->err == 0) {
        clause->err = ERR_NOMEM;
        snprintf(clause->error, PROVIDER_ERROR_SIZE, "%s",
                 err_sentence(ERR_NOMEM));
    }
}

/* --- Maps and lists ------------------------------------------------------- */

/* Go into a part of what is read; leave() is told what this returns. */
static size_t enter(struct clause *clause, const char *mark, struct span name)
{
    size_t len = strlen(clause->path);
    struct words words; // for a key may hold anything
    char clean[40];
    words_init(&words, clean, sizeof(clean), span_of(""));
    words_put(&words, name);
    snprintf(clause->path + len, sizeof(clause->path) - len, "%s%s",
             len > 0 ? mark : "", clean);
    return len;
}

static void leave(struct clause *clause, size_t len)
{
    CHECK(len < sizeof(clause->path));
    clause->path[len] = '\0';
}

/* The keys of a table as one text, as far as there is room. */
static void list_keys(const struct clause_entry *entries, size_t count,
                      char out[PROVIDER_ERROR_SIZE])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < PROVIDER_ERROR_SIZE; i++) {
        len += (size_t)snprintf(out + len, PROVIDER_ERROR_SIZE - len, "%s%s",
                                i > 0 ? ", " : "", entries[i].key);
    }
}

static bool is_map(struct clause *clause, int node)
{
    if (yaml_kind_of(clause->yaml, node) == YAML_MAP) {
        return true;
    }
    clause_fail(clause, node, "keys and values are expected here");
    return false;
}

/* The entry of a key; NULL with an error where it is not known. */
static const struct clause_entry *find_entry(struct clause *clause, int key,
                                             const struct clause_entry *entries,
                                             size_t count)
{
    struct span word = yaml_text(clause->yaml, key);
    for (size_t i = 0; i < count; i++) {
        if (span_equal(word, span_of(entries[i].key))) {
            return &entries[i];
        }
    }
    char allowed[PROVIDER_ERROR_SIZE];
    list_keys(entries, count, allowed);
    clause_fail(clause, key, "\"%.*s\" is not known here; allowed are %s",
                CLAUSE_SHOWN(word), allowed);
    return NULL;
}

void clause_map(struct clause *clause, void *into, int node,
                const struct clause_entry *entries, size_t count)
{
    size_t pairs = is_map(clause, node) ? yaml_count(clause->yaml, node) : 0;
    for (size_t i = 0; i < pairs; i++) {
        int key = yaml_key(clause->yaml, node, i);
        const struct clause_entry *entry =
            find_entry(clause, key, entries, count);
        if (entry != NULL) {
            size_t len = enter(clause, ".", span_of(entry->key));
            clause->number = entry->number;
            entry->read(clause, into, yaml_item(clause->yaml, node, i));
            leave(clause, len);
        }
    }
}

void clause_pairs(struct clause *clause, void *into, int node,
                  clause_pair_fn read)
{
    size_t pairs = is_map(clause, node) ? yaml_count(clause->yaml, node) : 0;
    for (size_t i = 0; i < pairs; i++) {
        int key = yaml_key(clause->yaml, node, i);
        size_t len = enter(clause, ".", clause_name(clause, key));
        read(clause, into, key, yaml_item(clause->yaml, node, i));
        leave(clause, len);
    }
}

void clause_list(struct clause *clause, void *into, int node,
                 clause_read_fn read)
{
    if (yaml_kind_of(clause->yaml, node) != YAML_LIST) {
        clause_fail(clause, node, "a list is expected here");
        return;
    }
    for (size_t i = 0; i < yaml_count(clause->yaml, node); i++) {
        char place[24];
        snprintf(place, sizeof(place), "%zu", i + 1);
        size_t len = enter(clause, " ", span_of(place));
        read(clause, into, yaml_item(clause->yaml, node, i));
        leave(clause, len);
    }
}

struct span clause_name(const struct clause *clause, int key)
{
    return yaml_text(clause->yaml, key);
}

int clause_find(const struct clause *clause, int node, const char *key)
{
    return yaml_find(clause->yaml, node, key);
}

/* --- Texts ---------------------------------------------------------------- */

bool clause_is_text(const struct clause *clause, int node)
{
    return yaml_kind_of(clause->yaml, node) == YAML_SCALAR;
}

bool clause_is_list(const struct clause *clause, int node)
{
    return yaml_kind_of(clause->yaml, node) == YAML_LIST;
}

struct span clause_text(struct clause *clause, int node)
{
    struct span text = yaml_text(clause->yaml, node);
    if (!clause_is_text(clause, node)) {
        clause_fail(clause, node, "a text is expected here");
        return span_of("");
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ') {
            clause_fail(clause, node, "a text on one line is expected here");
            return span_of("");
        }
    }
    return text;
}

struct span clause_words(struct clause *clause, int node)
{
    struct span text = clause_text(clause, node);
    if (text.len == 0) {
        clause_fail(clause, node, "a text is expected here");
    }
    return text;
}

struct span clause_part(struct clause *clause, int node)
{
    struct span text = clause_text(clause, node);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            clause_fail(clause, node, "ASCII without spaces is expected here");
            return span_of("");
        }
    }
    return text;
}

struct span clause_currency(struct clause *clause, int node)
{
    struct currency currency;
    struct span text = clause_text(clause, node);
    if (!currency_read(&currency, text)) {
        clause_fail(clause, node, "a currency is expected here, such as USD");
    }
    return text;
}

static void add_text(struct clause *clause, void *into, int node)
{
    struct provider_texts *out = into;
    struct span text = clause_words(clause, node);
    if (out->count == PROVIDER_TEXTS_LIMIT) {
        clause_fail(clause, node, "more than %d texts in one list",
                    PROVIDER_TEXTS_LIMIT);
    } else {
        out->items[out->count++] = text;
    }
}

void clause_texts(struct clause *clause, int node, struct provider_texts *out)
{
    *out = (struct provider_texts){.count = 0};
    if (yaml_kind_of(clause->yaml, node) != YAML_LIST) {
        add_text(clause, out, node);
        return;
    }
    if (yaml_count(clause->yaml, node) == 0) {
        clause_fail(clause, node, "the list is empty");
    }
    clause_list(clause, out, node, add_text);
}

void clause_check_pointer(struct clause *clause, int node, struct span text)
{
    if (!document_is_pointer(text)) {
        clause_fail(clause, node,
                    "\"%.*s\" is no JSON pointer; one looks like "
                    "/Global Quote/05. price",
                    CLAUSE_SHOWN(text));
    }
}

/* --- Other values --------------------------------------------------------- */

int clause_word(struct clause *clause, int node,
                const struct clause_word *words, size_t count)
{
    struct span text = clause_text(clause, node);
    char allowed[PROVIDER_ERROR_SIZE] = "";
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (span_equal(text, span_of(words[i].word))) {
            return words[i].meaning;
        }
        len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%s",
                                i > 0 ? ", " : "", words[i].word);
        CHECK(len < sizeof(allowed));
    }
    clause_fail(clause, node, "\"%.*s\" is not known; allowed are %s",
                CLAUSE_SHOWN(text), allowed);
    return words[0].meaning;
}

size_t clause_number(struct clause *clause, int node, size_t low, size_t high)
{
    uint64_t value;
    struct span text = clause_text(clause, node);
    if (span_to_u64(text, &value) == 0 && value >= low && value <= high) {
        return (size_t)value;
    }
    clause_fail(clause, node, "\"%.*s\" is no whole number from %zu to %zu",
                CLAUSE_SHOWN(text), low, high);
    return low;
}

bool clause_bool(struct clause *clause, int node)
{
    static const struct clause_word words[] = {{"false", 0}, {"true", 1}};
    return clause_word(clause, node, words, CLAUSE_COUNT(words)) != 0;
}

struct provider_delay clause_delay(struct clause *clause, int node,
                                   struct span text)
{
    // A delay is told in whole seconds, and none is as long as a month.
    const uint64_t limit_ms = UINT64_C(31) * 86400000;
    uint64_t ms;
    if (span_equal(text, span_of("eod"))) {
        return (struct provider_delay){.kind = QUOTE_DELAY_END_OF_DAY};
    }
    if (span_equal(text, span_of("unknown"))) {
        return (struct provider_delay){.kind = QUOTE_DELAY_UNKNOWN};
    }
    if (units_parse_duration_ms(&ms, text) != 0 || ms % 1000 != 0 ||
        ms > limit_ms) {
        clause_fail(clause, node,
                    "\"%.*s\" is no delay; one looks like 15m, 0s (real "
                    "time), eod (end of day) or unknown",
                    CLAUSE_SHOWN(text));
        ms = 0;
    }
    return (struct provider_delay){QUOTE_DELAY_KNOWN, (uint32_t)(ms / 1000)};
}

/* --- Zones ---------------------------------------------------------------- */

/* Whether the machine has no time zones at all. */
static bool has_no_zones(void)
{
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    int err = zone_create(&zone, ZONE_FOLDER, span_of("UTC"), error);
    zone_destroy(&zone);
    return err == ERR_ABSENT;
}

const struct zone *clause_zone(struct clause *clause, int node,
                               struct span name)
{
    struct provider *provider = clause->provider;
    for (size_t i = 0; i < provider->zones_count; i++) {
        if (span_equal(name, span_of(zone_name(provider->zones[i])))) {
            return provider->zones[i];
        }
    }
    if (provider->zones_count == PROVIDER_ZONES_LIMIT) {
        clause_fail(clause, node, "more than %d time zones",
                    PROVIDER_ZONES_LIMIT);
        return NULL;
    }
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    int err = zone_create(&zone, ZONE_FOLDER, name, error);
    if (err == 0) {
        provider->zones[provider->zones_count++] = zone;
    } else if (err == ERR_NOMEM) {
        clause_fail_nomem(clause);
    } else if (err != ERR_ABSENT || !has_no_zones()) {
        clause_fail(clause, node, "%s", error);
    }
    return zone;
}
