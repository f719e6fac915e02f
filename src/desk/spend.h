/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spend.h -- how fast an allowance was spent of late, and when nothing of it is
 * left if that goes on.
 *
 * What a rule of a budget lost is counted over a look-back of a quarter of the
 * rule's span: six hours of a day, fifteen seconds of a minute.  The look-back
 * is a ring of SPEND_SLOTS slots, of which the oldest is emptied when a new one
 * begins, so it is between 15 and 16 slots long.
 *
 *     pace = what is in the ring / the time that the ring has seen
 *
 * The time is counted from the start at first, and as one slot at least, so
 * that a call just after the start is not taken for a torrent.
 *
 *     runs out in = left / pace
 *
 * unless what comes back is enough: a day or a month turns before; of the
 * shorter spans, which slide, a whole one at this pace is no more than n.
 *
 * Size: 4 bytes a slot and 24 more, 88 bytes a rule, whatever is spent.
 *
 * Invariants; tests/unit/desk/spend_test.c has a test of each number.
 *
 *   (1) What was spent counts for 15 slots at least, and for 16 at most.
 *   (2) Where nothing was spent in them, it never runs out.
 *   (3) With more left it never runs out sooner; having spent more, never
 *       later.
 *   (4) Where nothing is left it runs out now, if anything was spent.
 *
 * Pure: the time is passed in and does not go back.  Threads: the owner's.
 */

#pragma once

#include <stdint.h>

#include "budget/budget.h"

#define SPEND_SLOTS 16u

/* It never runs out. */
#define SPEND_NEVER UINT64_MAX

struct spend {
    uint64_t since_mono_ms;      /* when counting began */
    uint64_t slot;               /* number of the newest slot, since time 0 */
    uint64_t slot_ms;            /* length of a slot */
    uint32_t spent[SPEND_SLOTS]; /* slot n is at n % SPEND_SLOTS */
};

/* Begin to count what a rule over `span` loses. */
void spend_init(struct spend *spend, enum budget_span span,
                uint64_t now_mono_ms);

/* So much was spent. */
void spend_note(struct spend *spend, uint64_t now_mono_ms, uint32_t amount);

/* The pace, as what a day takes, rounded up. */
uint64_t spend_pace_day(struct spend *spend, uint64_t now_mono_ms);

/* Milliseconds until nothing is left of the rule that `view` shows, or
 * SPEND_NEVER. */
uint64_t spend_out_in_ms(struct spend *spend, uint64_t now_mono_ms,
                         const struct budget_view *view);
