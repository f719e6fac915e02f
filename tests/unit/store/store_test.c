/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "obs/metric.h"
#include "testing/testing.h"

#define NOTES_LIMIT 4096

struct fixture {
    char folder[32];
    char path[64];
    struct metrics metrics;
    struct store *store;
    struct database_opening opening;
    pthread_mutex_t lock;
    pthread_cond_t came;
    size_t noted; // under the lock, as all below
    uint64_t tickets[NOTES_LIMIT];
    int errs[NOTES_LIMIT];
    size_t answered;
    int answer_err;
    size_t bars;
    bool is_cut;
    void *tag;
};

static void on_noted(void *user, const char *key, uint64_t ticket, int err)
{
    struct fixture *f = user;
    pthread_mutex_lock(&f->lock);
    assert_string_equal(key, "alphavantage");
    f->tickets[f->noted] = ticket;
    f->errs[f->noted] = err;
    f->noted++;
    pthread_cond_signal(&f->came);
    pthread_mutex_unlock(&f->lock);
}

static void on_answer(void *user, void *tag, int err, const struct bars *bars)
{
    struct fixture *f = user;
    pthread_mutex_lock(&f->lock);
    f->answered++;
    f->answer_err = err;
    f->tag = tag;
    f->bars = bars == NULL ? 0 : bars->count;
    f->is_cut = bars != NULL && bars->is_cut;
    pthread_cond_signal(&f->came);
    pthread_mutex_unlock(&f->lock);
}

static void wait_for(struct fixture *f, const size_t *what, size_t count)
{
    pthread_mutex_lock(&f->lock);
    while (*what < count) {
        pthread_cond_wait(&f->came, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void open_it(struct fixture *f)
{
    struct store_options options = {
        .path = f->path,
        .cells = &f->metrics.cells[0],
        .history_for_ms = UINT64_C(90) * 24 * 3600 * 1000,
    };
    assert_int_equal(store_open(&f->store, &options, &f->opening), 0);
}

static void start(struct fixture *f)
{
    const struct store_callbacks callbacks = {on_noted, on_answer, f};
    open_it(f);
    assert_int_equal(store_start(f->store, &callbacks), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/quoted-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
    assert_int_equal(metric_init(&f->metrics, 1), 0);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->came, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_stop(&f->store);
    metric_deinit(&f->metrics);
    pthread_cond_destroy(&f->came);
    pthread_mutex_destroy(&f->lock);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", f->folder);
    int code = system(command);
    free(f);
    return code;
}

static struct quote quote(unsigned i, int64_t fetched_unix_ms)
{
    struct quote quote = {.fetched_unix_ms = fetched_unix_ms};
    char symbol[16];
    snprintf(symbol, sizeof(symbol), "S%u", i);
    assert_int_equal(symbol_parse(&quote.symbol, span_of(symbol)), 0);
    quote_set(&quote, QUOTE_PRICE,
              (struct decimal){1 + (int64_t)i * 10 + fetched_unix_ms % 7, -1});
    snprintf(quote.source, sizeof(quote.source), "market");
    return quote;
}

static void note(struct fixture *f, const char *text, uint64_t ticket)
{
    assert_int_equal(
        store_note_budget(f->store, "alphavantage", span_of(text), ticket), 0);
}

static void assert_budget(struct fixture *f, const char *text)
{
    struct buffer out = buffer_empty(100);
    assert_int_equal(
        database_read_budget(store_database(f->store), "alphavantage", &out),
        0);
    assert_true(span_equal(buffer_span(&out), span_of(text)));
    buffer_deinit(&out);
}

static void count_quote(void *user, const struct quote *quote)
{
    size_t *count = user;
    *count += quote_has(quote, QUOTE_PRICE);
}

static size_t quotes(struct fixture *f)
{
    size_t count = 0;
    assert_int_equal(database_each_quote(store_database(f->store), SIZE_MAX / 2,
                                         count_quote, &count),
                     0);
    return count;
}

static uint64_t sum(const struct fixture *f, enum metric metric)
{
    return metric_sum(&f->metrics, metric);
}

/* Let no file grow beyond so many bytes, as a full disk does. */
static struct rlimit let_files_grow_to(rlim_t bytes)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {bytes, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    return before;
}

static void inv1_each_budget_is_told_of_once_and_in_order(void **state)
{
    struct fixture *f = *state;
    start(f);
    for (uint64_t i = 0; i < 200; i++) {
        char text[16];
        snprintf(text, sizeof(text), "spent %d\n", (int)i);
        note(f, text, i);
        struct quote one = quote((unsigned)i, 1);
        store_keep_quote(f->store, &one);
    }
    wait_for(f, &f->noted, 200);
    for (uint64_t i = 0; i < 200; i++) {
        assert_int_equal(f->tickets[i], i);
        assert_int_equal(f->errs[i], 0);
    }
    store_stop(&f->store);
    assert_int_equal(f->noted, 200);
    open_it(f);
    assert_budget(f, "spent 199\n");
}

/* What has been told of is in the file for whoever opens it next, though this
 * process never closes it. */
static void inv1_what_was_told_of_is_safe(void **state)
{
    struct fixture *f = *state;
    start(f);
    note(f, "spent 1\n", 1);
    wait_for(f, &f->noted, 1);
    char command[256];
    snprintf(command, sizeof(command),
             "cd %s && mkdir copy && cp store.db* copy", f->folder);
    assert_int_equal(system(command), 0); // as kill -9 would leave it
    store_stop(&f->store);
    snprintf(f->path, sizeof(f->path), "%s/copy/store.db", f->folder);
    open_it(f);
    assert_false(f->opening.was_damaged);
    assert_budget(f, "spent 1\n");
}

static void inv2_quotes_beyond_the_bound_are_dropped(void **state)
{
    struct fixture *f = *state;
    open_it(f); // not started, so all of them wait
    for (unsigned i = 0; i < STORE_WAITING_LIMIT + 10; i++) {
        struct quote one = quote(i, 1);
        store_keep_quote(f->store, &one);
    }
    const struct store_callbacks callbacks = {on_noted, on_answer, f};
    assert_int_equal(store_start(f->store, &callbacks), 0);
    note(f, "x", 1);
    wait_for(f, &f->noted, 1);
    store_stop(&f->store);
    assert_int_equal(sum(f, METRIC_store_kept), STORE_WAITING_LIMIT);
    assert_int_equal(sum(f, METRIC_store_dropped), 10);
    open_it(f);
    assert_int_equal(quotes(f), STORE_WAITING_LIMIT);
}

static void inv3_what_was_taken_is_written_before_the_end(void **state)
{
    struct fixture *f = *state;
    start(f);
    for (unsigned i = 0; i < 500; i++) {
        struct quote one = quote(i, 1);
        store_keep_quote(f->store, &one);
    }
    store_stop(&f->store);
    open_it(f);
    assert_int_equal(quotes(f), 500);
}

static void a_full_disk_is_told_and_tried_again(void **state)
{
    struct fixture *f = *state;
    start(f);
    note(f, "spent 1\n", 1);
    wait_for(f, &f->noted, 1);
    struct rlimit before = let_files_grow_to(512);
    struct quote one = quote(1, 1);
    store_keep_quote(f->store, &one);
    note(f, "spent 2\n", 2);
    wait_for(f, &f->noted, 2);
    assert_int_equal(f->errs[1], ERR_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    // Nobody asks again: it is tried by itself, and gone when this one is safe.
    note(f, "spent 3\n", 3);
    wait_for(f, &f->noted, 3);
    assert_int_equal(f->errs[2], 0);
    store_stop(&f->store);
    assert_true(sum(f, METRIC_store_failed) >= 1);
    assert_int_equal(sum(f, METRIC_store_dropped), 1);
    open_it(f);
    assert_budget(f, "spent 3\n");
}

static void a_question_is_answered_with_bars(void **state)
{
    struct fixture *f = *state;
    start(f);
    for (unsigned i = 0; i < 100; i++) {
        struct quote one = quote(5, 1000 * (int64_t)i);
        store_keep_quote(f->store, &one);
    }
    struct store_question question = {
        .symbol = quote(5, 0).symbol,
        .from_unix_ms = 10000,
        .to_unix_ms = 60000,
        .step_ms = 10000,
    };
    assert_int_equal(store_ask(f->store, &question, f), 0);
    wait_for(f, &f->answered, 1);
    assert_int_equal(f->answer_err, 0);
    assert_int_equal(f->bars, 5);
    assert_false(f->is_cut);
    assert_ptr_equal(f->tag, f);
    question.symbol = quote(6, 0).symbol;
    assert_int_equal(store_ask(f->store, &question, f), 0);
    wait_for(f, &f->answered, 2);
    assert_int_equal(f->bars, 0);
}

static void oom_nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct store_options options = {
            .path = f->path,
            .cells = &f->metrics.cells[0],
        };
        int err = store_open(&f->store, &options, &f->opening);
        assert_true(err == 0 || err == ERR_NOMEM);
        store_stop(&f->store);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(inv1_each_budget_is_told_of_once_and_in_order),
    TEST(inv1_what_was_told_of_is_safe),
    TEST(inv2_quotes_beyond_the_bound_are_dropped),
    TEST(inv3_what_was_taken_is_written_before_the_end),
    TEST(a_full_disk_is_told_and_tried_again),
    TEST(a_question_is_answered_with_bars),
    TEST(oom_nothing_is_left_behind),
};

TEST_MAIN(tests)
