/* SPDX-License-Identifier: Apache-2.0 */
#include "store/database.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/err.h"
#include "base/file.h"
#include "testing/testing.h"

struct fixture {
    char folder[32];
    char path[64];
    struct database *database;
    struct database_opening opening;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/quoted-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    database_close(&f->database);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", f->folder);
    int code = system(command);
    free(f);
    return code;
}

static int open_it(struct fixture *f)
{
    return database_open(&f->database, f->path, &f->opening);
}

static void reopen(struct fixture *f)
{
    database_close(&f->database);
    assert_int_equal(open_it(f), 0);
}

static struct quote quote(const char *symbol, const char *price,
                          int64_t fetched_unix_ms)
{
    struct quote quote = {.fetched_unix_ms = fetched_unix_ms};
    assert_int_equal(symbol_parse(&quote.symbol, span_of(symbol)), 0);
    struct decimal value;
    assert_int_equal(decimal_parse(&value, span_of(price)), 0);
    quote_set(&quote, QUOTE_PRICE, value);
    memcpy(quote.source, "market", sizeof("market"));
    return quote;
}

static void put(struct fixture *f, const struct quote *quote)
{
    assert_int_equal(database_begin(f->database), 0);
    assert_int_equal(database_put_quote(f->database, quote), 0);
    assert_int_equal(database_commit(f->database), 0);
}

struct seen {
    size_t count;
    struct quote quotes[8];
};

static void see(void *user, const struct quote *quote)
{
    struct seen *seen = user;
    if (seen->count < 8) {
        seen->quotes[seen->count] = *quote;
    }
    seen->count++;
}

static struct seen all(struct fixture *f, size_t count_max)
{
    struct seen seen = {0};
    assert_int_equal(database_each_quote(f->database, count_max, see, &seen),
                     0);
    return seen;
}

static const struct quote *find(const struct seen *seen, const char *symbol)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->quotes[i].symbol.text, symbol) == 0) {
            return &seen->quotes[i];
        }
    }
    fail_msg("%s was not read", symbol);
    return NULL;
}

/* Run SQL as somebody with the shell would. */
static void shell(struct fixture *f, const char *text)
{
    sqlite3 *file;
    assert_int_equal(sqlite3_open(f->path, &file), SQLITE_OK);
    char *error = NULL;
    if (sqlite3_exec(file, text, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s: %s", text, error);
    }
    sqlite3_close(file);
}

/* --- Keeping -------------------------------------------------------------- */

static void a_quote_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct quote full = quote("TSCO.XLON", "4.085", 1700000000123);
    for (int n = QUOTE_OPEN; n < QUOTE_NUMBERS; n++) {
        quote_set(&full, (enum quote_number)n,
                  (struct decimal){n * 1000003 - 2000000, (int8_t)-n});
    }
    full.has_as_of = true;
    full.as_of_unix_ns = 1699999999123456789;
    full.unit_factor = 100;
    full.is_old = true;
    full.delay = QUOTE_DELAY_KNOWN;
    full.delay_s = 900;
    memcpy(full.currency, "GBP", sizeof("GBP"));
    struct quote bare = quote("IBM", "-3", 1600000000000);
    put(f, &full);
    put(f, &bare);
    reopen(f);
    struct seen seen = all(f, 100);
    assert_int_equal(seen.count, 2);
    assert_memory_equal(find(&seen, "TSCO.XLON"), &full, sizeof(full));
    assert_memory_equal(find(&seen, "IBM"), &bare, sizeof(bare));
}

static void the_last_quotes_of_symbols_stay_and_the_last_fetched_are_read(
    void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    static const char *const symbols[] = {"A", "B", "C", "A"};
    for (int i = 0; i < 4; i++) {
        struct quote one = quote(symbols[i], i == 3 ? "9" : "1", 1000 + i);
        put(f, &one);
    }
    struct seen seen = all(f, 2);
    assert_int_equal(seen.count, 2);
    assert_string_equal(find(&seen, "A")->price_text, "9.00");
    find(&seen, "C");
    // Of those that were fetched at one instant all are.
    struct quote other = quote("D", "1", 1002);
    put(f, &other);
    seen = all(f, 2);
    assert_int_equal(seen.count, 3);
    find(&seen, "D");
    assert_int_equal(all(f, 4).count, 4);
}

static void what_is_undone_was_never_there(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct quote one = quote("A", "1", 1);
    assert_int_equal(database_begin(f->database), 0);
    assert_int_equal(database_put_quote(f->database, &one), 0);
    database_undo(f->database);
    database_undo(f->database); // nothing is open
    assert_int_equal(all(f, 9).count, 0);
}

static void a_budget_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct buffer out = buffer_empty(1000);
    assert_int_equal(database_read_budget(f->database, "a", &out), ERR_ABSENT);
    assert_int_equal(database_put_budget(f->database, "a", span_of("one\n"), 1),
                     0);
    assert_int_equal(
        database_put_budget(f->database, "a", span_of("two\nlines\n"), 2), 0);
    reopen(f);
    assert_int_equal(database_read_budget(f->database, "a", &out), 0);
    assert_true(span_equal(buffer_span(&out), span_of("two\nlines\n")));
    buffer_deinit(&out);
}

/* --- History -------------------------------------------------------------- */

static bool count_past(void *user, const struct database_past *past)
{
    int64_t *seen = user;
    seen[++seen[0]] = past->at_unix_ms;
    return seen[0] < 8;
}

static void only_new_prices_are_history(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    // Fetched at 1, 2, 3, 4: the same price twice, another, and the first
    // again.
    static const char *const prices[] = {"1.50", "1.5", "2", "1.50"};
    for (int i = 0; i < 4; i++) {
        struct quote one = quote("A", prices[i], i + 1);
        put(f, &one);
    }
    // The same price at another instant is news, and stands at that instant.
    struct quote later = quote("A", "1.50", 9000);
    later.has_as_of = true;
    later.as_of_unix_ns = 7000 * INT64_C(1000000);
    put(f, &later);
    put(f, &later);
    struct quote other = quote("B", "1", 2);
    put(f, &other);
    int64_t seen[9] = {0};
    struct symbol a;
    assert_int_equal(symbol_parse(&a, span_of("A")), 0);
    assert_int_equal(
        database_each_past(f->database, &a, 0, 10000, count_past, seen), 0);
    assert_int_equal(seen[0], 4);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], 3);
    assert_int_equal(seen[3], 4);
    assert_int_equal(seen[4], 7000);
    seen[0] = 0;
    assert_int_equal(
        database_each_past(f->database, &a, 3, 4, count_past, seen), 0);
    assert_int_equal(seen[0], 1);
}

static void what_is_too_old_is_forgotten_a_part_at_a_time(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    for (int i = 0; i < 10; i++) {
        struct quote one = quote("A", i % 2 == 0 ? "1" : "2", i);
        put(f, &one);
    }
    size_t count;
    assert_int_equal(database_prune(f->database, 7, 5, &count), 0);
    assert_int_equal(count, 5);
    assert_int_equal(database_prune(f->database, 7, 5, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(database_prune(f->database, 7, 5, &count), 0);
    assert_int_equal(count, 0);
}

static void people_can_read_it_while_it_is_written(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct quote one = quote("A", "1.5", 1700000000000);
    one.has_as_of = true;
    one.as_of_is_day = true;
    one.as_of_unix_ns = 1699920000 * INT64_C(1000000000);
    put(f, &one);
    shell(f, "CREATE TEMP TABLE seen AS SELECT * FROM quotes JOIN prices USING "
             "(symbol) WHERE as_of = '2023-11-14' AND at = "
             "'2023-11-14T22:13:20Z' AND quotes.price = '1.50';"
             "CREATE TEMP TABLE one (n CHECK (n = 1));"
             "INSERT INTO one SELECT count(*) FROM seen");
    put(f, &one);
}

/* --- Invariants ----------------------------------------------------------- */

static size_t find_set_aside(const struct fixture *f)
{
    char command[128];
    snprintf(command, sizeof(command), "exit $(ls %s | grep -c damaged-)",
             f->folder);
    return (size_t)WEXITSTATUS(system(command));
}

static void fill(struct fixture *f, int count)
{
    assert_int_equal(open_it(f), 0);
    assert_int_equal(database_begin(f->database), 0);
    for (int i = 0; i < count; i++) {
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        struct quote one = quote(symbol, "123.456789", i);
        assert_int_equal(database_put_quote(f->database, &one), 0);
    }
    assert_int_equal(database_commit(f->database), 0);
    database_close(&f->database);
}

static void spoil(const struct fixture *f, long at, const char *bytes,
                  size_t len)
{
    FILE *file = fopen(f->path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static off_t size_of(const struct fixture *f)
{
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    return status.st_size;
}

/* Wherever 64 bytes of the file are written over, either all quotes are there,
 * as they were, or none, and then the file is set aside. */
static void inv1_inv2_all_or_none_is_read(void **state)
{
    struct fixture *f = *state;
    fill(f, 300);
    off_t size = size_of(f);
    struct buffer whole = buffer_empty(1 << 20);
    assert_int_equal(file_read(&whole, f->path), 0);
    char rubbish[64];
    memset(rubbish, 0xA5, sizeof(rubbish));
    size_t damaged = 0;
    for (off_t at = 0; at + 64 <= size; at += 997) {
        FILE *file = fopen(f->path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(whole.data, 1, whole.len, file), whole.len);
        assert_int_equal(fclose(file), 0);
        spoil(f, at, rubbish, sizeof(rubbish));
        assert_int_equal(open_it(f), 0);
        size_t count = all(f, 1000).count;
        assert_int_equal(count, f->opening.was_damaged ? 0 : 300);
        damaged += f->opening.was_damaged;
        struct quote one = quote("NEW", "1", 1);
        put(f, &one);
        database_close(&f->database);
        if (f->opening.was_damaged) {
            assert_int_equal(find_set_aside(f), 1);
            assert_non_null(strstr(f->opening.text, ".damaged-20"));
            char command[96];
            snprintf(command, sizeof(command), "rm %s/*.damaged-*", f->folder);
            assert_int_equal(system(command), 0);
        }
    }
    assert_true(damaged > 10);
    buffer_deinit(&whole);
}

static void inv1_a_file_cut_short_is_none(void **state)
{
    struct fixture *f = *state;
    fill(f, 300);
    assert_int_equal(truncate(f->path, size_of(f) / 2), 0);
    assert_int_equal(open_it(f), 0);
    assert_true(f->opening.was_damaged);
    assert_int_equal(all(f, 1000).count, 0);
}

static void inv1_a_row_that_is_no_quote_makes_it_damaged(void **state)
{
    static const char *const changes[] = {
        "UPDATE quote SET price = '1,5' WHERE symbol = 'S7'",
        "UPDATE quote SET price = x'31' WHERE symbol = 'S7'",
        "UPDATE quote SET volume = 'many' WHERE symbol = 'S7'",
        "UPDATE quote SET symbol = 'not a symbol' WHERE symbol = 'S7'",
        "UPDATE quote SET currency = 'longer than it is' WHERE symbol = 'S7'",
        "UPDATE quote SET fetched_unix_ms = 'then' WHERE symbol = 'S7'",
        "UPDATE quote SET as_of_unix_ns = 'then' WHERE symbol = 'S7'",
        "UPDATE quote SET delay = 77 WHERE symbol = 'S7'",
        "DROP TABLE budget",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        fill(f, 10);
        shell(f, changes[i]);
        assert_int_equal(open_it(f), 0);
        assert_true(f->opening.was_damaged);
        assert_int_equal(all(f, 1000).count, 0);
        database_close(&f->database);
    }
}

static void inv3_files_of_others_are_left_alone(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->path, "we");
    fputs("Dear Sir or Madam, this is not a database at all.", file);
    fclose(file);
    assert_int_equal(open_it(f), ERR_SYNTAX);
    assert_non_null(strstr(f->opening.text, "no database"));
    assert_int_equal(size_of(f), 49);
    assert_int_equal(unlink(f->path), 0);
    shell(f, "CREATE TABLE letters (text)");
    assert_int_equal(open_it(f), ERR_SYNTAX);
    assert_non_null(strstr(f->opening.text, "another program"));
    assert_int_equal(unlink(f->path), 0);
    fill(f, 1);
    shell(f, "PRAGMA user_version = 2");
    assert_int_equal(open_it(f), ERR_SYNTAX);
    assert_non_null(strstr(f->opening.text, "of version 2"));
    assert_int_equal(find_set_aside(f), 0);
}

static void inv4_a_second_process_is_kept_out(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct database *second;
    struct database_opening opening;
    assert_int_equal(database_open(&second, f->path, &opening), ERR_FULL);
    assert_null(second);
    assert_non_null(strstr(opening.text, "in use by another process"));
    database_close(&f->database);
    assert_int_equal(database_open(&second, f->path, &opening), 0);
    database_close(&second);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    struct fixture *f = *state;
    snprintf(f->path, sizeof(f->path), "%s/nowhere/store.db", f->folder);
    assert_int_equal(open_it(f), ERR_IO);
    assert_non_null(strstr(f->opening.text, "nowhere/store.db"));
    assert_non_null(strstr(f->opening.text, strerror(ENOENT)));
}

/* A file that may grow no further is what a full disk looks like. */
static void a_full_disk_is_an_error_and_harms_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_it(f), 0);
    struct quote one = quote("A", "1", 1);
    put(f, &one);
    struct rlimit whole;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    struct rlimit small = {1 << 16, whole.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct buffer text = buffer_empty(1 << 20);
    memset(buffer_reserve(&text, 1 << 20), 'x', 1 << 20);
    text.len = 1 << 20;
    int err = database_begin(f->database);
    assert_int_equal(err, 0);
    err = database_put_budget(f->database, "a", buffer_span(&text), 1);
    err = err == 0 ? database_commit(f->database) : err;
    assert_int_equal(err, ERR_IO);
    assert_true(strlen(database_error(f->database)) > 0);
    database_undo(f->database);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    struct quote two = quote("B", "1", 1);
    put(f, &two);
    reopen(f);
    assert_false(f->opening.was_damaged);
    assert_int_equal(all(f, 9).count, 2);
    buffer_deinit(&text);
}

static void oom_no_memory_is_no_harm(void **state)
{
    struct fixture *f = *state;
    TESTING_EACH_ALLOCATION(n)
    {
        int err = open_it(f);
        assert_true(err == 0 || err == ERR_NOMEM);
        database_close(&f->database);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(a_quote_comes_back_as_it_was),
    TEST(the_last_quotes_of_symbols_stay_and_the_last_fetched_are_read),
    TEST(what_is_undone_was_never_there),
    TEST(a_budget_comes_back_as_it_was),
    TEST(only_new_prices_are_history),
    TEST(what_is_too_old_is_forgotten_a_part_at_a_time),
    TEST(people_can_read_it_while_it_is_written),
    TEST(inv1_inv2_all_or_none_is_read),
    TEST(inv1_a_file_cut_short_is_none),
    TEST(inv1_a_row_that_is_no_quote_makes_it_damaged),
    TEST(inv3_files_of_others_are_left_alone),
    TEST(inv4_a_second_process_is_kept_out),
    TEST(a_folder_that_is_not_there_is_named),
    TEST(a_full_disk_is_an_error_and_harms_nothing),
    TEST(oom_no_memory_is_no_harm),
};

TEST_MAIN(tests)
