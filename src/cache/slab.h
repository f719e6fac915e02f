/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab.h -- memory for the cache's entries, which are all of one size.
 *
 * Entries are read at random, and with a million of them on pages of 4 KiB the
 * processor waits for the page's address nearly as long as for the entry.  So
 * they come from chunks that are made of huge pages where the system gives
 * those to who asks for them.  The first chunks are small, for a cache of few
 * symbols.  A chunk is kept until the end: the cache has a bound of its own.
 *
 *   (1) Blocks in use never overlap, and a block that is taken is zeroed.
 *   (2) A block that was given back is taken again before a new chunk is made.
 *
 * Threads: slab_give() any, the rest the cache's writer.
 */

#pragma once

#include <stdatomic.h>
#include <stddef.h>

/* Four lines of the processor's cache. */
#define SLAB_BLOCK_SIZE 256

/* Blocks of the first chunk; each chunk has twice as many as the one before, up
 * to 1 MiB. */
#define SLAB_CHUNK_FIRST 64
#define SLAB_CHUNK_LIMIT 4096

/* From so many blocks on a chunk is a huge page, and takes its memory at once:
 * at most 16 bytes a block more. */
#define SLAB_HUGE_FROM   131072
#define SLAB_HUGE_BLOCKS 8192

struct slab_block; /* a block that is free */
struct slab_chunk;

struct slab {
    struct slab_chunk *chunks;
    char *fresh; /* blocks of the last chunk that were never taken */
    size_t fresh_count;
    size_t count; /* of all blocks */
    struct slab_block *free;
    /* Given back since the writer looked last: it takes them all at once, so a
     * block can't come back while another thread puts one before it. */
    _Atomic(struct slab_block *) given;
};

/* An empty slab. */
void slab_init(struct slab *slab);

/* Free all blocks, taken or not (none is used any more). */
void slab_deinit(struct slab *slab);

/* A block, zeroed; NULL where there is no memory.  To be given back with
 * slab_give(). */
void *slab_take(struct slab *slab);

/* Give a block back; it is not used any more. */
void slab_give(struct slab *slab, void *block);
