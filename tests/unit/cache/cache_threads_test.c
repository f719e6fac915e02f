/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache_threads_test.c -- readers beside the writer: what they find is never
 * torn, never freed while it is held, and never goes back in time.  The number
 * of operations is bounded.  Run under ThreadSanitizer too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "cache/cache.h"
#include "obs/metric.h"
#include "quote/quote.h"
#include "testing/testing.h"

#define READERS   3
#define SYMBOLS   64
#define PUBLISHES 20000
#define FINDS     40000
#define BATCH     16 /* finds between two pauses */

struct stage {
    struct cache *cache;
    struct metrics metrics;
    struct symbol symbols[SYMBOLS];
    pthread_barrier_t start;
};

struct reader {
    struct stage *stage;
    pthread_t thread;
    uint64_t seed;
    uint64_t last[SYMBOLS];
    unsigned found;
    unsigned torn;
    unsigned went_back;
    unsigned scanned;
};

/* Every part of the quote tells which symbol and which publish it is of. */
static struct quote make_quote(const struct stage *stage, unsigned symbol,
                               uint64_t sequence)
{
    struct quote quote = {
        .symbol = stage->symbols[symbol],
        .has_as_of = true,
        .as_of_unix_ns = (int64_t)sequence,
        .fetched_unix_ms = (int64_t)sequence,
        .fetched_mono_ms = sequence,
    };
    struct decimal value = {
        (int64_t)(symbol * UINT64_C(1000000000) + sequence) * 10 + 1, -2};
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        quote_set(&quote, (enum quote_number)n, value);
    }
    snprintf(quote.source, sizeof(quote.source), "%u-%u", symbol,
             (unsigned)sequence);
    return quote;
}

static bool is_whole(const struct stage *stage, const struct quote *quote,
                     unsigned symbol)
{
    uint64_t sequence = quote->fetched_mono_ms;
    struct quote made = make_quote(stage, symbol, sequence);
    bool is_same = symbol_equal(&quote->symbol, &made.symbol) &&
                   quote->has == made.has && quote->has_as_of &&
                   quote->as_of_unix_ns == made.as_of_unix_ns &&
                   quote->fetched_unix_ms == made.fetched_unix_ms &&
                   quote->price_len == made.price_len &&
                   strcmp(quote->price_text, made.price_text) == 0 &&
                   strcmp(quote->source, made.source) == 0;
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        is_same =
            is_same && decimal_equal(quote_number(quote, (enum quote_number)n),
                                     quote_number(&made, (enum quote_number)n));
    }
    return is_same;
}

/* Look some symbols up, then look again at all that were found. */
static void read_batch(struct reader *reader)
{
    struct stage *stage = reader->stage;
    const struct quote *held[BATCH];
    unsigned symbols[BATCH];
    for (int i = 0; i < BATCH; i++) {
        unsigned symbol = (unsigned)(testing_random(&reader->seed) % SYMBOLS);
        struct cache_found found;
        cache_find(stage->cache, &stage->symbols[symbol], 1000, &found);
        held[i] = found.quote;
        symbols[i] = symbol;
        if (found.quote != NULL) {
            uint64_t sequence = found.quote->fetched_mono_ms;
            reader->went_back += sequence < reader->last[symbol];
            reader->last[symbol] = sequence;
            reader->found++;
        }
    }
    for (int i = 0; i < BATCH; i++) {
        reader->torn +=
            held[i] != NULL && !is_whole(stage, held[i], symbols[i]);
    }
}

IMPLEMENTS(cache_quote_fn)
static void scan_one(void *user, const struct quote *quote)
{
    struct reader *reader = user;
    uint64_t symbol =
        (uint64_t)quote->digits[QUOTE_PRICE] / UINT64_C(10000000000);
    reader->scanned++;
    reader->torn +=
        symbol >= SYMBOLS || !is_whole(reader->stage, quote, (unsigned)symbol);
}

static void *read_all(void *user)
{
    struct reader *reader = user;
    cache_reader_join();
    cache_reader_pause();
    pthread_barrier_wait(&reader->stage->start);
    uint64_t cursor = 0;
    for (int i = 0; i < FINDS / BATCH; i++) {
        cache_reader_resume();
        read_batch(reader);
        cursor = cache_scan(reader->stage->cache, cursor, 4, scan_one, reader);
        cache_reader_pause();
    }
    cache_reader_resume();
    cache_reader_leave();
    return NULL;
}

/* Publish, and now and then fail, as the fetch thread does. */
static void write_all(struct stage *stage)
{
    uint64_t seed = 99;
    struct metric_cells *cells = stage->metrics.cells;
    cache_reader_join();
    cache_reader_pause();
    pthread_barrier_wait(&stage->start);
    for (uint64_t sequence = 1; sequence <= PUBLISHES; sequence++) {
        cache_reader_resume();
        unsigned symbol = (unsigned)(testing_random(&seed) % SYMBOLS);
        struct quote quote = make_quote(stage, symbol, sequence);
        CHECK(cache_publish(stage->cache, &quote, 1000) == 0);
        if (sequence % 8 == 0) {
            const struct symbol *other =
                &stage->symbols[testing_random(&seed) % SYMBOLS];
            CHECK(cache_fail(stage->cache, other, ERR_UNKNOWN, sequence,
                             NULL) == 0);
        }
        cache_reader_pause();
    }
    CHECK(atomic_load(&cells->values[METRIC_cache_published]) == PUBLISHES);
    cache_reader_resume();
    cache_reader_leave();
}

static void run(uint32_t symbols_max)
{
    struct stage stage = {0};
    assert_int_equal(metric_init(&stage.metrics, 1), 0);
    const struct cache_options options = {symbols_max, stage.metrics.cells};
    assert_int_equal(cache_create(&stage.cache, &options), 0);
    assert_int_equal(pthread_barrier_init(&stage.start, NULL, READERS + 1), 0);
    for (unsigned i = 0; i < SYMBOLS; i++) {
        char text[8];
        snprintf(text, sizeof(text), "S%u", i);
        assert_int_equal(symbol_parse(&stage.symbols[i], span_of(text)), 0);
    }
    static struct reader readers[READERS];
    memset(readers, 0, sizeof(readers));
    for (unsigned i = 0; i < READERS; i++) {
        readers[i].stage = &stage;
        readers[i].seed = i;
        assert_int_equal(
            pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
    }
    write_all(&stage);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].went_back, 0);
    }
    assert_true(cache_count(stage.cache) <= symbols_max);
    cache_destroy(&stage.cache);
    metric_deinit(&stage.metrics);
    pthread_barrier_destroy(&stage.start);
}

static void readers_find_whole_quotes_that_only_get_newer(void **state)
{
    (void)state;
    run(SYMBOLS);
}

static void readers_find_whole_quotes_while_others_are_pushed_out(void **state)
{
    (void)state;
    run(SYMBOLS / 2);
}

/* --- A table that grows ----------------------------------------------------
 */

#define GROWN   6000
#define LOOKING 60000

struct growth {
    struct cache *cache;
    struct metrics metrics;
    _Atomic unsigned known; // symbols that were published, the first ones
    pthread_barrier_t start;
};

struct looker {
    struct growth *growth;
    pthread_t thread;
    uint64_t seed;
    unsigned lost;
    unsigned invented;
};

static struct symbol numbered(char letter, unsigned number)
{
    char text[16];
    struct symbol symbol;
    snprintf(text, sizeof(text), "%c%u", letter, number);
    CHECK(symbol_parse(&symbol, span_of(text)) == 0);
    return symbol;
}

static void *look_all(void *user)
{
    struct looker *looker = user;
    struct growth *growth = looker->growth;
    cache_reader_join();
    cache_reader_pause();
    pthread_barrier_wait(&growth->start);
    unsigned known = 0;
    for (unsigned i = 0; known < GROWN || i < LOOKING; i++) {
        cache_reader_resume();
        known = atomic_load_explicit(&growth->known, memory_order_acquire);
        unsigned number =
            (unsigned)(testing_random(&looker->seed) % (known + 1));
        struct symbol symbol = numbered('S', number);
        uint64_t hash = symbol_hash(&symbol);
        uint32_t place = cache_prefetch(growth->cache, hash);
        const struct quote *found = cache_find_quote(
            growth->cache, symbol_key(&symbol), hash, place, 1000);
        looker->lost += number < known && found == NULL;
        looker->invented +=
            found != NULL && !symbol_equal(&found->symbol, &symbol);
        cache_reader_pause();
    }
    cache_reader_resume();
    cache_reader_leave();
    return NULL;
}

/* Beside each new symbol one becomes known as unknown, which pushes another out
 * and leaves a place that is gone. */
static void grow_all(struct growth *growth)
{
    cache_reader_join();
    cache_reader_pause();
    pthread_barrier_wait(&growth->start);
    for (unsigned i = 0; i < GROWN; i++) {
        cache_reader_resume();
        struct quote quote = {.symbol = numbered('S', i)};
        quote_set(&quote, QUOTE_PRICE, (struct decimal){i + 1, 0});
        CHECK(cache_publish(growth->cache, &quote, 1000) == 0);
        struct symbol unknown = numbered('U', i);
        CHECK(cache_fail(growth->cache, &unknown, ERR_UNKNOWN, i, NULL) == 0);
        atomic_store_explicit(&growth->known, i + 1, memory_order_release);
        cache_reader_pause();
    }
    cache_reader_resume();
    cache_reader_leave();
}

static void readers_lose_nothing_while_the_table_grows(void **state)
{
    (void)state;
    static struct growth growth;
    static struct looker lookers[READERS];
    memset(lookers, 0, sizeof(lookers));
    assert_int_equal(metric_init(&growth.metrics, 1), 0);
    const struct cache_options options = {GROWN, growth.metrics.cells};
    assert_int_equal(cache_create(&growth.cache, &options), 0);
    assert_int_equal(pthread_barrier_init(&growth.start, NULL, READERS + 1), 0);
    for (unsigned i = 0; i < READERS; i++) {
        lookers[i].growth = &growth;
        lookers[i].seed = i;
        assert_int_equal(
            pthread_create(&lookers[i].thread, NULL, look_all, &lookers[i]), 0);
    }
    grow_all(&growth);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(lookers[i].thread, NULL), 0);
        assert_int_equal(lookers[i].lost, 0);
        assert_int_equal(lookers[i].invented, 0);
    }
    assert_int_equal(cache_count(growth.cache), GROWN);
    cache_destroy(&growth.cache);
    metric_deinit(&growth.metrics);
    pthread_barrier_destroy(&growth.start);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(readers_find_whole_quotes_that_only_get_newer),
    cmocka_unit_test(readers_find_whole_quotes_while_others_are_pushed_out),
    cmocka_unit_test(readers_lose_nothing_while_the_table_grows),
};

TEST_MAIN(tests)
