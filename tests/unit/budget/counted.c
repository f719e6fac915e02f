/* SPDX-License-Identifier: Apache-2.0 */
#include "counted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/zone.h"
#include "testing/testing.h"

#define BEGIN_UNIX_MS INT64_C(1772366400000)

#define CALLS 40000

struct steady_time counted_now(const struct counted *f)
{
    return (struct steady_time){f->true_ms + f->step_ms,
                                (uint64_t)(f->true_ms - f->boot_ms)};
}

int counted_make(struct counted *f)
{
    char boot[BUDGET_BOOT_SIZE];
    snprintf(boot, sizeof(boot), "boot-%u", f->boots);
    struct budget_options options = {f->rules, f->rules_count, boot};
    return budget_create(&f->budget, &options, counted_now(f));
}

int counted_set_up(void **state)
{
    struct counted *f = calloc(1, sizeof(*f));
    f->calls = calloc(CALLS, sizeof(*f->calls));
    f->true_ms = BEGIN_UNIX_MS;
    f->boot_ms = BEGIN_UNIX_MS - 5 * COUNTED_HOUR_MS;
    f->saved = buffer_empty(1 << 20);
    f->random = 7;
    for (unsigned i = 0; i < COUNTED_SYMBOLS; i++) {
        char text[16];
        snprintf(text, sizeof(text), "S%u", i);
        assert_int_equal(symbol_parse(&f->symbols[i], span_of(text)), 0);
        f->list[i] = f->list[i + COUNTED_SYMBOLS] = &f->symbols[i];
    }
    *state = f;
    return 0;
}

int counted_tear_down(void **state)
{
    struct counted *f = *state;
    budget_destroy(&f->budget);
    buffer_deinit(&f->saved);
    zone_destroy(&f->zone);
    free(f->calls);
    free(f);
    return 0;
}

/* Draw from 0 to limit - 1. */
uint64_t counted_draw(struct counted *f, uint64_t limit)
{
    return testing_random(&f->random) % limit;
}

static void save(struct counted *f)
{
    buffer_clear(&f->saved);
    budget_save(f->budget, counted_now(f), &f->saved);
    assert_false(f->saved.failed);
}

/* The process is killed, and another one begins. */
void counted_restart(struct counted *f)
{
    budget_destroy(&f->budget);
    assert_int_equal(counted_make(f), 0);
    if (f->saved.len > 0) {
        assert_int_equal(
            budget_load(f->budget, counted_now(f), buffer_span(&f->saved)), 0);
    }
}

/* Ask for `count` symbols from number `first` on; call for those that fit. */
size_t counted_ask(struct counted *f, unsigned first, unsigned count,
                   uint64_t *wait_ms)
{
    size_t fit =
        budget_fit(f->budget, counted_now(f), &f->list[first], count, wait_ms);
    if (fit > 0) {
        assert_int_equal(
            budget_spend(f->budget, counted_now(f), &f->list[first], fit), 0);
        save(f); // before it is sent
        assert_true(f->calls_count < CALLS);
        f->calls[f->calls_count++] =
            (struct counted_call){f->true_ms, first, (unsigned)fit};
    }
    return fit;
}

struct budget_view counted_look(struct counted *f, size_t i)
{
    struct budget_view view;
    budget_look(f->budget, counted_now(f), i, &view);
    return view;
}

/* --- The provider --------------------------------------------------------- */

/* The number of the day or month that a call is in, where the provider is. */
static int64_t period(const struct budget_rule *rule, int64_t unix_ms)
{
    int64_t unix_s = unix_ms / 1000;
    if (rule->zone != NULL) {
        unix_s += zone_offset_s(rule->zone, unix_s);
    }
    int64_t day = (unix_s - (int64_t)rule->hour * 3600) / 86400;
    if (rule->span == BUDGET_DAY) {
        return day;
    }
    struct clock_date date = clock_date_of_days(day);
    return date.year * 12 + date.month;
}

static unsigned cost(const struct budget_rule *rule,
                     const struct counted_call *call,
                     bool seen[COUNTED_SYMBOLS])
{
    if (rule->cost == BUDGET_CALLS) {
        return 1;
    }
    if (rule->cost == BUDGET_SYMBOLS) {
        return call->count;
    }
    unsigned new_ones = 0;
    for (unsigned i = 0; i < call->count; i++) {
        bool *one = &seen[(call->first + i) % COUNTED_SYMBOLS];
        new_ones += !*one;
        *one = true;
    }
    return new_ones;
}

static int64_t length_ms(enum budget_span span)
{
    return span == BUDGET_SECOND   ? 1000
           : span == BUDGET_MINUTE ? 60000
                                   : COUNTED_HOUR_MS;
}

/* Count what the provider would: the most in any window of a rule. */
static unsigned most(const struct counted *f, const struct budget_rule *rule)
{
    unsigned most = 0;
    for (size_t last = 0; last < f->calls_count; last++) {
        unsigned sum = 0;
        bool seen[COUNTED_SYMBOLS] = {false};
        for (size_t i = last + 1; i-- > 0;) {
            bool is_in =
                rule->span < BUDGET_DAY
                    ? f->calls[last].true_ms - f->calls[i].true_ms <
                          length_ms(rule->span)
                    : period(rule, f->calls[last].true_ms + f->skew_ms) ==
                          period(rule, f->calls[i].true_ms + f->skew_ms);
            if (!is_in) {
                break;
            }
            sum += cost(rule, &f->calls[i], seen);
        }
        most = sum > most ? sum : most;
    }
    return most;
}

void counted_check_rules(const struct counted *f)
{
    for (size_t i = 0; i < f->rules_count; i++) {
        unsigned spent = most(f, &f->rules[i]);
        if (spent > f->rules[i].n) {
            fail_msg("%u %s in a %s, of %u", spent,
                     budget_cost_name(f->rules[i].cost),
                     budget_span_name(f->rules[i].span), f->rules[i].n);
        }
    }
}

void counted_set_rules(struct counted *f, const struct budget_rule *rules,
                       size_t count)
{
    memcpy(f->rules, rules, count * sizeof(*rules));
    f->rules_count = count;
}

const struct zone *counted_new_york(struct counted *f)
{
    char error[ZONE_ERROR_SIZE];
    if (f->zone == NULL) {
        assert_int_equal(zone_create(&f->zone, ZONE_FOLDER,
                                     span_of("America/New_York"), error),
                         0);
    }
    return f->zone;
}
