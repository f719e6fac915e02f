/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar_table -- what src/calendar says, for tests/peers/calendar_test.py.
 *
 *     calendar_table MARKET < SECONDS
 *
 * For each Unix second on standard input, one a line, a line of what is known
 * at it: known open break, then the session's open, close, final and whether it
 * is early, or four dashes, then settled, next open and next close; "never" for
 * an instant that is not known.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "calendar/calendar.h"

static void print_instant(int64_t unix_s)
{
    if (unix_s == TIMETABLE_NEVER) {
        printf(" never");
    } else {
        printf(" %" PRId64, unix_s);
    }
}

static void print_view(const struct timetable_view *view)
{
    printf("%d %d %d", view->is_known, view->is_open, view->is_break);
    if (view->has_session) {
        print_instant(view->session.open_unix_s);
        print_instant(view->session.close_unix_s);
        print_instant(view->session.final_unix_s);
        printf(" %d", view->session.is_early);
    } else {
        printf(" - - - -");
    }
    print_instant(view->settled_unix_s);
    print_instant(view->next_open_unix_s);
    print_instant(view->next_close_unix_s);
    printf("\n");
}

int main(int argc, char **argv)
{
    struct calendar *calendar;
    char error[CALENDAR_ERROR_SIZE] = "no memory";
    if (argc != 2) {
        fprintf(stderr, "usage: calendar_table MARKET < SECONDS\n");
        return 2;
    }
    if (calendar_create(&calendar) != 0 ||
        calendar_add_built_in(calendar, ZONE_FOLDER, error) != 0) {
        fprintf(stderr, "calendar_table: %s\n", error);
        return 1;
    }
    const struct timetable *timetable =
        calendar_find(calendar, span_of(argv[1]));
    char line[64];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct timetable_view view;
        timetable_look(timetable, strtoll(line, NULL, 10), &view);
        print_view(&view);
    }
    calendar_destroy(&calendar);
    return 0;
}
