/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/spelling.h"

#include <string.h>

#include "base/check.h"

/* --- Reading -------------------------------------------------------------- */

static void read_case(struct clause *clause, void *into, int node)
{
    static const struct clause_word words[] = {{"upper", 0}, {"lower", 1}};
    struct provider_spelling *spelling = into;
    spelling->is_lower_case =
        clause_word(clause, node, words, CLAUSE_COUNT(words)) != 0;
}

static void read_dot(struct clause *clause, void *into, int node)
{
    struct provider_spelling *spelling = into;
    spelling->dot = clause_part(clause, node);
    spelling->has_dot = true;
}

static void read_suffix(struct clause *clause, void *into, int node)
{
    ((struct provider_spelling *)into)->suffix = clause_part(clause, node);
}

/* A market's code, of those that symbols can name. */
static void check_mic(struct clause *clause, int node, struct span mic)
{
    char text[SYMBOL_LEN_LIMIT] = "A.";
    struct symbol symbol;
    if (mic.len == 4) {
        memcpy(text + 2, mic.data, 4);
        if (symbol_parse(&symbol, (struct span){text, 6}) == 0 &&
            span_equal(symbol_mic(&symbol), mic)) {
            return;
        }
    }
    clause_fail(clause, node,
                "\"%.*s\" is no market that a symbol can name; codes are those "
                "of ISO 10383, such as XLON",
                CLAUSE_SHOWN(mic));
}

static void read_home(struct clause *clause, void *into, int node)
{
    struct provider_spelling *spelling = into;
    clause_texts(clause, node, &spelling->home);
    for (size_t i = 0; i < spelling->home.count; i++) {
        check_mic(clause, node, spelling->home.items[i]);
    }
    spelling->knows_markets = true;
}

static void read_market_suffix(struct clause *clause, void *into, int node)
{
    ((struct provider_market *)into)->suffix = clause_part(clause, node);
}

static void read_market_prefix(struct clause *clause, void *into, int node)
{
    ((struct provider_market *)into)->prefix = clause_part(clause, node);
}

static void read_market_query(struct clause *clause, void *into, int node)
{
    ((struct provider_market *)into)->query = clause_part(clause, node);
}

static void read_market_currency(struct clause *clause, void *into, int node)
{
    ((struct provider_market *)into)->currency = clause_currency(clause, node);
}

static void read_market_echo(struct clause *clause, void *into, int node)
{
    clause_texts(clause, node, &((struct provider_market *)into)->echo);
}

static void read_market(struct clause *clause, void *into, int key, int node)
{
    static const struct clause_entry entries[] = {
        {"suffix", read_market_suffix, 0},
        {"prefix", read_market_prefix, 0},
        {"query", read_market_query, 0},
        {"currency", read_market_currency, 0},
        {"echo", read_market_echo, 0},
    };
    struct provider_spelling *spelling = into;
    struct span mic = clause_name(clause, key);
    check_mic(clause, key, mic);
    if (spelling->markets_count == PROVIDER_MARKETS_LIMIT) {
        clause_fail(clause, node, "more than %d markets",
                    PROVIDER_MARKETS_LIMIT);
        return;
    }
    struct provider_market *market =
        &spelling->markets[spelling->markets_count++];
    *market = (struct provider_market){.mic = mic};
    if (clause_is_text(clause, node)) {
        market->suffix = clause_part(clause, node);
    } else {
        clause_map(clause, market, node, entries, CLAUSE_COUNT(entries));
    }
}

static void read_markets(struct clause *clause, void *into, int node)
{
    struct provider_spelling *spelling = into;
    spelling->markets_count = 0;
    spelling->knows_markets = true;
    clause_pairs(clause, spelling, node, read_market);
}

static void read_alias(struct clause *clause, void *into, int key, int node)
{
    struct provider_spelling *spelling = into;
    struct provider_alias alias = {.text = clause_part(clause, node)};
    struct span name = clause_name(clause, key);
    if (symbol_parse(&alias.symbol, name) != 0) {
        clause_fail(clause, key, "\"%.*s\" is no symbol; one is " SYMBOL_FORM,
                    CLAUSE_SHOWN(name));
    } else if (alias.text.len == 0 || alias.text.len > SPELLING_LEN_LIMIT) {
        clause_fail(clause, node, "a symbol of 1 to %d bytes is expected here",
                    SPELLING_LEN_LIMIT);
    } else if (spelling->aliases_count == PROVIDER_ALIASES_LIMIT) {
        clause_fail(clause, node, "more than %d aliases",
                    PROVIDER_ALIASES_LIMIT);
    } else {
        spelling->aliases[spelling->aliases_count++] = alias;
    }
}

static void read_aliases(struct clause *clause, void *into, int node)
{
    struct provider_spelling *spelling = into;
    spelling->aliases_count = 0;
    clause_pairs(clause, spelling, node, read_alias);
}

void spelling_read(struct clause *clause, void *into, int node)
{
    static const struct clause_entry entries[] = {
        {"case", read_case, 0},       {"dot", read_dot, 0},
        {"suffix", read_suffix, 0},   {"home", read_home, 0},
        {"markets", read_markets, 0}, {"aliases", read_aliases, 0},
    };
    struct provider *provider = into;
    clause_map(clause, &provider->spelling, node, entries,
               CLAUSE_COUNT(entries));
}

/* --- Spelling ------------------------------------------------------------- */

static bool is_one_of(const struct provider_texts *texts, struct span text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (span_equal(texts->items[i], text)) {
            return true;
        }
    }
    return false;
}

const struct provider_market *spelling_market(const struct provider *provider,
                                              const struct symbol *symbol)
{
    const struct provider_spelling *spelling = &provider->spelling;
    struct span mic = symbol_mic(symbol);
    for (size_t i = 0; mic.len > 0 && i < spelling->markets_count; i++) {
        if (span_equal(spelling->markets[i].mic, mic)) {
            return &spelling->markets[i];
        }
    }
    return NULL;
}

/* Append a text; false where there is no room. */
static bool put(struct spelling *out, struct span text)
{
    if (text.len > sizeof(out->text) - out->len) {
        return false;
    }
    if (text.len > 0) {
        memcpy(out->text + out->len, text.data, text.len);
    }
    out->len += text.len;
    return true;
}

/* Append what stands before the market, in the provider's case and with its
 * sign for the dots. */
static bool put_ticker(const struct provider_spelling *spelling,
                       struct span ticker, struct spelling *out)
{
    bool has_room = true;
    for (size_t i = 0; has_room && i < ticker.len; i++) {
        char c = ticker.data[i];
        if (c == '.' && spelling->has_dot) {
            has_room = put(out, spelling->dot);
            continue;
        }
        bool is_lowered = spelling->is_lower_case && c >= 'A' && c <= 'Z';
        c = (char)(is_lowered ? c + ('a' - 'A') : c);
        has_room = put(out, (struct span){&c, 1});
    }
    return has_room;
}

/* The provider's own word for a symbol, which says everything; "" for none. */
static struct span find_alias(const struct provider_spelling *spelling,
                              const struct symbol *symbol)
{
    for (size_t i = 0; i < spelling->aliases_count; i++) {
        if (symbol_equal(&spelling->aliases[i].symbol, symbol)) {
            return spelling->aliases[i].text;
        }
    }
    return span_of("");
}

bool spelling_of(const struct provider *provider, const struct symbol *symbol,
                 struct spelling *out)
{
    const struct provider_spelling *spelling = &provider->spelling;
    const struct provider_market *market = spelling_market(provider, symbol);
    struct span ticker = symbol_span(symbol);
    struct span mic = symbol_mic(symbol);
    struct span prefix = span_of("");
    struct span suffix = spelling->suffix;
    struct span alias = find_alias(spelling, symbol);
    out->len = 0;
    if (alias.len > 0) {
        bool has_room = put(out, alias);
        CHECK(has_room);
        out->bare_len = out->len;
        return true;
    }
    if (mic.len > 0 && spelling->knows_markets) {
        if (market == NULL && !is_one_of(&spelling->home, mic)) {
            return false;
        }
        ticker.len -= mic.len + 1;
        prefix = market != NULL ? market->prefix : prefix;
        suffix = market != NULL ? market->suffix : suffix;
    }
    bool has_room = put(out, prefix) && put_ticker(spelling, ticker, out);
    out->bare_len = out->len;
    has_room = has_room && put(out, suffix);
    return has_room && out->len > 0;
}

bool spelling_allows_market(const struct provider *provider,
                            const struct symbol *symbol, struct span mic)
{
    struct span asked = symbol_mic(symbol);
    const struct provider_market *market = spelling_market(provider, symbol);
    if (asked.len == 0 || span_equal(asked, mic)) {
        return true;
    }
    return is_one_of(market != NULL ? &market->echo : &provider->spelling.home,
                     mic);
}

bool spelling_equal(const struct spelling *sent, struct span echoed,
                    bool is_bare)
{
    CHECK(sent->bare_len <= sent->len);
    echoed = span_trim(echoed);
    struct span bare = {sent->text, sent->bare_len};
    return span_equal_nocase(spelling_span(sent), echoed) ||
           (is_bare && span_equal_nocase(bare, echoed));
}
