/* SPDX-License-Identifier: Apache-2.0 */
/*
 * almanac_test.c -- calendars of one's own: a file or a folder, beside the
 * built-in ones or in their place; and what is wrong with one, with its place.
 */
#include "host/almanac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "calendar/calendar.h"
#include "conf/conf.h"
#include "testing/testing.h"

/* A market that is open on one Sunday only, by the name of it. */
#define MARKET(name)        \
    "markets: [" name "]\n" \
    "zone: UTC\n"           \
    "from: 2026-01-01\n"    \
    "to: 2028-12-31\n"      \
    "hours: 09:00-17:00\n"  \
    "special:\n"            \
    "  2026-11-22: 10:00-11:00\n"

#define SUNDAY_1030_UNIX_S INT64_C(1795343400) /* 2026-11-22 10:30 UTC */

struct folder {
    char path[32];
    char error[ALMANAC_ERROR_SIZE];
};

static int make_folder(void **state)
{
    static struct folder folder;
    snprintf(folder.path, sizeof(folder.path), "/tmp/almanacXXXXXX");
    *state = &folder;
    return mkdtemp(folder.path) != NULL ? 0 : -1;
}

static void path_of(char out[64], const struct folder *folder, const char *name)
{
    snprintf(out, 64, "%s/%s", folder->path, name);
}

static void put(const struct folder *folder, const char *name, const char *text)
{
    char path[64];
    path_of(path, folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void drop(const struct folder *folder, const char *name)
{
    char path[64];
    path_of(path, folder, name);
    assert_int_equal(unlink(path), 0);
}

static int remove_folder(void **state)
{
    const struct folder *folder = *state;
    return rmdir(folder->path);
}

static int load(struct almanac **out, struct folder *folder, const char *path)
{
    struct conf conf = {.calendars = (char *)(uintptr_t)path};
    return almanac_load(out, &conf, folder->error);
}

static bool is_open(const struct almanac *almanac, const char *market)
{
    struct timetable_view view;
    timetable_look(calendar_find(almanac_calendar(almanac), span_of(market)),
                   SUNDAY_1030_UNIX_S, &view);
    return view.is_known && view.is_open;
}

static void assert_says(const struct folder *folder, const char *part)
{
    if (strstr(folder->error, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, folder->error);
    }
}

static void without_a_setting_the_built_in_ones_are_there(void **state)
{
    struct almanac *almanac;
    assert_int_equal(load(&almanac, *state, ""), 0);
    assert_false(is_open(almanac, "XLON"));
    assert_true(calendar_is_known(almanac_calendar(almanac), span_of("XLON"),
                                  SUNDAY_1030_UNIX_S));
    almanac_destroy(&almanac);
    assert_null(almanac);
    almanac_destroy(&almanac); // NULL already is allowed
}

static void file_takes_the_place_of_a_market_and_adds_one(void **state)
{
    struct folder *folder = *state;
    char path[64];
    path_of(path, folder, "own.txt"); // named, it may be called anything
    put(folder, "own.txt", MARKET("XLON, XOWN"));
    struct almanac *almanac;
    assert_int_equal(load(&almanac, folder, path), 0);
    assert_true(is_open(almanac, "XLON"));
    assert_true(is_open(almanac, "XOWN"));
    assert_false(is_open(almanac, "XPAR"));
    almanac_destroy(&almanac);
    drop(folder, "own.txt");
}

static void folder_is_read_in_the_order_of_its_names(void **state)
{
    struct folder *folder = *state;
    put(folder, "20.yaml", MARKET("XTWO, XLON"));
    put(folder, "10.yaml", "markets: [XLON]\nhours: always\n");
    put(folder, "notes.txt", "no calendar");
    put(folder, ".yaml", "no calendar either");
    struct almanac *almanac;
    assert_int_equal(load(&almanac, folder, folder->path), 0);
    assert_true(is_open(almanac, "XTWO"));
    struct timetable_view view; // that of 20, for it closes
    timetable_look(calendar_find(almanac_calendar(almanac), span_of("XLON")),
                   SUNDAY_1030_UNIX_S + 3600, &view);
    assert_false(view.is_open);
    almanac_destroy(&almanac);
    drop(folder, "20.yaml");
    drop(folder, "10.yaml");
    drop(folder, "notes.txt");
    drop(folder, ".yaml");
}

static void what_is_wrong_is_said_with_file_and_line(void **state)
{
    struct folder *folder = *state;
    struct almanac *almanac;
    put(folder, "bad.yaml",
        "markets: [XLON]\nzone: Europe/London\n"
        "from: 2026-01-01\nto: 2028-12-31\n"
        "hours: 9:00-17:30\n");
    char path[64];
    path_of(path, folder, "bad.yaml");
    assert_int_equal(load(&almanac, folder, folder->path), ERR_SYNTAX);
    assert_null(almanac);
    assert_says(folder, "calendars: ");
    assert_says(folder, path);
    assert_says(folder, "bad.yaml: line 5: \"9:00-17:30\" is no period");
    drop(folder, "bad.yaml");
    assert_int_equal(load(&almanac, folder, folder->path), ERR_ABSENT);
    assert_says(folder, "the folder has no file *.yaml");
    assert_int_equal(load(&almanac, folder, path), ERR_IO);
    assert_says(folder, "No such file or directory");
}

static void changed_calendars_take_the_place_and_timetables_stay(void **state)
{
    struct folder *folder = *state;
    char path[64];
    path_of(path, folder, "own.yaml");
    put(folder, "own.yaml", MARKET("XOWN"));
    struct almanac *current = NULL;
    struct almanac *next;
    assert_int_equal(load(&next, folder, path), 0);
    almanac_replace(&current, &next);
    assert_null(next);
    const struct timetable *before =
        calendar_find(almanac_calendar(current), span_of("XOWN"));

    assert_int_equal(load(&next, folder, path), 0);
    almanac_replace(&current, &next); // the same: nothing is replaced
    assert_null(next);
    assert_ptr_equal(calendar_find(almanac_calendar(current), span_of("XOWN")),
                     before);

    put(folder, "own.yaml", "markets: [XOWN]\nhours: always\n");
    assert_int_equal(load(&next, folder, path), 0);
    almanac_replace(&current, &next);
    assert_true(is_open(current, "XOWN"));
    struct timetable_view view; // who borrowed the one of before has it still
    timetable_look(before, SUNDAY_1030_UNIX_S + 3600, &view);
    assert_false(view.is_open);
    almanac_destroy(&current);
    drop(folder, "own.yaml");
}

static void oom_loads_nothing(void **state)
{
    struct folder *folder = *state;
    put(folder, "own.yaml", MARKET("XOWN"));
    TESTING_EACH_ALLOCATION(n)
    {
        struct almanac *almanac;
        int err = load(&almanac, folder, folder->path);
        assert_true((err == 0) == (almanac != NULL));
        almanac_destroy(&almanac);
    }
    drop(folder, "own.yaml");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(
        without_a_setting_the_built_in_ones_are_there, make_folder,
        remove_folder),
    cmocka_unit_test_setup_teardown(
        file_takes_the_place_of_a_market_and_adds_one, make_folder,
        remove_folder),
    cmocka_unit_test_setup_teardown(folder_is_read_in_the_order_of_its_names,
                                    make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_file_and_line,
                                    make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(
        changed_calendars_take_the_place_and_timetables_stay, make_folder,
        remove_folder),
    cmocka_unit_test_setup_teardown(oom_loads_nothing, make_folder,
                                    remove_folder),
};

TEST_MAIN(tests)
