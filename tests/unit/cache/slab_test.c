/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab_test.c -- blocks that are taken are zeroed and nobody else's, those that
 * are given back come again before there is a new chunk.
 */
#include "cache/slab.h"

#include <string.h>

#include "testing/testing.h"

#define BLOCKS 20000 /* several chunks */

static unsigned char *blocks[BLOCKS];

static unsigned char *take_zeroed(struct slab *slab)
{
    unsigned char *block = slab_take(slab);
    assert_non_null(block);
    for (size_t i = 0; i < SLAB_BLOCK_SIZE; i++) {
        assert_int_equal(block[i], 0);
    }
    return block;
}

static void inv1_blocks_are_zeroed_and_do_not_overlap(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = take_zeroed(&slab);
        memset(blocks[i], (int)(1 + i % 251), SLAB_BLOCK_SIZE);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        assert_int_equal(blocks[i][0], 1 + i % 251);
        assert_memory_equal(blocks[i], blocks[i] + 1, SLAB_BLOCK_SIZE - 1);
    }
    slab_deinit(&slab);
}

static void inv2_blocks_come_again(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    uint64_t seed = 7;
    for (unsigned i = 0; i < 1000; i++) {
        blocks[i] = take_zeroed(&slab);
    }
    size_t count = slab.count;
    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned char **one = &blocks[testing_random(&seed) % 1000];
        memset(*one, 0xee, SLAB_BLOCK_SIZE);
        slab_give(&slab, *one);
        *one = take_zeroed(&slab);
    }
    assert_int_equal(slab.count, count);
    slab_deinit(&slab);
}

static void many_blocks_are_of_huge_pages(void **state)
{
    (void)state;
    struct slab slab;
    slab_init(&slab);
    unsigned char *last = NULL;
    while (slab.count <= SLAB_HUGE_FROM + SLAB_CHUNK_LIMIT) {
        last = slab_take(&slab);
        assert_non_null(last);
    }
    memset(last, 1, SLAB_BLOCK_SIZE);
    assert_int_equal((uintptr_t)last % (SLAB_HUGE_BLOCKS * SLAB_BLOCK_SIZE), 0);
    slab_deinit(&slab);
}

static void oom_gives_no_block(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        struct slab slab;
        slab_init(&slab);
        mem_fail_nth(nth);
        assert_null(slab_take(&slab));
        mem_fail_nth(0);
        assert_int_equal(slab.count, 0);
        take_zeroed(&slab);
        slab_deinit(&slab);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_blocks_are_zeroed_and_do_not_overlap),
    cmocka_unit_test(inv2_blocks_come_again),
    cmocka_unit_test(many_blocks_are_of_huge_pages),
    cmocka_unit_test(oom_gives_no_block),
};

TEST_MAIN(tests)
