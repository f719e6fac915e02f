/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time zone file holds everything twice: first with 32-bit times, for readers
 * older than 2005, then with 64-bit times, and behind them a line with the rule
 * that holds after the last time listed.  The first part is passed over.
 */
#include "calendar/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "calendar/daylight.h"

#define DAY_S 86400

/* RFC 8536 asks for less than 26 hours, and none has more than 16. */
#define OFFSET_LIMIT_S (26 * 3600)

struct zone {
    char name[ZONE_NAME_LIMIT + 1];
    int32_t first_s;          /* the offset before the first change */
    bool has_daylight;        /* whether a rule holds after the last change */
    struct daylight daylight; /* that rule */
    size_t count;
    struct daylight_change changes[]; /* in the order of their instants */
};

/* --- A file's bytes ------------------------------------------------------- */

/* The counts of a part's header (RFC 8536, 3.1), in the order they stand. */
struct counts {
    uint64_t is_utc;
    uint64_t is_standard;
    uint64_t leaps;
    uint64_t times;
    uint64_t types;
    uint64_t letters;
};

/* Take `len` bytes off the front of *rest; false where there are fewer. */
static bool take(struct span *rest, uint64_t len, struct span *out)
{
    if (len > rest->len) {
        return false;
    }
    *out = (struct span){rest->data, (size_t)len};
    rest->data += len;
    rest->len -= (size_t)len;
    return true;
}

/* A big-endian number of 4 or 8 bytes. */
static uint64_t number_at(struct span bytes, size_t at, size_t size)
{
    CHECK(at + size <= bytes.len);
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | (unsigned char)bytes.data[at + i];
    }
    return value;
}

static int32_t offset_at(struct span types, size_t type)
{
    return (int32_t)(uint32_t)number_at(types, type * 6, 4);
}

static bool take_header(struct span *rest, struct counts *out)
{
    struct span header;
    // Version 1 has no rule at its end, and no system of today writes it.
    if (!take(rest, 44, &header) || memcmp(header.data, "TZif", 4) != 0 ||
        header.data[4] < '2') {
        return false;
    }
    *out = (struct counts){
        .is_utc = number_at(header, 20, 4),
        .is_standard = number_at(header, 24, 4),
        .leaps = number_at(header, 28, 4),
        .times = number_at(header, 32, 4),
        .types = number_at(header, 36, 4),
        .letters = number_at(header, 40, 4),
    };
    return true;
}

/* Pass over the part with times of 4 bytes. */
static bool skip_first_part(struct span *rest)
{
    struct counts counts;
    struct span skipped;
    return take_header(rest, &counts) &&
           take(rest,
                counts.times * (4 + 1) + counts.types * 6 + counts.letters +
                    counts.leaps * (4 + 4) + counts.is_standard + counts.is_utc,
                &skipped);
}

/* The part with times of 8 bytes. */
struct part {
    size_t times_count;
    size_t types_count;
    struct span times;   /* 8 bytes each */
    struct span indices; /* 1 byte each: the type from that time on */
    struct span types;   /* 6 bytes each: the offset in 4, then two others */
    struct span rule;
};

static bool take_part(struct span *rest, struct part *out)
{
    struct counts counts;
    struct span skipped;
    // A zone that counts leap seconds ("right/UTC") would be seconds off.
    if (!take_header(rest, &counts) || counts.leaps != 0 || counts.types == 0 ||
        !take(rest, counts.times * 8, &out->times) ||
        !take(rest, counts.times, &out->indices) ||
        !take(rest, counts.types * 6, &out->types) ||
        !take(rest, counts.letters + counts.is_standard + counts.is_utc,
              &skipped)) {
        return false;
    }
    out->times_count = (size_t)counts.times;
    out->types_count = (size_t)counts.types;
    struct span line = *rest;
    return span_split(&line, '\n', &skipped) && skipped.len == 0 &&
           line.len > 0 && line.data[line.len - 1] == '\n' &&
           span_split(&line, '\n', &out->rule) && line.len == 0;
}

static bool is_offset(int32_t offset_s)
{
    return offset_s > -OFFSET_LIMIT_S && offset_s < OFFSET_LIMIT_S;
}

/* Write the changes of a part down; false where they make no sense. */
static bool fill_changes(struct zone *zone, const struct part *part)
{
    int64_t last_unix_s = INT64_MIN;
    int32_t offset_s = offset_at(part->types, 0);
    zone->first_s = offset_s;
    for (size_t i = 0; i < part->times_count; i++) {
        struct daylight_change *change = &zone->changes[i];
        size_t type = (unsigned char)part->indices.data[i];
        change->at_unix_s = (int64_t)number_at(part->times, i * 8, 8);
        change->before_s = offset_s;
        // zic writes the Big Bang, -2^59, where it means "always".
        if (type >= part->types_count || change->at_unix_s <= last_unix_s ||
            change->at_unix_s < -(INT64_C(1) << 60) ||
            change->at_unix_s > INT64_C(1) << 60) {
            return false;
        }
        offset_s = offset_at(part->types, type);
        change->after_s = offset_s;
        last_unix_s = change->at_unix_s;
        zone->count++;
    }
    for (size_t type = 0; type < part->types_count; type++) {
        if (!is_offset(offset_at(part->types, type))) {
            return false;
        }
    }
    return true;
}

int zone_parse(struct zone **out, struct span name, struct span file)
{
    *out = NULL;
    CHECK(name.len <= ZONE_NAME_LIMIT);
    struct span rest = file;
    struct part part;
    if (file.len > ZONE_BYTES_LIMIT || !skip_first_part(&rest) ||
        !take_part(&rest, &part)) {
        return ERR_SYNTAX;
    }
    struct zone *zone = mem_calloc(
        1, sizeof(*zone) + part.times_count * sizeof(zone->changes[0]));
    if (zone == NULL) {
        return ERR_NOMEM;
    }
    memcpy(zone->name, name.data, name.len);
    zone->has_daylight = part.rule.len > 0;
    if (!fill_changes(zone, &part) ||
        (zone->has_daylight && daylight_parse(&zone->daylight, part.rule))) {
        zone_destroy(&zone);
        return ERR_SYNTAX;
    }
    *out = zone;
    return 0;
}

/* --- Files ---------------------------------------------------------------- */

/* Whether a text has the form of a name, which also keeps it in its folder. */
static bool is_name(struct span name)
{
    bool is_part_begun = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_other = (c >= '0' && c <= '9') || c == '_' || c == '+' ||
                        c == '-' || c == '/';
        if (!is_letter && (!is_other || !is_part_begun)) {
            return false;
        }
        is_part_begun = c != '/';
    }
    return is_part_begun && name.len <= ZONE_NAME_LIMIT;
}

/* Why a file that is there gave no zone, or was not there. */
static int refuse(int err, const char *folder, struct span name,
                  char error[ZONE_ERROR_SIZE])
{
    int cause = errno;
    if (err == ERR_IO && cause == ENOENT) {
        char utc[ZONE_ERROR_SIZE];
        snprintf(utc, sizeof(utc), "%s/UTC", folder);
        if (access(utc, R_OK) != 0) {
            snprintf(error, ZONE_ERROR_SIZE,
                     "there are no time zones in %s; install the package "
                     "tzdata",
                     folder);
        } else {
            snprintf(error, ZONE_ERROR_SIZE,
                     "no time zone \"%.*s\" in %s; one is America/New_York",
                     SPAN_ARGS(name), folder);
        }
        return ERR_ABSENT;
    }
    const char *why = err == ERR_IO      ? strerror(cause)
                      : err == ERR_NOMEM ? err_sentence(err)
                                         : "is no time zone file";
    snprintf(error, ZONE_ERROR_SIZE, "%s/%.*s: %s", folder, SPAN_ARGS(name),
             why);
    return err == ERR_FULL ? ERR_SYNTAX : err;
}

int zone_create(struct zone **out, const char *folder, struct span name,
                char error[ZONE_ERROR_SIZE])
{
    *out = NULL;
    error[0] = '\0';
    if (!is_name(name)) {
        snprintf(error, ZONE_ERROR_SIZE,
                 "this can't be a time zone; one is America/New_York");
        return ERR_SYNTAX;
    }
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/%.*s", folder, SPAN_ARGS(name));
    CHECK(len > 0 && (size_t)len < sizeof(path));
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    int err = file_read(&file, path);
    if (err == 0) {
        err = zone_parse(out, name, buffer_span(&file));
    }
    if (err != 0) {
        err = refuse(err, folder, name, error);
    }
    buffer_deinit(&file);
    CHECK((err == 0) == (*out != NULL));
    return err;
}

void zone_destroy(struct zone **zone)
{
    mem_free(*zone);
    *zone = NULL;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

/* --- Time ----------------------------------------------------------------- */

static int64_t clamp(int64_t when_s)
{
    const int64_t first = clock_days_of_date(0, 1, 1) * DAY_S;
    const int64_t last = clock_days_of_date(10000, 1, 1) * DAY_S - 1;
    return when_s < first ? first : when_s > last ? last : when_s;
}

/* How many changes have come; see daylight_has_come(). */
static size_t count_before(const struct zone *zone, int64_t when_s,
                           bool is_local)
{
    size_t low = 0;
    size_t high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (daylight_has_come(&zone->changes[middle], when_s, is_local)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The offset at an instant, or at what a local clock shows as if it were UTC.
 */
static int32_t offset_s_of(const struct zone *zone, int64_t when_s,
                           bool is_local)
{
    size_t come = count_before(zone, when_s, is_local);
    if (come == zone->count && zone->has_daylight) {
        return daylight_offset_s(&zone->daylight, when_s, is_local);
    }
    return come > 0 ? zone->changes[come - 1].after_s : zone->first_s;
}

int32_t zone_offset_s(const struct zone *zone, int64_t unix_s)
{
    return offset_s_of(zone, clamp(unix_s), false);
}

void zone_local_of(const struct zone *zone, int64_t unix_s,
                   struct zone_local *out)
{
    int64_t instant_s = clamp(unix_s);
    int32_t offset_s = offset_s_of(zone, instant_s, false);
    int64_t local_s = clamp(instant_s + offset_s);
    int64_t second = (local_s % DAY_S + DAY_S) % DAY_S;
    struct clock_date date = clock_date_of_days((local_s - second) / DAY_S);
    *out = (struct zone_local){
        .year = date.year,
        .month = date.month,
        .day = date.day,
        .hour = (unsigned)(second / 3600),
        .minute = (unsigned)(second / 60 % 60),
        .second = (unsigned)(second % 60),
        .offset_s = offset_s,
    };
}

int zone_unix_s(const struct zone *zone, const struct zone_local *local,
                int64_t *out_unix_s)
{
    if (local->year < 0 || local->year > 9999 || local->month < 1 ||
        local->month > 12 || local->day < 1 || local->day > 31 ||
        local->hour > 23 || local->minute > 59 || local->second > 59) {
        return ERR_RANGE;
    }
    int64_t days = clock_days_of_date(local->year, local->month, local->day);
    if (clock_date_of_days(days).day != local->day) {
        return ERR_RANGE; // February 30 is counted as March 1 or 2
    }
    int64_t local_s = days * DAY_S + (int64_t)local->hour * 3600 +
                      (int64_t)local->minute * 60 + (int64_t)local->second;
    *out_unix_s = local_s - offset_s_of(zone, local_s, true);
    return 0;
}
