/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy_test.c -- headers of both versions are read to the byte, cut anywhere;
 * what is none is refused as soon as it can be told.
 */
#include "proto/proxy.h"

#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define TEXT(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }

struct row {
    struct span bytes;
    const char *source;
};

/* 192.0.2.7:40312 to 198.51.100.1:7400, as HAProxy would send it. */
#define V2_TCP4                                                              \
    SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d\x78\x1c" \
              "\xe8"

static const struct row whole[] = {
    {TEXT("PROXY TCP4 192.0.2.7 198.51.100.1 40312 7400\r\n"),
     "192.0.2.7:40312"},
    {TEXT("PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n"), "[2001:db8::7]:1"},
    {TEXT("PROXY UNKNOWN\r\n"), ""},
    {TEXT("PROXY UNKNOWN a b c d\r\n"), ""},
    {TEXT(V2_TCP4), "192.0.2.7:40312"},
    {TEXT(SIGNATURE
          "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
          "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xff\xff"),
     "[2001:db8::7]:1"},
    {TEXT(SIGNATURE "\x20\x00\x00\x00"), ""}, // the balancer's own check
    {TEXT(SIGNATURE "\x20\x11\x00\x03"
                    "abc"),
     ""},
    {TEXT(SIGNATURE "\x21\x00\x00\x00"), ""}, // of an unspecified family
    // Behind the addresses stand values that are passed over.
    {TEXT(SIGNATURE "\x21\x11\x00\x0f\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d\x78"
                    "\x1c\xe8\x04\x00\x00"),
     "192.0.2.7:40312"},
};

static void headers_are_read_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        char bytes[256];
        size_t len = whole[i].bytes.len;
        memcpy(bytes, whole[i].bytes.data, len);
        memcpy(bytes + len, "GET IBM\r\n", 9);
        struct proxy_header header;
        struct span given = {bytes, len + 9};
        assert_int_equal(proxy_parse(&header, given), len);
        assert_string_equal(header.source, whole[i].source);
    }
}

static void cut_anywhere_more_is_wanted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        for (size_t cut = 0; cut < whole[i].bytes.len; cut++) {
            struct proxy_header header;
            struct span front = {whole[i].bytes.data, cut};
            assert_int_equal(proxy_parse(&header, front), 0);
        }
    }
}

static void what_is_no_header_is_refused(void **state)
{
    (void)state;
    static const struct span texts[] = {
        TEXT("GET IBM\r\n"),
        TEXT("*"),
        TEXT("\0"),
        TEXT("PROXX"),
        TEXT("PROXY TCP5 192.0.2.7 198.51.100.1 40312 7400\r\n"),
        TEXT("PROXY TCP4 2001:db8::7 198.51.100.1 40312 7400\r\n"),
        TEXT("PROXY TCP6 192.0.2.7 198.51.100.1 40312 7400\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 198.51.100.1 65536 7400\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 198.51.100.1 40312 65536\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 198.51.100.1 40312\r\n"),
        TEXT("PROXY TCP4 192.0.2.7 198.51.100.1 40312 7400 1\r\n"),
        TEXT("PROXY TCP4 192.0.2.256 198.51.100.1 40312 7400\r\n"),
        TEXT("PROXY TCP4\r\n"),
        TEXT("PROXY \r\n"),
        TEXT("PROXY UNKNOWN\n"),
        TEXT("\r\n\r\n\1"),
        TEXT(SIGNATURE "\x11"),
        TEXT(SIGNATURE "\x22"),
        TEXT(SIGNATURE "\x21\x11\x00\x0b\xc0\x00\x02\x07\xc6\x33\x64\x01\x9d"
                       "\x78\x1c"),
        TEXT(SIGNATURE "\x21\x11\xff\xff"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct proxy_header header;
        if (proxy_parse(&header, texts[i]) != ERR_PROTOCOL) {
            fail_msg("text %zu is taken", i);
        }
    }
}

/* 107 bytes is the longest line of version 1, its end included. */
static void line_of_version_1_is_bounded(void **state)
{
    (void)state;
    char line[200];
    memset(line, 'x', sizeof(line));
    memcpy(line, "PROXY UNKNOWN ", 14);
    struct proxy_header header;
    assert_int_equal(proxy_parse(&header, (struct span){line, 106}), 0);
    assert_int_equal(proxy_parse(&header, (struct span){line, 107}),
                     ERR_PROTOCOL);
    memcpy(line + 105, "\r\n", 2);
    assert_int_equal(proxy_parse(&header, (struct span){line, 107}), 107);
}

/* PROXY_BYTES_LIMIT, n and n+1, told from the length alone. */
static void header_of_version_2_is_bounded(void **state)
{
    (void)state;
    char bytes[PROXY_BYTES_LIMIT + 1] = SIGNATURE "\x21\x00";
    struct proxy_header header;
    size_t len = PROXY_BYTES_LIMIT - 16;
    bytes[14] = (char)(len >> 8);
    bytes[15] = (char)(len & 0xff);
    struct span most = {bytes, PROXY_BYTES_LIMIT};
    assert_int_equal(proxy_parse(&header, most), PROXY_BYTES_LIMIT);
    bytes[14] = (char)((len + 1) >> 8);
    bytes[15] = (char)((len + 1) & 0xff);
    struct span head = {bytes, 16};
    assert_int_equal(proxy_parse(&header, head), ERR_PROTOCOL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(headers_are_read_to_the_byte),
    cmocka_unit_test(cut_anywhere_more_is_wanted),
    cmocka_unit_test(what_is_no_header_is_refused),
    cmocka_unit_test(line_of_version_1_is_bounded),
    cmocka_unit_test(header_of_version_2_is_bounded),
};

TEST_MAIN(tests)
