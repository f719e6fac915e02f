/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.h -- an allowance of a day or a month, that turns where the provider is.
 *
 * A day begins at some hour in some zone, and the provider's clock is not ours:
 * it may be ahead or behind by TURN_MARGIN_MS.  So ours turns by that later,
 * and what was spent within the margin on either side of midnight counts in
 * both days.
 *
 *   (1) Between two midnights of any clock that is within the margin of ours,
 *       no more than n are spent.
 *   (2) A turn is never taken back: a clock that goes back does not bring the
 *       allowance of the day before, nor that of the same day anew.
 *
 * Pure: the time is passed in.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

struct zone; /* calendar/zone.h */

#define TURN_MARGIN_MS 60000

struct turn_rule {
    uint32_t n;
    bool is_month;           /* else a day */
    const struct zone *zone; /* whose midnight; BORROWED.  NULL: UTC */
    unsigned hour;           /* at which it turns, 0 to 23 */
};

struct turn {
    struct turn_rule rule;
    int64_t start_unix_ms;
    int64_t end_unix_ms; /* INT64_MIN before the first use */
    uint64_t spent;
    uint64_t late; /* of these, near enough to the end to count again */
};

/* Begin with nothing spent. */
void turn_init(struct turn *turn, const struct turn_rule *rule);

/* Turn where it is time to; returns whether it did.  All calls below want it
 * called before, with the same time, or one that it may be as well: what is
 * late by that counts again. */
bool turn_advance(struct turn *turn, int64_t now_unix_ms);

/* Whether what is spent now counts again after the turn. */
bool turn_is_late(const struct turn *turn, int64_t now_unix_ms);

/* How many may be spent. */
uint32_t turn_left(const struct turn *turn);

/* When it turns: ms since 1970, the margin included. */
int64_t turn_at_unix_ms(const struct turn *turn);

/* Note `count` as spent, whether they were left or not. */
void turn_spend(struct turn *turn, int64_t now_unix_ms, uint32_t count);

/* Believe that nothing is left until it turns. */
void turn_exhaust(struct turn *turn);

/* Append the state as words, for turn_load(). */
void turn_save(const struct turn *turn, struct buffer *out);

/* Take over what turn_save() wrote, off the front of *words.  Returns 0 or
 * ERR_SYNTAX, with nothing changed. */
int turn_load(struct turn *turn, struct span *words);
