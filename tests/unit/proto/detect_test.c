/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect_test.c -- the first bytes of every client we know give its protocol,
 * and what was told once is never taken back.
 */
#include "proto/detect.h"

#include <string.h>

#include "testing/testing.h"

struct opening {
    const char *bytes;
    enum protocol protocol;
};

static const struct opening openings[] = {
    {"*1\r\n$4\r\nPING\r\n", PROTOCOL_RESP},
    {"PING\r\n", PROTOCOL_RESP},
    {"ping\r\n", PROTOCOL_RESP},
    {"GET IBM\r\n", PROTOCOL_RESP},
    {"GET *\r\n", PROTOCOL_RESP},
    {"KEYS *\r\n", PROTOCOL_RESP},
    {"GET HTTP\r\n", PROTOCOL_RESP},
    {"GET hood\r\n", PROTOCOL_RESP},
    {"MGET IBM /X\r\n", PROTOCOL_RESP},
    {"\r\nPING\r\n", PROTOCOL_RESP},
    {"\r\n*1\r\n", PROTOCOL_RESP},
    {"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", PROTOCOL_RESP},
    {"\n", PROTOCOL_RESP},
    {"\rGET / HTTP/1.1\r\n", PROTOCOL_RESP},
    {"KEYS * \r\n", PROTOCOL_RESP},
    {"GET * HTTP\r\n", PROTOCOL_RESP},
    {"CONNECT\r\n", PROTOCOL_RESP},
    {"\r\nGET / HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"\r\n\r\nGET / HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"CONNECT a:443 HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"GET * HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"-SEARCH /", PROTOCOL_RESP},
    {"A_B /x HTTP/1.1", PROTOCOL_RESP},
    {"\x16\x03\x01\x02", PROTOCOL_RESP}, // TLS: refused in RESP's words
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", PROTOCOL_RESP},
    {"ABCDEFGHIJKLMNO /", PROTOCOL_RESP},
    {"GET / HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"GET http://host/ HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"OPTIONS * HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"OPTIONS http://host/ HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"M-SEARCH /x HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"UNSUBSCRIBE http://host/ HTTP/1.1\r\n", PROTOCOL_HTTP},
    {"BREW /pot HTTP/1.0\r\n", PROTOCOL_HTTP},
};

static void every_opening_gives_its_protocol(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        assert_int_equal(detect_protocol(span_of(openings[i].bytes)),
                         openings[i].protocol);
    }
}

static void zero_byte_is_rpyc(void **state)
{
    (void)state;
    assert_int_equal(detect_protocol((struct span){"\0", 1}), PROTOCOL_RPYC);
    assert_int_equal(detect_protocol((struct span){"\0\0\1\2x", 5}),
                     PROTOCOL_RPYC);
}

static void what_is_known_never_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        enum protocol known = PROTOCOL_UNKNOWN;
        size_t len = strlen(openings[i].bytes);
        for (size_t cut = 0; cut <= len; cut++) {
            struct span part = {openings[i].bytes, cut};
            enum protocol now = detect_protocol(part);
            assert_true(known == PROTOCOL_UNKNOWN || now == known);
            assert_true(cut < DETECT_BYTES_LIMIT || now != PROTOCOL_UNKNOWN);
            known = now;
        }
        assert_int_equal(known, openings[i].protocol);
    }
}

static void too_few_bytes_are_unknown(void **state)
{
    (void)state;
    const char *const parts[] = {"",        "G",      "GET",     "GET ",
                                 "GET h",   "GET ht", "GET htt", "OPTIONS ",
                                 "PROPFIN", "M-",     "\r",      "\r\n",
                                 "\r\nG",   "GET * ", "CONNECT "};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_int_equal(detect_protocol(span_of(parts[i])), PROTOCOL_UNKNOWN);
    }
    assert_int_equal(detect_protocol((struct span){NULL, 0}), PROTOCOL_UNKNOWN);
}

static void limit_decides_at_its_byte(void **state)
{
    (void)state;
    const char *word = "ABCDEFGHIJKLMNOP"; // 16 capitals
    struct span under = {word, DETECT_BYTES_LIMIT - 1};
    struct span at = {word, DETECT_BYTES_LIMIT};
    assert_int_equal(detect_protocol(under), PROTOCOL_UNKNOWN);
    assert_int_equal(detect_protocol(at), PROTOCOL_RESP);
}

static void words_are_those_of_the_logs(void **state)
{
    (void)state;
    assert_string_equal(detect_word(PROTOCOL_UNKNOWN), "unknown");
    assert_string_equal(detect_word(PROTOCOL_RESP), "resp");
    assert_string_equal(detect_word(PROTOCOL_HTTP), "http");
    assert_string_equal(detect_word(PROTOCOL_RPYC), "rpyc");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_opening_gives_its_protocol),
    cmocka_unit_test(zero_byte_is_rpyc),
    cmocka_unit_test(what_is_known_never_changes),
    cmocka_unit_test(too_few_bytes_are_unknown),
    cmocka_unit_test(limit_decides_at_its_byte),
    cmocka_unit_test(words_are_those_of_the_logs),
};

TEST_MAIN(tests)
