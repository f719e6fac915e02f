/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_test.c -- the request path over a real cache, by a clock that the test
 * moves: answered from memory, refreshed behind the answer, or left to wait.
 */
#include "unit/serve/asking.h"

/* --- What a text names -----------------------------------------------------
 */

static void names_aliases_and_symbols_are_resolved(void **state)
{
    struct desk *desk = *state;
    const struct {
        const char *text;
        const char *symbol;
    } cases[] = {
        {"IBM", "IBM"},
        {" ibm\t", "IBM"},
        {"Google", "GOOGL"},
        {"alphabet inc", "GOOGL"},
        {"walt disney co", "DIS"},
        {"TSCO.LON", "TSCO.LON"},
        {"eur/usd", "EUR/USD"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct symbol symbol;
        assert_int_equal(
            ask_resolve(desk->worker, span_of(cases[i].text), &symbol), 0);
        assert_string_equal(symbol.text, cases[i].symbol);
    }
}

static void text_that_is_no_symbol_is_shown_as_far_as_it_can_be(void **state)
{
    struct desk *desk = *state;
    const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"", ""},
        {"not a symbol", "not a symbol"},
        {"a\r\nb\x1b", "a??b?"},
        {"caf\xc3\xa9", "caf??"},
        {"01234567890123456789012345678901?",
         "01234567890123456789012345678901"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct symbol symbol;
        memset(&symbol, 0xa5, sizeof(symbol));
        assert_int_equal(
            ask_resolve(desk->worker, span_of(cases[i].text), &symbol),
            ERR_SYMBOL);
        assert_string_equal(symbol.text, cases[i].shown);
        assert_int_equal(symbol.len, strlen(cases[i].shown));
    }
}

/* --- The four ways ---------------------------------------------------------
 */

static void fresh_quote_is_answered(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->loop.now_ms += FRESH_MS - 1;
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.state, FRESHNESS_FRESH);
    assert_string_equal(answer.quote->price_text, "5.00");
    assert_int_equal(desk->asked, 0);
    assert_counted(desk, 1, 0, 0, 0);
}

static void stale_quote_is_answered_and_refreshed_once(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->loop.now_ms += FRESH_MS;
    for (int i = 0; i < 3; i++) {
        assert_true(ask(desk, "IBM", &answer));
        assert_int_equal(answer.err, 0);
        assert_int_equal(answer.state, FRESHNESS_STALE);
        assert_int_equal(desk->asked, 1);
    }
    assert_counted(desk, 0, 3, 0, 0);
    desk->worker->loop.now_ms = BEGIN_MS + FRESH_MS + STALE_MS - 1;
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.state, FRESHNESS_STALE);
}

/* Whatever the failure was. */
static void refresh_that_failed_is_not_repeated_at_once(void **state)
{
    struct desk *desk = *state;
    const int failures[] = {ERR_UPSTREAM, ERR_LIMIT, ERR_UNKNOWN, ERR_NODATA};
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->loop.now_ms += FRESH_MS;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        unsigned before = desk->asked;
        fail_call(desk, "IBM", failures[i], 500);
        desk->worker->loop.now_ms += 499;
        assert_true(ask(desk, "IBM", &answer));
        assert_int_equal(answer.err, 0);
        assert_int_equal(answer.state, FRESHNESS_STALE);
        assert_int_equal(desk->asked, before);
        desk->worker->loop.now_ms += 1;
        assert_true(ask(desk, "IBM", &answer));
        assert_int_equal(desk->asked, before + 1);
        struct desk_result ended = {.symbol = symbol_of("IBM")};
        wait_end(desk->worker->waits, &ended);
    }
}

static void expired_quote_is_waited_for(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->loop.now_ms += FRESH_MS + STALE_MS;
    assert_false(ask(desk, "IBM", &answer));
    assert_null(answer.quote);
    assert_int_equal(desk->asked, 0); // that is the caller's to do
    assert_counted(desk, 0, 0, 1, 0);
}

static void symbol_of_which_nothing_is_known_is_waited_for(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    assert_false(ask(desk, "IBM", &answer));
    assert_counted(desk, 0, 0, 1, 0);
}

static void unknown_symbol_is_answered_while_that_is_believed(void **state)
{
    struct desk *desk = *state;
    const int failures[] = {ERR_UNKNOWN, ERR_NODATA};
    struct answer answer;
    for (size_t i = 0; i < 2; i++) {
        fail_call(desk, "NOPE", failures[i], 60000);
        desk->worker->loop.now_ms += 59999;
        assert_true(ask(desk, "NOPE", &answer));
        assert_int_equal(answer.err, failures[i]);
        assert_string_equal(answer.reason, "why not");
        desk->worker->loop.now_ms += 1;
        assert_false(ask(desk, "NOPE", &answer)); // asked again
    }
    assert_counted(desk, 0, 0, 2, 2);
}

/* A good price is not erased: it is served as long as it may be, and only then
 * the failure answers. */
static void unknown_after_known_keeps_the_price(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    fail_call(desk, "IBM", ERR_UNKNOWN, 10 * (FRESH_MS + STALE_MS));
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.state, FRESHNESS_FRESH);
    desk->worker->loop.now_ms += FRESH_MS + STALE_MS - 1;
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.state, FRESHNESS_STALE);
    desk->worker->loop.now_ms += 1;
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.err, ERR_UNKNOWN);
    assert_int_equal(desk->asked, 0);
}

static void draining_worker_answers_and_asks_nobody(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->is_draining = true;
    desk->worker->loop.now_ms += FRESH_MS;
    assert_true(ask(desk, "IBM", &answer));
    assert_int_equal(answer.state, FRESHNESS_STALE);
    assert_int_equal(desk->asked, 0);
    assert_true(ask(desk, "TSLA", &answer));
    assert_int_equal(answer.err, ERR_DRAINING);
}

/* --- Demands of an age -----------------------------------------------------
 */

static bool ask_within(struct desk *desk, uint64_t max_age_ms,
                       struct answer *answer)
{
    memset(answer, 0xa5, sizeof(*answer));
    answer->max_age_ms = max_age_ms;
    return ask_text(desk->worker, span_of("IBM"), answer);
}

static void quote_of_the_demanded_age_is_answered(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    assert_true(ask_within(desk, 0, &answer));
    desk->worker->loop.now_ms += 5000;
    assert_true(ask_within(desk, 5000, &answer));
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.state, FRESHNESS_FRESH);
    assert_counted(desk, 2, 0, 0, 0);
}

static void fresh_quote_that_is_older_is_waited_for(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->loop.now_ms += 5000;
    assert_false(ask_within(desk, 4999, &answer));
    assert_null(answer.quote);
    assert_int_equal(answer.err, 0);
    assert_counted(desk, 0, 0, 0, 0);
    assert_int_equal(metric_sum(&desk->shared.metrics, METRIC_cache_too_old),
                     1);
    assert_true(ask(desk, "IBM", &answer)); // without the demand
}

/* It allows an age; it does not make a quote servable or fresh. */
static void demand_changes_nothing_else(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    assert_false(ask_within(desk, 5000, &answer));
    publish(desk, "IBM");
    desk->worker->loop.now_ms += FRESH_MS;
    assert_true(ask_within(desk, FRESH_MS, &answer));
    assert_int_equal(answer.state, FRESHNESS_STALE);
    assert_int_equal(desk->asked, 1);
    desk->worker->loop.now_ms += STALE_MS;
    assert_false(ask_within(desk, UINT64_MAX - 1, &answer));
    assert_counted(desk, 0, 1, 2, 0);
    fail_call(desk, "IBM", ERR_UNKNOWN, 100);
    assert_true(ask_within(desk, UINT64_MAX - 1, &answer));
    assert_int_equal(answer.err, ERR_UNKNOWN);
}

/* A closing price is as new as can be until its market opens. */
static void settled_price_is_as_new_as_can_be(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    struct quote quote = {.symbol = symbol_of("IBM"),
                          .fetched_mono_ms = BEGIN_MS,
                          .is_closing = true,
                          .settled_until_mono_ms = BEGIN_MS + 50000};
    quote_set(&quote, QUOTE_PRICE, (struct decimal){5, 0});
    assert_int_equal(cache_publish(desk->shared.cache, &quote, BEGIN_MS), 0);
    desk->worker->loop.now_ms = BEGIN_MS + 49999;
    assert_true(ask_within(desk, 5, &answer));
    assert_int_equal(answer.state, FRESHNESS_CLOSED);
    desk->worker->loop.now_ms = BEGIN_MS + 50000;
    assert_false(ask_within(desk, 5, &answer));
}

static void what_is_new_is_told_to_the_millisecond(void **state)
{
    (void)state;
    struct quote quote = {.fetched_mono_ms = 1000};
    assert_true(ask_is_new(&quote, 0, 5000));
    assert_true(ask_is_new(&quote, 1000, 5000));
    assert_false(ask_is_new(&quote, 1001, 5000));
    quote.settled_until_mono_ms = 5001;
    assert_true(ask_is_new(&quote, 1001, 5000));
    assert_false(ask_is_new(&quote, 1001, 5001));
}

static void failure_holds_for_its_time(void **state)
{
    struct desk *desk = *state;
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(ask_held(desk->worker, &ibm), 0);
    publish(desk, "IBM");
    assert_int_equal(ask_held(desk->worker, &ibm), 0);
    fail_call(desk, "IBM", ERR_LIMIT, 100);
    desk->worker->loop.now_ms += 99;
    assert_int_equal(ask_held(desk->worker, &ibm), ERR_LIMIT);
    desk->worker->loop.now_ms += 1;
    assert_int_equal(ask_held(desk->worker, &ibm), 0);
}

static void draining_worker_sends_who_demands_elsewhere(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "IBM");
    desk->worker->is_draining = true;
    desk->worker->loop.now_ms += 10;
    assert_true(ask_within(desk, 10, &answer));
    assert_int_equal(answer.err, 0);
    assert_true(ask_within(desk, 9, &answer));
    assert_int_equal(answer.err, ERR_DRAINING);
    assert_null(answer.quote);
}

/* --- Looking only ----------------------------------------------------------
 */

static void peek_counts_nothing_and_asks_nobody(void **state)
{
    struct desk *desk = *state;
    struct answer answer = {.symbol = symbol_of("IBM")};
    assert_false(ask_peek(desk->worker, &answer));
    assert_null(answer.quote);
    publish(desk, "IBM");
    assert_true(ask_peek(desk->worker, &answer));
    assert_int_equal(answer.state, FRESHNESS_FRESH);
    assert_non_null(answer.quote);
    desk->worker->loop.now_ms += FRESH_MS;
    assert_true(ask_peek(desk->worker, &answer));
    assert_int_equal(answer.state, FRESHNESS_STALE);
    desk->worker->loop.now_ms += STALE_MS;
    assert_false(ask_peek(desk->worker, &answer));
    assert_int_equal(desk->asked, 0);
    assert_counted(desk, 0, 0, 0, 0);
}

#define ASK_TEST(test) \
    cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

static const struct CMUnitTest tests[] = {
    ASK_TEST(names_aliases_and_symbols_are_resolved),
    ASK_TEST(text_that_is_no_symbol_is_shown_as_far_as_it_can_be),
    ASK_TEST(fresh_quote_is_answered),
    ASK_TEST(stale_quote_is_answered_and_refreshed_once),
    ASK_TEST(refresh_that_failed_is_not_repeated_at_once),
    ASK_TEST(expired_quote_is_waited_for),
    ASK_TEST(symbol_of_which_nothing_is_known_is_waited_for),
    ASK_TEST(unknown_symbol_is_answered_while_that_is_believed),
    ASK_TEST(unknown_after_known_keeps_the_price),
    ASK_TEST(draining_worker_answers_and_asks_nobody),
    ASK_TEST(quote_of_the_demanded_age_is_answered),
    ASK_TEST(fresh_quote_that_is_older_is_waited_for),
    ASK_TEST(demand_changes_nothing_else),
    ASK_TEST(settled_price_is_as_new_as_can_be),
    ASK_TEST(what_is_new_is_told_to_the_millisecond),
    ASK_TEST(failure_holds_for_its_time),
    ASK_TEST(draining_worker_sends_who_demands_elsewhere),
    ASK_TEST(peek_counts_nothing_and_asks_nobody),
};

TEST_MAIN(tests)
