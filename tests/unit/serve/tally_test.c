/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally_test.c -- a request is counted once, by how it ended and how long it
 * took, and the quotes that were served by their age.
 */
#include "serve/tally.h"

#include <stdlib.h>

#include "base/err.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/worker.h"
#include "testing/testing.h"

#define NOW_MS 1000000u

struct fixture {
    struct metrics metrics;
    struct worker *worker;
};

static void begin(struct fixture *f)
{
    assert_int_equal(metric_init(&f->metrics, 1), 0);
    f->worker = calloc(1, sizeof(*f->worker));
    assert_non_null(f->worker);
    f->worker->cells = f->metrics.cells;
    f->worker->loop.now_ms = NOW_MS;
}

static void end(struct fixture *f)
{
    free(f->worker);
    metric_deinit(&f->metrics);
}

static uint64_t count_requests(const struct fixture *f, size_t protocol,
                               size_t outcome)
{
    return metric_sum_at(&f->metrics, METRIC_AT_requests +
                                          protocol * FAMILY_OUTCOMES + outcome);
}

/* Values of a histogram, all of its buckets together. */
static uint64_t count_values(const struct fixture *f, size_t at)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= FAMILY_BOUNDS; i++) {
        count += metric_sum_at(&f->metrics, at + i);
    }
    return count;
}

static uint64_t sum_values(const struct fixture *f, size_t at)
{
    return metric_sum_at(&f->metrics, at + FAMILY_BOUNDS + 1);
}

static const struct quote young = {.fetched_mono_ms = NOW_MS - 500};
static const struct quote old = {.fetched_mono_ms = NOW_MS - 90000};
/* A clock that is read once a turn may be behind the fetch thread's. */
static const struct quote future = {.fetched_mono_ms = NOW_MS + 3};

static void outcome_is_that_of_all_answers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    const struct answer fresh = {.quote = &young, .state = FRESHNESS_FRESH};
    const struct answer closed = {.quote = &young, .state = FRESHNESS_CLOSED};
    const struct answer stale = {.quote = &old, .state = FRESHNESS_STALE};
    const struct answer unknown = {.err = ERR_UNKNOWN};
    const struct answer limit = {.err = ERR_LIMIT};
    const struct {
        struct answer answers[2];
        size_t count;
        enum family_outcome outcome;
    } cases[] = {
        {{fresh}, 1, FAMILY_FRESH},
        {{closed, fresh}, 2, FAMILY_FRESH},
        {{fresh, stale}, 2, FAMILY_STALE},
        {{fresh, unknown}, 2, FAMILY_PARTIAL},
        {{limit, stale}, 2, FAMILY_PARTIAL},
        {{unknown, limit}, 2, family_outcome_of(ERR_UNKNOWN)},
        {{limit}, 1, family_outcome_of(ERR_LIMIT)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            tally_quotes(f.worker, cases[i].answers, cases[i].count),
            cases[i].outcome);
    }
    end(&f);
}

static void quotes_are_counted_by_their_age(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    const struct answer answers[] = {
        {.quote = &young},
        {.quote = &old},
        {.quote = &future},
        {.err = ERR_NODATA},
    };
    tally_quotes(f.worker, answers, 4);
    assert_int_equal(count_values(&f, METRIC_AT_price_age), 3);
    assert_int_equal(sum_values(&f, METRIC_AT_price_age), 500 + 90000);
    assert_int_equal(metric_sum_at(&f.metrics, METRIC_AT_price_age), 2);
    end(&f);
}

#define FROM_MEMORY METRIC_AT_request_duration
#define FROM_UPSTREAM \
    (METRIC_AT_request_duration + FAMILY_FROM_UPSTREAM * FAMILY_CELLS_HISTOGRAM)

static void what_is_answered_in_its_turn_takes_as_long_as_that(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    tally_answered(f.worker, PROTOCOL_RESP, FAMILY_FRESH);
    tally_answered(f.worker, PROTOCOL_HTTP, FAMILY_STALE);
    assert_int_equal(count_values(&f, FROM_MEMORY), 0);
    tally_turn(f.worker, 7);
    assert_int_equal(count_values(&f, FROM_MEMORY), 2);
    assert_int_equal(sum_values(&f, FROM_MEMORY), 14);
    tally_turn(f.worker, 30); // in which nothing was answered
    assert_int_equal(count_values(&f, FROM_MEMORY), 2);
    assert_int_equal(count_values(&f, METRIC_AT_loop_turn), 2);
    assert_int_equal(sum_values(&f, METRIC_AT_loop_turn), 37);
    assert_int_equal(count_requests(&f, FAMILY_RESP, FAMILY_FRESH), 1);
    assert_int_equal(count_requests(&f, FAMILY_HTTP, FAMILY_STALE), 1);
    end(&f);
}

static void what_waited_takes_from_when_it_was_asked(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    tally_waited(f.worker, PROTOCOL_RPYC, FAMILY_FRESH, NOW_MS - 250);
    tally_told(f.worker, PROTOCOL_RPYC, FAMILY_OK);
    tally_turn(f.worker, 1);
    assert_int_equal(count_values(&f, FROM_MEMORY), 0);
    assert_int_equal(count_values(&f, FROM_UPSTREAM), 1);
    assert_int_equal(sum_values(&f, FROM_UPSTREAM), 250);
    assert_int_equal(count_requests(&f, FAMILY_RPYC, FAMILY_FRESH), 1);
    assert_int_equal(count_requests(&f, FAMILY_RPYC, FAMILY_OK), 1);
    end(&f);
}

static void connection_is_of_one_protocol_at_a_time(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    tally_join(f.worker, PROTOCOL_UNKNOWN);
    tally_join(f.worker, PROTOCOL_UNKNOWN);
    tally_leave(f.worker, PROTOCOL_UNKNOWN);
    tally_join(f.worker, PROTOCOL_HTTP);
    size_t at = METRIC_AT_connections_open;
    assert_int_equal(metric_sum_at(&f.metrics, at + FAMILY_UNKNOWN), 1);
    assert_int_equal(metric_sum_at(&f.metrics, at + FAMILY_HTTP), 1);
    tally_leave(f.worker, PROTOCOL_HTTP);
    assert_int_equal(metric_sum_at(&f.metrics, at + FAMILY_HTTP), 0);
    end(&f);
}

static void count_unknown(void *user)
{
    tally_told(user, PROTOCOL_UNKNOWN, FAMILY_OK);
}

static void request_has_a_protocol(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_true(testing_aborts(count_unknown, f.worker));
    end(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(outcome_is_that_of_all_answers),
    cmocka_unit_test(quotes_are_counted_by_their_age),
    cmocka_unit_test(what_is_answered_in_its_turn_takes_as_long_as_that),
    cmocka_unit_test(what_waited_takes_from_when_it_was_asked),
    cmocka_unit_test(connection_is_of_one_protocol_at_a_time),
    cmocka_unit_test(request_has_a_protocol),
};

TEST_MAIN(tests)
