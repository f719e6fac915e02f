/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/provider/fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider_priv.h"
#include "testing/testing.h"

#define FIXTURES_LIMIT 512

enum column { FILE_NAME, PROVIDER, ENDPOINT, STATUS, ASKED, EXPECTED, COLUMNS };

static const char *const folders[] = {
    "/providers/fixtures/",
    "/providers/more/",
};

/* --- Loading -------------------------------------------------------------- */

static void copy_text(char *out, size_t size, struct span text)
{
    assert_true(text.len < size);
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

/* Those that no description of ours is of have one in the test data. */
static struct provider *create_of_data(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "/providers/%s.yaml", name);
    struct buffer text = court_read(path);
    buffer_put_byte(&text, '\0');
    struct provider *provider = court_create(text.data);
    buffer_deinit(&text);
    return provider;
}

static const struct fixture_actor *find_actor(struct fixture_cast *cast,
                                              struct span name)
{
    for (size_t i = 0; i < cast->count; i++) {
        if (span_equal(name, span_of(cast->actors[i].name))) {
            return &cast->actors[i];
        }
    }
    assert_true(cast->count < FIXTURE_PROVIDERS_LIMIT);
    struct fixture_actor *actor = &cast->actors[cast->count++];
    copy_text(actor->name, sizeof(actor->name), name);
    bool is_chart = strcmp(actor->name, "yahoo_chart") == 0;
    actor->is_built_in = strcmp(actor->name, "yahoo_v7") != 0 &&
                         strcmp(actor->name, "stooq") != 0;
    actor->provider =
        actor->is_built_in
            ? court_create_built_in(is_chart ? "yahoo" : actor->name)
            : create_of_data(actor->name);
    return actor;
}

/* The indexes have symbols as they were sent; here is asked with quoted's,
 * which have no suffix for the home market. */
static void copy_asked(char *out, size_t size, const struct provider *provider,
                       struct span asked)
{
    struct span suffix = provider->spelling.suffix;
    struct span part;
    size_t len = 0;
    while (span_split(&asked, ',', &part)) {
        struct span end = {part.data + part.len - suffix.len, suffix.len};
        if (suffix.len > 0 && part.len > suffix.len &&
            span_equal_nocase(end, suffix)) {
            part.len -= suffix.len;
        }
        len += (size_t)snprintf(out + len, size - len, "%s%.*s",
                                len > 0 ? "," : "", SPAN_ARGS(part));
        assert_true(len < size);
    }
}

static void add(struct fixture_list *list, const char *folder, struct span line)
{
    struct span cells[COLUMNS];
    size_t count = 0;
    struct span cell;
    while (span_split(&line, '\t', &cell)) {
        assert_true(count < COLUMNS);
        cells[count++] = cell;
    }
    assert_int_equal(count, COLUMNS);
    assert_true(list->count < FIXTURES_LIMIT);
    struct fixture *it = &list->items[list->count++];
    char text[128];
    copy_text(it->file, sizeof(it->file), cells[FILE_NAME]);
    it->is_captured = folder == folders[0];
    it->actor = find_actor(&list->cast, cells[PROVIDER]);
    copy_text(text, sizeof(text), cells[ENDPOINT]);
    it->endpoint = court_endpoint(it->actor->provider, text);
    copy_text(text, sizeof(text), cells[STATUS]);
    it->status = (int)strtol(text, NULL, 10);
    copy_asked(it->asked, sizeof(it->asked), it->actor->provider, cells[ASKED]);
    copy_text(it->expected, sizeof(it->expected), cells[EXPECTED]);
    snprintf(text, sizeof(text), "%s%s", folder, it->file);
    it->body = court_read(text);
}

void fixture_load(struct fixture_list *out)
{
    memset(out, 0, sizeof(*out));
    out->items = calloc(FIXTURES_LIMIT, sizeof(*out->items));
    assert_non_null(out->items);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%sindex.tsv", folders[i]);
        struct buffer index = court_read(path);
        struct span rest = buffer_span(&index);
        struct span line;
        span_split(&rest, '\n', &line); // the names of the columns
        while (span_split(&rest, '\n', &line)) {
            if (line.len > 0) {
                add(out, folders[i], line);
            }
        }
        buffer_deinit(&index);
    }
}

void fixture_free(struct fixture_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        buffer_deinit(&list->items[i].body);
    }
    for (size_t i = 0; i < list->cast.count; i++) {
        provider_destroy(&list->cast.actors[i].provider);
    }
    free(list->items);
}

/* --- What is expected ----------------------------------------------------- */

static bool is_one_of(struct span wanted, const char *got)
{
    struct span word;
    while (span_split(&wanted, '|', &word)) {
        if (span_equal(word, span_of(got))) {
            return true;
        }
    }
    return false;
}

static bool is_number(struct span wanted, bool has, struct decimal got)
{
    struct decimal value;
    if (span_equal(wanted, span_of("none"))) {
        return !has;
    }
    assert_int_equal(decimal_parse(&value, wanted), 0);
    return has && decimal_equal(value, got);
}

static bool is_time(struct span wanted, const struct quote *quote)
{
    char text[QUOTE_AS_OF_SIZE] = "none";
    if (quote->has_as_of && quote->as_of_is_day) {
        quote_print_as_of(text, quote);
    } else if (quote->has_as_of) {
        snprintf(text, sizeof(text), "%" PRId64,
                 quote->as_of_unix_ns / 1000000000);
    }
    return span_equal(wanted, span_of(text));
}

static bool has_number(struct span wanted, const struct quote *quote,
                       enum quote_number n)
{
    return is_number(wanted, quote_has(quote, n), quote_number(quote, n));
}

/* Whether NAME=VALUE holds of a verdict. */
static bool holds(const struct provider_verdict *verdict, struct span name,
                  struct span value)
{
    const struct quote *quote = &verdict->quote;
    if (span_equal(name, span_of("price"))) {
        return has_number(value, quote, QUOTE_PRICE);
    }
    if (span_equal(name, span_of("prev"))) {
        return has_number(value, quote, QUOTE_PREVIOUS_CLOSE);
    }
    if (span_equal(name, span_of("pct"))) {
        return has_number(value, quote, QUOTE_CHANGE_PERCENT);
    }
    if (span_equal(name, span_of("bid"))) {
        return is_number(value, verdict->has_bid, verdict->bid);
    }
    if (span_equal(name, span_of("ask"))) {
        return is_number(value, verdict->has_ask, verdict->ask);
    }
    if (span_equal(name, span_of("time"))) {
        return is_time(value, quote);
    }
    if (span_equal(name, span_of("currency"))) {
        return is_one_of(value,
                         quote->currency[0] != '\0' ? quote->currency : "none");
    }
    if (span_equal(name, span_of("stale"))) {
        return is_one_of(value, quote->is_old ? "yes" : "none");
    }
    assert_true(span_equal(name, span_of("miss")));
    return is_one_of(value, provider_class_name(verdict->class));
}

static size_t count_ok(const struct court_ruling *ruling)
{
    size_t count = 0;
    for (size_t i = 0; i < ruling->symbols.count; i++) {
        count += ruling->verdicts[i].class == PROVIDER_OK;
    }
    return count;
}

/* The number of the symbol that NAME[SYM] is about; 0 without one. */
static size_t take_symbol(const struct fixture *fixture,
                          const struct court_ruling *ruling, struct span *name)
{
    struct span rest = *name;
    span_split(&rest, '[', name);
    if (rest.data == NULL) {
        return 0;
    }
    char plain[64];
    rest.len--; // the ]
    copy_asked(plain, sizeof(plain), fixture->actor->provider, rest);
    for (size_t i = 0; i < ruling->symbols.count; i++) {
        if (strcmp(ruling->symbols.items[i].text, plain) == 0) {
            return i;
        }
    }
    fail_msg("%s: nobody asked for %s", fixture->file, plain);
    return 0;
}

static bool pair_holds(const struct fixture *fixture,
                       const struct court_ruling *ruling, struct span pair)
{
    struct span value = pair;
    struct span name;
    char text[64];
    span_split(&value, '=', &name);
    assert_non_null(value.data);
    if (span_equal(name, span_of("n"))) {
        snprintf(text, sizeof(text), "%zu", count_ok(ruling));
        return is_one_of(value, text);
    }
    if (span_equal(name, span_of("drop"))) {
        size_t drop = ruling->outcome.drop;
        return is_one_of(value, drop < ruling->symbols.count
                                    ? ruling->symbols.items[drop].text
                                    : "none");
    }
    size_t at = take_symbol(fixture, ruling, &name);
    return holds(&ruling->verdicts[at], name, value);
}

bool fixture_agrees(const struct fixture *fixture, struct span body,
                    bool says_so)
{
    static struct court_ruling ruling;
    struct court_case it = {
        .provider = fixture->actor->provider,
        .endpoint = fixture->endpoint,
        .symbols = fixture->asked,
        .status = fixture->status,
        .body = body,
    };
    court_judge(&ruling, &it);
    struct span rest = span_of(fixture->expected);
    struct span word;
    const char *class = provider_class_name(ruling.outcome.class);
    span_split(&rest, ' ', &word);
    bool agrees = is_one_of(word, class);
    while (agrees && span_split(&rest, ' ', &word)) {
        agrees = pair_holds(fixture, &ruling, word);
    }
    if (!agrees && says_so) {
        print_error("%s (%s)\n  want %s\n  got  %s by %s: %s; %s\n",
                    fixture->file, fixture->asked, fixture->expected, class,
                    ruling.outcome.decided_by, ruling.outcome.text,
                    ruling.verdicts[0].quote.price_text);
    }
    return agrees;
}
