/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_test.c -- lines end in CR LF; what looks like an end to somebody else is
 * no line.
 */
#include "proto/line.h"

#include "testing/testing.h"

static void lines_come_one_by_one(void **state)
{
    (void)state;
    struct span bytes = span_of("one\r\n\r\nthree\r\nrest");
    struct lines lines = {.bytes = bytes.data, .len = bytes.len};
    struct span text;
    assert_int_equal(line_take(&lines, &text), LINE_GOOD);
    assert_true(span_equal(text, span_of("one")));
    assert_int_equal(line_take(&lines, &text), LINE_GOOD);
    assert_int_equal(text.len, 0);
    assert_int_equal(line_take(&lines, &text), LINE_GOOD);
    assert_true(span_equal(text, span_of("three")));
    assert_int_equal(line_take(&lines, &text), LINE_NONE);
    assert_int_equal(lines.at, 14);
}

static void end_that_is_not_there_takes_nothing(void **state)
{
    (void)state;
    const struct span parts[] = {
        {NULL, 0}, {"", 0}, {"a", 1}, {"a\r", 2}, {"\0", 1},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct lines lines = {.bytes = parts[i].data, .len = parts[i].len};
        struct span text;
        assert_int_equal(line_take(&lines, &text), LINE_NONE);
        assert_int_equal(lines.at, 0);
    }
}

static void half_an_end_is_bad(void **state)
{
    (void)state;
    const struct span bad[] = {
        {"\n", 1},       {"a\n", 2},      {"\r\r\n", 3},
        {"a\rb\r\n", 5}, {"a\0b\r\n", 5}, {"\0\r\n", 3},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lines lines = {.bytes = bad[i].data, .len = bad[i].len};
        struct span text;
        assert_int_equal(line_take(&lines, &text), LINE_BAD);
        assert_int_equal(lines.at, bad[i].len);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines_come_one_by_one),
    cmocka_unit_test(end_that_is_not_there_takes_nothing),
    cmocka_unit_test(half_an_end_is_bad),
};

TEST_MAIN(tests)
