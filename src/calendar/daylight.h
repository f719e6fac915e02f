/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daylight.h -- the rule by which a zone's offset goes on changing.
 *
 * The last line of a time zone file (RFC 8536, 3.3) holds it in the form of
 * POSIX's TZ variable, "EST5EDT,M3.2.0,M11.1.0", with RFC 8536's extension:
 * times of day from -167 to 167 hours.  A plain value; pure functions.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Which day of a year. */
enum daylight_day {
    DAYLIGHT_WEEKDAY,  /* Mm.w.d: weekday d of month m, the w-th; 5: the last */
    DAYLIGHT_NOT_LEAP, /* Jn: day n, from 1, February 29 never counted */
    DAYLIGHT_PLAIN,    /* n: day n, from 0, February 29 counted */
};

struct daylight_date {
    enum daylight_day kind;
    int month;      /* 1 to 12 */
    int week;       /* 1 to 5 */
    int day;        /* of the week, 0 is Sunday; or of the year */
    int32_t time_s; /* after the day's local midnight; may be negative */
};

struct daylight {
    int32_t standard_s; /* seconds to add to UTC */
    bool has_summer;    /* false: always standard_s; nothing below is set */
    int32_t summer_s;
    struct daylight_date start; /* when summer_s begins, in standard time */
    struct daylight_date end;   /* when it ends, in summer time */
};

/* An offset that changes at an instant; the form in which zones count. */
struct daylight_change {
    int64_t at_unix_s;
    int32_t before_s;
    int32_t after_s;
};

/* Read a rule.  Returns 0, or ERR_SYNTAX where it is not of the form or a
 * number is out of its range.  Threads: any, as below. */
int daylight_parse(struct daylight *out, struct span text);

/*
 * Whether a change has been made at `when`: an instant (Unix seconds), or with
 * is_local what a local clock shows, written as if it were UTC.  A local clock
 * that shows a time it skipped, or shows one for the first time of two, has not
 * changed yet.
 */
bool daylight_has_come(const struct daylight_change *change, int64_t when_s,
                       bool is_local);

/* Seconds to add to UTC at `when`, which is as above; for years -9999 to 99999
 * (checked). */
int32_t daylight_offset_s(const struct daylight *daylight, int64_t when_s,
                          bool is_local);
