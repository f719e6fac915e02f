/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h -- which timetable each market has.
 *
 * Markets go by their MIC (ISO 10383); CRYPTO and FOREX, which have none, by
 * these words.  The calendars of data/calendars/ are built in; a user's file,
 * added later, takes the place of those markets' that it names.
 *
 *     calendar_create() --> calendar_add_built_in() --> calendar_add() ...
 *                       --> calendar_find() --> timetable_look()
 *
 * Invariants; tests/unit/calendar/calendar_test.c has a test of each number.
 *
 *   (1) Every market has a timetable: one that nobody knows is always open.
 *   (2) What was added later counts.
 *   (3) A file that is refused changes nothing.
 *
 * Threads: one while it is filled; any afterwards, since it then never changes.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"
#include "calendar/draft.h"
#include "calendar/timetable.h"

struct calendar; /* opaque; see calendar.c */

#define CALENDAR_ERROR_SIZE DRAFT_ERROR_SIZE

/* Files that may be added, the built-in ones included. */
#define CALENDAR_FILES_LIMIT 128

/* How long before its end a calendar is to be warned of. */
#define CALENDAR_WARN_S (60 * 86400)

/* A calendar without any file: every market is always open.  Returns 0 and *out
 * is the caller's, to be ended with calendar_destroy(), or ERR_NOMEM. */
int calendar_create(struct calendar **out);

/* Free and set *calendar to NULL; NULL already is allowed. */
void calendar_destroy(struct calendar **calendar);

/*
 * Add the calendars that are built in.  `zones` is ZONE_FOLDER but in tests.
 * Returns 0; ERR_ABSENT where there are no time zones; another error of
 * zone_create(); ERR_NOMEM.  On failure `error` holds a sentence, and the
 * markets added before it stay.  Reads files.
 */
int calendar_add_built_in(struct calendar *calendar, const char *zones,
                          char error[CALENDAR_ERROR_SIZE]);

/*
 * Add a file's text.  Returns 0; ERR_SYNTAX where it is not of the form
 * ("line 3: ..."); ERR_FULL beyond CALENDAR_FILES_LIMIT; an error of
 * zone_create(); ERR_NOMEM.  Reads the zone's file.
 */
int calendar_add(struct calendar *calendar, const char *zones, struct span yaml,
                 char error[CALENDAR_ERROR_SIZE]);

/* The timetable of a market, never NULL; "" is a market that nobody knows.
 * BORROWED from the calendar.  A search in some 30 names: 20 ns. */
const struct timetable *calendar_find(const struct calendar *calendar,
                                      struct span market);

/* Whether a market's hours are known at an instant.  One that is always open by
 * its calendar is known; one without a calendar is not. */
bool calendar_is_known(const struct calendar *calendar, struct span market,
                       int64_t unix_s);

/*
 * Seconds for which all calendars are still good: until the first of them ends,
 * negative when it has, or TIMETABLE_NEVER.  *market, where not NULL, is a
 * market of it, BORROWED, or "".
 */
int64_t calendar_left_s(const struct calendar *calendar, int64_t unix_s,
                        const char **market);
