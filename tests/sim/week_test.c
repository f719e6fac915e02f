/* SPDX-License-Identifier: Apache-2.0 */
/*
 * week_test.c -- a week of a free key, in virtual time.
 *
 * Ten symbols of New York, a key with one call a second and 25 a day, of which
 * nobody knows whether it turns in New York or by UTC (as Alpha Vantage's),
 * people who ask for each symbol about once a minute from early to late, every
 * day of the week, and a server that is killed twice.
 *
 * Claims: no call over the limits; nothing fetched while the market is closed
 * but each closing price, once; in open hours no price older than the ideal
 * spacing allows by more than a fifth.  The ideal: of 25 calls ten are for
 * closing prices, the others spread evenly over the open hours; on the first
 * day ten more are for the first prices, before the market opens.
 */
#include <stdio.h>

#include "base/err.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "sim/world.h"

#define SYMBOLS       10
#define CALLS_A_DAY   25
#define DAYS          7
#define TRADING_DAYS  5
#define KILLS         2
#define OPEN_HOURS_MS (6 * HOUR_MS + HOUR_MS / 2)

/* Monday 2026-03-02, 00:00 in New York; the week's Sunday has a change of
 * clocks. */
#define BEGIN_UNIX_MS INT64_C(1772427600000)

/* What came of a day. */
struct day {
    unsigned calls;
    unsigned open;      // in open hours
    unsigned first;     // for first prices, on the first morning
    unsigned closing;   // for closing prices
    unsigned closed;    // others while the market is closed: none
    unsigned waited;    // requests that had to wait
    uint64_t oldest_ms; // in open hours
    uint64_t ideal_ms;
};

struct week {
    struct world world;
    struct calendar *calendar;
    struct zone *zone;
    size_t killed;
    struct day days[DAYS];
};

/* When the server is killed, in hours from the begin. */
static const uint64_t kills_h[KILLS] = {24 + 11, 3 * 24 + 17};

/* --- Watching ---------------------------------------------------------------
 */

static uint64_t since_begin_ms(const struct week *week)
{
    return (uint64_t)(week->world.now.unix_ms - BEGIN_UNIX_MS);
}

static struct day *today(struct week *week)
{
    return &week->days[since_begin_ms(week) / DAY_MS];
}

/* How old the oldest price is, counted from the begin of the session at the
 * earliest; 0 while the market is closed. */
static uint64_t look_at_ages(struct week *week)
{
    const struct world *world = &week->world;
    struct timetable_view view;
    timetable_look(world->hours, world->now.unix_ms / 1000, &view);
    uint64_t oldest_ms = 0;
    for (size_t i = 0; view.is_open && i < SYMBOLS; i++) {
        int64_t since_ms = view.session.open_unix_s * 1000;
        int64_t fetched_ms = world->symbols[i].quote.fetched_unix_ms;
        since_ms = fetched_ms > since_ms ? fetched_ms : since_ms;
        uint64_t age_ms = (uint64_t)(world->now.unix_ms - since_ms);
        oldest_ms = age_ms > oldest_ms ? age_ms : oldest_ms;
    }
    struct day *day = today(week);
    day->oldest_ms = oldest_ms > day->oldest_ms ? oldest_ms : day->oldest_ms;
    return oldest_ms;
}

static int64_t day_there(const struct zone *zone, int64_t unix_ms)
{
    int64_t unix_s = unix_ms / 1000;
    return (unix_s + (zone == NULL ? 0 : zone_offset_s(zone, unix_s))) / 86400;
}

/* The calls of a day of a zone; NULL is UTC. */
static unsigned count_of_day(const struct week *week, const struct zone *zone,
                             size_t day)
{
    unsigned count = 0;
    for (size_t i = 0; i < week->world.calls_count; i++) {
        int64_t days = day_there(zone, week->world.calls[i].unix_ms) -
                       day_there(zone, BEGIN_UNIX_MS);
        count += (size_t)days == day;
    }
    return count;
}

/* A price every quarter of an hour for the plot. */
static void print_moment(struct week *week, uint64_t oldest_ms)
{
    uint64_t at_ms = since_begin_ms(week);
    if (world_prints_rows() && at_ms % (HOUR_MS / 4) == 0) {
        printf("at %.2f %.3f %u\n", (double)at_ms / (double)HOUR_MS,
               (double)oldest_ms / (double)HOUR_MS,
               count_of_day(week, week->zone, at_ms / DAY_MS));
    }
}

/* --- The week ---------------------------------------------------------------
 */

static void open_week(struct week *week)
{
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&week->calendar), 0);
    assert_int_equal(calendar_add_built_in(week->calendar, ZONE_FOLDER, error),
                     0);
    assert_int_equal(zone_create(&week->zone, ZONE_FOLDER,
                                 span_of("America/New_York"), error),
                     0);
    world_open(&week->world, SYMBOLS,
               "limits:\n"
               "  - [1, s]\n"
               "  - [25, d]\n"
               "turns: [{zone: UTC}, {zone: America/New_York}]\n",
               calendar_find(week->calendar, span_of("XNYS")),
               (struct steady_time){BEGIN_UNIX_MS, 40 * DAY_MS});
}

static void close_week(struct week *week)
{
    world_close(&week->world);
    calendar_destroy(&week->calendar);
    zone_destroy(&week->zone);
}

/* People are awake from 07:00 to 22:00, and each symbol is asked for about once
 * a minute then. */
static void ask(struct week *week)
{
    struct world *world = &week->world;
    struct zone_local local;
    zone_local_of(week->zone, world->now.unix_ms / 1000, &local);
    bool is_awake = local.hour >= 7 && local.hour < 22;
    for (size_t i = 0; is_awake && i < SYMBOLS; i++) {
        if (testing_random(&world->random) % 120 == 0) {
            enum world_answer answer = world_ask(world, &world->symbols[i]);
            today(week)->waited += answer == WORLD_WAITS;
        }
    }
}

static void live(struct week *week)
{
    const uint64_t step_ms = 500;
    while (since_begin_ms(week) < DAYS * DAY_MS - step_ms) {
        world_pass(&week->world, step_ms);
        if (week->killed < KILLS &&
            since_begin_ms(week) >= kills_h[week->killed] * HOUR_MS) {
            week->killed++;
            world_kill_and_start(&week->world);
        }
        ask(week);
        world_settle(&week->world);
        print_moment(week, look_at_ages(week));
    }
}

/* --- What came of it --------------------------------------------------------
 */

static void check_limits(const struct week *week)
{
    assert_int_equal(world_most_within(&week->world, 1000), 1);
    for (size_t day = 0; day <= DAYS; day++) {
        assert_true(count_of_day(week, week->zone, day) <= CALLS_A_DAY);
        assert_true(count_of_day(week, NULL, day) <= CALLS_A_DAY);
    }
}

/* While the market is closed: the first prices of all on the first morning, and
 * then each closing price once, within an hour of the close. */
static void count_days(struct week *week)
{
    unsigned closing[DAYS][SYMBOLS] = {{0}};
    for (size_t i = 0; i < week->world.calls_count; i++) {
        const struct world_call *call = &week->world.calls[i];
        uint64_t at_ms = (uint64_t)(call->unix_ms - BEGIN_UNIX_MS);
        uint64_t hour_ms = at_ms % DAY_MS;
        size_t number = at_ms / DAY_MS;
        struct day *day = &week->days[number];
        bool is_first = number == 0 && hour_ms < 9 * HOUR_MS;
        bool is_closing = number < TRADING_DAYS && !call->is_open &&
                          hour_ms >= 16 * HOUR_MS && hour_ms < 17 * HOUR_MS &&
                          closing[number][call->symbol]++ == 0;
        day->calls++;
        day->open += call->is_open;
        day->first += is_first;
        day->closing += is_closing;
        day->closed += !call->is_open && !is_first && !is_closing;
    }
    for (size_t i = 0; i < TRADING_DAYS; i++) {
        unsigned open = CALLS_A_DAY - SYMBOLS - (i == 0 ? SYMBOLS : 0);
        week->days[i].ideal_ms = OPEN_HOURS_MS * SYMBOLS / open;
    }
}

static void print_week(const struct week *week)
{
    for (size_t i = 0; world_prints_rows() && i < KILLS; i++) {
        printf("kill %u\n", (unsigned)kills_h[i]);
    }
    for (size_t i = 0; world_prints_rows() && i < DAYS; i++) {
        const struct day *day = &week->days[i];
        printf("day %zu %u %u %u %u %u %u %.2f %.2f\n", i + 1, day->calls,
               day->open, day->first, day->closing, day->closed, day->waited,
               (double)day->oldest_ms / (double)HOUR_MS,
               (double)day->ideal_ms / (double)HOUR_MS);
    }
}

static void a_week_of_a_free_key(void **state)
{
    (void)state;
    static struct week week;
    open_week(&week);
    live(&week);
    check_limits(&week);
    count_days(&week);
    print_week(&week);
    for (size_t i = 0; i < DAYS; i++) {
        const struct day *day = &week.days[i];
        assert_int_equal(day->closed, 0);
        assert_int_equal(day->first, i == 0 ? SYMBOLS : 0);
        assert_int_equal(day->closing, i < TRADING_DAYS ? SYMBOLS : 0);
        assert_true(day->waited == 0 || i == 0);
        assert_true(day->oldest_ms <= day->ideal_ms * 12 / 10);
    }
    assert_int_equal(week.killed, KILLS);
    close_week(&week);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_week_of_a_free_key),
};

WORLD_MAIN(tests)
