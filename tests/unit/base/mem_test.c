/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem_test.c -- blocks are zeroed and never smaller than asked; the n-th
 * allocation fails when a test says so, and only that one.
 */
#include "base/mem.h"

#include <stdint.h>
#include <string.h>

#include "testing/testing.h"

static void blocks_are_zeroed(void **state)
{
    (void)state;
    for (size_t size = 1; size < 5000; size = size * 3 + 1) {
        unsigned char *block = mem_calloc(size, 1);
        assert_non_null(block);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(block[i], 0);
            block[i] = 0xff; // so that a reused block would show
        }
        mem_free(block);
    }
}

static void a_product_that_overflows_is_refused(void **state)
{
    (void)state;
    volatile size_t half = SIZE_MAX / 2; // hidden from the compiler's own check
    assert_null(mem_calloc(half, 3));
    assert_null(mem_calloc(3, half));
}

static void a_block_changes_size_and_keeps_its_bytes(void **state)
{
    (void)state;
    char *block = mem_realloc(NULL, 4);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    block = mem_realloc(block, 100000);
    assert_non_null(block);
    assert_string_equal(block, "abc");
    block = mem_realloc(block, 2);
    assert_non_null(block);
    assert_memory_equal(block, "ab", 2);
    mem_free(block);
}

static void failed_realloc_leaves_the_block(void **state)
{
    (void)state;
    char *block = mem_text("abc", 3);
    mem_fail_nth(1);
    assert_null(mem_realloc(block, 1000));
    mem_fail_nth(0);
    assert_string_equal(block, "abc");
    mem_free(block);
}

static void realloc_to_nothing(void *user)
{
    (void)user;
    mem_realloc(NULL, 0);
}

static void realloc_to_size_0_aborts(void **state)
{
    (void)state;
    assert_true(testing_aborts(realloc_to_nothing, NULL));
}

static void text_is_copied_with_a_0(void **state)
{
    (void)state;
    char *text = mem_text("abcdef", 3);
    assert_string_equal(text, "abc");
    mem_free(text);
    text = mem_text(NULL, 0);
    assert_string_equal(text, "");
    mem_free(text);
    text = mem_text("a\0b", 3);
    assert_memory_equal(text, "a\0b", 4);
    mem_free(text);
}

static void text_longer_than_memory_is_refused(void **state)
{
    (void)state;
    assert_null(mem_text("", SIZE_MAX));
}

static void free_of_null_is_allowed(void **state)
{
    (void)state;
    mem_free(NULL);
}

/* Makes four allocations; bit i of the answer: the i-th failed. */
static unsigned failures_of_four(void)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < 4; i++) {
        void *block = i == 1   ? mem_realloc(NULL, 8)
                      : i == 2 ? (void *)mem_text("x", 1)
                               : mem_calloc(1, 8);
        failed |= (unsigned)(block == NULL) << i;
        mem_free(block);
    }
    return failed;
}

static void only_the_nth_allocation_fails(void **state)
{
    (void)state;
    assert_int_equal(failures_of_four(), 0);
    for (unsigned n = 1; n <= 4; n++) {
        mem_fail_nth(n);
        assert_int_equal(failures_of_four(), 1u << (n - 1));
        assert_int_equal(mem_fail_nth(0), 4);
    }
    mem_fail_nth(5);
    assert_int_equal(failures_of_four(), 0);
    assert_int_equal(mem_fail_nth(0), 4);
    assert_int_equal(failures_of_four(), 0);
}

static void allocations_are_counted_since_the_last_call(void **state)
{
    (void)state;
    mem_fail_nth(100);
    failures_of_four();
    assert_int_equal(mem_fail_nth(100), 4);
    assert_int_equal(mem_fail_nth(100), 0);
    failures_of_four();
    failures_of_four();
    assert_int_equal(mem_fail_nth(0), 8);
}

static void each_allocation_is_failed_once(void **state)
{
    (void)state;
    unsigned seen = 0;
    int runs = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        seen |= failures_of_four();
        runs++;
    }
    assert_int_equal(seen, 15);
    assert_int_equal(runs, 5); // four that fail and one that does not
}

static void mapped_blocks_are_zeroed_and_whole(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 4096, MEM_HUGE - 1, MEM_HUGE, MEM_HUGE + 1};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char *block = mem_map(sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % MEM_HUGE, 0);
        assert_int_equal(block[0], 0);
        assert_int_equal(block[sizes[i] - 1], 0);
        memset(block, 0xff, sizes[i]);
        mem_unmap(block, sizes[i]);
    }
    mem_unmap(NULL, 5);
    mem_fail_nth(1);
    assert_null(mem_map(1));
    assert_int_equal(mem_fail_nth(0), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks_are_zeroed),
    cmocka_unit_test(mapped_blocks_are_zeroed_and_whole),
    cmocka_unit_test(a_product_that_overflows_is_refused),
    cmocka_unit_test(a_block_changes_size_and_keeps_its_bytes),
    cmocka_unit_test(failed_realloc_leaves_the_block),
    cmocka_unit_test(realloc_to_size_0_aborts),
    cmocka_unit_test(text_is_copied_with_a_0),
    cmocka_unit_test(text_longer_than_memory_is_refused),
    cmocka_unit_test(free_of_null_is_allowed),
    cmocka_unit_test(only_the_nth_allocation_fails),
    cmocka_unit_test(allocations_are_counted_since_the_last_call),
    cmocka_unit_test(each_allocation_is_failed_once),
};

TEST_MAIN(tests)
