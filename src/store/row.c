/* SPDX-License-Identifier: Apache-2.0 */
#include "store/row.h"

#include "base/check.h"
#include "base/err.h"
#include "store/schema.h"

_Static_assert(SCHEMA_CURRENCY - SCHEMA_NUMBERS == QUOTE_NUMBERS,
               "the table has a column for each number");

void row_bind_as_of(sqlite3_stmt *statement, int at, const struct quote *quote)
{
    if (quote->has_as_of) {
        sqlite3_bind_int64(statement, at, quote->as_of_unix_ns);
    } else {
        sqlite3_bind_null(statement, at);
    }
}

static void bind_number(sqlite3_stmt *statement, int at,
                        const struct quote *quote, enum quote_number n)
{
    if (!quote_has(quote, n)) {
        sqlite3_bind_null(statement, at);
        return;
    }
    char text[DECIMAL_TEXT_SIZE];
    int len = quote_print_number(text, quote, n);
    sqlite3_bind_text(statement, at, text, len, SQLITE_TRANSIENT);
}

void row_bind(sqlite3_stmt *statement, const struct quote *quote)
{
    // Parameters count from 1, columns from 0.
    sqlite3_bind_text(statement, SCHEMA_SYMBOL + 1, quote->symbol.text,
                      quote->symbol.len, SQLITE_STATIC);
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        bind_number(statement, SCHEMA_NUMBERS + n + 1, quote,
                    (enum quote_number)n);
    }
    sqlite3_bind_text(statement, SCHEMA_CURRENCY + 1, quote->currency, -1,
                      SQLITE_STATIC);
    sqlite3_bind_int(statement, SCHEMA_UNIT_FACTOR + 1, quote->unit_factor);
    row_bind_as_of(statement, SCHEMA_AS_OF + 1, quote);
    sqlite3_bind_int(statement, SCHEMA_AS_OF_IS_DAY + 1, quote->as_of_is_day);
    sqlite3_bind_int(statement, SCHEMA_IS_OLD + 1, quote->is_old);
    sqlite3_bind_int(statement, SCHEMA_DELAY + 1, quote->delay);
    sqlite3_bind_int64(statement, SCHEMA_DELAY_S + 1, quote->delay_s);
    sqlite3_bind_int64(statement, SCHEMA_FETCHED + 1, quote->fetched_unix_ms);
    sqlite3_bind_text(statement, SCHEMA_SOURCE + 1, quote->source, -1,
                      SQLITE_STATIC);
}

/* A column's text; without data where it is none. */
static struct span text_of(sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) != SQLITE_TEXT) {
        return (struct span){NULL, 0};
    }
    const void *text = sqlite3_column_text(row, column);
    return (struct span){text, (size_t)sqlite3_column_bytes(row, column)};
}

int row_read_decimal(struct decimal *out, sqlite3_stmt *row, int column)
{
    struct span text = text_of(row, column);
    return text.data != NULL && decimal_parse(out, text) == 0 ? 0 : ERR_SYNTAX;
}

/* Copy a text that has to fit; what is behind it stays 0. */
static int read_text(char *out, size_t size, sqlite3_stmt *row, int column)
{
    struct span text = text_of(row, column);
    if (text.data == NULL || text.len >= size ||
        memchr(text.data, '\0', text.len) != NULL) {
        return ERR_SYNTAX;
    }
    memcpy(out, text.data, text.len);
    return 0;
}

static int read_integer(int64_t *out, sqlite3_stmt *row, int column,
                        int64_t most)
{
    if (sqlite3_column_type(row, column) != SQLITE_INTEGER) {
        return ERR_SYNTAX;
    }
    *out = sqlite3_column_int64(row, column);
    return *out >= 0 && *out <= most ? 0 : ERR_SYNTAX;
}

static int read_numbers(struct quote *quote, sqlite3_stmt *row)
{
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        int column = SCHEMA_NUMBERS + n;
        if (sqlite3_column_type(row, column) == SQLITE_NULL) {
            continue;
        }
        struct decimal value;
        if (row_read_decimal(&value, row, column) != 0) {
            return ERR_SYNTAX;
        }
        quote_set(quote, (enum quote_number)n, value);
    }
    return quote_has(quote, QUOTE_PRICE) ? 0 : ERR_SYNTAX;
}

static int read_as_of(struct quote *quote, sqlite3_stmt *row)
{
    int64_t is_day;
    if (read_integer(&is_day, row, SCHEMA_AS_OF_IS_DAY, 1) != 0) {
        return ERR_SYNTAX;
    }
    int type = sqlite3_column_type(row, SCHEMA_AS_OF);
    if (type == SQLITE_NULL) {
        return 0;
    }
    quote->has_as_of = true;
    quote->as_of_is_day = is_day != 0;
    quote->as_of_unix_ns = sqlite3_column_int64(row, SCHEMA_AS_OF);
    return type == SQLITE_INTEGER ? 0 : ERR_SYNTAX;
}

int row_read(struct quote *out, sqlite3_stmt *row)
{
    CHECK(sqlite3_column_count(row) == SCHEMA_COLUMNS);
    *out = (struct quote){.has = 0};
    int64_t factor;
    int64_t is_old;
    int64_t delay;
    int64_t delay_s;
    if (symbol_parse(&out->symbol, text_of(row, SCHEMA_SYMBOL)) != 0 ||
        read_numbers(out, row) != 0 || read_as_of(out, row) != 0 ||
        read_text(out->currency, sizeof(out->currency), row, SCHEMA_CURRENCY) !=
            0 ||
        read_text(out->source, sizeof(out->source), row, SCHEMA_SOURCE) != 0 ||
        read_integer(&factor, row, SCHEMA_UNIT_FACTOR, UINT16_MAX) != 0 ||
        read_integer(&is_old, row, SCHEMA_IS_OLD, 1) != 0 ||
        read_integer(&delay, row, SCHEMA_DELAY, QUOTE_DELAY_END_OF_DAY) != 0 ||
        read_integer(&delay_s, row, SCHEMA_DELAY_S, UINT32_MAX) != 0 ||
        read_integer(&out->fetched_unix_ms, row, SCHEMA_FETCHED, INT64_MAX) !=
            0) {
        return ERR_SYNTAX;
    }
    out->unit_factor = (uint16_t)factor;
    out->is_old = is_old != 0;
    out->delay = (uint8_t)delay;
    out->delay_s = (uint32_t)delay_s;
    return 0;
}
