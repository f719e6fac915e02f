/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price_test.c -- the walk is a function of its seed, symbol and step, begins
 * where it should, and never leaves its walls.
 */
#include "market/price.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

static struct price_session walk(uint64_t seed, const char *text, uint64_t step)
{
    struct symbol symbol = symbol_of(text);
    int64_t start;
    assert_true(price_find_start(&start, &symbol, true));
    struct price_session session = {.day = "2025-11-06"};
    price_walk(&session, seed, &symbol, start, step);
    return session;
}

static void assert_price(int64_t value, const char *text)
{
    struct buffer out = buffer_empty(100);
    price_put(&out, value);
    buffer_put_byte(&out, '\0');
    assert_string_equal(out.data, text);
    buffer_deinit(&out);
}

static void inv1_price_stays_within_its_walls(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        // Steps of every size, and the neighbours of each power of two.
        for (uint64_t step = 1; step < PRICE_STEPS_LIMIT;
             step = step + step / 3 + 1) {
            struct price_session s = walk(seed, "DIS", step);
            assert_in_range(s.price, 82650, 1570350 + 100);
            assert_in_range(s.low, 1, s.high);
        }
    }
}

static void inv2_companies_begin_where_they_should(void **state)
{
    (void)state;
    const struct {
        const char *symbol;
        const char *price;
    } cases[] = {
        {"GOOGL", "135.6000"}, {"MSFT", "326.6700"}, {"AMZN", "125.1700"},
        {"AAPL", "172.8800"},  {"META", "308.6500"}, {"IBM", "137.1600"},
        {"TSLA", "211.9900"},  {"WMT", "158.7600"},  {"ADRNY", "29.0000"},
        {"DIS", "82.6500"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            assert_price(walk(seed, cases[i].symbol, 0).price, cases[i].price);
        }
        assert_string_equal(price_companies()[i].symbol, cases[i].symbol);
    }
    assert_null(price_companies()[10].symbol);
}

static void inv3_session_is_consistent(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 6000; first += PRICE_SESSION_STEPS) {
        struct price_session before = walk(7, "IBM", first);
        assert_int_equal(before.open, before.price);
        for (uint64_t n = 1; n < PRICE_SESSION_STEPS; n++) {
            struct price_session s = walk(7, "IBM", first + n);
            assert_true(s.low <= s.open && s.open <= s.high);
            assert_true(s.low <= s.price && s.price <= s.high);
            assert_true(s.low <= before.low && s.high >= before.high);
            assert_int_equal(s.open, before.open);
            assert_int_equal(s.previous, before.previous);
            assert_true(s.volume > before.volume);
            before = s;
        }
        struct price_session next = walk(7, "IBM", first + PRICE_SESSION_STEPS);
        assert_int_equal(next.previous, before.price);
    }
}

/* Fixed values: the walk must not change between machines or releases, because
 * users write down what a seed gave them. */
static void walk_is_the_same_everywhere(void **state)
{
    (void)state;
    assert_price(walk(1, "IBM", 1).price, "137.1200");
    assert_price(walk(1, "IBM", 1000).price, "137.7200");
    assert_price(walk(42, "GOOGL", 123456789).price, "38.3900");
    assert_price(walk(1, "IBM", PRICE_STEPS_LIMIT + 1).price, "137.1200");
}

static void seeds_and_symbols_walk_apart(void **state)
{
    (void)state;
    size_t same_seed = 0;
    size_t same_symbol = 0;
    for (uint64_t step = 1; step <= 1000; step++) {
        int64_t a = walk(1, "X1", step).price * 1000 / walk(1, "X1", 0).price;
        int64_t b = walk(1, "X2", step).price * 1000 / walk(1, "X2", 0).price;
        same_symbol += a == b ? 1 : 0;
        same_seed += walk(1, "IBM", step).price == walk(2, "IBM", step).price;
    }
    assert_in_range(same_seed, 0, 100);
    assert_in_range(same_symbol, 0, 300);
}

/* A step is small: its variance is the same whether it crosses a power of two
 * or not, which a fault in the building from coarse to fine would break. */
static void one_step_moves_by_little(void **state)
{
    (void)state;
    int64_t squares = 0;
    for (uint64_t step = 1; step < 5000; step++) {
        int64_t from = walk(3, "MSFT", step - 1).price;
        int64_t move = walk(3, "MSFT", step).price - from;
        int64_t move_ppm = move * 1000000 / 3266700;
        assert_in_range(move_ppm + 4000, 0, 8000);
        squares += move_ppm * move_ppm;
    }
    // 400 ppm squared, give or take a fifth.
    assert_in_range(squares / 5000, 128000, 192000);
}

static void invented_symbols_are_known_on_request(void **state)
{
    (void)state;
    const char *const invented[] = {"A", "ABCDE", "A0", "ABCDE12345678", "Z9"};
    const char *const unknown[] = {"ABCDEF", "9",  "A.B",
                                   "A1B",    "1A", "ABCDEF1"};
    int64_t start;
    for (size_t i = 0; i < sizeof(invented) / sizeof(invented[0]); i++) {
        struct symbol symbol = symbol_of(invented[i]);
        assert_false(price_find_start(&start, &symbol, false));
        assert_true(price_find_start(&start, &symbol, true));
        assert_in_range(start, 5 * PRICE_UNIT, 500 * PRICE_UNIT);
        assert_int_equal(walk(9, invented[i], 0).price, start);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        struct symbol symbol = symbol_of(unknown[i]);
        assert_false(price_find_start(&start, &symbol, true));
    }
}

static void prices_are_read_with_four_places(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int err;
        int64_t value;
    } cases[] = {
        {"135.6", 0, 1356000},
        {"0.0001", 0, 1},
        {"-37.63", 0, -376300},
        {"1e2", 0, 1000000},
        {"1.00000", 0, 10000},
        {"0", 0, 0},
        {"100000000", 0, PRICE_LIMIT},
        {"-100000000", 0, -PRICE_LIMIT},
        {"100000000.0001", ERR_RANGE, 0},
        {"1e17", ERR_RANGE, 0},
        {"0.00001", ERR_RANGE, 0},
        {"", ERR_SYNTAX, 0},
        {"x", ERR_SYNTAX, 0},
        {"1,5", ERR_SYNTAX, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 0;
        assert_int_equal(price_parse(&value, span_of(cases[i].text)),
                         cases[i].err);
        assert_int_equal(value, cases[i].value);
    }
    assert_price(-1, "-0.0001");
    assert_price(0, "0.0000");
    assert_price(PRICE_LIMIT, "100000000.0000");
}

static void changes_are_those_of_the_provider(void **state)
{
    (void)state;
    struct price_session s = price_flat_session(3124200);
    assert_int_equal(price_change(&s), 0);
    assert_int_equal(price_change_percent(&s), 0);
    s.previous = 3067700; // a captured answer
    assert_price(price_change(&s), "5.6500");
    assert_price(price_change_percent(&s), "1.8418");
    s.price = 3067700 - 56500;
    assert_price(price_change_percent(&s), "-1.8418");
    s.previous = 0;
    assert_int_equal(price_change_percent(&s), 0);
    s = (struct price_session){.price = PRICE_LIMIT, .previous = -PRICE_LIMIT};
    assert_price(price_change_percent(&s), "-200.0000");
    s = (struct price_session){.price = PRICE_LIMIT, .previous = 1};
    assert_true(price_change_percent(&s) > 0);
}

static void weekends_are_no_trading_days(void **state)
{
    (void)state;
    const int64_t day_ms = 86400000;
    const int64_t thursday = 1762387200000; // 2025-11-06
    const char *const days[] = {"2025-11-06", "2025-11-07", "2025-11-07",
                                "2025-11-07", "2025-11-10"};
    char text[PRICE_DAY_SIZE];
    for (int i = 0; i < 5; i++) {
        price_put_trading_day(text, thursday + i * day_ms + 5);
        assert_string_equal(text, days[i]);
    }
    price_put_trading_day(text, 0);
    assert_string_equal(text, "1970-01-01");
    price_put_trading_day(text, 2 * day_ms);
    assert_string_equal(text, "1970-01-02");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_price_stays_within_its_walls),
    cmocka_unit_test(inv2_companies_begin_where_they_should),
    cmocka_unit_test(inv3_session_is_consistent),
    cmocka_unit_test(walk_is_the_same_everywhere),
    cmocka_unit_test(seeds_and_symbols_walk_apart),
    cmocka_unit_test(one_step_moves_by_little),
    cmocka_unit_test(invented_symbols_are_known_on_request),
    cmocka_unit_test(prices_are_read_with_four_places),
    cmocka_unit_test(changes_are_those_of_the_provider),
    cmocka_unit_test(weekends_are_no_trading_days),
};

TEST_MAIN(tests)
