/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft_test.c -- a calendar's file is read whole, and what is wrong in it is
 * said with its line and with what is allowed.
 */
#include "calendar/draft.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

#define HEAD                  \
    "markets: [XONE, XTWO]\n" \
    "zone: Europe/Paris\n"    \
    "from: 2026-01-01\n"      \
    "to: 2028-12-31\n"        \
    "hours: 09:00-17:30\n" /* lines 1 to 5 */

static void assert_reads(struct draft *draft, const char *text)
{
    char error[DRAFT_ERROR_SIZE] = "";
    int err = draft_read(draft, span_of(text), error);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
}

static void assert_refused(const char *text, const char *expected)
{
    struct draft draft;
    char error[DRAFT_ERROR_SIZE] = "";
    assert_int_equal(draft_read(&draft, span_of(text), error), ERR_SYNTAX);
    assert_string_equal(error, expected);
}

/* HEAD with a line behind it, which is the sixth. */
static void assert_line_refused(const char *line, const char *expected)
{
    char text[1024];
    snprintf(text, sizeof(text), "%s%s", HEAD, line);
    assert_refused(text, expected);
}

static void assert_period(struct draft_period period, int from, int to)
{
    assert_int_equal(period.from_minute, from);
    assert_int_equal(period.to_minute, to);
}

static void whole_file_is_read(void **state)
{
    (void)state;
    struct draft draft;
    assert_reads(&draft, HEAD "days: [sun, mon, thu]\n"
                              "final_after: 5m\n"
                              "closed:\n"
                              "  2026-12-25: Christmas Day\n"
                              "  2026-01-01:\n"
                              "special:\n"
                              "  2026-12-24: 09:00-14:00\n");
    assert_int_equal(draft.markets_count, 2);
    assert_string_equal(draft.markets[0], "XONE");
    assert_string_equal(draft.markets[1], "XTWO");
    assert_string_equal(draft.zone, "Europe/Paris");
    assert_int_equal(draft.zone_line, 2);
    assert_int_equal(draft.from_day, clock_days_of_date(2026, 1, 1));
    assert_int_equal(draft.to_day, clock_days_of_date(2028, 12, 31));
    assert_false(draft.is_always);
    const bool is_trading[] = {true, true, false, false, true, false, false};
    assert_memory_equal(draft.is_trading, is_trading, sizeof(is_trading));
    assert_int_equal(draft.hours.count, 1);
    assert_period(draft.hours.periods[0], 540, 1050);
    assert_int_equal(draft.final_after_s, 300);
    assert_int_equal(draft.specials_count, 3);
    assert_int_equal(draft.specials[0].day, clock_days_of_date(2026, 1, 1));
    assert_int_equal(draft.specials[0].hours.count, 0);
    assert_int_equal(draft.specials[0].line, 10);
    assert_int_equal(draft.specials[1].day, clock_days_of_date(2026, 12, 24));
    assert_int_equal(draft.specials[1].hours.count, 1);
    assert_period(draft.specials[1].hours.periods[0], 540, 840);
    assert_int_equal(draft.specials[2].day, clock_days_of_date(2026, 12, 25));
}

static void what_may_be_left_out_has_its_usual_value(void **state)
{
    (void)state;
    struct draft draft;
    assert_reads(&draft, HEAD);
    const bool weekdays[] = {false, true, true, true, true, true, false};
    assert_memory_equal(draft.is_trading, weekdays, sizeof(weekdays));
    assert_int_equal(draft.final_after_s, 0);
    assert_int_equal(draft.specials_count, 0);
}

static void hours_may_be_several_periods(void **state)
{
    (void)state;
    struct draft draft;
    assert_reads(&draft, "markets: XONE\n"
                         "zone: UTC\n"
                         "from: 2026-01-01\n"
                         "to: 2026-01-01\n"
                         "hours:\n"
                         "  - 00:00-11:30\n"
                         "  - 12:30-24:00\n");
    assert_int_equal(draft.hours.count, 2);
    assert_period(draft.hours.periods[0], 0, 690);
    assert_period(draft.hours.periods[1], 750, 1440);
}

static void market_that_never_closes_needs_no_more(void **state)
{
    (void)state;
    struct draft draft;
    assert_reads(&draft, "markets: [CRYPTO]\nhours: always\n");
    assert_true(draft.is_always);
    assert_refused("markets: [CRYPTO]\nhours: always\nzone: UTC\n",
                   "line 1: \"hours: always\" and \"zone\" exclude each other");
    assert_refused("hours: always\n", "line 1: there is no \"markets\"");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_refused("", "line 1: there is no \"markets\"");
    assert_refused("markets: XONE\n", "line 1: there is no \"zone\"");
    assert_refused("markets: XONE\nzone: UTC\nfrom: 2026-01-01\n"
                   "to: 2026-01-01\n",
                   "line 1: there is no \"hours\"");
}

static void what_is_no_yaml_is_refused(void **state)
{
    (void)state;
    struct draft draft;
    char error[DRAFT_ERROR_SIZE];
    struct span text = span_of("markets: XONE\nzone: [UTC\nfrom: 1\n");
    assert_int_equal(draft_read(&draft, text, error), ERR_SYNTAX);
    error[strlen("line 3: not YAML")] = '\0';
    assert_string_equal(error, "line 3: not YAML");
}

static void keys_that_are_not_known_are_refused(void **state)
{
    (void)state;
    assert_line_refused("holidays: x\n",
                        "line 6: \"holidays\" is not known; allowed are "
                        "markets, zone, from, to, days, hours, final_after, "
                        "closed, special");
    assert_refused("- markets\n", "line 1: keys and values are expected here");
    assert_line_refused("zone: UTC\n",
                        "line 6: \"zone\" stands here and in line 2 already");
}

static void markets_are_checked(void **state)
{
    (void)state;
    assert_refused("markets: [xnys]\n",
                   "line 1: \"xnys\" is no market; one is XNYS, in capital "
                   "letters");
    assert_refused("markets: ['']\n",
                   "line 1: \"\" is no market; one is XNYS, in capital "
                   "letters");
    assert_refused("markets: [X23456789]\n",
                   "line 1: \"X23456789\" is no market; one is XNYS, in "
                   "capital letters");
    assert_refused("markets: [XONE,\n  XONE]\n",
                   "line 2: XONE stands here twice");
    assert_refused("markets: []\n", "line 1: the list is empty");
    assert_refused("markets: {XONE: 1}\n", "line 1: a text is expected here");
}

static void dates_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32",
        "1969-12-31", "2101-01-01", "2026-1-1",   "20260101",   "2026-01-01x",
        "tomorrow",   "2026/01/01", "+026-01-01", "",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[64];
        char expected[128];
        snprintf(line, sizeof(line), "closed: {'%s': x}\n", bad[i]);
        snprintf(expected, sizeof(expected),
                 "line 6: \"%s\" is no date from 1970 to 2100; one is "
                 "2026-11-27",
                 bad[i]);
        assert_line_refused(line, expected);
    }
    struct draft draft;
    assert_reads(&draft, HEAD "closed: {2028-02-29: leap day}\n");
}

static void days_stand_once_and_within_the_years(void **state)
{
    (void)state;
    assert_line_refused("closed:\n  2026-12-25: x\n"
                        "special:\n  2026-12-25: 09:00-10:00\n",
                        "line 9: this day stands in line 7 already");
    assert_line_refused("closed: {2025-12-31: x}\n",
                        "line 6: this day is not within \"from\" and \"to\"");
    assert_line_refused("special:\n  2029-01-01: 09:00-10:00\n",
                        "line 7: this day is not within \"from\" and \"to\"");
    assert_line_refused("closed: [2026-12-25]\n",
                        "line 6: dates and what they are is expected here, "
                        "such as 2026-12-25: Christmas Day");
}

static void years_are_checked(void **state)
{
    (void)state;
    const char *format = "markets: XONE\nzone: UTC\nfrom: 2026-01-01\n"
                         "to: %s\nhours: 09:00-10:00\n";
    char text[256];
    struct draft draft;
    snprintf(text, sizeof(text), format, "2025-12-31");
    assert_refused(text, "line 1: \"from\" to \"to\" is a day to 20 years");
    snprintf(text, sizeof(text), format, "2046-01-01");
    assert_refused(text, "line 1: \"from\" to \"to\" is a day to 20 years");
    snprintf(text, sizeof(text), format, "2045-12-31");
    assert_reads(&draft, text);
    snprintf(text, sizeof(text), format, "2026-01-01");
    assert_reads(&draft, text);
}

static void hours_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "9:00-10:00",  "09:00",          "09:00-",
        "09:60-10:00", "09:00-24:01",    "09:00 10:00",
        "09.00-10.00", "09:00-10:00 ET", "",
        "-1:00-10:00", "closed",         "09:00-10:00x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[64];
        char expected[128];
        snprintf(line, sizeof(line), "special: {2026-12-24: '%s'}\n", bad[i]);
        snprintf(expected, sizeof(expected),
                 "line 6: \"%s\" is no period; one is 09:30-16:00", bad[i]);
        assert_line_refused(line, expected);
    }
    assert_line_refused("special:\n  2026-12-24: 10:00-10:00\n",
                        "line 7: 10:00-10:00 ends before it begins; a period "
                        "is within a day");
    assert_line_refused("special:\n  2026-12-24:\n  - 12:00-13:00\n"
                        "  - 13:00-14:00\n",
                        "line 9: 13:00-14:00 begins before the period above it "
                        "has ended");
    assert_line_refused("special: {2026-12-24: []}\n",
                        "line 6: the list is empty");
    assert_line_refused("special: {2026-12-24: ['01:00-02:00', '03:00-04:00', "
                        "'05:00-06:00', '07:00-08:00', '09:00-10:00']}\n",
                        "line 6: more than 4 periods in a day");
}

static void other_values_are_checked(void **state)
{
    (void)state;
    assert_refused("zone: ''\n",
                   "line 1: \"\" is no time zone; one is America/New_York");
    assert_refused("zone: "
                   "x2345678901234567890123456789012345678901234567890\n",
                   "line 1: \"x234567890123456789012345678901234567890\" is no "
                   "time zone; one is America/New_York");
    assert_line_refused("days: [mon, Tue]\n",
                        "line 6: \"Tue\" is no day; allowed are mon, tue, wed, "
                        "thu, fri, sat, sun");
    assert_line_refused("days: mon\n",
                        "line 6: a list of days is expected here, such as "
                        "[mon, tue, wed]");
    assert_line_refused("final_after: 5\n",
                        "line 6: \"5\" is no time up to 6h; it is "
                        "a whole number and ms, s, m, h or d, such as 250ms");
    assert_line_refused("final_after: 7h\n",
                        "line 6: \"7h\" is no time up to 6h; it is "
                        "a whole number and ms, s, m, h or d, such as 250ms");
    struct draft draft;
    assert_reads(&draft, HEAD "final_after: 6h\n");
    assert_int_equal(draft.final_after_s, 6 * 3600);
}

static void first_error_counts_and_is_one_line(void **state)
{
    (void)state;
    assert_refused("zone: \"a\\nb\\x01cccccccccccccccccccccccccccccccccccccccc"
                   "cccccccccccccccccccccccccccc\"\nfrom: x\n",
                   "line 1: \"a?b?cccccccccccccccccccccccccccccccccccc\" is no "
                   "time zone; one is America/New_York");
}

static void bounds_are_kept(void **state)
{
    (void)state;
    char text[16384];
    int len = snprintf(text, sizeof(text), HEAD "closed:\n");
    for (int i = 0; i < DRAFT_SPECIALS_LIMIT + 1; i++) {
        struct clock_date date =
            clock_date_of_days(clock_days_of_date(2026, 1, 1) + i);
        len += snprintf(text + len, sizeof(text) - (size_t)len,
                        "  %04d-%02u-%02u: x\n", (int)date.year, date.month,
                        date.day);
    }
    assert_refused(text, "line 263: more than 256 days");
    struct draft draft;
    text[len - 16] = '\0';
    assert_reads(&draft, text);
    assert_int_equal(draft.specials_count, DRAFT_SPECIALS_LIMIT);

    len = snprintf(text, sizeof(text), "markets:\n");
    for (int i = 0; i < DRAFT_MARKETS_LIMIT + 1; i++) {
        len += snprintf(text + len, sizeof(text) - (size_t)len, "- X%d\n", i);
    }
    assert_refused(text, "line 34: more than 32 markets");
}

static void oom_no_draft(void **state)
{
    (void)state;
    int last = ERR_NOMEM;
    TESTING_EACH_ALLOCATION(n)
    {
        struct draft draft;
        char error[DRAFT_ERROR_SIZE] = "";
        last = draft_read(&draft, span_of(HEAD), error);
        assert_true(last == 0 || last == ERR_NOMEM);
        assert_true((last == 0) == (error[0] == '\0'));
    }
    assert_int_equal(last, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole_file_is_read),
    cmocka_unit_test(what_may_be_left_out_has_its_usual_value),
    cmocka_unit_test(hours_may_be_several_periods),
    cmocka_unit_test(market_that_never_closes_needs_no_more),
    cmocka_unit_test(what_is_missing_is_named),
    cmocka_unit_test(what_is_no_yaml_is_refused),
    cmocka_unit_test(keys_that_are_not_known_are_refused),
    cmocka_unit_test(markets_are_checked),
    cmocka_unit_test(dates_are_checked),
    cmocka_unit_test(days_stand_once_and_within_the_years),
    cmocka_unit_test(years_are_checked),
    cmocka_unit_test(hours_are_checked),
    cmocka_unit_test(other_values_are_checked),
    cmocka_unit_test(first_error_counts_and_is_one_line),
    cmocka_unit_test(bounds_are_kept),
    cmocka_unit_test(oom_no_draft),
};

TEST_MAIN(tests)
