/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/turn.h"

#include <inttypes.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "budget/integers.h"
#include "calendar/zone.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  (24 * HOUR_S)

/* An instant beyond this (the year 9999) is none. */
#define INSTANT_MS_LIMIT INT64_C(253402300800000)

void turn_init(struct turn *turn, const struct turn_rule *rule)
{
    CHECK(rule->n > 0);
    CHECK(rule->hour < 24);
    *turn = (struct turn){
        .rule = *rule,
        .start_unix_ms = INT64_MIN,
        .end_unix_ms = INT64_MIN,
    };
}

/* Seconds to add to UTC there. */
static int64_t offset_s(const struct turn_rule *rule, int64_t unix_s)
{
    return rule->zone == NULL ? 0 : zone_offset_s(rule->zone, unix_s);
}

/* The date on which the local day of an instant began, as a number. */
static int64_t day_of(const struct turn_rule *rule, int64_t unix_ms)
{
    int64_t unix_s = unix_ms / 1000 - (unix_ms % 1000 < 0);
    int64_t local_s =
        unix_s + offset_s(rule, unix_s) - (int64_t)rule->hour * HOUR_S;
    return local_s / DAY_S - (local_s % DAY_S < 0);
}

/* The instant at which the local day of a date begins. */
static int64_t begins_at_ms(const struct turn_rule *rule, int64_t day)
{
    if (rule->zone == NULL) {
        return (day * DAY_S + (int64_t)rule->hour * HOUR_S) * 1000;
    }
    struct clock_date date = clock_date_of_days(day);
    struct zone_local local = {
        .year = date.year,
        .month = date.month,
        .day = date.day,
        .hour = rule->hour,
    };
    int64_t unix_s;
    int err = zone_unix_s(rule->zone, &local, &unix_s);
    CHECK(err == 0); // the date is one
    return unix_s * 1000;
}

/* The first days of the period that a day is in, and of the one behind it. */
static void period_of(const struct turn_rule *rule, int64_t day, int64_t *first,
                      int64_t *next)
{
    if (!rule->is_month) {
        *first = day;
        *next = day + 1;
        return;
    }
    struct clock_date date = clock_date_of_days(day);
    bool is_last = date.month == 12;
    *first = clock_days_of_date(date.year, date.month, 1);
    *next = clock_days_of_date(date.year + is_last,
                               is_last ? 1 : date.month + 1, 1);
}

bool turn_advance(struct turn *turn, int64_t now_unix_ms)
{
    int64_t there_ms = now_unix_ms - TURN_MARGIN_MS;
    if (turn->end_unix_ms != INT64_MIN && there_ms < turn->end_unix_ms) {
        return false;
    }
    int64_t first;
    int64_t next;
    period_of(&turn->rule, day_of(&turn->rule, there_ms), &first, &next);
    int64_t start_ms = begins_at_ms(&turn->rule, first);
    // What was spent near the end counts in the period right behind it, and
    // all of it where that began before the end: the rule turns elsewhere now.
    bool is_right_behind = start_ms == turn->end_unix_ms;
    bool overlaps = start_ms < turn->end_unix_ms;
    turn->spent = is_right_behind ? turn->late : overlaps ? turn->spent : 0;
    turn->late = 0;
    turn->start_unix_ms = start_ms;
    turn->end_unix_ms = begins_at_ms(&turn->rule, next);
    CHECK(turn->end_unix_ms > there_ms);
    return true;
}

bool turn_is_late(const struct turn *turn, int64_t now_unix_ms)
{
    return now_unix_ms >= turn->end_unix_ms - TURN_MARGIN_MS;
}

uint32_t turn_left(const struct turn *turn)
{
    uint32_t n = turn->rule.n;
    return turn->spent >= n ? 0 : n - (uint32_t)turn->spent;
}

int64_t turn_at_unix_ms(const struct turn *turn)
{
    CHECK(turn->end_unix_ms != INT64_MIN);
    return turn->end_unix_ms + TURN_MARGIN_MS;
}

void turn_spend(struct turn *turn, int64_t now_unix_ms, uint32_t count)
{
    turn->spent += count;
    turn->late += turn_is_late(turn, now_unix_ms) ? count : 0;
}

void turn_exhaust(struct turn *turn)
{
    turn->spent = turn->spent > turn->rule.n ? turn->spent : turn->rule.n;
}

void turn_save(const struct turn *turn, struct buffer *out)
{
    buffer_printf(out, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64,
                  turn->start_unix_ms, turn->end_unix_ms, turn->spent,
                  turn->late);
}

int turn_load(struct turn *turn, struct span *words)
{
    int64_t value[4];
    for (int i = 0; i < 4; i++) {
        if (integers_take(words, &value[i]) != 0) {
            return ERR_SYNTAX;
        }
    }
    bool is_period = value[0] < value[1] && value[0] > -INSTANT_MS_LIMIT &&
                     value[1] < INSTANT_MS_LIMIT;
    if (!is_period || value[2] < value[3] || value[3] < 0) {
        return ERR_SYNTAX;
    }
    turn->start_unix_ms = value[0];
    turn->end_unix_ms = value[1];
    turn->spent = (uint64_t)value[2];
    turn->late = (uint64_t)value[3];
    return 0;
}
