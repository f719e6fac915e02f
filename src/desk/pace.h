/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace.h -- how fast a provider's allowance is spent where nobody waits.
 *
 * Refreshing ahead would spend a day's 25 calls before breakfast.  So calls
 * that nobody waits for are spread over the time in which prices move, and
 * leave some for people who ask:
 *
 *   - of each day or month a tenth, less as it nears its end, and nothing of it
 *     is lost: what people did not take is spent in its last hours;
 *   - one for each symbol whose closing price will be wanted, up to half;
 *   - what is left is spread evenly over the open hours until the turn.  While
 *     every market is closed there is nothing to spread: the calls that are
 *     made then are those for closing prices;
 *   - of each second, minute or hour a tenth, and one where there is more than
 *     one; an hour's are spread over it.
 *
 * Pure: the time is passed in.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget/budget.h"

struct pace {
    bool has_spent;
    uint64_t spent_mono_ms; /* when the last such call was made */
};

/* A rule as it stands, and what of it is in open hours. */
struct pace_window {
    struct budget_view view;
    /* Of DAY and MONTH: until the turn, in which some market is open whose
     * symbols are wanted. */
    uint64_t open_ms;
    /* Of these two: closing prices that will be wanted before the turn. */
    uint32_t closing;
};

/* Note that a call was made for which nobody waited. */
void pace_spend(struct pace *pace, uint64_t now_mono_ms);

/* Milliseconds until the next such call should be made, going by what is known
 * now; 0: now.  Never more than an hour, because what is known changes. */
uint64_t pace_wait_ms(const struct pace *pace, uint64_t now_mono_ms,
                      const struct pace_window *windows, size_t count);

/* The longest wait that pace_wait_ms() gives. */
#define PACE_WAIT_LIMIT_MS (60u * 60u * 1000u)
