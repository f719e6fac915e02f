/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants (3) and (4): what was saved, and what is damaged. */
#include "budget/budget.h"

#include "base/err.h"
#include "counted.h"
#include "testing/testing.h"

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, counted_set_up, counted_tear_down)

/* --- (3) and (4) ---------------------------------------------------------- */

static void inv3_a_rule_that_was_there_keeps_its_count(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 25, .span = BUDGET_DAY},
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    counted_set_rules(f, rules, 2);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 7, &wait_ms), 7);
    assert_int_equal(counted_ask(f, 3, 7, &wait_ms), 7);
    const struct budget_rule others[] = {
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
        {.n = 5, .span = BUDGET_MINUTE},
        {.n = 30, .span = BUDGET_DAY},
    };
    counted_set_rules(f, others, 3);
    counted_restart(f);
    assert_int_equal(counted_look(f, 0).left, 90);
    assert_int_equal(counted_look(f, 1).left, 5);
    assert_int_equal(counted_look(f, 2).left, 28);
    // And with fewer than were spent.
    const struct budget_rule fewer = {.n = 1, .span = BUDGET_DAY};
    counted_set_rules(f, &fewer, 1);
    counted_restart(f);
    assert_int_equal(counted_look(f, 0).left, 0);
}

/* A day that may be one of two is each of them, and each keeps its count. */
static void inv3_rules_of_two_zones_keep_their_own_counts(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 25, .span = BUDGET_DAY, .zone = counted_new_york(f)},
        {.n = 25, .span = BUDGET_DAY},
    };
    counted_set_rules(f, rules, 2);
    f->true_ms += 11 * COUNTED_HOUR_MS; // 23:00 in UTC
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    f->true_ms += 2 * COUNTED_HOUR_MS; // the next day there, not in New York
    assert_int_equal(counted_ask(f, 1, 1, &wait_ms), 1);
    assert_int_equal(counted_look(f, 0).left, 23);
    assert_int_equal(counted_look(f, 1).left, 24);
    const struct budget_rule others[] = {rules[1], rules[0]};
    counted_set_rules(f, others, 2);
    counted_restart(f);
    assert_int_equal(counted_look(f, 0).left, 24);
    assert_int_equal(counted_look(f, 1).left, 23);
}

/* What was spent by another zone's day is spent until both have turned. */
static void inv3_a_rule_that_turns_elsewhere_now_keeps_its_count(void **state)
{
    struct counted *f = *state;
    const struct budget_rule before = {
        .n = 25, .span = BUDGET_DAY, .zone = counted_new_york(f)};
    counted_set_rules(f, &before, 1);
    f->true_ms += 13 * COUNTED_HOUR_MS; // 01:00 in UTC
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 1, &wait_ms), 1);
    const struct budget_rule after[] = {{.n = 25, .span = BUDGET_DAY}, before};
    counted_set_rules(f, after, 2);
    counted_restart(f);
    assert_int_equal(counted_look(f, 0).left, 24);
    assert_int_equal(counted_look(f, 1).left, 24);
    f->true_ms += 5 * COUNTED_HOUR_MS; // New York's has turned
    assert_int_equal(counted_look(f, 0).left, 24);
    assert_int_equal(counted_look(f, 1).left, 25);
    f->true_ms += 19 * COUNTED_HOUR_MS;
    assert_int_equal(counted_look(f, 0).left, 25);
}

static void inv3_a_restart_neither_shortens_nor_lengthens_a_wait(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {{.n = 3, .span = BUDGET_HOUR}};
    counted_set_rules(f, rules, 1);
    assert_int_equal(counted_make(f), 0);
    uint64_t before_ms;
    while (counted_ask(f, 0, 1, &before_ms) > 0) {
        f->true_ms += 7 * 60000;
    }
    counted_restart(f);
    uint64_t after_ms;
    assert_int_equal(counted_ask(f, 0, 1, &after_ms), 0);
    assert_int_equal(after_ms, before_ms);
    // The machine is started again as well, which takes half a minute.
    f->boots++;
    f->boot_ms = f->true_ms + 10000;
    f->true_ms += 30000;
    counted_restart(f);
    assert_int_equal(counted_ask(f, 0, 1, &after_ms), 0);
    assert_true(after_ms >= before_ms - 30000);
    // Of the time since the last note only the half minute is proven.
    assert_true(after_ms <= before_ms + 7 * 60000 + 2 * COUNTED_HOUR_MS / 30);
}

static void inv4_a_damaged_text_changes_nothing(void **state)
{
    struct counted *f = *state;
    const struct budget_rule rules[] = {
        {.n = 50, .span = BUDGET_MINUTE},
        {.n = 25, .span = BUDGET_DAY},
        {.n = 100, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    counted_set_rules(f, rules, 3);
    assert_int_equal(counted_make(f), 0);
    uint64_t wait_ms;
    assert_int_equal(counted_ask(f, 0, 3, &wait_ms), 3);
    struct buffer whole = f->saved;
    f->saved = buffer_empty(1 << 20);
    assert_int_equal(counted_ask(f, 3, 2, &wait_ms), 2);
    for (size_t len = 0; len + 1 < whole.len; len++) {
        struct span cut = {whole.data, len};
        assert_int_equal(budget_load(f->budget, counted_now(f), cut),
                         ERR_SYNTAX);
        assert_int_equal(counted_look(f, 0).left, 48);
        assert_int_equal(counted_look(f, 1).left, 23);
        assert_int_equal(counted_look(f, 2).left, 95);
    }
    static const char *const bad[] = {
        "quoted-budget 3\n",
        "quoted-budget 2\nboot x\nclock 1 2 3\nend\n",
        "quoted-budget 2\nboot x\nclock 1 2 5 2\nend\n",
        "quoted-budget 2\nboot x\nclock 1 2 1 2\nw calls 1\nend\n",
        "quoted-budget 2\nboot x\nclock 1 2 1 2\nm calls 50 0 0 1\nend\n",
        "quoted-budget 2\nboot x\nclock 1 2 1 2\nm calls 50 9 9 -1\nend\n",
        ("quoted-budget 2\nboot x\nclock 1 2 1 2\n"
         "m calls 50 9 9223372036854775807 1\nend\n"),
        "quoted-budget 2\nboot x\nclock 1 2 1 2\nd calls 25 UTC 0 9 8 1 "
        "1\nend\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            budget_load(f->budget, counted_now(f), span_of(bad[i])),
            ERR_SYNTAX);
    }
    assert_int_equal(counted_look(f, 0).left, 48);
    assert_int_equal(
        budget_load(f->budget, counted_now(f), buffer_span(&whole)), 0);
    assert_int_equal(counted_look(f, 0).left, 49);
    buffer_deinit(&whole);
}

static const struct CMUnitTest tests[] = {
    TEST(inv3_a_rule_that_was_there_keeps_its_count),
    TEST(inv3_rules_of_two_zones_keep_their_own_counts),
    TEST(inv3_a_rule_that_turns_elsewhere_now_keeps_its_count),
    TEST(inv3_a_restart_neither_shortens_nor_lengthens_a_wait),
    TEST(inv4_a_damaged_text_changes_nothing),
};

TEST_MAIN(tests)
