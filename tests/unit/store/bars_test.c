/* SPDX-License-Identifier: Apache-2.0 */
#include "store/bars.h"

#include "testing/testing.h"

static struct decimal price(const char *text)
{
    struct decimal value;
    assert_int_equal(decimal_parse(&value, span_of(text)), 0);
    return value;
}

static void assert_price(struct decimal value, const char *text)
{
    char printed[DECIMAL_TEXT_SIZE];
    decimal_print(printed, value, 0);
    assert_string_equal(printed, text);
}

static void a_step_has_its_open_high_low_and_close(void **state)
{
    (void)state;
    struct bar list[4];
    struct bars bars;
    bars_init(&bars, 1000, list, 4);
    static const char *const prices[] = {"10", "9.5", "12.25", "11"};
    for (int i = 0; i < 4; i++) {
        assert_true(bars_take(&bars, 5000 + i, price(prices[i])));
    }
    assert_int_equal(bars.count, 1);
    assert_int_equal(list[0].at_unix_ms, 5000);
    assert_int_equal(list[0].count, 4);
    assert_price(list[0].open, "10");
    assert_price(list[0].high, "12.25");
    assert_price(list[0].low, "9.5");
    assert_price(list[0].close, "11");
}

static void steps_begin_at_multiples_and_empty_ones_have_no_bar(void **state)
{
    (void)state;
    struct bar list[4];
    struct bars bars;
    bars_init(&bars, 60000, list, 4);
    assert_true(bars_take(&bars, -1, price("1")));
    assert_true(bars_take(&bars, 0, price("2")));
    assert_true(bars_take(&bars, 59999, price("3")));
    assert_true(bars_take(&bars, 600000, price("4")));
    assert_int_equal(bars.count, 3);
    assert_int_equal(list[0].at_unix_ms, -60000);
    assert_int_equal(list[1].at_unix_ms, 0);
    assert_int_equal(list[1].count, 2);
    assert_int_equal(list[2].at_unix_ms, 600000);
    assert_false(bars.is_cut);
}

static void one_bar_too_many_ends_it(void **state)
{
    (void)state;
    struct bar list[2];
    struct bars bars;
    bars_init(&bars, 1, list, 2);
    assert_true(bars_take(&bars, 1, price("1")));
    assert_true(bars_take(&bars, 2, price("2")));
    assert_true(bars_take(&bars, 2, price("3"))); // of the last bar
    assert_false(bars_take(&bars, 3, price("4")));
    assert_true(bars.is_cut);
    assert_int_equal(bars.count, 2);
    assert_price(list[1].close, "3");
}

static void take_back(void *user)
{
    struct bars *bars = user;
    bars_take(bars, 0, (struct decimal){1, 0});
}

static void time_that_goes_back_is_checked_for(void **state)
{
    (void)state;
    struct bar list[2];
    struct bars bars;
    bars_init(&bars, 10, list, 2);
    assert_true(bars_take(&bars, 10, price("1")));
    assert_true(testing_aborts(take_back, &bars));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_step_has_its_open_high_low_and_close),
    cmocka_unit_test(steps_begin_at_multiples_and_empty_ones_have_no_bar),
    cmocka_unit_test(one_bar_too_many_ends_it),
    cmocka_unit_test(time_that_goes_back_is_checked_for),
};

TEST_MAIN(tests)
