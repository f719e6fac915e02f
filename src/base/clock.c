/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/digits.h"

IMPLEMENTS(mono_ms)
static uint64_t system_mono_ms(const struct clock *clock)
{
    (void)clock;
    struct timespec now;
    // CLOCK_BOOTTIME goes on while the machine is suspended: a quote ages then.
    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return CLOCK_MONO_FIRST_MS + (uint64_t)now.tv_sec * 1000 +
           (uint64_t)now.tv_nsec / CLOCK_NS_PER_MS;
}

IMPLEMENTS(unix_ms)
static int64_t system_unix_ms(const struct clock *clock)
{
    (void)clock;
    struct timespec now;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 +
           (int64_t)now.tv_nsec / (int64_t)CLOCK_NS_PER_MS;
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {
        .mono_ms = system_mono_ms,
        .unix_ms = system_unix_ms,
    };
    return &system_clock;
}

uint64_t clock_system_us(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* From 0000-03-01, the first day of a year that ends with its leap day. */
#define DAYS_TO_1970 719468

#define DAYS_OF_400_YEARS 146097

int64_t clock_days_of_date(int64_t year, unsigned month, unsigned day)
{
    CHECK(month >= 1 && month <= 12);
    CHECK(day >= 1 && day <= 31);
    int64_t from_march = month <= 2 ? year - 1 : year;
    int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400;
    int64_t year_of_era = from_march - era * 400;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_OF_400_YEARS + day_of_era - DAYS_TO_1970;
}

/* What a quarter of a day is of a year of 1461 such, in 2^32ths, and what a day
 * is of a month from March on, in 2^16ths, of which the first has so many: with
 * these (Neri and Schneider, 2022) no division is by more than a constant, and
 * the remainder of each is in the low bits.  That they are exact for all days
 * of 400 years is tested for each. */
#define YEARS_A_QUARTER UINT64_C(2939745)
#define MONTHS_A_DAY    2141u
#define MONTHS_FIRST    197913u

struct clock_date clock_date_of_days(int64_t days)
{
    CHECK(days > -(INT64_C(1) << 45) && days < INT64_C(1) << 45);
    int64_t from_march = days + DAYS_TO_1970;
    int64_t era =
        (from_march >= 0 ? from_march : from_march - DAYS_OF_400_YEARS + 1) /
        DAYS_OF_400_YEARS;
    uint32_t quarters = // of days of the era, in the middle of one
        (uint32_t)(from_march - era * DAYS_OF_400_YEARS) * 4 + 3;
    uint32_t century = quarters / DAYS_OF_400_YEARS;
    quarters = quarters % DAYS_OF_400_YEARS | 3; // of the century
    uint64_t years = YEARS_A_QUARTER * quarters;
    uint32_t year = century * 100 + (uint32_t)(years >> 32);
    uint32_t day_of_year = (uint32_t)years / YEARS_A_QUARTER / 4;
    uint32_t months = MONTHS_A_DAY * day_of_year + MONTHS_FIRST;
    uint32_t month = months >> 16; // 3 to 14: the year begins with March
    bool is_next_year = month > 12;
    return (struct clock_date){
        .year = era * 400 + year + is_next_year,
        .month = is_next_year ? month - 12 : month,
        .day = (months & UINT16_MAX) / MONTHS_A_DAY + 1,
    };
}

#define DAY_MS INT64_C(86400000)

/* 0000-01-01 and 9999-12-31. */
#define FIRST_DAY INT64_C(-719528)
#define LAST_DAY  INT64_C(2932896)

int clock_print_unix_ms(char out[CLOCK_TEXT_SIZE], int64_t unix_ms)
{
    const int64_t first = FIRST_DAY * DAY_MS;
    const int64_t last = (LAST_DAY + 1) * DAY_MS - 1;
    unix_ms = unix_ms < first ? first : unix_ms > last ? last : unix_ms;
    uint64_t since_ms = (uint64_t)(unix_ms - first);
    struct clock_date date =
        clock_date_of_days((int64_t)(since_ms / DAY_MS) + FIRST_DAY);
    unsigned year = (unsigned)date.year;
    CHECK(year <= 9999);
    unsigned ms = (unsigned)(since_ms % DAY_MS);
    unsigned second = ms / 1000;
    unsigned minute = second / 60;
    ms %= 1000;
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_SIZE);
    digits_put_two(out, year / 100);
    digits_put_two(out + 2, year % 100);
    digits_put_two(out + 5, date.month);
    digits_put_two(out + 8, date.day);
    digits_put_two(out + 11, minute / 60);
    digits_put_two(out + 14, minute % 60);
    digits_put_two(out + 17, second % 60);
    digits_put_two(out + 20, ms / 10); // of three digits
    out[22] = (char)('0' + ms % 10);
    return CLOCK_TEXT_SIZE - 1;
}
