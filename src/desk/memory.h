/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h -- what a provider said of each symbol when it was asked last.
 *
 * For people who want to know why a price is what it is; nothing is decided by
 * it.  The symbol of which was spoken least recently is forgotten first.
 *
 * Size: MEMORY_SYMBOLS_LIMIT entries of 180 bytes and what was said, which is
 * nothing where there was a price and 264 bytes at most: 1.8 MiB a provider.
 *
 * Invariants; tests/unit/desk/memory_test.c has a test of each number.
 *
 *   (1) Of a symbol the last thing that was said is remembered, or nothing.
 *   (2) There are never more than MEMORY_SYMBOLS_LIMIT symbols.
 *   (3) What was said last of all is remembered, if there was memory for it.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/provider.h"
#include "quote/symbol.h"

#define MEMORY_SYMBOLS_LIMIT 4096u

struct memory; /* opaque; see memory.c */

/* Something that was said. */
struct memory_saying {
    enum provider_class class;
    uint32_t symbols; /* of the call */
    uint64_t said_mono_ms;
    const char *text; /* BORROWED, as the next; neither is NULL */
    const char *decided_by;
};

/* Make an empty one.  Returns 0 or ERR_NOMEM; ended with memory_destroy(). */
int memory_create(struct memory **out);

/* Free and set *memory to NULL; NULL already is allowed. */
void memory_destroy(struct memory **memory);

/* Remember (the texts are copied).  Without memory nothing is known of the
 * symbol any more. */
void memory_note(struct memory *memory, const struct symbol *symbol,
                 const struct memory_saying *saying);

/* What was said of a symbol, BORROWED until the next memory_note(); false:
 * nothing is remembered, and *out is 0 with empty texts. */
bool memory_find(const struct memory *memory, const struct symbol *symbol,
                 struct memory_saying *out);

/* Number of symbols. */
size_t memory_count(const struct memory *memory);
