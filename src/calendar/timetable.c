/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/timetable.h"

#include <stddef.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "calendar/draft.h"
#include "calendar/zone.h"

#define DAY_MINUTES 1440

/* Three years of a market are 750 to 1,500 of these: in minutes, and eight
 * bytes each, all markets together take 80 KiB. */
struct period {
    uint32_t open_minute; /* since 1970 */
    uint16_t minutes;
    uint8_t number;   /* in its session, from 0 */
    uint8_t is_early; /* 1: its session is */
};

struct timetable {
    struct zone *zone;
    bool is_always;
    int64_t from_unix_s; /* the known years: from, and not including, until */
    int64_t until_unix_s;
    uint32_t final_after_s;
    size_t count;
    struct period periods[];
};

static int64_t open_unix_s(const struct period *period)
{
    return (int64_t)period->open_minute * 60;
}

static int64_t close_unix_s(const struct period *period)
{
    return ((int64_t)period->open_minute + period->minutes) * 60;
}

/* --- Working out ---------------------------------------------------------- */

/* The instant of a minute of a day; minute 1440 is the next day's first. */
static int64_t unix_s_of(const struct zone *zone, int64_t day, uint16_t minute)
{
    CHECK(minute <= DAY_MINUTES);
    struct clock_date date = clock_date_of_days(day + minute / DAY_MINUTES);
    struct zone_local local = {
        .year = date.year,
        .month = date.month,
        .day = date.day,
        .hour = minute % DAY_MINUTES / 60u,
        .minute = minute % 60u,
    };
    int64_t unix_s = 0;
    int err = zone_unix_s(zone, &local, &unix_s);
    CHECK(err == 0);
    return unix_s;
}

/* The hours of a day; *at goes through the special days as the days go on. */
static const struct draft_hours *hours_of(const struct draft *draft,
                                          int64_t day, size_t *at)
{
    static const struct draft_hours none = {.count = 0};
    while (*at < draft->specials_count && draft->specials[*at].day < day) {
        (*at)++;
    }
    if (*at < draft->specials_count && draft->specials[*at].day == day) {
        return &draft->specials[*at].hours;
    }
    int64_t weekday = ((day + 4) % 7 + 7) % 7; // 1970 began on a Thursday
    return draft->is_trading[weekday] ? &draft->hours : &none;
}

static bool is_early(const struct draft_hours *hours,
                     const struct draft_hours *usual)
{
    return hours->periods[hours->count - 1].to_minute <
           usual->periods[usual->count - 1].to_minute;
}

/* When the last of the periods so far closes. */
static int64_t last_close_unix_s(const struct timetable *timetable)
{
    return timetable->count > 0
               ? close_unix_s(&timetable->periods[timetable->count - 1])
               : 0;
}

static void add_session(struct timetable *timetable,
                        const struct draft_hours *hours, int64_t day,
                        bool early)
{
    uint8_t number = 0;
    for (size_t i = 0; i < hours->count; i++) {
        const struct draft_period *hour = &hours->periods[i];
        int64_t open = unix_s_of(timetable->zone, day, hour->from_minute);
        int64_t close = unix_s_of(timetable->zone, day, hour->to_minute);
        // A clock that is put forward moves what begins in the hour that it
        // passes over: onto the period behind it, or past its own end.
        int64_t last_close = last_close_unix_s(timetable);
        open = open > last_close ? open : last_close;
        if (close <= open) {
            continue;
        }
        CHECK(close / 60 < UINT32_MAX && close - open <= UINT16_MAX * 60);
        timetable->periods[timetable->count++] = (struct period){
            .open_minute = (uint32_t)(open / 60),
            .minutes = (uint16_t)((close - open) / 60),
            .number = number,
            .is_early = early,
        };
        number++;
    }
}

static void add_sessions(struct timetable *timetable, const struct draft *draft)
{
    size_t at = 0;
    for (int64_t day = draft->from_day; day <= draft->to_day; day++) {
        const struct draft_hours *hours = hours_of(draft, day, &at);
        if (hours->count > 0) {
            add_session(timetable, hours, day, is_early(hours, &draft->hours));
        }
    }
}

/* How many periods there will be at most. */
static size_t count_periods(const struct draft *draft)
{
    size_t count = 0;
    size_t at = 0;
    for (int64_t day = draft->from_day; day <= draft->to_day; day++) {
        count += hours_of(draft, day, &at)->count;
    }
    return count;
}

int timetable_create(struct timetable **out, const struct draft *draft,
                     struct zone **zone)
{
    CHECK(draft->is_always == (*zone == NULL));
    size_t count = draft->is_always ? 0 : count_periods(draft);
    struct timetable *timetable = mem_calloc(
        1, sizeof(*timetable) + count * sizeof(timetable->periods[0]));
    *out = timetable;
    if (timetable == NULL) {
        return ERR_NOMEM;
    }
    timetable->is_always = draft->is_always;
    timetable->zone = *zone;
    *zone = NULL;
    if (!draft->is_always) {
        CHECK(draft->hours.count > 0 && draft->from_day <= draft->to_day);
        timetable->from_unix_s = unix_s_of(timetable->zone, draft->from_day, 0);
        timetable->until_unix_s =
            unix_s_of(timetable->zone, draft->to_day, DAY_MINUTES);
        timetable->final_after_s = draft->final_after_s;
        add_sessions(timetable, draft);
        CHECK(timetable->count <= count);
    }
    return 0;
}

void timetable_destroy(struct timetable **timetable)
{
    if (*timetable == NULL) {
        return;
    }
    zone_destroy(&(*timetable)->zone);
    mem_free(*timetable);
    *timetable = NULL;
}

const struct timetable *timetable_unknown(void)
{
    // Its known years end where they begin.
    static const struct timetable unknown = {.is_always = false};
    return &unknown;
}

/* --- Looking -------------------------------------------------------------- */

/* How many periods have begun at an instant. */
static size_t count_begun(const struct timetable *timetable, int64_t unix_s)
{
    size_t low = 0;
    size_t high = timetable->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (open_unix_s(&timetable->periods[middle]) <= unix_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The session of the period `at`. */
static struct timetable_session session_of(const struct timetable *timetable,
                                           size_t at)
{
    const struct period *periods = timetable->periods;
    CHECK(at < timetable->count && periods[at].number <= at);
    size_t first = at - periods[at].number;
    size_t last = at;
    while (last + 1 < timetable->count && periods[last + 1].number > 0) {
        last++;
    }
    int64_t close = close_unix_s(&periods[last]);
    return (struct timetable_session){
        .open_unix_s = open_unix_s(&periods[first]),
        .close_unix_s = close,
        .final_unix_s = close + timetable->final_after_s,
        .is_early = periods[first].is_early != 0,
    };
}

/* What follows when `begun` periods have begun. */
static void look_ahead(const struct timetable *timetable, size_t begun,
                       struct timetable_view *out)
{
    out->next_open_unix_s = timetable->until_unix_s;
    out->next_close_unix_s = TIMETABLE_NEVER;
    if (begun < timetable->count) {
        out->next_open_unix_s = open_unix_s(&timetable->periods[begun]);
        out->next_close_unix_s = close_unix_s(&timetable->periods[begun]);
    }
    if (out->is_open) {
        out->next_close_unix_s = close_unix_s(&timetable->periods[begun - 1]);
    }
}

void timetable_look(const struct timetable *timetable, int64_t unix_s,
                    struct timetable_view *out)
{
    bool is_inside =
        unix_s >= timetable->from_unix_s && unix_s < timetable->until_unix_s;
    *out = (struct timetable_view){
        .is_known = timetable->is_always || is_inside,
        .is_open = true,
        .settled_unix_s = TIMETABLE_NEVER,
        .next_open_unix_s = TIMETABLE_NEVER,
        .next_close_unix_s = TIMETABLE_NEVER,
    };
    if (timetable->is_always || !is_inside) {
        return;
    }
    size_t begun = count_begun(timetable, unix_s);
    out->is_open = false;
    out->settled_unix_s = timetable->from_unix_s; // nothing is known before
    if (begun > 0) {
        const struct period *period = &timetable->periods[begun - 1];
        out->is_open = unix_s < close_unix_s(period);
        out->has_session = true;
        out->session = session_of(timetable, begun - 1);
        out->is_break = !out->is_open && unix_s < out->session.close_unix_s;
        out->settled_unix_s =
            out->is_open ? TIMETABLE_NEVER
                         : close_unix_s(period) + timetable->final_after_s;
    }
    look_ahead(timetable, begun, out);
}

int64_t timetable_known_until_unix_s(const struct timetable *timetable)
{
    return timetable->is_always ? TIMETABLE_NEVER : timetable->until_unix_s;
}

const struct zone *timetable_zone(const struct timetable *timetable)
{
    return timetable->zone;
}
