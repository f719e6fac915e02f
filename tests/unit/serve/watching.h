/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watching.h -- a worker of which nothing but its watchers runs, with a cache
 * and a table of waits that are real, for the tests of serve/watch.c.
 *
 * Included once a program: it defines worker_post(), which keeps the message
 * until deliver().
 */

#pragma once

#include <stdatomic.h>
#include <string.h>

#include "base/err.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "desk/terms.h"
#include "obs/metric.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/watch.h"
#include "serve/worker.h"
#include "testing/testing.h"

struct watching {
    struct worker worker;
    struct shared shared;
    struct settings settings;
    struct conf conf;
    struct metrics metrics;
    struct names *names;
    int asked;                          // how often upstream was
    _Atomic(struct worker_mail *) mail; // under way
    _Atomic int posted;                 // messages
};

static struct watching watching;

bool worker_post(struct worker *worker, struct worker_mail *mail)
{
    assert_ptr_equal(worker, &watching.worker);
    atomic_fetch_add(&watching.posted, 1);
    assert_null(atomic_exchange(&watching.mail, mail));
    return true;
}

static inline int ask_upstream(void *user, const struct symbol *symbol,
                               const struct desk_wish *wish)
{
    (void)user;
    (void)symbol;
    (void)wish;
    watching.asked++;
    return 0;
}

/* The worker's turn: the message that is under way, if there is one. */
static inline void deliver(void)
{
    struct worker_mail *mail = atomic_exchange(&watching.mail, NULL);
    if (mail != NULL) {
        mail->on_mail(&watching.worker, mail);
    }
}

static inline void open_watching(uint32_t symbols_max)
{
    memset(&watching, 0, sizeof(watching));
    struct worker *worker = &watching.worker;
    assert_int_equal(metric_init(&watching.metrics, 2), 0);
    struct names_error error;
    assert_int_equal(names_create(&watching.names,
                                  span_of("symbol,name,aliases,currency,mic\n"),
                                  &error),
                     0);
    struct cache_options options = {symbols_max, &watching.metrics.cells[1]};
    assert_int_equal(cache_create(&watching.shared.cache, &options), 0);
    watching.settings.conf = &watching.conf;
    watching.settings.names = watching.names;
    watching.settings.rule = (struct freshness_rule){1000, 1000};
    watching.conf.cache.symbols_max = symbols_max;
    watching.conf.server.id = (char *)"here";
    worker->shared = &watching.shared;
    worker->settings = &watching.settings;
    worker->cells = watching.metrics.cells;
    worker->loop.now_ms = 1000;
    struct wait_options waits = {.cells = worker->cells, .ask = ask_upstream};
    assert_int_equal(wait_create_all(&worker->waits, &waits), 0);
    assert_int_equal(watch_create_all(&worker->watches, worker), 0);
    cache_reader_join();
}

static inline void close_watching(void)
{
    deliver();
    watch_destroy_all(&watching.worker.watches);
    assert_null(watching.worker.watches);
    wait_destroy_all(&watching.worker.waits);
    cache_reader_leave();
    cache_destroy(&watching.shared.cache);
    names_destroy(&watching.names);
    metric_deinit(&watching.metrics);
}

static inline struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

/* A quote whose price is when it was fetched, and is of then, in ms. */
static inline struct quote quote_of(const char *symbol, uint64_t ms)
{
    struct quote quote = {.symbol = symbol_of(symbol),
                          .fetched_mono_ms = ms,
                          .has_as_of = true,
                          .as_of_unix_ns = (int64_t)ms * 1000000,
                          .source = "test"};
    quote_set(&quote, QUOTE_PRICE, (struct decimal){(int64_t)ms, 0});
    return quote;
}

/* What the fetch thread does with a quote that has come. */
static inline int publish_quote(const struct quote *quote)
{
    int err = cache_publish(watching.shared.cache, quote,
                            watching.worker.loop.now_ms);
    watch_publish(watching.worker.watches, &quote->symbol);
    return err;
}

static inline void publish(const char *symbol, uint64_t ms)
{
    struct quote quote = quote_of(symbol, ms);
    assert_int_equal(publish_quote(&quote), 0);
}

static inline uint64_t counted(enum metric metric)
{
    return metric_sum(&watching.metrics, metric);
}
