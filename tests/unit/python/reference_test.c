/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference_test.c -- what a Python client was given is found until it lets go,
 * and no longer; how much it can hold has an end.
 */
#include "python/reference.h"

#include "base/err.h"
#include "testing/testing.h"

static int64_t give(struct references *references, uint16_t object)
{
    int64_t id;
    assert_int_equal(reference_give(references, object, &id), 0);
    assert_true(id > 0); // 0 is a class
    return id;
}

static void what_was_never_given_is_not_found(void **state)
{
    (void)state;
    struct references references = {.items = NULL};
    const int64_t ids[] = {0, 1, -1, 65535, 65536, INT64_MIN, INT64_MAX};
    int64_t id = give(&references, 3);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (ids[i] != id) {
            assert_int_equal(reference_find(&references, ids[i]), -1);
            assert_false(reference_drop(&references, ids[i], 1));
        }
    }
    reference_deinit_all(&references);
    assert_int_equal(reference_find(&references, id), -1);
}

static void inv1_a_method_is_held_until_it_is_dropped(void **state)
{
    (void)state;
    struct references references = {.items = NULL};
    give(&references, 0);
    int64_t id = give(&references, 5);
    assert_int_equal(reference_find(&references, id), 5);
    assert_true(reference_drop(&references, id, 1));
    assert_int_equal(reference_find(&references, id), -1);
    assert_false(reference_drop(&references, id, 1));
    reference_deinit_all(&references);
}

static void inv1_the_root_is_counted(void **state)
{
    (void)state;
    struct references references = {.items = NULL};
    int64_t id = give(&references, 0);
    assert_true(give(&references, 0) == id);
    assert_true(give(&references, 0) == id);
    assert_true(reference_drop(&references, id, 2));
    assert_int_equal(reference_find(&references, id), 0);
    assert_true(reference_drop(&references, id, 0)); // and below: no change
    assert_true(reference_drop(&references, id, -7));
    assert_int_equal(reference_find(&references, id), 0);
    assert_true(reference_drop(&references, id, INT64_MAX));
    assert_int_equal(reference_find(&references, id), -1);
    assert_true(give(&references, 0) != id);
    reference_deinit_all(&references);
}

static void inv2_references_have_an_end(void **state)
{
    (void)state;
    struct references references = {.items = NULL};
    int64_t id = give(&references, 0);
    int64_t last = 0;
    for (int i = 1; i < REFERENCE_LIMIT; i++) {
        last = give(&references, 1);
    }
    assert_int_equal(reference_give(&references, 1, &id), ERR_FULL);
    assert_true(reference_drop(&references, last, 1));
    give(&references, 2);
    reference_deinit_all(&references);
}

static void inv3_a_place_is_used_again_under_another_id(void **state)
{
    (void)state;
    struct references references = {.items = NULL};
    int64_t before = give(&references, 1);
    for (int i = 0; i < 1000; i++) {
        assert_true(reference_drop(&references, before, 1));
        int64_t id = give(&references, 2);
        assert_true(id != before);
        assert_int_equal(reference_find(&references, before), -1);
        before = id;
    }
    assert_true(references.capacity < 100); // and memory does not grow
    reference_deinit_all(&references);
}

static void oom_gives_nothing(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct references references = {.items = NULL};
        for (uint16_t i = 0; i < 100; i++) {
            int64_t id;
            int err = reference_give(&references, i, &id);
            assert_true(err == 0 || err == ERR_NOMEM);
            assert_true(err != 0 || reference_find(&references, id) == i);
        }
        reference_deinit_all(&references);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_never_given_is_not_found),
    cmocka_unit_test(inv1_a_method_is_held_until_it_is_dropped),
    cmocka_unit_test(inv1_the_root_is_counted),
    cmocka_unit_test(inv2_references_have_an_end),
    cmocka_unit_test(inv3_a_place_is_used_again_under_another_id),
    cmocka_unit_test(oom_gives_nothing),
};

TEST_MAIN(tests)
