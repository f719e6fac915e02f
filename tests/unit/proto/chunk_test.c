/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk_test.c -- the chunked coding: what is measured and what is put together
 * is the same, and each bound is met to the byte.
 */
#include "proto/chunk.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static struct chunks chunks_of(const char *text, size_t body_max)
{
    struct chunks chunks = {
        .lines = {.bytes = text, .len = strlen(text)},
        .body_max = body_max,
    };
    return chunks;
}

static void measuring_changes_nothing(void **state)
{
    (void)state;
    const char *text = "3\r\nabc\r\n002;x=y\r\nde\r\n0\r\nT: 1\r\n\r\nrest";
    struct chunks chunks = chunks_of(text, 5);
    assert_int_equal(chunk_walk(&chunks), strlen(text) - 4);
    assert_int_equal(chunks.len, 5);
}

static void body_is_put_together_in_place(void **state)
{
    (void)state;
    char text[] = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    struct chunks chunks = chunks_of(text, 5);
    chunks.to = text;
    assert_int_equal(chunk_walk(&chunks), sizeof(text) - 1);
    assert_int_equal(chunks.len, 5);
    assert_memory_equal(text, "abcde", 5);
}

static void body_max_is_met_to_the_byte(void **state)
{
    (void)state;
    struct chunks chunks = chunks_of("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 4);
    assert_int_equal(chunk_walk(&chunks), ERR_PROTOCOL);
    assert_int_equal(chunks.status, 413);
    chunks = chunks_of("0\r\n\r\n", 0);
    assert_int_equal(chunk_walk(&chunks), 5);
    chunks = chunks_of("1\r\na\r\n0\r\n\r\n", 0);
    assert_int_equal(chunk_walk(&chunks), ERR_PROTOCOL);
}

static void largest_size_is_read(void **state)
{
    (void)state;
    struct chunks chunks = chunks_of("FFFFFFFFFFFFFFFF\r\n", SIZE_MAX);
    assert_int_equal(chunk_walk(&chunks), 0); // its bytes are to come
    chunks = chunks_of("1FFFFFFFFFFFFFFFF\r\n", SIZE_MAX);
    assert_int_equal(chunk_walk(&chunks), ERR_PROTOCOL);
    assert_int_equal(chunks.status, 400);
}

static void line_is_bounded_to_the_byte(void **state)
{
    (void)state;
    static char text[CHUNK_LINE_LIMIT + 16];
    for (size_t extra = 0; extra < 2; extra++) {
        size_t len = CHUNK_LINE_LIMIT - 2 + extra;
        memset(text, 'x', len);
        memcpy(text, "0;", 2);
        memcpy(text + len, "\r\n\r\n", 5);
        struct chunks chunks = chunks_of(text, 0);
        ptrdiff_t taken = chunk_walk(&chunks);
        assert_int_equal(taken, extra == 0 ? (ptrdiff_t)len + 4 : ERR_PROTOCOL);
        chunks.lines = (struct lines){.bytes = text, .len = CHUNK_LINE_LIMIT};
        taken = chunk_walk(&chunks);
        assert_int_equal(taken, extra == 0 ? 0 : ERR_PROTOCOL);
    }
}

static void trailers_count_as_overhead(void **state)
{
    (void)state;
    static char text[2 * CHUNK_OVERHEAD_LIMIT];
    size_t at = (size_t)snprintf(text, sizeof(text), "0\r\n");
    while (at < CHUNK_OVERHEAD_LIMIT) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "a:%0100d\r\n", 0);
    }
    struct chunks chunks = chunks_of(text, 10);
    assert_int_equal(chunk_walk(&chunks), ERR_PROTOCOL);
    assert_int_equal(chunks.status, 413);
}

static void tokens_and_texts_are_told(void **state)
{
    (void)state;
    assert_true(chunk_is_token(span_of("Content-Length")));
    assert_true(chunk_is_token(span_of("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(chunk_is_token(span_of("")));
    assert_false(chunk_is_token(span_of("a b")));
    assert_false(chunk_is_token(span_of("a:")));
    assert_false(chunk_is_token((struct span){"a\0", 2}));
    assert_true(chunk_is_text(span_of("")));
    assert_true(chunk_is_text(span_of("a\tb \xff")));
    assert_false(chunk_is_text(span_of("a\x7f")));
    assert_false(chunk_is_text(span_of("a\r")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(measuring_changes_nothing),
    cmocka_unit_test(body_is_put_together_in_place),
    cmocka_unit_test(body_max_is_met_to_the_byte),
    cmocka_unit_test(largest_size_is_read),
    cmocka_unit_test(line_is_bounded_to_the_byte),
    cmocka_unit_test(trailers_count_as_overhead),
    cmocka_unit_test(tokens_and_texts_are_told),
};

TEST_MAIN(tests)
