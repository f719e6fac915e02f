/* SPDX-License-Identifier: Apache-2.0 */
#include "host/supply.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "cache/cache.h"
#include "calendar/calendar.h"
#include "conf/conf.h"
#include "host/almanac.h"
#include "host/archive.h"
#include "host/market.h"
#include "obs/log.h"
#include "quote/names.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/watch.h"
#include "serve/worker.h"
#include "store/store.h"

/* --- What the threads report ------------------------------------------------
 */

IMPLEMENTS(desk_recall_fn)
static bool on_recall(void *user, struct desk_result *result)
{
    struct supply *supply = user;
    return ledger_recall(&supply->ledger, result);
}

/* Number of workers that may be spoken to. */
static unsigned count_workers(const struct supply *supply)
{
    bool has_workers =
        atomic_load_explicit(&supply->has_workers, memory_order_acquire);
    return has_workers ? supply->shared->workers_count : 0;
}

void supply_meet_workers(struct supply *supply)
{
    atomic_store_explicit(&supply->has_workers, true, memory_order_release);
}

IMPLEMENTS(desk_done_fn)
static void on_fetched(void *user, uint64_t askers,
                       const struct desk_result *result)
{
    struct supply *supply = user;
    struct desk_result kept = *result;
    if (!result->is_recalled) {
        ledger_keep(&supply->ledger, &kept);
    }
    bool is_news = kept.err == 0 && !result->is_recalled;
    for (unsigned i = 0; i < count_workers(supply); i++) {
        struct worker *worker = supply->workers[i];
        if (is_news) {
            watch_publish(worker->watches, &kept.symbol);
        }
        if ((askers >> i & 1) != 0) {
            worker_post_result(worker, &kept);
        }
    }
}

IMPLEMENTS(on_interest)
static void on_interest(void *user, const struct symbol *symbol,
                        struct desk_interest *out)
{
    struct supply *supply = user;
    struct cache_interest interest;
    cache_interest(supply->shared->cache, symbol, &interest);
    out->asked_mono_ms = interest.asked_mono_ms;
    out->seconds = interest.seconds;
    struct cache_found found;
    cache_peek(supply->shared->cache, symbol, &found);
    out->quote = found.quote;
    for (unsigned i = 0; i < count_workers(supply) && !out->is_watched; i++) {
        out->is_watched = watch_has(supply->workers[i]->watches, symbol);
    }
}

static struct span find_market(struct supply *supply,
                               const struct symbol *symbol, char mic[8])
{
    uv_mutex_lock(&supply->lock);
    const struct settings *settings = supply->settings;
    struct span market =
        settings == NULL
            ? symbol_mic(symbol)
            : market_of(settings->names, settings->conf->fetch.market, symbol);
    size_t len = market.len < 8 ? market.len : 0;
    memcpy(mic, market.data, len); // the settings may go
    uv_mutex_unlock(&supply->lock);
    return (struct span){mic, len};
}

/* The hours of a market; they stay when other calendars are taken. */
static const struct timetable *find_timetable(struct supply *supply,
                                              struct span market)
{
    uv_mutex_lock(&supply->lock);
    const struct timetable *timetable =
        calendar_find(almanac_calendar(supply->almanac), market);
    uv_mutex_unlock(&supply->lock);
    return timetable;
}

IMPLEMENTS(on_market)
static const struct timetable *on_market(void *user,
                                         const struct symbol *symbol)
{
    struct supply *supply = user;
    char mic[8];
    return find_timetable(supply, find_market(supply, symbol, mic));
}

/* What the names file says. */
IMPLEMENTS(on_currency)
static void on_currency(void *user, const struct symbol *symbol,
                        char out[QUOTE_CURRENCY_SIZE])
{
    struct supply *supply = user;
    uv_mutex_lock(&supply->lock);
    const struct settings *settings = supply->settings;
    const struct name *name =
        settings == NULL ? NULL
                         : names_find(settings->names, symbol_span(symbol));
    snprintf(out, QUOTE_CURRENCY_SIZE, "%s",
             name == NULL ? "" : name->currency);
    uv_mutex_unlock(&supply->lock);
}

IMPLEMENTS(on_served)
static bool on_served(void *user, const struct symbol *symbol,
                      struct quote *out)
{
    struct supply *supply = user;
    return ledger_served(&supply->ledger, symbol, out);
}

IMPLEMENTS(store_noted_fn)
static void on_noted(void *user, const char *key, uint64_t ticket, int err)
{
    (void)key;
    (void)err; // the store has said so, and the call is made all the same
    struct supply *supply = user;
    fetch_noted(supply->shared->fetch, ticket);
}

IMPLEMENTS(store_answer_fn)
static void on_past(void *user, void *tag, int err, const struct bars *bars)
{
    (void)user;
    question_answer_past(tag, err, bars);
}

IMPLEMENTS(on_explained)
static void on_explained(void *user, unsigned asker, uint64_t number,
                         struct desk_explanation *moved)
{
    struct supply *supply = user;
    (void)asker; // the question knows its worker
    if (moved != NULL) {
        char mic[8];
        struct span market = find_market(supply, &moved->symbol, mic);
        snprintf(moved->market, sizeof(moved->market), "%.*s",
                 SPAN_ARGS(market));
    }
    question_answer_explanation(number, moved);
}

/* What the providers before did not know or would not tell, these may. */
IMPLEMENTS(on_change)
static void on_change(void *user)
{
    struct supply *supply = user;
    cache_forget_failures(supply->shared->cache);
}

IMPLEMENTS(on_changed)
static void on_changed(void *user)
{
    struct supply *supply = user;
    supply->shared->on_settings_taken(supply->shared->user);
}

static void on_join(void *user)
{
    (void)user;
    cache_reader_join();
}

static void on_leave(void *user)
{
    (void)user;
    cache_reader_leave();
}

static void on_wake(void *user)
{
    (void)user;
    cache_reader_resume();
}

static void on_block(void *user)
{
    (void)user;
    cache_reader_pause();
}

/* --- Starting and ending -----------------------------------------------------
 */

int supply_init(struct supply *supply, struct shared *shared,
                struct worker *const *workers)
{
    if (uv_mutex_init(&supply->lock) != 0) {
        return ERR_NOMEM;
    }
    supply->shared = shared;
    supply->workers = workers;
    ledger_init(&supply->ledger, shared->cache, shared->clock);
    return 0;
}

void supply_take_almanac(struct supply *supply, struct almanac **almanac)
{
    uv_mutex_lock(&supply->lock);
    almanac_replace(&supply->almanac, almanac);
    uv_mutex_unlock(&supply->lock);
    almanac_warn(supply->almanac, clock_unix_ms(supply->shared->clock) / 1000);
}

struct desk_policy supply_policy(const struct conf *conf)
{
    return (struct desk_policy){
        .flights_max = (uint32_t)conf->fetch.flights_max,
        .calls_max = (uint32_t)conf->fetch.calls_max,
        .symbols_max = (uint32_t)conf->cache.symbols_max,
        .wait_for_ms = conf->fetch.wait_for_ms,
        .pack_for_ms = conf->fetch.pack_for_ms,
        .warm_for_ms = conf->fetch.warm_for_ms,
        .fresh_for_ms = conf->cache.fresh_for_ms,
        .retry_after_ms = conf->fetch.retry_after_ms,
    };
}

int supply_start(struct supply *supply, const struct conf *conf,
                 struct desk_provider *providers, size_t count)
{
    struct shared *shared = supply->shared;
    char boot[ARCHIVE_BOOT_SIZE];
    archive_boot(boot);
    struct fetch_options options = {
        .clock = shared->clock,
        .cells = &shared->metrics.cells[shared->workers_count],
        .desk =
            {
                .on_done = on_fetched,
                .on_recall = on_recall,
                .on_interest = on_interest,
                .on_market = on_market,
                .on_currency = on_currency,
                .on_served = on_served,
                .user = supply,
                .boot = boot,
            },
        .on_change = on_change,
        .on_changed = on_changed,
        .on_explained = on_explained,
        .on_join = on_join,
        .on_leave = on_leave,
        .on_wake = on_wake,
        .on_block = on_block,
        .store = shared->store,
        .policy = supply_policy(conf),
    };
    int err = fetch_start(&shared->fetch, &options, providers, count);
    if (err == 0 && shared->store != NULL) {
        const struct store_callbacks callbacks = {on_noted, on_past, supply};
        err = store_start(shared->store, &callbacks);
    }
    return err;
}

void supply_apply(struct supply *supply, struct settings *settings)
{
    const struct conf *conf = settings->conf;
    uv_mutex_lock(&supply->lock);
    settings_leave(&supply->settings);
    supply->settings = settings_hold(settings);
    uv_mutex_unlock(&supply->lock);
    ledger_apply(&supply->ledger, conf);
    if (supply->shared->store != NULL) {
        store_change(supply->shared->store, conf->store.history_for_ms);
    }
}

void supply_stop(struct supply *supply)
{
    struct shared *shared = supply->shared;
    if (shared == NULL) {
        return; // it was never begun
    }
    if (shared->fetch != NULL) {
        fetch_end(shared->fetch);
    }
    store_stop(&shared->store); // which still tells the fetch thread of notes
    fetch_stop(&shared->fetch);
    settings_leave(&supply->settings);
    almanac_destroy(&supply->almanac);
    uv_mutex_destroy(&supply->lock);
    supply->shared = NULL;
}
