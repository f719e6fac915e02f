/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ledger.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "desk/terms.h"
#include "quote/freshness.h"
#include "serve/ask.h"
#include "store/store.h"

void ledger_init(struct ledger *ledger, struct cache *cache,
                 const struct clock *clock)
{
    ledger->cache = cache;
    ledger->clock = clock;
    ledger->store = NULL;
    atomic_init(&ledger->fresh_for_ms, 0);
    atomic_init(&ledger->stale_for_ms, 0);
    atomic_init(&ledger->unknown_for_ms, 0);
    atomic_init(&ledger->retry_after_ms, 0);
}

void ledger_apply(struct ledger *ledger, const struct conf *conf)
{
    atomic_store_explicit(&ledger->fresh_for_ms, conf->cache.fresh_for_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&ledger->stale_for_ms, conf->cache.stale_for_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&ledger->unknown_for_ms, conf->cache.unknown_for_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&ledger->retry_after_ms, conf->fetch.retry_after_ms,
                          memory_order_relaxed);
}

/* Failures that are the provider's answer, and kept for cache.unknown_for. */
static bool is_believed(int err)
{
    return err == ERR_UNKNOWN || err == ERR_NODATA;
}

bool ledger_recall(struct ledger *ledger, struct desk_result *result)
{
    uint64_t now_ms = clock_mono_ms(ledger->clock);
    struct freshness_rule rule = {
        .fresh_for_ms =
            atomic_load_explicit(&ledger->fresh_for_ms, memory_order_relaxed),
    };
    struct cache_found found;
    cache_peek(ledger->cache, &result->symbol, &found);
    if (found.quote != NULL &&
        freshness_is_good(freshness_of(found.quote, &rule, now_ms)) &&
        ask_is_new(found.quote, result->not_before_mono_ms, now_ms)) {
        result->quote = *found.quote;
        return true;
    }
    if (is_believed(found.failure) && now_ms < found.failed_until_ms) {
        result->err = found.failure;
        snprintf(result->reason, sizeof(result->reason), "%s",
                 found.why != NULL ? found.why : err_sentence(found.failure));
        return true;
    }
    return false;
}

bool ledger_served(struct ledger *ledger, const struct symbol *symbol,
                   struct quote *out)
{
    struct freshness_rule rule = {
        .fresh_for_ms =
            atomic_load_explicit(&ledger->fresh_for_ms, memory_order_relaxed),
        .stale_for_ms =
            atomic_load_explicit(&ledger->stale_for_ms, memory_order_relaxed),
    };
    struct cache_found found;
    cache_peek(ledger->cache, symbol, &found);
    if (found.quote == NULL ||
        freshness_of(found.quote, &rule, clock_mono_ms(ledger->clock)) ==
            FRESHNESS_EXPIRED) {
        return false;
    }
    *out = *found.quote;
    return true;
}

/* What is current is newer than what came: those who wait get that, and the
 * symbol is left alone for a while, as after a failure. */
static void keep_current(struct ledger *ledger, struct desk_result *result,
                         uint64_t now_ms)
{
    struct cache *cache = ledger->cache;
    struct cache_found found;
    bool is_known = cache_peek(cache, &result->symbol, &found);
    CHECK(is_known && found.quote != NULL);
    result->quote = *found.quote;
    result->is_recalled = true;
    uint64_t hold_ms =
        atomic_load_explicit(&ledger->retry_after_ms, memory_order_relaxed);
    cache_fail(cache, &result->symbol, ERR_STALE, now_ms + hold_ms, NULL);
}

void ledger_keep(struct ledger *ledger, struct desk_result *result)
{
    struct cache *cache = ledger->cache;
    uint64_t now_ms = clock_mono_ms(ledger->clock);
    if (result->err == 0) {
        // Where it can't be kept, those who wait still get it.
        int err = cache_publish(cache, &result->quote, now_ms);
        CHECK(err == 0 || err == ERR_STALE || err == ERR_NOMEM);
        if (err == ERR_STALE) {
            keep_current(ledger, result, now_ms);
        } else if (ledger->store != NULL) {
            store_keep_quote(ledger->store, &result->quote);
        }
    } else if (result->err != ERR_DRAINING) {
        uint64_t hold_ms = atomic_load_explicit(is_believed(result->err)
                                                    ? &ledger->unknown_for_ms
                                                    : &ledger->retry_after_ms,
                                                memory_order_relaxed);
        int err = cache_fail(cache, &result->symbol, result->err,
                             now_ms + hold_ms, result->reason);
        CHECK(err == 0 || err == ERR_NOMEM);
    }
}
