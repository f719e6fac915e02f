/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/query.h"

#include "base/check.h"
#include "document/words.h"
#include "provider/provider_priv.h"
#include "provider/query_priv.h"
#include "provider/spelling.h"
#include "provider/template.h"

/* What goes into the URL for a symbol's market. */
static struct span mic_part(const struct provider *provider,
                            const struct symbol *symbol)
{
    const struct provider_market *market = spelling_market(provider, symbol);
    return market != NULL ? market->query : span_of("");
}

/* --- Choosing ------------------------------------------------------------- */

/* A choice being made. */
struct choice {
    const struct provider *provider;
    const struct query_wish *wish;
    const struct provider_endpoint *endpoint;
    bool has_mic;                     // a market is in the endpoint's URL
    const struct spelling *spellings; // of the wish; len 0: not served
};

/* Whether an answer that leaves out suffixes could not tell two symbols apart.
 */
static bool are_confused(const struct spelling *a, const struct spelling *b)
{
    struct span a_bare = {a->text, a->bare_len};
    struct span b_bare = {b->text, b->bare_len};
    return span_equal_nocase(a_bare, b_bare) &&
           !span_equal_nocase(spelling_span(a), spelling_span(b));
}

/* Whether two symbols can go into one call. */
static bool fit_together(const struct choice *choice, size_t a, size_t b)
{
    const struct spelling *a_spelling = &choice->spellings[a];
    const struct spelling *b_spelling = &choice->spellings[b];
    const struct provider_endpoint *endpoint = choice->endpoint;
    if (endpoint->id_is_bare && are_confused(a_spelling, b_spelling)) {
        return false;
    }
    // Two names of one symbol are sent as one, which may then be too few.
    if (endpoint->min > 1 &&
        span_equal(spelling_span(a_spelling), spelling_span(b_spelling))) {
        return false;
    }
    if (!choice->has_mic) {
        return true;
    }
    return span_equal(mic_part(choice->provider, choice->wish->symbols[a]),
                      mic_part(choice->provider, choice->wish->symbols[b]));
}

static size_t take(const struct choice *choice, size_t taken[])
{
    size_t max = choice->endpoint->max < choice->wish->count_max
                     ? choice->endpoint->max
                     : choice->wish->count_max;
    size_t count = 0;
    for (size_t at = 0; at < choice->wish->count && count < max; at++) {
        bool fits = choice->spellings[at].len > 0;
        for (size_t i = 0; fits && i < count; i++) {
            fits = fit_together(choice, taken[i], at);
        }
        if (fits) {
            taken[count++] = at;
        }
    }
    return count >= choice->endpoint->min ? count : 0;
}

size_t query_choose(const struct provider *provider,
                    const struct query_wish *wish, size_t *endpoint,
                    size_t taken[PROVIDER_SYMBOLS_LIMIT])
{
    CHECK(wish->count > 0 && wish->count <= PROVIDER_SYMBOLS_LIMIT);
    CHECK(wish->count_max > 0);
    struct spelling spellings[PROVIDER_SYMBOLS_LIMIT];
    spellings[0].len = 0;
    for (size_t i = 0; i < wish->count; i++) {
        if (!spelling_of(provider, wish->symbols[i], &spellings[i])) {
            spellings[i].len = 0;
        }
    }
    CHECK(spellings[0].len > 0);
    struct choice choice = {
        .provider = provider, .wish = wish, .spellings = spellings};
    for (size_t i = 0; i < provider->used_count; i++) {
        *endpoint = provider->used[i];
        choice.endpoint = &provider->endpoints[*endpoint];
        choice.has_mic =
            (template_places(choice.endpoint->url) & TEMPLATE_MIC) != 0;
        bool is_off = (wish->endpoints_off >> *endpoint & 1) != 0;
        size_t count = is_off ? 0 : take(&choice, taken);
        if (count > 0) {
            CHECK(taken[0] == 0);
            return count;
        }
    }
    return 0;
}

/* --- Composing ------------------------------------------------------------ */

struct query_keys query_keys_of(const struct query *query)
{
    const struct provider *provider = query->provider;
    struct span key =
        query->key[0] != '\0' ? span_of(query->key) : provider->key_default;
    struct query_keys keys = {key, span_of("")};
    if (provider->has_key2) {
        keys.second = key;
        span_split(&keys.second, ':', &keys.first);
    }
    return keys;
}

/* Spell the symbols, each once; returns how many. */
static size_t spell(const struct query *query, struct spelling spellings[],
                    struct span out[])
{
    size_t count = 0;
    CHECK(query->count > 0 && query->count <= PROVIDER_SYMBOLS_LIMIT);
    for (size_t i = 0; i < query->count; i++) {
        bool is_served =
            spelling_of(query->provider, query->symbols[i], &spellings[count]);
        CHECK(is_served);
        struct span text = spelling_span(&spellings[count]);
        bool is_new = true;
        for (size_t other = 0; is_new && other < count; other++) {
            is_new = !span_equal(out[other], text);
        }
        if (is_new) {
            out[count++] = text;
        }
    }
    return count;
}

void query_compose_url(const struct query *query, const char *origin,
                       struct buffer *out)
{
    const struct provider *provider = query->provider;
    CHECK(query->endpoint < provider->endpoints_count);
    struct spelling spellings[PROVIDER_SYMBOLS_LIMIT];
    struct span symbols[PROVIDER_SYMBOLS_LIMIT];
    struct query_keys keys = query_keys_of(query);
    const struct provider_endpoint *endpoint =
        &provider->endpoints[query->endpoint];
    struct template_values values = {
        .origin = origin[0] != '\0' ? span_of(origin) : provider->origin,
        .symbols = symbols,
        .count = spell(query, spellings, symbols),
        .sep = endpoint->sep,
        .mic = mic_part(provider, query->symbols[0]),
        .key = keys.first,
        .key2 = keys.second,
    };
    template_put_url(endpoint->url, &values, out);
}

void query_compose_headers(const struct query *query, struct buffer *out)
{
    const struct provider *provider = query->provider;
    CHECK(provider_key_fault(provider, query->key) == NULL);
    struct query_keys keys = query_keys_of(query);
    struct template_values values = {.key = keys.first, .key2 = keys.second};
    if (provider->key_line.len > 0) {
        template_put_header(provider->key_line, &values, out);
        buffer_put_byte(out, '\0');
    }
    for (size_t i = 0; i < provider->headers.count; i++) {
        template_put_header(provider->headers.items[i], &values, out);
        buffer_put_byte(out, '\0');
    }
}

void query_show(const struct query *query, struct span text, char *out,
                size_t size)
{
    struct query_keys keys = query_keys_of(query);
    struct words words;
    words_init(&words, out, size, keys.first);
    words_hide(&words, keys.second);
    words_put(&words, text);
}
