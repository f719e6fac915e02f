/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_test.c -- the commonest commands, which are read apart: as all others
 * would be, or not at all.
 */
#include "proto/plain.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "proto/resp.h"
#include "testing/testing.h"

#define BYTES_MAX 65536

/* Read bytes that have nothing behind them, so that ASan sees a read past them;
 * what was read is compared before the block goes. */
static size_t parse(struct span bytes)
{
    char *block = malloc(bytes.len > 0 ? bytes.len : 1);
    assert_non_null(block);
    memcpy(block, bytes.data, bytes.len);
    struct plain_texts plain = {.count = 1};
    struct span copy = {block, bytes.len};
    size_t got = plain_parse_get(&plain.texts[0], copy);
    size_t taken = got > 0 ? got : plain_parse_mget(&plain, copy);
    if (taken > 0) {
        struct resp_command command;
        assert_int_equal(resp_parse(&command, block, bytes.len, BYTES_MAX),
                         taken);
        assert_int_equal(command.count, plain.count + 1);
        const char *name = got > 0 ? "get" : "mget";
        assert_true(span_equal_nocase(command.args[0], span_of(name)));
        for (size_t i = 0; i < plain.count; i++) {
            assert_ptr_equal(plain.texts[i].data, command.args[i + 1].data);
            assert_int_equal(plain.texts[i].len, command.args[i + 1].len);
        }
    }
    free(block);
    return taken;
}

static void put_words(struct buffer *out, const char *name, size_t count,
                      size_t len)
{
    char text[100];
    memset(text, 'X', sizeof(text));
    resp_put_array(out, count + 1);
    resp_put_bulk(out, span_of(name));
    for (size_t i = 0; i < count; i++) {
        resp_put_bulk(out, (struct span){text, len});
    }
}

static void get_of_any_length_is_read(void **state)
{
    (void)state;
    struct buffer bytes = buffer_empty(BYTES_MAX);
    for (size_t len = 1; len <= 99; len++) {
        for (int letters = 0; letters < 8; letters++) {
            const char name[] = {letters & 1 ? 'g' : 'G',
                                 letters & 2 ? 'e' : 'E',
                                 letters & 4 ? 't' : 'T', '\0'};
            buffer_clear(&bytes);
            put_words(&bytes, name, 1, len);
            assert_int_equal(parse(buffer_span(&bytes)), bytes.len);
        }
    }
    buffer_deinit(&bytes);
}

static void mget_of_any_number_is_read(void **state)
{
    (void)state;
    struct buffer bytes = buffer_empty(BYTES_MAX);
    const char *const names[] = {"MGET", "mget", "mGeT"};
    for (size_t count = 1; count <= 98; count++) {
        buffer_clear(&bytes);
        put_words(&bytes, names[count % 3], count, 1 + count * 7 % 99);
        size_t len = bytes.len;
        assert_int_equal(parse(buffer_span(&bytes)), len);
        buffer_put_text(&bytes, "*1\r\n$4\r\nPING\r\n");
        assert_int_equal(parse(buffer_span(&bytes)), len);
    }
    buffer_deinit(&bytes);
}

/* Whatever is another command, or is not there wholly. */
static void what_is_no_whole_get_is_left(void **state)
{
    (void)state;
    const char *const others[] = {
        "",
        "GET IBM\r\n",
        "*1\r\n$4\r\nMGET\r\n",
        "*1\r\n$3\r\nGET\r\n$3\r\nIBM\r\n",
        "*2\r\n$3\r\nSET\r\n$3\r\nIBM\r\n",
        "*2\r\n$4\r\nTYPE\r\n$3\r\nIBM\r\n",
        "*2\r\n$4\r\nMGETXX$3\r\nIBM\r\n",
        "*3\r\n$3\r\nGET\r\n$3\r\nIBM\r\n$1\r\nX\r\n",
        "*2\r\n$4\r\nGETX\r\n$3\r\nIBM\r\n",
        "*2\r\n$3\r\nGET\r\n$0\r\n\r\nIBMIBM",
        "*2\r\n$3\r\nGET\r\n$-1\r\nIBMIBM",
        "*2\r\n$3\r\nGET\r\n$003\r\nIBM\r\n",
        "*2\r\n$3\r\nGET\r\n$3\r\nIBMX\r\n",
        "*2\r\n$3\r\nGET\r\n$3\rXIBM\r\n",
        "*2\r\n$3\r\nGET\r\n$3\r\nIBM\rX",
        "*2\r\n$3\r\nGET\r\n:3\r\nIBM\r\n",
        "*-2\r\n$4\r\nMGET\r\n$3\r\nIBM\r\n",
        "*0\r\n$4\r\nMGET\r\n$3\r\nIBM\r\n",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(parse(span_of(others[i])), 0);
    }
    const char *const wholes[] = {
        "*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n",
        "*2\r\n$3\r\nGET\r\n$11\r\nABCDEFG.LON\r\n",
        "*2\r\n$4\r\nMGET\r\n$3\r\nIBM\r\n",
        "*4\r\n$4\r\nMGET\r\n$3\r\nIBM\r\n$1\r\nA\r\n$10\r\nABCDEF.LON\r\n",
    };
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
        struct span whole = span_of(wholes[i]);
        assert_int_equal(parse(whole), whole.len);
        for (size_t cut = 0; cut < whole.len; cut++) {
            assert_int_equal(parse((struct span){whole.data, cut}), 0);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(get_of_any_length_is_read),
    cmocka_unit_test(mget_of_any_number_is_read),
    cmocka_unit_test(what_is_no_whole_get_is_left),
};

TEST_MAIN(tests)
