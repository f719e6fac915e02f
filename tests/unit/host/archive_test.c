/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive_test.c -- the quotes of before, as they would be had the server gone
 * on: their age, the prices of markets that are closed, and how quickly a
 * hundred thousand of them are there.
 */
#include "host/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/err.h"
#include "cache/cache.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "conf/conf.h"
#include "host/market.h"
#include "obs/metric.h"
#include "quote/freshness.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "store/store.h"
#include "testing/testing.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Friday 2026-11-20, 16:00 in New York: the close. */
#define CLOSE_UNIX_MS INT64_C(1795208400000)

struct fixture {
    char folder[32];
    char path[64];
    struct conf conf;
    struct testing_clock clock;
    struct metrics metrics;
    struct calendar *calendar;
    struct names *names;
    struct market_book book;
    struct cache *cache;
    struct store *store;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/quoted-archive-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
    f->conf.store.path = f->path;
    f->conf.cache.fresh_for_ms = MINUTE_MS;
    f->conf.cache.stale_for_ms = DAY_MS;
    f->conf.cache.symbols_max = 200000;
    testing_clock_init(&f->clock);
    f->clock.mono_ms = CLOCK_MONO_FIRST_MS + 5000; // just started
    assert_int_equal(metric_init(&f->metrics, 1), 0);
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&f->calendar), 0);
    assert_int_equal(calendar_add_built_in(f->calendar, ZONE_FOLDER, error), 0);
    f->book = (struct market_book){.calendar = f->calendar, .usual = "XNYS"};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_stop(&f->store);
    cache_destroy(&f->cache);
    names_destroy(&f->names);
    calendar_destroy(&f->calendar);
    metric_deinit(&f->metrics);
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s%s", f->path, endings[i]);
        unlink(path); // where it is there
    }
    int code = rmdir(f->folder);
    free(f);
    return code;
}

static struct quote quote_of(const char *symbol, int64_t fetched_unix_ms)
{
    struct quote quote = {
        .has_as_of = true,
        .as_of_unix_ns = fetched_unix_ms * 1000000,
        .fetched_unix_ms = fetched_unix_ms,
        .delay = QUOTE_DELAY_KNOWN,
        .currency = "USD",
        .source = "market",
    };
    assert_int_equal(symbol_parse(&quote.symbol, span_of(symbol)), 0);
    quote_set(&quote, QUOTE_PRICE, (struct decimal){31242, -2});
    return quote;
}

/* What a server before this one kept. */
static void keep(struct fixture *f, const struct quote *quote)
{
    struct database_opening opening;
    struct database *database;
    assert_int_equal(database_open(&database, f->path, &opening), 0);
    assert_int_equal(database_begin(database), 0);
    assert_int_equal(database_put_quote(database, quote), 0);
    assert_int_equal(database_commit(database), 0);
    database_close(&database);
}

static void start(struct fixture *f, int64_t now_unix_ms)
{
    f->clock.unix_ms = now_unix_ms;
    const struct cache_options options = {(uint32_t)f->conf.cache.symbols_max,
                                          &f->metrics.cells[0]};
    assert_int_equal(cache_create(&f->cache, &options), 0);
    char error[ARCHIVE_ERROR_SIZE];
    assert_int_equal(archive_open(&f->store, &f->conf, &f->clock.clock,
                                  &f->metrics.cells[0], error),
                     0);
    archive_load(f->store, f->cache, &f->clock.clock, &f->conf, &f->book);
}

/* What is served of a symbol some time after the start; its age in *age_ms. */
static enum freshness look(struct fixture *f, const char *symbol,
                           int64_t later_ms, uint64_t *age_ms)
{
    struct symbol wanted;
    assert_int_equal(symbol_parse(&wanted, span_of(symbol)), 0);
    uint64_t now_ms = f->clock.mono_ms + (uint64_t)later_ms;
    const struct freshness_rule rule = {f->conf.cache.fresh_for_ms,
                                        f->conf.cache.stale_for_ms};
    struct cache_found found;
    enum freshness freshness = FRESHNESS_EXPIRED;
    cache_reader_join();
    if (cache_find(f->cache, &wanted, now_ms, &found) && found.quote != NULL) {
        freshness = freshness_of(found.quote, &rule, now_ms);
        *age_ms = freshness_age_ms(found.quote, now_ms);
    }
    cache_reader_leave();
    return freshness;
}

/* --- Age --------------------------------------------------------------------
 */

static void a_quote_of_before_has_its_true_age(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = CLOSE_UNIX_MS - 2 * HOUR_MS; // the market is open
    struct quote old = quote_of("IBM", now_ms - 20 * MINUTE_MS);
    struct quote young = quote_of("MSFT", now_ms - 20000);
    struct quote late = quote_of("TSLA", now_ms - 2 * DAY_MS);
    keep(f, &old);
    keep(f, &young);
    keep(f, &late);
    start(f, now_ms);
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_STALE);
    assert_int_equal(age_ms, 20 * MINUTE_MS);
    assert_int_equal(look(f, "MSFT", 1, &age_ms), FRESHNESS_FRESH);
    assert_int_equal(age_ms, 20001);
    assert_int_equal(look(f, "MSFT", 40000, &age_ms), FRESHNESS_STALE);
    // What would not be served was not loaded.
    assert_int_equal(look(f, "TSLA", 0, &age_ms), FRESHNESS_EXPIRED);
}

static void a_quote_of_a_clock_that_was_ahead_is_as_if_of_now(void **state)
{
    struct fixture *f = *state;
    int64_t now_ms = CLOSE_UNIX_MS - 2 * HOUR_MS;
    struct quote ahead = quote_of("IBM", now_ms + HOUR_MS);
    keep(f, &ahead);
    start(f, now_ms);
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_FRESH);
    assert_int_equal(age_ms, 0);
}

/* --- Markets ----------------------------------------------------------------
 */

/* Over a weekend the closing price is older than what is served of others, and
 * it is not stale before Monday's opening. */
static void a_closing_price_is_closed_until_the_market_opens(void **state)
{
    struct fixture *f = *state;
    struct quote closing = quote_of("IBM", CLOSE_UNIX_MS + 5 * MINUTE_MS);
    keep(f, &closing);
    start(f, CLOSE_UNIX_MS + 60 * HOUR_MS); // Monday, 04:00
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_CLOSED);
    assert_int_equal(age_ms, 60 * HOUR_MS - 5 * MINUTE_MS);
    int64_t opens_ms = 5 * HOUR_MS + 30 * MINUTE_MS;
    assert_int_equal(look(f, "IBM", opens_ms - 1, &age_ms), FRESHNESS_CLOSED);
    assert_int_equal(look(f, "IBM", opens_ms, &age_ms), FRESHNESS_STALE);
}

/* A server that was away while the market opened serves it as one that was not:
 * stale since the opening. */
static void a_closing_price_is_stale_once_its_market_has_opened(void **state)
{
    struct fixture *f = *state;
    struct quote closing = quote_of("IBM", CLOSE_UNIX_MS + 5 * MINUTE_MS);
    keep(f, &closing);
    start(f, CLOSE_UNIX_MS + 66 * HOUR_MS); // Monday, 10:00
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_STALE);
    assert_int_equal(age_ms, 66 * HOUR_MS - 5 * MINUTE_MS);
}

/* The last price before the close is not the closing price. */
static void a_price_of_before_the_close_is_no_closing_price(void **state)
{
    struct fixture *f = *state;
    struct quote before = quote_of("IBM", CLOSE_UNIX_MS - 5 * MINUTE_MS);
    keep(f, &before);
    start(f, CLOSE_UNIX_MS + HOUR_MS);
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_STALE);
}

static void the_market_is_the_symbols_the_names_files_or_the_usual(void **state)
{
    struct fixture *f = *state;
    struct names_error error;
    assert_int_equal(names_create(&f->names,
                                  span_of("symbol,name,mic\nVOD,Vodafone,XLON"
                                          "\n"),
                                  &error),
                     0);
    f->book.names = f->names;
    // 17:30 in London, an hour after its close; New York is open.
    int64_t now_ms = CLOSE_UNIX_MS - 3 * HOUR_MS - 30 * MINUTE_MS;
    static const char *const symbols[] = {"VOD", "TSCO.XLON", "IBM", "EUR/USD"};
    for (size_t i = 0; i < 4; i++) {
        struct quote quote = quote_of(symbols[i], now_ms - 30 * MINUTE_MS);
        keep(f, &quote);
    }
    start(f, now_ms);
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "VOD", 0, &age_ms), FRESHNESS_CLOSED);
    assert_int_equal(look(f, "TSCO.XLON", 0, &age_ms), FRESHNESS_CLOSED);
    assert_int_equal(look(f, "IBM", 0, &age_ms), FRESHNESS_STALE);
    assert_int_equal(look(f, "EUR/USD", 0, &age_ms), FRESHNESS_STALE);
}

/* --- How quickly ------------------------------------------------------------
 */

#define MANY 100000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define IS_INSTRUMENTED 1
#endif
#endif
#ifndef IS_INSTRUMENTED
#define IS_INSTRUMENTED 0
#endif

/* What the thread itself took, whatever else runs; the least of some rounds is
 * little disturbed. */
static double cpu_s(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void keep_many(struct fixture *f, int64_t fetched_unix_ms)
{
    struct database_opening opening;
    struct database *database;
    assert_int_equal(database_open(&database, f->path, &opening), 0);
    assert_int_equal(database_begin(database), 0);
    for (unsigned i = 0; i < MANY; i++) {
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "S%u.XNYS", i);
        struct quote quote = quote_of(symbol, fetched_unix_ms + i % 1000);
        for (int n = 0; n < QUOTE_NUMBERS; n++) {
            quote_set(&quote, (enum quote_number)n,
                      (struct decimal){1000000 + (int64_t)i, -4});
        }
        assert_int_equal(database_put_quote(database, &quote), 0);
    }
    assert_int_equal(database_commit(database), 0);
    database_close(&database);
}

/* What SQLite takes for the same rows, every column of them. */
static double read_bare_s(struct fixture *f)
{
    double from_s = cpu_s();
    sqlite3 *file;
    sqlite3_stmt *each;
    assert_int_equal(sqlite3_open(f->path, &file), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(file, "SELECT * FROM quote", -1, &each, NULL),
        SQLITE_OK);
    size_t bytes = 0;
    unsigned rows = 0;
    while (sqlite3_step(each) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(each); i++) {
            bytes += sqlite3_column_text(each, i) == NULL
                         ? 0
                         : (size_t)sqlite3_column_bytes(each, i);
        }
        rows++;
    }
    assert_int_equal(rows, MANY);
    assert_true(bytes > 0);
    sqlite3_finalize(each);
    sqlite3_close(file);
    return cpu_s() - from_s;
}

static double start_s(struct fixture *f, int64_t now_unix_ms)
{
    double from_s = cpu_s();
    start(f, now_unix_ms);
    double took_s = cpu_s() - from_s;
    uint64_t age_ms = 0;
    assert_int_equal(look(f, "S99999.XNYS", 0, &age_ms), FRESHNESS_CLOSED);
    store_stop(&f->store);
    cache_destroy(&f->cache);
    return took_s;
}

/*
 * The file opened, checked and read, and the cache filled: at most TIMES_MAX
 * times what SQLite alone takes to read the rows.  (Where the program is
 * instrumented and SQLite is not, only that it works.)
 */
static void a_hundred_thousand_quotes_cost_little_more_than_their_rows(
    void **state)
{
    const double times_max = 10;
    struct fixture *f = *state;
    keep_many(f, CLOSE_UNIX_MS + 5 * MINUTE_MS);
    double bare_s = 1e9;
    double whole_s = 1e9;
    for (int round = 0; round < 5; round++) {
        double s = read_bare_s(f);
        bare_s = s < bare_s ? s : bare_s;
        s = start_s(f, CLOSE_UNIX_MS + 3 * HOUR_MS);
        whole_s = s < whole_s ? s : whole_s;
    }
    printf("%d quotes: %.3f s of CPU to open, check and load; their rows alone"
           " %.3f s: %.1f times\n",
           MANY, whole_s, bare_s, whole_s / bare_s);
    assert_true(IS_INSTRUMENTED || whole_s <= times_max * bare_s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(a_quote_of_before_has_its_true_age),
    TEST(a_quote_of_a_clock_that_was_ahead_is_as_if_of_now),
    TEST(a_closing_price_is_closed_until_the_market_opens),
    TEST(a_closing_price_is_stale_once_its_market_has_opened),
    TEST(a_price_of_before_the_close_is_no_closing_price),
    TEST(the_market_is_the_symbols_the_names_files_or_the_usual),
    TEST(a_hundred_thousand_quotes_cost_little_more_than_their_rows),
};

TEST_MAIN(tests)
