/* SPDX-License-Identifier: Apache-2.0 */
/* An answer is strict JSON from the first byte to the last, or it is none, and
 * its numbers are what was sent. */
#include "document/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static int parse(const char *text, size_t len)
{
    struct document *document = (struct document *)-1;
    int err = document_parse(&document, (struct span){text, len});
    assert_int_equal(err == 0, document != NULL);
    document_destroy(&document);
    assert_null(document);
    return err;
}

static void json_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n{} \t\r\n",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12.5e-3",
        "1E+9",
        "\"\"",
        "\"\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\ud83d\\ude00\"",
        "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"",
        "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]",
        "{\"\": {\"a b\": [1, 2.0, \"3\", null, true, {}]}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(texts[i], strlen(texts[i])), 0);
    }
}

/* Most of these json-c reads, even in its strict mode. */
#define TEXT(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }
static const struct span refused[] = {
    TEXT(""),
    TEXT(" \n"),
    TEXT("{"),
    TEXT("}"),
    TEXT("nul"),
    TEXT("nulll"),
    TEXT("None"),
    TEXT("True"),
    TEXT("NaN"),
    TEXT("[NaN]"),
    TEXT("[Infinity]"),
    TEXT("[-Infinity]"),
    TEXT("[01]"),
    TEXT("[-01]"),
    TEXT("[00]"),
    TEXT("[-00.5]"),
    TEXT("[1.]"),
    TEXT("[1.e5]"),
    TEXT("[.5]"),
    TEXT("[1e]"),
    TEXT("[1e+]"),
    TEXT("[+1]"),
    TEXT("[-]"),
    TEXT("[0x1F]"),
    TEXT("[1.2.3]"),
    TEXT("[1 2]"),
    TEXT("[1,]"),
    TEXT("[,1]"),
    TEXT("{\"a\":1,}"),
    TEXT("{\"a\" 1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("['a']"),
    TEXT("[1]//"),
    TEXT("/**/[1]"),
    TEXT("{}{}"),
    TEXT("{} x"),
    TEXT("{}\0"),
    TEXT("{}\0{}"),
    TEXT("\0"),
    TEXT("[\"a\0b\"]"),
    TEXT("[\"a\nb\"]"),
    TEXT("[\"a\tb\"]"),
    TEXT("[\"\\x41\"]"),
    TEXT("[\"\\u12\"]"),
    TEXT("[\"\\"),
    TEXT("[\"abc"),
    TEXT("[\"\xff\"]"),
    TEXT("[\"\xc0\xaf\"]"),
    TEXT("[\"\xed\xa0\x80\"]"),
    TEXT("[\"\xf4\x90\x80\x80\"]"),
    TEXT("[\"\xe2\x82\"]"),
    TEXT("\xef\xbb\xbf{}"),
    TEXT("[1]\f"),
    TEXT("\xc2\xa0[1]"),
    TEXT("{\"a\\u0000b\":1}"),
    TEXT("{\"a\\u0000b\" :1}"),
};

static void what_is_not_quite_json_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        int err = parse(refused[i].data, refused[i].len);
        if (err != ERR_SYNTAX) {
            print_error("%zu: %.*s\n", i, SPAN_ARGS(refused[i]));
        }
        assert_int_equal(err, ERR_SYNTAX);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[2 * 1000];
    for (size_t depth = 1; depth <= 1000; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        bool is_allowed = depth <= DOCUMENT_DEPTH_LIMIT;
        assert_int_equal(parse(text, 2 * depth), is_allowed ? 0 : ERR_FULL);
    }
}

static void length_is_bounded(void **state)
{
    (void)state;
    char *text = malloc(DOCUMENT_BYTES_LIMIT + 1);
    assert_non_null(text);
    memset(text, ' ', DOCUMENT_BYTES_LIMIT + 1);
    memcpy(text, "[1]", 3);
    assert_int_equal(parse(text, DOCUMENT_BYTES_LIMIT), 0);
    assert_int_equal(parse(text, DOCUMENT_BYTES_LIMIT + 1), ERR_FULL);
    free(text);
}

static void oom_parse_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        int err = parse("{\"a\": 1}", 8);
        assert_true(err == 0 || err == ERR_NOMEM);
        succeeded = err == 0;
    }
    assert_true(succeeded);
}

static const char *text_at(const char *json, const char *pointer)
{
    static char out[128];
    struct document *document;
    assert_int_equal(document_parse(&document, span_of(json)), 0);
    struct document_node node =
        document_find(document_root(document), span_of(pointer));
    struct span text = document_text(node);
    int len =
        snprintf(out, sizeof(out), "%d %.*s", (int)node.kind, SPAN_ARGS(text));
    assert_true(len > 0 && (size_t)len < sizeof(out));
    document_destroy(&document);
    return out;
}

#define ASSERT_AT(json, pointer, kind, text)                           \
    do {                                                               \
        char expected[128];                                            \
        snprintf(expected, sizeof(expected), "%d %s", (kind), (text)); \
        assert_string_equal(text_at(json, pointer), expected);         \
    } while (0)

static void numbers_keep_their_own_text(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0.1",
        "312.4200",
        "328.87921142578125",
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "18446744073709551615",
        "1e5",
        "1.50E-7",
        "1e400",
        "-1e-400",
        "0.1000000000000000055511151231257827",
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char json[64];
        snprintf(json, sizeof(json), "{\"n\":%s}", numbers[i]);
        ASSERT_AT(json, "/n", DOCUMENT_NUMBER, numbers[i]);
    }
}

static void each_kind_has_its_text(void **state)
{
    (void)state;
    ASSERT_AT("null", "", DOCUMENT_NULL, "");
    ASSERT_AT("true", "", DOCUMENT_BOOLEAN, "true");
    ASSERT_AT("false", "", DOCUMENT_BOOLEAN, "false");
    ASSERT_AT("12", "", DOCUMENT_NUMBER, "12");
    ASSERT_AT("\"a\\/\\u00e9\"", "", DOCUMENT_TEXT, "a/\xc3\xa9");
    ASSERT_AT("[1]", "", DOCUMENT_LIST, "");
    ASSERT_AT("{\"a\":1}", "", DOCUMENT_MAP, "");
}

static void pointers_lead_through_names_and_places(void **state)
{
    (void)state;
    const char *json =
        "{\"Global Quote\": {\"05. price\": \"1\"}, \"list\": [10, [20, 30]],"
        " \"a/b\": 2, \"m~n\": 3, \"\": {\"\": 4}, \"0\": 5, \"null\": null}";
    ASSERT_AT(json, "/Global Quote/05. price", DOCUMENT_TEXT, "1");
    ASSERT_AT(json, "/list/0", DOCUMENT_NUMBER, "10");
    ASSERT_AT(json, "/list/1/1", DOCUMENT_NUMBER, "30");
    ASSERT_AT(json, "/a~1b", DOCUMENT_NUMBER, "2");
    ASSERT_AT(json, "/m~0n", DOCUMENT_NUMBER, "3");
    ASSERT_AT(json, "//", DOCUMENT_NUMBER, "4");
    ASSERT_AT(json, "/0", DOCUMENT_NUMBER, "5");
    ASSERT_AT(json, "/null", DOCUMENT_NULL, "");
}

static void pointers_that_lead_nowhere_are_missing(void **state)
{
    (void)state;
    const char *json = "{\"list\": [1, 2], \"text\": \"x\", \"null\": null}";
    static const char *const pointers[] = {
        "/",       "/List",   "/list/2",   "/list/-",
        "/list/",  "/list/a", "/list/01",  "/list/18446744073709551616",
        "/text/0", "/null/a", "/list/0/0", "/list/-1",
    };
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        ASSERT_AT(json, pointers[i], DOCUMENT_MISSING, "");
    }
}

static void name_that_stands_twice_counts_the_second_time(void **state)
{
    (void)state;
    ASSERT_AT("{\"a\": 1, \"b\": 2, \"a\": 3}", "/a", DOCUMENT_NUMBER, "3");
}

static void pointers_are_told_from_other_texts(void **state)
{
    (void)state;
    static const char *const good[] = {"", "/", "/a", "/a b/0/~0~1", "//"};
    static const char *const bad[] = {"a", "a/b", "/~", "/~2", "/a~", " /a"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(document_is_pointer(span_of(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(document_is_pointer(span_of(bad[i])));
    }
    char longest[DOCUMENT_STEP_LIMIT + 3];
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    assert_true(
        document_is_pointer((struct span){longest, 1 + DOCUMENT_STEP_LIMIT}));
    assert_false(document_is_pointer(
        (struct span){longest, 1 + DOCUMENT_STEP_LIMIT + 1}));
    assert_false(document_is_pointer((struct span){"/a\0b", 4}));
}

static size_t count_of(const char *json)
{
    struct document *document;
    assert_int_equal(document_parse(&document, span_of(json)), 0);
    size_t count = document_count(document_root(document));
    document_destroy(&document);
    return count;
}

static void members_are_counted(void **state)
{
    (void)state;
    assert_int_equal(count_of("{}"), 0);
    assert_int_equal(count_of("[]"), 0);
    assert_int_equal(count_of("{\"a\": 1, \"b\": 2}"), 2);
    assert_int_equal(count_of("[null, [1, 2]]"), 2);
    assert_int_equal(count_of("\"abc\""), 0);
    assert_int_equal(count_of("null"), 0);
}

static struct document *create(const char *text, bool is_csv)
{
    struct document *document;
    int err = is_csv ? document_parse_csv(&document, span_of(text))
                     : document_parse(&document, span_of(text));
    assert_int_equal(err, 0);
    return document;
}

static void objects_are_bounded(void **state)
{
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        size_t inner = DOCUMENT_OBJECTS_LIMIT - 1 + extra;
        size_t len = 3 * inner + 1; // "[{},{},{}]"
        char *text = malloc(len);
        assert_non_null(text);
        for (size_t i = 0; i < inner; i++) {
            memcpy(text + 1 + 3 * i, i % 2 == 0 ? "{}," : "[],", 3);
        }
        text[0] = '[';
        text[len - 1] = ']';
        assert_int_equal(parse(text, len), extra > 0 ? ERR_FULL : 0);
        free(text);
    }
}

static void zero_in_a_value_is_kept(void **state)
{
    (void)state;
    struct document *document = create("{\"a\": \"x\\u0000y\"}", false);
    struct span text =
        document_text(document_find(document_root(document), span_of("/a")));
    assert_int_equal(text.len, 3);
    document_destroy(&document);
    // of a backslash and digits
    document = create("{\"a\\\\u0000b\": 1}", false);
    document_destroy(&document);
}

static void members_are_walked_in_their_order(void **state)
{
    (void)state;
    struct document *document =
        create("{\"b\": 1, \"a\": [10, {\"c\": null}]}", false);
    struct document_walk walk = document_walk(document_root(document));
    struct document_node member;
    struct span name;
    assert_true(document_next(&walk, &name, &member));
    assert_true(span_equal(name, span_of("b")));
    assert_int_equal(member.kind, DOCUMENT_NUMBER);
    assert_true(document_next(&walk, &name, &member));
    assert_true(span_equal(name, span_of("a")));
    assert_false(document_next(&walk, &name, &member));
    assert_false(document_next(&walk, &name, &member));

    walk = document_walk(member); // the list
    assert_true(document_next(&walk, &name, &member));
    assert_int_equal(name.len, 0);
    assert_true(span_equal(document_text(member), span_of("10")));
    assert_true(document_next(&walk, &name, &member));
    assert_int_equal(member.kind, DOCUMENT_MAP);
    assert_false(document_next(&walk, &name, &member));
    walk = document_walk(document_find(document_root(document), span_of("/b")));
    assert_false(document_next(&walk, &name, &member));
    document_destroy(&document);
}

static void csv_is_a_list_of_rows(void **state)
{
    (void)state;
    struct document *document = create("s,a/b\nIBM,1\nMSFT\n", true);
    struct document_node root = document_root(document);
    assert_int_equal(root.kind, DOCUMENT_LIST);
    assert_int_equal(document_count(root), 2);
    assert_true(document_has_column(root, span_of("s")));
    assert_false(document_has_column(root, span_of("t")));
    struct document_node cell = document_find(root, span_of("/0/a~1b"));
    assert_int_equal(cell.kind, DOCUMENT_TEXT);
    assert_true(span_equal(document_text(cell), span_of("1")));
    assert_int_equal(document_find(root, span_of("/1/a~1b")).kind,
                     DOCUMENT_MISSING);
    assert_int_equal(document_find(root, span_of("/2")).kind, DOCUMENT_MISSING);
    assert_int_equal(document_find(root, span_of("/0/s/x")).kind,
                     DOCUMENT_MISSING);

    struct document_walk walk = document_walk(root);
    struct document_node row;
    struct span name;
    assert_true(document_next(&walk, &name, &row));
    assert_int_equal(document_count(row), 2);
    walk = document_walk(row);
    assert_true(document_next(&walk, &name, &cell));
    assert_true(span_equal(name, span_of("s")));
    assert_true(span_equal(document_text(cell), span_of("IBM")));
    assert_true(document_next(&walk, &name, &cell));
    assert_false(document_next(&walk, &name, &cell));
    document_destroy(&document);
}

static void csv_that_begins_as_json_is_json(void **state)
{
    (void)state;
    struct document *document = create(" {\"Note\": \"25 per day\"}", true);
    assert_int_equal(document_root(document).kind, DOCUMENT_MAP);
    assert_false(document_has_column(document_root(document), span_of("Note")));
    document_destroy(&document);
    assert_int_equal(document_parse_csv(&document, span_of("{\"a\",1\n")),
                     ERR_SYNTAX);
    assert_int_equal(document_parse_csv(&document, span_of("")), ERR_SYNTAX);
}

static void oom_csv_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct document *document = (struct document *)-1;
        int err = document_parse_csv(&document, span_of("a,b\n1,2\n"));
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(err == 0, document != NULL);
        succeeded = err == 0;
        document_destroy(&document);
    }
    assert_true(succeeded);
}

static void sentence_is_what_is_said_to_people(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *sentence;
    } cases[] = {
        {"{\"code\": \"E1\", \"message\": \"Slow down\"}", "Slow down"},
        {"{\"n\": 1, \"o\": {\"x\": \"no way\"}, \"b\": \"yes, now\"}",
         "yes, now"},
        {"{\"error\": {\"code\": \"E1\", \"info\": \"Slow down\"}}",
         "Slow down"},
        {"{\"status\": \"ERROR\", \"e\": {\"f\": {\"g\": \"too deep\"}}}",
         "ERROR"},
        {"{\"a\": \"\", \"b\": \"B\", \"c\": \"C\"}", "B"},
        {"{\"a\": {\"b\": \"B\"}}", ""},
        {"{}", ""},
        {"[\"a b\"]", ""},
        {"\"a b\"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct document *document = create(cases[i].json, false);
        struct span text = document_sentence(document_root(document));
        assert_true(span_equal(text, span_of(cases[i].sentence)));
        document_destroy(&document);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(json_is_read),
    cmocka_unit_test(what_is_not_quite_json_is_refused),
    cmocka_unit_test(depth_is_bounded),
    cmocka_unit_test(length_is_bounded),
    cmocka_unit_test(oom_parse_fails_clean),
    cmocka_unit_test(numbers_keep_their_own_text),
    cmocka_unit_test(each_kind_has_its_text),
    cmocka_unit_test(pointers_lead_through_names_and_places),
    cmocka_unit_test(pointers_that_lead_nowhere_are_missing),
    cmocka_unit_test(name_that_stands_twice_counts_the_second_time),
    cmocka_unit_test(pointers_are_told_from_other_texts),
    cmocka_unit_test(members_are_counted),
    cmocka_unit_test(objects_are_bounded),
    cmocka_unit_test(zero_in_a_value_is_kept),
    cmocka_unit_test(members_are_walked_in_their_order),
    cmocka_unit_test(csv_is_a_list_of_rows),
    cmocka_unit_test(csv_that_begins_as_json_is_json),
    cmocka_unit_test(oom_csv_fails_clean),
    cmocka_unit_test(sentence_is_what_is_said_to_people),
};

TEST_MAIN(tests)
