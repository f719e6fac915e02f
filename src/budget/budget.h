/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h -- what a provider's key still allows.
 *
 * A key has several rules at once: one call a second and 25 a day; or 50 an
 * hour and 500 different symbols a month.  A call must fit into all of them.
 * Where nobody knows in which zone a key's day turns, a rule for each zone that
 * it may be keeps it safe under any.
 * It is noted BEFORE it is sent, and the note is kept (store/store.h) before it
 * is sent: so whatever ends the process, the count is never lower than what the
 * provider has seen.
 *
 *     budget_fit() --> budget_spend() --> budget_save(), kept --> the call
 *
 * Invariants; tests/unit/budget/budget_test.c has a test of each number.
 *
 *   (1) For any sequence of asks, of restarts from what was saved, and of steps
 *       of the wall clock while the machine runs, by up to a day and taken back
 *       within STEADY_BELIEVED_MS, no rule lets through more than its n: in any
 *       stretch of a second, minute or hour; in any day or month of the
 *       provider's.  (A step that is kept for longer is believed, and the days
 *       turn by it.)
 *   (2) What does not fit says when it will, and does then.
 *   (3) A text that was saved loads, with the rules it was saved with or with
 *       others: a rule that was there keeps its count, a new one begins at 0.
 *   (4) A text that is damaged changes nothing.
 *
 * Pure: the time is passed in, and calls must not go back on the monotonic
 * clock (checked).  Threads: the owner's.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "budget/steady.h"

struct budget; /* opaque; see budget.c */
struct symbol; /* quote/symbol.h */
struct zone;   /* calendar/zone.h */

#define BUDGET_RULES_LIMIT 16

/* Different symbols that a rule may count; a month of a free key has 500. */
#define BUDGET_DISTINCT_LIMIT 10000u

#define BUDGET_N_LIMIT 1000000000u

/* Over what time.  The words are those of the descriptions. */
enum budget_span {
    BUDGET_SECOND,
    BUDGET_MINUTE,
    BUDGET_HOUR,
    BUDGET_DAY,
    BUDGET_MONTH,
    BUDGET_SPANS, /* how many there are */
};

/* What is counted. */
enum budget_cost {
    BUDGET_CALLS,
    BUDGET_SYMBOLS,  /* each symbol of a call */
    BUDGET_DISTINCT, /* each symbol once; with BUDGET_DAY and _MONTH only */
    BUDGET_COSTS,
};

struct budget_rule {
    uint32_t n; /* 1 to BUDGET_N_LIMIT; DISTINCT: to BUDGET_DISTINCT_LIMIT */
    enum budget_span span;
    enum budget_cost cost;
    const struct zone *zone; /* of DAY and MONTH; NULL is UTC.  BORROWED */
    unsigned hour;           /* at which these turn there, 0 to 23 */
};

/* Bytes of "f3c9a1d0-....": what tells one start of the machine from another.
 */
#define BUDGET_BOOT_SIZE 40

struct budget_options {
    const struct budget_rule *rules; /* copied */
    size_t rules_count;              /* 0: there is no limit */
    /* A word that stays the same until the machine starts again, after which
     * the monotonic clock begins anew; "" where it is not known.  Copied. */
    const char *boot;
};

/* Make a budget of which nothing is spent.  Returns 0 and *out is the caller's,
 * to be ended with budget_destroy(); ERR_RANGE where a rule is outside of what
 * is stated above; or ERR_NOMEM. */
int budget_create(struct budget **out, const struct budget_options *options,
                  struct steady_time now);

/* Free and set *budget to NULL; NULL already is allowed. */
void budget_destroy(struct budget **budget);

/*
 * How many of the first of `symbols` (`count` of them, 1 or more) one call may
 * ask for now.  Where it is 0, *wait_ms is how long until the first alone may
 * be asked for, if nothing else is spent; else 0.
 */
size_t budget_fit(struct budget *budget, struct steady_time now,
                  const struct symbol *const *symbols, size_t count,
                  uint64_t *wait_ms);

/* Note one call for these symbols, whether it fits or not.  Returns 0, or
 * ERR_NOMEM with nothing noted: then it must not be made. */
int budget_spend(struct budget *budget, struct steady_time now,
                 const struct symbol *const *symbols, size_t count);

/* The provider says that an allowance is used up: believe it until the rules of
 * that span turn.  Returns how long that is, in ms; 0 where there is no such
 * rule. */
uint64_t budget_exhaust(struct budget *budget, struct steady_time now,
                        enum budget_span span);

/* The provider says that so much of an allowance is left.  Less than we thought
 * is believed; more is not, because calls may be on their way. */
void budget_note_left(struct budget *budget, struct steady_time now,
                      enum budget_span span, uint64_t left);

/* One rule as it stands, for people and for pacing. */
struct budget_view {
    struct budget_rule rule;
    uint32_t left;
    /* Until all of it is there again: DAY, MONTH: until the turn; else 0 where
     * nothing is spent. */
    uint64_t turns_in_ms;
};

/* Number of rules. */
size_t budget_rules_count(const struct budget *budget);

/* Look at rule `i`, below their number (checked). */
void budget_look(struct budget *budget, struct steady_time now, size_t i,
                 struct budget_view *out);

/* Append the state as lines of text.  `out` fails for want of memory. */
void budget_save(struct budget *budget, struct steady_time now,
                 struct buffer *out);

/* Take over what budget_save() wrote, in this process or in one before, now or
 * long ago.  Returns 0; ERR_SYNTAX where the text is damaged, or ERR_NOMEM: the
 * budget is then as it was. */
int budget_load(struct budget *budget, struct steady_time now,
                struct span text);

/* "s", "m", "h", "d", "mo".  BORROWED, static. */
const char *budget_span_name(enum budget_span span);

/* "calls", "symbols", "distinct".  BORROWED, static. */
const char *budget_cost_name(enum budget_cost cost);
