/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h -- the names that a worker's clients asked for last, and which
 * symbols they are of: programs ask for the same few again and again, in the
 * same letters.  A text that is a symbol is read faster than found here.
 *
 *   (1) What is recalled is what ask_resolve() would give: a text names the
 *       same as long as the settings are the same, and with them all is
 *       forgotten.
 *   (2) Nothing is allocated; a text may push out another one, and which ones
 *       do nobody outside can know.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"
#include "quote/symbol.h"

/* Texts that are kept, 64 bytes each. */
#define RECALL_PLACES 1024

/* The longest text that is kept. */
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
    struct symbol symbol;
};

struct recall {
    struct recalled places[RECALL_PLACES];
};

/* What a text named, or NULL where that is not known any more.  BORROWED until
 * the next recall_keep(). */
const struct symbol *recall_find(const struct recall *recall, struct span text);

/* Keep what a text names; one that is too long or empty is not kept. */
void recall_keep(struct recall *recall, struct span text,
                 const struct symbol *symbol);

/* Forget all: the settings are others. */
void recall_forget_all(struct recall *recall);
