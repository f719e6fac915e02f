/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram_test.c -- percentiles, against sorting.
 */
#include "bench/load/histogram.h"

#include <stdlib.h>

#include "testing/testing.h"

#define VALUES 20000

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void percentiles_are_right_to_a_64th(void **state)
{
    (void)state;
    static struct histogram histogram;
    static uint64_t values[VALUES];
    uint64_t random = 88172645463325252;
    for (size_t i = 0; i < VALUES; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        values[i] = random >> (random % 60);
        histogram_add(&histogram, values[i]);
    }
    qsort(values, VALUES, sizeof(values[0]), compare);
    for (int percent = 1; percent <= 100; percent++) {
        uint64_t exact = values[VALUES / 100 * (size_t)percent - 1];
        uint64_t found = histogram_at(&histogram, percent / 100.0);
        assert_true(found >= exact);
        assert_true(found - exact <= exact / 64);
    }
    assert_int_equal(histogram_at(&histogram, 1), histogram.most);
    assert_int_equal(histogram.count, VALUES);
}

static void the_ends_of_the_range_have_a_place(void **state)
{
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_at(&histogram, .5), 0);
    histogram_add(&histogram, 0);
    assert_int_equal(histogram_at(&histogram, .5), 0);
    histogram_add(&histogram, UINT64_MAX);
    assert_true(histogram_at(&histogram, 1) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_right_to_a_64th),
        cmocka_unit_test(the_ends_of_the_range_have_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
