/* SPDX-License-Identifier: Apache-2.0 */
/* A table has its cells by the names of its columns, and is bounded. */
#include "document/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static struct table *create(const char *text)
{
    struct table *table;
    assert_int_equal(table_create(&table, span_of(text)), 0);
    return table;
}

static void assert_cell(const struct table *table, size_t row, const char *name,
                        const char *expected)
{
    struct span cell;
    bool is_there = table_find(table, row, span_of(name), &cell);
    assert_int_equal(is_there, expected != NULL);
    if (is_there) {
        assert_true(span_equal(cell, span_of(expected)));
    }
}

static void cells_are_found_by_their_columns(void **state)
{
    (void)state;
    struct table *table = create("Symbol, Price ,Name\r\n"
                                 "IBM,312.42,\"a, \"\"b\"\"\"\r\n"
                                 "MSFT,415.10,\n");
    assert_int_equal(table_rows(table), 2);
    assert_true(table_has_column(table, span_of("Price")));
    assert_false(table_has_column(table, span_of("price")));
    assert_false(table_has_column(table, span_of("")));
    assert_cell(table, 0, "Symbol", "IBM");
    assert_cell(table, 0, "Price", "312.42");
    assert_cell(table, 0, "Name", "a, \"b\"");
    assert_cell(table, 1, "Name", "");
    assert_cell(table, 1, "Volume", NULL);
    table_destroy(&table);
    assert_null(table);
    table_destroy(&table);
}

static void short_rows_lack_cells_and_long_ones_are_cut(void **state)
{
    (void)state;
    struct table *table = create("a,b\n1\n1,2\n1,2,3\n");
    assert_int_equal(table_rows(table), 3);
    assert_int_equal(table_cells(table, 0), 1);
    assert_int_equal(table_cells(table, 1), 2);
    assert_int_equal(table_cells(table, 2), 2);
    assert_cell(table, 0, "b", NULL);
    assert_cell(table, 2, "b", "2");
    struct span name;
    struct span cell = table_cell(table, 2, 1, &name);
    assert_true(span_equal(name, span_of("b")));
    assert_true(span_equal(cell, span_of("2")));
    table_destroy(&table);
}

static void later_column_of_a_name_counts(void **state)
{
    (void)state;
    struct table *table = create("a,b,a\n1,2,3\n1,2\n");
    assert_cell(table, 0, "a", "3");
    assert_cell(table, 1, "a", "1");
    table_destroy(&table);
}

static void first_line_alone_is_a_table_without_rows(void **state)
{
    (void)state;
    struct table *table = create("a,b");
    assert_int_equal(table_rows(table), 0);
    table_destroy(&table);
    // any text is one
    table = create("Exceeded the daily hits limit");
    assert_int_equal(table_rows(table), 0);
    table_destroy(&table);
}

static void what_is_no_csv_is_refused(void **state)
{
    (void)state;
    static const struct span texts[] = {
        {"", 0},       {"\n\r\n", 3}, {"# only\n", 7}, {"a,b\n1,\"2\n", 9},
        {"a\0b\n", 4}, {"a\n1\0", 4}, {"a\"b,c\n", 6}, {"a\n\"1\"2\n", 8},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct table *table = (struct table *)-1;
        assert_int_equal(table_create(&table, texts[i]), ERR_SYNTAX);
        assert_null(table);
    }
}

static void cells_are_bounded(void **state)
{
    (void)state;
    const size_t head = 2; // "a\n"
    for (size_t extra = 0; extra <= 1; extra++) {
        size_t len = head + (TABLE_CELLS_LIMIT + extra) * 2;
        char *text = malloc(len);
        assert_non_null(text);
        for (size_t at = 0; at < len; at += 2) {
            memcpy(text + at, at == 0 ? "a\n" : "1\n", 2);
        }
        struct table *table;
        int err = table_create(&table, (struct span){text, len});
        assert_int_equal(err, extra > 0 ? ERR_FULL : 0);
        if (err == 0) {
            assert_int_equal(table_rows(table), TABLE_CELLS_LIMIT);
        }
        table_destroy(&table);
        free(text);
    }
}

static void look_beyond_the_rows(void *user)
{
    table_cells(user, 1);
}

static void look_beyond_the_cells(void *user)
{
    struct span name;
    table_cell(user, 0, 1, &name);
}

static void what_is_not_there_aborts(void **state)
{
    (void)state;
    struct table *table = create("a\n1\n");
    assert_true(testing_aborts(look_beyond_the_rows, table));
    assert_true(testing_aborts(look_beyond_the_cells, table));
    table_destroy(&table);
}

static void oom_create_fails_clean(void **state)
{
    (void)state;
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct table *table = (struct table *)-1;
        int err = table_create(&table, span_of("a,b\n1,2\n3,4\n"));
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(err == 0, table != NULL);
        succeeded = err == 0;
        table_destroy(&table);
    }
    assert_true(succeeded);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cells_are_found_by_their_columns),
    cmocka_unit_test(short_rows_lack_cells_and_long_ones_are_cut),
    cmocka_unit_test(later_column_of_a_name_counts),
    cmocka_unit_test(first_line_alone_is_a_table_without_rows),
    cmocka_unit_test(what_is_no_csv_is_refused),
    cmocka_unit_test(cells_are_bounded),
    cmocka_unit_test(what_is_not_there_aborts),
    cmocka_unit_test(oom_create_fails_clean),
};

TEST_MAIN(tests)
