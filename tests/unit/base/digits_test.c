/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digits_test.c -- numbers as printf() writes them.
 */
#include "base/digits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testing/testing.h"

static void assert_written(uint64_t value)
{
    char expected[DIGITS_LIMIT + 1];
    int len = snprintf(expected, sizeof(expected), "%" PRIu64, value);
    assert_int_equal(digits_count(value), len);
    char text[DIGITS_LIMIT];
    char *end = text + sizeof(text);
    char *at = digits_put_before(end, value);
    assert_int_equal(end - at, len);
    assert_memory_equal(at, expected, (size_t)len);
    assert_int_equal(digits_put(text, value) - text, len);
    assert_memory_equal(text, expected, (size_t)len);
}

static void numbers_are_written_as_printf_does(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 12345; i++) {
        assert_written(i);
    }
    for (uint64_t power = 1; power <= UINT64_MAX / 10; power *= 10) {
        assert_written(power - 1);
        assert_written(power);
        assert_written(power * 7 + 3);
    }
    assert_written(UINT64_MAX);
    assert_written(UINT64_MAX / 2);
    assert_written(UINT64_C(10000000000000000000));
}

static void two_digits_are_two(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        char expected[8];
        snprintf(expected, sizeof(expected), "%02u", i);
        char text[2];
        digits_put_two(text, i);
        assert_memory_equal(text, expected, 2);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_are_written_as_printf_does),
    cmocka_unit_test(two_digits_are_two),
};

TEST_MAIN(tests)
