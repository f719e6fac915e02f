/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_test.c -- a document becomes nodes that know their lines, and whatever a
 * reader of settings would misread is refused with its line.
 */
#include "conf/yaml.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static struct yaml *parse(const char *text)
{
    struct yaml *yaml;
    size_t line;
    char error[YAML_ERROR_SIZE];
    int err = yaml_parse(&yaml, span_of(text), &line, error);
    if (err != 0) {
        print_error("line %zu: %s\n", line, error);
    }
    assert_int_equal(err, 0);
    assert_non_null(yaml);
    return yaml;
}

static void assert_refused(struct span text, int expected, size_t line_expected,
                           const char *part)
{
    struct yaml *yaml = (struct yaml *)&text; // to be overwritten
    size_t line = 4711;
    char error[YAML_ERROR_SIZE] = "";
    assert_int_equal(yaml_parse(&yaml, text, &line, error), expected);
    assert_null(yaml);
    if (!span_has_nocase(span_of(error), span_of(part))) {
        fail_msg("\"%s\" is not in \"%s\"", part, error);
    }
    assert_int_equal(line, line_expected);
    assert_null(strchr(error, '\n'));
}

static void assert_text(const struct yaml *yaml, int node, const char *text)
{
    assert_int_equal(yaml_kind_of(yaml, node), YAML_SCALAR);
    assert_true(span_equal(yaml_text(yaml, node), span_of(text)));
}

static void maps_lists_and_texts_are_read(void **state)
{
    (void)state;
    struct yaml *yaml = parse("server:\n"
                              "  id: one\n"
                              "  listen: [a, \"b,c\"]\n"
                              "providers:\n"
                              "  - name: x\n"
                              "    url: 'http://y'\n"
                              "  - name: z\n");
    int root = yaml_root(yaml);
    assert_int_equal(yaml_kind_of(yaml, root), YAML_MAP);
    assert_int_equal(yaml_count(yaml, root), 2);
    assert_text(yaml, yaml_key(yaml, root, 0), "server");
    assert_text(yaml, yaml_key(yaml, root, 1), "providers");

    int server = yaml_item(yaml, root, 0);
    assert_text(yaml, yaml_find(yaml, server, "id"), "one");
    int listen = yaml_find(yaml, server, "listen");
    assert_int_equal(yaml_kind_of(yaml, listen), YAML_LIST);
    assert_int_equal(yaml_count(yaml, listen), 2);
    assert_text(yaml, yaml_item(yaml, listen, 0), "a");
    assert_text(yaml, yaml_item(yaml, listen, 1), "b,c");

    int providers = yaml_find(yaml, root, "providers");
    assert_int_equal(yaml_count(yaml, providers), 2);
    int first = yaml_item(yaml, providers, 0);
    assert_text(yaml, yaml_find(yaml, first, "url"), "http://y");
    int second = yaml_item(yaml, providers, 1);
    assert_text(yaml, yaml_find(yaml, second, "name"), "z");
    yaml_destroy(&yaml);
    assert_null(yaml);
}

static void nodes_know_their_lines(void **state)
{
    (void)state;
    struct yaml *yaml = parse("# a comment\n"
                              "a: 1\n"
                              "\n"
                              "b:\n"
                              "  - c: 2\n"
                              "  - >\n"
                              "    folded\n"
                              "    text\n"
                              "d: 3\n");
    int root = yaml_root(yaml);
    assert_int_equal(yaml_line(yaml, root), 2);
    assert_int_equal(yaml_line(yaml, yaml_find(yaml, root, "a")), 2);
    int list = yaml_find(yaml, root, "b");
    assert_int_equal(yaml_line(yaml, yaml_key(yaml, root, 1)), 4);
    assert_int_equal(yaml_line(yaml, list), 5);
    assert_int_equal(yaml_line(yaml, yaml_item(yaml, list, 0)), 5);
    assert_int_equal(yaml_line(yaml, yaml_item(yaml, list, 1)), 6);
    assert_text(yaml, yaml_item(yaml, list, 1), "folded text\n");
    assert_int_equal(yaml_line(yaml, yaml_find(yaml, root, "d")), 9);
    yaml_destroy(&yaml);
}

static void what_is_not_there_is_node_0(void **state)
{
    (void)state;
    struct yaml *yaml = parse("a: text\nb: [1]\n");
    int root = yaml_root(yaml);
    int text = yaml_find(yaml, root, "a");
    int list = yaml_find(yaml, root, "b");
    assert_int_equal(yaml_find(yaml, root, "c"), 0);
    assert_int_equal(yaml_find(yaml, root, ""), 0);
    assert_int_equal(yaml_find(yaml, list, "1"), 0);
    assert_int_equal(yaml_find(yaml, text, "text"), 0);
    assert_int_equal(yaml_item(yaml, list, 1), 0);
    assert_int_equal(yaml_item(yaml, root, 2), 0);
    assert_int_equal(yaml_item(yaml, text, 0), 0);
    assert_int_equal(yaml_key(yaml, root, 2), 0);
    assert_int_equal(yaml_key(yaml, list, 0), 0);
    assert_int_equal(yaml_count(yaml, text), 0);
    assert_int_equal(yaml_text(yaml, root).len, 0);

    assert_int_equal(yaml_kind_of(yaml, 0), YAML_NOTHING);
    assert_int_equal(yaml_count(yaml, 0), 0);
    assert_int_equal(yaml_text(yaml, 0).len, 0);
    assert_int_equal(yaml_find(yaml, 0, "a"), 0);
    assert_int_equal(yaml_item(yaml, 0, 0), 0);
    yaml_destroy(&yaml);
}

static void empty_texts_are_an_empty_map(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n",
                                        "---\n", "---\n# nothing\n...\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct yaml *yaml = parse(texts[i]);
        assert_int_equal(yaml_kind_of(yaml, yaml_root(yaml)), YAML_MAP);
        assert_int_equal(yaml_count(yaml, yaml_root(yaml)), 0);
        yaml_destroy(&yaml);
    }
    struct yaml *yaml;
    size_t line;
    char error[YAML_ERROR_SIZE];
    struct span nothing = {NULL, 0};
    assert_int_equal(yaml_parse(&yaml, nothing, &line, error), 0);
    yaml_destroy(&yaml);
}

static void escapes_and_other_bytes_are_kept(void **state)
{
    (void)state;
    struct yaml *yaml = parse("a: \"x\\0y\\n\\\"\\U000000FC\"\n"
                              "b: \xc3\xbc\n"
                              "c:\n"
                              "d: \"\"\n");
    int root = yaml_root(yaml);
    struct span expected = {"x\0y\n\"\xc3\xbc", 7};
    assert_true(
        span_equal(yaml_text(yaml, yaml_find(yaml, root, "a")), expected));
    assert_text(yaml, yaml_find(yaml, root, "b"), "\xc3\xbc");
    assert_text(yaml, yaml_find(yaml, root, "c"), "");
    assert_text(yaml, yaml_find(yaml, root, "d"), "");
    yaml_destroy(&yaml);
}

static void byte_order_marks_are_passed_over(void **state)
{
    (void)state;
    struct yaml *yaml = parse("\xef\xbb\xbf"
                              "a: 1\r\nb: 2\r\n");
    assert_text(yaml, yaml_find(yaml, yaml_root(yaml), "a"), "1");
    assert_text(yaml, yaml_find(yaml, yaml_root(yaml), "b"), "2");
    yaml_destroy(&yaml);
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_refused(span_of("a: 1\nb: [1\nc: 2\n"), ERR_SYNTAX, 3, "not YAML");
    assert_refused(span_of("a: b: c\n"), ERR_SYNTAX, 1, "not YAML");
    assert_refused(span_of("a: 1\n\tb: 2\n"), ERR_SYNTAX, 2, "not YAML");
    assert_refused(span_of("a: \"\n"), ERR_SYNTAX, 2, "not YAML");
    assert_refused(span_of("a: \"\\q\"\n"), ERR_SYNTAX, 1, "not YAML");
    assert_refused(span_of("a: 1\n\nb: \xff\n"), ERR_SYNTAX, 3, "UTF-8");
    assert_refused(span_of("a: 1\nb: \x01\n"), ERR_SYNTAX, 2, "control");
    assert_refused((struct span){"a: 1\nb: \0\n", 10}, ERR_SYNTAX, 2,
                   "control");
}

static void keys_stand_once_in_a_map(void **state)
{
    (void)state;
    assert_refused(span_of("a: 1\nb: 2\n\na: 3\n"), ERR_SYNTAX, 4,
                   "\"a\" stands here and in line 1");
    assert_refused(span_of("x:\n  a: 1\n  \"a\": 2\n"), ERR_SYNTAX, 3,
                   "line 2");
    struct yaml *yaml = parse("a: {a: 1}\nb: {a: [a, a]}\n"); // not the same
    yaml_destroy(&yaml);
}

static void keys_are_words(void **state)
{
    (void)state;
    assert_refused(span_of("? [a]\n: b\n"), ERR_SYNTAX, 1, "key");
    assert_refused(span_of("a: 1\n? {b: c}\n: d\n"), ERR_SYNTAX, 2, "key");
}

static void newlines_in_a_key_do_not_break_the_message(void **state)
{
    (void)state;
    assert_refused(span_of("{\"a\\nb\": 1, \"a\\nb\": 2}"), ERR_SYNTAX, 1,
                   "\"a?b\"");
}

static void aliases_tags_and_second_documents_are_refused(void **state)
{
    (void)state;
    assert_refused(span_of("a: &x 1\nb: *x\n"), ERR_SYNTAX, 1, "alias");
    assert_refused(span_of("a: 1\nb: &x [1]\n"), ERR_SYNTAX, 2, "alias");
    assert_refused(span_of("a: 1\nb: &x {c: 1}\n"), ERR_SYNTAX, 2, "alias");
    assert_refused(span_of("a: 1\nlisten: *:7400\n"), ERR_SYNTAX, 2, "quotes");
    assert_refused(span_of("a: !!int 1\n"), ERR_SYNTAX, 1, "tag");
    assert_refused(span_of("a: !x [1]\n"), ERR_SYNTAX, 1, "tag");
    assert_refused(span_of("a: !x {b: 1}\n"), ERR_SYNTAX, 1, "tag");
    assert_refused(span_of("a: 1\n---\na: 2\n"), ERR_SYNTAX, 2,
                   "second document");
}

/* 16 deep is allowed and 17 is not. */
static void depth_is_bounded(void **state)
{
    (void)state;
    char text[64];
    for (int depth = 16; depth <= 17; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        if (depth == 16) {
            struct yaml *yaml = parse(text);
            yaml_destroy(&yaml);
        } else {
            assert_refused(span_of(text), ERR_SYNTAX, 1, "16");
        }
    }
}

/* A list and 8190 items are allowed, one more is not. */
static void values_are_bounded(void **state)
{
    (void)state;
    static char text[2 * 8200 + 8];
    for (int items = 8190; items <= 8191; items++) {
        size_t len = 0;
        for (int i = 0; i < items; i++) {
            memcpy(text + len, i == 0 ? "[1" : ",1", 2);
            len += 2;
        }
        text[len++] = ']';
        struct span whole = {text, len};
        if (items == 8190) {
            struct yaml *yaml;
            size_t line;
            char error[YAML_ERROR_SIZE];
            assert_int_equal(yaml_parse(&yaml, whole, &line, error), 0);
            assert_int_equal(yaml_count(yaml, yaml_root(yaml)), 8190);
            int last = yaml_item(yaml, yaml_root(yaml), 8189);
            assert_text(yaml, last, "1");
            yaml_destroy(&yaml);
        } else {
            assert_refused(whole, ERR_FULL, 1, "8191");
        }
    }
}

static void bytes_are_bounded(void **state)
{
    (void)state;
    char *text = mem_calloc(1, YAML_BYTES_LIMIT + 2);
    assert_non_null(text);
    memset(text, '#', YAML_BYTES_LIMIT + 1);
    assert_refused((struct span){text, YAML_BYTES_LIMIT + 1}, ERR_FULL, 0,
                   "1048576");
    struct yaml *yaml;
    size_t line;
    char error[YAML_ERROR_SIZE];
    struct span longest = {text, YAML_BYTES_LIMIT};
    assert_int_equal(yaml_parse(&yaml, longest, &line, error), 0);
    yaml_destroy(&yaml);
    mem_free(text);
}

static void oom_leaves_nothing_behind(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct yaml *yaml = NULL;
        size_t line;
        char error[YAML_ERROR_SIZE];
        int err = yaml_parse(&yaml, span_of("a: {b: [c, d]}\n"), &line, error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (yaml != NULL));
        assert_true(err == 0 || error[0] != '\0');
        yaml_destroy(&yaml);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(maps_lists_and_texts_are_read),
    cmocka_unit_test(nodes_know_their_lines),
    cmocka_unit_test(what_is_not_there_is_node_0),
    cmocka_unit_test(empty_texts_are_an_empty_map),
    cmocka_unit_test(escapes_and_other_bytes_are_kept),
    cmocka_unit_test(byte_order_marks_are_passed_over),
    cmocka_unit_test(what_is_no_yaml_is_refused_with_its_line),
    cmocka_unit_test(keys_stand_once_in_a_map),
    cmocka_unit_test(keys_are_words),
    cmocka_unit_test(newlines_in_a_key_do_not_break_the_message),
    cmocka_unit_test(aliases_tags_and_second_documents_are_refused),
    cmocka_unit_test(depth_is_bounded),
    cmocka_unit_test(values_are_bounded),
    cmocka_unit_test(bytes_are_bounded),
    cmocka_unit_test(oom_leaves_nothing_behind),
};

TEST_MAIN(tests)
