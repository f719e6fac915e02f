/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "base/check.h"
#include "base/mem.h"

struct slab_block {
    struct slab_block *next;
    char rest[SLAB_BLOCK_SIZE - sizeof(struct slab_block *)];
};

_Static_assert(sizeof(struct slab_block) == SLAB_BLOCK_SIZE,
               "no more, no less");

struct slab_chunk {
    struct slab_chunk *next;
    char *blocks;
    size_t count;
};

_Static_assert(SLAB_HUGE_BLOCKS *SLAB_BLOCK_SIZE == MEM_HUGE, "a huge page");

static char *make_blocks(size_t count)
{
    return count < SLAB_HUGE_BLOCKS ? mem_calloc(count, SLAB_BLOCK_SIZE)
                                    : mem_map(MEM_HUGE);
}

static void free_blocks(struct slab_chunk *chunk)
{
    size_t bytes = chunk->count * SLAB_BLOCK_SIZE;
    ASAN_UNPOISON_MEMORY_REGION(chunk->blocks, bytes);
    if (chunk->count < SLAB_HUGE_BLOCKS) {
        mem_free(chunk->blocks);
    } else {
        mem_unmap(chunk->blocks, bytes);
    }
}

void slab_init(struct slab *slab)
{
    memset(slab, 0, sizeof(*slab));
    atomic_init(&slab->given, NULL);
}

void slab_deinit(struct slab *slab)
{
    // Acquire: what other threads did with blocks before they gave them back.
    atomic_exchange_explicit(&slab->given, NULL, memory_order_acquire);
    while (slab->chunks != NULL) {
        struct slab_chunk *chunk = slab->chunks;
        slab->chunks = chunk->next;
        free_blocks(chunk);
        mem_free(chunk);
    }
}

/* How many blocks the next chunk has. */
static size_t next_count(const struct slab *slab)
{
    size_t last = slab->chunks != NULL ? slab->chunks->count : 0;
    return slab->count >= SLAB_HUGE_FROM ? SLAB_HUGE_BLOCKS
           : last == 0                   ? SLAB_CHUNK_FIRST
           : last < SLAB_CHUNK_LIMIT     ? last * 2
                                         : last;
}

/* Make a chunk.  Returns whether there was memory. */
static bool add_chunk(struct slab *slab)
{
    size_t count = next_count(slab);
    struct slab_chunk *chunk = mem_calloc(1, sizeof(*chunk));
    char *blocks = chunk != NULL ? make_blocks(count) : NULL;
    if (blocks == NULL) {
        mem_free(chunk);
        return false;
    }
    *chunk = (struct slab_chunk){slab->chunks, blocks, count};
    slab->chunks = chunk;
    slab->fresh = blocks;
    slab->fresh_count = count;
    slab->count += count;
    return true;
}

void *slab_take(struct slab *slab)
{
    if (slab->free == NULL) {
        // Acquire: who gave a block back has done with it.
        slab->free =
            atomic_exchange_explicit(&slab->given, NULL, memory_order_acquire);
    }
    if (slab->free != NULL) {
        struct slab_block *block = slab->free;
        slab->free = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block, sizeof(*block));
        memset(block, 0, sizeof(*block));
        return block;
    }
    if (slab->fresh_count == 0 && !add_chunk(slab)) {
        return NULL;
    }
    void *block = slab->fresh;
    slab->fresh += SLAB_BLOCK_SIZE;
    slab->fresh_count--;
    return block;
}

void slab_give(struct slab *slab, void *block)
{
    struct slab_block *gone = block;
    CHECK(gone != NULL);
    // But for the link: what is still used is an error that ASan sees.
    ASAN_POISON_MEMORY_REGION(gone->rest, sizeof(gone->rest));
    struct slab_block *next =
        atomic_load_explicit(&slab->given, memory_order_relaxed);
    do {
        gone->next = next;
    } while (!atomic_compare_exchange_weak_explicit(
        &slab->given, &next, gone, memory_order_release, memory_order_relaxed));
}
