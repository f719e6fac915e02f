/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h -- the way from a symbol to its entry: a hash table with open
 * addressing, read by any number of threads while one changes it.
 *
 * A place is a word: 48 bits of the entry's address and 16 of the symbol's
 * hash, so that a place of another symbol is passed over without a look at its
 * entry, which would be one more wait for memory.  An entry is at the place
 * that its hash says, or where that was taken at the next one behind it.
 *
 *     empty -- put --> entry -- swap --> newer entry
 *       ^                |
 *       |              remove
 *       +----------------+---> gone      where something may be behind it
 *
 * Invariants; tests/unit/cache/places_test.c has a test of each number, against
 * a model.
 *
 *   (1) A symbol is at one place at most, and no entry ever moves: where a
 *       symbol was found, it is, or it has been removed.
 *   (2) Between the place that an entry's hash says and the place where it is,
 *       none is empty.  So who comes to an empty one knows that there is none.
 *   (3) At most three quarters are not empty, so the way is short.
 *
 * Readers need nothing but (1), (2) and that an entry's symbol is compared: a
 * place that is changed under a reader's eyes shows it the one entry, the
 * other, or none, and each of these was right a moment ago.  A table that has
 * become too small is copied into a new one (places_rebuild()) and the old one
 * is left as it is, for those who still read it; the cache frees it when they
 * have paused, as it does entries.
 *
 * Threads: places_find...() and places_prefetch...() any that is a joined
 * reader of the cache; the rest the writer.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <urcu-qsbr.h>

#include "quote/symbol.h"

struct entry; /* cache/entry.h */

/* No place. */
#define PLACES_NOWHERE UINT32_MAX

/* The smallest table: 2 KiB. */
#define PLACES_FIRST 256u

struct places {
    struct rcu_head reclaim;
    uint32_t mask;   // how many there are, a power of 2, less 1
    uint32_t filled; // places that are not empty; the writer's
    uint32_t live;   // of these, places with an entry; the writer's
    /* Stored with release when there is an entry behind it, and loaded with
     * acquire, so that all that was written to the entry before is seen. */
    _Atomic uint64_t at[];
};

/* A table of `count` places, a power of 2 (checked), all empty; NULL where
 * there is no memory.  The caller's, to be ended with places_destroy(). */
struct places *places_create(uint32_t count);

/* A copy of a table with `count` places and without what is gone; NULL where
 * there is no memory.  The caller's, to be ended with places_destroy(). */
struct places *places_rebuild(const struct places *old, uint32_t count);

/* Free a table, not its entries, and set *places to NULL; NULL already is
 * allowed.  Threads: any, one that nobody reads. */
void places_destroy(struct places **places);

/* The entry of a symbol, and its place (`hash` is symbol_hash()); NULL and
 * PLACES_NOWHERE where there is none.  BORROWED until the thread pauses, or the
 * writer retires it. */
struct entry *places_find(const struct places *places,
                          const struct symbol *symbol, uint64_t hash,
                          uint32_t *place);

/* The entry of the symbol with a key, which has at most SYMBOL_KEY_LETTERS
 * (`hash` is symbol_key_hash()), NULL where there is none.  It is looked for at
 * a place first; any number may be given for that. */
struct entry *places_find_key(const struct places *places,
                              struct symbol_key key, uint64_t hash,
                              uint32_t place);

/* Begin to fetch, from memory, the place that a hash says. */
void places_prefetch(const struct places *places, uint64_t hash);

/* Begin to fetch the entry of a symbol with this hash.  Returns where it most
 * likely is; PLACES_NOWHERE where there surely is none. */
uint32_t places_prefetch_entry(const struct places *places, uint64_t hash);

/* Whether one more may be put. */
bool places_have_room(const struct places *places);

/* Enter an entry, whose symbol has none (the caller has looked); there is room
 * (checked). */
void places_put(struct places *places, struct entry *entry);

/* Let a newer entry of the same symbol take a place. */
void places_swap(struct places *places, uint32_t place, struct entry *entry);

/* Empty a place. */
void places_remove(struct places *places, uint32_t place);
