/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget_test.c -- the budget against a provider that counts.
 *
 * The provider here keeps every call, with the true time, and looks at each
 * window of each rule in the plainest way.  What the budget is told of the time
 * is something else: a wall clock that is stepped, and a process that is killed
 * and started again from what it saved last.
 */
#include "budget/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "budget/turn.h"
#include "calendar/zone.h"
#include "quote/symbol.h"
#include "testing/testing.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* 2026-03-01T12:00:00Z: a week before New York changes its clocks. */
#define BEGIN_UNIX_MS INT64_C(1772366400000)

#define SYMBOLS 40
#define CALLS   40000

struct call {
    int64_t true_ms;
    unsigned first; // symbols first to first + count - 1
    unsigned count;
};

struct fixture {
    struct budget_rule rules[BUDGET_RULES_LIMIT];
    size_t rules_count;
    struct budget *budget;
    int64_t true_ms; // unix, as the provider has it but for skew_ms
    int64_t skew_ms; // of the provider's clock
    int64_t step_ms; // of our wall clock
    int64_t boot_ms; // true time at which the machine started
    unsigned boots;
    struct buffer saved;
    struct symbol symbols[SYMBOLS];
    const struct symbol *list[2 * SYMBOLS];
    struct call *calls;
    size_t calls_count;
    uint64_t random;
    struct zone *zone;
};

static struct steady_time now(const struct fixture *f)
{
    return (struct steady_time){f->true_ms + f->step_ms,
                                (uint64_t)(f->true_ms - f->boot_ms)};
}

static int make(struct fixture *f)
{
    char boot[BUDGET_BOOT_SIZE];
    snprintf(boot, sizeof(boot), "boot-%u", f->boots);
    struct budget_options options = {f->rules, f->rules_count, boot};
    return budget_create(&f->budget, &options, now(f));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->calls = calloc(CALLS, sizeof(*f->calls));
    f->true_ms = BEGIN_UNIX_MS;
    f->boot_ms = BEGIN_UNIX_MS - 5 * HOUR_MS;
    f->saved = buffer_empty(1 << 20);
    f->random = 7;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        char text[16];
        snprintf(text, sizeof(text), "S%u", i);
        assert_int_equal(symbol_parse(&f->symbols[i], span_of(text)), 0);
        f->list[i] = f->list[i + SYMBOLS] = &f->symbols[i];
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    budget_destroy(&f->budget);
    buffer_deinit(&f->saved);
    zone_destroy(&f->zone);
    free(f->calls);
    free(f);
    return 0;
}

/* Draw from 0 to limit - 1. */
static uint64_t draw(struct fixture *f, uint64_t limit)
{
    return testing_random(&f->random) % limit;
}

static void save(struct fixture *f)
{
    buffer_clear(&f->saved);
    budget_save(f->budget, now(f), &f->saved);
    assert_false(f->saved.failed);
}

/* The process is killed, and another one begins. */
static void restart(struct fixture *f)
{
    budget_destroy(&f->budget);
    assert_int_equal(make(f), 0);
    if (f->saved.len > 0) {
        assert_int_equal(budget_load(f->budget, now(f), buffer_span(&f->saved)),
                         0);
    }
}

/* Ask for `count` symbols from number `first` on; call for those that fit. */
static size_t ask(struct fixture *f, unsigned first, unsigned count,
                  uint64_t *wait_ms)
{
    size_t fit = budget_fit(f->budget, now(f), &f->list[first], count, wait_ms);
    if (fit > 0) {
        assert_int_equal(budget_spend(f->budget, now(f), &f->list[first], fit),
                         0);
        save(f); // before it is sent
        assert_true(f->calls_count < CALLS);
        f->calls[f->calls_count++] =
            (struct call){f->true_ms, first, (unsigned)fit};
    }
    return fit;
}

static struct budget_view look(struct fixture *f, size_t i)
{
    struct budget_view view;
    budget_look(f->budget, now(f), i, &view);
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

static unsigned cost(const struct budget_rule *rule, const struct call *call,
                     bool seen[SYMBOLS])
{
    if (rule->cost == BUDGET_CALLS) {
        return 1;
    }
    if (rule->cost == BUDGET_SYMBOLS) {
        return call->count;
    }
    unsigned new_ones = 0;
    for (unsigned i = 0; i < call->count; i++) {
        bool *one = &seen[(call->first + i) % SYMBOLS];
        new_ones += !*one;
        *one = true;
    }
    return new_ones;
}

static int64_t length_ms(enum budget_span span)
{
    return span == BUDGET_SECOND   ? 1000
           : span == BUDGET_MINUTE ? 60000
                                   : HOUR_MS;
}

/* Count what the provider would: the most in any window of a rule. */
static unsigned most(const struct fixture *f, const struct budget_rule *rule)
{
    unsigned most = 0;
    for (size_t last = 0; last < f->calls_count; last++) {
        unsigned sum = 0;
        bool seen[SYMBOLS] = {false};
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

static void check_rules(const struct fixture *f)
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

/* --- (1) ------------------------------------------------------------------ */

/* Time goes on: mostly by little, now and then by hours. */
static void pass(struct fixture *f)
{
    static const int64_t scales[] = {200, 2000, 60000, HOUR_MS, 9 * HOUR_MS};
    int64_t scale = scales[draw(f, 5)];
    f->true_ms += (int64_t)draw(f, (uint64_t)scale);
}

static void happen(struct fixture *f, bool may_step)
{
    switch (draw(f, 40)) {
    case 0:
        restart(f);
        break;
    case 1:
        if (may_step && draw(f, 4) == 0) {
            f->step_ms = ((int64_t)draw(f, 3) - 1) * DAY_MS;
        }
        break;
    case 2:
        // The machine itself is started again, by a clock that is right.
        if (!may_step) {
            f->boot_ms = f->true_ms;
            f->boots++;
            f->true_ms += 3000;
            restart(f);
        }
        break;
    default:
        break;
    }
}

static void run(struct fixture *f, unsigned steps, bool may_step)
{
    assert_int_equal(make(f), 0);
    size_t refused = 0;
    for (unsigned i = 0; i < steps; i++) {
        pass(f);
        happen(f, may_step);
        unsigned count = 1 + (unsigned)draw(f, 6);
        unsigned burst = 1 + (unsigned)draw(f, 30);
        for (unsigned k = 0; k < burst; k++) {
            uint64_t wait_ms;
            refused += ask(f, (unsigned)draw(f, SYMBOLS), count, &wait_ms) == 0;
        }
    }
    assert_true(f->calls_count > 50);
    assert_true(refused > 50);
    check_rules(f);
}

static void set_rules(struct fixture *f, const struct budget_rule *rules,
                      size_t count)
{
    memcpy(f->rules, rules, count * sizeof(*rules));
    f->rules_count = count;
}

static const struct zone *new_york(struct fixture *f)
{
    char error[ZONE_ERROR_SIZE];
    if (f->zone == NULL) {
        assert_int_equal(zone_create(&f->zone, ZONE_FOLDER,
                                     span_of("America/New_York"), error),
                         0);
    }
    return f->zone;
}

static void inv1_alpha_vantages_rules_hold(void **state)
{
    struct fixture *f = *state;
    for (int seed = 1; seed <= 6; seed++) {
        f->random = (uint64_t)seed;
        f->calls_count = 0;
        f->skew_ms = ((int64_t)draw(f, 3) - 1) * (TURN_MARGIN_MS - 1);
        const struct budget_rule rules[] = {
            {.n = 1, .span = BUDGET_SECOND},
            {.n = 25, .span = BUDGET_DAY, .zone = new_york(f)},
        };
        set_rules(f, rules, 2);
        run(f, 400, seed % 2 == 0);
        budget_destroy(&f->budget);
        buffer_clear(&f->saved);
        f->step_ms = 0;
    }
}

static void inv1_rules_of_every_kind_hold_together(void **state)
{
    struct fixture *f = *state;
    for (int seed = 1; seed <= 6; seed++) {
        f->random = (uint64_t)seed * 1000;
        f->calls_count = 0;
        f->skew_ms = ((int64_t)draw(f, 3) - 1) * (TURN_MARGIN_MS - 1);
        const struct budget_rule rules[] = {
            {.n = 5, .span = BUDGET_SECOND, .cost = BUDGET_SYMBOLS},
            {.n = 30, .span = BUDGET_MINUTE},
            {.n = 90, .span = BUDGET_HOUR, .cost = BUDGET_SYMBOLS},
            {.n = 300, .span = BUDGET_DAY, .zone = new_york(f), .hour = 17},
            {.n = 3000, .span = BUDGET_MONTH, .cost = BUDGET_SYMBOLS},
            {.n = 30, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
        };
        set_rules(f, rules, 6);
        run(f, 250, seed % 2 == 0);
        budget_destroy(&f->budget);
        buffer_clear(&f->saved);
        f->step_ms = 0;
    }
}

/* A step over midnight brings nothing, and taken back it costs nothing. */
static void inv1_a_step_over_midnight_brings_no_second_day(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rule = {.n = 3, .span = BUDGET_DAY};
    set_rules(f, &rule, 1);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
    }
    f->step_ms = DAY_MS;
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += 11 * HOUR_MS; // 23:00
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += HOUR_MS + TURN_MARGIN_MS;
    assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
}

/* A clock that was ahead when the server started does not bring the day before
 * the provider has it. */
static void inv1_a_clock_that_is_set_right_brings_no_second_day(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rule = {.n = 3, .span = BUDGET_DAY};
    set_rules(f, &rule, 1);
    f->true_ms += 6 * HOUR_MS; // 18:00
    f->step_ms = 5 * HOUR_MS;
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
    }
    f->step_ms = 0;
    f->true_ms += 2 * HOUR_MS;
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += 4 * HOUR_MS + TURN_MARGIN_MS;
    assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
}

/* What a provider whose clock is ahead counts for tomorrow, so do we. */
static void inv1_what_is_spent_near_midnight_counts_in_both_days(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 9, .span = BUDGET_DAY},
        {.n = 6, .span = BUDGET_DAY, .cost = BUDGET_DISTINCT},
    };
    set_rules(f, rules, 2);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(ask(f, 0, 2, &wait_ms), 2);
    f->true_ms += 12 * HOUR_MS - TURN_MARGIN_MS;
    assert_int_equal(ask(f, 1, 3, &wait_ms), 3); // S1 again, S2 and S3
    f->true_ms += TURN_MARGIN_MS; // midnight, but not on every clock
    assert_int_equal(ask(f, 4, 1, &wait_ms), 1);
    assert_int_equal(look(f, 0).left, 6);
    assert_int_equal(look(f, 1).left, 1);
    restart(f);
    f->true_ms += TURN_MARGIN_MS;
    assert_int_equal(look(f, 0).left, 7); // two calls were late
    assert_int_equal(look(f, 1).left, 2); // of all but S0
    f->true_ms += DAY_MS;
    assert_int_equal(look(f, 0).left, 9);
    assert_int_equal(look(f, 1).left, 6);
}

/* --- (2) ------------------------------------------------------------------ */

static void inv2_what_does_not_fit_fits_when_it_says(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 2, .span = BUDGET_SECOND},
        {.n = 9, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
        {.n = 40, .span = BUDGET_DAY, .zone = new_york(f)},
    };
    set_rules(f, rules, 3);
    assert_int_equal(make(f), 0);
    for (int i = 0; i < 500; i++) {
        uint64_t wait_ms;
        unsigned first = (unsigned)draw(f, SYMBOLS);
        if (ask(f, first, 1 + (unsigned)draw(f, 3), &wait_ms) > 0) {
            assert_int_equal(wait_ms, 0);
            continue;
        }
        assert_true(wait_ms > 0);
        f->true_ms += (int64_t)wait_ms - 1;
        uint64_t more_ms;
        assert_int_equal(ask(f, first, 1, &more_ms), 0);
        assert_int_equal(more_ms, 1);
        f->true_ms += 1;
        assert_int_equal(ask(f, first, 1, &more_ms), 1);
    }
    check_rules(f);
}

static void inv2_only_what_fits_is_granted(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 8, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
        {.n = 4, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    set_rules(f, rules, 2);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(ask(f, 0, 3, &wait_ms), 3);
    assert_int_equal(ask(f, 1, 5, &wait_ms), 3); // S1, S2 known, S3 new, S4 not
    assert_int_equal(ask(f, 0, 5, &wait_ms), 2); // symbols of the minute
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    f->true_ms += (int64_t)wait_ms;
    assert_int_equal(ask(f, 7, 1, &wait_ms), 0); // a fifth symbol this month
    assert_true((int64_t)wait_ms > 20 * DAY_MS);
    assert_int_equal(ask(f, 0, 4, &wait_ms), 4);
}

static void a_provider_that_says_so_has_nothing_left(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 60, .span = BUDGET_MINUTE},
        {.n = 500, .span = BUDGET_DAY},
    };
    set_rules(f, rules, 2);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    uint64_t said_ms = budget_exhaust(f->budget, now(f), BUDGET_MINUTE);
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    assert_int_equal(wait_ms, said_ms);
    assert_in_range(wait_ms, 60000, 70000);
    f->true_ms += (int64_t)wait_ms;
    assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
    assert_int_equal(budget_exhaust(f->budget, now(f), BUDGET_HOUR), 0);
    assert_int_equal(ask(f, 0, 1, &wait_ms), 1);
    budget_exhaust(f->budget, now(f), BUDGET_DAY);
    assert_int_equal(ask(f, 0, 1, &wait_ms), 0);
    assert_in_range(wait_ms, 11 * HOUR_MS, 12 * HOUR_MS + TURN_MARGIN_MS);
}

/* --- (3) and (4) ---------------------------------------------------------- */

static void inv3_a_rule_that_was_there_keeps_its_count(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 25, .span = BUDGET_DAY},
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    set_rules(f, rules, 2);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(ask(f, 0, 7, &wait_ms), 7);
    assert_int_equal(ask(f, 3, 7, &wait_ms), 7);
    const struct budget_rule others[] = {
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
        {.n = 5, .span = BUDGET_MINUTE},
        {.n = 30, .span = BUDGET_DAY},
    };
    set_rules(f, others, 3);
    restart(f);
    assert_int_equal(look(f, 0).left, 90);
    assert_int_equal(look(f, 1).left, 5);
    assert_int_equal(look(f, 2).left, 28);
    // And with fewer than were spent.
    const struct budget_rule fewer = {.n = 1, .span = BUDGET_DAY};
    set_rules(f, &fewer, 1);
    restart(f);
    assert_int_equal(look(f, 0).left, 0);
}

static void inv3_a_restart_neither_shortens_nor_lengthens_a_wait(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {{.n = 3, .span = BUDGET_HOUR}};
    set_rules(f, rules, 1);
    assert_int_equal(make(f), 0);
    uint64_t before_ms;
    while (ask(f, 0, 1, &before_ms) > 0) {
        f->true_ms += 7 * 60000;
    }
    restart(f);
    uint64_t after_ms;
    assert_int_equal(ask(f, 0, 1, &after_ms), 0);
    assert_int_equal(after_ms, before_ms);
    // The machine is started again as well, which takes half a minute.
    f->boots++;
    f->boot_ms = f->true_ms + 10000;
    f->true_ms += 30000;
    restart(f);
    assert_int_equal(ask(f, 0, 1, &after_ms), 0);
    assert_true(after_ms >= before_ms - 30000);
    // Of the time since the last note only the half minute is proven.
    assert_true(after_ms <= before_ms + 7 * 60000 + 2 * HOUR_MS / 30);
}

static void inv4_a_damaged_text_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rules[] = {
        {.n = 50, .span = BUDGET_MINUTE},
        {.n = 25, .span = BUDGET_DAY},
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    set_rules(f, rules, 3);
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(ask(f, 0, 3, &wait_ms), 3);
    struct buffer whole = f->saved;
    f->saved = buffer_empty(1 << 20);
    assert_int_equal(ask(f, 3, 2, &wait_ms), 2);
    for (size_t len = 0; len + 1 < whole.len; len++) {
        struct span cut = {whole.data, len};
        assert_int_equal(budget_load(f->budget, now(f), cut), ERR_SYNTAX);
        assert_int_equal(look(f, 0).left, 48);
        assert_int_equal(look(f, 1).left, 23);
        assert_int_equal(look(f, 2).left, 95);
    }
    static const char *const bad[] = {
        "quoted-budget 2\n",
        "quoted-budget 1\nboot x\nclock 1 2 3\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 5 2 0 0\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 1 2 0 0\nw calls 1\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 1 2 0 0\nm calls 50 0 0 1\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 1 2 0 0\nm calls 50 9 9 -1\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 1 2 0 0\n"
        "m calls 50 9 9223372036854775807 1\nend\n",
        "quoted-budget 1\nboot x\nclock 1 2 1 2 0 0\nd calls 25 9 8 1 1\nend\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(budget_load(f->budget, now(f), span_of(bad[i])),
                         ERR_SYNTAX);
    }
    assert_int_equal(look(f, 0).left, 48);
    assert_int_equal(budget_load(f->budget, now(f), buffer_span(&whole)), 0);
    assert_int_equal(look(f, 0).left, 49);
    buffer_deinit(&whole);
}

/* --- Edges ---------------------------------------------------------------- */

static void rules_out_of_range_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct budget_rule bad[] = {
        {.n = 0, .span = BUDGET_DAY},
        {.n = BUDGET_N_LIMIT + 1, .span = BUDGET_DAY},
        {.n = 5, .span = BUDGET_HOUR, .cost = BUDGET_DISTINCT},
        {.n = BUDGET_DISTINCT_LIMIT + 1,
         .span = BUDGET_MONTH,
         .cost = BUDGET_DISTINCT},
        {.n = 5, .span = BUDGET_DAY, .hour = 24},
        {.n = 5, .span = BUDGET_SPANS},
        {.n = 5, .cost = BUDGET_COSTS},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set_rules(f, &bad[i], 1);
        assert_int_equal(make(f), ERR_RANGE);
        assert_null(f->budget);
    }
    f->rules_count = BUDGET_RULES_LIMIT + 1;
    assert_int_equal(make(f), ERR_RANGE);
}

static void without_rules_everything_fits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f), 0);
    uint64_t wait_ms;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ask(f, 0, 40, &wait_ms), 40);
    }
}

static void oom_nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    const struct budget_rule rule = {
        .n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT};
    set_rules(f, &rule, 1);
    TESTING_EACH_ALLOCATION(n)
    {
        if (make(f) == 0) {
            int err = budget_spend(f->budget, now(f), f->list, 5);
            assert_true(err == 0 || err == ERR_NOMEM);
            buffer_clear(&f->saved);
            budget_save(f->budget, now(f), &f->saved);
            if (err == 0 && !f->saved.failed) {
                err = budget_load(f->budget, now(f), buffer_span(&f->saved));
                assert_true(err == 0 || err == ERR_NOMEM);
                assert_int_equal(look(f, 0).left, 95);
            }
            budget_destroy(&f->budget);
            buffer_deinit(&f->saved);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(inv1_alpha_vantages_rules_hold),
    TEST(inv1_rules_of_every_kind_hold_together),
    TEST(inv1_a_step_over_midnight_brings_no_second_day),
    TEST(inv1_a_clock_that_is_set_right_brings_no_second_day),
    TEST(inv1_what_is_spent_near_midnight_counts_in_both_days),
    TEST(inv2_what_does_not_fit_fits_when_it_says),
    TEST(inv2_only_what_fits_is_granted),
    TEST(a_provider_that_says_so_has_nothing_left),
    TEST(inv3_a_rule_that_was_there_keeps_its_count),
    TEST(inv3_a_restart_neither_shortens_nor_lengthens_a_wait),
    TEST(inv4_a_damaged_text_changes_nothing),
    TEST(rules_out_of_range_are_refused),
    TEST(without_rules_everything_fits),
    TEST(oom_nothing_is_left_behind),
};

TEST_MAIN(tests)
