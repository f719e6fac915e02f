/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h -- the one door to the heap.
 *
 * Tests replace the allocator to make the n-th call fail, which is how every
 * path that can return ERR_NOMEM is walked.  Sizes are bytes.
 */

#pragma once

#include <stddef.h>

/*
 * A zeroed block of count * size bytes, or NULL when there is no memory or the
 * product overflows.  The caller's, to be ended with mem_free().  Threads: any.
 */
void *mem_calloc(size_t count, size_t size);

/*
 * Change a block's size, as realloc() does; NULL leaves the old block as it
 * was.  size must not be 0 (checked).  Threads: any.
 */
void *mem_realloc(void *block, size_t size);

/*
 * A copy of len bytes with a 0 behind them, or NULL when there is no memory.
 * The caller's, to be ended with mem_free().  Threads: any.
 */
char *mem_text(const char *data, size_t len);

/* Give a block back; NULL is allowed.  Threads: any. */
void mem_free(void *block);

/*
 * A zeroed block for what is large and read at random: it begins at a boundary
 * of MEM_HUGE, and the system is asked for pages of that size, where it has
 * them.  NULL when there is no memory.  The caller's, to be ended with
 * mem_unmap().  Threads: any.
 */
void *mem_map(size_t size);

/* Give such a block of `size` bytes back; NULL is allowed.  Threads: any. */
void mem_unmap(void *block, size_t size);

/* The size of a huge page where they are smallest. */
#define MEM_HUGE ((size_t)2 << 20)

/*
 * For tests: let the n-th allocation from now fail (1 = the next), and every
 * later one succeed; 0 turns it off.  Returns how many allocations there have
 * been since the last call, so that a test knows when n ran past the end.
 * Threads: one test, before others start.
 */
size_t mem_fail_nth(size_t n);
