/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol and key stand in their places of the URL and nowhere else. */
#include "provider/template.h"

#include <string.h>

#include "testing/testing.h"

static const char *composed(const char *text, const char *origin,
                            const char *symbol, const char *key)
{
    static char url[512];
    struct buffer out = buffer_empty(sizeof(url) - 1);
    template_compose(span_of(text), span_of(origin), span_of(symbol),
                     span_of(key), &out);
    assert_false(out.failed);
    memcpy(url, out.data, out.len);
    url[out.len] = '\0';
    buffer_deinit(&out);
    return url;
}

static void places_are_filled(void **state)
{
    (void)state;
    assert_string_equal(composed("http://h/{sym}?k={key}", "", "A", "B"),
                        "http://h/A?k=B");
    assert_string_equal(composed("http://h/{sym}{sym}{key}", "", "A", ""),
                        "http://h/AA");
    assert_string_equal(composed("https://h:1/}{sym}}", "", "A", ""),
                        "https://h:1/}A}");
}

static void values_are_not_templates(void **state)
{
    (void)state;
    assert_string_equal(composed("http://h/{sym}", "", "{key}", "B"),
                        "http://h/%7Bkey%7D");
}

static void every_byte_but_the_unreserved_is_encoded(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char symbol = (char)byte;
        struct buffer out = buffer_empty(64);
        template_compose(span_of("http://h/{sym}"), span_of(""),
                         (struct span){&symbol, 1}, span_of(""), &out);
        bool is_plain = byte != 0 && byte < 128 &&
                        strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-._~",
                               byte) != NULL;
        assert_int_equal(out.len, strlen("http://h/") + (is_plain ? 1 : 3));
        buffer_deinit(&out);
    }
    assert_string_equal(composed("http://h/{sym}", "", "a b&c=\xff", ""),
                        "http://h/a%20b%26c%3D%FF");
}

static void origin_is_replaced_whole(void **state)
{
    (void)state;
    assert_string_equal(
        composed("https://h:443/p?u=http://x/{sym}", "http://[::1]:7", "A", ""),
        "http://[::1]:7/p?u=http://x/A");
}

static void origins_are_told_from_other_texts(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://h",
        "https://h",
        "http://127.0.0.1:7401",
        "http://[::1]:80",
    };
    static const char *const bad[] = {
        "",          "h",          "http://",      "https://",
        "http:/h",   "ftp://h",    "http://h/",    "http://h?",
        "http://h#", "http://h h", "http://{sym}", "HTTP://h",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(template_is_origin(span_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(template_is_origin(span_of(bad[i])));
    }
    assert_false(template_is_origin((struct span){"http://h\0", 9}));
}

static void faults_are_named(void **state)
{
    (void)state;
    assert_null(template_fault(span_of("http://h/{sym}")));
    assert_null(template_fault(span_of("https://h/q?{key}={sym}")));
    static const char *const bad[] = {
        "",
        "http://h",
        "http://h?{sym}",
        "http:///{sym}",
        "h/{sym}",
        "http://h/ {sym}",
        "http://h/\xc3\xa9{sym}",
        "http://h/{key}",
        "http://h/{sym}{",
        "http://h/{sym}{sym",
        "http://h/{SYM}",
        "http://h/{sym}{syms}",
        "http://{key}/{sym}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(template_fault(span_of(bad[i])));
    }
}

static void key_is_found(void **state)
{
    (void)state;
    assert_true(template_has_key(span_of("http://h/{sym}?{key}")));
    assert_false(template_has_key(span_of("http://h/{sym}?key")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(places_are_filled),
    cmocka_unit_test(values_are_not_templates),
    cmocka_unit_test(every_byte_but_the_unreserved_is_encoded),
    cmocka_unit_test(origin_is_replaced_whole),
    cmocka_unit_test(origins_are_told_from_other_texts),
    cmocka_unit_test(faults_are_named),
    cmocka_unit_test(key_is_found),
};

TEST_MAIN(tests)
