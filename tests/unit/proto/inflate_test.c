/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate_test.c -- what was compressed comes out whole, within its bound, or
 * not at all.
 */
#include "proto/inflate.h"

#include <string.h>

#include <zlib.h>

#include "base/buffer.h"
#include "base/err.h"
#include "testing/testing.h"

#define PLAIN_BYTES 40000

struct stream {
    char plain[PLAIN_BYTES];
    unsigned char packed[PLAIN_BYTES + 1000];
    size_t len;
};

static struct stream stream;

static struct span pack(size_t len)
{
    for (size_t i = 0; i < len; i++) {
        stream.plain[i] = (char)(i * i >> 3);
    }
    uLongf packed_len = sizeof(stream.packed);
    int status = compress2(stream.packed, &packed_len,
                           (const unsigned char *)stream.plain, len, 1);
    assert_int_equal(status, Z_OK);
    return (struct span){(const char *)stream.packed, packed_len};
}

static void what_was_packed_comes_out(void **state)
{
    (void)state;
    const size_t lens[] = {0, 1, 16383, 16384, 16385, PLAIN_BYTES};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct span packed = pack(lens[i]);
        struct buffer out = buffer_empty(PLAIN_BYTES);
        assert_int_equal(inflate_bytes(&out, &packed), 0);
        assert_true(span_equal(buffer_span(&out),
                               (struct span){stream.plain, lens[i]}));
        buffer_deinit(&out);
    }
}

static void the_bound_is_exact(void **state)
{
    (void)state;
    struct span packed = pack(20000);
    struct buffer out = buffer_empty(20000);
    assert_int_equal(inflate_bytes(&out, &packed), 0);
    buffer_deinit(&out);
    out = buffer_empty(19999);
    assert_int_equal(inflate_bytes(&out, &packed), ERR_FULL);
    assert_true(out.len <= 19999);
    buffer_deinit(&out);
}

static void a_bomb_stops_at_the_bound(void **state)
{
    (void)state;
    memset(stream.plain, 0, sizeof(stream.plain));
    uLongf len = sizeof(stream.packed);
    assert_int_equal(compress2(stream.packed, &len,
                               (const unsigned char *)stream.plain,
                               sizeof(stream.plain), 9),
                     Z_OK);
    struct span packed = {(const char *)stream.packed, len};
    struct buffer out = buffer_empty(1000);
    assert_true(len < 200);
    assert_int_equal(inflate_bytes(&out, &packed), ERR_FULL);
    assert_true(out.capacity <= 4096); // memory follows what came out
    buffer_deinit(&out);
}

static void what_is_no_stream_is_refused(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(PLAIN_BYTES);
    struct span empty = {NULL, 0};
    assert_int_equal(inflate_bytes(&out, &empty), ERR_SYNTAX);
    struct span noise = span_of("this is no zlib stream");
    assert_int_equal(inflate_bytes(&out, &noise), ERR_SYNTAX);
    struct span packed = pack(5000);
    for (size_t cut = 0; cut < packed.len; cut += 7) {
        struct span part = {packed.data, cut};
        buffer_clear(&out);
        assert_int_equal(inflate_bytes(&out, &part), ERR_SYNTAX);
    }
    packed.len++; // a byte behind its end
    buffer_clear(&out);
    assert_int_equal(inflate_bytes(&out, &packed), ERR_SYNTAX);
    buffer_deinit(&out);
}

static void oom_is_told(void **state)
{
    (void)state;
    struct span packed = pack(PLAIN_BYTES);
    bool was_done = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer out = buffer_empty(PLAIN_BYTES);
        int err = inflate_bytes(&out, &packed);
        assert_true(err == 0 || err == ERR_NOMEM);
        was_done = err == 0;
        buffer_deinit(&out);
    }
    assert_true(was_done);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_packed_comes_out),
    cmocka_unit_test(the_bound_is_exact),
    cmocka_unit_test(a_bomb_stops_at_the_bound),
    cmocka_unit_test(what_is_no_stream_is_refused),
    cmocka_unit_test(oom_is_told),
};

TEST_MAIN(tests)
