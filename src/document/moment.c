/* SPDX-License-Identifier: Apache-2.0 */
#include "document/moment.h"

#include <stddef.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "calendar/zone.h"

#define NS_PER_S INT64_C(1000000000)

/* 1900-01-01 and 2200-01-01.  Nanoseconds in 64 bits reach to 2262. */
#define FIRST_UNIX_S INT64_C(-2208988800)
#define END_UNIX_S   INT64_C(7258118400)

/* A text being read from its front.  A failure stays. */
struct text_reader {
    struct span rest;
    bool failed;
};

/* An instant in two parts. */
struct instant {
    int64_t unix_s;
    int64_t ns; // of that second
};

static char peek(const struct text_reader *r)
{
    return r->rest.len > 0 ? r->rest.data[0] : '\0';
}

static void drop(struct text_reader *r, size_t len)
{
    CHECK(len <= r->rest.len);
    r->rest = (struct span){r->rest.data + len, r->rest.len - len};
}

static bool take_if(struct text_reader *r, char c)
{
    bool is_there = r->rest.len > 0 && r->rest.data[0] == c;
    drop(r, is_there ? 1 : 0);
    return is_there;
}

static void expect(struct text_reader *r, char c)
{
    r->failed = !take_if(r, c) || r->failed;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of exactly `len` digits. */
static unsigned take_number(struct text_reader *r, size_t len)
{
    unsigned value = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(peek(r))) {
            r->failed = true;
            return 0;
        }
        value = value * 10 + (unsigned)(peek(r) - '0');
        drop(r, 1);
    }
    return value;
}

/* --- Dates and times of day ----------------------------------------------- */

static bool is_date(const struct zone_local *local)
{
    static const unsigned days[] = {31, 29, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31};
    if (local->month < 1 || local->month > 12 || local->day < 1 ||
        local->day > days[local->month - 1]) {
        return false;
    }
    bool is_leap = (local->year % 4 == 0 && local->year % 100 != 0) ||
                   local->year % 400 == 0;
    return is_leap || local->month != 2 || local->day < 29;
}

static void take_date(struct text_reader *r, struct zone_local *out)
{
    out->year = take_number(r, 4);
    expect(r, '-');
    out->month = take_number(r, 2);
    expect(r, '-');
    out->day = take_number(r, 2);
    r->failed = r->failed || !is_date(out);
}

/* ".5" is 500,000,000 ns; nothing is 0. */
static int64_t take_fraction(struct text_reader *r)
{
    const size_t digits_limit = 9;
    int64_t ns = 0;
    if (!take_if(r, '.')) {
        return 0;
    }
    size_t count = 0;
    for (; is_digit(peek(r)) && count < digits_limit; count++) {
        ns = ns * 10 + (peek(r) - '0');
        drop(r, 1);
    }
    r->failed = r->failed || count < 1 || is_digit(peek(r));
    for (; count < digits_limit; count++) {
        ns *= 10;
    }
    return ns;
}

static void take_time(struct text_reader *r, struct zone_local *out,
                      int64_t *ns)
{
    bool is_parted = take_if(r, 'T') || take_if(r, ' ');
    out->hour = take_number(r, 2);
    expect(r, ':');
    out->minute = take_number(r, 2);
    *ns = 0;
    if (take_if(r, ':')) {
        out->second = take_number(r, 2);
        *ns = take_fraction(r);
    }
    r->failed = r->failed || !is_parted || out->hour > 23 || out->minute > 59 ||
                out->second > 59;
}

/* "Z", "+05:30", "-0500": what is to be added to UTC. */
static int64_t take_offset_s(struct text_reader *r)
{
    if (take_if(r, 'Z')) {
        return 0;
    }
    bool is_west = take_if(r, '-');
    if (!is_west) {
        expect(r, '+');
    }
    int64_t hours = take_number(r, 2);
    take_if(r, ':');
    int64_t minutes = take_number(r, 2);
    r->failed = r->failed || hours > 14 || minutes > 59;
    int64_t seconds = hours * 3600 + minutes * 60;
    return is_west ? -seconds : seconds;
}

static int64_t utc_s(const struct zone_local *local)
{
    int64_t days = clock_days_of_date(local->year, local->month, local->day);
    return days * 86400 + (int64_t)local->hour * 3600 +
           (int64_t)local->minute * 60 + (int64_t)local->second;
}

static bool read_iso(struct span text, struct instant *out)
{
    struct text_reader r = {.rest = text};
    struct zone_local local = {.year = 0};
    take_date(&r, &local);
    take_time(&r, &local, &out->ns);
    int64_t offset_s = take_offset_s(&r);
    if (r.failed || r.rest.len > 0) {
        return false;
    }
    out->unix_s = utc_s(&local) - offset_s;
    return true;
}

static bool read_local(struct span text, const struct zone *zone,
                       struct instant *out)
{
    struct text_reader r = {.rest = text};
    struct zone_local local = {.year = 0};
    take_date(&r, &local);
    take_time(&r, &local, &out->ns);
    return !r.failed && r.rest.len == 0 && zone != NULL &&
           zone_unix_s(zone, &local, &out->unix_s) == 0;
}

static bool read_day(struct span text, struct instant *out)
{
    struct text_reader r = {.rest = text};
    struct zone_local local = {.year = 0};
    take_date(&r, &local);
    bool has_more = r.rest.len > 0 && peek(&r) != 'T' && peek(&r) != ' ';
    if (r.failed || has_more) {
        return false;
    }
    *out = (struct instant){utc_s(&local), 0};
    return true;
}

/* --- Numbers -------------------------------------------------------------- */

/* A decimal count; what is finer than nanoseconds is cut off. */
static bool read_fraction(struct span text, int places, struct instant *out)
{
    struct decimal value;
    if (decimal_parse(&value, text) != 0 || !decimal_is_positive(value)) {
        return false;
    }
    int exponent = value.exponent + 9 - places;
    int64_t ns = value.digits;
    for (; exponent < 0; exponent++) {
        ns /= 10;
    }
    for (; exponent > 0; exponent--) {
        if (ns > END_UNIX_S * NS_PER_S / 10) {
            return false;
        }
        ns *= 10;
    }
    *out = (struct instant){ns / NS_PER_S, ns % NS_PER_S};
    return ns > 0;
}

/* A count of units of which there are 10^places in a second.  A whole one may
 * have more digits than a decimal holds: nanoseconds have 19. */
static bool read_unix(struct span text, int places, struct instant *out)
{
    uint64_t whole;
    if (span_to_u64(text, &whole) != 0 || whole > INT64_MAX) {
        return read_fraction(text, places, out);
    }
    int64_t per_s = 1;
    for (int i = 0; i < places; i++) {
        per_s *= 10;
    }
    int64_t count = (int64_t)whole;
    *out = (struct instant){count / per_s, count % per_s * (NS_PER_S / per_s)};
    return count > 0;
}

static bool read_form(struct span text, enum moment_form form,
                      const struct zone *zone, struct instant *out)
{
    switch (form) {
    case MOMENT_UNIX_S:
        return read_unix(text, 0, out);
    case MOMENT_UNIX_MS:
        return read_unix(text, 3, out);
    case MOMENT_UNIX_NS:
        return read_unix(text, 9, out);
    case MOMENT_ISO:
        return read_iso(text, out);
    case MOMENT_DAY:
        return read_day(text, out);
    case MOMENT_LOCAL:
        return read_local(text, zone, out);
    }
    return false;
}

bool moment_read(int64_t *out_unix_ns, struct span text, enum moment_form form,
                 const struct zone *zone)
{
    struct instant instant = {0, 0};
    if (!read_form(span_trim(text), form, zone, &instant) ||
        instant.unix_s < FIRST_UNIX_S || instant.unix_s >= END_UNIX_S) {
        return false;
    }
    CHECK(instant.ns >= 0 && instant.ns < NS_PER_S);
    *out_unix_ns = instant.unix_s * NS_PER_S + instant.ns;
    return true;
}
