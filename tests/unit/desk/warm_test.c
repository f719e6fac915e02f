/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/warm.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

#define SYMBOLS 200

static struct symbol symbol(unsigned i)
{
    char text[16];
    snprintf(text, sizeof(text), "S%u", i);
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

static void inv1_putting_again_moves(void **state)
{
    (void)state;
    struct warm *warm;
    assert_int_equal(warm_create(&warm, 10, 0), 0);
    struct symbol one = symbol(1);
    struct warm_due out;
    assert_int_equal(warm_put(warm, &one, 5000, 1), 0);
    assert_int_equal(warm_put(warm, &one, 9000, 7), 0);
    assert_int_equal(warm_count(warm), 1);
    assert_int_equal(warm_due_ms(warm, &one), 9000);
    assert_false(warm_take(warm, 8999, &out));
    assert_true(warm_take(warm, 9000, &out));
    assert_true(symbol_equal(&out.symbol, &one));
    assert_int_equal(out.mark, 7);
    assert_int_equal(out.put_ms, 0);
    assert_false(warm_take(warm, 9000, &out));
    assert_int_equal(warm_due_ms(warm, &one), 0);
    warm_destroy(&warm);
}

static void inv2_there_are_never_more_than_symbols_max(void **state)
{
    (void)state;
    struct warm *warm;
    assert_int_equal(warm_create(&warm, 2, 0), 0);
    for (unsigned i = 0; i < 4; i++) {
        struct symbol one = symbol(i);
        assert_int_equal(warm_put(warm, &one, i, 0), i < 2 ? 0 : ERR_FULL);
    }
    struct symbol first = symbol(0);
    assert_int_equal(warm_put(warm, &first, 7, 0), 0); // a move is no more
    assert_int_equal(warm_count(warm), 2);
    warm_destroy(&warm);
}

/* Against a plain array, over turns of the wheel, with long and short leaps. */
static void inv3_what_is_due_is_taken_once_and_in_time(void **state)
{
    (void)state;
    struct warm *warm;
    uint64_t now_ms = 123456789;
    uint64_t due_ms[SYMBOLS] = {0};
    uint64_t random = 5;
    size_t taken = 0;
    assert_int_equal(warm_create(&warm, SYMBOLS, now_ms), 0);
    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)(testing_random(&random) % SYMBOLS);
        static const uint64_t scales[] = {1500, 100000, 3000000, 200000000};
        if (testing_random(&random) % 3 == 0) {
            uint64_t scale = scales[testing_random(&random) % 4];
            struct symbol one = symbol(i);
            due_ms[i] = now_ms + testing_random(&random) % scale;
            due_ms[i] -= testing_random(&random) % 8 == 0 ? 50000 : 0;
            assert_int_equal(warm_put(warm, &one, due_ms[i], i), 0);
        }
        now_ms += testing_random(&random) %
                  (scales[testing_random(&random) % 3] / 20);
        struct warm_due out;
        while (warm_take(warm, now_ms, &out)) {
            struct span digits = {out.symbol.text + 1, out.symbol.len - 1u};
            uint64_t number;
            assert_int_equal(span_to_u64(digits, &number), 0);
            assert_true(number < SYMBOLS);
            assert_int_equal(out.mark, number);
            assert_true(due_ms[number] != 0);
            assert_true(due_ms[number] <= now_ms);
            due_ms[number] = 0;
            taken++;
        }
        for (unsigned k = 0; k < SYMBOLS; k++) {
            assert_true(due_ms[k] == 0 || due_ms[k] > now_ms);
        }
    }
    assert_true(taken > 3000);
    warm_destroy(&warm);
}

static void symbols_are_listed_as_far_as_there_is_room(void **state)
{
    (void)state;
    struct warm *warm;
    assert_int_equal(warm_create(&warm, 9, 0), 0);
    struct symbol listed[5];
    assert_int_equal(warm_list(warm, listed, 5), 0);
    for (unsigned i = 0; i < 4; i++) {
        struct symbol one = symbol(i);
        assert_int_equal(warm_put(warm, &one, 5 + i, 0), 0);
    }
    assert_int_equal(warm_list(warm, listed, 3), 3);
    assert_int_equal(warm_list(warm, listed, 5), 4);
    unsigned seen = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_true(warm_due_ms(warm, &listed[i]) >= 5);
        seen |= 1u << (warm_due_ms(warm, &listed[i]) - 5);
    }
    assert_int_equal(seen, 0xF); // each once
    assert_int_equal(warm_count(warm), 4);
    warm_destroy(&warm);
}

static void oom_nothing_is_left_behind(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct warm *warm;
        if (warm_create(&warm, 9, 0) == 0) {
            struct symbol one = symbol(1);
            int err = warm_put(warm, &one, 5, 0);
            assert_true(err == 0 || err == ERR_NOMEM);
            assert_int_equal(warm_count(warm), err == 0);
            warm_destroy(&warm);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_putting_again_moves),
    cmocka_unit_test(inv2_there_are_never_more_than_symbols_max),
    cmocka_unit_test(inv3_what_is_due_is_taken_once_and_in_time),
    cmocka_unit_test(symbols_are_listed_as_far_as_there_is_room),
    cmocka_unit_test(oom_nothing_is_left_behind),
};

TEST_MAIN(tests)
