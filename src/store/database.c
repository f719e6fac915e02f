/* SPDX-License-Identifier: Apache-2.0 */
#include "store/database.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/opening.h"
#include "store/row.h"
#include "store/schema.h"

enum statement {
    PUT_QUOTE,
    FETCHED_SINCE,
    EACH_QUOTE,
    IS_KNOWN,
    PUT_HISTORY,
    EACH_PAST,
    PRUNE,
    PUT_BUDGET,
    READ_BUDGET,
    STATEMENTS,
};

static const char *const texts[STATEMENTS] = {
    [FETCHED_SINCE] = SCHEMA_FETCHED_SINCE,
    [PUT_QUOTE] = SCHEMA_PUT_QUOTE,
    [EACH_QUOTE] = SCHEMA_EACH_QUOTE,
    [IS_KNOWN] = SCHEMA_IS_KNOWN,
    [PUT_HISTORY] = SCHEMA_PUT_HISTORY,
    [EACH_PAST] = SCHEMA_EACH_PAST,
    [PRUNE] = SCHEMA_PRUNE,
    [PUT_BUDGET] = SCHEMA_PUT_BUDGET,
    [READ_BUDGET] = SCHEMA_READ_BUDGET,
};

struct database {
    struct sqlite3 *file;
    int lock; // descriptor; -1 where the disk is read-only
    sqlite3_stmt *statements[STATEMENTS];
    char error[DATABASE_ERROR_SIZE];
};

/* --- Opening -------------------------------------------------------------- */

static int prepare(struct database *database)
{
    for (int i = 0; i < STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(database->file, texts[i], -1,
                                      SQLITE_PREPARE_PERSISTENT,
                                      &database->statements[i], NULL);
        if (code != SQLITE_OK) {
            return code == SQLITE_NOMEM ? ERR_NOMEM : ERR_IO;
        }
    }
    return 0;
}

/* Whether every row of `quote` is one; the columns' types are not SQLite's
 * business. */
static int check_rows(struct database *database)
{
    sqlite3_stmt *each = database->statements[EACH_QUOTE];
    sqlite3_bind_int64(each, 1, INT64_MIN);
    int err = 0;
    int code;
    while (err == 0 && (code = sqlite3_step(each)) == SQLITE_ROW) {
        struct quote quote;
        err = row_read(&quote, each);
    }
    sqlite3_reset(each);
    return err != 0 || code != SQLITE_DONE ? ERR_PROTOCOL : 0;
}

/* Open the file at path, or where that can't be used one in memory;
 * ERR_PROTOCOL where it is damaged. */
static int open_file(struct database *database, const char *path,
                     bool in_memory, struct database_opening *opening)
{
    int err = in_memory ? opening_in_memory(&database->file, path, opening)
                        : opening_file(&database->file, path, opening);
    if (err == 0) {
        err = prepare(database);
        if (err != 0) {
            snprintf(opening->text, sizeof(opening->text), "%s: %s", path,
                     sqlite3_errmsg(database->file));
            err = err == ERR_NOMEM ? err : ERR_PROTOCOL;
        }
    }
    if (err == 0) {
        err = check_rows(database);
        if (err != 0) {
            snprintf(opening->text, sizeof(opening->text),
                     "%s: a row of the table 'quote' is none of ours", path);
        }
    }
    return err;
}

static void close_file(struct database *database)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    int code = sqlite3_close(database->file);
    CHECK(code == SQLITE_OK);
    database->file = NULL;
}

int database_open(struct database **out, const char *path,
                  struct database_opening *opening)
{
    *out = NULL;
    *opening = (struct database_opening){.is_read_only = false};
    struct database *database = mem_calloc(1, sizeof(*database));
    if (database == NULL) {
        return ERR_NOMEM;
    }
    bool was_ours;
    int err = opening_lock(&database->lock, path, &was_ours, opening);
    if (err == 0) {
        err = open_file(database, path, false, opening);
    }
    if (err == ERR_PROTOCOL) {
        close_file(database);
        err = opening_set_aside(path, was_ours, opening);
        if (err == 0) {
            err = open_file(database, path, false, opening);
        }
        err = err == ERR_PROTOCOL ? ERR_IO : err;
    }
    if (err == ERR_IO && opening_is_disk_shut(path)) {
        close_file(database);
        err = open_file(database, path, true, opening);
    }
    if (err != 0) {
        database_close(&database);
        return err;
    }
    *out = database;
    return 0;
}

void database_close(struct database **database)
{
    struct database *gone = *database;
    if (gone == NULL) {
        return;
    }
    close_file(gone);
    opening_unlock(gone->lock);
    mem_free(gone);
    *database = NULL;
}

const char *database_error(const struct database *database)
{
    return database->error;
}

/* --- Statements ----------------------------------------------------------- */

static int fail(struct database *database)
{
    snprintf(database->error, sizeof(database->error), "%s",
             sqlite3_errmsg(database->file));
    return ERR_IO;
}

/* Run a statement that gives no row, and make it ready for the next time. */
static int run(struct database *database, enum statement which)
{
    sqlite3_stmt *statement = database->statements[which];
    int code = sqlite3_step(statement);
    int err = code == SQLITE_DONE ? 0 : fail(database);
    sqlite3_reset(statement);
    return err;
}

static int execute(struct database *database, const char *text)
{
    int code = sqlite3_exec(database->file, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(database);
}

int database_begin(struct database *database)
{
    return execute(database, "BEGIN IMMEDIATE");
}

int database_commit(struct database *database)
{
    int err = execute(database, "COMMIT");
    if (err != 0) {
        database_undo(database);
    }
    return err;
}

void database_undo(struct database *database)
{
    if (!sqlite3_get_autocommit(database->file)) {
        // It fails only where there is nothing to undo any more.
        sqlite3_exec(database->file, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* --- Quotes --------------------------------------------------------------- */

/* Since when the last `count_max` quotes were fetched. */
static int find_since(struct database *database, size_t count_max,
                      int64_t *unix_ms)
{
    CHECK(count_max > 0);
    sqlite3_stmt *statement = database->statements[FETCHED_SINCE];
    sqlite3_bind_int64(statement, 1, (int64_t)count_max);
    int code = sqlite3_step(statement);
    *unix_ms =
        code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : INT64_MIN;
    int err = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : fail(database);
    sqlite3_reset(statement);
    return err;
}

int database_each_quote(struct database *database, size_t count_max,
                        database_quote_fn fn, void *user)
{
    int64_t since_unix_ms;
    if (find_since(database, count_max, &since_unix_ms) != 0) {
        return ERR_IO;
    }
    sqlite3_stmt *each = database->statements[EACH_QUOTE];
    sqlite3_bind_int64(each, 1, since_unix_ms);
    int code;
    while ((code = sqlite3_step(each)) == SQLITE_ROW) {
        struct quote quote;
        int err = row_read(&quote, each);
        CHECK(err == 0); // it was checked, and only we write
        fn(user, &quote);
    }
    int err = code == SQLITE_DONE ? 0 : fail(database);
    sqlite3_reset(each);
    return err;
}

static void bind_text(sqlite3_stmt *statement, int at, struct span text)
{
    sqlite3_bind_text(statement, at, text.data, (int)text.len, SQLITE_STATIC);
}

/* Whether the symbol's last quote has the same price and as_of. */
static int is_known(struct database *database, const struct quote *quote,
                    bool *out)
{
    sqlite3_stmt *statement = database->statements[IS_KNOWN];
    bind_text(statement, 1, symbol_span(&quote->symbol));
    bind_text(statement, 2, (struct span){quote->price_text, quote->price_len});
    row_bind_as_of(statement, 3, quote);
    int code = sqlite3_step(statement);
    *out = code == SQLITE_ROW;
    int err = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : fail(database);
    sqlite3_reset(statement);
    return err;
}

/* When the price was, as well as it is known. */
static int64_t at_unix_ms(const struct quote *quote)
{
    bool is_instant = quote->has_as_of && !quote->as_of_is_day;
    return is_instant ? quote->as_of_unix_ns / 1000000 : quote->fetched_unix_ms;
}

static int put_history(struct database *database, const struct quote *quote)
{
    sqlite3_stmt *statement = database->statements[PUT_HISTORY];
    bind_text(statement, 1, symbol_span(&quote->symbol));
    sqlite3_bind_int64(statement, 2, at_unix_ms(quote));
    bind_text(statement, 3, (struct span){quote->price_text, quote->price_len});
    bind_text(statement, 4, span_of(quote->currency));
    bind_text(statement, 5, span_of(quote->source));
    return run(database, PUT_HISTORY);
}

int database_put_quote(struct database *database, const struct quote *quote)
{
    CHECK(quote_has(quote, QUOTE_PRICE));
    bool known;
    int err = is_known(database, quote, &known);
    if (err == 0 && !known) {
        err = put_history(database, quote);
    }
    if (err == 0) {
        row_bind(database->statements[PUT_QUOTE], quote);
        err = run(database, PUT_QUOTE);
    }
    return err;
}

/* --- Budgets -------------------------------------------------------------- */

int database_read_budget(struct database *database, const char *key,
                         struct buffer *out)
{
    sqlite3_stmt *statement = database->statements[READ_BUDGET];
    bind_text(statement, 1, span_of(key));
    int code = sqlite3_step(statement);
    int err = code == SQLITE_DONE ? ERR_ABSENT : 0;
    if (code == SQLITE_ROW) {
        const void *text = sqlite3_column_text(statement, 0);
        buffer_put(out, text, (size_t)sqlite3_column_bytes(statement, 0));
        err = out->failed ? ERR_NOMEM : 0;
    } else if (code != SQLITE_DONE) {
        err = fail(database);
    }
    sqlite3_reset(statement);
    return err;
}

int database_put_budget(struct database *database, const char *key,
                        struct span text, int64_t now_unix_ms)
{
    sqlite3_stmt *statement = database->statements[PUT_BUDGET];
    bind_text(statement, 1, span_of(key));
    bind_text(statement, 2, text);
    sqlite3_bind_int64(statement, 3, now_unix_ms);
    return run(database, PUT_BUDGET);
}

/* --- History -------------------------------------------------------------- */

int database_prune(struct database *database, int64_t before_unix_ms,
                   size_t count_max, size_t *count)
{
    sqlite3_stmt *statement = database->statements[PRUNE];
    sqlite3_bind_int64(statement, 1, before_unix_ms);
    sqlite3_bind_int64(statement, 2, (int64_t)count_max);
    int err = run(database, PRUNE);
    *count = err == 0 ? (size_t)sqlite3_changes(database->file) : 0;
    return err;
}

int database_each_past(struct database *database, const struct symbol *symbol,
                       int64_t from_unix_ms, int64_t to_unix_ms,
                       database_past_fn fn, void *user)
{
    sqlite3_stmt *each = database->statements[EACH_PAST];
    bind_text(each, 1, symbol_span(symbol));
    sqlite3_bind_int64(each, 2, from_unix_ms);
    sqlite3_bind_int64(each, 3, to_unix_ms);
    int code;
    bool goes_on = true;
    while (goes_on && (code = sqlite3_step(each)) == SQLITE_ROW) {
        struct database_past past = {sqlite3_column_int64(each, 0), {0}};
        // A price that people wrote there with the shell may be none.
        if (row_read_decimal(&past.price, each, 1) == 0) {
            goes_on = fn(user, &past);
        }
    }
    int err = !goes_on || code == SQLITE_DONE ? 0 : fail(database);
    sqlite3_reset(each);
    return err;
}
