/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_end_test.c -- the fetch thread's end, in which everyone is answered,
 * and what is left of it where memory runs out.  Run under ThreadSanitizer too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "fetch/fetch.h"
#include "obs/log.h"
#include "testing/testing.h"
#include "unit/fetch/office.h"
#include "unit/fetch/stub.h"

static void hold(struct office *office, bool holds)
{
    for (size_t i = 0; i < OFFICE_SITES; i++) {
        stub_hold(office->sites[i].stub, holds);
    }
}

/* --- The end ---------------------------------------------------------------
 */

static void drain_answers_every_flight_exactly_once(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 2, 100, 2);
    hold(&office, true);
    for (int i = 0; i < 20; i++) {
        char symbol[8];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        office_ask(&office, 1, symbol);
        office_ask(&office, 2, symbol);
    }
    stub_await(office.sites[0].stub, 2);
    fetch_drain(office.fetch);
    fetch_drain(office.fetch); // again is no matter
    office_await(&office, 20);
    office_stop(&office);
    assert_int_equal(office_count(&office), 20);
    for (int i = 0; i < 20; i++) {
        char symbol[8];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        assert_int_equal(office_count_of(&office, symbol), 1);
        struct office_ended ended = office_ended_of(&office, symbol);
        assert_int_equal(ended.askers, 6);
        assert_int_equal(ended.result.err, ERR_DRAINING);
        assert_true(ended.result.reason[0] != '\0');
    }
    office_close(&office);
}

struct late {
    struct office *office;
    unsigned number;
    pthread_t thread;
    unsigned taken;
};

/* Ask for symbols of one's own until that is refused. */
static void *ask_until_refused(void *user)
{
    struct late *late = user;
    for (unsigned i = 0; i < 500; i++) {
        char text[16];
        struct symbol symbol;
        snprintf(text, sizeof(text), "L%u-%u", late->number, i);
        CHECK(symbol_parse(&symbol, span_of(text)) == 0);
        struct desk_wish wish = {.is_waited = true};
        int err = fetch_ask(late->office->fetch, late->number, &symbol, wish);
        if (err != 0) {
            CHECK(err == ERR_DRAINING);
            break;
        }
        late->taken++;
    }
    return NULL;
}

/* What was taken is answered, however close to the end. */
static void asks_beside_the_drain_are_answered_or_refused(void **state)
{
    (void)state;
    struct office office;
    struct late late[3];
    office_open(&office, 0);
    office_start(&office, 1, 10000, 100);
    for (unsigned i = 0; i < 3; i++) {
        late[i] = (struct late){.office = &office, .number = i};
        assert_int_equal(
            pthread_create(&late[i].thread, NULL, ask_until_refused, &late[i]),
            0);
    }
    office_await(&office, 20);
    fetch_drain(office.fetch);
    size_t taken = 0;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(late[i].thread, NULL), 0);
        taken += late[i].taken;
    }
    office_stop(&office);
    assert_int_equal(office_count(&office), taken);
    for (size_t i = 0; i < office.count; i++) {
        const struct desk_result *result = &office.ended[i].result;
        assert_true(result->err == 0 || result->err == ERR_DRAINING);
        assert_int_equal(office_count_of(&office, result->symbol.text), 1);
    }
    office_close(&office);
}

static void stop_is_drain_too(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    office_start(&office, 1, 100, 10);
    hold(&office, true);
    office_ask(&office, 3, "IBM");
    office_stop(&office);
    assert_int_equal(office_count(&office), 1);
    assert_int_equal(office_ended_of(&office, "IBM").result.err, ERR_DRAINING);
    fetch_stop(&office.fetch); // NULL already
    office_close(&office);
}

/* --- No memory -------------------------------------------------------------
 */

static void oom_starts_nothing_and_takes_nothing(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 0);
    struct fetch_options options = office_options(&office, 10, 10);
    int failures = 0;
    for (size_t n = 1, made = 0; made + 1 >= n; n++) {
        struct desk_provider provider;
        office_provider(&office, 0, &provider);
        office_options(&office, 10, 10);
        mem_fail_nth(n);
        int err = fetch_start(&office.fetch, &options, &provider, 1);
        made = mem_fail_nth(0);
        if (err != 0) {
            assert_int_equal(err, ERR_NOMEM);
            assert_null(office.fetch);
            assert_non_null(provider.key); // still ours
            failures++;
        } else {
            assert_null(provider.key);
            office_stop(&office);
        }
        terms_free_provider(&provider);
    }
    assert_true(failures >= 6);
    office_close(&office);
}

/* A flight for which there is no memory ends like any other. */
static void oom_answers_every_asker_all_the_same(void **state)
{
    (void)state;
    struct office office;
    office_open(&office, 50);
    office_start(&office, 1, 10, 10);
    int failures = 0;
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("IBM")), 0);
    for (size_t n = 1, made = 0; made + 1 >= n; n++) {
        size_t before = office_count(&office);
        mem_fail_nth(n);
        struct desk_wish wish = {.is_waited = true};
        int err = fetch_ask(office.fetch, 0, &symbol, wish);
        if (err == 0) {
            office_await(&office, before + 1);
        }
        made = mem_fail_nth(0);
        assert_true(err == 0 || err == ERR_NOMEM);
        failures += err != 0;
        if (err == 0) {
            struct desk_result result = office_ended_of(&office, "IBM").result;
            failures += result.err != 0;
            assert_int_equal(result.reason[0] == '\0', result.err == 0);
        }
        atomic_fetch_add(&office.mono_ms, 60000); // no rest
    }
    assert_true(failures >= 4);
    assert_int_equal(office_fetch(&office, "IBM").err, 0);
    office_close(&office);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(drain_answers_every_flight_exactly_once),
    cmocka_unit_test(asks_beside_the_drain_are_answered_or_refused),
    cmocka_unit_test(stop_is_drain_too),
    cmocka_unit_test(oom_starts_nothing_and_takes_nothing),
    cmocka_unit_test(oom_answers_every_asker_all_the_same),
};

OFFICE_MAIN(tests)
