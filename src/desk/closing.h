/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closing.h -- which prices can't change for a while, and when to look again.
 *
 * While a market is closed its closing price stays what it is, so nothing is
 * asked until it opens.  A provider whose prices are delayed has the closing
 * price that much later; one that has a price a day has nothing new before the
 * close.  Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

#include "budget/steady.h"

struct quote;     /* quote/quote.h */
struct timetable; /* calendar/timetable.h */

/* Providers are not to the second, and neither is the closing auction. */
#define CLOSING_AFTER_S 120

/* One that has a price a day has it by so long after the close. */
#define CLOSING_DAY_S 3600

/* Fill in settled_until_mono_ms and is_closing of a quote that was fetched by
 * the time that it says; `now` is the same instant by both clocks. */
void closing_note(struct quote *quote, const struct timetable *timetable,
                  struct steady_time now);

/*
 * When a quote should be refreshed that would not be fresh any more at
 * due_mono_ms: then, or, where its market is closed then, once its closing
 * price is to be had, or when it opens.
 */
uint64_t closing_due_mono_ms(const struct quote *quote,
                             const struct timetable *timetable,
                             uint64_t due_mono_ms, struct steady_time now);
