/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timetable_test.c -- sessions are where the market's clocks say, and a look at
 * any instant says what was before and what comes next.
 *
 * tests/peers/calendar_test.py asks for every hour of the years that are built
 * in; here are days of which each shows one thing.
 */
#include "calendar/timetable.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "calendar/draft.h"
#include "testing/testing.h"
#include "zonefile.h"

#define H 3600
#define M 60

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define PARIS    "CET-1CEST,M3.5.0,M10.5.0/3"
#define SYDNEY   "AEST-10AEDT,M10.1.0,M4.1.0/3"
#define TOKYO    "JST-9"

static struct zone *zone_of(const char *rule)
{
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&file, rule);
    struct zone *zone;
    assert_int_equal(zone_parse(&zone, span_of("Test"), buffer_span(&file)), 0);
    buffer_deinit(&file);
    return zone;
}

/* A timetable of 2026 to 2028 with these lines in its file. */
static struct timetable *create(const char *rule, const char *lines)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "markets: XONE\nzone: Test\nfrom: 2026-01-01\nto: 2028-12-31\n%s",
             lines);
    struct draft draft;
    char error[DRAFT_ERROR_SIZE] = "";
    assert_int_equal(draft_read(&draft, span_of(text), error), 0);
    struct zone *zone = zone_of(rule);
    struct timetable *timetable;
    assert_int_equal(timetable_create(&timetable, &draft, &zone), 0);
    assert_null(zone);
    assert_non_null(timetable_zone(timetable));
    return timetable;
}

/* A time of day in UTC. */
static int64_t utc(int64_t year, unsigned month, unsigned day, int second)
{
    return clock_days_of_date(year, month, day) * 86400 + second;
}

static struct timetable_view look(const struct timetable *timetable,
                                  int64_t unix_s)
{
    struct timetable_view view;
    memset(&view, 0x5a, sizeof(view));
    timetable_look(timetable, unix_s, &view);
    return view;
}

static bool is_open(const struct timetable *timetable, int64_t unix_s)
{
    return look(timetable, unix_s).is_open;
}

/* It opens and closes at these seconds, and is shut before and behind. */
static void assert_opens(const struct timetable *timetable, int64_t open,
                         int64_t close)
{
    assert_false(is_open(timetable, open - 1));
    assert_true(is_open(timetable, open));
    assert_true(is_open(timetable, close - 1));
    assert_false(is_open(timetable, close));
}

static void view_of_an_open_market(void **state)
{
    (void)state;
    struct timetable *ny =
        create(NEW_YORK, "hours: 09:30-16:00\nfinal_after: 5m\n");
    int64_t open = utc(2026, 11, 23, 14 * H + 30 * M);
    int64_t close = utc(2026, 11, 23, 21 * H);
    assert_opens(ny, open, close);
    struct timetable_view view = look(ny, open + H);
    assert_true(view.is_known);
    assert_false(view.is_break);
    assert_true(view.has_session);
    assert_int_equal(view.session.open_unix_s, open);
    assert_int_equal(view.session.close_unix_s, close);
    assert_int_equal(view.session.final_unix_s, close + 5 * M);
    assert_false(view.session.is_early);
    assert_int_equal(view.settled_unix_s, TIMETABLE_NEVER);
    assert_int_equal(view.next_close_unix_s, close);
    assert_int_equal(view.next_open_unix_s, open + 24 * H);
    timetable_destroy(&ny);
    assert_null(ny);
    timetable_destroy(&ny);
}

static void view_of_a_closed_market(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n"
                                            "final_after: 5m\n"
                                            "closed: {2026-11-26: x}\n");
    int64_t open = utc(2026, 11, 25, 14 * H + 30 * M);
    int64_t close = utc(2026, 11, 25, 21 * H);
    // From the close over a holiday to Friday's opening.
    for (int64_t t = close; t < open + 48 * H; t += H) {
        struct timetable_view view = look(ny, t);
        assert_true(view.is_known);
        assert_false(view.is_open);
        assert_false(view.is_break);
        assert_int_equal(view.session.open_unix_s, open);
        assert_int_equal(view.session.close_unix_s, close);
        assert_int_equal(view.settled_unix_s, close + 5 * M);
        assert_int_equal(view.next_open_unix_s, open + 48 * H);
        assert_int_equal(view.next_close_unix_s, close + 48 * H);
    }
    timetable_destroy(&ny);
}

static void weekends_are_closed_and_days_may_differ(void **state)
{
    (void)state;
    struct timetable *usual = create(TOKYO, "hours: 09:00-15:00\n");
    struct timetable *gulf =
        create(TOKYO, "hours: 09:00-15:00\ndays: [sun, mon, tue, wed, thu]\n");
    for (int day = 0; day < 7; day++) {
        int64_t noon = utc(2026, 11, 22, 3 * H) + day * 86400; // a Sunday
        assert_int_equal(is_open(usual, noon), day >= 1 && day <= 5);
        assert_int_equal(is_open(gulf, noon), day <= 4);
    }
    timetable_destroy(&usual);
    timetable_destroy(&gulf);
}

static void lunch_is_a_break_in_a_session(void **state)
{
    (void)state;
    struct timetable *tokyo =
        create(TOKYO, "hours:\n  - 09:00-11:30\n  - 12:30-15:30\n"
                      "final_after: 1m\n");
    int64_t nine = utc(2026, 11, 24, 0);
    assert_opens(tokyo, nine, nine + 150 * M);
    assert_opens(tokyo, nine + 210 * M, nine + 390 * M);
    struct timetable_view lunch = look(tokyo, nine + 180 * M);
    assert_true(lunch.is_break);
    assert_int_equal(lunch.session.open_unix_s, nine);
    assert_int_equal(lunch.session.close_unix_s, nine + 390 * M);
    assert_int_equal(lunch.session.final_unix_s, nine + 391 * M);
    assert_int_equal(lunch.settled_unix_s, nine + 151 * M);
    assert_int_equal(lunch.next_open_unix_s, nine + 210 * M);
    assert_int_equal(lunch.next_close_unix_s, nine + 390 * M);

    struct timetable_view morning = look(tokyo, nine);
    assert_int_equal(morning.next_close_unix_s, nine + 150 * M);
    assert_int_equal(morning.next_open_unix_s, nine + 210 * M);
    assert_int_equal(morning.session.close_unix_s, nine + 390 * M);
    struct timetable_view afternoon = look(tokyo, nine + 300 * M);
    assert_int_equal(afternoon.session.open_unix_s, nine);
    assert_false(afternoon.is_break);
    struct timetable_view evening = look(tokyo, nine + 390 * M);
    assert_false(evening.is_break);
    assert_int_equal(evening.settled_unix_s, nine + 391 * M);
    assert_int_equal(evening.next_open_unix_s, nine + 24 * H);
    timetable_destroy(&tokyo);
}

static void half_days_are_early(void **state)
{
    (void)state;
    struct timetable *hong_kong =
        create("HKT-8", "hours:\n  - 09:30-12:00\n  - 13:00-16:00\n"
                        "special:\n"
                        "  2026-12-24: 09:30-12:00\n"
                        "  2026-12-26: 10:00-16:00\n"   // a Saturday
                        "  2026-12-28: 13:00-16:00\n"   // a late one
                        "  2026-12-29: 09:30-17:00\n"); // a long one
    int64_t eve = utc(2026, 12, 24, 1 * H + 30 * M);
    struct timetable_view view = look(hong_kong, eve + 3 * H);
    assert_opens(hong_kong, eve, eve + 150 * M);
    assert_false(view.is_break);
    assert_true(view.session.is_early);
    assert_int_equal(view.session.close_unix_s, eve + 150 * M);
    assert_false(is_open(hong_kong, utc(2026, 12, 24, 6 * H)));

    int64_t saturday = utc(2026, 12, 26, 2 * H);
    assert_opens(hong_kong, saturday, saturday + 6 * H);
    assert_false(look(hong_kong, saturday).session.is_early);
    assert_opens(hong_kong, utc(2026, 12, 28, 5 * H), utc(2026, 12, 28, 8 * H));
    assert_false(look(hong_kong, utc(2026, 12, 28, 5 * H)).session.is_early);
    assert_opens(hong_kong, utc(2026, 12, 29, H + 30 * M),
                 utc(2026, 12, 29, 9 * H));
    assert_false(look(hong_kong, utc(2026, 12, 29, 5 * H)).session.is_early);
    timetable_destroy(&hong_kong);
}

static void special_day_may_have_more_periods_than_others(void **state)
{
    (void)state;
    struct timetable *odd =
        create(TOKYO, "hours: 09:00-10:00\ndays: [mon]\nspecial:\n"
                      "  2026-01-01:\n  - 01:00-02:00\n  - 03:00-04:00\n"
                      "  - 05:00-06:00\n  - 07:00-08:00\n"
                      "  2028-12-31:\n  - 01:00-02:00\n  - 03:00-24:00\n");
    int64_t first = utc(2025, 12, 31, 15 * H); // midnight in Tokyo
    for (int hour = 0; hour < 24; hour++) {
        assert_int_equal(is_open(odd, first + hour * H),
                         hour < 8 && hour % 2 == 1);
    }
    int64_t last = utc(2028, 12, 30, 15 * H);
    assert_opens(odd, last + 1 * H, last + 2 * H);
    assert_true(look(odd, last + 24 * H - 1).is_open);
    assert_true(look(odd, last + 24 * H - 1).is_known);
    assert_int_equal(look(odd, last + 4 * H).next_open_unix_s, last + 24 * H);
    timetable_destroy(&odd);
}

/* For three weeks in spring and one in autumn New York is an hour nearer. */
static void summer_begins_apart_on_both_sides_of_the_ocean(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n");
    struct timetable *paris = create(PARIS, "hours: 09:00-17:30\n");
    static const struct {
        unsigned month;
        unsigned day; /* of 2026, all Mondays */
        int ny_half_hour;
        int paris_half_hour;
    } weeks[] = {
        {3, 2, 29, 16},   {3, 9, 27, 16},   {3, 23, 27, 16}, {3, 30, 27, 14},
        {10, 19, 27, 14}, {10, 26, 27, 16}, {11, 2, 29, 16},
    };
    for (size_t i = 0; i < sizeof(weeks) / sizeof(weeks[0]); i++) {
        int64_t midnight = utc(2026, weeks[i].month, weeks[i].day, 0);
        int64_t open = midnight + weeks[i].ny_half_hour * 30 * M;
        assert_opens(ny, open, open + 390 * M);
        open = midnight + weeks[i].paris_half_hour * 30 * M;
        assert_opens(paris, open, open + 510 * M);
    }
    timetable_destroy(&ny);
    timetable_destroy(&paris);
}

static void southern_summer_is_the_other_way(void **state)
{
    (void)state;
    struct timetable *sydney = create(SYDNEY, "hours: 10:00-16:00\n");
    // Fridays and Mondays round the first Sundays of April and October.
    int64_t open = utc(2026, 4, 2, 23 * H); // the day before, in UTC
    assert_opens(sydney, open, open + 6 * H);
    assert_opens(sydney, utc(2026, 4, 6, 0), utc(2026, 4, 6, 6 * H));
    assert_opens(sydney, utc(2026, 10, 2, 0), utc(2026, 10, 2, 6 * H));
    open = utc(2026, 10, 4, 23 * H);
    assert_opens(sydney, open, open + 6 * H);
    timetable_destroy(&sydney);
}

static void leap_day_is_a_day(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n");
    int64_t open = utc(2028, 2, 29, 14 * H + 30 * M); // a Tuesday
    assert_opens(ny, open, open + 390 * M);
    assert_int_equal(look(ny, open - 1).next_open_unix_s, open);
    assert_int_equal(look(ny, open).next_open_unix_s, open + 24 * H);
    timetable_destroy(&ny);
}

static void year_end_is_passed(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n"
                                            "closed: {2027-01-01: x}\n");
    struct timetable_view view = look(ny, utc(2027, 1, 1, 15 * H));
    assert_int_equal(view.session.close_unix_s, utc(2026, 12, 31, 21 * H));
    assert_int_equal(view.next_open_unix_s, utc(2027, 1, 4, 14 * H + 30 * M));
    timetable_destroy(&ny);
}

static void known_years_have_a_first_and_a_last_second(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n");
    int64_t first = utc(2026, 1, 1, 5 * H); // midnight in New York
    int64_t until = utc(2029, 1, 1, 5 * H);
    assert_int_equal(timetable_known_until_unix_s(ny), until);
    assert_false(look(ny, first - 1).is_known);
    assert_true(look(ny, first).is_known);
    assert_true(look(ny, until - 1).is_known);
    assert_false(look(ny, until).is_known);

    // Outside, it is open, and nobody knows for how long.
    struct timetable_view outside = look(ny, until);
    assert_true(outside.is_open);
    assert_false(outside.has_session);
    assert_int_equal(outside.settled_unix_s, TIMETABLE_NEVER);
    assert_int_equal(outside.next_open_unix_s, TIMETABLE_NEVER);
    assert_int_equal(outside.next_close_unix_s, TIMETABLE_NEVER);

    // Before the first session: closed since the known years began.
    struct timetable_view start = look(ny, first);
    assert_false(start.is_open);
    assert_false(start.has_session);
    assert_int_equal(start.settled_unix_s, first);
    assert_int_equal(start.next_open_unix_s, utc(2026, 1, 1, 52200));

    // Behind the last one: the end of the years is the next open.
    struct timetable_view end = look(ny, until - 1);
    assert_false(end.is_open);
    assert_true(end.has_session);
    assert_int_equal(end.next_open_unix_s, until);
    assert_int_equal(end.next_close_unix_s, TIMETABLE_NEVER);
    timetable_destroy(&ny);
}

static void instants_far_away_are_outside(void **state)
{
    (void)state;
    struct timetable *ny = create(NEW_YORK, "hours: 09:30-16:00\n");
    static const int64_t far[] = {INT64_MIN, -1, 0, INT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        assert_false(look(ny, far[i]).is_known);
        assert_true(look(ny, far[i]).is_open);
    }
    timetable_destroy(&ny);
}

static void market_that_never_closes(void **state)
{
    (void)state;
    struct draft draft;
    char error[DRAFT_ERROR_SIZE];
    assert_int_equal(
        draft_read(&draft, span_of("markets: CRYPTO\nhours: always\n"), error),
        0);
    struct timetable *always;
    struct zone *zone = NULL;
    assert_int_equal(timetable_create(&always, &draft, &zone), 0);
    struct timetable_view view = look(always, utc(2026, 11, 22, 0));
    assert_true(view.is_known);
    assert_true(view.is_open);
    assert_false(view.has_session);
    assert_int_equal(view.next_close_unix_s, TIMETABLE_NEVER);
    assert_int_equal(timetable_known_until_unix_s(always), TIMETABLE_NEVER);
    assert_null(timetable_zone(always));
    timetable_destroy(&always);
}

static void unknown_market_is_open(void **state)
{
    (void)state;
    static const int64_t when[] = {INT64_MIN, -1, 0, 1, 1795340000, INT64_MAX};
    for (size_t i = 0; i < 6; i++) {
        struct timetable_view view = look(timetable_unknown(), when[i]);
        assert_false(view.is_known);
        assert_true(view.is_open);
        assert_false(view.has_session);
    }
}

/* Hours at night, through the changes of the clock: each period is there once,
 * in order, and none is of no length. */
static void hours_in_a_skipped_or_repeated_hour(void **state)
{
    (void)state;
    struct timetable *night =
        create(NEW_YORK, "hours:\n  - 01:30-02:15\n  - 02:20-02:40\n"
                         "  - 02:45-03:10\n"
                         "days: [sun, mon, tue, wed, thu, fri, sat]\n");
    int64_t last = 0;
    size_t count = 0;
    struct timetable_view view = look(night, utc(2026, 1, 1, 5 * H));
    while (view.next_close_unix_s != TIMETABLE_NEVER) {
        int64_t open = view.next_open_unix_s;
        view = look(night, open);
        assert_true(view.is_open);
        assert_true(open >= last);
        assert_true(view.next_close_unix_s > open);
        assert_true(view.session.open_unix_s <= open);
        assert_true(view.session.close_unix_s >= view.next_close_unix_s);
        last = view.next_close_unix_s;
        count++;
        view = look(night, last);
    }
    // 02:45 is 03:45 where it is skipped, and 03:10 is before that.
    assert_int_equal(count, 3 * 1096 - 3);
    timetable_destroy(&night);

    // 02:20 is 03:20 there, which is in the period behind it: that is cut.
    night = create(NEW_YORK, "hours:\n  - 02:20-02:40\n  - 03:30-04:00\n"
                             "days: [sun]\n");
    int64_t three = utc(2026, 3, 8, 7 * H);
    assert_opens(night, three + 20 * M, three + 60 * M);
    view = look(night, three + 40 * M);
    assert_true(view.is_open);
    assert_int_equal(view.session.open_unix_s, three + 20 * M);
    assert_int_equal(view.next_close_unix_s, three + 60 * M);
    timetable_destroy(&night);
}

static void oom_no_timetable(void **state)
{
    (void)state;
    struct draft draft;
    char error[DRAFT_ERROR_SIZE];
    const char *text = "markets: XONE\nzone: Test\nfrom: 2026-01-01\n"
                       "to: 2026-12-31\nhours: 09:00-10:00\n";
    assert_int_equal(draft_read(&draft, span_of(text), error), 0);
    struct zone *zone = zone_of(TOKYO);
    int last = ERR_NOMEM;
    TESTING_EACH_ALLOCATION(n)
    {
        struct timetable *timetable;
        last = timetable_create(&timetable, &draft, &zone);
        assert_true((last == 0) == (zone == NULL));
        assert_true((last == 0) == (timetable != NULL));
        timetable_destroy(&timetable); // and the zone, which it has taken
    }
    assert_int_equal(last, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(view_of_an_open_market),
    cmocka_unit_test(view_of_a_closed_market),
    cmocka_unit_test(weekends_are_closed_and_days_may_differ),
    cmocka_unit_test(lunch_is_a_break_in_a_session),
    cmocka_unit_test(half_days_are_early),
    cmocka_unit_test(special_day_may_have_more_periods_than_others),
    cmocka_unit_test(summer_begins_apart_on_both_sides_of_the_ocean),
    cmocka_unit_test(southern_summer_is_the_other_way),
    cmocka_unit_test(leap_day_is_a_day),
    cmocka_unit_test(year_end_is_passed),
    cmocka_unit_test(known_years_have_a_first_and_a_last_second),
    cmocka_unit_test(instants_far_away_are_outside),
    cmocka_unit_test(market_that_never_closes),
    cmocka_unit_test(unknown_market_is_open),
    cmocka_unit_test(hours_in_a_skipped_or_repeated_hour),
    cmocka_unit_test(oom_no_timetable),
};

TEST_MAIN(tests)
