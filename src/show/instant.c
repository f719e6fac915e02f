/* SPDX-License-Identifier: Apache-2.0 */
#include "show/instant.h"

#include <stdbool.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "store/store.h"

#define SECOND_MS INT64_C(1000)
#define DAY_MS    INT64_C(86400000)

/* The end of the year 9999. */
#define END_UNIX_MS INT64_C(253402300800000)

/* From so many on digits are milliseconds: as seconds they would be of the year
 * 5138, as milliseconds fewer are of 1973. */
#define MS_DIGITS 12

/* Fewer, but for 0, are a year or a day that is written without dashes rather
 * than a second of the years to 1973. */
#define S_DIGITS 9

/* A text being read from its front.  A failure stays. */
struct cursor {
    struct span rest;
    bool failed;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_next(const struct cursor *at, const char *any_of)
{
    return at->rest.len > 0 && at->rest.data[0] != '\0' &&
           strchr(any_of, at->rest.data[0]) != NULL;
}

static bool take_any(struct cursor *at, const char *any_of)
{
    if (!is_next(at, any_of)) {
        return false;
    }
    at->rest = (struct span){at->rest.data + 1, at->rest.len - 1};
    return true;
}

static void expect(struct cursor *at, const char *any_of)
{
    at->failed = !take_any(at, any_of) || at->failed;
}

/* A number of exactly `len` digits, `max` at most. */
static unsigned take_number(struct cursor *at, size_t len, unsigned max)
{
    unsigned value = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_next(at, "0123456789")) {
            at->failed = true;
            return 0;
        }
        value = value * 10 + (unsigned)(at->rest.data[0] - '0');
        expect(at, "0123456789");
    }
    at->failed = at->failed || value > max;
    return value;
}

/* --- Forms ---------------------------------------------------------------- */

/* A day, in milliseconds of its midnight. */
static int64_t take_day(struct cursor *at)
{
    unsigned year = take_number(at, 4, 9999);
    expect(at, "-");
    unsigned month = take_number(at, 2, 12);
    expect(at, "-");
    unsigned day = take_number(at, 2, 31);
    if (at->failed || month == 0 || day == 0) {
        at->failed = true;
        return 0;
    }
    int64_t days = clock_days_of_date(year, month, day);
    struct clock_date date = clock_date_of_days(days);
    at->failed = date.month != month; // a 31st that is none
    return days * DAY_MS;
}

/* A fraction of a second, in milliseconds; what is finer is cut off. */
static int64_t take_fraction_ms(struct cursor *at)
{
    int64_t value_ms = 0;
    int64_t worth_ms = 100;
    at->failed = at->failed || !is_next(at, "0123456789");
    while (is_next(at, "0123456789")) {
        value_ms += (at->rest.data[0] - '0') * worth_ms;
        worth_ms /= 10;
        expect(at, "0123456789");
    }
    return value_ms;
}

/* "14:30", "14:30:00", "14:30:00.123". */
static int64_t take_time_ms(struct cursor *at)
{
    int64_t seconds = (int64_t)take_number(at, 2, 23) * 3600;
    expect(at, ":");
    seconds += (int64_t)take_number(at, 2, 59) * 60;
    int64_t fraction_ms = 0;
    if (take_any(at, ":")) {
        seconds += take_number(at, 2, 60); // a leap second
        fraction_ms = take_any(at, ".,") ? take_fraction_ms(at) : 0;
    }
    return seconds * SECOND_MS + fraction_ms;
}

/* "Z", "+01:00", "-0500"; nothing is UTC.  How far ahead of UTC. */
static int64_t take_offset_ms(struct cursor *at)
{
    if (at->rest.len == 0 || take_any(at, "Zz")) {
        return 0;
    }
    bool is_behind = is_next(at, "-");
    expect(at, "+-");
    int64_t minutes = (int64_t)take_number(at, 2, 23) * 60;
    take_any(at, ":");
    minutes += take_number(at, 2, 59);
    return (is_behind ? -minutes : minutes) * 60 * SECOND_MS;
}

static int read_calendar(struct instant *out, struct span text)
{
    struct cursor at = {.rest = text};
    int64_t day_ms = take_day(&at);
    *out = (struct instant){day_ms, day_ms + DAY_MS};
    if (!at.failed && at.rest.len > 0) {
        expect(&at, "Tt ");
        int64_t time_ms = take_time_ms(&at);
        int64_t unix_ms = day_ms + time_ms - take_offset_ms(&at);
        *out = (struct instant){unix_ms, unix_ms};
    }
    return at.failed || at.rest.len > 0 ? ERR_SYNTAX : 0;
}

static int read_number(struct instant *out, struct span text)
{
    uint64_t value;
    int err = span_to_u64(text, &value);
    if (err == 0 && value != 0 && text.len < S_DIGITS) {
        return ERR_SYNTAX;
    }
    if (err != 0 || value > (uint64_t)END_UNIX_MS) {
        return err == ERR_SYNTAX ? err : ERR_RANGE;
    }
    int64_t unix_ms =
        (int64_t)value * (text.len < MS_DIGITS ? SECOND_MS : INT64_C(1));
    *out = (struct instant){unix_ms, unix_ms};
    return 0;
}

static int read_ago(struct instant *out, struct span text, int64_t now_unix_ms)
{
    uint64_t ago_ms;
    int err = units_parse_duration_ms(&ago_ms, text);
    if (err == 0 && ago_ms > (uint64_t)now_unix_ms) {
        err = ERR_RANGE;
    }
    if (err == 0) {
        int64_t unix_ms = now_unix_ms - (int64_t)ago_ms;
        *out = (struct instant){unix_ms, unix_ms};
    }
    return err;
}

static bool is_all_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
    }
    return true;
}

static int read_form(struct instant *out, struct span text, int64_t now_unix_ms)
{
    if (text.len == 0) {
        return ERR_SYNTAX;
    }
    if (span_equal(text, span_of("-"))) {
        *out = (struct instant){0, 0};
        return 0;
    }
    if (span_equal(text, span_of("+"))) {
        *out = (struct instant){END_UNIX_MS, END_UNIX_MS};
        return 0;
    }
    if (span_equal_nocase(text, span_of("now"))) {
        *out = (struct instant){now_unix_ms, now_unix_ms};
        return 0;
    }
    if (text.data[0] == '-') {
        return read_ago(out, (struct span){text.data + 1, text.len - 1},
                        now_unix_ms);
    }
    return is_all_digits(text) ? read_number(out, text)
                               : read_calendar(out, text);
}

int instant_parse(struct instant *out, struct span text, int64_t now_unix_ms)
{
    CHECK(now_unix_ms >= 0 && now_unix_ms < END_UNIX_MS);
    struct instant read;
    int err = read_form(&read, text, now_unix_ms);
    if (err == 0 && (read.from_unix_ms < 0 || read.to_unix_ms > END_UNIX_MS)) {
        err = ERR_RANGE;
    }
    if (err == 0) {
        *out = read;
    }
    return err;
}

/* --- Ranges --------------------------------------------------------------- */

static const char *read_every(uint64_t *out_ms, struct span text)
{
    *out_ms = (uint64_t)DAY_MS;
    if (text.len == 0) {
        return NULL;
    }
    int err = units_parse_duration_ms(out_ms, text);
    if (err == ERR_SYNTAX) {
        return "EVERY takes a step, which is " UNITS_DURATION_FORM;
    }
    bool is_step = err == 0 && *out_ms > 0 && *out_ms <= INSTANT_EVERY_LIMIT_MS;
    return is_step ? NULL : "EVERY takes a step of 1ms to 366d";
}

static const char *read_end(struct instant *out, struct span text,
                            int64_t now_unix_ms, const char *complaint)
{
    if (text.len == 0) {
        return NULL;
    }
    return instant_parse(out, text, now_unix_ms) == 0 ? NULL : complaint;
}

const char *instant_read_range(struct store_question *out,
                               const struct instant_range *range,
                               int64_t now_unix_ms)
{
    struct instant from = {0, 0};
    struct instant to = {now_unix_ms, now_unix_ms + 1}; // now is in it
    uint64_t every_ms;
    const char *error = read_every(&every_ms, range->every);
    if (error == NULL) {
        error = read_end(&from, range->from, now_unix_ms,
                         "FROM takes " INSTANT_FORM);
    }
    if (error == NULL) {
        error = read_end(&to, range->to, now_unix_ms, "TO takes " INSTANT_FORM);
    }
    if (error == NULL && from.from_unix_ms >= to.to_unix_ms) {
        error = "FROM is not before TO";
    }
    if (error != NULL) {
        return error;
    }
    int64_t step_ms = (int64_t)every_ms;
    out->step_ms = every_ms;
    out->from_unix_ms = from.from_unix_ms / step_ms * step_ms;
    out->to_unix_ms = (to.to_unix_ms + step_ms - 1) / step_ms * step_ms;
    return NULL;
}
