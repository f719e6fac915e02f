/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/check.h"

IMPLEMENTS(mono_ms)
static uint64_t system_mono_ms(const struct clock *clock)
{
    (void)clock;
    struct timespec now;
    // CLOCK_BOOTTIME goes on while the machine is suspended: a quote ages then.
    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 +
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
    const int64_t days_to_1970 = 719468; // from 0000-03-01
    return era * 146097 + day_of_era - days_to_1970;
}

int clock_print_unix_ms(char out[CLOCK_TEXT_SIZE], int64_t unix_ms)
{
    const int64_t first = clock_days_of_date(0, 1, 1) * 86400000;
    const int64_t last = clock_days_of_date(10000, 1, 1) * 86400000 - 1;
    unix_ms = unix_ms < first ? first : unix_ms > last ? last : unix_ms;
    int64_t seconds = unix_ms / 1000;
    int64_t ms = unix_ms % 1000;
    if (ms < 0) {
        ms += 1000;
        seconds -= 1;
    }
    time_t when = (time_t)seconds;
    struct tm utc;
    CHECK(gmtime_r(&when, &utc) != NULL);
    int len =
        snprintf(out, CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
                 (unsigned)(utc.tm_year + 1900) % 10000,
                 (unsigned)(utc.tm_mon + 1) % 100, (unsigned)utc.tm_mday % 100,
                 (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
                 (unsigned)utc.tm_sec % 100, (unsigned)ms % 1000);
    CHECK(len == CLOCK_TEXT_SIZE - 1);
    return len;
}
