/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_test.c -- every market has a timetable, users' files come before
 * those built in, and a calendar says how long it is good.
 */
#include "calendar/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "testing/testing.h"
#include "zonefile.h"

/* The zones of the calendars that are built in, in a folder of the test's. */
static const struct {
    const char *name;
    const char *rule;
} zones[] = {
    {"America/New_York", "EST5EDT,M3.2.0,M11.1.0"},
    {"America/Toronto", "EST5EDT,M3.2.0,M11.1.0"},
    {"Asia/Hong_Kong", "HKT-8"},
    {"Asia/Tokyo", "JST-9"},
    {"Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3"},
    {"Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"},
    {"Europe/London", "GMT0BST,M3.5.0/1,M10.5.0"},
    {"Europe/Paris", "CET-1CEST,M3.5.0,M10.5.0/3"},
    {"Europe/Zurich", "CET-1CEST,M3.5.0,M10.5.0/3"},
    {"UTC", "UTC0"},
};
static const char *const folders[] = {"America", "Asia", "Australia", "Europe"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct folder {
    char path[64];
};

static void path_of(const struct folder *folder, const char *name,
                    char out[128])
{
    snprintf(out, 128, "%s/%s", folder->path, name);
}

static int write_zone(const struct folder *folder, size_t i)
{
    char path[128];
    path_of(folder, zones[i].name, path);
    struct buffer bytes = buffer_empty(ZONE_BYTES_LIMIT);
    zonefile_put_rule(&bytes, zones[i].rule);
    FILE *file = fopen(path, "w");
    bool is_good = file != NULL &&
                   fwrite(bytes.data, 1, bytes.len, file) == bytes.len &&
                   fclose(file) == 0;
    buffer_deinit(&bytes);
    return is_good ? 0 : -1;
}

static int set_up(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof(folder.path), "/tmp/calendar_test.XXXXXX");
    if (mkdtemp(folder.path) == NULL) {
        return -1;
    }
    *state = &folder;
    for (size_t i = 0; i < COUNT(folders); i++) {
        char path[128];
        path_of(&folder, folders[i], path);
        if (mkdir(path, 0700) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < COUNT(zones); i++) {
        if (write_zone(&folder, i) != 0) {
            return -1;
        }
    }
    return 0;
}

static int tear_down(void **state)
{
    const struct folder *folder = *state;
    char path[128];
    for (size_t i = 0; i < COUNT(zones); i++) {
        path_of(folder, zones[i].name, path);
        remove(path);
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        path_of(folder, folders[i], path);
        rmdir(path);
    }
    return rmdir(folder->path);
}

static struct calendar *create(const struct folder *folder)
{
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    int err = calendar_add_built_in(calendar, folder->path, error);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    return calendar;
}

static int64_t utc(int64_t year, unsigned month, unsigned day, int second)
{
    return clock_days_of_date(year, month, day) * 86400 + second;
}

static bool is_open(const struct calendar *calendar, const char *market,
                    int64_t unix_s)
{
    struct timetable_view view;
    timetable_look(calendar_find(calendar, span_of(market)), unix_s, &view);
    return view.is_open;
}

#define WEDNESDAY utc(2026, 11, 25, 15 * 3600) /* 10:00 in New York */
#define SUNDAY    utc(2026, 11, 22, 15 * 3600)

static void inv1_every_market_has_a_timetable(void **state)
{
    struct calendar *calendar = create(*state);
    static const char *const known[] = {
        "XNYS", "XNAS", "XAMS", "XPAR", "XBRU", "XLON",   "XETR",
        "XSWX", "XTSE", "XTKS", "XHKG", "XASX", "CRYPTO", "FOREX",
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_non_null(calendar_find(calendar, span_of(known[i])));
        assert_true(calendar_is_known(calendar, span_of(known[i]), SUNDAY));
        assert_int_equal(is_open(calendar, known[i], SUNDAY), i >= 12);
    }
    static const char *const unknown[] = {"XXXX", "",      "xnys",
                                          "XNY",  "XNYSX", "CRYPTOCURRENCY"};
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_false(calendar_is_known(calendar, span_of(unknown[i]), SUNDAY));
        assert_true(is_open(calendar, unknown[i], SUNDAY));
    }
    assert_true(is_open(calendar, "XNYS", WEDNESDAY));
    calendar_destroy(&calendar);
    assert_null(calendar);
    calendar_destroy(&calendar);
}

static void inv2_what_was_added_later_counts(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar = create(folder);
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_add(calendar, folder->path,
                                  span_of("markets: [XNYS, XNEW]\nzone: UTC\n"
                                          "from: 2026-11-01\nto: 2026-11-30\n"
                                          "days: [sun]\nhours: 15:00-15:01\n"),
                                  error),
                     0);
    assert_string_equal(error, "");
    assert_true(is_open(calendar, "XNYS", SUNDAY));
    assert_false(is_open(calendar, "XNYS", WEDNESDAY));
    assert_true(is_open(calendar, "XNEW", SUNDAY));
    assert_false(is_open(calendar, "XNEW", WEDNESDAY));
    // Those that it does not name keep theirs.
    assert_true(is_open(calendar, "XNAS", WEDNESDAY));
    assert_false(is_open(calendar, "XNAS", SUNDAY));
    calendar_destroy(&calendar);
}

static void inv3_a_file_that_is_refused_changes_nothing(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar = create(folder);
    static const struct {
        const char *text;
        int err;
        const char *error;
    } bad[] = {
        {"markets: [XNYS]\nhours: sometimes\n", ERR_SYNTAX,
         "line 2: \"sometimes\" is no period; one is 09:30-16:00"},
        {"markets: [XNYS]\nzone: Mars/Base\nfrom: 2026-01-01\n"
         "to: 2026-12-31\nhours: 00:00-01:00\n",
         ERR_ABSENT, "line 2: no time zone \"Mars/Base\" in "},
        {"markets: [XNYS]\nzone: ../UTC\nfrom: 2026-01-01\n"
         "to: 2026-12-31\nhours: 00:00-01:00\n",
         ERR_SYNTAX,
         "line 2: this can't be a time zone; one is America/New_York"},
        {"markets: [XNYS]\nhours: [always\n", ERR_SYNTAX, "line 3: not YAML: "},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char error[CALENDAR_ERROR_SIZE];
        assert_int_equal(
            calendar_add(calendar, folder->path, span_of(bad[i].text), error),
            bad[i].err);
        error[strlen(bad[i].error)] = '\0';
        assert_string_equal(error, bad[i].error);
        assert_true(is_open(calendar, "XNYS", WEDNESDAY));
        assert_false(is_open(calendar, "XNYS", SUNDAY));
    }
    calendar_destroy(&calendar);
}

static void calendar_says_how_long_it_is_good(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar = create(folder);
    const char *market = NULL;
    // Sydney's year ends first.
    int64_t end = utc(2028, 12, 31, 13 * 3600);
    assert_int_equal(calendar_left_s(calendar, end - 86400, &market), 86400);
    assert_string_equal(market, "XASX");
    assert_int_equal(calendar_left_s(calendar, end, NULL), 0);
    assert_int_equal(calendar_left_s(calendar, end + 5, NULL), -5);
    assert_true(calendar_is_known(calendar, span_of("XASX"), end - 1));
    assert_false(calendar_is_known(calendar, span_of("XASX"), end));
    assert_true(calendar_is_known(calendar, span_of("XNYS"), end));
    assert_true(calendar_left_s(calendar, SUNDAY, NULL) > CALENDAR_WARN_S);

    // A calendar that nobody uses any more is not warned of.
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_add(calendar, folder->path,
                                  span_of("markets: XASX\nhours: always\n"),
                                  error),
                     0);
    assert_int_equal(calendar_left_s(calendar, end, &market), 2 * 3600);
    assert_string_equal(market, "XTKS");
    calendar_destroy(&calendar);
}

static void calendar_without_files_is_good_for_ever(void **state)
{
    (void)state;
    struct calendar *calendar;
    assert_int_equal(calendar_create(&calendar), 0);
    const char *market = NULL;
    assert_int_equal(calendar_left_s(calendar, SUNDAY, &market),
                     TIMETABLE_NEVER);
    assert_string_equal(market, "");
    assert_true(is_open(calendar, "XNYS", SUNDAY));
    assert_false(calendar_is_known(calendar, span_of("XNYS"), SUNDAY));
    calendar_destroy(&calendar);
}

static void markets_have_names_of_one_to_eight_characters(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    assert_int_equal(calendar_add(calendar, folder->path,
                                  span_of("markets: [A, ABCDEFGH]\nzone: UTC\n"
                                          "from: 2026-11-01\n"
                                          "to: 2026-11-30\n"
                                          "hours: 00:00-24:00\n"),
                                  error),
                     0);
    assert_true(calendar_is_known(calendar, span_of("A"), SUNDAY));
    assert_true(calendar_is_known(calendar, span_of("ABCDEFGH"), SUNDAY));
    assert_false(calendar_is_known(calendar, span_of("ABCDEFG"), SUNDAY));
    const char *market = NULL;
    assert_int_equal(calendar_left_s(calendar, utc(2026, 11, 30, 0), &market),
                     86400);
    assert_string_equal(market, "A");
    calendar_destroy(&calendar);
}

static void missing_zones_name_the_package(void **state)
{
    const struct folder *folder = *state;
    char empty[128];
    path_of(folder, "none", empty);
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    assert_int_equal(calendar_add_built_in(calendar, empty, error), ERR_ABSENT);
    assert_non_null(strstr(error, "install the package tzdata"));
    assert_non_null(strstr(error, ".yaml: line "));
    // The markets are open then, as those are that nobody knows.
    assert_true(is_open(calendar, "XNYS", SUNDAY));
    calendar_destroy(&calendar);
}

static void files_have_a_bound(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&calendar), 0);
    struct span text = span_of("markets: XONE\nhours: always\n");
    for (int i = 0; i < CALENDAR_FILES_LIMIT; i++) {
        assert_int_equal(calendar_add(calendar, folder->path, text, error), 0);
    }
    assert_int_equal(calendar_add(calendar, folder->path, text, error),
                     ERR_FULL);
    assert_string_equal(error, "more than 128 calendars, or 512 markets in "
                               "them");
    calendar_destroy(&calendar);
}

static void markets_have_a_bound(void **state)
{
    const struct folder *folder = *state;
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE];
    int err = 0;
    int files = 0;
    assert_int_equal(calendar_create(&calendar), 0);
    for (; err == 0; files++) {
        char text[512];
        int len = snprintf(text, sizeof(text), "hours: always\nmarkets:\n");
        for (int i = 0; i < DRAFT_MARKETS_LIMIT; i++) {
            len += snprintf(text + len, sizeof(text) - (size_t)len,
                            "- M%dX%d\n", files, i);
        }
        err = calendar_add(calendar, folder->path, span_of(text), error);
    }
    assert_int_equal(err, ERR_FULL);
    assert_int_equal(files, 512 / DRAFT_MARKETS_LIMIT + 1);
    calendar_destroy(&calendar);
}

static void oom_adding_fails_whole(void **state)
{
    const struct folder *folder = *state;
    struct span text = span_of("markets: XONE\nzone: UTC\nfrom: 2026-01-01\n"
                               "to: 2026-12-31\nhours: 09:00-10:00\n");
    int last = ERR_NOMEM;
    TESTING_EACH_ALLOCATION(n)
    {
        struct calendar *calendar;
        char error[CALENDAR_ERROR_SIZE] = "";
        last = calendar_create(&calendar);
        if (last == 0) {
            last = calendar_add(calendar, folder->path, text, error);
            assert_true((last == 0) == (error[0] == '\0'));
            assert_int_equal(
                calendar_is_known(calendar, span_of("XONE"), SUNDAY),
                last == 0);
        }
        assert_true(last == 0 || last == ERR_NOMEM);
        calendar_destroy(&calendar);
    }
    assert_int_equal(last, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(inv1_every_market_has_a_timetable, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(inv2_what_was_added_later_counts, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(inv3_a_file_that_is_refused_changes_nothing,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(calendar_says_how_long_it_is_good, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(calendar_without_files_is_good_for_ever,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(
        markets_have_names_of_one_to_eight_characters, set_up, tear_down),
    cmocka_unit_test_setup_teardown(missing_zones_name_the_package, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(files_have_a_bound, set_up, tear_down),
    cmocka_unit_test_setup_teardown(markets_have_a_bound, set_up, tear_down),
    cmocka_unit_test_setup_teardown(oom_adding_fails_whole, set_up, tear_down),
};

TEST_MAIN(tests)
