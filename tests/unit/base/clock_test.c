/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_test.c -- instants print as RFC 3339, dates count as the system's
 * calendar does, and the machine's clocks run forwards.
 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "testing/testing.h"

#define DAY_MS INT64_C(86400000)

static void assert_prints(int64_t unix_ms, const char *expected)
{
    char text[CLOCK_TEXT_SIZE];
    assert_int_equal(clock_print_unix_ms(text, unix_ms), 24);
    assert_string_equal(text, expected);
}

static void instants_print_as_rfc_3339(void **state)
{
    (void)state;
    assert_prints(0, "1970-01-01T00:00:00.000Z");
    assert_prints(1, "1970-01-01T00:00:00.001Z");
    assert_prints(999, "1970-01-01T00:00:00.999Z");
    assert_prints(1000, "1970-01-01T00:00:01.000Z");
    assert_prints(DAY_MS - 1, "1970-01-01T23:59:59.999Z");
    assert_prints(DAY_MS, "1970-01-02T00:00:00.000Z");
    assert_prints(1762387200000, "2025-11-06T00:00:00.000Z");
    assert_prints(951782400000, "2000-02-29T00:00:00.000Z");
    assert_prints(INT64_C(4107542399999), "2100-02-28T23:59:59.999Z");
    assert_prints(INT64_C(4107542400000), "2100-03-01T00:00:00.000Z");
}

static void instants_before_1970_print_too(void **state)
{
    (void)state;
    assert_prints(-1, "1969-12-31T23:59:59.999Z");
    assert_prints(-999, "1969-12-31T23:59:59.001Z");
    assert_prints(-1000, "1969-12-31T23:59:59.000Z");
    assert_prints(-1001, "1969-12-31T23:59:58.999Z");
    assert_prints(-DAY_MS, "1969-12-31T00:00:00.000Z");
}

static void years_outside_four_digits_print_as_the_nearest(void **state)
{
    (void)state;
    const int64_t first = clock_days_of_date(0, 1, 1) * DAY_MS;
    const int64_t last = clock_days_of_date(10000, 1, 1) * DAY_MS - 1;
    assert_prints(first + 1, "0000-01-01T00:00:00.001Z");
    assert_prints(first, "0000-01-01T00:00:00.000Z");
    assert_prints(first - 1, "0000-01-01T00:00:00.000Z");
    assert_prints(INT64_MIN, "0000-01-01T00:00:00.000Z");
    assert_prints(last - 1, "9999-12-31T23:59:59.998Z");
    assert_prints(last, "9999-12-31T23:59:59.999Z");
    assert_prints(last + 1, "9999-12-31T23:59:59.999Z");
    assert_prints(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void known_dates_have_their_days(void **state)
{
    (void)state;
    assert_int_equal(clock_days_of_date(1970, 1, 1), 0);
    assert_int_equal(clock_days_of_date(1970, 1, 2), 1);
    assert_int_equal(clock_days_of_date(1969, 12, 31), -1);
    assert_int_equal(clock_days_of_date(2000, 1, 1), 10957);
    assert_int_equal(clock_days_of_date(2000, 2, 29), 11016);
    assert_int_equal(clock_days_of_date(2000, 3, 1), 11017);
    assert_int_equal(clock_days_of_date(0, 3, 1), -719468);
    assert_int_equal(clock_days_of_date(-1, 12, 31),
                     clock_days_of_date(0, 1, 1) - 1);
}

/* Walks every day of eleven centuries, past the leap rules of 4, 100 and 400,
 * and asks the C library for each. */
static void days_agree_with_the_c_library(void **state)
{
    (void)state;
    const int64_t first = clock_days_of_date(1400, 1, 1);
    const int64_t last = clock_days_of_date(2500, 12, 31);
    assert_int_equal(last - first + 1, 1101 * 365 + 275 - 8);
    for (int64_t day = first; day <= last; day++) {
        time_t when = (time_t)day * 86400;
        struct tm utc;
        assert_non_null(gmtime_r(&when, &utc));
        assert_int_equal(clock_days_of_date(utc.tm_year + 1900,
                                            (unsigned)utc.tm_mon + 1,
                                            (unsigned)utc.tm_mday),
                         day);
        struct clock_date date = clock_date_of_days(day);
        assert_int_equal(date.year, utc.tm_year + 1900);
        assert_int_equal(date.month, utc.tm_mon + 1);
        assert_int_equal(date.day, utc.tm_mday);
    }
}

/* Every day that is printed is the one that its date has. */
static void every_day_of_400_years_prints(void **state)
{
    (void)state;
    int64_t day = clock_days_of_date(1800, 1, 1);
    int64_t ms = 0; // of the day; another one each day
    for (int year = 1800; year < 2200; year++) {
        for (unsigned month = 1; month <= 12; month++) {
            int64_t next =
                clock_days_of_date(year + (int)month / 12, month % 12 + 1, 1);
            for (unsigned of_month = 1; day < next; day++, of_month++) {
                char expected[64];
                char text[CLOCK_TEXT_SIZE];
                ms = (ms + 12345677) % DAY_MS;
                unsigned s = (unsigned)(ms / 1000);
                snprintf(expected, sizeof(expected),
                         "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month,
                         of_month, s / 3600, s / 60 % 60, s % 60,
                         (unsigned)(ms % 1000));
                clock_print_unix_ms(text, day * DAY_MS + ms);
                if (memcmp(text, expected, CLOCK_TEXT_SIZE) != 0) {
                    fail_msg("%s is printed as %s", expected, text);
                }
            }
        }
    }
}

/* 400 years have the same days as any other 400. */
static void dates_repeat_after_400_years(void **state)
{
    (void)state;
    const int64_t first = clock_days_of_date(2000, 1, 1);
    for (int64_t day = first; day < first + 146097; day += 13) {
        struct clock_date date = clock_date_of_days(day);
        for (int64_t era = -100; era <= 100; era += 25) {
            struct clock_date other = clock_date_of_days(day + era * 146097);
            assert_int_equal(other.year, date.year + 400 * era);
            assert_int_equal(other.month, date.month);
            assert_int_equal(other.day, date.day);
        }
    }
}

static void date_of(void *user)
{
    clock_date_of_days(*(const int64_t *)user);
}

static void days_beyond_the_bound_have_no_date(void **state)
{
    (void)state;
    int64_t bound = INT64_C(1) << 45;
    int64_t days[] = {bound - 1, 1 - bound, bound, -bound};
    assert_false(testing_aborts(date_of, &days[0]));
    assert_false(testing_aborts(date_of, &days[1]));
    assert_true(testing_aborts(date_of, &days[2]));
    assert_true(testing_aborts(date_of, &days[3]));
}

struct date {
    unsigned month;
    unsigned day;
};

static void days_of(void *user)
{
    const struct date *date = user;
    clock_days_of_date(2025, date->month, date->day);
}

static void dates_outside_the_calendar_abort(void **state)
{
    (void)state;
    struct date good[] = {{1, 1}, {12, 31}};
    struct date bad[] = {{0, 1}, {13, 1}, {1, 0}, {1, 32}};
    for (size_t i = 0; i < 2; i++) {
        assert_false(testing_aborts(days_of, &good[i]));
    }
    for (size_t i = 0; i < 4; i++) {
        assert_true(testing_aborts(days_of, &bad[i]));
    }
}

static void monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    uint64_t before = clock_mono_ms(clock);
    for (int i = 0; i < 10000; i++) {
        uint64_t now = clock_mono_ms(clock);
        assert_true(now >= before);
        before = now;
    }
}

static void wall_clock_is_the_systems(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL);
    int64_t now_ms = clock_unix_ms(clock_system());
    int64_t after = (int64_t)time(NULL);
    // time() may lag the clock by a tick, so a second is allowed either way.
    assert_true(now_ms >= (before - 1) * 1000);
    assert_true(now_ms < (after + 2) * 1000);
}

static void a_clock_can_be_handed_in(void **state)
{
    (void)state;
    struct testing_clock still;
    testing_clock_init(&still);
    still.mono_ms = 42;
    still.unix_ms = -7;
    assert_int_equal(clock_mono_ms(&still.clock), 42);
    assert_int_equal(clock_unix_ms(&still.clock), -7);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(instants_print_as_rfc_3339),
    cmocka_unit_test(instants_before_1970_print_too),
    cmocka_unit_test(years_outside_four_digits_print_as_the_nearest),
    cmocka_unit_test(known_dates_have_their_days),
    cmocka_unit_test(days_agree_with_the_c_library),
    cmocka_unit_test(every_day_of_400_years_prints),
    cmocka_unit_test(dates_repeat_after_400_years),
    cmocka_unit_test(days_beyond_the_bound_have_no_date),
    cmocka_unit_test(dates_outside_the_calendar_abort),
    cmocka_unit_test(monotonic_clock_never_goes_back),
    cmocka_unit_test(wall_clock_is_the_systems),
    cmocka_unit_test(a_clock_can_be_handed_in),
};

TEST_MAIN(tests)
