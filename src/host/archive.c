/* SPDX-License-Identifier: Apache-2.0 */
#include "host/archive.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "desk/closing.h"
#include "host/market.h"
#include "obs/log.h"
#include "obs/metric.h"
#include "quote/freshness.h"
#include "quote/quote.h"
#include "store/store.h"

static void log_opening(const struct database_opening *opening,
                        const char *path)
{
    if (opening->was_damaged) {
        log_event(LOG_ERROR, "store",
                  "the file is damaged and was set aside; a new one is begun",
                  LOG_TEXT("path", path), LOG_TEXT("cause", opening->text));
    }
    if (opening->is_read_only) {
        const char *cause =
            opening->text[0] != '\0' ? opening->text : "the disk is read-only";
        log_event(LOG_WARNING, "store", "nothing will be kept",
                  LOG_TEXT("path", path), LOG_TEXT("cause", cause));
    }
}

int archive_open(struct store **out, const struct conf *conf,
                 const struct clock *clock, struct metric_cells *cells,
                 char error[ARCHIVE_ERROR_SIZE])
{
    *out = NULL;
    if (conf->store.path[0] == '\0') {
        return 0;
    }
    struct store_options options = {
        .path = conf->store.path,
        .clock = clock,
        .cells = cells,
        .history_for_ms = conf->store.history_for_ms,
    };
    struct database_opening opening;
    int err = store_open(out, &options, &opening);
    if (err != 0) {
        snprintf(error, ARCHIVE_ERROR_SIZE, "store.path: %s",
                 opening.text[0] != '\0' ? opening.text : err_sentence(err));
        return err;
    }
    log_opening(&opening, conf->store.path);
    return 0;
}

/* Where quotes go that were kept, and what their age is counted by. */
struct loading {
    struct cache *cache;
    uint64_t now_mono_ms;
    int64_t now_unix_ms;
    struct freshness_rule rule;
    const struct market_book *book;
    size_t seen;
    size_t count;
};

/* A reader that does not pause keeps the table from growing. */
#define QUOTES_A_PAUSE 64

IMPLEMENTS(database_quote_fn)
static void load(void *user, const struct quote *kept)
{
    struct loading *loading = user;
    int64_t age_ms = loading->now_unix_ms - kept->fetched_unix_ms;
    age_ms = age_ms < 0 ? 0 : age_ms; // the wall clock was put back
    if ((uint64_t)age_ms >= loading->now_mono_ms) {
        return; // older than the monotonic clock can say
    }
    if (++loading->seen % QUOTES_A_PAUSE == 0) {
        cache_reader_pause();
        cache_reader_resume();
    }
    struct quote quote = *kept;
    quote.fetched_mono_ms = loading->now_mono_ms - (uint64_t)age_ms;
    // For how long it holds was decided when it was fetched.
    closing_note(&quote, market_hours(loading->book, &quote.symbol),
                 (struct steady_time){
                     .unix_ms = quote.fetched_unix_ms,
                     .mono_ms = quote.fetched_mono_ms,
                 });
    if (freshness_of(&quote, &loading->rule, loading->now_mono_ms) ==
        FRESHNESS_EXPIRED) {
        return;
    }
    int err = cache_publish(loading->cache, &quote, loading->now_mono_ms);
    CHECK(err == 0 || err == ERR_NOMEM || err == ERR_STALE);
    loading->count += err == 0;
}

void archive_load(struct store *store, struct cache *cache,
                  const struct clock *clock, const struct conf *conf,
                  const struct market_book *book)
{
    if (store == NULL) {
        return;
    }
    struct loading loading = {
        .cache = cache,
        .now_mono_ms = clock_mono_ms(clock),
        .now_unix_ms = clock_unix_ms(clock),
        .rule = {conf->cache.fresh_for_ms, conf->cache.stale_for_ms},
        .book = book,
    };
    cache_reader_join();
    int err = database_each_quote(store_database(store),
                                  conf->cache.symbols_max, load, &loading);
    cache_reader_leave();
    if (err != 0) {
        log_event(LOG_ERROR, "store", "not all quotes of before can be read",
                  LOG_TEXT("cause", database_error(store_database(store))));
    }
    log_event(LOG_INFO, "store", "quotes of before are served",
              LOG_TEXT("path", conf->store.path),
              LOG_NUMBER("quotes", (int64_t)loading.count));
}

void archive_boot(char out[ARCHIVE_BOOT_SIZE])
{
    struct buffer text = buffer_empty(4096);
    out[0] = '\0';
    if (file_read(&text, "/proc/sys/kernel/random/boot_id") == 0) {
        struct span word = span_trim(buffer_span(&text));
        if (word.len < ARCHIVE_BOOT_SIZE &&
            memchr(word.data, ' ', word.len) == NULL) {
            memcpy(out, word.data, word.len);
            out[word.len] = '\0';
        }
    }
    buffer_deinit(&text);
}
