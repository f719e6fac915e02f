/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/calendar.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/mem.h"

/* data/calendars/NAME.yaml, made by tools/embed. */
extern const struct embed_file embed_calendars[];

#define MARKETS_LIMIT (CALENDAR_FILES_LIMIT * 4)

struct market {
    uint64_t key; /* its name's bytes, so that a search compares numbers */
    char name[DRAFT_MARKET_LIMIT + 1];
    const struct timetable *timetable; /* BORROWED from `timetables` */
};

struct calendar {
    size_t timetables_count;
    struct timetable *timetables[CALENDAR_FILES_LIMIT];
    size_t markets_count;
    struct market markets[MARKETS_LIMIT];
};

int calendar_create(struct calendar **out)
{
    *out = mem_calloc(1, sizeof(**out));
    return *out != NULL ? 0 : ERR_NOMEM;
}

void calendar_destroy(struct calendar **calendar)
{
    if (*calendar == NULL) {
        return;
    }
    for (size_t i = 0; i < (*calendar)->timetables_count; i++) {
        timetable_destroy(&(*calendar)->timetables[i]);
    }
    mem_free(*calendar);
    *calendar = NULL;
}

/* --- Finding -------------------------------------------------------------- */

/* 0 where no market can have that name. */
static uint64_t key_of(struct span market)
{
    uint64_t key = 0;
    _Static_assert(sizeof(key) == DRAFT_MARKET_LIMIT, "a name is a number");
    if (market.len > 0 && market.len <= sizeof(key)) {
        memcpy(&key, market.data, market.len);
    }
    return key;
}

/* The place of a market, or of the one that would be next. */
static size_t place_of(const struct calendar *calendar, uint64_t key)
{
    size_t at = 0;
    while (at < calendar->markets_count && calendar->markets[at].key != key) {
        at++;
    }
    return at;
}

const struct timetable *calendar_find(const struct calendar *calendar,
                                      struct span market)
{
    size_t at = place_of(calendar, key_of(market));
    return at < calendar->markets_count ? calendar->markets[at].timetable
                                        : timetable_unknown();
}

bool calendar_is_known(const struct calendar *calendar, struct span market,
                       int64_t unix_s)
{
    struct timetable_view view;
    timetable_look(calendar_find(calendar, market), unix_s, &view);
    return view.is_known;
}

int64_t calendar_left_s(const struct calendar *calendar, int64_t unix_s,
                        const char **market)
{
    int64_t first_unix_s = TIMETABLE_NEVER;
    const char *first = "";
    for (size_t i = 0; i < calendar->markets_count; i++) {
        int64_t until_unix_s =
            timetable_known_until_unix_s(calendar->markets[i].timetable);
        if (until_unix_s < first_unix_s) {
            first_unix_s = until_unix_s;
            first = calendar->markets[i].name;
        }
    }
    if (market != NULL) {
        *market = first;
    }
    return first_unix_s == TIMETABLE_NEVER ? TIMETABLE_NEVER
                                           : first_unix_s - unix_s;
}

/* --- Filling -------------------------------------------------------------- */

/* Whether there is room for a timetable and its markets. */
static bool has_room(const struct calendar *calendar, const struct draft *draft)
{
    return calendar->timetables_count < CALENDAR_FILES_LIMIT &&
           draft->markets_count <= MARKETS_LIMIT - calendar->markets_count;
}

static void enter(struct calendar *calendar, const struct draft *draft,
                  struct timetable *timetable)
{
    CHECK(has_room(calendar, draft));
    calendar->timetables[calendar->timetables_count++] = timetable;
    for (size_t i = 0; i < draft->markets_count; i++) {
        uint64_t key = key_of(span_of(draft->markets[i]));
        CHECK(key != 0);
        size_t at = place_of(calendar, key);
        struct market *market = &calendar->markets[at];
        market->key = key;
        memcpy(market->name, draft->markets[i], sizeof(market->name));
        market->timetable = timetable;
        calendar->markets_count += at == calendar->markets_count;
    }
}

static int open_zone(struct zone **out, const char *zones,
                     const struct draft *draft, char error[CALENDAR_ERROR_SIZE])
{
    *out = NULL;
    if (draft->is_always) {
        return 0;
    }
    char cause[ZONE_ERROR_SIZE];
    int err = zone_create(out, zones, span_of(draft->zone), cause);
    if (err != 0) {
        int len = snprintf(error, CALENDAR_ERROR_SIZE,
                           "line %zu: ", draft->zone_line);
        CHECK(len > 0 && len < CALENDAR_ERROR_SIZE);
        snprintf(error + len, CALENDAR_ERROR_SIZE - (size_t)len, "%.*s",
                 CALENDAR_ERROR_SIZE - len - 1, cause);
    }
    return err;
}

static int add_draft(struct calendar *calendar, const char *zones,
                     const struct draft *draft, char error[CALENDAR_ERROR_SIZE])
{
    struct zone *zone = NULL;
    struct timetable *timetable = NULL;
    if (!has_room(calendar, draft)) {
        snprintf(error, CALENDAR_ERROR_SIZE,
                 "more than %d calendars, or %d markets in them",
                 CALENDAR_FILES_LIMIT, MARKETS_LIMIT);
        return ERR_FULL;
    }
    int err = open_zone(&zone, zones, draft, error);
    if (err != 0) {
        return err;
    }
    err = timetable_create(&timetable, draft, &zone);
    if (err != 0) {
        snprintf(error, CALENDAR_ERROR_SIZE, "%s", err_sentence(err));
        zone_destroy(&zone);
        return err;
    }
    enter(calendar, draft, timetable);
    return 0;
}

int calendar_add(struct calendar *calendar, const char *zones, struct span yaml,
                 char error[CALENDAR_ERROR_SIZE])
{
    error[0] = '\0';
    struct draft *draft = mem_calloc(1, sizeof(*draft)); // 17 KiB
    int err = ERR_NOMEM;
    if (draft == NULL) {
        snprintf(error, CALENDAR_ERROR_SIZE, "%s", err_sentence(err));
    } else {
        err = draft_read(draft, yaml, error);
    }
    if (err == 0) {
        err = add_draft(calendar, zones, draft, error);
    }
    mem_free(draft);
    CHECK((err == 0) == (error[0] == '\0'));
    return err;
}

int calendar_add_built_in(struct calendar *calendar, const char *zones,
                          char error[CALENDAR_ERROR_SIZE])
{
    for (const struct embed_file *file = embed_calendars; file->name != NULL;
         file++) {
        char cause[CALENDAR_ERROR_SIZE];
        int err = calendar_add(calendar, zones,
                               (struct span){file->data, file->len}, cause);
        if (err != 0) {
            snprintf(error, CALENDAR_ERROR_SIZE, "calendar %s: %.*s",
                     file->name, CALENDAR_ERROR_SIZE - 64, cause);
            return err;
        }
    }
    error[0] = '\0';
    return 0;
}
