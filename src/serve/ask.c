/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/ask.h"

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

bool ask_is_new(const struct quote *quote, uint64_t not_before_mono_ms,
                uint64_t now_mono_ms)
{
    return quote->fetched_mono_ms >= not_before_mono_ms ||
           quote->settled_until_mono_ms > now_mono_ms;
}

bool ask_memory_within(struct worker *worker, struct answer *answer)
{
    uint64_t now_ms = worker->loop.now_ms;
    uint64_t not_before_ms =
        answer->max_age_ms < now_ms ? now_ms - answer->max_age_ms : 0;
    struct cache_found found;
    cache_find(worker->shared->cache, &answer->symbol, now_ms, &found);
    if (found.quote == NULL || ask_is_new(found.quote, not_before_ms, now_ms)) {
        return answer_found(worker, answer, &found);
    }
    metric_add(worker->cells, METRIC_cache_too_old, 1);
    answer->quote = NULL;
    answer->reason = NULL;
    answer->err = worker->is_draining ? ERR_DRAINING : 0;
    return worker->is_draining;
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
