/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted.h -- a budget against a provider that counts, for the tests.
 *
 * The provider here keeps every call, with the true time, and looks at each
 * window of each rule in the plainest way.  What the budget is told of the time
 * is something else: a wall clock that is stepped, and a process that is killed
 * and started again from what it saved last.
 */

#pragma once

#include "base/buffer.h"
#include "budget/budget.h"
#include "quote/symbol.h"

#define COUNTED_HOUR_MS INT64_C(3600000)
#define COUNTED_DAY_MS  (24 * COUNTED_HOUR_MS)

#define COUNTED_SYMBOLS 40

struct counted_call {
    int64_t true_ms;
    unsigned first; // symbols first to first + count - 1
    unsigned count;
};

struct counted {
    struct budget_rule rules[BUDGET_RULES_LIMIT];
    size_t rules_count;
    struct budget *budget;
    int64_t true_ms;    // unix, as the provider has it but for skew_ms
    int64_t skew_ms;    // of the provider's clock
    int64_t step_ms;    // of our wall clock
    int64_t stepped_ms; // true time of that
    int64_t boot_ms;    // true time at which the machine started
    unsigned boots;
    struct buffer saved;
    struct symbol symbols[COUNTED_SYMBOLS];
    const struct symbol *list[2 * COUNTED_SYMBOLS];
    struct counted_call *calls;
    size_t calls_count;
    uint64_t random;
    struct zone *zone;
};

/* cmocka's: *state is a struct counted, at 2026-03-01T12:00:00Z, a week before
 * New York changes its clocks. */
int counted_set_up(void **state);
int counted_tear_down(void **state);

/* Choose the rules, and make a budget of them; what budget_create() says. */
void counted_set_rules(struct counted *f, const struct budget_rule *rules,
                       size_t count);
int counted_make(struct counted *f);

/* The time by our clocks. */
struct steady_time counted_now(const struct counted *f);

/* New York's zone.  BORROWED as long as the fixture. */
const struct zone *counted_new_york(struct counted *f);

/* Draw from 0 to limit - 1. */
uint64_t counted_draw(struct counted *f, uint64_t limit);

/* Ask for `count` symbols from number `first` on; call for those that fit,
 * having saved the budget before.  Returns how many. */
size_t counted_ask(struct counted *f, unsigned first, unsigned count,
                   uint64_t *wait_ms);

/* The process is killed, and another one begins with what was saved. */
void counted_restart(struct counted *f);

/* Rule `i` as it stands. */
struct budget_view counted_look(struct counted *f, size_t i);

/* Count what the provider would: fails where more was spent than a rule has. */
void counted_check_rules(const struct counted *f);
