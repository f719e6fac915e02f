/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

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

struct clock_date clock_date_of_days(int64_t days)
{
    CHECK(days > -(INT64_C(1) << 45) && days < INT64_C(1) << 45);
    int64_t from_march = days + DAYS_TO_1970;
    int64_t era =
        (from_march >= 0 ? from_march : from_march - DAYS_OF_400_YEARS + 1) /
        DAYS_OF_400_YEARS;
    int64_t day_of_era = from_march - era * DAYS_OF_400_YEARS;
    // Leap days are taken out, so that what is left are years of 365 days.
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month =
        month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct clock_date){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = (unsigned)month,
        .day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

#define DAY_MS INT64_C(86400000)

int clock_print_unix_ms(char out[CLOCK_TEXT_SIZE], int64_t unix_ms)
{
    const int64_t first = clock_days_of_date(0, 1, 1) * DAY_MS;
    const int64_t last = clock_days_of_date(10000, 1, 1) * DAY_MS - 1;
    unix_ms = unix_ms < first ? first : unix_ms > last ? last : unix_ms;
    int64_t days = (unix_ms - first) / DAY_MS + first / DAY_MS;
    struct clock_date date = clock_date_of_days(days);
    CHECK(date.year >= 0 && date.year <= 9999);
    unsigned ms = (unsigned)(unix_ms - days * DAY_MS);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_TEXT_SIZE);
    digits_put_two(out, (unsigned)date.year / 100);
    digits_put_two(out + 2, (unsigned)date.year % 100);
    digits_put_two(out + 5, date.month);
    digits_put_two(out + 8, date.day);
    digits_put_two(out + 11, ms / 3600000);
    digits_put_two(out + 14, ms / 60000 % 60);
    digits_put_two(out + 17, ms / 1000 % 60);
    digits_put_two(out + 20, ms / 10 % 100); // of three digits
    out[22] = (char)('0' + ms % 10);
    return CLOCK_TEXT_SIZE - 1;
}
