/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slide.h -- an allowance over any stretch of so many seconds.
 *
 * Nobody knows where a provider's second, minute or hour begins, so what is
 * counted is every stretch of that length.  Time is cut into cells; a stretch
 * touches at most SLIDE_CELLS + 1 of them, and what is in these must not exceed
 * n.  That is up to 1/SLIDE_CELLS stricter than the rule, and needs no list of
 * calls.  To the length comes a margin, because calls do not arrive as evenly
 * as they are sent.
 *
 *   (1) In no stretch of length_ms are more than n spent, by the clock passed
 *       in, whatever is asked when.
 *   (2) What is refused with a wait is granted after that wait, where nothing
 *       else is spent meanwhile.
 *
 * Pure: the time is passed in, in ms of a clock that does not go back; it may
 * be negative.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"

#define SLIDE_CELLS 32

struct slide {
    uint32_t n;
    uint32_t cell_ms;
    int64_t newest; /* number of the cell that spent[0] is */
    uint32_t spent[SLIDE_CELLS + 1];
};

/* Begin with nothing spent: n, 1 or more, in any length_ms. */
void slide_init(struct slide *slide, uint32_t n, uint64_t length_ms);

/* How many may be spent at `now`. */
uint32_t slide_left(struct slide *slide, int64_t now_ms);

/* Milliseconds until `count`, up to n, may be spent; 0: now. */
uint64_t slide_wait_ms(struct slide *slide, int64_t now_ms, uint32_t count);

/* Note `count` as spent, whether they were left or not. */
void slide_spend(struct slide *slide, int64_t now_ms, uint32_t count);

/* Append the state as words, for slide_load(). */
void slide_save(const struct slide *slide, struct buffer *out);

/*
 * Take over what slide_save() wrote, `moved_ms` later on the clock than it was
 * written: what was spent then is spent now; more than n may have been, of a
 * rule that was wider.  Returns 0 or ERR_SYNTAX, with nothing changed.
 */
int slide_load(struct slide *slide, struct span words, int64_t moved_ms);
