/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h -- a calendar as its file says it, before it is a timetable.
 *
 *     markets: [XNYS, XNAS]
 *     zone: America/New_York
 *     from: 2026-01-01
 *     to: 2028-12-31
 *     hours: 09:30-16:00
 *     final_after: 5m
 *     closed:
 *       2026-01-01: New Year's Day
 *     special:
 *       2026-11-27: 09:30-13:00
 *
 * docs/calendars.md explains the keys.  The inside of calendar.h.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "calendar/zone.h"

#define DRAFT_ERROR_SIZE 256

/* A MIC has four letters or digits; the markets that have none (CRYPTO) have a
 * word. */
#define DRAFT_MARKET_LIMIT 8

#define DRAFT_MARKETS_LIMIT 32
#define DRAFT_PERIODS_LIMIT                                                 \
    4                             /* in a session; no market known has more \
                                     than two */
#define DRAFT_SPECIALS_LIMIT 256  /* three years have about ten */
#define DRAFT_DAYS_LIMIT     7305 /* 20 years */

/* From and to which minute of a day, local; `to` may be 1440. */
struct draft_period {
    uint16_t from_minute;
    uint16_t to_minute;
};

struct draft_hours {
    size_t count;
    struct draft_period periods[DRAFT_PERIODS_LIMIT];
};

/* A day with hours of its own; none of them: it is closed. */
struct draft_special {
    int64_t day; /* since 1970-01-01 */
    size_t line;
    struct draft_hours hours;
};

struct draft {
    size_t markets_count;
    char markets[DRAFT_MARKETS_LIMIT][DRAFT_MARKET_LIMIT + 1];
    char zone[ZONE_NAME_LIMIT + 1];
    size_t zone_line;
    int64_t from_day;
    int64_t to_day;     /* the last one, included */
    bool is_always;     /* nothing else of this struct is set but the markets */
    bool is_trading[7]; /* by weekday, Sunday first */
    struct draft_hours hours;
    uint32_t final_after_s;
    size_t specials_count;
    struct draft_special specials[DRAFT_SPECIALS_LIMIT]; /* in order of day */
};

/*
 * Read a calendar's file.  Returns 0 and *out is complete; or ERR_SYNTAX or
 * ERR_NOMEM with a line and a sentence in `error`, and *out is undefined.
 * Threads: any.
 */
int draft_read(struct draft *out, struct span yaml,
               char error[DRAFT_ERROR_SIZE]);
