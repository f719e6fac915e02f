/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_look_test.c -- what other threads may see of the fetch thread: its
 * report, and explanations by mail.  Run under ThreadSanitizer too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "fetch/fetch.h"
#include "obs/log.h"
#include "testing/testing.h"
#include "unit/fetch/office.h"

/* An office, and the explanations that came; under the office's lock. */
struct inquirer {
    struct office office; // first: what the callbacks get
    uint64_t count;
    bool is_in_order;                     // number 0 came first, then 1, ...
    unsigned asker;                       // of the last, as the next
    struct desk_explanation *explanation; // owned
};

IMPLEMENTS(on_explained)
static void on_explained(void *user, unsigned asker, uint64_t number,
                         struct desk_explanation *moved)
{
    struct inquirer *f = user;
    CHECK(f->office.has_joined && !f->office.has_left && f->office.is_awake);
    pthread_mutex_lock(&f->office.lock);
    CHECK(moved != NULL);
    mem_free(f->explanation);
    f->explanation = moved;
    f->asker = asker;
    f->is_in_order = f->is_in_order && number == f->count;
    f->count++;
    pthread_cond_broadcast(&f->office.came);
    pthread_mutex_unlock(&f->office.lock);
}

static int set_up(void **state)
{
    struct inquirer *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->is_in_order = true;
    office_open(&f->office, 0);
    struct fetch_options options = office_options(&f->office, 10, 10);
    options.on_explained = on_explained;
    struct desk_provider list[OFFICE_SITES];
    for (size_t i = 0; i < OFFICE_SITES; i++) {
        office_provider(&f->office, i, &list[i]);
    }
    assert_int_equal(
        fetch_start(&f->office.fetch, &options, list, OFFICE_SITES), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct inquirer *f = *state;
    office_close(&f->office);
    assert_true(f->is_in_order);
    mem_free(f->explanation);
    free(f);
    return 0;
}

static int ask_why(struct inquirer *f, unsigned asker, uint64_t number,
                   const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return fetch_explain(f->office.fetch, asker, number, &symbol);
}

static void await_answers(struct inquirer *f, uint64_t count)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 60;
    pthread_mutex_lock(&f->office.lock);
    while (f->count < count) {
        CHECK(pthread_cond_timedwait(&f->office.came, &f->office.lock,
                                     &until) == 0);
    }
    pthread_mutex_unlock(&f->office.lock);
}

static const struct desk_explanation *explain(struct inquirer *f,
                                              const char *symbol)
{
    uint64_t number = f->count;
    assert_int_equal(ask_why(f, 3, number, symbol), 0);
    await_answers(f, number + 1);
    assert_int_equal(f->asker, 3);
    return f->explanation;
}

static void an_explanation_costs_no_call(void **state)
{
    struct inquirer *f = *state;
    const struct desk_explanation *why = explain(f, "IBM");
    assert_string_equal(why->symbol.text, "IBM");
    assert_int_equal(why->now_unix_ms, 1762387200000);
    assert_int_equal(why->witnesses_count, 2);
    assert_string_equal(why->witnesses[0].post.name, "alphavantage");
    assert_string_equal(why->witnesses[1].post.name, "market");
    assert_int_equal(why->next, DESK_NEXT_NONE);
    assert_int_equal(office_metric(&f->office, METRIC_upstream_calls), 0);
    assert_int_equal(office_metric(&f->office, METRIC_flights_started), 0);
}

static void an_explanation_knows_what_was_said_but_not_the_key(void **state)
{
    struct inquirer *f = *state;
    office_fetch(&f->office, "DAY"); // refused in words that repeat the key
    const struct desk_explanation *why = explain(f, "DAY");
    for (size_t i = 0; i < 2; i++) {
        const struct desk_saying *said = &why->witnesses[i].said;
        assert_true(said->is_known);
        assert_int_equal(said->class, PROVIDER_LIMIT_DAY);
        assert_non_null(strstr(said->text, "25 requests per day"));
    }
    assert_null(memmem(why, sizeof(*why), OFFICE_KEY, strlen(OFFICE_KEY)));
}

static void every_explanation_that_was_taken_comes_until_the_end(void **state)
{
    struct inquirer *f = *state;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(ask_why(f, (unsigned)(i % 64), i, "IBM"), 0);
    }
    fetch_drain(f->office.fetch);
    uint64_t taken = 1000;
    while (ask_why(f, 0, taken, "IBM") == 0) {
        taken++;
        await_answers(f, taken - 1000); // or there would be ever more to answer
    }
    assert_int_equal(ask_why(f, 0, 0, "IBM"), ERR_DRAINING);
    await_answers(f, taken);
    office_stop(&f->office);
    assert_int_equal(f->count, taken);
}

static void the_report_is_there_from_the_start(void **state)
{
    struct inquirer *f = *state;
    struct fetch_report report;
    fetch_copy_report(f->office.fetch, &report);
    assert_int_equal(report.unix_ms, 1762387200000);
    assert_int_equal(report.mono_ms, 1000000);
    assert_int_equal(report.flights, 0);
    assert_int_equal(report.posts_count, 2);
    assert_string_equal(report.posts[0].name, "alphavantage");
    assert_false(report.posts[0].last.is_known);
}

static void the_report_follows_the_calls(void **state)
{
    struct inquirer *f = *state;
    struct fetch_report report = {0};
    uint64_t calls = 0;
    while (report.posts[0].outcomes[PROVIDER_OK] == 0) {
        assert_int_equal(office_fetch(&f->office, "IBM").err, 0);
        fetch_copy_report(f->office.fetch, &report);
        calls++;
    }
    assert_in_range(report.posts[0].outcomes[PROVIDER_OK], 1, calls);
    assert_int_equal(report.posts[0].last.class, PROVIDER_OK);
    assert_int_equal(report.posts[1].outcomes[PROVIDER_OK], 0);
    assert_null(
        memmem(&report, sizeof(report), OFFICE_KEY, strlen(OFFICE_KEY)));
}

static void *copy_often(void *user)
{
    struct inquirer *f = user;
    for (int i = 0; i < 2000; i++) {
        struct fetch_report report;
        fetch_copy_report(f->office.fetch, &report);
        CHECK(report.posts_count == 2);
    }
    return NULL;
}

static void any_thread_may_look_while_calls_are_made(void **state)
{
    struct inquirer *f = *state;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, copy_often, f), 0);
    }
    for (int i = 0; i < 50; i++) {
        office_fetch(&f->office, "IBM");
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    UNIT(an_explanation_costs_no_call),
    UNIT(an_explanation_knows_what_was_said_but_not_the_key),
    UNIT(every_explanation_that_was_taken_comes_until_the_end),
    UNIT(the_report_is_there_from_the_start),
    UNIT(the_report_follows_the_calls),
    UNIT(any_thread_may_look_while_calls_are_made),
};

OFFICE_MAIN(tests)
