/* SPDX-License-Identifier: Apache-2.0 */
/*
 * almanac.h -- the calendars that a server goes by: those that are built in,
 * and those of the setting `calendars`, which take the place of the built-in
 * ones for the markets that they name.
 *
 * Timetables are borrowed by whoever plans a refresh, so those of an almanac
 * that was replaced live on in the one that took its place; only a changed file
 * makes another almanac, so these are few.
 *
 * Threads: main, but where it says otherwise.
 */

#pragma once

#include <stdint.h>

struct almanac;  /* opaque; see almanac.c */
struct calendar; /* calendar/calendar.h */
struct conf;     /* conf/conf.h */

#define ALMANAC_ERROR_SIZE 640

/*
 * Read the calendars.  What is wrong with those that are built in is logged,
 * and their markets count as open: it can only be that the machine has no time
 * zones.  Returns 0 and *out is the caller's, to be ended with
 * almanac_destroy(); or, for the files of the setting, ERR_IO, ERR_SYNTAX,
 * ERR_ABSENT (a folder without any; no time zones), ERR_FULL or ERR_NOMEM, with
 * file, line and cause in `error`.  Blocks.
 */
int almanac_load(struct almanac **out, const struct conf *conf,
                 char error[ALMANAC_ERROR_SIZE]);

/* Free, with all that it took the place of, and set *almanac to NULL; NULL
 * already is allowed. */
void almanac_destroy(struct almanac **almanac);

/* The calendars.  BORROWED, never NULL.  Threads: any. */
const struct calendar *almanac_calendar(const struct almanac *almanac);

/* Put *next (MOVED) in the place of *current; where both were read from the
 * same texts *current stays. */
void almanac_replace(struct almanac **current, struct almanac **next);

/* Log a warning where a calendar ends soon, or has. */
void almanac_warn(const struct almanac *almanac, int64_t now_unix_s);
