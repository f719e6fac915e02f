/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/ask.h"

#include "base/check.h"
#include "base/err.h"
#include "cache/cache.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/worker.h"

/* Keep what can be shown of a text that is no symbol, for the error. */
static void name_refused(struct symbol *symbol, struct span text)
{
    memset(symbol, 0, sizeof(*symbol));
    for (size_t i = 0; i < text.len && i < SYMBOL_LEN_LIMIT; i++) {
        char c = text.data[i];
        symbol->text[symbol->len++] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
}

int ask_resolve(const struct worker *worker, struct span text,
                struct symbol *symbol)
{
    const struct name *name = names_find(worker->settings->names, text);
    if (name != NULL) {
        *symbol = name->symbol;
        return 0;
    }
    int err = symbol_parse(symbol, text);
    if (err != 0) {
        name_refused(symbol, text);
    }
    return err;
}

/* Whether the last call's failure forbids another one for now. */
static bool is_held(const struct worker *worker,
                    const struct cache_found *found)
{
    return found->failure != 0 && worker->loop.now_ms < found->failed_until_ms;
}

static void answer_stale(struct worker *worker, const struct symbol *symbol,
                         const struct cache_found *found)
{
    metric_add(worker->cells, METRIC_cache_stale, 1);
    if (!is_held(worker, found) && !worker->is_draining) {
        wait_refresh(worker->waits, symbol);
    }
}

/* Answer from what was found. */
static bool answer_found(struct worker *worker, struct answer *answer,
                         const struct cache_found *found)
{
    answer->err = 0;
    answer->reason = NULL;
    answer->quote = found->quote;
    if (found->quote != NULL) {
        answer->state = freshness_of(found->quote, &worker->settings->rule,
                                     worker->loop.now_ms);
        if (freshness_is_good(answer->state)) {
            metric_add(worker->cells, METRIC_cache_hits, 1);
            return true;
        }
        if (answer->state == FRESHNESS_STALE) {
            answer_stale(worker, &answer->symbol, found);
            return true;
        }
        answer->quote = NULL;
    }
    if (is_held(worker, found) &&
        (found->failure == ERR_UNKNOWN || found->failure == ERR_NODATA)) {
        metric_add(worker->cells, METRIC_cache_unknown, 1);
        answer->err = found->failure;
        answer->reason = found->why;
        return true;
    }
    metric_add(worker->cells, METRIC_cache_misses, 1);
    if (worker->is_draining) {
        answer->err = ERR_DRAINING;
        return true;
    }
    return false;
}

bool ask_memory(struct worker *worker, struct answer *answer)
{
    struct cache_found found;
    cache_find(worker->shared->cache, &answer->symbol, worker->loop.now_ms,
               &found);
    return answer_found(worker, answer, &found);
}

/* A symbol that is looked for. */
struct wanted {
    struct symbol_key key;
    uint64_t hash;
};

/* What a name is of, where that can be told quickly. */
static bool recall_name(struct worker *worker, struct span text,
                        struct wanted *wanted)
{
    const struct symbol *symbol = recall_find(&worker->recall, text);
    if (symbol == NULL || symbol->len > SYMBOL_KEY_LETTERS) {
        return false;
    }
    wanted->key = symbol_key(symbol);
    wanted->hash = symbol_key_hash(wanted->key);
    return true;
}

/* What a text names, where that can be told quickly. */
static bool resolve(struct worker *worker, struct span text,
                    struct wanted *wanted)
{
    if (!symbol_key_read(&wanted->key, text)) {
        return recall_name(worker, text, wanted);
    }
    wanted->hash = symbol_key_hash(wanted->key);
    return !names_may_rename(worker->settings->names, wanted->hash) ||
           recall_name(worker, text, wanted);
}

/* The quote of a symbol, if it is good. */
static const struct quote *find_good(struct worker *worker,
                                     const struct wanted *wanted,
                                     uint32_t place)
{
    uint64_t now_ms = worker->loop.now_ms;
    const struct quote *quote = cache_find_quote(
        worker->shared->cache, wanted->key, wanted->hash, place, now_ms);
    bool is_good =
        quote != NULL &&
        freshness_left_ms(quote, &worker->settings->rule, now_ms) > 0;
    return is_good ? quote : NULL;
}

const struct quote *ask_again(struct worker *worker, struct span text)
{
    struct wanted wanted;
    return resolve(worker, text, &wanted)
               ? find_good(worker, &wanted, CACHE_NOWHERE)
               : NULL;
}

/* ask_again_all() of several. */
__attribute__((noinline)) static size_t find_together(
    struct worker *worker, const struct span *texts, size_t count,
    const struct quote **quotes)
{
    CHECK(count <= ASK_AGAIN_LIMIT);
    const struct cache *cache = worker->shared->cache;
    struct wanted wanted[ASK_AGAIN_LIMIT];
    uint32_t places[ASK_AGAIN_LIMIT];
    size_t known = 0;
    while (known < count && resolve(worker, texts[known], &wanted[known])) {
        cache_approach(cache, wanted[known].hash);
        known++;
    }
    for (size_t i = 0; i < known; i++) {
        places[i] = cache_prefetch(cache, wanted[i].hash);
    }
    for (size_t i = 0; i < known; i++) {
        quotes[i] = find_good(worker, &wanted[i], places[i]);
        if (quotes[i] == NULL) {
            return i;
        }
    }
    return known;
}

size_t ask_again_all(struct worker *worker, const struct span *texts,
                     size_t count, const struct quote **quotes)
{
    if (count > 1) {
        return find_together(worker, texts, count, quotes);
    }
    CHECK(count == 1);
    quotes[0] = ask_again(worker, texts[0]);
    return quotes[0] != NULL;
}

bool ask_is_new(const struct quote *quote, uint64_t not_before_mono_ms,
                uint64_t now_mono_ms)
{
    return quote->fetched_mono_ms >= not_before_mono_ms ||
           quote->settled_until_mono_ms > now_mono_ms;
}

/* Answer from what was found, where the quote must not be older than
 * answer->max_age_ms. */
static bool answer_within(struct worker *worker, struct answer *answer,
                          const struct cache_found *found)
{
    uint64_t now_ms = worker->loop.now_ms;
    uint64_t not_before_ms =
        answer->max_age_ms < now_ms ? now_ms - answer->max_age_ms : 0;
    if (found->quote == NULL ||
        ask_is_new(found->quote, not_before_ms, now_ms)) {
        return answer_found(worker, answer, found);
    }
    metric_add(worker->cells, METRIC_cache_too_old, 1);
    answer->quote = NULL;
    answer->reason = NULL;
    answer->err = worker->is_draining ? ERR_DRAINING : 0;
    return worker->is_draining;
}

/* ask_resolve(), but names are recalled. */
static int resolve_whole(struct worker *worker, struct span text,
                         struct symbol *symbol)
{
    bool is_symbol = symbol_parse(symbol, text) == 0;
    if (is_symbol &&
        !names_may_rename(worker->settings->names, symbol_hash(symbol))) {
        return 0;
    }
    const struct symbol *known = recall_find(&worker->recall, text);
    if (known != NULL) {
        *symbol = *known;
        return 0;
    }
    int err = ask_resolve(worker, text, symbol);
    if (err == 0) {
        recall_keep(&worker->recall, text, symbol);
    }
    return err;
}

bool ask_text(struct worker *worker, struct span text, struct answer *answer)
{
    answer->quote = NULL;
    answer->reason = NULL;
    answer->err = resolve_whole(worker, text, &answer->symbol);
    if (answer->err != 0) {
        return true;
    }
    struct cache_found found;
    cache_find(worker->shared->cache, &answer->symbol, worker->loop.now_ms,
               &found);
    return answer_within(worker, answer, &found);
}

int ask_held(struct worker *worker, const struct symbol *symbol)
{
    struct cache_found found;
    cache_peek(worker->shared->cache, symbol, &found);
    return is_held(worker, &found) ? found.failure : 0;
}

bool ask_peek(struct worker *worker, struct answer *answer)
{
    struct cache_found found;
    cache_peek(worker->shared->cache, &answer->symbol, &found);
    answer->quote = found.quote;
    if (found.quote == NULL) {
        return false;
    }
    answer->state =
        freshness_of(found.quote, &worker->settings->rule, worker->loop.now_ms);
    return answer->state != FRESHNESS_EXPIRED;
}
