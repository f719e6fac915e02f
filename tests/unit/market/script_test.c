/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script_test.c -- what a test sets is what happens, in its order, and what is
 * counted is what happened.
 */
#include "market/script.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static const struct symbol ibm = {.len = 3, .text = "IBM"};
static const struct symbol dis = {.len = 3, .text = "DIS"};

static struct script *new_script(void)
{
    struct script *script;
    assert_int_equal(script_create(&script), 0);
    return script;
}

static int add(struct script *script, const struct symbol *symbol, int status,
               uint64_t repeat)
{
    struct script_answer *answer = script_make_answer();
    assert_non_null(answer);
    answer->status = status;
    answer->repeat = repeat;
    answer->body = mem_text("{}", 2);
    int err = script_add_answer(script, symbol, &answer);
    assert_true((err == 0) == (answer == NULL));
    script_free_answer(answer);
    return err;
}

/* The status of the next answer; 0 where none is set. */
static int take(struct script *script, const struct symbol *symbol)
{
    const struct script_answer *answer = script_take_answer(script, symbol);
    return answer != NULL ? answer->status : 0;
}

static void inv1_answers_are_taken_in_order(void **state)
{
    (void)state;
    struct script *script = new_script();
    assert_int_equal(take(script, &ibm), 0);
    assert_int_equal(add(script, &ibm, 201, 1), 0);
    assert_int_equal(add(script, &ibm, 202, 3), 0);
    assert_int_equal(add(script, &ibm, 203, 1), 0);
    assert_int_equal(take(script, &dis), 0);
    assert_int_equal(take(script, NULL), 0);
    const int expected[] = {201, 202, 202, 202, 203, 0, 0};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(take(script, &ibm), expected[i]);
    }
    assert_int_equal(add(script, &ibm, 204, 1), 0);
    assert_int_equal(take(script, &ibm), 204);
    script_destroy(&script);
}

static void inv1_own_answers_go_before_those_for_any(void **state)
{
    (void)state;
    struct script *script = new_script();
    struct symbol any = script_any();
    assert_int_equal(add(script, &any, 300, 2), 0);
    assert_int_equal(add(script, &ibm, 201, 1), 0);
    assert_int_equal(take(script, &ibm), 201);
    assert_int_equal(take(script, &ibm), 300);
    assert_int_equal(take(script, NULL), 300);
    assert_int_equal(take(script, &dis), 0);
    script_destroy(&script);
}

static void inv2_clear_forgets_all_but_what_is_under_way(void **state)
{
    (void)state;
    struct script *script = new_script();
    struct price_session session = price_flat_session(10000);
    assert_int_equal(script_hold(script, &ibm), 0);
    assert_int_equal(add(script, &ibm, 201, 1), 0);
    assert_int_equal(script_set_session(script, &ibm, &session), 0);
    script_count_connection(script);
    script_count_call(script, &ibm);
    script_count_call(script, &ibm);
    script_count_hold(script);
    script_count_end(script);
    script_clear(script);
    assert_false(script_is_held(script, &ibm));
    assert_int_equal(take(script, &ibm), 0);
    assert_null(script_find_session(script, &ibm));
    const struct script_counts *counts = script_counts(script);
    assert_int_equal(counts->total, 0);
    assert_int_equal(counts->connections, 0);
    assert_int_equal(counts->in_flight, 1);
    assert_int_equal(counts->max_in_flight, 1);
    assert_int_equal(counts->held, 1);
    assert_int_equal(script_calls(script, &ibm), 0);
    script_destroy(&script);
}

static void holds_are_for_a_symbol_or_for_all(void **state)
{
    (void)state;
    struct script *script = new_script();
    struct symbol any = script_any();
    assert_int_equal(script_hold(script, &ibm), 0);
    assert_true(script_is_held(script, &ibm));
    assert_false(script_is_held(script, &dis));
    assert_false(script_is_held(script, NULL));
    assert_int_equal(script_hold(script, &any), 0);
    assert_true(script_is_held(script, &dis));
    assert_true(script_is_held(script, NULL));
    script_unhold(script, &ibm);
    assert_true(script_is_held(script, &ibm)); // as every symbol is
    script_unhold(script, &any);
    assert_false(script_is_held(script, &ibm));
    assert_int_equal(script_hold(script, &ibm), 0);
    script_unhold(script, &any);
    assert_false(script_is_held(script, &ibm));
    script_destroy(&script);
}

static void sessions_are_fixed(void **state)
{
    (void)state;
    struct script *script = new_script();
    assert_null(script_find_session(script, &ibm));
    struct price_session session = price_flat_session(10000);
    assert_int_equal(script_set_session(script, &ibm, &session), 0);
    session.price = 20000;
    assert_int_equal(script_set_session(script, &ibm, &session), 0);
    assert_int_equal(script_find_session(script, &ibm)->price, 20000);
    assert_null(script_find_session(script, &dis));
    script_destroy(&script);
}

static void calls_are_counted(void **state)
{
    (void)state;
    struct script *script = new_script();
    script_count_connection(script);
    script_count_call(script, &ibm);
    script_count_call(script, &dis);
    script_count_call(script, &ibm);
    script_count_call(script, NULL);
    script_count_hold(script);
    script_count_end(script);
    assert_int_equal(script_calls(script, &ibm), 2);
    struct buffer out = buffer_empty(4096);
    script_put_counts(script, &out);
    buffer_put_byte(&out, '\0');
    assert_string_equal(out.data, "{\"total\":4,\"held\":1,\"in_flight\":3,"
                                  "\"max_in_flight\":4,\"connections\":1,"
                                  "\"symbols\":{\"IBM\":2,\"DIS\":1}}\n");
    buffer_deinit(&out);
    script_count_unhold(script);
    assert_int_equal(script_counts(script)->held, 0);
    script_destroy(&script);
}

/* A symbol that was only set, and never asked for, is in no count. */
static void set_symbols_are_no_calls(void **state)
{
    (void)state;
    struct script *script = new_script();
    struct symbol any = script_any();
    assert_int_equal(script_hold(script, &any), 0);
    assert_int_equal(script_hold(script, &ibm), 0);
    struct buffer out = buffer_empty(4096);
    script_put_counts(script, &out);
    buffer_put_byte(&out, '\0');
    assert_non_null(strstr(out.data, "\"symbols\":{}"));
    buffer_deinit(&out);
    script_destroy(&script);
}

static void answers_of_a_symbol_are_bounded(void **state)
{
    (void)state;
    struct script *script = new_script();
    for (int i = 0; i < SCRIPT_ANSWERS_LIMIT; i++) {
        assert_int_equal(add(script, &ibm, 200, 1), 0);
    }
    assert_int_equal(add(script, &ibm, 200, 1), ERR_FULL);
    assert_int_equal(take(script, &ibm), 200);
    assert_int_equal(add(script, &ibm, 200, 1), 0);
    script_destroy(&script);
}

static void symbols_are_bounded(void **state)
{
    (void)state;
    struct script *script = new_script();
    struct symbol symbol = {.len = 7};
    for (int i = 0; i < SCRIPT_SYMBOLS_LIMIT; i++) {
        snprintf(symbol.text, sizeof(symbol.text), "%07d", i);
        script_count_call(script, &symbol);
    }
    script_count_call(script, &ibm);
    assert_int_equal(script_calls(script, &symbol), 1);
    assert_int_equal(script_calls(script, &ibm), 0);
    assert_int_equal(script_counts(script)->total, SCRIPT_SYMBOLS_LIMIT + 1);
    assert_int_equal(script_hold(script, &ibm), ERR_FULL);
    assert_int_equal(script_hold(script, &symbol), 0);
    script_destroy(&script);
}

static void oom_nothing_is_half_set(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct script *script;
        if (script_create(&script) != 0) {
            continue;
        }
        struct script_answer *answer = script_make_answer();
        if (answer != NULL) {
            int err = script_add_answer(script, &ibm, &answer);
            assert_true(err == 0 || (err == ERR_NOMEM && answer != NULL));
            assert_true((take(script, &ibm) == 0) || err == 0);
        }
        assert_true(script_hold(script, &dis) == 0 ||
                    !script_is_held(script, &dis));
        script_free_answer(answer);
        script_destroy(&script);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_answers_are_taken_in_order),
    cmocka_unit_test(inv1_own_answers_go_before_those_for_any),
    cmocka_unit_test(inv2_clear_forgets_all_but_what_is_under_way),
    cmocka_unit_test(holds_are_for_a_symbol_or_for_all),
    cmocka_unit_test(sessions_are_fixed),
    cmocka_unit_test(calls_are_counted),
    cmocka_unit_test(set_symbols_are_no_calls),
    cmocka_unit_test(answers_of_a_symbol_are_bounded),
    cmocka_unit_test(symbols_are_bounded),
    cmocka_unit_test(oom_nothing_is_half_set),
};

TEST_MAIN(tests)
