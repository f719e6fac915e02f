/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a calendar or is refused with a line; whatever the hours, a walk
 * from one opening to the next goes forwards and ends where the years do. */
#include <string.h>

#include "base/check.h"
#include "calendar/draft.h"
#include "calendar/timetable.h"
#include "calendar/zone.h"
#include "fuzz/fuzz.h"

/* A zone whose clocks change by an hour, twice a year, in the night. */
static struct zone *create_zone(void)
{
    static const char file[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"
                               "\4\0\0\0\0\0\0UTC\0"
                               "\nEST5EDT,M3.2.0,M11.1.0\n";
    struct zone *zone;
    struct span bytes = {file, sizeof(file) - 1};
    CHECK(zone_parse(&zone, span_of("Fuzz/Zone"), bytes) == 0);
    return zone;
}

static void check_closed(const struct timetable_view *view, int64_t unix_s)
{
    CHECK(view->is_known && !view->is_open);
    CHECK(view->next_open_unix_s > unix_s);
    CHECK(view->settled_unix_s != TIMETABLE_NEVER);
    CHECK(!view->is_break || view->has_session);
}

static void walk(const struct timetable *timetable, int64_t from_unix_s)
{
    int64_t until_unix_s = timetable_known_until_unix_s(timetable);
    int64_t unix_s = from_unix_s;
    while (unix_s < until_unix_s) {
        struct timetable_view view;
        timetable_look(timetable, unix_s, &view);
        if (view.is_open) {
            CHECK(view.session.open_unix_s <= unix_s);
            CHECK(view.session.close_unix_s >= view.next_close_unix_s);
            CHECK(view.next_close_unix_s > unix_s);
            unix_s = view.next_close_unix_s;
        } else {
            check_closed(&view, unix_s);
            unix_s = view.next_open_unix_s;
        }
    }
}

static void use(const struct draft *draft)
{
    struct zone *zone = draft->is_always ? NULL : create_zone();
    struct timetable *timetable;
    CHECK(timetable_create(&timetable, draft, &zone) == 0);
    if (!draft->is_always) {
        CHECK(draft->hours.count > 0);
        walk(timetable, (draft->from_day + 1) * 86400);
    }
    timetable_destroy(&timetable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct draft draft;
    char error[DRAFT_ERROR_SIZE] = "";
    struct span text = {(const char *)data, len};
    if (draft_read(&draft, text, error) != 0) {
        CHECK(strncmp(error, "line ", 5) == 0);
        CHECK(strlen(error) < DRAFT_ERROR_SIZE);
        return 0;
    }
    CHECK(error[0] == '\0');
    CHECK(draft.markets_count > 0);
    use(&draft);
    return 0;
}
