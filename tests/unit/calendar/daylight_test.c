/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daylight_test.c -- rules are read as RFC 8536 and POSIX write them, and give
 * the offsets that the places have.
 */
#include "calendar/daylight.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

#define H 3600

static struct daylight parse(const char *text)
{
    struct daylight daylight;
    assert_int_equal(daylight_parse(&daylight, span_of(text)), 0);
    return daylight;
}

/* The instant of a time in UTC. */
static int64_t utc(int64_t year, unsigned month, unsigned day, int second)
{
    return clock_days_of_date(year, month, day) * 86400 + second;
}

/* The offset is `before` until a second before the instant, then `after`. */
static void assert_changes(const char *rule, int64_t at_unix_s, int32_t before,
                           int32_t after)
{
    struct daylight daylight = parse(rule);
    assert_int_equal(daylight_offset_s(&daylight, at_unix_s - 1, false),
                     before);
    assert_int_equal(daylight_offset_s(&daylight, at_unix_s, false), after);
}

static void zone_without_summer_has_one_offset(void **state)
{
    (void)state;
    struct daylight tokyo = parse("JST-9");
    assert_false(tokyo.has_summer);
    for (unsigned month = 1; month <= 12; month++) {
        assert_int_equal(
            daylight_offset_s(&tokyo, utc(2026, month, 1, 0), false), 9 * H);
    }
}

static void offsets_have_signs_minutes_and_seconds(void **state)
{
    (void)state;
    assert_int_equal(parse("UTC0").standard_s, 0);
    assert_int_equal(parse("EST5").standard_s, -5 * H);
    assert_int_equal(parse("AAA+5").standard_s, -5 * H);
    assert_int_equal(parse("IST-5:30").standard_s, 5 * H + 1800);
    assert_int_equal(parse("<+0545>-5:45").standard_s, 5 * H + 2700);
    assert_int_equal(parse("AMT-0:19:32").standard_s, 1172);
    assert_int_equal(parse("AAA24:59:59").standard_s, -(24 * H + 3599));
}

static void summer_is_an_hour_where_nothing_is_said(void **state)
{
    (void)state;
    struct daylight new_york = parse("EST5EDT,M3.2.0,M11.1.0");
    assert_int_equal(new_york.standard_s, -5 * H);
    assert_int_equal(new_york.summer_s, -4 * H);
    struct daylight lord_howe = parse("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
    assert_int_equal(lord_howe.summer_s - lord_howe.standard_s, 1800);
}

static void north_america_changes_at_two_by_the_clock(void **state)
{
    (void)state;
    const char *rule = "EST5EDT,M3.2.0,M11.1.0";
    assert_changes(rule, utc(2026, 3, 8, 7 * H), -5 * H, -4 * H);
    assert_changes(rule, utc(2026, 11, 1, 6 * H), -4 * H, -5 * H);
    assert_changes(rule, utc(2027, 3, 14, 7 * H), -5 * H, -4 * H);
    assert_changes(rule, utc(2028, 11, 5, 6 * H), -4 * H, -5 * H);
}

static void europe_changes_on_last_sundays_at_one_utc(void **state)
{
    (void)state;
    const char *rule = "CET-1CEST,M3.5.0,M10.5.0/3";
    assert_changes(rule, utc(2026, 3, 29, H), H, 2 * H);
    assert_changes(rule, utc(2026, 10, 25, H), 2 * H, H);
    assert_changes(rule, utc(2028, 3, 26, H), H, 2 * H);
    assert_changes(rule, utc(2027, 10, 31, H), 2 * H, H);
    assert_changes("GMT0BST,M3.5.0/1,M10.5.0", utc(2026, 3, 29, H), 0, H);
}

static void southern_summer_lasts_over_the_years_end(void **state)
{
    (void)state;
    const char *rule = "AEST-10AEDT,M10.1.0,M4.1.0/3";
    assert_changes(rule, utc(2026, 4, 4, 16 * H), 11 * H, 10 * H);
    assert_changes(rule, utc(2026, 10, 3, 16 * H), 10 * H, 11 * H);
    struct daylight sydney = parse(rule);
    assert_int_equal(daylight_offset_s(&sydney, utc(2027, 1, 1, 0), false),
                     11 * H);
    assert_int_equal(
        daylight_offset_s(&sydney, utc(2027, 1, 1, -12 * H), false), 11 * H);
}

/* Ireland's winter is the one that is an exception, and its offset is less. */
static void summer_may_be_behind_standard_time(void **state)
{
    (void)state;
    const char *rule = "IST-1GMT0,M10.5.0,M3.5.0/1";
    assert_changes(rule, utc(2026, 3, 29, H), 0, H);
    assert_changes(rule, utc(2026, 10, 25, H), H, 0);
}

static void days_may_be_counted_through_the_year(void **state)
{
    (void)state;
    // J60 is March 1 in each year; 59 is so in common years only.
    assert_changes("AAA0BBB,J60/0,J300/0", utc(2027, 3, 1, 0), 0, H);
    assert_changes("AAA0BBB,J60/0,J300/0", utc(2028, 3, 1, 0), 0, H);
    assert_changes("AAA0BBB,J59/0,J300/0", utc(2028, 2, 28, 0), 0, H);
    assert_changes("AAA0BBB,59/0,300/0", utc(2027, 3, 1, 0), 0, H);
    assert_changes("AAA0BBB,59/0,300/0", utc(2028, 2, 29, 0), 0, H);
}

/* The day of a rule's summer by counting through the month: the w-th such day,
 * or the last where there are fewer. */
static int64_t day_of(int64_t year, unsigned month, int week, int weekday)
{
    int64_t day = clock_days_of_date(year, month, 1);
    int64_t end = month < 12 ? clock_days_of_date(year, month + 1, 1)
                             : clock_days_of_date(year + 1, 1, 1);
    int64_t found = -1;
    for (int seen = 0; day < end && seen < week; day++) {
        if ((day + 4) % 7 == weekday) { // 1970 began on a Thursday
            found = day;
            seen++;
        }
    }
    return found;
}

static void weekdays_are_found_in_every_month(void **state)
{
    (void)state;
    static const int64_t years[] = {2026, 2028, 2000, 2100};
    for (size_t y = 0; y < 4; y++) {
        for (unsigned n = 0; n < 12 * 5 * 7; n++) {
            unsigned month = n / 35 + 1;
            int week = (int)(n / 7 % 5 + 1);
            int weekday = (int)(n % 7);
            char rule[64];
            snprintf(rule, sizeof(rule), "AAA0BBB,M%u.%d.%d/0,J%d/0", month,
                     week, weekday, month < 7 ? 300 : 100);
            int64_t day = day_of(years[y], month, week, weekday);
            assert_changes(rule, day * 86400, 0, H);
        }
    }
}

static void times_may_lie_outside_their_day(void **state)
{
    (void)state;
    // Greenland, on the evening before; Gaza, days after.
    assert_changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2026, 3, 29, H),
                   -2 * H, -H);
    assert_changes("EET-2EEST,M3.4.4/50,M10.4.4/50", utc(2026, 3, 28, 0), 2 * H,
                   3 * H);
    // A week before New Year's Day, and a week after New Year's Eve.
    assert_changes("AAA0BBB,0/-167,J100/0", utc(2026, 12, 25, H), 0, H);
    assert_changes("AAA0BBB,J100/0,J365/167", utc(2027, 1, 6, 22 * H), H, 0);
}

static void summer_may_last_all_the_year(void **state)
{
    (void)state;
    struct daylight always = parse("EST5EDT,0/0,J365/25");
    for (int64_t day = 0; day < 3 * 366; day++) {
        for (int hour = 0; hour < 24; hour++) {
            int64_t when = utc(2026, 1, 1, hour * H) + day * 86400;
            assert_int_equal(daylight_offset_s(&always, when, false), -4 * H);
            assert_int_equal(daylight_offset_s(&always, when, true), -4 * H);
        }
    }
}

/* A clock that is put back shows an hour twice: the first counts.  The hour it
 * is put forward over is counted by the old offset. */
static void local_times_count_from_before_the_change(void **state)
{
    (void)state;
    struct daylight york = parse("EST5EDT,M3.2.0,M11.1.0");
    int64_t spring = utc(2026, 3, 8, 0);
    assert_int_equal(daylight_offset_s(&york, spring + 2 * H - 1, true),
                     -5 * H);
    assert_int_equal(daylight_offset_s(&york, spring + 2 * H, true), -5 * H);
    assert_int_equal(daylight_offset_s(&york, spring + 3 * H - 1, true),
                     -5 * H);
    assert_int_equal(daylight_offset_s(&york, spring + 3 * H, true), -4 * H);
    int64_t autumn = utc(2026, 11, 1, 0);
    assert_int_equal(daylight_offset_s(&york, autumn + 1 * H, true), -4 * H);
    assert_int_equal(daylight_offset_s(&york, autumn + 2 * H - 1, true),
                     -4 * H);
    assert_int_equal(daylight_offset_s(&york, autumn + 2 * H, true), -5 * H);
}

static void what_is_no_rule_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "E",
        "ES5",
        "EST",
        "EST5x",
        "5",
        "<EST5",
        "<>5",
        "EST5EDT",
        "EST5EDT,",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,",
        "EST5EDT,M3.2.0,M11",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2,M11.1.0",
        "EST5EDT,J0,M11.1.0",
        "EST5EDT,J366,M11.1.0",
        "EST5EDT,366,M11.1.0",
        "EST5EDT,-1,M11.1.0",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0 ",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST25",
        "EST5:60",
        "EST5:",
        "EST5:0:60",
        "EST5EDT4",
        "EST0005",
        " EST5",
        "E1T5",
        "EST--5",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct daylight daylight = {.standard_s = 77};
        assert_int_equal(daylight_parse(&daylight, span_of(bad[i])),
                         ERR_SYNTAX);
        assert_int_equal(daylight.standard_s, 77);
    }
}

/* Every text that is cut short is refused too, and reading stops at its end. */
static void parts_of_a_rule_are_refused(void **state)
{
    (void)state;
    const char *rule = "<+01>-1<+02>-2,M3.5.0/2,M10.5.0/3";
    for (size_t len = 0; len < strlen(rule); len++) {
        struct daylight daylight;
        // "…,M10.5.0" and "<+01>-1" are rules as well.
        bool is_rule = len == 7 || len == strlen(rule) - 2;
        assert_int_equal(daylight_parse(&daylight, (struct span){rule, len}),
                         is_rule ? 0 : ERR_SYNTAX);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(zone_without_summer_has_one_offset),
    cmocka_unit_test(offsets_have_signs_minutes_and_seconds),
    cmocka_unit_test(summer_is_an_hour_where_nothing_is_said),
    cmocka_unit_test(north_america_changes_at_two_by_the_clock),
    cmocka_unit_test(europe_changes_on_last_sundays_at_one_utc),
    cmocka_unit_test(southern_summer_lasts_over_the_years_end),
    cmocka_unit_test(summer_may_be_behind_standard_time),
    cmocka_unit_test(days_may_be_counted_through_the_year),
    cmocka_unit_test(weekdays_are_found_in_every_month),
    cmocka_unit_test(times_may_lie_outside_their_day),
    cmocka_unit_test(summer_may_last_all_the_year),
    cmocka_unit_test(local_times_count_from_before_the_change),
    cmocka_unit_test(what_is_no_rule_is_refused),
    cmocka_unit_test(parts_of_a_rule_are_refused),
};

TEST_MAIN(tests)
