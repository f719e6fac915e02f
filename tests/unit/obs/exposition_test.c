/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exposition_test.c -- what is counted, as Prometheus and OpenMetrics read it.
 * That they do is shown with promtool, in tests/peers.
 */
#include "obs/exposition.h"

#include <string.h>

#include "base/buffer.h"
#include "base/err.h"
#include "obs/metric.h"
#include "testing/testing.h"

struct fixture {
    struct metrics metrics;
    struct buffer out;
    struct exposition page;
};

static void begin(struct fixture *f, bool is_openmetrics)
{
    assert_int_equal(metric_init(&f->metrics, 2), 0);
    f->out = buffer_empty(1 << 20);
    f->page = (struct exposition){&f->out, is_openmetrics};
}

static void end(struct fixture *f)
{
    buffer_deinit(&f->out);
    metric_deinit(&f->metrics);
}

/* The page so far, as a C string. */
static const char *text(struct fixture *f)
{
    buffer_put_byte(&f->out, '\0');
    assert_false(f->out.failed);
    f->out.len--;
    return f->out.data;
}

static void assert_has(struct fixture *f, const char *line)
{
    if (strstr(text(f), line) == NULL) {
        print_error("not there: %s\n", line);
        fail();
    }
}

static void assert_lacks(struct fixture *f, const char *line)
{
    assert_null(strstr(text(f), line));
}

static void counter_grows_under_a_name_with_total(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    metric_add(&f.metrics.cells[0], METRIC_cache_hits, 2);
    metric_add(&f.metrics.cells[1], METRIC_cache_hits, 3);
    exposition_put_cells(&f.page, &f.metrics);
    assert_has(&f, "# HELP quoted_cache_hits_total Answered from memory, "
                   "fresh.\n# TYPE quoted_cache_hits_total counter\n"
                   "quoted_cache_hits_total 5\n");
    exposition_end(&f.page);
    assert_lacks(&f, "# EOF");
    assert_lacks(&f, "# UNIT");
    end(&f);
}

static void openmetrics_names_the_counter_without_total(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, true);
    exposition_put_cells(&f.page, &f.metrics);
    assert_has(&f, "# TYPE quoted_cache_hits counter\n"
                   "quoted_cache_hits_total 0\n");
    assert_has(&f, "# UNIT quoted_price_age_seconds seconds\n");
    exposition_end(&f.page);
    const char *page = text(&f);
    assert_string_equal(page + strlen(page) - 6, "# EOF\n");
    end(&f);
}

static void gauge_that_is_below_0_for_a_moment_is_0(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    metric_subtract(&f.metrics.cells[0], METRIC_cache_quotes, 1);
    exposition_put_cells(&f.page, &f.metrics);
    assert_has(&f, "# TYPE quoted_cache_quotes gauge\nquoted_cache_quotes 0\n");
    end(&f);
}

static void row_gives_way_to_the_family_of_its_name(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    metric_add(f.metrics.cells, METRIC_requests, 7);
    metric_add_at(
        f.metrics.cells,
        METRIC_AT_requests + FAMILY_RPYC * FAMILY_OUTCOMES + FAMILY_STALE, 4);
    exposition_put_cells(&f.page, &f.metrics);
    assert_lacks(&f, "quoted_requests_total 7");
    assert_has(&f,
               "quoted_requests_total{proto=\"rpyc\",outcome=\"stale\"} 4\n");
    assert_has(&f, "quoted_requests_total{proto=\"resp\",outcome=\"ok\"} 0\n");
    assert_has(&f, "quoted_connections_open{proto=\"unknown\"} 0\n");
    end(&f);
}

static void buckets_are_added_up(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    struct metric_cells *cells = f.metrics.cells;
    metric_observe(&cells[0], METRIC_AT_price_age, family_ages_ms, 0, 1);
    metric_observe(&cells[1], METRIC_AT_price_age, family_ages_ms, 1000, 2);
    metric_observe(&cells[1], METRIC_AT_price_age, family_ages_ms, 1001, 1);
    metric_observe(&cells[0], METRIC_AT_price_age, family_ages_ms, 259200001,
                   1);
    exposition_put_cells(&f.page, &f.metrics);
    assert_has(&f, "quoted_price_age_seconds_bucket{le=\"1.0\"} 3\n"
                   "quoted_price_age_seconds_bucket{le=\"5.0\"} 4\n");
    assert_has(&f, "quoted_price_age_seconds_bucket{le=\"259200.0\"} 4\n"
                   "quoted_price_age_seconds_bucket{le=\"+Inf\"} 5\n"
                   "quoted_price_age_seconds_sum 259203.002\n"
                   "quoted_price_age_seconds_count 5\n");
    end(&f);
}

static void histogram_has_its_labels_before_the_bound(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    metric_observe(f.metrics.cells,
                   METRIC_AT_request_duration +
                       FAMILY_FROM_UPSTREAM * FAMILY_CELLS_HISTOGRAM,
                   family_durations_ms, 250, 1);
    exposition_put_cells(&f.page, &f.metrics);
    assert_has(&f, "quoted_request_duration_seconds_bucket{from=\"upstream\","
                   "le=\"0.1\"} 0\nquoted_request_duration_seconds_bucket{"
                   "from=\"upstream\",le=\"0.25\"} 1\n");
    assert_has(&f, "quoted_request_duration_seconds_count{from=\"memory\"} "
                   "0\n");
    end(&f);
}

static void label_of_any_text_is_one_line(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, true);
    const struct exposition_label label = {"version", "a\"b\\c\nd"};
    exposition_begin(&f.page, FAMILY_build);
    exposition_put(&f.page, FAMILY_build, &label, 1, 1);
    assert_string_equal(text(&f), "# HELP quoted_build The version that runs.\n"
                                  "# TYPE quoted_build info\n"
                                  "quoted_build_info{version="
                                  "\"a\\\"b\\\\c\\nd\"} 1\n");
    end(&f);
}

static void name_of_the_process_has_no_prefix(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, false);
    exposition_begin(&f.page, FAMILY_process_cpu);
    exposition_put(&f.page, FAMILY_process_cpu, NULL, 0, 1234);
    assert_has(&f, "# TYPE process_cpu_seconds_total counter\n"
                   "process_cpu_seconds_total 1.234\n");
    end(&f);
}

static void every_error_has_an_outcome(void **state)
{
    (void)state;
#define ASSERT_WORD(code, value, word, sentence)                               \
    if ((value) > -20) {                                                       \
        struct span told = span_of(                                            \
            family_label_word(FAMILY_LABEL_OUTCOME, family_outcome_of(code))); \
        assert_true(span_equal_nocase(told, span_of(word)));                   \
    }
    ERR_TABLE(ASSERT_WORD)
    assert_int_equal(family_outcome_of(0), FAMILY_OK);
    assert_int_equal(family_outcome_of(ERR_NOMEM),
                     family_outcome_of(ERR_OVERLOADED));
}

static void each_name_is_there_once(void **state)
{
    (void)state;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(family_info_of((enum family)i)->name,
                                    family_info_of((enum family)j)->name);
        }
    }
}

static void bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < FAMILY_BOUNDS; i++) {
        assert_true(family_ages_ms[i] > family_ages_ms[i - 1]);
        assert_true(family_durations_ms[i] > family_durations_ms[i - 1]);
    }
    assert_int_equal(family_bucket(family_durations_ms, 0), 0);
    assert_int_equal(family_bucket(family_durations_ms, 1), 0);
    assert_int_equal(family_bucket(family_durations_ms, 2), 1);
    assert_int_equal(family_bucket(family_durations_ms, UINT64_MAX),
                     FAMILY_BOUNDS);
}

/* The page fails as its buffer does, and no other way. */
static void oom_leaves_a_failed_page(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, true);
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        buffer_deinit(&f.out);
        exposition_put_cells(&f.page, &f.metrics);
        failures += f.out.failed;
    }
    assert_true(failures > 0);
    assert_false(f.out.failed);
    end(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counter_grows_under_a_name_with_total),
    cmocka_unit_test(openmetrics_names_the_counter_without_total),
    cmocka_unit_test(gauge_that_is_below_0_for_a_moment_is_0),
    cmocka_unit_test(row_gives_way_to_the_family_of_its_name),
    cmocka_unit_test(buckets_are_added_up),
    cmocka_unit_test(histogram_has_its_labels_before_the_bound),
    cmocka_unit_test(label_of_any_text_is_one_line),
    cmocka_unit_test(name_of_the_process_has_no_prefix),
    cmocka_unit_test(every_error_has_an_outcome),
    cmocka_unit_test(each_name_is_there_once),
    cmocka_unit_test(bounds_rise),
    cmocka_unit_test(oom_leaves_a_failed_page),
};

TEST_MAIN(tests)
