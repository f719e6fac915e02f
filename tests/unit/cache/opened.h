/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opened.h -- a cache that a test has opened, and ways to fill it and look.
 */

#pragma once

#include <stdio.h>

#include "base/check.h"
#include "cache/cache.h"
#include "obs/metric.h"
#include "quote/quote.h"
#include "testing/testing.h"

struct fixture {
    struct cache *cache;
    struct metrics metrics;
};

static inline void open_cache(struct fixture *f, uint32_t symbols_max)
{
    assert_int_equal(metric_init(&f->metrics, 1), 0);
    const struct cache_options options = {symbols_max, f->metrics.cells};
    assert_int_equal(cache_create(&f->cache, &options), 0);
    cache_reader_join();
}

static inline void close_cache(struct fixture *f)
{
    cache_reader_leave();
    cache_destroy(&f->cache);
    assert_null(f->cache);
    metric_deinit(&f->metrics);
}

static inline struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

/* "A0", "A1" and so on. */
static inline struct symbol numbered(char letter, unsigned number)
{
    char text[16];
    snprintf(text, sizeof(text), "%c%u", letter, number);
    return symbol_of(text);
}

static inline struct quote quote_at(const struct symbol *symbol,
                                    uint64_t fetched_ms)
{
    struct quote quote = {.symbol = *symbol, .fetched_mono_ms = fetched_ms};
    const struct decimal price = {(int64_t)fetched_ms * 10 + 1, -1};
    quote_set(&quote, QUOTE_PRICE, price);
    return quote;
}

static inline int publish(struct fixture *f, const struct symbol *symbol,
                          uint64_t fetched_ms)
{
    struct quote quote = quote_at(symbol, fetched_ms);
    return cache_publish(f->cache, &quote, fetched_ms);
}

static inline struct cache_found peek(struct fixture *f,
                                      const struct symbol *symbol)
{
    struct cache_found found = {.failure = 77, .failed_until_ms = 77};
    bool is_known = cache_peek(f->cache, symbol, &found);
    assert_int_equal(is_known, found.quote != NULL || found.failure != 0);
    return found;
}

static inline bool has_quote(struct fixture *f, const struct symbol *symbol)
{
    return peek(f, symbol).quote != NULL;
}

/* When the current quote was fetched; 0 where there is none. */
static inline uint64_t fetched_ms(struct fixture *f,
                                  const struct symbol *symbol)
{
    const struct quote *quote = peek(f, symbol).quote;
    return quote != NULL ? quote->fetched_mono_ms : 0;
}

static inline uint64_t counted(struct fixture *f, enum metric metric)
{
    return metric_sum(&f->metrics, metric);
}

IMPLEMENTS(cache_quote_fn)
static inline void count_quote(void *user, const struct quote *quote)
{
    assert_true(quote_has(quote, QUOTE_PRICE));
    ++*(uint32_t *)user;
}

static inline uint32_t scanned(struct fixture *f)
{
    uint32_t count = 0;
    uint64_t next = cache_scan(f->cache, 0, UINT32_MAX, count_quote, &count);
    assert_int_equal(next, 0);
    return count;
}
