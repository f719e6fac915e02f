/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer_test.c -- a buffer grows up to its bound and not a byte further, fails
 * sticky, and keeps what it held before the failure.
 */
#include "base/buffer.h"

#include <limits.h>
#include <stdint.h>

#include "testing/testing.h"

static void assert_holds(const struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer->len, strlen(text));
    assert_memory_equal(buffer->data, text, strlen(text));
}

static void empty_buffer_allocates_nothing(void **state)
{
    (void)state;
    mem_fail_nth(SIZE_MAX); // counts, and fails none
    struct buffer buffer = buffer_empty(100);
    assert_int_equal(mem_fail_nth(0), 0);
    assert_null(buffer.data);
    assert_int_equal(buffer_span(&buffer).len, 0);
    assert_int_equal(buffer.len_max, 100);
    buffer_deinit(&buffer);
}

static void put_of_no_bytes_is_no_failure(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(0);
    buffer_put(&buffer, NULL, 0);
    buffer_put_text(&buffer, "");
    buffer_put_span(&buffer, (struct span){NULL, 0});
    buffer_printf(&buffer, "%s", "");
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 0);
    assert_non_null(buffer_reserve(&buffer, 0));
    buffer_put_byte(&buffer, 'x');
    assert_true(buffer.failed);
    buffer_deinit(&buffer);
}

static void every_way_to_put_appends(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(1000);
    buffer_put(&buffer, "a\0b", 3);
    assert_int_equal(buffer.len, 3);
    assert_memory_equal(buffer.data, "a\0b", 3);
    buffer_clear(&buffer);

    buffer_put_text(&buffer, "text ");
    buffer_put_span(&buffer, span_of("span "));
    buffer_put_byte(&buffer, '!');
    buffer_printf(&buffer, " %d %s", 7, "seven");
    assert_holds(&buffer, "text span ! 7 seven");
    assert_true(
        span_equal(buffer_span(&buffer), span_of("text span ! 7 seven")));
    buffer_deinit(&buffer);
}

static void bound_is_met_to_the_byte(void **state)
{
    (void)state;
    const size_t bounds[] = {0, 1, 7, 511, 512, 513, 1024, 5000};
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        struct buffer buffer = buffer_empty(bounds[i]);
        for (size_t n = 0; n < bounds[i]; n++) {
            buffer_put_byte(&buffer, (char)('a' + n % 26));
            assert_false(buffer.failed);
        }
        assert_int_equal(buffer.len, bounds[i]);
        buffer_put_byte(&buffer, '!');
        assert_true(buffer.failed);
        assert_int_equal(buffer.len, bounds[i]);
        for (size_t n = 0; n < bounds[i]; n++) {
            assert_int_equal(buffer.data[n], 'a' + n % 26);
        }
        buffer_deinit(&buffer);
    }
}

static void one_put_at_the_bound(void **state)
{
    (void)state;
    char bytes[601];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t len = 599; len <= 601; len++) {
        struct buffer buffer = buffer_empty(600);
        buffer_put(&buffer, bytes, len);
        assert_int_equal(buffer.failed, len > 600);
        assert_int_equal(buffer.len, len > 600 ? 0 : len);
        buffer_deinit(&buffer);
    }
}

static void printf_may_fill_the_bound(void **state)
{
    (void)state;
    for (int len = 511; len <= 513; len++) {
        struct buffer buffer = buffer_empty(512);
        buffer_printf(&buffer, "%*d", len, 1);
        assert_int_equal(buffer.failed, len > 512);
        assert_int_equal(buffer.len, len > 512 ? 0 : len);
        buffer_deinit(&buffer);
    }
}

static void failure_is_sticky_and_keeps_what_was(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(4);
    buffer_put_text(&buffer, "abc");
    buffer_put_text(&buffer, "de");
    assert_true(buffer.failed);
    buffer_put_byte(&buffer, 'd'); // would fit, but comes after the failure
    buffer_put_u64(&buffer, 1);
    buffer_printf(&buffer, "x");
    assert_null(buffer_reserve(&buffer, 0));
    assert_holds(&buffer, "abc");

    buffer_clear(&buffer);
    assert_false(buffer.failed);
    buffer_put_text(&buffer, "wxyz");
    assert_holds(&buffer, "wxyz");
    buffer_deinit(&buffer);
}

static void lengths_beyond_the_address_space_fail(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(SIZE_MAX);
    buffer_put_text(&buffer, "abc");
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer.failed);
    buffer_clear(&buffer);
    assert_null(buffer_reserve(&buffer, SIZE_MAX / 2 + 2));
    assert_true(buffer.failed);
    buffer_deinit(&buffer);
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    buffer_deinit(&buffer);
}

static void reserved_bytes_can_all_be_written(void **state)
{
    (void)state;
    for (size_t len = 510; len <= 514; len++) {
        struct buffer buffer = buffer_empty(10000);
        char *at = buffer_reserve(&buffer, len);
        assert_non_null(at);
        memset(at, 'r', len); // ASan sees a byte too few
        buffer.len += len;
        buffer_put_byte(&buffer, 's');
        assert_int_equal(buffer.data[len - 1], 'r');
        assert_int_equal(buffer.data[len], 's');
        buffer_deinit(&buffer);
    }
}

static void numbers_print_in_decimal(void **state)
{
    (void)state;
    const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {9, "9"},
        {10, "10"},
        {-1, "-1"},
        {-10, "-10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer buffer = buffer_empty(100);
        buffer_put_i64(&buffer, cases[i].value);
        assert_holds(&buffer, cases[i].text);
        buffer_deinit(&buffer);
    }
    struct buffer buffer = buffer_empty(100);
    buffer_put_u64(&buffer, UINT64_MAX);
    assert_holds(&buffer, "18446744073709551615");
    buffer_deinit(&buffer);
}

static void numbers_print_as_printf_does(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct buffer ours = buffer_empty(100);
    struct buffer libc = buffer_empty(100);
    for (int i = 0; i < 10000; i++) {
        int64_t value =
            (int64_t)testing_random(&seed) >> (testing_random(&seed) % 64);
        buffer_clear(&ours);
        buffer_clear(&libc);
        buffer_put_i64(&ours, value);
        buffer_put_byte(&ours, ' ');
        buffer_put_u64(&ours, (uint64_t)value);
        buffer_printf(&libc, "%lld %llu", (long long)value,
                      (unsigned long long)value);
        assert_true(span_equal(buffer_span(&ours), buffer_span(&libc)));
    }
    buffer_deinit(&ours);
    buffer_deinit(&libc);
}

static void front_is_dropped_and_the_rest_moves_up(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(10);
    buffer_drop_front(&buffer, 0); // nothing was ever written
    buffer_put_text(&buffer, "abcdefghij");
    buffer_drop_front(&buffer, 0);
    assert_holds(&buffer, "abcdefghij");
    buffer_drop_front(&buffer, 3);
    assert_holds(&buffer, "defghij");
    buffer_put_text(&buffer, "klm"); // the room is there again
    assert_holds(&buffer, "defghijklm");
    buffer_drop_front(&buffer, 10);
    assert_int_equal(buffer.len, 0);
    assert_false(buffer.failed);
    buffer_deinit(&buffer);
}

static void drop_too_much(void *user)
{
    struct buffer *buffer = user;
    buffer_drop_front(buffer, buffer->len + 1);
}

static void dropping_more_than_there_is_aborts(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(10);
    assert_true(testing_aborts(drop_too_much, &buffer));
    buffer_put_text(&buffer, "abc");
    assert_true(testing_aborts(drop_too_much, &buffer));
    buffer_deinit(&buffer);
}

static void deinit_leaves_it_empty_with_its_bound(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(3);
    buffer_put_text(&buffer, "four");
    assert_true(buffer.failed);
    buffer_deinit(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.len_max, 3);
    assert_false(buffer.failed);
    buffer_deinit(&buffer); // again is allowed
    buffer_put_text(&buffer, "abc");
    assert_holds(&buffer, "abc");
    buffer_deinit(&buffer);
}

static void clear_keeps_the_memory(void **state)
{
    (void)state;
    struct buffer buffer = buffer_empty(1000);
    buffer_put_text(&buffer, "abc");
    buffer_clear(&buffer);
    mem_fail_nth(1);
    buffer_put_text(&buffer, "def");
    mem_fail_nth(0);
    assert_holds(&buffer, "def");
    buffer_deinit(&buffer);
}

static void oom_leaves_what_was_written(void **state)
{
    (void)state;
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer buffer = buffer_empty(100000);
        size_t written = 0;
        for (int i = 0; i < 1000 && !buffer.failed; i++) {
            buffer_put_text(&buffer, "0123456789");
            written += buffer.failed ? 0 : 10;
        }
        assert_int_equal(buffer.len, written);
        assert_int_equal(buffer.failed, written < 10000);
        failures += buffer.failed;
        for (size_t i = 0; i < buffer.len; i++) {
            assert_int_equal(buffer.data[i], '0' + i % 10);
        }
        buffer_deinit(&buffer);
    }
    assert_true(failures > 2); // the first block and each growth
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(empty_buffer_allocates_nothing),
    cmocka_unit_test(put_of_no_bytes_is_no_failure),
    cmocka_unit_test(every_way_to_put_appends),
    cmocka_unit_test(bound_is_met_to_the_byte),
    cmocka_unit_test(one_put_at_the_bound),
    cmocka_unit_test(printf_may_fill_the_bound),
    cmocka_unit_test(failure_is_sticky_and_keeps_what_was),
    cmocka_unit_test(lengths_beyond_the_address_space_fail),
    cmocka_unit_test(reserved_bytes_can_all_be_written),
    cmocka_unit_test(numbers_print_in_decimal),
    cmocka_unit_test(numbers_print_as_printf_does),
    cmocka_unit_test(front_is_dropped_and_the_rest_moves_up),
    cmocka_unit_test(dropping_more_than_there_is_aborts),
    cmocka_unit_test(deinit_leaves_it_empty_with_its_bound),
    cmocka_unit_test(clear_keeps_the_memory),
    cmocka_unit_test(oom_leaves_what_was_written),
};

TEST_MAIN(tests)
