/* SPDX-License-Identifier: Apache-2.0 */
/*
 * market.h -- which market a symbol is of, for whose hours its price is kept.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

struct calendar;      /* calendar/calendar.h */
struct desk_provider; /* desk/terms.h */
struct names;         /* quote/names.h */
struct symbol;        /* quote/symbol.h */
struct timetable;     /* calendar/timetable.h */

/*
 * The market's code: what the names file (NULL is allowed) says, else the
 * symbol itself, else `usual`, where shares are from whose symbols name none.
 * Empty where nobody knows, as of pairs, futures and indices.  BORROWED from
 * all three.  Threads: any.
 */
struct span market_of(const struct names *names, const char *usual,
                      const struct symbol *symbol);

/* What hours are found by.  All BORROWED. */
struct market_book {
    const struct calendar *calendar;
    const struct names *names;
    const char *usual; /* as above */
    const struct desk_provider *providers;
    size_t providers_count;
};

/*
 * The hours of a symbol's market, as the desk goes by them: none where the
 * first provider that serves it has prices at any hour.  Never NULL; BORROWED
 * from the calendar.  Threads: any.
 */
const struct timetable *market_hours(const struct market_book *book,
                                     const struct symbol *symbol);
