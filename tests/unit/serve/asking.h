/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking.h -- a worker over a real cache, by a clock that the test moves, and
 * ways to ask it.
 */

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cache/cache.h"
#include "fetch/fetch.h"
#include "obs/metric.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/worker.h"
#include "testing/testing.h"

/* Fresh for 10 s, then stale for 100 s. */
#define FRESH_MS 10000u
#define STALE_MS 100000u
#define BEGIN_MS 1000000u

struct desk {
    struct shared shared;
    struct worker *worker;
    unsigned asked;
};

static inline int on_ask(void *user, const struct symbol *symbol,
                         const struct desk_wish *wish)
{
    (void)wish;
    (void)symbol;
    struct desk *desk = user;
    desk->asked++;
    return 0;
}

static inline struct settings *make_settings(void)
{
    struct conf *conf;
    struct names *names;
    struct names_error names_error;
    struct settings *settings;
    char error[CONF_ERROR_SIZE];
    const struct conf_sources sources = {
        .file = "quoted.yaml",
        .file_text = span_of("cache: {fresh_for: 10s, stale_for: 100s}\n"),
    };
    assert_int_equal(conf_load(&conf, &sources, error), 0);
    assert_int_equal(names_create_built_in(&names, &names_error), 0);
    assert_int_equal(settings_create(&settings, &conf, &names), 0);
    return settings;
}

static inline int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    assert_non_null(desk);
    desk->worker = calloc(1, sizeof(*desk->worker));
    assert_non_null(desk->worker);
    assert_int_equal(metric_init(&desk->shared.metrics, 1), 0);
    struct worker *worker = desk->worker;
    worker->shared = &desk->shared;
    worker->cells = desk->shared.metrics.cells;
    worker->settings = make_settings();
    worker->loop.now_ms = BEGIN_MS;
    const struct cache_options options = {100, worker->cells};
    assert_int_equal(cache_create(&desk->shared.cache, &options), 0);
    const struct wait_options waits = {
        .cells = worker->cells,
        .ask = on_ask,
        .user = desk,
    };
    assert_int_equal(wait_create_all(&worker->waits, &waits), 0);
    cache_reader_join();
    *state = desk;
    return 0;
}

static inline int close_desk(void **state)
{
    struct desk *desk = *state;
    cache_reader_leave();
    wait_destroy_all(&desk->worker->waits);
    cache_destroy(&desk->shared.cache);
    settings_leave(&desk->worker->settings);
    metric_deinit(&desk->shared.metrics);
    free(desk->worker);
    free(desk);
    return 0;
}

static inline struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

/* A quote that is fetched now. */
static inline void publish(struct desk *desk, const char *text)
{
    struct quote quote = {.symbol = symbol_of(text),
                          .fetched_mono_ms = desk->worker->loop.now_ms};
    quote_set(&quote, QUOTE_PRICE, (struct decimal){5, 0});
    assert_int_equal(
        cache_publish(desk->shared.cache, &quote, desk->worker->loop.now_ms),
        0);
}

/* A call that failed now, and is not to be repeated for a while. */
static inline void fail_call(struct desk *desk, const char *text, int err,
                             uint64_t for_ms)
{
    struct symbol symbol = symbol_of(text);
    assert_int_equal(cache_fail(desk->shared.cache, &symbol, err,
                                desk->worker->loop.now_ms + for_ms, "why not"),
                     0);
}

/* Whether a request is answered from memory. */
static inline bool ask(struct desk *desk, const char *text,
                       struct answer *answer)
{
    memset(answer, 0xa5, sizeof(*answer));
    answer->symbol = symbol_of(text);
    bool is_answered = ask_memory(desk->worker, answer);
    if (is_answered) {
        assert_int_equal(answer->quote != NULL, answer->err == 0);
        assert_true(answer->reason == NULL || answer->err != 0);
    }
    return is_answered;
}

/* As above, and what was counted: hits, stale ones, misses, unknown ones. */
static inline void assert_counted(struct desk *desk, uint64_t hits,
                                  uint64_t stale, uint64_t misses,
                                  uint64_t unknown)
{
    const struct metrics *metrics = &desk->shared.metrics;
    assert_int_equal(metric_sum(metrics, METRIC_cache_hits), hits);
    assert_int_equal(metric_sum(metrics, METRIC_cache_stale), stale);
    assert_int_equal(metric_sum(metrics, METRIC_cache_misses), misses);
    assert_int_equal(metric_sum(metrics, METRIC_cache_unknown), unknown);
}

/* The same by a text. */
static inline bool ask_by_text(struct desk *desk, const char *text,
                               struct answer *answer)
{
    memset(answer, 0xa5, sizeof(*answer));
    answer->max_age_ms = ASK_ANY_AGE;
    return ask_text(desk->worker, span_of(text), answer);
}
