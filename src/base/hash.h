/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h -- the hash of keys that strangers choose, and tables built on it.
 *
 * The seed is drawn once a process from the system's randomness, so that nobody
 * outside can choose symbols that collide.  uthash's tables, included from here
 * and only from here, use it too.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Draw the seed.  Called once by main() (and by each test program) before the
 * first table is made; without it the seed is 0.  Threads: main, alone.
 */
void hash_setup(void);

/* The seeded hash (XXH3, 64 bits) of `len` bytes.  Threads: any. */
uint64_t hash_bytes(const void *data, size_t len);

/* The seeded hash of two words; another one than that of their bytes.  Threads:
 * any. */
uint64_t hash_pair(uint64_t first, uint64_t second);

/* The same without the seed: equal in every process, so for marks that are
 * compared between them, and not for tables.  Threads: any. */
uint64_t hash_mark(const void *data, size_t len);

#define HASH_FUNCTION(key, len, out) ((out) = (unsigned)hash_bytes(key, len))
#define HASH_NONFATAL_OOM            1
#define uthash_malloc(size)          mem_calloc(1, size)
#define uthash_free(block, size)     mem_free(block)

#include <uthash.h>

#include "base/mem.h"
