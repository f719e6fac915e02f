/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

/* Relaxed throughout: the numbers order nothing, and outside tests `armed`
 * is false and the counter is never touched. */
static _Atomic bool armed;
static _Atomic size_t calls;
static _Atomic size_t failing_call;

static bool fails_now(void)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed)) {
        return false;
    }
    size_t call =
        atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    return call == atomic_load_explicit(&failing_call, memory_order_relaxed);
}

void *mem_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (fails_now() || __builtin_mul_overflow(count, size, &bytes)) {
        return NULL; // calloc() would see it too, but sanitizers end there
    }
    return calloc(count, size);
}

void *mem_realloc(void *block, size_t size)
{
    CHECK(size > 0);
    return fails_now() ? NULL : realloc(block, size);
}

char *mem_text(const char *data, size_t len)
{
    if (len == SIZE_MAX) {
        return NULL;
    }
    char *text = mem_calloc(1, len + 1);
    if (text != NULL && len > 0) {
        memcpy(text, data, len);
    }
    return text;
}

void mem_free(void *block)
{
    free(block);
}

static size_t whole_pages(size_t size)
{
    CHECK(size > 0 && size < SIZE_MAX / 2);
    return (size + MEM_HUGE - 1) / MEM_HUGE * MEM_HUGE;
}

void *mem_map(size_t size)
{
    size_t bytes = whole_pages(size);
    if (fails_now()) {
        return NULL;
    }
    char *all = mmap(NULL, bytes + MEM_HUGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    size_t before = (MEM_HUGE - (uintptr_t)all % MEM_HUGE) % MEM_HUGE;
    char *block = all + before;
    // What is too much goes back; if not, it is never touched.
    if (before > 0) {
        munmap(all, before);
    }
    munmap(block + bytes, MEM_HUGE - before);
    // What does not fill one stays small.  Without any it is as good, but for
    // its speed.
    madvise(block, size - size % MEM_HUGE, MADV_HUGEPAGE);
    return block;
}

void mem_unmap(void *block, size_t size)
{
    if (block != NULL) {
        munmap(block, whole_pages(size));
    }
}

size_t mem_fail_nth(size_t n)
{
    size_t seen = atomic_exchange_explicit(&calls, 0, memory_order_relaxed);
    atomic_store_explicit(&failing_call, n, memory_order_relaxed);
    atomic_store_explicit(&armed, n > 0, memory_order_relaxed);
    return seen;
}
