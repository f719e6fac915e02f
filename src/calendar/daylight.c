/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/daylight.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"

#define HOUR_S 3600
#define DAY_S  86400

/* Two in the morning, where a rule names no time. */
#define DEFAULT_TIME_S (2 * HOUR_S)

/* --- Reading -------------------------------------------------------------- */

/* What of a rule is still to be read.  The first failure stays. */
struct cursor {
    struct span rest;
    bool failed;
};

static char peek(const struct cursor *cursor)
{
    return cursor->rest.len > 0 ? cursor->rest.data[0] : '\0';
}

static void step(struct cursor *cursor)
{
    CHECK(cursor->rest.len > 0);
    cursor->rest.data++;
    cursor->rest.len--;
}

/* Take a character if it is next. */
static bool take(struct cursor *cursor, char wanted)
{
    if (cursor->rest.len == 0 || peek(cursor) != wanted) {
        return false;
    }
    step(cursor);
    return true;
}

static void need(struct cursor *cursor, char wanted)
{
    cursor->failed = !take(cursor, wanted) || cursor->failed;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A number of one to three digits, within a range. */
static int read_number(struct cursor *cursor, int min, int max)
{
    int value = 0;
    int digits = 0;
    while (is_digit(peek(cursor)) && digits < 3) {
        value = 10 * value + (peek(cursor) - '0');
        digits++;
        step(cursor);
    }
    if (digits == 0 || value < min || value > max) {
        cursor->failed = true;
        return min;
    }
    return value;
}

/* The name of a kind of time, "EST" or "<+0330>", which nobody here needs. */
static void skip_name(struct cursor *cursor)
{
    bool is_quoted = take(cursor, '<');
    int len = 0;
    while (is_letter(peek(cursor)) ||
           (is_quoted && (is_digit(peek(cursor)) || peek(cursor) == '+' ||
                          peek(cursor) == '-'))) {
        step(cursor);
        len++;
    }
    if (is_quoted) {
        need(cursor, '>');
    }
    cursor->failed = cursor->failed || len < 3;
}

/* [+-]hh[:mm[:ss]], in seconds. */
static int32_t read_time(struct cursor *cursor, int hours_max)
{
    bool is_negative = take(cursor, '-');
    if (!is_negative) {
        take(cursor, '+');
    }
    int32_t seconds = HOUR_S * read_number(cursor, 0, hours_max);
    if (take(cursor, ':')) {
        seconds += 60 * read_number(cursor, 0, 59);
        if (take(cursor, ':')) {
            seconds += read_number(cursor, 0, 59);
        }
    }
    return is_negative ? -seconds : seconds;
}

/* An offset: POSIX counts it westwards, everybody else eastwards. */
static int32_t read_offset(struct cursor *cursor)
{
    return -read_time(cursor, 24);
}

static struct daylight_date read_date(struct cursor *cursor)
{
    struct daylight_date date = {.time_s = DEFAULT_TIME_S};
    need(cursor, ',');
    if (take(cursor, 'M')) {
        date.kind = DAYLIGHT_WEEKDAY;
        date.month = read_number(cursor, 1, 12);
        need(cursor, '.');
        date.week = read_number(cursor, 1, 5);
        need(cursor, '.');
        date.day = read_number(cursor, 0, 6);
    } else if (take(cursor, 'J')) {
        date.kind = DAYLIGHT_NOT_LEAP;
        date.day = read_number(cursor, 1, 365);
    } else {
        date.kind = DAYLIGHT_PLAIN;
        date.day = read_number(cursor, 0, 365);
    }
    if (take(cursor, '/')) {
        date.time_s = read_time(cursor, 167);
    }
    return date;
}

int daylight_parse(struct daylight *out, struct span text)
{
    struct cursor cursor = {.rest = text};
    struct daylight daylight = {.has_summer = false};
    skip_name(&cursor);
    daylight.standard_s = read_offset(&cursor);
    if (cursor.rest.len > 0) {
        daylight.has_summer = true;
        daylight.summer_s = daylight.standard_s + HOUR_S;
        skip_name(&cursor);
        if (peek(&cursor) != ',') {
            daylight.summer_s = read_offset(&cursor);
        }
        daylight.start = read_date(&cursor);
        daylight.end = read_date(&cursor);
    }
    if (cursor.failed || cursor.rest.len > 0) {
        return ERR_SYNTAX;
    }
    *out = daylight;
    return 0;
}

/* --- Counting ------------------------------------------------------------- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of the w-th weekday of a month. */
static int64_t days_of_weekday(const struct daylight_date *date, int64_t year)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
    CHECK(date->month >= 1 && date->month <= 12);
    int length = lengths[date->month - 1];
    if (date->month == 2 && is_leap(year)) {
        length = 29;
    }
    int64_t first = clock_days_of_date(year, (unsigned)date->month, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; // 1970 began on a Thursday
    int64_t day = (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
    return first + (day < length ? day : day - 7);
}

/* The local midnight, as if it were UTC, and the time after it. */
static int64_t local_s_of(const struct daylight_date *date, int64_t year)
{
    int64_t days = 0;
    if (date->kind == DAYLIGHT_WEEKDAY) {
        days = days_of_weekday(date, year);
    } else if (date->kind == DAYLIGHT_NOT_LEAP) {
        bool is_behind_february = date->day >= 60;
        days = clock_days_of_date(year, 1, 1) + date->day - 1 +
               (is_behind_february && is_leap(year));
    } else {
        days = clock_days_of_date(year, 1, 1) + date->day;
    }
    return days * DAY_S + date->time_s;
}

bool daylight_has_come(const struct daylight_change *change, int64_t when_s,
                       bool is_local)
{
    int32_t later_s =
        change->before_s > change->after_s ? change->before_s : change->after_s;
    return change->at_unix_s + (is_local ? later_s : 0) <= when_s;
}

int32_t daylight_offset_s(const struct daylight *daylight, int64_t when_s,
                          bool is_local)
{
    if (!daylight->has_summer) {
        return daylight->standard_s;
    }
    int32_t standard_s = daylight->standard_s;
    int32_t summer_s = daylight->summer_s;
    int64_t year = clock_date_of_days(when_s / DAY_S).year;
    CHECK(year >= -10000 && year <= 100000);

    // The last change that has come decides.  It may lie two years back: both
    // may stand at a year's end, and a week behind it.
    int32_t offset_s = standard_s;
    int64_t last_unix_s = INT64_MIN;
    for (int64_t y = year - 2; y <= year + 1; y++) {
        struct daylight_change end = {local_s_of(&daylight->end, y) - summer_s,
                                      summer_s, standard_s};
        struct daylight_change start = {
            local_s_of(&daylight->start, y) - standard_s, standard_s, summer_s};
        if (daylight_has_come(&end, when_s, is_local) &&
            end.at_unix_s > last_unix_s) {
            last_unix_s = end.at_unix_s;
            offset_s = standard_s;
        }
        // Not later than an end is enough: so is summer all the year written.
        if (daylight_has_come(&start, when_s, is_local) &&
            start.at_unix_s >= last_unix_s) {
            last_unix_s = start.at_unix_s;
            offset_s = summer_s;
        }
    }
    return offset_s;
}
