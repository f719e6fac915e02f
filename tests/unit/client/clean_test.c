/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean_test.c -- what may be printed to a terminal, and what is made of the
 * rest.
 */
#include "lib/clean.h"

#include "testing/testing.h"

static void text_of_all_lengths_is_clean(void **state)
{
    (void)state;
    assert_true(clean_text(span_of("")));
    assert_true(clean_text(span_of(" ~")));
    assert_true(clean_text(span_of("\xc2\xa0\xdf\xbf")));         // U+A0, U+7FF
    assert_true(clean_text(span_of("\xe0\xa0\x80\xef\xbf\xbd"))); // U+800
    assert_true(clean_text(span_of("\xed\x9f\xbf\xee\x80\x80"))); // U+D7FF
    assert_true(clean_text(span_of("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
}

static void control_characters_are_not_clean(void **state)
{
    (void)state;
    const struct span bad[] = {
        {"\0", 1},       {"a\nb", 3}, {"\x1b[2J", 4},
        {"\x7f", 1},     {"\x1f", 1}, {"\xc2\x80", 2}, // U+80
        {"\xc2\x9b", 2},                               // CSI of ISO 6429
        {"\xc2\x9f", 2},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(clean_text(bad[i]));
    }
}

static void bytes_that_are_no_utf8_are_not_clean(void **state)
{
    (void)state;
    const char *const bad[] = {
        "\x80",             // a continuation with no start
        "\xc0\xaf",         // not the shortest form
        "\xc1\xbf",         //
        "\xe0\x9f\xbf",     //
        "\xf0\x8f\xbf\xbf", //
        "\xed\xa0\x80",     // a surrogate
        "\xed\xbf\xbf",     //
        "\xf4\x90\x80\x80", // above U+10FFFF
        "\xf5\x80\x80\x80", //
        "\xff",             //
        "\xc3",             // cut off
        "\xe2\x82",         //
        "\xf0\x9f\x98",     //
        "\xc3(",            // no continuation
        "a\xe2(\xa1",       //
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(clean_text(span_of(bad[i])));
    }
}

static void copy_replaces_what_is_not_clean(void **state)
{
    (void)state;
    char out[32];
    clean_copy(out, sizeof(out), span_of("a\x1b[31mb\xff\xc3\xa9\xc2\x9b"));
    assert_string_equal(out, "a?[31mb?\xc3\xa9??");
    clean_copy(out, sizeof(out), (struct span){"a\0b", 3});
    assert_string_equal(out, "a?b");
}

static void copy_is_cut_between_characters(void **state)
{
    (void)state;
    char out[4];
    clean_copy(out, 1, span_of("abc"));
    assert_string_equal(out, "");
    clean_copy(out, sizeof(out), span_of("abcd"));
    assert_string_equal(out, "abc");
    clean_copy(out, sizeof(out), span_of("ab\xc3\xa9"));
    assert_string_equal(out, "ab");
    clean_copy(out, sizeof(out), span_of("a\xc3\xa9"));
    assert_string_equal(out, "a\xc3\xa9");
    clean_copy(out, sizeof(out), (struct span){NULL, 0});
    assert_string_equal(out, "");
}

static void lines_are_copied_whole_or_not_at_all(void **state)
{
    (void)state;
    char out[12];
    clean_copy_lines(out, sizeof(out), span_of("one\ntwo\n"));
    assert_string_equal(out, "one\ntwo\n");
    clean_copy_lines(out, sizeof(out), span_of("one\ntwo"));
    assert_string_equal(out, "one\ntwo\n");
    clean_copy_lines(out, sizeof(out), span_of("one\n\ntwo\nlong\nx\n"));
    assert_string_equal(out, "one\n\ntwo\n");
    clean_copy_lines(out, sizeof(out), span_of("a\x1b[2J\r\n\xff\n"));
    assert_string_equal(out, "a?[2J?\n?\n");
    clean_copy_lines(out, sizeof(out), span_of("0123456789\n"));
    assert_string_equal(out, "0123456789\n");
    clean_copy_lines(out, sizeof(out), span_of("0123456789A\n"));
    assert_string_equal(out, "");
    clean_copy_lines(out, 1, span_of("a\n"));
    assert_string_equal(out, "");
    clean_copy_lines(out, sizeof(out), (struct span){NULL, 0});
    assert_string_equal(out, "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_of_all_lengths_is_clean),
    cmocka_unit_test(control_characters_are_not_clean),
    cmocka_unit_test(bytes_that_are_no_utf8_are_not_clean),
    cmocka_unit_test(copy_replaces_what_is_not_clean),
    cmocka_unit_test(copy_is_cut_between_characters),
    cmocka_unit_test(lines_are_copied_whole_or_not_at_all),
};

TEST_MAIN(tests)
