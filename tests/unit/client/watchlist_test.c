/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchlist_test.c -- the file of names, and where it is looked for.
 */
#include "cli/watchlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "testing/testing.h"

struct fixture {
    char path[64];
    char error[256];
    struct watchlist list;
};

static int make(void **state)
{
    static struct fixture fixture;
    snprintf(fixture.path, sizeof(fixture.path), "/tmp/watchlist.XXXXXX");
    int fd = mkstemp(fixture.path);
    assert_true(fd >= 0);
    close(fd);
    *state = &fixture;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    return 0;
}

static int load(struct fixture *f, const char *text, size_t len)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return watchlist_load(&f->list, f->path, f->error, sizeof(f->error));
}

static void names_stand_on_lines(void **state)
{
    struct fixture *f = *state;
    const char *const text = "\xef\xbb\xbf# mine\n"
                             "IBM\n"
                             "\n"
                             "  Walt Disney Co \t\r\n"
                             "TSLA # cars\n"
                             "   # nothing\n"
                             "A#B\n"
                             "\xc3\xa9t\xc3\xa9";
    assert_int_equal(load(f, text, strlen(text)), 0);
    assert_int_equal(f->list.count, 5);
    assert_string_equal(f->list.names[0], "IBM");
    assert_string_equal(f->list.names[1], "Walt Disney Co");
    assert_string_equal(f->list.names[2], "TSLA");
    assert_string_equal(f->list.names[3], "A#B");
    assert_string_equal(f->list.names[4], "\xc3\xa9t\xc3\xa9");
    watchlist_free(&f->list);
    assert_int_equal(f->list.count, 0);
    watchlist_free(&f->list);
}

static void file_that_is_not_there_is_an_empty_list(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        watchlist_load(&f->list, "/nowhere/at/all", f->error, sizeof(f->error)),
        0);
    assert_int_equal(f->list.count, 0);
    assert_int_equal(load(f, "", 0), 0);
    assert_int_equal(f->list.count, 0);
    watchlist_free(&f->list);
}

static void file_that_is_no_list_is_refused_with_its_line(void **state)
{
    struct fixture *f = *state;
    char expected[128];
    assert_int_equal(load(f, "IBM\n\na\x1b[2Jb\n", 12), -1);
    snprintf(expected, sizeof(expected),
             "%s:3: not a name: a control character, or no UTF-8", f->path);
    assert_string_equal(f->error, expected);
    assert_int_equal(load(f, "IBM\0TSLA\n", 9), -1);
    assert_non_null(strstr(f->error, "not a text"));
    assert_int_equal(watchlist_load(&f->list, "/", f->error, 256), -1);
    assert_non_null(strstr(f->error, "directory"));
}

static void list_has_bounds(void **state)
{
    struct fixture *f = *state;
    size_t len = 2 * (WATCHLIST_NAMES_LIMIT + 1);
    char *text = calloc(1, len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        text[i] = i % 2 == 0 ? 'A' : '\n';
    }
    assert_int_equal(load(f, text, len), -1);
    assert_non_null(strstr(f->error, "more than 10000 names"));
    assert_int_equal(load(f, text, len - 2), 0);
    assert_int_equal(f->list.count, WATCHLIST_NAMES_LIMIT);
    watchlist_free(&f->list);
    free(text);
    text = malloc(WATCHLIST_BYTES_LIMIT + 1);
    assert_non_null(text);
    memset(text, ' ', WATCHLIST_BYTES_LIMIT + 1);
    assert_int_equal(load(f, text, WATCHLIST_BYTES_LIMIT + 1), -1);
    assert_int_equal(load(f, text, WATCHLIST_BYTES_LIMIT), 0);
    watchlist_free(&f->list);
    free(text);
}

static void place_is_the_xdg_one(void **state)
{
    (void)state;
    char path[64];
    char shorter[8];
    setenv("HOME", "/home/x", 1);
    setenv("XDG_CONFIG_HOME", "/etc/x", 1);
    assert_int_equal(watchlist_path(path, sizeof(path)), 0);
    assert_string_equal(path, "/etc/x/quote/watchlist");
    setenv("XDG_CONFIG_HOME", "relative", 1); // to be passed over, says XDG
    assert_int_equal(watchlist_path(path, sizeof(path)), 0);
    assert_string_equal(path, "/home/x/.config/quote/watchlist");
    assert_int_equal(watchlist_path(shorter, sizeof(shorter)), -1);
    unsetenv("HOME");
    assert_int_equal(watchlist_path(path, sizeof(path)), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(names_stand_on_lines, make, unmake),
    cmocka_unit_test_setup_teardown(file_that_is_not_there_is_an_empty_list,
                                    make, unmake),
    cmocka_unit_test_setup_teardown(
        file_that_is_no_list_is_refused_with_its_line, make, unmake),
    cmocka_unit_test_setup_teardown(list_has_bounds, make, unmake),
    cmocka_unit_test(place_is_the_xdg_one),
};

TEST_MAIN(tests)
