/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h -- the texts that a worker's clients asked for last, and what they
 * named: programs ask for the same few symbols again and again, in the same
 * letters.
 *
 *   (1) What is recalled is what ask_resolve() would give: a text names the
 *       same as long as the settings are the same, and with them all is
 *       forgotten.
 *   (2) Nothing is allocated; a text may push out another one.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"
#include "quote/symbol.h"

/* Texts that are kept, 64 bytes each. */
#define RECALL_PLACES 1024

/* The longest text that is kept; symbols are rarely longer than 10. */
#define RECALL_TEXT_LIMIT 16

/* A text in two words, which overlap where it is shorter than both: with its
 * length they tell it from every other one. */
struct recall_key {
    uint64_t head;
    uint64_t tail;
    uint8_t len; /* 1 to RECALL_TEXT_LIMIT; 0: nothing */
};

struct recalled {
    struct recall_key key;
    uint32_t place; /* where the symbol was in the cache: cache_find_at() */
    struct symbol symbol;
};

struct recall {
    struct recalled places[RECALL_PLACES];
};

/* What a text named, or NULL where that is not known any more.  BORROWED until
 * the next recall_keep(); its place is the caller's to update. */
struct recalled *recall_find(struct recall *recall, struct span text);

/* Keep what a text names, and return it; NULL where it is too long or empty. */
struct recalled *recall_keep(struct recall *recall, struct span text,
                             const struct symbol *symbol);

/* Forget all: the settings are others. */
void recall_forget_all(struct recall *recall);
