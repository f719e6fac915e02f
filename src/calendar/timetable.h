/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timetable.h -- when the markets of one calendar are open.
 *
 * A day's trading is a session: one period, or several with breaks between
 * them.  All sessions of the years that are known are worked out once, as
 * instants; a question is a search in them.  Immutable.
 *
 * Nobody knows a market's hours for ever.  Outside the years that are known, a
 * market is taken for open, because a price must never be withheld for want of
 * a calendar.
 *
 * Instants are Unix seconds.  An open instant belongs to its period, a close
 * instant does not.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct draft;     /* calendar/draft.h */
struct timetable; /* opaque; see timetable.c */
struct zone;      /* calendar/zone.h */

/* No such instant is known. */
#define TIMETABLE_NEVER INT64_MAX

struct timetable_session {
    int64_t open_unix_s;  /* of the first period */
    int64_t close_unix_s; /* of the last period */
    int64_t final_unix_s; /* from then on the closing price is to be had */
    bool is_early;        /* it closes earlier than on other days */
};

/* What is known at an instant. */
struct timetable_view {
    bool is_known; /* false: outside the known years, and is_open is true */
    bool is_open;
    bool is_break; /* closed, between two periods of a session */
    /* Whether there is a session that holds the instant (breaks included) or
     * is the last one before it; false also where the market never closes. */
    bool has_session;
    struct timetable_session session;
    /* While closed: a price asked for at or after this instant is the same
     * until next_open.  It may be to come: the closing auction is on.
     * TIMETABLE_NEVER while open. */
    int64_t settled_unix_s;
    /* The first after the instant.  Where the known years end first, their end
     * is the next open, since the market is taken for open then; the next close
     * is TIMETABLE_NEVER. */
    int64_t next_open_unix_s;
    int64_t next_close_unix_s;
};

/*
 * Work out the sessions of a draft that is complete.  Returns 0 and *out is the
 * caller's, to be ended with timetable_destroy(), or ERR_NOMEM and *out is
 * NULL.  *zone becomes the timetable's, and NULL, when it succeeds; it is NULL
 * already for a market that is always open.  Threads: any, as all below.
 */
int timetable_create(struct timetable **out, const struct draft *draft,
                     struct zone **zone);

/* Free and set *timetable to NULL; NULL already is allowed. */
void timetable_destroy(struct timetable **timetable);

/* The timetable of a market that has none: nothing of it is known, ever.
 * BORROWED, static. */
const struct timetable *timetable_unknown(void);

/* What is known at an instant.  A search in some 1,000 periods: 50 ns, no lock,
 * no allocation. */
void timetable_look(const struct timetable *timetable, int64_t unix_s,
                    struct timetable_view *out);

/* The end of the known years; TIMETABLE_NEVER for a market that never closes.
 */
int64_t timetable_known_until_unix_s(const struct timetable *timetable);

/* The zone in which the market's hours are, to show them; NULL for a market
 * that never closes, and for timetable_unknown().  BORROWED from the timetable.
 */
const struct zone *timetable_zone(const struct timetable *timetable);
