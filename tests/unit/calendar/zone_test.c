/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_test.c -- zones are read from files that are whole, times convert both
 * ways by the stated rules, and what is missing is named.
 *
 * The files are made here; tests/peers/zone_test.py reads the machine's own and
 * compares with Python's zoneinfo.
 */
#include "calendar/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "testing/testing.h"
#include "zonefile.h"

#define H 3600

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"

static struct zone *of_rule(const char *rule)
{
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&file, rule);
    struct zone *zone;
    assert_int_equal(
        zone_parse(&zone, span_of("Test/Rule"), buffer_span(&file)), 0);
    buffer_deinit(&file);
    return zone;
}

static int parse(const struct zonefile *file, struct zone **out)
{
    struct buffer bytes = buffer_empty(2 * ZONE_BYTES_LIMIT);
    zonefile_put(&bytes, file);
    assert_false(bytes.failed);
    int err = zone_parse(out, span_of("Test/File"), buffer_span(&bytes));
    assert_true((err == 0) == (*out != NULL));
    buffer_deinit(&bytes);
    return err;
}

static int64_t utc(int64_t year, unsigned month, unsigned day, int second)
{
    return clock_days_of_date(year, month, day) * 86400 + second;
}

/* "2026-03-08 03:00:00 -14400" */
static void assert_shows(const struct zone *zone, int64_t unix_s,
                         const char *expected)
{
    struct zone_local local;
    zone_local_of(zone, unix_s, &local);
    char text[80];
    snprintf(text, sizeof(text), "%04d-%02u-%02u %02u:%02u:%02u %+d",
             (int)local.year, local.month, local.day, local.hour, local.minute,
             local.second, local.offset_s);
    assert_string_equal(text, expected);
    assert_int_equal(zone_offset_s(zone, unix_s), local.offset_s);
}

static int64_t instant(const struct zone *zone, struct zone_local local)
{
    int64_t unix_s = -1;
    assert_int_equal(zone_unix_s(zone, &local, &unix_s), 0);
    return unix_s;
}

/* --- Times ---------------------------------------------------------------- */

static void instants_have_local_times(void **state)
{
    (void)state;
    struct zone *zone = of_rule(NEW_YORK);
    assert_shows(zone, utc(2026, 7, 1, 0), "2026-06-30 20:00:00 -14400");
    assert_shows(zone, utc(2026, 1, 1, 0), "2025-12-31 19:00:00 -18000");
    assert_shows(zone, utc(2028, 3, 1, 4 * H), "2028-02-29 23:00:00 -18000");
    assert_shows(zone, utc(1969, 12, 31, 17), "1969-12-30 19:00:17 -18000");
    zone_destroy(&zone);
    assert_null(zone);
    zone_destroy(&zone);
}

static void changes_are_made_to_the_second(void **state)
{
    (void)state;
    struct zone *zone = of_rule(NEW_YORK);
    int64_t spring = utc(2026, 3, 8, 7 * H);
    assert_shows(zone, spring - 1, "2026-03-08 01:59:59 -18000");
    assert_shows(zone, spring, "2026-03-08 03:00:00 -14400");
    int64_t autumn = utc(2026, 11, 1, 6 * H);
    assert_shows(zone, autumn - 1, "2026-11-01 01:59:59 -14400");
    assert_shows(zone, autumn, "2026-11-01 01:00:00 -18000");
    zone_destroy(&zone);
}

/* The instant of what an instant shows is itself, but in the second of two
 * hours that look alike, where it is the one before. */
static void local_times_lead_back(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "UTC0", NEW_YORK, "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "GMT0BST,M3.5.0/1,M10.5.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct zone *zone = of_rule(rules[i]);
        for (int64_t t = utc(2027, 12, 1, 0); t < utc(2029, 1, 1, 0);
             t += 599) {
            struct zone_local local;
            zone_local_of(zone, t, &local);
            int64_t back = instant(zone, local);
            bool is_second =
                zone_offset_s(zone, t) < zone_offset_s(zone, t - H);
            int32_t fallen =
                zone_offset_s(zone, t - H) - zone_offset_s(zone, t);
            assert_true(back == t || (is_second && back == t - fallen));
        }
        zone_destroy(&zone);
    }
}

static void time_that_exists_twice_is_the_first(void **state)
{
    (void)state;
    struct zone *zone = of_rule(NEW_YORK);
    assert_int_equal(
        instant(zone, (struct zone_local){2026, 11, 1, 1, 30, 0, 0}),
        utc(2026, 11, 1, 5 * H + 1800));
    assert_int_equal(
        instant(zone, (struct zone_local){2026, 11, 1, 2, 0, 0, 0}),
        utc(2026, 11, 1, 7 * H));
    zone_destroy(&zone);
}

static void time_that_is_skipped_is_read_as_before(void **state)
{
    (void)state;
    struct zone *zone = of_rule(NEW_YORK);
    assert_int_equal(
        instant(zone, (struct zone_local){2026, 3, 8, 2, 30, 0, 0}),
        utc(2026, 3, 8, 7 * H + 1800));
    assert_int_equal(
        instant(zone, (struct zone_local){2026, 3, 8, 3, 30, 0, 0}),
        utc(2026, 3, 8, 7 * H + 1800));
    zone_destroy(&zone);
}

static void what_no_clock_shows_has_no_instant(void **state)
{
    (void)state;
    struct zone *zone = of_rule("UTC0");
    static const struct zone_local bad[] = {
        {.year = -1, .month = 1, .day = 1},
        {.year = 10000, .month = 1, .day = 1},
        {.year = 2026, .month = 0, .day = 1},
        {.year = 2026, .month = 13, .day = 1},
        {.year = 2026, .month = 1, .day = 0},
        {.year = 2026, .month = 1, .day = 32},
        {.year = 2026, .month = 2, .day = 29},
        {.year = 2028, .month = 2, .day = 30},
        {.year = 2026, .month = 4, .day = 31},
        {.year = 2026, .month = 1, .day = 1, .hour = 24},
        {.year = 2026, .month = 1, .day = 1, .minute = 60},
        {.year = 2026, .month = 1, .day = 1, .second = 60},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t unix_s = 77;
        assert_int_equal(zone_unix_s(zone, &bad[i], &unix_s), ERR_RANGE);
        assert_int_equal(unix_s, 77);
    }
    struct zone_local leap = {2028, 2, 29, 23, 59, 59, 0};
    assert_int_equal(instant(zone, leap), utc(2028, 3, 1, -1));
    zone_destroy(&zone);
}

static void instants_beyond_the_years_are_the_nearest(void **state)
{
    (void)state;
    struct zone *zone = of_rule("UTC0");
    assert_shows(zone, INT64_MIN, "0000-01-01 00:00:00 +0");
    assert_shows(zone, INT64_MAX, "9999-12-31 23:59:59 +0");
    zone_destroy(&zone);
    zone = of_rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
    assert_shows(zone, INT64_MAX, "9999-12-31 23:59:59 +39600");
    zone_destroy(&zone);
    zone = of_rule(NEW_YORK);
    assert_shows(zone, INT64_MIN, "0000-01-01 00:00:00 -18000");
    zone_destroy(&zone);
}

/* --- Files ---------------------------------------------------------------- */

/* What stands in the list counts until its end, then the rule does. */
static void listed_changes_come_before_the_rule(void **state)
{
    (void)state;
    const int64_t times[] = {utc(1900, 1, 1, 0), utc(2007, 3, 11, 7 * H)};
    const uint8_t indices[] = {1, 2};
    const int32_t offsets[] = {-17762, -5 * H, -4 * H};
    struct zonefile file = {times, indices, 2, offsets, 3, 0, NEW_YORK};
    struct zone *zone;
    assert_int_equal(parse(&file, &zone), 0);
    assert_string_equal(zone_name(zone), "Test/File");
    assert_int_equal(zone_offset_s(zone, INT64_MIN), -17762);
    assert_int_equal(zone_offset_s(zone, times[0] - 1), -17762);
    assert_int_equal(zone_offset_s(zone, times[0]), -5 * H);
    assert_int_equal(zone_offset_s(zone, utc(2006, 7, 1, 0)), -5 * H);
    assert_int_equal(zone_offset_s(zone, times[1] - 1), -5 * H);
    assert_int_equal(zone_offset_s(zone, times[1]), -4 * H);
    assert_int_equal(zone_offset_s(zone, utc(2007, 11, 4, 6 * H)), -5 * H);
    assert_int_equal(zone_offset_s(zone, utc(2008, 7, 1, 0)), -4 * H);
    // The skipped hour of the last change in the list.
    assert_int_equal(
        instant(zone, (struct zone_local){2007, 3, 11, 2, 30, 0, 0}),
        times[1] + 1800);
    zone_destroy(&zone);
}

static void last_change_lasts_where_there_is_no_rule(void **state)
{
    (void)state;
    const int64_t times[] = {0};
    const uint8_t indices[] = {1};
    const int32_t offsets[] = {H, 2 * H};
    struct zonefile file = {times, indices, 1, offsets, 2, 0, ""};
    struct zone *zone;
    assert_int_equal(parse(&file, &zone), 0);
    assert_int_equal(zone_offset_s(zone, -1), H);
    assert_int_equal(zone_offset_s(zone, 0), 2 * H);
    assert_int_equal(zone_offset_s(zone, INT64_MAX), 2 * H);
    zone_destroy(&zone);
}

static void a_file_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    const int64_t times[] = {100, 200};
    const int64_t equal[] = {100, 100};
    const int64_t far[] = {100, INT64_MAX};
    const uint8_t indices[] = {1, 0};
    const uint8_t wild[] = {1, 2};
    const int32_t offsets[] = {0, H};
    const int32_t wide[] = {0, 26 * H};
    struct zonefile good = {times, indices, 2, offsets, 2, 0, ""};
    struct zonefile files[] = {good, good, good, good, good, good, good, good};
    files[0].times = equal;
    files[1].times = far;
    files[2].indices = wild;
    files[3].offsets = wide;
    files[4].rule = "EST";
    files[5].rule = "UTC0\n";
    files[6].leaps = 1;
    files[7].times_count = 0;
    files[7].offsets_count = 0;
    struct zone *zone;
    assert_int_equal(parse(&good, &zone), 0);
    zone_destroy(&zone);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(parse(&files[i], &zone), ERR_SYNTAX);
    }
}

static void a_file_that_is_cut_short_is_refused(void **state)
{
    (void)state;
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&file, NEW_YORK);
    struct zone *zone;
    for (size_t len = 0; len < file.len; len++) {
        struct span part = {file.data, len};
        assert_int_equal(zone_parse(&zone, span_of("X"), part), ERR_SYNTAX);
        assert_null(zone);
    }
    buffer_put_byte(&file, 'x');
    assert_int_equal(zone_parse(&zone, span_of("X"), buffer_span(&file)),
                     ERR_SYNTAX);
    file.len--;
    file.data[4] = '\0'; // of the first version, which has no rule
    assert_int_equal(zone_parse(&zone, span_of("X"), buffer_span(&file)),
                     ERR_SYNTAX);
    buffer_deinit(&file);
}

/* Counts of 2^32 - 1 in every place, which must not overflow. */
static void huge_counts_are_refused(void **state)
{
    (void)state;
    for (size_t at = 20; at < 44; at += 4) {
        for (size_t part = 0; part < 2; part++) {
            struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
            zonefile_put_rule(&file, "UTC0");
            memset(file.data + 44 * part + at, 0xff, 4);
            struct zone *zone;
            assert_int_equal(
                zone_parse(&zone, span_of("X"), buffer_span(&file)),
                ERR_SYNTAX);
            buffer_deinit(&file);
        }
    }
}

static void oom_no_zone(void **state)
{
    (void)state;
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&file, NEW_YORK);
    int last = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct zone *zone;
        last = zone_parse(&zone, span_of("X"), buffer_span(&file));
        assert_true(last == 0 || last == ERR_NOMEM);
        zone_destroy(&zone);
    }
    assert_int_equal(last, 0);
    buffer_deinit(&file);
}

/* --- The folder ----------------------------------------------------------- */

struct folder {
    char path[64];
};

static void path_of(const struct folder *folder, const char *name,
                    char out[128])
{
    snprintf(out, 128, "%s/%s", folder->path, name);
}

static void write_file(const struct folder *folder, const char *name,
                       struct span text)
{
    char path[128];
    path_of(folder, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void write_zone(const struct folder *folder, const char *name,
                       const char *rule)
{
    struct buffer file = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&file, rule);
    write_file(folder, name, buffer_span(&file));
    buffer_deinit(&file);
}

static int set_up(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof(folder.path), "/tmp/zone_test.XXXXXX");
    if (mkdtemp(folder.path) == NULL) {
        return -1;
    }
    *state = &folder;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"UTC",        "Text", "Long",
                                        "Here/There", "Here", "AZaz0+9-_x"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        path_of(*state, names[i], path);
        if (remove(path) != 0 && access(path, F_OK) == 0) {
            return -1;
        }
    }
    return rmdir(((struct folder *)*state)->path);
}

static void assert_refused(const struct folder *folder, const char *name,
                           int err, const char *expected)
{
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    assert_int_equal(zone_create(&zone, folder->path, span_of(name), error),
                     err);
    assert_null(zone);
    char text[512];
    snprintf(text, sizeof(text), expected, folder->path);
    assert_string_equal(error, text);
}

static void zones_are_found_by_name(void **state)
{
    const struct folder *folder = *state;
    char path[128];
    path_of(folder, "Here", path);
    assert_int_equal(mkdir(path, 0700), 0);
    write_zone(folder, "Here/There", NEW_YORK);
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    assert_int_equal(
        zone_create(&zone, folder->path, span_of("Here/There"), error), 0);
    assert_string_equal(error, "");
    assert_string_equal(zone_name(zone), "Here/There");
    assert_int_equal(zone_offset_s(zone, utc(2026, 7, 1, 0)), -4 * H);
    zone_destroy(&zone);
    write_zone(folder, "AZaz0+9-_x", "UTC0");
    assert_int_equal(
        zone_create(&zone, folder->path, span_of("AZaz0+9-_x"), error), 0);
    zone_destroy(&zone);
}

static void missing_zones_name_the_package(void **state)
{
    const struct folder *folder = *state;
    assert_refused(folder, "Europe/Paris", ERR_ABSENT,
                   "there are no time zones in %s; install the package tzdata");
    write_zone(folder, "UTC", "UTC0");
    assert_refused(folder, "Europe/Pariss", ERR_ABSENT,
                   "no time zone \"Europe/Pariss\" in %s; one is "
                   "America/New_York");
}

static void files_that_are_no_zones_are_refused(void **state)
{
    const struct folder *folder = *state;
    write_file(folder, "Text", span_of("Europe/Paris\n"));
    assert_refused(folder, "Text", ERR_SYNTAX, "%s/Text: is no time zone file");
    static char zeroes[ZONE_BYTES_LIMIT + 1];
    write_file(folder, "Long", (struct span){zeroes, sizeof(zeroes)});
    assert_refused(folder, "Long", ERR_SYNTAX, "%s/Long: is no time zone file");
    char path[128];
    path_of(folder, "Here", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(folder, "Here", ERR_IO, "%s/Here: Is a directory");
}

/* A name must not lead out of the folder, nor to a file beside the zones. */
static void names_that_cannot_be_are_refused(void **state)
{
    const struct folder *folder = *state;
    static const char *const bad[] = {
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "tzdata.zi",
        ":UTC",
        "+05:00",
        "5",
        "a/5",
        "a b",
        "a\n",
        "caf\xc3\xa9",
        "x2345678901234567890123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct zone *zone;
        char error[ZONE_ERROR_SIZE];
        assert_int_equal(
            zone_create(&zone, folder->path, span_of(bad[i]), error),
            ERR_SYNTAX);
        assert_null(zone);
        assert_string_equal(
            error, "this can't be a time zone; one is America/New_York");
    }
}

static void oom_no_zone_from_a_file(void **state)
{
    const struct folder *folder = *state;
    write_zone(folder, "UTC", "UTC0");
    int last = ERR_NOMEM;
    TESTING_EACH_ALLOCATION(n)
    {
        struct zone *zone;
        char error[ZONE_ERROR_SIZE];
        last = zone_create(&zone, folder->path, span_of("UTC"), error);
        assert_true(last == 0 || last == ERR_NOMEM);
        assert_true((last == 0) == (error[0] == '\0'));
        zone_destroy(&zone);
    }
    assert_int_equal(last, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(instants_have_local_times),
    cmocka_unit_test(changes_are_made_to_the_second),
    cmocka_unit_test(local_times_lead_back),
    cmocka_unit_test(time_that_exists_twice_is_the_first),
    cmocka_unit_test(time_that_is_skipped_is_read_as_before),
    cmocka_unit_test(what_no_clock_shows_has_no_instant),
    cmocka_unit_test(instants_beyond_the_years_are_the_nearest),
    cmocka_unit_test(listed_changes_come_before_the_rule),
    cmocka_unit_test(last_change_lasts_where_there_is_no_rule),
    cmocka_unit_test(a_file_that_makes_no_sense_is_refused),
    cmocka_unit_test(a_file_that_is_cut_short_is_refused),
    cmocka_unit_test(huge_counts_are_refused),
    cmocka_unit_test(oom_no_zone),
    cmocka_unit_test_setup_teardown(zones_are_found_by_name, set_up, tear_down),
    cmocka_unit_test_setup_teardown(missing_zones_name_the_package, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(files_that_are_no_zones_are_refused, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(names_that_cannot_be_are_refused, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(oom_no_zone_from_a_file, set_up, tear_down),
};

TEST_MAIN(tests)
