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
    struct span one = span_of(symbol);
    struct template_values values = {
        .origin = span_of(origin),
        .symbols = &one,
        .count = 1,
        .sep = span_of(","),
        .mic = span_of("&m=X"),
        .key = span_of(key),
        .key2 = span_of("k 2"),
    };
    template_put_url(span_of(text), &values, &out);
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
    assert_string_equal(composed("http://h/{sym}{mic}&{key2}", "", "A", "B"),
                        "http://h/A&m=X&k%202");
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
        struct span one = {&symbol, 1};
        struct template_values values = {.symbols = &one, .count = 1};
        template_put_url(span_of("http://h/{sym}"), &values, &out);
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

static void several_symbols_stand_where_they_go(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        const char *url;
    } cases[] = {
        {"http://h/{sym}", 1, "http://h/A"},
        {"http://h/{syms}", 1, "http://h/A"},
        {"http://h/{syms}?x", 3, "http://h/A;B%2FC;D?x"},
        {"http://h/{first}?s={rest}", 3, "http://h/A?s=B%2FC;D"},
        {"http://h/{first}?s={rest}", 2, "http://h/A?s=B%2FC"},
        {"http://h/{first}?s={rest}", 1, "http://h/A?s="},
        {"file:///a", 3, "file:///a"},
    };
    const struct span symbols[] = {span_of("A"), span_of("B/C"), span_of("D")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = buffer_empty(128);
        struct template_values values = {
            .symbols = symbols, .count = cases[i].count, .sep = span_of(";")};
        template_put_url(span_of(cases[i].text), &values, &out);
        assert_true(span_equal(buffer_span(&out), span_of(cases[i].url)));
        buffer_deinit(&out);
    }
}

static void header_lines_hold_keys_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *line;
    } cases[] = {
        {"X-Token: {key}", "X-Token: a b%c"},
        {"A: {key}{key2}{key}", "A: a b%cZa b%c"},
        {"User-Agent: x/1 (y)", "User-Agent: x/1 (y)"},
        {"A: }{key}", "A: }a b%c"},
    };
    struct template_values values = {.key = span_of("a b%c"),
                                     .key2 = span_of("Z")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = buffer_empty(128);
        assert_null(template_header_fault(span_of(cases[i].text)));
        template_put_header(span_of(cases[i].text), &values, &out);
        assert_true(span_equal(buffer_span(&out), span_of(cases[i].line)));
        buffer_deinit(&out);
    }
}

static void faults_of_urls_are_named(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://h/{sym}",
        "https://h/q?{key}={sym}",
        "https://h/{syms}{mic}?{key2}",
        "https://h/{first}?s={rest}",
        "https://h/{sym}}",
        "file:///var/lib/x.csv",
    };
    static const struct {
        const char *text;
        const char *fault;
    } bad[] = {
        {"", "an URL is"},
        {"http://h", "an URL is"},
        {"http://h?{sym}", "an URL is"},
        {"http:///{sym}", "an URL is"},
        {"h/{sym}", "an URL is"},
        {"http://h/ {sym}", "an URL is"},
        {"http://h/\xc3\xa9{sym}", "an URL is"},
        {"http://{key}/{sym}", "an URL is"},
        {"http://h/{key}", "the URL has no {sym}"},
        {"http://h/{rest}", "the URL has no {sym}"},
        {"http://h/{sym}{", "what stands in braces"},
        {"http://h/{sym}{sym", "what stands in braces"},
        {"http://h/{SYM}", "what stands in braces"},
        {"http://h/{sym}{crumb}", "what stands in braces"},
        {"http://h/{sym}{syms}", "an URL has one of"},
        {"http://h/{sym}{first}{rest}", "an URL has one of"},
        {"http://h/{first}", "{first} and {rest} go together"},
        {"http://h/{syms}{rest}", "{first} and {rest} go together"},
        {"file:", "the URL of a file"},
        {"file://h/x", "the URL of a file"},
        {"file:///{sym}", "the URL of a file"},
        {"file:///a b", "the URL of a file"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_null(template_url_fault(span_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *fault = template_url_fault(span_of(bad[i].text));
        assert_non_null(fault);
        assert_memory_equal(fault, bad[i].fault, strlen(bad[i].fault));
    }
}

static void faults_of_headers_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "X-Token",    ": {key}",     "X Token: {key}",
        "X-Token:",  "X-{key}: a", "X: {sym}",    "X: {",
        "X: {keys}", "X: a\nY: b", "X: \xc3\xa9", "X\t: a",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_non_null(template_header_fault(span_of(bad[i])));
    }
    assert_non_null(template_header_fault((struct span){"X: a\0b", 6}));
}

static void places_are_found(void **state)
{
    (void)state;
    assert_int_equal(template_places(span_of("http://h/{sym}?{key}")),
                     TEMPLATE_SYM | TEMPLATE_KEY);
    assert_int_equal(template_places(span_of("{syms}{first}{rest}{mic}{key2}")),
                     TEMPLATE_SYMS | TEMPLATE_FIRST | TEMPLATE_REST |
                         TEMPLATE_MIC | TEMPLATE_KEY2);
    assert_int_equal(template_places(span_of("http://h/sym?key{KEY}")), 0);
}

static void files_are_told_from_hosts(void **state)
{
    (void)state;
    assert_true(template_is_file(span_of("file:///a")));
    assert_true(template_is_file(span_of("file:")));
    assert_false(template_is_file(span_of("http://h/file:")));
    assert_false(template_is_file(span_of("")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(places_are_filled),
    cmocka_unit_test(values_are_not_templates),
    cmocka_unit_test(every_byte_but_the_unreserved_is_encoded),
    cmocka_unit_test(origin_is_replaced_whole),
    cmocka_unit_test(origins_are_told_from_other_texts),
    cmocka_unit_test(several_symbols_stand_where_they_go),
    cmocka_unit_test(header_lines_hold_keys_as_they_are),
    cmocka_unit_test(faults_of_urls_are_named),
    cmocka_unit_test(faults_of_headers_are_named),
    cmocka_unit_test(places_are_found),
    cmocka_unit_test(files_are_told_from_hosts),
};

TEST_MAIN(tests)
