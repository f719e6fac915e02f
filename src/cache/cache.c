/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each symbol has one entry, which a table of places leads to (cache/places.h).
 * A newer quote is a new entry that takes the place of the one before.
 *
 * Beside the table, every entry has a slot in a list, which makes two things
 * simple: to draw a random entry when one must go, and to walk the cache with a
 * cursor that stays valid.  The front part of the list is for entries with a
 * quote, the back part for unknown symbols, so the two can't push each other
 * out.  What is current is what the table leads to; readers take the list only
 * for a hint at the symbols there are.
 */
#include "cache/cache.h"

#include <stdatomic.h>
#include <string.h>

#include <urcu-qsbr.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cache/entry.h"
#include "cache/grace.h"
#include "cache/places.h"
#include "cache/slab.h"
#include "obs/metric.h"
#include "quote/quote.h"

/* How many random entries are compared when one has to go.  Redis'
 * documentation of its approximated LRU takes 5 by default and calls 10 close
 * to true LRU. */
#define EVICTION_SAMPLE 10

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
    /* Acquire and release: a table is whole before it is shown.  It is replaced
     * when it is too small or too much in it is gone. */
    _Atomic(struct places *) places;
    uint32_t places_max; // it never has more
    /* Acquire and release: what is behind a pointer was written before. */
    _Atomic(struct entry *) *slots;
    struct slab slab;
    struct part quotes;
    struct part unknowns;
    struct metric_cells *cells;
    uint64_t random;
};

_Static_assert(CACHE_NOWHERE == PLACES_NOWHERE, "a place is a place");

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
 * With half as many places again as there can be symbols, a full cache fills
 * two thirds at most, so that something has to be gone from the table before it
 * must be copied to be rid of that.
 */
static uint32_t count_places(uint32_t symbols)
{
    uint32_t count = PLACES_FIRST;
    while (count < symbols + symbols / 2) {
        count *= 2;
    }
    return count;
}

static struct places *current_places(const struct cache *cache)
{
    return atomic_load_explicit(&cache->places, memory_order_acquire);
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
    slab_init(&cache->slab);
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
        cache->places_max = count_places(quotes + unknowns);
        atomic_init(&cache->places, places_create(PLACES_FIRST));
        err = current_places(cache) == NULL ? ERR_NOMEM : 0;
    }
    if (err != 0) {
        cache_destroy(&cache);
        return err;
    }
    *out = cache;
    return 0;
}

/* --- Readers -------------------------------------------------------------- */

static struct entry *find_entry(const struct cache *cache,
                                const struct symbol *symbol, uint32_t *place)
{
    return places_find(current_places(cache), symbol, symbol_hash(symbol),
                       place);
}

static void fill_found(struct entry *entry, struct cache_found *found)
{
    uint64_t failed =
        atomic_load_explicit(&entry->failed, memory_order_relaxed);
    found->quote = entry_has_quote(entry) ? &entry->quote : NULL;
    found->failure = -(int)(failed & 0xff);
    found->failed_until_ms = failed >> 8;
    found->why = found->quote == NULL ? entry->unknown.why : NULL;
}

bool cache_peek(struct cache *cache, const struct symbol *symbol,
                struct cache_found *found)
{
    uint32_t place;
    struct entry *entry = find_entry(cache, symbol, &place);
    if (entry == NULL) {
        *found = (struct cache_found){0};
        return false;
    }
    fill_found(entry, found);
    return true;
}

/* Somebody wants it now. */
static void stamp(struct entry *entry, uint64_t now_ms)
{
    uint32_t now_s = (uint32_t)(now_ms / 1000);
    if (atomic_load_explicit(&entry->asked_s, memory_order_relaxed) == now_s) {
        return;
    }
    atomic_store_explicit(&entry->asked_s, now_s, memory_order_relaxed);
    // Two workers in the same instant may count one for two.
    uint32_t seconds =
        atomic_load_explicit(&entry->asked_seconds, memory_order_relaxed);
    atomic_store_explicit(&entry->asked_seconds, seconds + 1,
                          memory_order_relaxed);
}

bool cache_find(struct cache *cache, const struct symbol *symbol,
                uint64_t now_ms, struct cache_found *found)
{
    uint32_t place;
    struct entry *entry = find_entry(cache, symbol, &place);
    if (entry == NULL) {
        *found = (struct cache_found){0};
        return false;
    }
    stamp(entry, now_ms);
    fill_found(entry, found);
    return true;
}

const struct quote *cache_find_quote(struct cache *cache, struct symbol_key key,
                                     uint64_t hash, uint32_t place,
                                     uint64_t now_ms)
{
    struct entry *entry =
        places_find_key(current_places(cache), key, hash, place);
    if (entry == NULL) {
        return NULL;
    }
    stamp(entry, now_ms);
    return entry_has_quote(entry) ? &entry->quote : NULL;
}

void cache_approach(const struct cache *cache, uint64_t hash)
{
    places_prefetch(current_places(cache), hash);
}

uint32_t cache_prefetch(const struct cache *cache, uint64_t hash)
{
    return places_prefetch_entry(current_places(cache), hash);
}

bool cache_interest(struct cache *cache, const struct symbol *symbol,
                    struct cache_interest *out)
{
    uint32_t place;
    struct entry *entry = find_entry(cache, symbol, &place);
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
        if (entry == NULL) {
            continue;
        }
        // The writer changes table and list one after the other: what counts
        // is the table, and of the list the slot that the table's entry has.
        uint32_t place;
        entry = find_entry(cache, &entry->quote.symbol, &place);
        if (entry != NULL && entry->slot == cursor && entry_has_quote(entry)) {
            fn(user, &entry->quote);
        }
    }
    return cursor < end ? cursor : 0;
}

/* --- The writer ----------------------------------------------------------- */

static void give_back(struct entry *entry)
{
    if (!entry_has_quote(entry)) {
        mem_free(entry->unknown.why);
    }
    slab_give(entry->slab, entry);
}

static void free_entry(struct rcu_head *head)
{
    grace_after();
    give_back(caa_container_of(head, struct entry, reclaim));
}

static void free_places(struct rcu_head *head)
{
    grace_after();
    struct places *places = caa_container_of(head, struct places, reclaim);
    places_destroy(&places);
}

static void retire(struct entry *entry)
{
    grace_before();
    call_rcu(&entry->reclaim, free_entry);
}

/* Give a slot back. */
static void leave_slot(struct cache *cache, struct part *part, uint32_t slot)
{
    CHECK(slot >= part->first && part->count > 0);
    atomic_store_explicit(&cache->slots[slot], NULL, memory_order_release);
    part->free[part->free_count++] = slot;
    part->count--;
    metric_subtract(cache->cells, part->gauge, 1);
}

static void drop_entry(struct cache *cache, struct part *part,
                       struct entry *entry)
{
    uint32_t place;
    struct entry *there = find_entry(cache, &entry->quote.symbol, &place);
    CHECK(there == entry); // there is one writer
    places_remove(current_places(cache), place);
    leave_slot(cache, part, entry->slot);
    retire(entry);
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

/* Give a new entry a slot; it is not to be found yet. */
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
}

static struct entry *make_entry(struct cache *cache,
                                const struct symbol *symbol, uint64_t now_ms)
{
    struct entry *entry = slab_take(&cache->slab);
    if (entry != NULL) {
        entry->slab = &cache->slab;
        entry->quote.symbol = *symbol;
        atomic_init(&entry->asked_s, (uint32_t)(now_ms / 1000));
    }
    return entry;
}

/* Make sure that one more symbol can be entered.  Returns 0 or ERR_NOMEM. */
static int make_room(struct cache *cache)
{
    struct places *old = current_places(cache);
    if (places_have_room(old)) {
        return 0;
    }
    uint32_t count = old->mask + 1;
    if (count < cache->places_max && old->live > count / 8 * 3) {
        count *= 2; // else what is gone is worth a copy
    }
    struct places *places = places_rebuild(old, count);
    if (places == NULL) {
        return ERR_NOMEM;
    }
    atomic_store_explicit(&cache->places, places, memory_order_release);
    grace_before();
    call_rcu(&old->reclaim, free_places);
    return 0;
}

/* Let an entry with a slot be found: in the place of the one before it, which
 * is retired, or in one of its own where that is NULL. */
static void show(struct cache *cache, struct entry *entry, struct entry *before,
                 uint32_t place)
{
    struct places *places = current_places(cache);
    if (before == NULL) {
        places_put(places, entry);
    } else {
        places_swap(places, place, entry);
    }
    atomic_store_explicit(&cache->slots[entry->slot], entry,
                          memory_order_release);
    if (before != NULL) {
        retire(before);
    }
}

/* Who asked for the symbol until now.  What is stamped on the entry before from
 * here on is lost. */
static void take_stamps(struct entry *entry, const struct entry *before)
{
    atomic_init(&entry->asked_s,
                atomic_load_explicit(&before->asked_s, memory_order_relaxed));
    atomic_init(
        &entry->asked_seconds,
        atomic_load_explicit(&before->asked_seconds, memory_order_relaxed));
}

static bool is_overtaken(const struct quote *quote, const struct quote *current)
{
    return current->fetched_mono_ms > quote->fetched_mono_ms ||
           quote_compare_as_of(quote, current) < 0;
}

int cache_publish(struct cache *cache, const struct quote *quote,
                  uint64_t now_ms)
{
    CHECK(quote_has(quote, QUOTE_PRICE));
    uint32_t place;
    struct entry *before = find_entry(cache, &quote->symbol, &place);
    bool is_known = before != NULL && entry_has_quote(before);
    if (is_known && is_overtaken(quote, &before->quote)) {
        metric_add(cache->cells, METRIC_cache_overtaken, 1);
        return ERR_STALE;
    }
    struct entry *entry = make_entry(cache, &quote->symbol, now_ms);
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    if (before == NULL && make_room(cache) != 0) {
        slab_give(&cache->slab, entry);
        return ERR_NOMEM;
    }
    entry->quote = *quote;
    if (before != NULL) {
        take_stamps(entry, before);
    }
    if (is_known) {
        entry->slot = before->slot;
    } else {
        take_slot(cache, &cache->quotes, entry);
    }
    if (before != NULL && !is_known) {
        leave_slot(cache, &cache->unknowns, before->slot);
    }
    show(cache, entry, before, place);
    metric_add(cache->cells, METRIC_cache_published, 1);
    return 0;
}

/* An entry of a symbol that is believed unknown; NULL for want of memory. */
static struct entry *make_unknown(struct cache *cache,
                                  const struct symbol *symbol, const char *why)
{
    struct entry *entry = make_entry(cache, symbol, 0);
    if (entry != NULL && why != NULL) {
        entry->unknown.why = mem_text(why, strlen(why));
        if (entry->unknown.why == NULL) {
            give_back(entry);
            return NULL;
        }
    }
    return entry;
}

/* Believe a symbol unknown, which has no quote; `before`, at `place`, is what
 * was believed of it until now, or NULL. */
static int believe_unknown(struct cache *cache, const struct symbol *symbol,
                           struct entry *before, uint32_t place,
                           uint64_t failed, const char *why)
{
    struct entry *entry = make_unknown(cache, symbol, why);
    if (entry == NULL) {
        return ERR_NOMEM;
    }
    if (before == NULL && make_room(cache) != 0) {
        give_back(entry);
        return ERR_NOMEM;
    }
    atomic_init(&entry->failed, failed);
    if (before == NULL) {
        take_slot(cache, &cache->unknowns, entry);
    } else {
        take_stamps(entry, before);
        entry->slot = before->slot;
    }
    show(cache, entry, before, place);
    return 0;
}

int cache_fail(struct cache *cache, const struct symbol *symbol, int failure,
               uint64_t until_ms, const char *why)
{
    CHECK(failure < 0 && failure > -256);
    uint64_t failed = until_ms << 8 | (uint64_t)-failure;
    bool is_about_symbol = failure == ERR_UNKNOWN || failure == ERR_NODATA;
    uint32_t place;
    struct entry *entry = find_entry(cache, symbol, &place);
    if (entry != NULL && entry_has_quote(entry)) {
        atomic_store_explicit(&entry->failed, failed, memory_order_relaxed);
        return 0;
    }
    if (!is_about_symbol) {
        return 0; // the provider failed; what is believed of the symbol stays
    }
    return believe_unknown(cache, symbol, entry, place, failed, why);
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

static void free_why(struct cache *cache, struct part *part,
                     struct entry *entry)
{
    (void)cache;
    (void)part;
    mem_free(entry->unknown.why);
}

void cache_destroy(struct cache **cache)
{
    struct cache *gone = *cache;
    if (gone == NULL) {
        return;
    }
    rcu_barrier(); // every retired entry has been freed
    each_entry(gone, &gone->unknowns, free_why);
    slab_deinit(&gone->slab);
    struct places *places = current_places(gone);
    places_destroy(&places);
    mem_free(gone->quotes.free);
    mem_free(gone->unknowns.free);
    mem_free(gone->slots);
    mem_free(gone);
    *cache = NULL;
}
