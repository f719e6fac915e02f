/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_test.c -- counts of several threads' cells add up, gauges too, and the
 * table names each once.  Run under ThreadSanitizer too.
 */
#include "obs/metric.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static void all_cells_begin_at_0(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 3), 0);
    assert_int_equal(metrics.count, 3);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        assert_int_equal(metric_sum(&metrics, (enum metric)metric), 0);
    }
    metric_deinit(&metrics);
    assert_null(metrics.cells);
}

static void sum_is_over_all_cells_of_one_metric(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 3), 0);
    metric_add(&metrics.cells[0], METRIC_requests, 1);
    metric_add(&metrics.cells[1], METRIC_requests, 10);
    metric_add(&metrics.cells[2], METRIC_requests, 100);
    metric_add(&metrics.cells[2], METRIC_requests, 100);
    metric_add(&metrics.cells[1], METRIC_cache_hits, 5);
    metric_add(&metrics.cells[0], (enum metric)0, 7);
    metric_add(&metrics.cells[0], (enum metric)(METRIC_COUNT - 1), 9);
    assert_int_equal(metric_sum(&metrics, METRIC_requests), 211);
    assert_int_equal(metric_sum(&metrics, METRIC_cache_hits), 5);
    assert_int_equal(metric_sum(&metrics, METRIC_cache_misses), 0);
    assert_int_equal(metric_sum(&metrics, (enum metric)0), 7);
    assert_int_equal(metric_sum(&metrics, (enum metric)(METRIC_COUNT - 1)), 9);
    metric_deinit(&metrics);
}

/* What one thread counted up, another may count down. */
static void gauge_goes_down_in_other_cells(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 2), 0);
    metric_add(&metrics.cells[0], METRIC_connections_open, 3);
    metric_subtract(&metrics.cells[1], METRIC_connections_open, 2);
    assert_int_equal(metric_sum(&metrics, METRIC_connections_open), 1);
    metric_subtract(&metrics.cells[1], METRIC_connections_open, 1);
    assert_int_equal(metric_sum(&metrics, METRIC_connections_open), 0);
    metric_deinit(&metrics);
}

static void rows_are_those_of_the_table(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = metric_info_of((enum metric)i);
        assert_true(info->kind == METRIC_COUNTER || info->kind == METRIC_GAUGE);
        assert_true(info->unit[0] != '\0');
        size_t len = strlen(info->help);
        assert_true(len > 1 && info->help[len - 1] == '.');
        for (const char *at = info->name; *at != '\0'; at++) {
            assert_true(islower((unsigned char)*at) || *at == '_');
        }
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(info->name,
                                    metric_info_of((enum metric)j)->name);
        }
    }
    assert_string_equal(metric_info_of(METRIC_requests)->name, "requests");
    assert_int_equal(metric_info_of(METRIC_requests)->kind, METRIC_COUNTER);
    assert_int_equal(metric_info_of(METRIC_cache_quotes)->kind, METRIC_GAUGE);
    assert_string_equal(metric_info_of(METRIC_cache_quotes)->unit, "quotes");
}

/* Two threads that count must not write one cache line. */
static void cells_of_two_threads_share_no_cache_line(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 2), 0);
    const char *last = (const char *)&metrics.cells[0].values[METRIC_COUNT - 1];
    const char *first = (const char *)&metrics.cells[1].values[0];
    assert_true(first - last >= 64);
    metric_deinit(&metrics);
}

static void ask_for_no_cells(void *user)
{
    struct metrics metrics;
    (void)user;
    metric_init(&metrics, 0);
}

static void ask_beyond_the_table(void *user)
{
    (void)user;
    metric_info_of(METRIC_COUNT);
}

static void what_cannot_be_is_checked(void **state)
{
    (void)state;
    assert_true(testing_aborts(ask_for_no_cells, NULL));
    assert_true(testing_aborts(ask_beyond_the_table, NULL));
}

static void oom_makes_no_cells(void **state)
{
    (void)state;
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct metrics metrics;
        int err = metric_init(&metrics, 2);
        assert_true(err == 0 || err == ERR_NOMEM);
        failures += err != 0;
        metric_deinit(&metrics);
    }
    assert_int_equal(failures, 1);
}

#define THREADS 3
#define COUNTS  20000

static void *count_up(void *user)
{
    struct metric_cells *cells = user;
    for (int i = 0; i < COUNTS; i++) {
        metric_add(cells, METRIC_requests, 1);
        metric_add(cells, METRIC_waits_open, 1);
        metric_subtract(cells, METRIC_waits_open, 1);
    }
    return NULL;
}

static void sum_may_be_read_while_threads_count(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, THREADS), 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, count_up, &metrics.cells[i]), 0);
    }
    uint64_t last = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t sum = metric_sum(&metrics, METRIC_requests);
        assert_true(sum >= last && sum <= (uint64_t)THREADS * COUNTS);
        last = sum;
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(metric_sum(&metrics, METRIC_requests), THREADS * COUNTS);
    assert_int_equal(metric_sum(&metrics, METRIC_waits_open), 0);
    metric_deinit(&metrics);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_cells_begin_at_0),
    cmocka_unit_test(sum_is_over_all_cells_of_one_metric),
    cmocka_unit_test(gauge_goes_down_in_other_cells),
    cmocka_unit_test(rows_are_those_of_the_table),
    cmocka_unit_test(cells_of_two_threads_share_no_cache_line),
    cmocka_unit_test(what_cannot_be_is_checked),
    cmocka_unit_test(oom_makes_no_cells),
    cmocka_unit_test(sum_may_be_read_while_threads_count),
};

TEST_MAIN(tests)
