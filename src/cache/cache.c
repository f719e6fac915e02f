/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table is liburcu's lock-free hash table of entries, one a symbol.  An
 * entry stays while its symbol is known; its quote is replaced by swapping a
 * pointer.
 *
 * Beside the table, every entry has a slot in an array, which makes two things
 * simple: to draw a random entry when one must go, and to walk the cache with a
 * cursor that stays valid.  The front part of the array is for entries with a
 * quote, the back part for unknown symbols, so the two can't push each other
 * out.
 */
#include "cache/cache.h"

#include <stdatomic.h>
#include <string.h>

#include <urcu-qsbr.h>

#include <urcu/rculfhash.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "obs/metric.h"
#include "quote/quote.h"

/* ThreadSanitizer can't see liburcu's ordering (0.13 is built without its
 * annotations), so the two ends of a grace period are shown to it. */
#if defined(__SANITIZE_THREAD__)
#define SHOW_GRACE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHOW_GRACE 1
#endif
#endif
#ifdef SHOW_GRACE
#include <sanitizer/tsan_interface.h>
static char grace;
#define GRACE_BEFORE() __tsan_release(&grace)
#define GRACE_AFTER()  __tsan_acquire(&grace)
#else
#define GRACE_BEFORE() ((void)0)
#define GRACE_AFTER()  ((void)0)
#endif

/* How many random entries are compared when one has to go.  Redis'
 * documentation of its approximated LRU takes 5 by default and calls 10 close
 * to true LRU. */
#define EVICTION_SAMPLE 10

#define BUCKETS_FIRST 256

struct published {
    struct rcu_head reclaim; // here, so that retiring can't fail
    struct quote quote;
};

struct entry {
    struct cds_lfht_node node;
    struct rcu_head reclaim;
    /* Acquire and release: what a reader finds behind the pointer was written
     * before it was stored.  NULL: the symbol is believed unknown. */
    _Atomic(struct published *) current;
    /* until_ms << 8 | -failure, in one word so that the two belong together;
     * 0: no failure.  Relaxed: it stands for itself. */
    _Atomic uint64_t failed;
    /* Seconds of the monotonic clock when somebody last asked.  Relaxed: a
     * stamp that is lost or late makes the order of eviction a little less
     * exact. */
    _Atomic uint32_t asked_s;
    _Atomic uint32_t asked_seconds; // how often that was stamped; relaxed too
    uint32_t slot;
    struct symbol symbol;
};

struct part {
    uint32_t first; // slot
    uint32_t size;  // slots
    /* Slots that were ever used, from the front.  Relaxed: a walk that sees an
     * old value ends a little early, before entries that came after it began.
     */
    _Atomic uint32_t touched;
    uint32_t count; // entries
    uint32_t *free; // slots given back, free_count of them
    uint32_t free_count;
    enum metric gauge;
};

struct cache {
    struct cds_lfht *table;
    _Atomic(struct entry *) *slots; // acquire and release, as `current`
    struct part quotes;
    struct part unknowns;
    struct metric_cells *cells;
    uint64_t random;
};

void cache_reader_join(void)
{
    rcu_register_thread();
}

void cache_reader_pause(void)
{
    GRACE_BEFORE();
    rcu_thread_offline();
}

void cache_reader_resume(void)
{
    rcu_thread_online();
}

void cache_reader_leave(void)
{
    GRACE_BEFORE();
    rcu_unregister_thread();
}

static int part_init(struct part *part, uint32_t first, uint32_t size,
                     enum metric gauge)
{
    part->first = first;
    part->size = size;
    part->gauge = gauge;
    part->free = mem_calloc(size, sizeof(*part->free));
    return part->free != NULL ? 0 : ERR_NOMEM;
}

/*
 * As many buckets as there can be symbols, so that chains are short when the
 * cache is full; liburcu begins with BUCKETS_FIRST of them in use.  Without
 * this bound it guesses the number from the length of a chain while its
 * resizing lags behind, and has been seen to take 8 MiB for 10,000 symbols.
 */
static struct cds_lfht *make_table(uint32_t symbols)
{
    unsigned long buckets = BUCKETS_FIRST;
    while (buckets < symbols) {
        buckets *= 2;
    }
    return cds_lfht_new(BUCKETS_FIRST, buckets, buckets, CDS_LFHT_AUTO_RESIZE,
                        NULL);
}

int cache_create(struct cache **out, const struct cache_options *options)
{
    *out = NULL;
    if (options->symbols_max < 1 ||
        options->symbols_max > CACHE_SYMBOLS_LIMIT) {
        return ERR_RANGE;
    }
    struct cache *cache = mem_calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return ERR_NOMEM;
    }
    uint32_t quotes = options->symbols_max;
    uint32_t unknowns =
        (quotes + CACHE_UNKNOWNS_SHARE - 1) / CACHE_UNKNOWNS_SHARE;
    cache->cells = options->cells;
    cache->slots = mem_calloc(quotes + unknowns, sizeof(*cache->slots));
    uint64_t one = 1;
    cache->random = hash_bytes(&one, sizeof(one)) | 1;
    int err = cache->slots == NULL ? ERR_NOMEM : 0;
    err = err != 0 ? err
                   : part_init(&cache->quotes, 0, quotes, METRIC_cache_quotes);
    err = err != 0 ? err
                   : part_init(&cache->unknowns, quotes, unknowns,
                               METRIC_cache_unknowns);
    if (err == 0) {
        cache->table = make_table(quotes + unknowns);
        err = cache->table == NULL ? ERR_NOMEM : 0;
    }
    if (err != 0) {
        cache_destroy(&cache);
        return err;
    }
    *out = cache;
    return 0;
}

/* --- Readers -------------------------------------------------------------- */

static int matches(struct cds_lfht_node *node, const void *key)
{
    struct entry *entry = caa_container_of(node, struct entry, node);
    // The acquire makes the writes before the first release below visible; the
    // symbol is one of them and never changes.
    atomic_load_explicit(&entry->current, memory_order_acquire);
    return symbol_equal(&entry->symbol, key);
}

static struct entry *find_entry(struct cache *cache,
                                const struct symbol *symbol)
{
    struct cds_lfht_iter at;
    cds_lfht_lookup(cache->table, hash_bytes(symbol->text, symbol->len),
                    matches, symbol, &at);
    struct cds_lfht_node *node = cds_lfht_iter_get_node(&at);
    return node != NULL ? caa_container_of(node, struct entry, node) : NULL;
}

static void fill_found(struct entry *entry, struct cache_found *found)
{
    struct published *current =
        atomic_load_explicit(&entry->current, memory_order_acquire);
    uint64_t failed =
        atomic_load_explicit(&entry->failed, memory_order_relaxed);
    found->quote = current != NULL ? &current->quote : NULL;
    found->failure = -(int)(failed & 0xff);
    found->failed_until_ms = failed >> 8;
}

bool cache_peek(struct cache *cache, const struct symbol *symbol,
                struct cache_found *found)
{
    struct entry *entry = find_entry(cache, symbol);
    if (entry == NULL) {
        *found = (struct cache_found){0};
        return false;
    }
    fill_found(entry, found);
    return true;
}

bool cache_find(struct cache *cache, const struct symbol *symbol,
                uint64_t now_ms, struct cache_found *found)
{
    struct entry *entry = find_entry(cache, symbol);
    if (entry == NULL) {
        *found = (struct cache_found){0};
        return false;
    }
    uint32_t now_s = (uint32_t)(now_ms / 1000);
    if (atomic_load_explicit(&entry->asked_s, memory_order_relaxed) != now_s) {
        atomic_store_explicit(&entry->asked_s, now_s, memory_order_relaxed);
        // Two workers in the same instant may count one for two.
        uint32_t seconds =
            atomic_load_explicit(&entry->asked_seconds, memory_order_relaxed);
        atomic_store_explicit(&entry->asked_seconds, seconds + 1,
                              memory_order_relaxed);
    }
    fill_found(entry, found);
    return true;
}

bool cache_interest(struct cache *cache, const struct symbol *symbol,
                    struct cache_interest *out)
{
    struct entry *entry = find_entry(cache, symbol);
    if (entry == NULL) {
        *out = (struct cache_interest){0};
        return false;
    }
    out->asked_mono_ms =
        (uint64_t)atomic_load_explicit(&entry->asked_s, memory_order_relaxed) *
        1000;
    out->seconds =
        atomic_load_explicit(&entry->asked_seconds, memory_order_relaxed);
    return true;
}

uint64_t cache_scan(struct cache *cache, uint64_t cursor, uint32_t count,
                    cache_quote_fn fn, void *user)
{
    uint64_t end =
        atomic_load_explicit(&cache->quotes.touched, memory_order_relaxed);
    for (; cursor < end && count > 0; cursor++, count--) {
        struct entry *entry =
            atomic_load_explicit(&cache->slots[cursor], memory_order_acquire);
        struct published *current =
            entry == NULL
                ? NULL
                : atomic_load_explicit(&entry->current, memory_order_acquire);
        if (current != NULL) {
            fn(user, &current->quote);
        }
    }
    return cursor < end ? cursor : 0;
}

/* --- The writer ----------------------------------------------------------- */

static void free_published(struct rcu_head *head)
{
    GRACE_AFTER();
    mem_free(caa_container_of(head, struct published, reclaim));
}

static void free_entry(struct rcu_head *head)
{
    GRACE_AFTER();
    mem_free(caa_container_of(head, struct entry, reclaim));
}

static void retire_published(struct published *published)
{
    if (published != NULL) {
        GRACE_BEFORE();
        call_rcu(&published->reclaim, free_published);
    }
}

/* Give a slot back.  The entry stays. */
static void leave_slot(struct cache *cache, struct part *part,
                       struct entry *entry)
{
    CHECK(entry->slot >= part->first && part->count > 0);
    atomic_store_explicit(&cache->slots[entry->slot], NULL,
                          memory_order_release);
    part->free[part->free_count++] = entry->slot;
    part->count--;
    metric_subtract(cache->cells, part->gauge, 1);
}

static void drop_entry(struct cache *cache, struct part *part,
                       struct entry *entry)
{
    leave_slot(cache, part, entry);
    int err = cds_lfht_del(cache->table, &entry->node);
    CHECK(err == 0); // there is one writer
    retire_published(
        atomic_load_explicit(&entry->current, memory_order_relaxed));
    GRACE_BEFORE();
    call_rcu(&entry->reclaim, free_entry);
}

/* xorshift64: eviction wants a number that is cheap, not one that is secret. */
static uint64_t next_random(struct cache *cache)
{
    cache->random ^= cache->random << 13;
    cache->random ^= cache->random >> 7;
    cache->random ^= cache->random << 17;
    return cache->random;
}

/* What makes an entry dearer than another: for quotes when it was last asked
 * for, for unknown symbols how long they are still believed. */
static uint64_t worth(const struct part *part, const struct entry *entry)
{
    return part->gauge == METRIC_cache_quotes
               ? atomic_load_explicit(&entry->asked_s, memory_order_relaxed)
               : atomic_load_explicit(&entry->failed, memory_order_relaxed);
}

/* Only called on a full part, where every slot is in use. */
static void evict_one(struct cache *cache, struct part *part)
{
    struct entry *least = NULL;
    for (int i = 0; i < EVICTION_SAMPLE; i++) {
        uint64_t slot = part->first + next_random(cache) % part->size;
        struct entry *entry =
            atomic_load_explicit(&cache->slots[slot], memory_order_relaxed);
        CHECK(entry != NULL);
        if (least == NULL || worth(part, entry) < worth(part, least)) {
            least = entry;
        }
    }
    drop_entry(cache, part, least);
    metric_add(cache->cells, METRIC_cache_evicted, 1);
}

static void take_slot(struct cache *cache, struct part *part,
                      struct entry *entry)
{
    if (part->count == part->size) {
        evict_one(cache, part);
    }
    if (part->free_count > 0) {
        entry->slot = part->free[--part->free_count];
    } else {
        uint32_t touched =
            atomic_load_explicit(&part->touched, memory_order_relaxed);
        CHECK(touched < part->size);
        entry->slot = part->first + touched;
        atomic_store_explicit(&part->touched, touched + 1,
                              memory_order_relaxed);
    }
    part->count++;
    metric_add(cache->cells, part->gauge, 1);
    atomic_store_explicit(&cache->slots[entry->slot], entry,
                          memory_order_release);
}

static struct entry *make_entry(const struct symbol *symbol, uint64_t now_ms)
{
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    if (entry != NULL) {
        entry->symbol = *symbol;
        atomic_init(&entry->asked_s, (uint32_t)(now_ms / 1000));
        cds_lfht_node_init(&entry->node);
    }
    return entry;
}

static void enter(struct cache *cache, struct entry *entry)
{
    const struct symbol *symbol = &entry->symbol;
    struct cds_lfht_node *there =
        cds_lfht_add_unique(cache->table, hash_bytes(symbol->text, symbol->len),
                            matches, symbol, &entry->node);
    CHECK(there == &entry->node); // the caller has looked; there is one writer
}

int cache_publish(struct cache *cache, const struct quote *quote,
                  uint64_t now_ms)
{
    CHECK(quote_has(quote, QUOTE_PRICE));
    struct entry *entry = find_entry(cache, &quote->symbol);
    struct published *before =
        entry == NULL
            ? NULL
            : atomic_load_explicit(&entry->current, memory_order_relaxed);
    if (before != NULL &&
        (before->quote.fetched_mono_ms > quote->fetched_mono_ms ||
         quote_compare_as_of(quote, &before->quote) < 0)) {
        metric_add(cache->cells, METRIC_cache_overtaken, 1);
        return ERR_STALE;
    }
    bool is_new = entry == NULL;
    struct published *published = mem_calloc(1, sizeof(*published));
    entry = is_new && published != NULL ? make_entry(&quote->symbol, now_ms)
                                        : entry;
    if (published == NULL || entry == NULL) {
        mem_free(published);
        return ERR_NOMEM;
    }
    published->quote = *quote;
    if (before == NULL && !is_new) {
        leave_slot(cache, &cache->unknowns, entry);
    }
    atomic_store_explicit(&entry->failed, 0, memory_order_relaxed);
    atomic_store_explicit(&entry->current, published, memory_order_release);
    if (before == NULL) {
        take_slot(cache, &cache->quotes, entry);
    }
    if (is_new) {
        enter(cache, entry);
    }
    retire_published(before);
    metric_add(cache->cells, METRIC_cache_published, 1);
    return 0;
}

int cache_fail(struct cache *cache, const struct symbol *symbol, int failure,
               uint64_t until_ms)
{
    CHECK(failure < 0 && failure > -256);
    uint64_t failed = until_ms << 8 | (uint64_t)-failure;
    bool is_about_symbol = failure == ERR_UNKNOWN || failure == ERR_NODATA;
    struct entry *entry = find_entry(cache, symbol);
    bool has_quote =
        entry != NULL &&
        atomic_load_explicit(&entry->current, memory_order_relaxed) != NULL;
    if (!has_quote && !is_about_symbol) {
        return 0; // the provider failed; what is believed of the symbol stays
    }
    if (entry != NULL) {
        atomic_store_explicit(&entry->failed, failed, memory_order_relaxed);
        return 0;
    }
    entry = make_entry(symbol, 0);
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    atomic_store_explicit(&entry->failed, failed, memory_order_relaxed);
    atomic_store_explicit(&entry->current, NULL, memory_order_release);
    take_slot(cache, &cache->unknowns, entry);
    enter(cache, entry);
    return 0;
}

uint32_t cache_count(const struct cache *cache)
{
    return cache->quotes.count;
}

uint32_t cache_unknowns(const struct cache *cache)
{
    return cache->unknowns.count;
}

/* Call `fn` for every entry of a part; it may drop the entry it is given. */
static void each_entry(struct cache *cache, struct part *part,
                       void (*fn)(struct cache *, struct part *,
                                  struct entry *))
{
    uint32_t touched =
        atomic_load_explicit(&part->touched, memory_order_relaxed);
    for (uint32_t i = 0; i < touched; i++) {
        struct entry *entry = atomic_load_explicit(
            &cache->slots[part->first + i], memory_order_relaxed);
        if (entry != NULL) {
            fn(cache, part, entry);
        }
    }
}

static void clear_failure(struct cache *cache, struct part *part,
                          struct entry *entry)
{
    (void)cache;
    (void)part;
    atomic_store_explicit(&entry->failed, 0, memory_order_relaxed);
}

void cache_forget_failures(struct cache *cache)
{
    each_entry(cache, &cache->unknowns, drop_entry);
    each_entry(cache, &cache->quotes, clear_failure);
}

void cache_destroy(struct cache **cache)
{
    struct cache *gone = *cache;
    if (gone == NULL) {
        return;
    }
    cache_reader_join();
    each_entry(gone, &gone->quotes, drop_entry);
    each_entry(gone, &gone->unknowns, drop_entry);
    cache_reader_leave();
    rcu_barrier(); // every retired quote has been freed
    if (gone->table != NULL) {
        int err = cds_lfht_destroy(gone->table, NULL);
        CHECK(err == 0);
    }
    mem_free(gone->quotes.free);
    mem_free(gone->unknowns.free);
    mem_free(gone->slots);
    mem_free(gone);
    *cache = NULL;
}
