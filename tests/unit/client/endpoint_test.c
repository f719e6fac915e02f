/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint_test.c -- addresses as people write them, and as they do not.
 */
#include "lib/endpoint.h"

#include "base/err.h"
#include "testing/testing.h"

static void host_and_port_are_taken_apart(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *host;
        const char *port;
        const char *shown;
    } rows[] = {
        {"127.0.0.1:7400", "127.0.0.1", "7400", "127.0.0.1:7400"},
        {"quoted_1.example:1", "quoted_1.example", "1", "quoted_1.example:1"},
        {"localhost", "localhost", "7400", "localhost:7400"},
        {"[::1]:65535", "::1", "65535", "[::1]:65535"},
        {"[fe80::1%eth0]", "fe80::1%eth0", "7400", "[fe80::1%eth0]:7400"},
        {" a:1 ", "a", "1", "a:1"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct endpoint out;
        assert_int_equal(endpoint_parse(&out, span_of(rows[i].text)), 0);
        assert_false(out.is_unix);
        assert_string_equal(out.host, rows[i].host);
        assert_string_equal(out.port, rows[i].port);
        assert_string_equal(out.text, rows[i].shown);
    }
}

static void path_is_kept_as_it_is(void **state)
{
    (void)state;
    struct endpoint out;
    assert_int_equal(endpoint_parse(&out, span_of("unix:/run/a b:c")), 0);
    assert_true(out.is_unix);
    assert_string_equal(out.path, "/run/a b:c");
    assert_string_equal(out.text, "unix:/run/a b:c");
}

static void wrong_forms_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",         ":",           ":7400",      "a:",         "a:0",
        "a:65536",  "a:70000",     "a:-1",       "a:1x",       "a:1:2",
        "::1",      "::1:7400",    "[::1",       "[]:1",       "[::1]7400",
        "[::1]x:1", "http://a:1",  "a/b:1",      "a b:1",      "a\n:1",
        "unix:",    "unix:a/b",    "unix:/\x1b", "a,b",        "*:7400",
        "a:007400", "a:000000001", "[::1]:",     "\xc3\xa9:1",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoint out;
        if (endpoint_parse(&out, span_of(bad[i])) != ERR_SYNTAX) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
}

static void longest_host_and_path_fit_and_one_more_does_not(void **state)
{
    (void)state;
    char text[300];
    struct endpoint out;
    memset(text, 'a', sizeof(text));
    struct span host = {text, ENDPOINT_HOST_SIZE - 1};
    assert_int_equal(endpoint_parse(&out, host), 0);
    assert_int_equal(strlen(out.text), ENDPOINT_HOST_SIZE - 1 + 5);
    host.len++;
    assert_int_equal(endpoint_parse(&out, host), ERR_SYNTAX);
    memcpy(text, "unix:/", 6);
    struct span path = {text, 5 + ENDPOINT_PATH_SIZE - 1};
    assert_int_equal(endpoint_parse(&out, path), 0);
    assert_int_equal(strlen(out.path), ENDPOINT_PATH_SIZE - 1);
    path.len++;
    assert_int_equal(endpoint_parse(&out, path), ERR_SYNTAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(host_and_port_are_taken_apart),
    cmocka_unit_test(path_is_kept_as_it_is),
    cmocka_unit_test(wrong_forms_are_refused),
    cmocka_unit_test(longest_host_and_path_fit_and_one_more_does_not),
};

TEST_MAIN(tests)
