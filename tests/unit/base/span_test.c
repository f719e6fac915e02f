/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span_test.c -- spans compare by their bytes, whatever these are, and
 * splitting then joining gives the same text.
 */
#include "base/span.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static const struct span nothing = {NULL, 0};

static void spans_are_equal_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(span_equal(span_of("IBM"), span_of("IBM")));
    assert_false(span_equal(span_of("IBM"), span_of("IBm")));
    assert_false(span_equal(span_of("IBM"), span_of("IB")));
    assert_true(span_equal(nothing, span_of("")));
    assert_false(span_equal(nothing, span_of("x")));
    assert_true(span_equal((struct span){"a\0b", 3}, (struct span){"a\0b", 3}));
    assert_false(
        span_equal((struct span){"a\0b", 3}, (struct span){"a\0c", 3}));
}

static void case_is_that_of_a_to_z_only(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char first = (char)a;
            char second = (char)b;
            bool letters = (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
            bool expected = a == b || (letters && (a ^ b) == 0x20);
            assert_int_equal(span_equal_nocase((struct span){&first, 1},
                                               (struct span){&second, 1}),
                             expected);
        }
    }
    assert_true(
        span_equal_nocase(span_of("Walt Disney"), span_of("wALT dISNEY")));
    assert_false(span_equal_nocase(span_of("IBM"), span_of("IB")));
    assert_true(span_equal_nocase(nothing, span_of("")));
}

static void trim_takes_white_space_off_both_ends(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *trimmed;
    } cases[] = {
        {"", ""},
        {" ", ""},
        {"\t\r\n ", ""},
        {"IBM", "IBM"},
        {" IBM", "IBM"},
        {"IBM\r\n", "IBM"},
        {"\tI B\tM ", "I B\tM"},
        {"\vIBM\f", "\vIBM\f"},
        {"  x  ", "x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(span_equal(span_trim(span_of(cases[i].text)),
                               span_of(cases[i].trimmed)));
    }
    assert_int_equal(span_trim(nothing).len, 0);
    // A 0 byte is no white space.
    assert_int_equal(span_trim((struct span){" \0 ", 3}).len, 1);
}

static void part_is_found_wherever_it_stands(void **state)
{
    (void)state;
    struct span text = span_of("Thank you for using Alpha Vantage!");
    assert_true(span_has_nocase(text, span_of("thank")));
    assert_true(span_has_nocase(text, span_of("ALPHA")));
    assert_true(span_has_nocase(text, span_of("vantage!")));
    assert_true(span_has_nocase(text, text));
    assert_false(span_has_nocase(text, span_of("vantage!!")));
    assert_false(span_has_nocase(text, span_of("thanks")));
    assert_true(span_has_nocase(span_of("aab"), span_of("ab")));
    assert_false(span_has_nocase(span_of("ab"), span_of("aab")));
    assert_true(span_has_nocase(text, nothing));
    assert_true(span_has_nocase(nothing, nothing));
    assert_false(span_has_nocase(nothing, span_of("x")));
}

static void split_gives_every_part(void **state)
{
    (void)state;
    struct span rest = span_of("a,,b");
    struct span part;
    assert_true(span_split(&rest, ',', &part));
    assert_true(span_equal(part, span_of("a")));
    assert_true(span_split(&rest, ',', &part));
    assert_true(span_equal(part, span_of("")));
    assert_true(span_split(&rest, ',', &part));
    assert_true(span_equal(part, span_of("b")));
    assert_false(span_split(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_false(span_split(&rest, ',', &part)); // and stays at the end
}

static void split_of_an_empty_text_gives_one_empty_part(void **state)
{
    (void)state;
    struct span rest = span_of("");
    struct span part = span_of("x");
    assert_true(span_split(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_false(span_split(&rest, ',', &part));

    rest = nothing; // a span over nothing is at its end already
    assert_false(span_split(&rest, ',', &part));
}

static void separators_at_the_ends_give_empty_parts(void **state)
{
    (void)state;
    struct span rest = span_of(",x,");
    struct span part;
    const char *const parts[] = {"", "x", ""};
    for (size_t i = 0; i < 3; i++) {
        assert_true(span_split(&rest, ',', &part));
        assert_true(span_equal(part, span_of(parts[i])));
    }
    assert_false(span_split(&rest, ',', &part));
}

static void parts_joined_again_are_the_text(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int run = 0; run < 2000; run++) {
        char text[20];
        size_t len = testing_random(&seed) % sizeof(text);
        for (size_t i = 0; i < len; i++) {
            text[i] = "ab,"[testing_random(&seed) % 3];
        }
        char joined[sizeof(text) + 1];
        size_t at = 0;
        struct span rest = {text, len};
        struct span part;
        while (span_split(&rest, ',', &part)) {
            memcpy(joined + at, part.data, part.len);
            at += part.len;
            joined[at++] = ',';
        }
        assert_int_equal(at, len + 1);
        assert_memory_equal(joined, text, len);
    }
}

static void numbers_are_read_up_to_the_largest(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int err;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"7", 0, 7},
        {"007", 0, 7},
        {"18446744073709551614", 0, UINT64_MAX - 1},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", ERR_RANGE, 0},
        {"18446744073709551620", ERR_RANGE, 0},
        {"99999999999999999999", ERR_RANGE, 0},
        {"100000000000000000000000000", ERR_RANGE, 0},
        {"000000000000000000000000000001", 0, 1},
        {"", ERR_SYNTAX, 0},
        {"-1", ERR_SYNTAX, 0},
        {"+1", ERR_SYNTAX, 0},
        {" 1", ERR_SYNTAX, 0},
        {"1 ", ERR_SYNTAX, 0},
        {"1.0", ERR_SYNTAX, 0},
        {"1e3", ERR_SYNTAX, 0},
        {"0x10", ERR_SYNTAX, 0},
        {"/", ERR_SYNTAX, 0},
        {":", ERR_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 0;
        assert_int_equal(span_to_u64(span_of(cases[i].text), &value),
                         cases[i].err);
        assert_true(value == cases[i].value);
    }
    uint64_t value = 0;
    assert_int_equal(span_to_u64(nothing, &value), ERR_SYNTAX);
    assert_int_equal(span_to_u64((struct span){"1\0", 2}, &value), ERR_SYNTAX);
}

static void span_args_print_just_the_span(void **state)
{
    (void)state;
    char text[16];
    struct span middle = {&"abcdef"[2], 3};
    snprintf(text, sizeof(text), "%.*s", SPAN_ARGS(middle));
    assert_string_equal(text, "cde");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(spans_are_equal_by_bytes_and_length),
    cmocka_unit_test(case_is_that_of_a_to_z_only),
    cmocka_unit_test(trim_takes_white_space_off_both_ends),
    cmocka_unit_test(part_is_found_wherever_it_stands),
    cmocka_unit_test(split_gives_every_part),
    cmocka_unit_test(split_of_an_empty_text_gives_one_empty_part),
    cmocka_unit_test(separators_at_the_ends_give_empty_parts),
    cmocka_unit_test(parts_joined_again_are_the_text),
    cmocka_unit_test(numbers_are_read_up_to_the_largest),
    cmocka_unit_test(span_args_print_just_the_span),
};

TEST_MAIN(tests)
