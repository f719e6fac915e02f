/* SPDX-License-Identifier: Apache-2.0 */
#include "document/table.h"

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "quote/csv.h"

struct table {
    char *text; // the cells' bytes
    struct span names[CSV_FIELDS_LIMIT];
    size_t columns;
    struct span *cells;
    size_t cells_count;
    size_t cells_capacity;
    /* Where each row's cells begin, and one more: where those of the last end.
     */
    uint32_t *begins;
    size_t rows_count;
    size_t begins_capacity;
};

/* Make room for `more` elements behind `count` of them. */
static int grow(void **array, size_t size, size_t count, size_t more,
                size_t *capacity)
{
    if (count + more <= *capacity) {
        return 0;
    }
    size_t wanted = *capacity > 0 ? 2 * *capacity : 64;
    wanted = wanted < count + more ? count + more : wanted;
    void *grown = mem_realloc(*array, wanted * size);
    if (grown == NULL) {
        return ERR_NOMEM;
    }
    *array = grown;
    *capacity = wanted;
    return 0;
}

static int make_room(struct table *table, size_t cells)
{
    void *array = table->cells;
    int err = grow(&array, sizeof(*table->cells), table->cells_count, cells,
                   &table->cells_capacity);
    table->cells = array;
    if (err == 0) {
        array = table->begins;
        err = grow(&array, sizeof(*table->begins), table->rows_count, 2,
                   &table->begins_capacity);
        table->begins = array;
    }
    return err;
}

static int add_row(struct table *table, const struct csv_record *record)
{
    size_t count =
        record->count < table->columns ? record->count : table->columns;
    if (table->cells_count + count > TABLE_CELLS_LIMIT) {
        return ERR_FULL;
    }
    int err = make_room(table, count);
    if (err != 0) {
        return err;
    }
    memcpy(table->cells + table->cells_count, record->fields,
           count * sizeof(*table->cells));
    table->begins[table->rows_count++] = (uint32_t)table->cells_count;
    table->cells_count += count;
    table->begins[table->rows_count] = (uint32_t)table->cells_count;
    return 0;
}

static int read_text(struct table *table, size_t len)
{
    struct csv csv;
    struct csv_record record;
    csv_init(&csv, table->text, len);
    int err = csv_next(&csv, &record);
    if (err != 0) {
        return ERR_SYNTAX; // without a first line it is none
    }
    table->columns = record.count;
    for (size_t i = 0; i < record.count; i++) {
        table->names[i] = span_trim(record.fields[i]);
    }
    while ((err = csv_next(&csv, &record)) == 0) {
        err = add_row(table, &record);
        if (err != 0) {
            return err;
        }
    }
    return err == ERR_ABSENT ? 0 : err;
}

int table_create(struct table **out, struct span text)
{
    *out = NULL;
    if (text.len == 0 || memchr(text.data, '\0', text.len) != NULL) {
        return ERR_SYNTAX;
    }
    struct table *table = mem_calloc(1, sizeof(*table));
    if (table == NULL) {
        return ERR_NOMEM;
    }
    int err = ERR_NOMEM;
    table->text = mem_text(text.data, text.len);
    if (table->text != NULL) {
        err = read_text(table, text.len);
    }
    if (err != 0) {
        table_destroy(&table);
    }
    *out = table;
    return err;
}

void table_destroy(struct table **table)
{
    if (*table == NULL) {
        return;
    }
    mem_free((*table)->text);
    mem_free((*table)->cells);
    mem_free((*table)->begins);
    mem_free(*table);
    *table = NULL;
}

size_t table_rows(const struct table *table)
{
    return table->rows_count;
}

bool table_has_column(const struct table *table, struct span name)
{
    for (size_t i = 0; i < table->columns; i++) {
        if (span_equal(table->names[i], name)) {
            return true;
        }
    }
    return false;
}

size_t table_cells(const struct table *table, size_t row)
{
    CHECK(row < table->rows_count);
    return table->begins[row + 1] - table->begins[row];
}

struct span table_cell(const struct table *table, size_t row, size_t at,
                       struct span *name)
{
    CHECK(at < table_cells(table, row));
    *name = table->names[at];
    return table->cells[table->begins[row] + at];
}

bool table_find(const struct table *table, size_t row, struct span name,
                struct span *out)
{
    for (size_t at = table_cells(table, row); at > 0; at--) {
        struct span column;
        struct span cell = table_cell(table, row, at - 1, &column);
        if (span_equal(column, name)) {
            *out = cell;
            return true;
        }
    }
    return false;
}
