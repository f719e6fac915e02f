/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers say comes out as one printable line of UTF-8 without the key.
 */
#include "document/words.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"

static const char *cleaned(const char *text, size_t len, const char *key)
{
    static char out[64];
    struct words words;
    words_init(&words, out, sizeof(out), span_of(key));
    words_put(&words, (struct span){text, len});
    return out;
}

#define CLEANED(text, key) cleaned(text, sizeof(text) - 1, key)

static void plain_words_pass(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("", "SECRET"), "");
    assert_string_equal(CLEANED("25 requests per day", "SECRET"),
                        "25 requests per day");
    assert_string_equal(CLEANED("Ahold \xc3\xa9 \xe2\x82\xac", ""),
                        "Ahold \xc3\xa9 \xe2\x82\xac");
}

static void runs_of_white_space_and_controls_are_one_space(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("\r\n a \t\n b\0c\x1b[31md\x7f ", ""),
                        "a b c [31md");
    // C1 controls, the no-break space, line and paragraph separator, turned
    // direction
    assert_string_equal(CLEANED("a\xc2\x9b\xc2\xa0"
                                "b\xe2\x80\xa8"
                                "c\xe2\x80\xae"
                                "d\xe2\x81\xa6"
                                "e",
                                ""),
                        "a b c d e");
}

static void what_is_no_utf8_is_a_question_mark_a_byte(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("a\xff"
                                "b\xc0\xaf"
                                "c\xed\xa0\x80"
                                "d\xe2\x82",
                                ""),
                        "a?b??c???d??");
}

static void key_is_blotted_out_wherever_it_stands(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("SECRET", "SECRET"), "<key>");
    assert_string_equal(CLEANED("key as SECRET and SECRETSECRET.", "SECRET"),
                        "key as <key> and <key><key>.");
    assert_string_equal(CLEANED("SESECRET", "SECRET"), "SE<key>");
    assert_string_equal(CLEANED("AAAAAB", "AAAAB"), "A<key>");
}

static void key_is_known_in_other_writings(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("sEcReT", "SECRET"), "<key>");
    assert_string_equal(CLEANED("a%2fb%2FC+", "a/b/c+"), "<key>");
    assert_string_equal(CLEANED("a\\/b\\/c+", "a/b/c+"), "<key>");
    assert_string_equal(CLEANED("\\u0061\\u002fb/c%2b", "a/b/c+"), "<key>");
    assert_string_equal(CLEANED("a%2gb", "a/b/c+"), "a%2gb");
    assert_string_equal(CLEANED("a\\u012fb", "a/b/c+"), "a\\u012fb");
}

static void key_that_is_cut_off_is_blotted_out_too(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("key SECRE", "SECRET"), "key <key>");
    assert_string_equal(CLEANED("key SECR", "SECRET"), "key <key>");
    // three letters tell nothing, and end many an English sentence
    assert_string_equal(CLEANED("key SEC", "SECRET"), "key SEC");
    assert_string_equal(CLEANED("SECRE is", "SECRET"), "SECRE is");
}

static void key_across_the_end_of_the_line_does_not_show(void **state)
{
    (void)state;
    char text[128];
    for (int before = 40; before < 70; before++) {
        snprintf(text, sizeof(text), "%.*sSECRET", before,
                 "......................................................"
                 "......................................................");
        const char *out = cleaned(text, strlen(text), "SECRET");
        assert_null(strstr(out, "S"));
        assert_true(strlen(out) <= 63);
    }
}

static void short_keys_are_left_alone(void **state)
{
    (void)state;
    assert_string_equal(CLEANED("a banana", "a"), "a banana");
    assert_string_equal(CLEANED("abc", "abc"), "abc");
    assert_string_equal(CLEANED("abcd", "abcd"), "<key>");
    assert_string_equal(CLEANED("abcd", ""), "abcd");
}

static void line_is_cut_between_characters(void **state)
{
    (void)state;
    char out[6];
    struct words words;
    words_init(&words, out, sizeof(out), span_of(""));
    words_put(&words, span_of("abcd\xe2\x82\xac"));
    assert_string_equal(out, "abcd");
    // what would fit is not put behind what did not
    words_put(&words, span_of("e"));
    assert_string_equal(out, "abcd");

    words_init(&words, out, sizeof(out), span_of(""));
    words_put(&words, span_of("ab\xe2\x82\xac"));
    assert_string_equal(out, "ab\xe2\x82\xac");

    words_init(&words, out, 1, span_of(""));
    words_put(&words, span_of("ab"));
    assert_string_equal(out, "");
}

static void texts_are_put_behind_each_other(void **state)
{
    (void)state;
    char out[64];
    struct words words;
    words_init(&words, out, sizeof(out), span_of("SECRET"));
    words_put(&words, span_of("HTTP status 503"));
    words_put(&words, span_of(": "));
    words_put(&words, span_of("\n<html>SECRET"));
    assert_string_equal(out, "HTTP status 503: <html><key>");
}

static void character_lengths_are_those_of_rfc_3629(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"", 0},
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xc2", 0},
        {"\xc2g", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xe2\x82", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xf1\x80\x80", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(words_character(span_of(cases[i].text)), cases[i].len);
    }
}

static void second_key_is_blotted_out_too(void **state)
{
    (void)state;
    char out[64];
    struct words words;
    words_init(&words, out, sizeof(out), span_of("FIRST"));
    words_hide(&words, span_of("FIRSTANDMORE"));
    words_put(&words, span_of("a FIRST b FIRSTANDMORE c firstandmor"));
    assert_string_equal(out, "a <key> b <key> c <key>");
    words_init(&words, out, sizeof(out), span_of(""));
    words_hide(&words, span_of("SECRET"));
    words_put(&words, span_of("no SECRET"));
    assert_string_equal(out, "no <key>");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(second_key_is_blotted_out_too),
    cmocka_unit_test(plain_words_pass),
    cmocka_unit_test(runs_of_white_space_and_controls_are_one_space),
    cmocka_unit_test(what_is_no_utf8_is_a_question_mark_a_byte),
    cmocka_unit_test(key_is_blotted_out_wherever_it_stands),
    cmocka_unit_test(key_is_known_in_other_writings),
    cmocka_unit_test(key_that_is_cut_off_is_blotted_out_too),
    cmocka_unit_test(key_across_the_end_of_the_line_does_not_show),
    cmocka_unit_test(short_keys_are_left_alone),
    cmocka_unit_test(line_is_cut_between_characters),
    cmocka_unit_test(texts_are_put_behind_each_other),
    cmocka_unit_test(character_lengths_are_those_of_rfc_3629),
};

TEST_MAIN(tests)
