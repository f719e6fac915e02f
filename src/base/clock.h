/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h -- time, passed in.
 *
 * Two clocks: `mono` never goes back and is what ages, deadlines and freshness
 * are counted in; `unix` is the wall clock, only ever shown to people.  A test
 * hands in a clock of its own.
 */

#pragma once

#include <stdint.h>

#define CLOCK_NS_PER_MS 1000000u

/* The monotonic clock's time when the machine starts: late enough that what is
 * older than that has a time on it, too (some 35 years). */
#define CLOCK_MONO_FIRST_MS (UINT64_C(1) << 40)

struct clock {
    /* Milliseconds since some start; never goes back. */
    uint64_t (*mono_ms)(const struct clock *clock);
    /* Milliseconds since 1970-01-01T00:00:00Z, by the wall clock. */
    int64_t (*unix_ms)(const struct clock *clock);
};

/* The machine's clocks.  BORROWED, static.  Threads: any. */
const struct clock *clock_system(void);

/* The machine's monotonic clock in microseconds, for taking how long something
 * took.  Threads: any. */
uint64_t clock_system_us(void);

/* The monotonic clock's time.  Threads: any. */
static inline uint64_t clock_mono_ms(const struct clock *clock)
{
    return clock->mono_ms(clock);
}

/* The wall clock's time.  Threads: any. */
static inline int64_t clock_unix_ms(const struct clock *clock)
{
    return clock->unix_ms(clock);
}

/* Bytes of "2026-11-22T07:41:14.123Z" and its 0. */
#define CLOCK_TEXT_SIZE 25

/*
 * Write an instant as RFC 3339 in UTC with milliseconds; years 0 to 9999, the
 * nearest of them otherwise.  Returns the length, 24.  Threads: any.
 */
int clock_print_unix_ms(char out[CLOCK_TEXT_SIZE], int64_t unix_ms);

/*
 * Days since 1970-01-01 of a date of the proleptic Gregorian calendar; month 1
 * to 12, day 1 to 31 (checked).  The algorithm counts years from March, so that
 * the leap day is a year's last.  Threads: any.
 */
int64_t clock_days_of_date(int64_t year, unsigned month, unsigned day);

/* A date of the proleptic Gregorian calendar. */
struct clock_date {
    int64_t year;
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

/* The date that is so many days after 1970-01-01, which is the other way round;
 * less than 2^45 of them either way (checked).  Threads: any. */
struct clock_date clock_date_of_days(int64_t days);
