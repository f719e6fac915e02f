/* SPDX-License-Identifier: Apache-2.0 */
/*
 * framing_test.c -- where replies end, cut anywhere.
 */
#include "bench/load/framing.h"

#include <stdio.h>

#include "testing/testing.h"

/* Read a text in pieces of `piece` bytes; returns how many replies ended. */
static size_t read_in_pieces(struct framing *framing, const char *text,
                             size_t len, size_t piece)
{
    size_t ended = 0;
    for (size_t at = 0; at < len; at += piece) {
        size_t left = len - at;
        ended += framing_take(framing, text + at, left < piece ? left : piece);
    }
    return ended;
}

static void assert_replies(enum framing_kind kind, const char *text, size_t len,
                           size_t expected, uint64_t errors)
{
    for (size_t piece = 1; piece <= len; piece++) {
        struct framing framing;
        framing_init(&framing, kind, 0);
        assert_int_equal(read_in_pieces(&framing, text, len, piece), expected);
        assert_false(framing.is_bad);
        assert_int_equal(framing.errors, errors);
        // What is behind the last reply would be the next one.
        assert_int_equal(framing.skip, 0);
        assert_int_equal(framing.values, 0);
        assert_int_equal(framing.line_len, 0);
    }
}

static void resp_replies_end_where_their_last_value_does(void **state)
{
    (void)state;
    static const char text[] = "+OK\r\n"
                               "$6\r\n137.16\r\n"
                               "$-1\r\n"
                               "$0\r\n\r\n"
                               "*2\r\n$3\r\na\r\n\r\n:5\r\n"
                               "*0\r\n"
                               "%2\r\n+a\r\n*1\r\n$1\r\nb\r\n+c\r\n_\r\n"
                               "-LIMIT used\r\n"
                               ">2\r\n$1\r\nx\r\n:1\r\n"
                               "*-1\r\n";
    assert_replies(FRAMING_RESP, text, sizeof(text) - 1, 10, 1);
}

static void http_replies_end_where_their_body_does(void **state)
{
    (void)state;
    static const char text[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nHello"
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 0\r\n\r\n"
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n\r\n";
    assert_replies(FRAMING_HTTP, text, sizeof(text) - 1, 3, 1);
}

static void a_long_header_is_passed_over(void **state)
{
    (void)state;
    char text[2000];
    int len = snprintf(text, sizeof(text),
                       "HTTP/1.1 200 OK\r\nX-Long: %01500d\r\n"
                       "Content-Length: 1\r\n\r\nz",
                       0);
    assert_replies(FRAMING_HTTP, text, (size_t)len, 1, 0);
}

static void rpyc_frames_end_behind_their_line_end(void **state)
{
    (void)state;
    static const char text[] = "\0\0\0\3\0abc\n"
                               "\0\0\0\0\0\n";
    assert_replies(FRAMING_RPYC, text, sizeof(text) - 1, 2, 0);
}

static void fixed_replies_are_counted_by_their_bytes(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= 30; piece++) {
        struct framing framing;
        framing_init(&framing, FRAMING_FIXED, 7);
        assert_int_equal(
            read_in_pieces(&framing, "aaaaaaabbbbbbbcccccccddddddd", 28, piece),
            4);
    }
}

static void memcached_replies_end_at_their_end(void **state)
{
    (void)state;
    static const char text[] = "VALUE IBM 0 6\r\n137.16\r\nEND\r\n"
                               "VALUE A 0 5\r\nEND\r\n\r\n"
                               "VALUE B 32 0\r\n\r\nEND\r\n"
                               "END\r\n"
                               "SERVER_ERROR out of memory\r\n";
    assert_replies(FRAMING_MEMCACHED, text, sizeof(text) - 1, 4, 2);
}

static void what_is_no_reply_is_seen(void **state)
{
    (void)state;
    struct framing framing;
    framing_init(&framing, FRAMING_RESP, 0);
    framing_take(&framing, "HTTP/1.1 200 OK\r\n", 17);
    assert_true(framing.is_bad);
    framing_init(&framing, FRAMING_HTTP, 0);
    framing_take(&framing, "+OK\r\n", 5);
    assert_true(framing.is_bad);
    framing_init(&framing, FRAMING_MEMCACHED, 0);
    framing_take(&framing, "STORED\r\n", 8);
    assert_true(framing.is_bad);
    framing_init(&framing, FRAMING_HTTP, 0);
    static const char chunked[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    framing_take(&framing, chunked, sizeof(chunked) - 1);
    assert_true(framing.is_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resp_replies_end_where_their_last_value_does),
        cmocka_unit_test(http_replies_end_where_their_body_does),
        cmocka_unit_test(a_long_header_is_passed_over),
        cmocka_unit_test(rpyc_frames_end_behind_their_line_end),
        cmocka_unit_test(fixed_replies_are_counted_by_their_bytes),
        cmocka_unit_test(memcached_replies_end_at_their_end),
        cmocka_unit_test(what_is_no_reply_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
