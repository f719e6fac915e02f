/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quoted_test.c -- what the library says without a server: its tables, and the
 * arguments it refuses.  Talking to servers is tested in tests/peers.
 */
#include <quoted/quoted.h>

#include "base/err.h"
#include "lib/call.h"
#include "lib/pass.h"
#include "testing/testing.h"

static void every_error_has_a_name_and_a_sentence(void **state)
{
    (void)state;
#define CHECK_ROW(code, value, name, sentence)          \
    assert_true((code) < 0);                            \
    assert_int_equal(code, value);                      \
    assert_string_equal(quoted_error_name(code), name); \
    assert_string_equal(quoted_error_text(code), sentence);
    QUOTED_ERRORS(CHECK_ROW)
    assert_string_equal(quoted_error_name(0), "OK");
    assert_string_equal(quoted_error_name(-9999), "?");
    assert_string_not_equal(quoted_error_text(-9999), "");
}

/* The words of the wire are the server's; both tables must say the same. */
static void errors_of_the_wire_are_the_servers(void **state)
{
    (void)state;
    for (int error = QUOTED_E_UNKNOWN; error >= QUOTED_E_STORE; error--) {
        assert_string_equal(quoted_error_name(error), err_word(error));
    }
}

static void states_have_names(void **state)
{
    (void)state;
    assert_string_equal(quoted_state_name(QUOTED_STATE_FRESH), "fresh");
    assert_string_equal(quoted_state_name(QUOTED_STATE_STALE), "stale");
    assert_string_equal(quoted_state_name(QUOTED_STATE_NONE), "");
    assert_string_equal(quoted_state_name(77), "");
}

static void addresses_are_read_when_opened(void **state)
{
    (void)state;
    struct quoted *q;
    assert_int_equal(quoted_open(&q, "a:1, [::1]:2,unix:/x,b", NULL), 0);
    assert_string_equal(quoted_last_message(q), "");
    quoted_close(&q);
    assert_null(q);
    quoted_close(&q);
    const char *const bad[] = {"", ",", "a:1,", "a:1,,b:2", "a:b", NULL};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(quoted_open(&q, bad[i], NULL), QUOTED_E_ADDRESS);
        assert_null(q);
    }
}

static void addresses_have_a_bound(void **state)
{
    (void)state;
    char list[QUOTED_ADDRESSES_LIMIT * 2 + 2];
    memset(list, 0, sizeof(list));
    for (size_t i = 0; i <= QUOTED_ADDRESSES_LIMIT; i++) {
        list[2 * i] = 'a';
        list[2 * i + 1] = i < QUOTED_ADDRESSES_LIMIT ? ',' : '\0';
    }
    struct quoted *q;
    assert_int_equal(quoted_open(&q, list, NULL), QUOTED_E_ADDRESS);
    list[2 * QUOTED_ADDRESSES_LIMIT - 1] = '\0';
    assert_int_equal(quoted_open(&q, list, NULL), 0);
    quoted_close(&q);
}

static void options_outside_their_range_are_refused(void **state)
{
    (void)state;
    struct quoted *q;
    const struct quoted_options bad[] = {
        {.timeout_ms = 1},
        {.size = 4},
        {.size = sizeof(bad[0]) + 1},
        {.size = sizeof(bad[0]), .timeout_ms = QUOTED_TIMEOUT_MS_LIMIT + 1},
        {.size = sizeof(bad[0]), .attempt_ms = QUOTED_TIMEOUT_MS_LIMIT + 1},
        {.size = sizeof(bad[0]), .balance = QUOTED_BALANCE_LEAST_LOADED + 1},
        {.size = sizeof(bad[0]), .client_name = ""},
        {.size = sizeof(bad[0]), .client_name = "a b"},
        {.size = sizeof(bad[0]), .client_name = "a\n"},
        {.size = sizeof(bad[0]),
         .client_name = "12345678901234567890123456789012"
                        "123456789012345678901234567890123"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(quoted_open(&q, "a", &bad[i]), QUOTED_E_ARGUMENT);
        assert_null(q);
    }
    const struct quoted_options good = {
        .size = sizeof(good),
        .timeout_ms = QUOTED_TIMEOUT_MS_LIMIT,
        .client_name = "12345678901234567890123456789012"
                       "12345678901234567890123456789012",
    };
    assert_int_equal(quoted_open(&q, "a", &good), 0);
    quoted_close(&q);
}

/* A program that was compiled before there were `balance` and `attempt_ms`. */
static void options_of_an_older_program_are_taken(void **state)
{
    (void)state;
    struct quoted *q;
    struct quoted_options old = QUOTED_OPTIONS_INIT;
    old.size = offsetof(struct quoted_options, balance);
    old.balance = 4711; // what happens to stand behind its options
    old.attempt_ms = UINT32_MAX;
    assert_int_equal(quoted_open(&q, "a", &old), 0);
    quoted_close(&q);
    old.size -= 8;
    assert_int_equal(quoted_open(&q, "a", &old), QUOTED_E_ARGUMENT);
}

static void arguments_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct quoted *q;
    const char *const symbols[] = {"IBM"};
    struct quoted_quote quote = {.status = 5};
    assert_int_equal(quoted_open(NULL, "a", NULL), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_open(&q, "127.0.0.1:1", NULL), 0);
    assert_int_equal(quoted_get(q, "IBM", &quote), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_get(q, "IBM", NULL), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_get_many(q, symbols, 1, &quote), QUOTED_E_ARGUMENT);
    assert_int_equal(quote.status, 5);
    quote.size = sizeof(quote);
    assert_int_equal(quoted_get(NULL, "IBM", &quote), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_get_many(q, NULL, 1, &quote), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_get_many(q, symbols, QUOTED_MANY_LIMIT + 1, &quote),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_get_many(q, NULL, 0, NULL), 0);
    assert_int_equal(quoted_ping(NULL), QUOTED_E_ARGUMENT);
    char text[8] = "x";
    assert_int_equal(quoted_explain(NULL, "IBM", text, sizeof(text)),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_explain(q, "IBM", NULL, 8), QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_explain(q, "IBM", text, 0), QUOTED_E_ARGUMENT);
    assert_string_equal(text, "x");
    assert_int_equal(quoted_explain(q, "", text, sizeof(text)),
                     QUOTED_E_SYMBOL);
    assert_string_equal(text, "");
    assert_int_equal(quoted_explain(q, NULL, text, sizeof(text)),
                     QUOTED_E_SYMBOL);
    assert_string_equal(quoted_last_message(NULL), "");
    quoted_close(&q);
    quoted_close(NULL);
}

static void demands_outside_their_range_are_refused(void **state)
{
    (void)state;
    struct quoted *q;
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    quote.status = 5;
    assert_int_equal(quoted_open(&q, "127.0.0.1:1", NULL), 0);
    const struct quoted_demand bad[] = {
        {.max_age_ms = 1},
        {.size = 8, .max_age_ms = 1},
        {.size = sizeof(bad[0]), .max_age_ms = -2},
        {.size = sizeof(bad[0]), .max_age_ms = QUOTED_MAX_AGE_MS_LIMIT + 1},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(quoted_get_with(q, "IBM", &bad[i], &quote),
                         QUOTED_E_ARGUMENT);
    }
    assert_int_equal(quote.status, 5);
    // It is a demand, but no symbol.
    const struct quoted_demand good = {.size = sizeof(good),
                                       .max_age_ms = QUOTED_MAX_AGE_MS_LIMIT};
    assert_int_equal(quoted_get_with(q, "", &good, &quote), QUOTED_E_SYMBOL);
    quoted_close(&q);
}

static void periods_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct quoted *q;
    struct quoted_bar bars[2] = {QUOTED_BAR_INIT};
    size_t count = 7;
    char longest[QUOTED_PERIOD_TEXT_LIMIT + 2];
    memset(longest, 'x', sizeof(longest));
    longest[QUOTED_PERIOD_TEXT_LIMIT + 1] = '\0';
    assert_int_equal(quoted_open(&q, "127.0.0.1:1", NULL), 0);
    const uint32_t size = sizeof(struct quoted_period);
    const struct quoted_period bad[] = {
        {.from = "1"},
        {.size = size, .from = ""},
        {.size = size, .to = "a b"},
        {.size = size, .every = "1d\r\n"},
        {.size = size, .every = longest},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(quoted_history(q, "IBM", &bad[i], bars, 2, &count),
                         QUOTED_E_ARGUMENT);
    }
    assert_int_equal(quoted_history(q, "IBM", NULL, NULL, 2, &count),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_history(q, "IBM", NULL, bars + 1, 1, &count),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_history(q, "IBM", NULL, bars, 2, NULL),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(quoted_history(NULL, "IBM", NULL, bars, 2, &count),
                     QUOTED_E_ARGUMENT);
    assert_int_equal(count, 7);
    assert_int_equal(quoted_history(q, "", NULL, bars, 2, &count),
                     QUOTED_E_SYMBOL);
    assert_int_equal(quoted_history(q, NULL, NULL, NULL, 0, &count),
                     QUOTED_E_SYMBOL);
    assert_int_equal(count, 0);
    quoted_close(&q);
}

static void what_is_no_symbol_is_refused_without_a_server(void **state)
{
    (void)state;
    struct quoted *q;
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    assert_int_equal(quoted_open(&q, "127.0.0.1:1", NULL), 0);
    assert_int_equal(quoted_get(q, "", &quote), QUOTED_E_SYMBOL);
    assert_int_equal(quoted_get(q, NULL, &quote), QUOTED_E_SYMBOL);
    assert_string_equal(quoted_last_message(q), "this is not a symbol");
    quoted_close(&q);
}

static void pauses_double_up_to_their_limit(void **state)
{
    (void)state;
    assert_int_equal(call_pause_ms(0), 20);
    assert_int_equal(call_pause_ms(1), 40);
    assert_int_equal(call_pause_ms(4), 320);
    assert_int_equal(call_pause_ms(5), 500);
    assert_int_equal(call_pause_ms(UINT32_MAX), 500);
}

static void attempts_double_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(call_attempt_ms(250, 0), 250);
    assert_int_equal(call_attempt_ms(250, 3), 2000);
    assert_int_equal(call_attempt_ms(QUOTED_TIMEOUT_MS_LIMIT, UINT32_MAX),
                     (uint64_t)QUOTED_TIMEOUT_MS_LIMIT << 16);
}

/* With one address, of which a balancer makes another server each time. */
static void one_who_is_not_far_is_tried_thrice_alike(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 9; round++) {
        assert_true(call_doubles(2, round, false));
        assert_true(call_doubles(1, round, true));
        assert_int_equal(call_doubles(1, round, false), round % 3 == 2);
    }
}

static void patience_of_the_last_way_is_the_deadline(void **state)
{
    (void)state;
    assert_int_equal(pass_patience(UINT64_MAX / 2, false), UINT64_MAX / 2);
    assert_int_equal(pass_patience(0, true), 0);
    assert_true(pass_patience(UINT64_MAX / 2, true) < UINT64_MAX / 4);
}

static void oom_opens_nothing(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct quoted *q;
        int err = quoted_open(&q, "a,b,127.0.0.1", NULL);
        assert_true(err == 0 || (err == QUOTED_E_NOMEM && q == NULL));
        quoted_close(&q);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_error_has_a_name_and_a_sentence),
    cmocka_unit_test(errors_of_the_wire_are_the_servers),
    cmocka_unit_test(states_have_names),
    cmocka_unit_test(addresses_are_read_when_opened),
    cmocka_unit_test(addresses_have_a_bound),
    cmocka_unit_test(options_outside_their_range_are_refused),
    cmocka_unit_test(options_of_an_older_program_are_taken),
    cmocka_unit_test(arguments_that_make_no_sense_are_refused),
    cmocka_unit_test(demands_outside_their_range_are_refused),
    cmocka_unit_test(periods_that_make_no_sense_are_refused),
    cmocka_unit_test(what_is_no_symbol_is_refused_without_a_server),
    cmocka_unit_test(pauses_double_up_to_their_limit),
    cmocka_unit_test(attempts_double_without_overflow),
    cmocka_unit_test(one_who_is_not_far_is_tried_thrice_alike),
    cmocka_unit_test(patience_of_the_last_way_is_the_deadline),
    cmocka_unit_test(oom_opens_nothing),
};

TEST_MAIN(tests)
