/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8_test.c -- every code point is taken in its one form, and nothing else.
 */
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "testing/testing.h"

static bool is_valid(const char *text)
{
    return utf8_is_valid(span_of(text));
}

/* Write a code point in `len` bytes, whether or not that is its form. */
static struct span encode(char out[4], uint32_t point, size_t len)
{
    static const unsigned char leads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; point >>= 6) {
        out[i] = (char)(0x80 | (point & 0x3f));
    }
    out[0] = (char)(leads[len] | point);
    return (struct span){out, len};
}

static size_t shortest(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void every_code_point_has_one_form(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110000 + 0x1000; point++) {
        bool is_one = point < 0x110000 && !(point >= 0xd800 && point < 0xe000);
        for (size_t len = shortest(point); len <= 4; len++) {
            char text[4];
            bool expected = is_one && len == shortest(point);
            if (utf8_is_valid(encode(text, point, len)) != expected) {
                fail_msg("U+%04X in %zu bytes", (unsigned)point, len);
            }
        }
    }
}

static void cut_and_stray_bytes_are_refused(void **state)
{
    (void)state;
    assert_true(is_valid(""));
    assert_true(is_valid("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80z"));
    assert_false(is_valid("\xc3"));
    assert_false(is_valid("\xe2\x82"));
    assert_false(is_valid("\xf0\x9f\x98"));
    assert_false(is_valid("\x80"));
    assert_false(is_valid("a\xbf"));
    assert_false(is_valid("\xc3\xc3"));
    assert_false(is_valid("\xe2\x28\xac"));
    assert_false(is_valid("\xfe"));
    assert_false(is_valid("\xff"));
    assert_true(utf8_is_valid((struct span){NULL, 0}));
    assert_true(utf8_is_valid((struct span){"a\0b", 3}));
}

/* Bytes are looked at in eights where they can be: at every place of a text,
 * and at its end. */
static void a_byte_anywhere_is_seen(void **state)
{
    (void)state;
    for (size_t len = 1; len < 40; len++) {
        for (size_t at = 0; at < len; at++) {
            char *text = malloc(len); // a byte too far is the sanitizer's
            assert_non_null(text);
            memset(text, 'a', len);
            assert_true(utf8_is_valid((struct span){text, len}));
            text[at] = (char)0xbf;
            assert_false(utf8_is_valid((struct span){text, len}));
            text[at] = (char)0xc3;
            assert_false(utf8_is_valid((struct span){text, len}));
            if (at + 1 < len) {
                text[at + 1] = (char)0xbc;
                assert_true(utf8_is_valid((struct span){text, len}));
            }
            free(text);
        }
    }
}

static void control_characters_are_found(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'b'};
        assert_int_equal(utf8_has_control((struct span){text, 3}),
                         c < ' ' || c == 0x7f);
    }
    assert_false(utf8_has_control(span_of("")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_code_point_has_one_form),
    cmocka_unit_test(cut_and_stray_bytes_are_refused),
    cmocka_unit_test(a_byte_anywhere_is_seen),
    cmocka_unit_test(control_characters_are_found),
};

TEST_MAIN(tests)
