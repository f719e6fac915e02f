/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resp_put_test.c -- replies, in the form of each version.
 */
#include "proto/resp.h"

#include "testing/testing.h"

static void assert_written(struct buffer *out, const char *text)
{
    assert_false(out->failed);
    assert_true(span_equal(buffer_span(out), span_of(text)));
    buffer_clear(out);
}

static void replies_are_written_in_their_form(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    resp_put_simple(&out, "OK");
    assert_written(&out, "+OK\r\n");
    resp_put_bulk(&out, span_of("IBM"));
    assert_written(&out, "$3\r\nIBM\r\n");
    resp_put_bulk(&out, (struct span){NULL, 0});
    assert_written(&out, "$0\r\n\r\n");
    resp_put_bulk(&out, span_of("a\r\nb"));
    assert_written(&out, "$4\r\na\r\nb\r\n");
    resp_put_array(&out, 0);
    assert_written(&out, "*0\r\n");
    resp_put_array(&out, 1025);
    assert_written(&out, "*1025\r\n");
    resp_put_push(&out, 2);
    assert_written(&out, ">2\r\n");
    buffer_deinit(&out);
}

/* Whatever stands behind the text in its array stays there. */
static void short_texts_are_bulk_strings(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    char text[RESP_SHORT_SIZE];
    memset(text, '7', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        struct buffer expected = buffer_empty(1000);
        resp_put_bulk(&expected, (struct span){text, len});
        resp_put_short(&out, text, len);
        buffer_put_byte(&expected, '\0');
        assert_written(&out, expected.data);
        buffer_deinit(&expected);
    }
    buffer_deinit(&out);
}

static void versions_differ_in_null_and_map_and_texts_of_lines(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    resp_put_verbatim(&out, 2, span_of("a\nb\n"));
    assert_written(&out, "$4\r\na\nb\n\r\n");
    resp_put_verbatim(&out, 3, span_of("a\nb\n"));
    assert_written(&out, "=8\r\ntxt:a\nb\n\r\n");
    resp_put_null(&out, 2);
    assert_written(&out, "$-1\r\n");
    resp_put_null(&out, 3);
    assert_written(&out, "_\r\n");
    resp_put_map(&out, 2, 17);
    assert_written(&out, "*34\r\n");
    resp_put_map(&out, 3, 17);
    assert_written(&out, "%17\r\n");
    resp_put_map(&out, 2, 0);
    assert_written(&out, "*0\r\n");
    buffer_deinit(&out);
}

static void integers_are_written_to_their_ends(void **state)
{
    (void)state;
    const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, ":0\r\n"},
        {7, ":7\r\n"},
        {-1, ":-1\r\n"},
        {-10, ":-10\r\n"},
        {INT64_MAX, ":9223372036854775807\r\n"},
        {INT64_MIN, ":-9223372036854775808\r\n"},
    };
    struct buffer out = buffer_empty(1000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        resp_put_integer(&out, cases[i].value);
        assert_written(&out, cases[i].text);
    }
    buffer_deinit(&out);
}

static void error_sentences_stay_on_one_line(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    resp_put_error(&out, "UNKNOWN", span_of("no provider knows X"));
    assert_written(&out, "-UNKNOWN no provider knows X\r\n");
    resp_put_error(&out, "ERR", span_of("a\r\n+OK\nb\r"));
    assert_written(&out, "-ERR a  +OK b \r\n");
    resp_put_error(&out, "ERR", span_of(""));
    assert_written(&out, "-ERR \r\n");
    buffer_deinit(&out);
}

static void reply_beyond_the_buffer_fails_it(void **state)
{
    (void)state;
    for (size_t bound = 0; bound < 24; bound++) {
        struct buffer out = buffer_empty(bound);
        resp_put_error(&out, "UNKNOWN", span_of("no such thing"));
        assert_int_equal(out.failed, bound < 24);
        assert_true(out.len <= bound);
        buffer_deinit(&out);
    }
    struct buffer out = buffer_empty(24);
    resp_put_error(&out, "UNKNOWN", span_of("no such thing."));
    assert_true(out.failed); // one more than fits
    buffer_deinit(&out);
}

/* parse(compose(x)) is x, for what both directions share. */
static void composed_arrays_parse_as_they_were(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 200; i++) {
        struct buffer out = buffer_empty(100000);
        char args[8][40];
        size_t lens[8];
        size_t count = 1 + testing_random(&seed) % 8;
        resp_put_array(&out, count);
        for (size_t arg = 0; arg < count; arg++) {
            lens[arg] = testing_random(&seed) % sizeof(args[0]);
            for (size_t at = 0; at < lens[arg]; at++) {
                args[arg][at] = (char)testing_random(&seed);
            }
            resp_put_bulk(&out, (struct span){args[arg], lens[arg]});
        }
        struct resp_command command;
        ptrdiff_t taken = resp_parse(&command, out.data, out.len, 65536);
        assert_int_equal(taken, out.len);
        assert_int_equal(command.count, count);
        for (size_t arg = 0; arg < count; arg++) {
            assert_true(span_equal(command.args[arg],
                                   (struct span){args[arg], lens[arg]}));
        }
        buffer_deinit(&out);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(replies_are_written_in_their_form),
    cmocka_unit_test(short_texts_are_bulk_strings),
    cmocka_unit_test(versions_differ_in_null_and_map_and_texts_of_lines),
    cmocka_unit_test(integers_are_written_to_their_ends),
    cmocka_unit_test(error_sentences_stay_on_one_line),
    cmocka_unit_test(reply_beyond_the_buffer_fails_it),
    cmocka_unit_test(composed_arrays_parse_as_they_were),
};

TEST_MAIN(tests)
