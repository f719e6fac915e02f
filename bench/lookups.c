/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookups -- what finding a quote costs by how many there are, and what memory
 * a quote takes.
 *
 *     lookups [ROUNDS]
 *
 * Caches of 10 to 1,000,000 symbols are asked in turn, round after round, in
 * two ways.  A look-up reads what a GET reads.
 *
 *     alone      for a symbol that the answer before decides, so that one
 *                look-up ends before the next begins: as in a server, where
 *                hundreds of instructions lie between two of them
 *     announced  32 symbols at a time, which are announced first, as those of
 *                an MGET or of requests that came together can be
 *
 * Printed are nanoseconds of CPU, the median of the rounds and their middle
 * half, and resident bytes a symbol, whose text has 8 of them: with all that
 * belongs to the cache, in whole pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cache/cache.h"
#include "obs/metric.h"
#include "obs/process.h"
#include "quote/freshness.h"
#include "quote/quote.h"

#define LOOKUPS        96000
#define ROUNDS_DEFAULT 9
#define ROUNDS_LIMIT   99
#define BATCH          32
#define NOW_MS         2000
#define SYMBOL_LEN     8

enum way { ALONE, ANNOUNCED, WAYS };

static const char *const way_names[] = {"alone", "announced"};

static const uint32_t sizes[] = {10, 1000, 10000, 100000, 1000000};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct crowd {
    struct cache *cache;
    uint32_t size;
    size_t resident_bytes;
    double ns[WAYS][ROUNDS_LIMIT];
};

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* "S0000000" and on. */
static struct symbol numbered(uint32_t number)
{
    struct symbol symbol = {.len = SYMBOL_LEN, .text = "S"};
    for (int i = SYMBOL_LEN - 1; i > 0; i--) {
        symbol.text[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return symbol;
}

/* With every number that a provider gives. */
static struct quote make_quote(uint32_t number)
{
    struct quote quote = {.symbol = numbered(number),
                          .has_as_of = true,
                          .fetched_mono_ms = NOW_MS,
                          .currency = "USD",
                          .source = "alphavantage"};
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        quote_set(&quote, (enum quote_number)n,
                  (struct decimal){10001 + (int64_t)number * 10, -2});
    }
    return quote;
}

static size_t resident_bytes(void)
{
    struct process_usage usage;
    process_read(&usage);
    return usage.resident_bytes;
}

/* Wait until what was retired has been freed, as the end of a cache does. */
static void settle(struct metric_cells *cells)
{
    const struct cache_options options = {1, cells};
    struct cache *cache;
    cache_reader_leave();
    CHECK(cache_create(&cache, &options) == 0);
    cache_destroy(&cache);
    cache_reader_join();
}

static void fill(struct crowd *crowd, uint32_t size, struct metric_cells *cells)
{
    const struct cache_options options = {size, cells};
    size_t resident = resident_bytes();
    crowd->size = size;
    CHECK(cache_create(&crowd->cache, &options) == 0);
    for (uint32_t i = 0; i < size; i++) {
        struct quote quote = make_quote(i);
        CHECK(cache_publish(crowd->cache, &quote, 0) == 0);
    }
    settle(cells);
    crowd->resident_bytes = resident_bytes() - resident;
}

/* What a GET reads of a quote; 0, but the compiler can't know. */
static uint64_t read_quote(const struct quote *quote)
{
    static const struct freshness_rule rule = {60000, 60000};
    char text[DECIMAL_TEXT_SIZE];
    memcpy(text, quote->price_text, sizeof(text));
    return (uint64_t)(freshness_left_ms(quote, &rule, NOW_MS) == 0) +
           (text[0] == '\0') + (quote->price_len == 0);
}

static void ask_alone(struct crowd *crowd, uint64_t *seed)
{
    for (int i = 0; i < BATCH; i++) {
        struct symbol symbol =
            numbered((uint32_t)(next_random(seed) % crowd->size));
        struct cache_found found;
        CHECK(cache_find(crowd->cache, &symbol, NOW_MS, &found));
        *seed += read_quote(found.quote);
    }
}

static void ask_announced(struct crowd *crowd, uint64_t *seed)
{
    struct symbol symbols[BATCH];
    uint64_t hashes[BATCH];
    uint32_t places[BATCH];
    for (int i = 0; i < BATCH; i++) {
        symbols[i] = numbered((uint32_t)(next_random(seed) % crowd->size));
        hashes[i] = symbol_hash(&symbols[i]);
        cache_approach(crowd->cache, hashes[i]);
    }
    for (int i = 0; i < BATCH; i++) {
        places[i] = cache_prefetch(crowd->cache, hashes[i]);
    }
    for (int i = 0; i < BATCH; i++) {
        const struct quote *quote =
            cache_find_quote(crowd->cache, symbol_key(&symbols[i]), hashes[i],
                             places[i], NOW_MS);
        CHECK(quote != NULL);
        *seed += read_quote(quote);
    }
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double measure(struct crowd *crowd, enum way way, uint64_t seed)
{
    static void (*const asks[])(struct crowd *, uint64_t *) = {
        [ALONE] = ask_alone,
        [ANNOUNCED] = ask_announced,
    };
    int64_t began_ns = now_ns();
    for (int i = 0; i < LOOKUPS / BATCH; i++) {
        asks[way](crowd, &seed);
    }
    return (double)(now_ns() - began_ns) / LOOKUPS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(struct crowd *crowds, size_t rounds)
{
    printf("%9s %16s", "symbols", "bytes a symbol");
    for (int way = 0; way < WAYS; way++) {
        printf(" %22s", way_names[way]);
    }
    printf("\n");
    for (size_t i = 0; i < SIZES; i++) {
        struct crowd *crowd = &crowds[i];
        printf("%9u %16.1f", crowd->size,
               (double)crowd->resident_bytes / crowd->size);
        for (int way = 0; way < WAYS; way++) {
            double *ns = crowd->ns[way];
            qsort(ns, rounds, sizeof(*ns), compare);
            printf("   %5.1f (%5.1f - %5.1f)", ns[rounds / 2], ns[rounds / 4],
                   ns[rounds * 3 / 4]);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static struct metrics metrics;
    static struct crowd crowds[SIZES];
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    rounds = rounds > 0 && rounds <= ROUNDS_LIMIT ? rounds : ROUNDS_DEFAULT;
    hash_setup();
    CHECK(metric_init(&metrics, 1) == 0);
    cache_reader_join();
    for (size_t i = 0; i < SIZES; i++) {
        fill(&crowds[i], sizes[i], metrics.cells);
    }
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < SIZES * WAYS; i++) {
            struct crowd *crowd = &crowds[i / WAYS];
            enum way way = (enum way)(i % WAYS);
            crowd->ns[way][round] =
                measure(crowd, way, 88172645463325252u + i + round * 100);
        }
    }
    print(crowds, rounds);
    cache_reader_leave();
    for (size_t i = 0; i < SIZES; i++) {
        cache_destroy(&crowds[i].cache);
    }
    metric_deinit(&metrics);
    return 0;
}
