/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warm.h -- which symbols are looked at again, and when.
 *
 * A wheel of seconds: a symbol is in the slot of the second in which it is due,
 * and the wheel is turned as time goes on.  One that is due in a later turn of
 * the wheel is passed over, so a symbol costs one look every WARM_SLOTS
 * seconds.
 *
 *   (1) A symbol is in it at most once: putting it again moves it.
 *   (2) There are never more than symbols_max.
 *   (3) What is due is taken once, not before it is due, and not later than the
 *       next warm_take() after it.
 *
 * Pure: the time is passed in and does not go back.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quote/symbol.h"

struct warm; /* opaque; see warm.c */

#define WARM_SLOTS 1024u

/* Make an empty wheel that begins at now_ms.  Returns 0 or ERR_NOMEM; ended
 * with warm_destroy(). */
int warm_create(struct warm **out, uint32_t symbols_max, uint64_t now_ms);

/* Free and set *warm to NULL; NULL already is allowed. */
void warm_destroy(struct warm **warm);

/* Let a symbol be due at an instant; one that is past is due now.  `mark` is
 * the owner's, given back when it is due.  Returns 0, ERR_FULL or ERR_NOMEM. */
int warm_put(struct warm *warm, const struct symbol *symbol, uint64_t due_ms,
             uint32_t mark);

/* When a symbol is due; 0 where it is not in the wheel. */
uint64_t warm_due_ms(const struct warm *warm, const struct symbol *symbol);

/* One that is due. */
struct warm_due {
    struct symbol symbol;
    uint64_t put_ms; /* the time of the last warm_take() before it was put */
    uint32_t mark;
};

/* Take out one that is due; false where there is none. */
bool warm_take(struct warm *warm, uint64_t now_ms, struct warm_due *out);

/* Copy the symbols, up to `room` of them, in no order.  Returns how many. */
size_t warm_list(const struct warm *warm, struct symbol out[], size_t room);

/* Number of symbols. */
size_t warm_count(const struct warm *warm);
