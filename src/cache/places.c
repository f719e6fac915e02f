/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/places.h"

#include "base/check.h"
#include "base/mem.h"
#include "cache/entry.h"

/* An address of a block of memory has its upper 16 bits 0 on every system that
 * this is built for; more only where mmap() is asked for it.  pack() checks. */
#define ADDRESS_BITS 48
#define ADDRESS_MASK ((UINT64_C(1) << ADDRESS_BITS) - 1)

#define EMPTY UINT64_C(0)
#define GONE  UINT64_C(1) /* no address of an entry */

/* How many places ahead a copy asks for entries, whose symbols it hashes again:
 * each is a wait for memory, and these then overlap. */
#define AHEAD 8

/* An entry's lines that a look-up and a GET read. */
#define CACHE_LINE 64

static uint64_t pack(const struct entry *entry, uint64_t hash)
{
    uint64_t address = (uint64_t)(uintptr_t)entry;
    CHECK(address > GONE && address <= ADDRESS_MASK);
    return (hash & ~ADDRESS_MASK) | address;
}

/* The entry of a place; NULL where there is none. */
static struct entry *unpack(uint64_t word)
{
    uint64_t address = word & ADDRESS_MASK;
    return address > GONE ? (struct entry *)(uintptr_t)address : NULL;
}

static bool is_likely(uint64_t word, uint64_t hash)
{
    return word >> ADDRESS_BITS == hash >> ADDRESS_BITS &&
           (word & ADDRESS_MASK) > GONE;
}

static uint64_t load(const struct places *places, uint32_t place)
{
    return atomic_load_explicit(&places->at[place], memory_order_acquire);
}

static void store(struct places *places, uint32_t place, uint64_t word)
{
    atomic_store_explicit(&places->at[place], word, memory_order_release);
}

static size_t bytes_of(uint32_t count)
{
    return sizeof(struct places) + count * sizeof(_Atomic uint64_t);
}

struct places *places_create(uint32_t count)
{
    CHECK(count >= 2 && (count & (count - 1)) == 0);
    size_t bytes = bytes_of(count);
    struct places *places =
        bytes < MEM_HUGE ? mem_calloc(1, bytes) : mem_map(bytes);
    if (places != NULL) {
        places->mask = count - 1;
    }
    return places;
}

void places_destroy(struct places **places)
{
    struct places *gone = *places;
    if (gone == NULL) {
        return;
    }
    size_t bytes = bytes_of(gone->mask + 1);
    if (bytes < MEM_HUGE) {
        mem_free(gone);
    } else {
        mem_unmap(gone, bytes);
    }
    *places = NULL;
}

struct entry *places_find(const struct places *places,
                          const struct symbol *symbol, uint64_t hash,
                          uint32_t *place)
{
    // Invariant (3): an empty one comes.
    for (uint32_t at = (uint32_t)hash & places->mask;;
         at = (at + 1) & places->mask) {
        uint64_t word = load(places, at);
        if (is_likely(word, hash)) {
            struct entry *entry = unpack(word);
            if (symbol_equal(&entry->quote.symbol, symbol)) {
                *place = at;
                return entry;
            }
        }
        if (word == EMPTY) {
            *place = PLACES_NOWHERE;
            return NULL;
        }
    }
}

static bool has_key(const struct entry *entry, struct symbol_key key)
{
    return symbol_key_equal(symbol_key(&entry->quote.symbol), key);
}

struct entry *places_find_key(const struct places *places,
                              struct symbol_key key, uint64_t hash,
                              uint32_t place)
{
    struct entry *entry =
        place <= places->mask ? unpack(load(places, place)) : NULL;
    if (entry != NULL && has_key(entry, key)) {
        return entry;
    }
    for (uint32_t at = (uint32_t)hash & places->mask;;
         at = (at + 1) & places->mask) {
        uint64_t word = load(places, at);
        if (is_likely(word, hash) && has_key(unpack(word), key)) {
            return unpack(word);
        }
        if (word == EMPTY) {
            return NULL;
        }
    }
}

void places_prefetch(const struct places *places, uint64_t hash)
{
    __builtin_prefetch((const void *)&places->at[hash & places->mask]);
}

static void prefetch(const struct entry *entry)
{
    __builtin_prefetch(entry);
    __builtin_prefetch((const char *)entry + CACHE_LINE);
}

uint32_t places_prefetch_entry(const struct places *places, uint64_t hash)
{
    for (uint32_t at = (uint32_t)hash & places->mask;;
         at = (at + 1) & places->mask) {
        uint64_t word = load(places, at);
        if (is_likely(word, hash)) {
            prefetch(unpack(word));
            return at;
        }
        if (word == EMPTY) {
            return PLACES_NOWHERE;
        }
    }
}

bool places_have_room(const struct places *places)
{
    return places->filled < (places->mask + 1) / 4 * 3;
}

static void put(struct places *places, struct entry *entry, uint64_t hash)
{
    CHECK(places_have_room(places));
    uint32_t at = (uint32_t)hash & places->mask;
    while (unpack(load(places, at)) != NULL) {
        at = (at + 1) & places->mask;
    }
    places->filled += load(places, at) == EMPTY;
    places->live++;
    store(places, at, pack(entry, hash));
}

void places_put(struct places *places, struct entry *entry)
{
    put(places, entry, symbol_hash(&entry->quote.symbol));
}

void places_swap(struct places *places, uint32_t place, struct entry *entry)
{
    uint64_t before = load(places, place);
    CHECK(unpack(before) != NULL);
    CHECK_SLOW(
        symbol_equal(&unpack(before)->quote.symbol, &entry->quote.symbol));
    store(places, place, pack(entry, before)); // the hash is the same
}

void places_remove(struct places *places, uint32_t place)
{
    CHECK(unpack(load(places, place)) != NULL);
    places->live--;
    if (load(places, (place + 1) & places->mask) != EMPTY) {
        store(places, place, GONE);
        return;
    }
    // Who came this far found an empty place next, and now one place sooner;
    // so it is with those that are gone before it.
    store(places, place, EMPTY);
    places->filled--;
    for (uint32_t at = (place - 1) & places->mask; load(places, at) == GONE;
         at = (at - 1) & places->mask) {
        store(places, at, EMPTY);
        places->filled--;
    }
}

struct places *places_rebuild(const struct places *old, uint32_t count)
{
    struct places *places = places_create(count);
    if (places == NULL) {
        return NULL;
    }
    for (uint32_t at = 0; at <= old->mask; at++) {
        uint64_t ahead = load(old, (at + AHEAD) & old->mask);
        if (unpack(ahead) != NULL) {
            __builtin_prefetch(unpack(ahead));
        }
        struct entry *entry = unpack(load(old, at));
        if (entry != NULL) {
            places_put(places, entry);
        }
    }
    CHECK(places->live == old->live);
    return places;
}
