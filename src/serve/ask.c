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

bool ask_memory(struct worker *worker, struct answer *answer)
{
    struct cache_found found;
    uint64_t now_ms = worker->loop.now_ms;
    cache_find(worker->shared->cache, &answer->symbol, now_ms, &found);
    answer->err = 0;
    answer->reason = NULL;
    answer->quote = found.quote;
    if (found.quote != NULL) {
        answer->state =
            freshness_of(found.quote, &worker->settings->rule, now_ms);
        if (freshness_is_good(answer->state)) {
            metric_add(worker->cells, METRIC_cache_hits, 1);
            return true;
        }
        if (answer->state == FRESHNESS_STALE) {
            answer_stale(worker, &answer->symbol, &found);
            return true;
        }
        answer->quote = NULL;
    }
    if (is_held(worker, &found) &&
        (found.failure == ERR_UNKNOWN || found.failure == ERR_NODATA)) {
        metric_add(worker->cells, METRIC_cache_unknown, 1);
        answer->err = found.failure;
        return true;
    }
    metric_add(worker->cells, METRIC_cache_misses, 1);
    if (worker->is_draining) {
        answer->err = ERR_DRAINING;
        return true;
    }
    return false;
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
