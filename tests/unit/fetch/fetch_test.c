/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_test.c -- the fetch thread against providers of the test's own: one
 * call however many ask, the next provider after the one that failed, rests,
 * bounds.  Its end is in fetch_end_test.c.  Run under ThreadSanitizer too.
 */
#include "fetch/fetch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "obs/log.h"
#include "testing/testing.h"
#include "unit/fetch/office.h"
#include "unit/fetch/stub.h"

static void set_mood(struct office *office, size_t site, enum site_mood mood)
{
    atomic_store(&office->sites[site].mood, mood);
}

static unsigned calls_of(struct office *office, size_t site)
{
    return stub_requests(office->sites[site].stub);
}

static void hold(struct office *office, bool holds)
{
    for (size_t i = 0; i < OFFICE_SITES; i++) {
        stub_hold(office->sites[i].stub, holds);
    }
}

/* --- Quotes ----------------------------------------------------------------
 */

static void quote_comes_with_its_time_and_source(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    struct desk_result result = office_fetch(&office, "IBM");
    assert_int_equal(result.err, 0);
    assert_string_equal(result.reason, "");
    assert_false(result.is_recalled);
    assert_string_equal(result.quote.symbol.text, "IBM");
    assert_string_equal(result.quote.price_text, "312.42");
    assert_true(quote_has(&result.quote, QUOTE_VOLUME));
    assert_string_equal(result.quote.source, "alphavantage");
    assert_int_equal(result.quote.fetched_mono_ms, 1000000);
    assert_int_equal(result.quote.fetched_unix_ms, 1762387200000);
    assert_int_equal(office_ended_of(&office, "IBM").askers, 1);
    assert_int_equal(office_metric(&office, METRIC_upstream_calls), 1);
    assert_int_equal(office_metric(&office, METRIC_upstream_ok), 1);
    assert_int_equal(office_metric(&office, METRIC_flights_started), 1);
    office_close(&office);
    assert_true(office.wakes > 0);
}

#define ASKERS 4
#define TIMES  100

struct asker {
    struct office *office;
    unsigned number;
    pthread_t thread;
};

static void *ask_often(void *user)
{
    struct asker *asker = user;
    for (unsigned i = 0; i < TIMES; i++) {
        office_ask(asker->office, asker->number + i % 16 * ASKERS, "IBM");
    }
    return NULL;
}

static void one_call_however_many_ask(void **state)
{
    (void)state;
    struct office office;
    struct asker askers[ASKERS];
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    hold(&office, true);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.office = &office, .number = i};
        assert_int_equal(
            pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), 0);
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    }
    office_ask(&office, 0, "LAST"); // once this is under way, all have joined
    stub_await(office.sites[0].stub, 2);
    assert_int_equal(calls_of(&office, 0), 2);
    hold(&office, false);
    office_await(&office, 2);
    assert_true(office_ended_of(&office, "IBM").askers == UINT64_MAX);
    assert_int_equal(office_count(&office), 2);
    assert_int_equal(office_metric(&office, METRIC_flights_started), 2);
    assert_int_equal(office_metric(&office, METRIC_flights_joined),
                     ASKERS * TIMES - 1);
    office_fetch(&office, "IBM"); // it has landed: a call of its own
    assert_int_equal(calls_of(&office, 0), 3);
    office_close(&office);
}

static void connection_to_a_provider_is_used_again(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(office_fetch(&office, "IBM").err, 0);
    }
    assert_int_equal(stub_connections(office.sites[0].stub), 1);
    office_close(&office);
}

static void what_is_known_by_now_is_not_called_for(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    atomic_store(&office.recalls, true);
    struct desk_result result = office_fetch(&office, "IBM");
    assert_int_equal(result.err, 0);
    assert_true(result.is_recalled);
    assert_string_equal(result.quote.price_text, "5.00");
    assert_int_equal(calls_of(&office, 0), 0);
    atomic_store(&office.recalls, false);
    assert_false(office_fetch(&office, "IBM").is_recalled);
    office_close(&office);
}

/* --- The next provider -----------------------------------------------------
 */

static void next_provider_is_asked_where_one_fails(void **state)
{
    (void)state;
    const enum site_mood moods[] = {
        SITE_UNKNOWN,   SITE_FORBIDDEN_PLAN, SITE_BAD_KEY, SITE_LIMIT_SECOND,
        SITE_LIMIT_DAY, SITE_DOWN,           SITE_RESET,
    };
    for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
        struct office office;
        office_open(&office, 0);
        office_start(&office, 2, 10, 10);
        set_mood(&office, 0, moods[i]);
        struct desk_result result = office_fetch(&office, "IBM");
        assert_int_equal(result.err, 0);
        assert_string_equal(result.reason, "");
        assert_string_equal(result.quote.source, "market");
        assert_int_equal(calls_of(&office, 1), 1);
        office_close(&office);
    }
}

static void first_provider_is_enough_where_it_answers(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 2, 10, 10);
    assert_string_equal(office_fetch(&office, "IBM").quote.source,
                        "alphavantage");
    assert_int_equal(calls_of(&office, 1), 0);
    office_close(&office);
}

/* Of several failures that one is told which says most: a symbol is unknown
 * only where all say so. */
static void failure_that_says_most_is_told(void **state)
{
    (void)state;
    const struct {
        enum site_mood moods[2];
        int err;
        const char *named;
    } cases[] = {
        {{SITE_UNKNOWN, SITE_UNKNOWN}, ERR_UNKNOWN, "alphavantage: "},
        {{SITE_UNKNOWN, SITE_DOWN}, ERR_UPSTREAM, "market: "},
        {{SITE_DOWN, SITE_UNKNOWN}, ERR_UPSTREAM, "alphavantage: "},
        {{SITE_UNKNOWN, SITE_FORBIDDEN_PLAN}, ERR_NODATA, "market: "},
        {{SITE_LIMIT_DAY, SITE_UNKNOWN}, ERR_LIMIT, "alphavantage: "},
        {{SITE_UNKNOWN, SITE_LIMIT_SECOND}, ERR_LIMIT, "market: "},
        {{SITE_RESET, SITE_BAD_KEY}, ERR_UPSTREAM, "alphavantage: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct office office;
        office_open(&office, 0);
        office_start(&office, 2, 10, 10);
        set_mood(&office, 0, cases[i].moods[0]);
        set_mood(&office, 1, cases[i].moods[1]);
        struct desk_result result = office_fetch(&office, "IBM");
        assert_int_equal(result.err, cases[i].err);
        size_t len = strlen(cases[i].named);
        assert_memory_equal(result.reason, cases[i].named, len);
        assert_true(strlen(result.reason) > len);
        office_close(&office);
    }
}

/* --- Rests -----------------------------------------------------------------
 */

static void provider_without_a_good_key_rests_until_it_has_another(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 2, 10, 10);
    set_mood(&office, 0, SITE_BAD_KEY);
    assert_int_equal(office_fetch(&office, "IBM").err, 0);
    assert_int_equal(calls_of(&office, 0), 1);
    atomic_fetch_add(&office.mono_ms, UINT64_C(1) << 40);
    set_mood(&office, 0, SITE_PRICE);
    set_mood(&office, 1, SITE_UNKNOWN);
    struct desk_result result = office_fetch(&office, "TSLA");
    assert_int_equal(result.err, ERR_UPSTREAM);
    assert_non_null(
        strstr(result.reason, "not called until its settings change"));
    assert_int_equal(calls_of(&office, 0), 1);
    assert_int_equal(office_metric(&office, METRIC_upstream_resting), 1);

    struct desk_provider loaded[2];
    office_provider(&office, 0, &loaded[0]);
    office_provider(&office, 1, &loaded[1]);
    mem_free(loaded[0].key);
    loaded[0].key = mem_text(OFFICE_KEY "2", strlen(OFFICE_KEY) + 1);
    struct desk_policy policy = office_policy(10, 10);
    assert_int_equal(fetch_change(office.fetch, loaded, 2, &policy), 0);
    for (int i = 0; i < 2; i++) { // MOVED
        assert_null(loaded[i].provider);
        assert_null(loaded[i].origin);
        assert_null(loaded[i].key);
        terms_free_provider(&loaded[i]);
    }
    assert_string_equal(office_fetch(&office, "IBM").quote.source,
                        "alphavantage");
    assert_int_equal(calls_of(&office, 0), 2);
    office_close(&office);
}

static void limit_of_a_second_rests_a_second(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    set_mood(&office, 0, SITE_LIMIT_SECOND);
    assert_int_equal(office_fetch(&office, "IBM").err, ERR_LIMIT);
    set_mood(&office, 0, SITE_PRICE);
    atomic_fetch_add(&office.mono_ms, 999);
    struct desk_result result = office_fetch(&office, "IBM");
    assert_int_equal(result.err, ERR_LIMIT);
    assert_non_null(strstr(result.reason, "not called for another 1 s"));
    assert_int_equal(calls_of(&office, 0), 1);
    atomic_fetch_add(&office.mono_ms, 1);
    assert_int_equal(office_fetch(&office, "IBM").err, 0);
    office_close(&office);
}

static void three_failures_in_a_row_are_a_rest(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    set_mood(&office, 0, SITE_DOWN);
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(office_fetch(&office, "IBM").err, ERR_UPSTREAM);
        assert_int_equal(calls_of(&office, 0), i);
    }
    assert_int_equal(office_fetch(&office, "IBM").err, ERR_UPSTREAM);
    assert_int_equal(calls_of(&office, 0), 3);
    atomic_fetch_add(&office.mono_ms, 1000);
    set_mood(&office, 0, SITE_PRICE);
    assert_int_equal(office_fetch(&office, "IBM").err, 0);
    assert_int_equal(office_metric(&office, METRIC_upstream_failed), 3);
    office_close(&office);
}

/* Two calls are under way; one meets the limit of the second, the other that of
 * the day.  The reason of the longer rest stays, whichever ends first. */
static void longer_rest_keeps_its_reason(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 10, 10);
    hold(&office, true);
    office_ask(&office, 0, "SECOND");
    office_ask(&office, 0, "DAY");
    stub_await(office.sites[0].stub, 2);
    hold(&office, false);
    office_await(&office, 2);
    atomic_fetch_add(&office.mono_ms, 2000);
    struct desk_result result = office_fetch(&office, "IBM");
    assert_int_equal(result.err, ERR_LIMIT);
    assert_non_null(strstr(result.reason, "per day"));
    assert_non_null(strstr(result.reason, "another 3598 s"));
    office_close(&office);
}

static void hanging_provider_is_given_up(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 50);
    office_start(&office, 1, 10, 10);
    hold(&office, true);
    struct desk_result result = office_fetch(&office, "IBM");
    assert_int_equal(result.err, ERR_UPSTREAM);
    assert_memory_equal(result.reason, "alphavantage: ", 14);
    assert_int_equal(office_metric(&office, METRIC_upstream_failed), 1);
    office_close(&office);
}

/* --- Bounds ----------------------------------------------------------------
 */

static void flights_beyond_the_bound_are_refused(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 3, 1);
    hold(&office, true);
    office_ask(&office, 0, "A");
    office_ask(&office, 0, "B");
    office_ask(&office, 0, "C");
    office_ask(&office, 5, "D");
    office_await(&office, 1);
    struct office_ended refused = office_ended_of(&office, "D");
    assert_int_equal(refused.askers, 1 << 5);
    assert_int_equal(refused.result.err, ERR_OVERLOADED);
    assert_non_null(strstr(refused.result.reason, "fetch.flights_max"));
    office_ask(&office, 6, "C"); // joins: needs no room
    hold(&office, false);
    office_await(&office, 4);
    assert_int_equal(office_ended_of(&office, "C").askers, 1 | 1 << 6);
    assert_int_equal(office_ended_of(&office, "C").result.err, 0);
    assert_int_equal(office_metric(&office, METRIC_flights_refused), 1);
    assert_int_equal(office_fetch(&office, "D").err, 0);
    office_close(&office);
}

static void calls_beyond_the_bound_wait_their_turn(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 100, 3);
    hold(&office, true);
    for (int i = 0; i < 10; i++) {
        char symbol[8];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        office_ask(&office, 0, symbol);
    }
    stub_await(office.sites[0].stub, 3);
    // One that is refused shows that the thread has seen all before it.
    struct desk_provider wider[1];
    office_provider(&office, 0, &wider[0]);
    struct desk_policy policy = office_policy(1, 3);
    assert_int_equal(fetch_change(office.fetch, wider, 1, &policy), 0);
    office_ask(&office, 0, "FENCE");
    office_await(&office, 1);
    assert_int_equal(calls_of(&office, 0), 3);
    hold(&office, false);
    office_await(&office, 11);
    assert_int_equal(calls_of(&office, 0), 10);
    office_close(&office);
}

static void change_leaves_flights_under_way_as_they_are(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 100, 100);
    hold(&office, true);
    office_ask(&office, 0, "OLD");
    stub_await(office.sites[0].stub, 1);
    struct desk_provider other[1];
    office_provider(&office, 1, &other[0]);
    struct desk_policy policy = office_policy(100, 100);
    assert_int_equal(fetch_change(office.fetch, other, 1, &policy), 0);
    office_ask(&office, 0, "NEW");
    stub_await(office.sites[1].stub, 1);
    hold(&office, false);
    office_await(&office, 2);
    assert_string_equal(office_ended_of(&office, "OLD").result.quote.source,
                        "alphavantage");
    assert_string_equal(office_ended_of(&office, "NEW").result.quote.source,
                        "market");
    uint64_t now_ms = atomic_load(&office.mono_ms);
    assert_true(fetch_is_turning(office.fetch, now_ms));
    assert_false(fetch_is_turning(office.fetch, now_ms + 60000));
    office_close(&office);
    assert_int_equal(office.changes, 1);
    assert_int_equal(office.changed, 1);
}

/* --- Secrets ---------------------------------------------------------------
 */

/* Providers repeat the key in their words. */
static void key_is_in_no_reason_and_in_no_log_line(void **state)
{
    (void)state;
    int fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(fd >= 0);
    log_setup(fd, LOG_DEBUG, LOG_LOGFMT);
    const enum site_mood moods[] = {SITE_BAD_KEY, SITE_LIMIT_DAY, SITE_DOWN,
                                    SITE_RESET, SITE_PRICE};
    for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
        struct office office;
        office_open(&office, 0);
        office_start(&office, 1, 10, 10);
        set_mood(&office, 0, moods[i]);
        for (int again = 0; again < 2; again++) { // the second from the rest
            struct desk_result result = office_fetch(&office, "IBM");
            assert_null(strstr(result.reason, OFFICE_KEY));
            assert_int_equal(result.reason[0] == '\0', result.err == 0);
        }
        office_close(&office);
    }
    log_setup(STDERR_FILENO, LOG_ERROR, LOG_LOGFMT);
    static char text[65536];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    assert_true(len > 0);
    text[len] = '\0';
    assert_non_null(strstr(text, "given a rest"));
    assert_non_null(strstr(text, "call ended"));
    assert_null(strstr(text, OFFICE_KEY));
    assert_null(strstr(text, "apikey="));
    close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quote_comes_with_its_time_and_source),
    cmocka_unit_test(one_call_however_many_ask),
    cmocka_unit_test(connection_to_a_provider_is_used_again),
    cmocka_unit_test(what_is_known_by_now_is_not_called_for),
    cmocka_unit_test(next_provider_is_asked_where_one_fails),
    cmocka_unit_test(first_provider_is_enough_where_it_answers),
    cmocka_unit_test(failure_that_says_most_is_told),
    cmocka_unit_test(provider_without_a_good_key_rests_until_it_has_another),
    cmocka_unit_test(limit_of_a_second_rests_a_second),
    cmocka_unit_test(three_failures_in_a_row_are_a_rest),
    cmocka_unit_test(longer_rest_keeps_its_reason),
    cmocka_unit_test(hanging_provider_is_given_up),
    cmocka_unit_test(flights_beyond_the_bound_are_refused),
    cmocka_unit_test(calls_beyond_the_bound_wait_their_turn),
    cmocka_unit_test(change_leaves_flights_under_way_as_they_are),
    cmocka_unit_test(key_is_in_no_reason_and_in_no_log_line),
};

OFFICE_MAIN(tests)
