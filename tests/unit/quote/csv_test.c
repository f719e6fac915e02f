/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_test.c -- records and fields as RFC 4180 has them, and what is refused.
 */
#include "quote/csv.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

/* Read all of a text and write it back, fields in [] and records with their
 * line: "1[a][b]2[c][d]"; an error is "2!" and its text. */
static void assert_reads(const char *text, size_t len, const char *expected)
{
    char *copy = mem_text(text, len);
    assert_non_null(copy);
    char shown[2048] = "";
    size_t at = 0;
    struct csv csv;
    struct csv_record record;
    csv_init(&csv, copy, len);
    int err;
    while ((err = csv_next(&csv, &record)) == 0) {
        at += (size_t)snprintf(shown + at, sizeof(shown) - at, "%zu",
                               record.line);
        for (size_t i = 0; i < record.count; i++) {
            assert_int_equal(record.fields[i].data[record.fields[i].len], 0);
            at += (size_t)snprintf(shown + at, sizeof(shown) - at, "[%.*s]",
                                   SPAN_ARGS(record.fields[i]));
        }
    }
    if (err == ERR_SYNTAX) {
        snprintf(shown + at, sizeof(shown) - at, "%zu!%s", csv.line, csv.error);
        assert_int_equal(csv_next(&csv, &record), ERR_ABSENT);
    } else {
        assert_int_equal(err, ERR_ABSENT);
        assert_null(csv.error);
    }
    assert_string_equal(shown, expected);
    mem_free(copy);
}

static void assert_text_reads(const char *text, const char *expected)
{
    assert_reads(text, strlen(text), expected);
}

static void plain_records_are_read(void **state)
{
    (void)state;
    assert_text_reads("a,b\nc,d\n", "1[a][b]2[c][d]");
    assert_text_reads("a,b\nc,d", "1[a][b]2[c][d]");
    assert_text_reads("a,b\r\nc,d\r\n", "1[a][b]2[c][d]");
    assert_text_reads("a", "1[a]");
    assert_text_reads("", "");
    assert_text_reads(" a , b ", "1[ a ][ b ]");
}

static void empty_fields_count(void **state)
{
    (void)state;
    assert_text_reads(",", "1[][]");
    assert_text_reads("a,,b\n,\n", "1[a][][b]2[][]");
    assert_text_reads("a,", "1[a][]");
    assert_text_reads("\"\"", "1[]");
    assert_text_reads("\"\",\"\"\n", "1[][]");
}

static void quoted_fields_hold_anything(void **state)
{
    (void)state;
    assert_text_reads("\"a,b\",c\n", "1[a,b][c]");
    assert_text_reads("\"a\"\"b\"", "1[a\"b]");
    assert_text_reads("\"\"\"\"", "1[\"]");
    assert_text_reads("\"a\nb\",c\nd\n", "1[a\nb][c]3[d]");
    assert_text_reads("\"a\r\nb\"\r\nd\r\n", "1[a\r\nb]3[d]");
    assert_text_reads("\"#a\"\n", "1[#a]");
}

static void comments_and_empty_lines_are_passed_over(void **state)
{
    (void)state;
    assert_text_reads("# one\n\n\r\na,b\n# two, \"three\n\nc\n#",
                      "4[a][b]7[c]");
    assert_text_reads("\n\n\n", "");
    assert_text_reads("#", "");
    assert_text_reads("#\r\na", "2[a]");
    assert_text_reads("a#b,#c\n", "1[a#b][#c]");
    assert_text_reads(" #a\n", "1[ #a]");
}

static void byte_order_marks_are_passed_over(void **state)
{
    (void)state;
    assert_text_reads("\xef\xbb\xbf"
                      "a,b\n",
                      "1[a][b]");
    assert_text_reads("\xef\xbb\xbf# a\nb\n", "2[b]");
    assert_text_reads("\xef\xbb\xbf", "");
    assert_text_reads("a\n\xef\xbb\xbf", "1[a]2[\xef\xbb\xbf]"); // only once
}

static void zeros_and_single_returns_are_bytes(void **state)
{
    (void)state;
    assert_text_reads("a\rb,c\n", "1[a\rb][c]");
    assert_text_reads("a\r", "1[a\r]");
    assert_reads("a\0b,c", 5,
                 "1[a]"
                 "[c]"); // shown up to the 0
}

static void misplaced_quotes_are_refused(void **state)
{
    (void)state;
    assert_text_reads("a\nb\"c\n",
                      "1[a]2!a quote inside a field that does not begin with "
                      "one");
    assert_text_reads(" \"a\"\n",
                      "1!a quote inside a field that does not begin with one");
    assert_text_reads("a\n\"b\"c\n",
                      "1[a]2!something between a closing quote and the comma");
    assert_text_reads("\"a\" ,b",
                      "1!something between a closing quote and the comma");
    assert_text_reads("\"a\"\r",
                      "1!something between a closing quote and the comma");
    assert_text_reads("a\n\"b\nc\n", "1[a]4!a quote that is not closed");
    assert_text_reads("\"", "1!a quote that is not closed");
    assert_text_reads("\"a\"\"", "1!a quote that is not closed");
}

static void fields_are_64_at_most(void **state)
{
    (void)state;
    char text[80];
    memset(text, ',', sizeof(text));
    struct csv csv;
    struct csv_record record;
    text[63] = '\0';
    csv_init(&csv, text, 63);
    assert_int_equal(csv_next(&csv, &record), 0);
    assert_int_equal(record.count, 64);
    memset(text, ',', sizeof(text));
    text[64] = '\0';
    csv_init(&csv, text, 64);
    assert_int_equal(csv_next(&csv, &record), ERR_SYNTAX);
    assert_string_equal(csv.error, "more than 64 fields");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_records_are_read),
    cmocka_unit_test(empty_fields_count),
    cmocka_unit_test(quoted_fields_hold_anything),
    cmocka_unit_test(comments_and_empty_lines_are_passed_over),
    cmocka_unit_test(byte_order_marks_are_passed_over),
    cmocka_unit_test(zeros_and_single_returns_are_bytes),
    cmocka_unit_test(misplaced_quotes_are_refused),
    cmocka_unit_test(fields_are_64_at_most),
};

TEST_MAIN(tests)
