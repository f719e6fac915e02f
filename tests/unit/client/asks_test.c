/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asks_test.c -- the asks of a call, from open to final, in quotes of any size.
 */
#include "lib/asks.h"

#include <quoted/quoted.h>
#include <stdio.h>

#include "testing/testing.h"

static void open_asks_are_found_in_order(void **state)
{
    (void)state;
    const char *const symbols[] = {"A", "B", "C"};
    struct quoted_quote quotes[3];
    struct asks asks = {.symbols = symbols,
                        .n = 3,
                        .quotes = quotes,
                        .stride = sizeof(quotes[0])};
    asks_begin(&asks);
    assert_int_equal(asks.open, 3);
    assert_int_equal(asks_next_open(&asks, 0), 0);
    asks_fail(&asks, 1, QUOTED_E_NODATA, "none");
    asks_refer(&asks, 0, ASKS_DRAINING);
    assert_int_equal(asks.open, 2);
    assert_int_equal(asks_status(&asks, 0), ASKS_DRAINING);
    assert_int_equal(asks_next_open(&asks, 0), 0);
    assert_int_equal(asks_next_open(&asks, 1), 2);
    assert_int_equal(asks_next_open(&asks, 3), 3);
    assert_int_equal(quotes[1].status, QUOTED_E_NODATA);
    assert_string_equal(quotes[1].message, "none");
    assert_int_equal(quotes[1].size, sizeof(quotes[0]));
}

static void what_is_no_symbol_is_final_at_once(void **state)
{
    (void)state;
    char longest[QUOTED_SYMBOL_LIMIT + 2];
    memset(longest, 'A', sizeof(longest));
    longest[QUOTED_SYMBOL_LIMIT] = '\0';
    char too_long[QUOTED_SYMBOL_LIMIT + 2];
    memset(too_long, 'A', sizeof(too_long));
    too_long[QUOTED_SYMBOL_LIMIT + 1] = '\0';
    const char *const symbols[] = {"",      NULL,     "a\r\nQUIT",     "\xff",
                                   longest, too_long, "Ahold Delhaize"};
    struct quoted_quote quotes[7];
    struct asks asks = {.symbols = symbols,
                        .n = 7,
                        .quotes = quotes,
                        .stride = sizeof(quotes[0])};
    asks_begin(&asks);
    assert_int_equal(asks.open, 2);
    assert_int_equal(asks_status(&asks, 4), ASKS_UNANSWERED);
    assert_int_equal(asks_status(&asks, 6), ASKS_UNANSWERED);
    for (size_t i = 0; i < 6; i += i == 3 ? 2 : 1) {
        assert_int_equal(quotes[i].status, QUOTED_E_SYMBOL);
    }
}

/* (2) A program that was compiled with a longer quote gets zeros there. */
static void inv2_longer_quotes_end_in_zeros(void **state)
{
    (void)state;
    struct longer {
        struct quoted_quote quote;
        char more[24];
    } quotes[2];
    memset(quotes, 0x5a, sizeof(quotes));
    const char *const symbols[] = {"A", "B"};
    struct asks asks = {.symbols = symbols,
                        .n = 2,
                        .quotes = quotes,
                        .stride = sizeof(quotes[0])};
    asks_begin(&asks);
    const struct quoted_quote answer = {.size = 1, .symbol = "A"};
    asks_answer(&asks, 0, &answer);
    assert_int_equal(quotes[0].quote.size, sizeof(quotes[0]));
    assert_string_equal(quotes[0].quote.symbol, "A");
    for (size_t i = 0; i < sizeof(quotes[0].more); i++) {
        assert_int_equal(quotes[0].more[i], 0);
        assert_int_equal(quotes[1].more[i], 0x5a);
    }
    assert_int_equal(quotes[1].quote.status, ASKS_UNANSWERED);
}

/* (2) One that was compiled with a shorter quote gets no byte more. */
static void inv2_shorter_quotes_are_not_overrun(void **state)
{
    (void)state;
    const size_t shorter = offsetof(struct quoted_quote, message);
    struct quoted_quote quotes[2];
    memset(quotes, 0x5a, sizeof(quotes));
    const char *const symbols[] = {"A"};
    struct asks asks = {
        .symbols = symbols, .n = 1, .quotes = quotes, .stride = shorter};
    asks_begin(&asks);
    asks_fail(&asks, 0, QUOTED_E_NODATA, "none");
    assert_int_equal(quotes[0].size, shorter);
    assert_int_equal(quotes[0].status, QUOTED_E_NODATA);
    for (size_t i = 0; i < sizeof(quotes[0].message); i++) {
        assert_int_equal(quotes[0].message[i], 0x5a);
    }
}

/* Bars are written as far as there is room, and counted beyond it. */
static void inv2_bars_stay_within_their_room(void **state)
{
    (void)state;
    struct longer {
        struct quoted_bar bar;
        char more[8];
    } bars[3];
    memset(bars, 0x5a, sizeof(bars));
    struct asks_bars past = {
        .bars = bars, .stride = sizeof(bars[0]), .room = 2, .count = 7};
    asks_begin_bars(&past);
    for (int i = 0; i < 5; i++) {
        const struct quoted_bar bar = {.size = 1, .count = i};
        asks_take_bar(&past, &bar);
    }
    assert_int_equal(past.count, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bars[i].bar.size, sizeof(bars[0]));
        assert_int_equal(bars[i].bar.count, i);
        assert_int_equal(bars[i].more[7], 0);
    }
    assert_int_equal(bars[2].bar.size, 0x5a5a5a5a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv2_bars_stay_within_their_room),
    cmocka_unit_test(open_asks_are_found_in_order),
    cmocka_unit_test(what_is_no_symbol_is_final_at_once),
    cmocka_unit_test(inv2_longer_quotes_end_in_zeros),
    cmocka_unit_test(inv2_shorter_quotes_are_not_overrun),
};

TEST_MAIN(tests)
