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

const struct quote *ask_again(struct worker *worker, struct span text)
{
    struct recalled *known = recall_find(&worker->recall, text);
    if (known == NULL) {
        return NULL;
    }
    uint64_t now_ms = worker->loop.now_ms;
    struct cache_found found;
    cache_find_at(worker->shared->cache, &known->symbol, &known->place, now_ms,
                  &found);
    if (found.quote == NULL ||
        freshness_left_ms(found.quote, &worker->settings->rule, now_ms) == 0) {
        return NULL;
    }
    return found.quote;
}

/* Learn what a text names, and the symbol's hash; NULL where it is none. */
static struct recalled *learn(struct worker *worker, struct span text,
                              uint64_t *hash)
{
    struct symbol symbol;
    const struct names *names = worker->settings->names;
    if (symbol_parse(&symbol, text) != 0) {
        return NULL;
    }
    *hash = symbol_hash(&symbol);
    if (names_may_have(names, *hash)) {
        const struct name *name = names_find(names, text);
        symbol = name != NULL ? name->symbol : symbol;
        *hash = symbol_hash(&symbol);
    }
    return recall_keep(&worker->recall, text, &symbol);
}

bool ask_is_settled(struct worker *worker, struct span text)
{
    return text.len > RECALL_TEXT_LIMIT ||
           recall_find(&worker->recall, text) != NULL;
}

bool ask_ahead(struct worker *worker, const struct span *texts, size_t count)
{
    CHECK(count >= 1 && count <= ASK_AHEAD_LIMIT);
    struct recalled *learnt[ASK_AHEAD_LIMIT];
    uint64_t hashes[ASK_AHEAD_LIMIT];
    size_t learnt_count = 0;
    if (ask_is_settled(worker, texts[0])) {
        return false;
    }
    const struct cache *cache = worker->shared->cache;
    for (size_t i = 0; i < count; i++) {
        if (recall_find(&worker->recall, texts[i]) != NULL) {
            continue;
        }
        struct recalled *known = learn(worker, texts[i], &hashes[learnt_count]);
        if (known != NULL) {
            cache_approach(cache, hashes[learnt_count]);
            learnt[learnt_count++] = known;
        } else if (i == 0) {
            return false; // else each of a row of these would try them all
        }
    }
    for (size_t i = 0; i < learnt_count; i++) {
        // Another one may have pushed it out: then this is a bad guess.
        learnt[i]->place = cache_prefetch(cache, hashes[i]);
    }
    return learnt_count > 0;
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

bool ask_text(struct worker *worker, struct span text, struct answer *answer)
{
    struct recalled *known = recall_find(&worker->recall, text);
    answer->quote = NULL;
    answer->reason = NULL;
    answer->err = 0;
    if (known != NULL) {
        answer->symbol = known->symbol;
    } else {
        answer->err = ask_resolve(worker, text, &answer->symbol);
        if (answer->err != 0) {
            return true;
        }
        known = recall_keep(&worker->recall, text, &answer->symbol);
    }
    uint32_t nowhere = CACHE_NOWHERE;
    struct cache_found found;
    cache_find_at(worker->shared->cache, &answer->symbol,
                  known != NULL ? &known->place : &nowhere, worker->loop.now_ms,
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
