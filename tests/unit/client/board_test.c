/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board_test.c -- the live table without its terminal.
 */
#include "cli/board.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"

#define ROWS 4

static const char *const names[ROWS] = {"ibm", "Google", "AAPL", "nosuch"};

static struct quoted_quote quote_of(const char *symbol, const char *price,
                                    const char *percent, int64_t age_ms)
{
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    quote.state = QUOTED_STATE_FRESH;
    quote.age_ms = age_ms;
    snprintf(quote.symbol, sizeof(quote.symbol), "%s", symbol);
    snprintf(quote.price.text, sizeof(quote.price.text), "%s", price);
    snprintf(quote.change_percent.text, sizeof(quote.change_percent.text), "%s",
             percent);
    return quote;
}

static void take(struct board *board, size_t row, const char *symbol,
                 const char *price, const char *percent)
{
    struct quoted_quote quote =
        quote_of(symbol, price, percent, 1000 * (int64_t)(row + 1));
    board_take(board, row, &quote, 100000);
}

static void fill(struct board *board)
{
    assert_int_equal(board_init(board, names, ROWS), 0);
    take(board, 0, "IBM", "135.60", "-0.5");
    take(board, 1, "GOOGL", "99.1", "2.25");
    take(board, 2, "AAPL", "1000", "0.1");
    struct quoted_quote failed = QUOTED_QUOTE_INIT;
    failed.status = QUOTED_E_UNKNOWN;
    board_take(board, 3, &failed, 100000);
}

/* The rows that are shown, as "0 1 2". */
static void assert_order(struct board *board, const char *expected)
{
    char text[64] = "";
    board_arrange(board, 100000);
    for (size_t i = 0; i < board->shown_count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%zu", i > 0 ? " " : "",
                 board->shown[i]);
    }
    assert_string_equal(text, expected);
}

static void each_order_is_its_own(void **state)
{
    (void)state;
    struct board board;
    fill(&board);
    assert_order(&board, "0 1 2 3");
    board.order = BOARD_BY_SYMBOL;
    assert_order(&board, "2 1 0 3");
    board.order = BOARD_BY_PRICE;
    assert_order(&board, "2 0 1 3");
    board.order = BOARD_BY_CHANGE;
    assert_order(&board, "1 2 3 0");
    board.order = BOARD_BY_AGE;
    assert_order(&board, "3 0 1 2");
    board.is_reversed = true;
    assert_order(&board, "2 1 0 3");
    board.is_reversed = false;
    board.order = BOARD_BY_STATE;
    assert_order(&board, "3 0 1 2"); // what has failed comes first
    board_deinit(&board);
}

static void the_filter_looks_at_names_and_symbols(void **state)
{
    (void)state;
    struct board board;
    fill(&board);
    snprintf(board.filter, sizeof(board.filter), "goo");
    assert_order(&board, "1");
    snprintf(board.filter, sizeof(board.filter), "SUCH");
    assert_order(&board, "3");
    snprintf(board.filter, sizeof(board.filter), "zzz");
    assert_order(&board, "");
    board.filter[0] = '\0';
    assert_order(&board, "0 1 2 3");
    board_deinit(&board);
}

static void a_failure_keeps_the_price(void **state)
{
    (void)state;
    struct board board;
    fill(&board);
    struct quoted_quote failed = QUOTED_QUOTE_INIT;
    failed.status = QUOTED_E_UPSTREAM;
    snprintf(failed.message, sizeof(failed.message), "down");
    board_take(&board, 0, &failed, 200000);
    assert_true(board.rows[0].is_known);
    assert_string_equal(board.rows[0].quote.price.text, "135.60");
    assert_int_equal(board.rows[0].quote.status, QUOTED_E_UPSTREAM);
    assert_string_equal(board.rows[0].quote.message, "down");
    take(&board, 0, "IBM", "136", "0");
    assert_int_equal(board.rows[0].quote.status, 0);
    board_deinit(&board);
}

static void a_change_flashes_for_a_while(void **state)
{
    (void)state;
    struct board board;
    fill(&board);
    const struct board_row *row = &board.rows[0];
    assert_int_equal(board_flash(row, 100000), 0); // the first is no change
    take(&board, 0, "IBM", "135.61", "0");
    assert_int_equal(board_flash(row, 100000), 1);
    take(&board, 0, "IBM", "9.5", "0"); // a number, not a text
    assert_int_equal(board_flash(row, 100000 + BOARD_FLASH_MS - 1), -1);
    assert_int_equal(board_flash(row, 100000 + BOARD_FLASH_MS), 0);
    board_deinit(&board);
}

static void ages_go_on(void **state)
{
    (void)state;
    struct board board;
    fill(&board);
    assert_int_equal(board_age_ms(&board.rows[1], 100000), 2000);
    assert_int_equal(board_age_ms(&board.rows[1], 100500), 2500);
    assert_int_equal(board_age_ms(&board.rows[3], 100500), -1);
    board_deinit(&board);
}

static void every_order_has_a_name(void **state)
{
    (void)state;
    for (int order = 0; order < BOARD_ORDERS; order++) {
        assert_true(strlen(board_order_name((enum board_order)order)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_is_its_own),
        cmocka_unit_test(the_filter_looks_at_names_and_symbols),
        cmocka_unit_test(a_failure_keeps_the_price),
        cmocka_unit_test(a_change_flashes_for_a_while),
        cmocka_unit_test(ages_go_on),
        cmocka_unit_test(every_order_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
