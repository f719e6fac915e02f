/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait_test.c -- a symbol is asked for once however many wait, and each waiter
 * is ended once or has left.
 */
#include "serve/wait.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fetch/fetch.h"
#include "obs/metric.h"
#include "testing/testing.h"

#define REQUESTS 16

struct hall;

/* A waiting request; the waiter first. */
struct request {
    struct waiter waiter;
    struct hall *hall;
    unsigned ended;
    unsigned order; // of its end among all
    int err;
};

struct hall {
    struct waits *waits;
    struct metrics metrics;
    unsigned asked;
    char last_asked[SYMBOL_LEN_LIMIT + 1];
    struct desk_wish wish; // the last that was asked for
    int ask_err;
    unsigned ends;
    struct request requests[REQUESTS];
    /* What on_end() does to others. */
    struct request *leaves;
    struct request *joins;
};

static struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

static int on_ask(void *user, const struct symbol *symbol,
                  const struct desk_wish *wish)
{
    struct hall *hall = user;
    hall->asked++;
    hall->wish = *wish;
    memcpy(hall->last_asked, symbol->text, sizeof(hall->last_asked));
    return hall->ask_err;
}

static void on_end(struct waiter *waiter, const struct desk_result *result)
{
    struct request *request = (struct request *)waiter;
    struct hall *hall = request->hall;
    assert_null(waiter->symbol); // it no longer waits
    request->ended++;
    request->order = ++hall->ends;
    request->err = result->err;
    wait_leave(hall->waits, waiter); // not waiting already is allowed
    if (hall->leaves != NULL) {
        wait_leave(hall->waits, &hall->leaves->waiter);
    }
    if (hall->joins != NULL) {
        struct request *joins = hall->joins;
        hall->joins = NULL;
        assert_int_equal(
            wait_join(hall->waits, &result->symbol, &joins->waiter), 0);
    }
}

static void open_hall(struct hall *hall)
{
    memset(hall, 0, sizeof(*hall));
    assert_int_equal(metric_init(&hall->metrics, 1), 0);
    const struct wait_options options = {
        .cells = hall->metrics.cells,
        .ask = on_ask,
        .user = hall,
    };
    assert_int_equal(wait_create_all(&hall->waits, &options), 0);
    for (unsigned i = 0; i < REQUESTS; i++) {
        hall->requests[i].waiter.on_end = on_end;
        hall->requests[i].hall = hall;
    }
}

static void close_hall(struct hall *hall)
{
    assert_int_equal(wait_count(hall->waits), 0);
    assert_int_equal(metric_sum(&hall->metrics, METRIC_waits_open), 0);
    wait_destroy_all(&hall->waits);
    assert_null(hall->waits);
    wait_destroy_all(&hall->waits);
    metric_deinit(&hall->metrics);
}

static int join(struct hall *hall, const char *text, unsigned request)
{
    struct symbol symbol = symbol_of(text);
    return wait_join(hall->waits, &symbol, &hall->requests[request].waiter);
}

static void refresh(struct hall *hall, const char *text)
{
    struct symbol symbol = symbol_of(text);
    wait_refresh(hall->waits, &symbol);
}

static void end(struct hall *hall, const char *text, int err)
{
    struct desk_result result = {.symbol = symbol_of(text), .err = err};
    wait_end(hall->waits, &result);
}

/* --- The invariants --------------------------------------------------------
 */

static void inv1_symbol_is_asked_for_once_until_it_ended(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(join(&hall, "IBM", i), 0);
        refresh(&hall, "IBM");
        assert_int_equal(hall.asked, 1);
    }
    assert_string_equal(hall.last_asked, "IBM");
    assert_int_equal(join(&hall, "TSLA", 5), 0); // another one
    assert_int_equal(hall.asked, 2);
    end(&hall, "IBM", 0);
    assert_int_equal(join(&hall, "TSLA", 6), 0); // is under way still
    assert_int_equal(hall.asked, 2);
    assert_int_equal(join(&hall, "IBM", 0), 0); // is not
    assert_int_equal(hall.asked, 3);
    end(&hall, "IBM", 0);
    end(&hall, "TSLA", 0);
    close_hall(&hall);
}

/* The flight goes on though nobody waits for it any more. */
static void inv1_holds_though_all_have_left(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    wait_leave(hall.waits, &hall.requests[0].waiter);
    assert_int_equal(wait_count(hall.waits), 0);
    assert_int_equal(join(&hall, "IBM", 1), 0);
    refresh(&hall, "IBM");
    assert_int_equal(hall.asked, 1);
    end(&hall, "IBM", ERR_LIMIT);
    assert_int_equal(hall.requests[0].ended, 0);
    assert_int_equal(hall.requests[1].ended, 1);
    assert_int_equal(hall.requests[1].err, ERR_LIMIT);
    close_hall(&hall);
}

static void inv1_refresh_is_asked_once_and_may_be_joined(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    refresh(&hall, "IBM");
    refresh(&hall, "IBM");
    assert_int_equal(hall.asked, 1);
    assert_int_equal(wait_count(hall.waits), 0);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    assert_int_equal(hall.asked, 2); // once more, because a request waits now
    assert_int_equal(join(&hall, "IBM", 1), 0);
    assert_int_equal(hall.asked, 2);
    end(&hall, "IBM", 0);
    assert_int_equal(hall.requests[0].ended, 1);
    refresh(&hall, "IBM");
    assert_int_equal(hall.asked, 3);
    close_hall(&hall); // with a flight under way
}

/* Who demands no more than was asked for joins; who demands more asks again. */
static void inv1_newer_demand_is_asked_for_once_more(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    assert_int_equal(hall.wish.not_before_mono_ms, 0);
    const uint64_t demands[] = {500, 499, 500, 0, 501};
    const unsigned asked[] = {2, 2, 2, 2, 3};
    for (unsigned i = 0; i < 5; i++) {
        hall.requests[i + 1].waiter.not_before_mono_ms = demands[i];
        assert_int_equal(join(&hall, "IBM", i + 1), 0);
        assert_int_equal(hall.asked, asked[i]);
    }
    assert_true(hall.wish.is_waited);
    assert_int_equal(hall.wish.not_before_mono_ms, 501);
    refresh(&hall, "IBM");
    assert_int_equal(hall.asked, 3);
    end(&hall, "IBM", 0);
    refresh(&hall, "IBM");
    assert_false(hall.wish.is_waited);
    assert_int_equal(hall.wish.not_before_mono_ms, 0);
    close_hall(&hall);
}

static void inv2_each_waiter_is_ended_once_in_order(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    for (unsigned i = 0; i < REQUESTS; i++) {
        assert_int_equal(join(&hall, i % 4 == 3 ? "TSLA" : "IBM", i), 0);
        assert_int_equal(wait_count(hall.waits), i + 1);
    }
    assert_int_equal(metric_sum(&hall.metrics, METRIC_waits_open), REQUESTS);
    end(&hall, "IBM", 0);
    end(&hall, "IBM", 0); // nobody waits: nothing happens
    end(&hall, "AAPL", 0);
    unsigned order = 0;
    for (unsigned i = 0; i < REQUESTS; i++) {
        bool is_ibm = i % 4 != 3;
        assert_int_equal(hall.requests[i].ended, is_ibm);
        if (is_ibm) {
            assert_int_equal(hall.requests[i].order, ++order);
        }
    }
    end(&hall, "TSLA", ERR_UNKNOWN);
    assert_int_equal(hall.requests[3].err, ERR_UNKNOWN);
    assert_int_equal(hall.ends, REQUESTS);
    close_hall(&hall);
}

static void inv2_who_left_is_not_ended(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(join(&hall, "IBM", i), 0);
    }
    wait_leave(hall.waits, &hall.requests[1].waiter);
    wait_leave(hall.waits, &hall.requests[1].waiter);
    end(&hall, "IBM", 0);
    assert_int_equal(hall.requests[0].ended, 1);
    assert_int_equal(hall.requests[1].ended, 0);
    assert_int_equal(hall.requests[2].ended, 1);
    wait_leave(hall.waits, &hall.requests[0].waiter);
    close_hall(&hall);
}

/* A connection that ends takes the waiters behind it along, from within the end
 * of the first. */
static void inv2_others_may_leave_while_one_is_ended(void **state)
{
    (void)state;
    for (unsigned leaving = 0; leaving < 4; leaving++) {
        struct hall hall;
        open_hall(&hall);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(join(&hall, "IBM", i), 0);
        }
        hall.leaves = &hall.requests[leaving];
        end(&hall, "IBM", 0);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(hall.requests[i].ended, i == 0 || i != leaving);
        }
        close_hall(&hall);
    }
}

/* Asking again from within the end starts a flight of its own, which this end
 * does not end. */
static void inv2_joining_again_while_one_is_ended(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    assert_int_equal(join(&hall, "IBM", 1), 0);
    hall.joins = &hall.requests[2];
    end(&hall, "IBM", 0);
    assert_int_equal(hall.requests[1].ended, 1);
    assert_int_equal(hall.requests[2].ended, 0);
    assert_int_equal(hall.asked, 2);
    assert_int_equal(wait_count(hall.waits), 1);
    hall.joins = &hall.requests[0]; // and the same one again
    end(&hall, "IBM", 0);
    assert_int_equal(hall.requests[2].ended, 1);
    assert_int_equal(hall.asked, 3);
    end(&hall, "IBM", 0);
    assert_int_equal(hall.requests[0].ended, 2);
    close_hall(&hall);
}

static void inv3_waiters_have_their_limit(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    struct request *crowd = calloc(WAIT_LIMIT, sizeof(*crowd));
    assert_non_null(crowd);
    struct symbol ibm = symbol_of("IBM");
    for (size_t i = 0; i < WAIT_LIMIT; i++) {
        crowd[i].waiter.on_end = on_end;
        crowd[i].hall = &hall;
        assert_int_equal(wait_join(hall.waits, &ibm, &crowd[i].waiter), 0);
    }
    assert_int_equal(wait_count(hall.waits), WAIT_LIMIT);
    assert_int_equal(join(&hall, "IBM", 0), ERR_OVERLOADED);
    assert_int_equal(join(&hall, "TSLA", 0), ERR_OVERLOADED);
    assert_int_equal(hall.asked, 1); // for nobody
    wait_leave(hall.waits, &crowd[77].waiter);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    assert_int_equal(join(&hall, "IBM", 1), ERR_OVERLOADED);
    end(&hall, "IBM", 0);
    assert_int_equal(hall.ends, WAIT_LIMIT);
    assert_int_equal(hall.requests[0].ended, 1);
    close_hall(&hall);
    free(crowd);
}

/* --- Failures --------------------------------------------------------------
 */

static void failing_to_ask_lets_nobody_wait(void **state)
{
    (void)state;
    const struct {
        int ask;
        int join;
    } cases[] = {{ERR_DRAINING, ERR_DRAINING}, {ERR_NOMEM, ERR_OVERLOADED}};
    for (size_t i = 0; i < 2; i++) {
        struct hall hall;
        open_hall(&hall);
        hall.ask_err = cases[i].ask;
        assert_int_equal(join(&hall, "IBM", 0), cases[i].join);
        assert_null(hall.requests[0].waiter.symbol);
        refresh(&hall, "IBM"); // failing is no matter
        assert_int_equal(wait_count(hall.waits), 0);
        assert_int_equal(hall.asked, 2);
        hall.ask_err = 0; // whoever asks next tries again
        assert_int_equal(join(&hall, "IBM", 0), 0);
        assert_int_equal(hall.asked, 3);
        end(&hall, "IBM", 0);
        assert_int_equal(hall.requests[0].ended, 1);
        close_hall(&hall);
    }
}

static void join_twice(void *user)
{
    join(user, "TSLA", 0);
}

static void destroy_with_a_waiter(void *user)
{
    struct hall *hall = user;
    wait_destroy_all(&hall->waits);
}

static void what_cannot_be_is_checked(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall);
    assert_int_equal(join(&hall, "IBM", 0), 0);
    assert_true(testing_aborts(join_twice, &hall));
    assert_true(testing_aborts(destroy_with_a_waiter, &hall));
    end(&hall, "IBM", 0);
    close_hall(&hall);
}

/* Enough symbols that the table grows. */
static void oom_is_overload_and_no_more(void **state)
{
    (void)state;
    size_t failures = 0;
    static struct request requests[300];
    memset(requests, 0, sizeof(requests));
    for (size_t n = 1, made = 0; made + 1 >= n; n += n < 20 ? 1 : 37) {
        struct hall hall;
        open_hall(&hall);
        mem_fail_nth(n);
        unsigned joined = 0;
        for (unsigned i = 0; i < 300; i++) {
            char text[] = {'S', (char)('0' + i / 100),
                           (char)('0' + i / 10 % 10), (char)('0' + i % 10), 0};
            struct symbol symbol = symbol_of(text);
            requests[i].waiter.on_end = on_end;
            int err = wait_join(hall.waits, &symbol, &requests[i].waiter);
            assert_true(err == 0 || err == ERR_OVERLOADED);
            joined += err == 0;
        }
        made = mem_fail_nth(0);
        assert_int_equal(hall.asked, joined);
        assert_int_equal(wait_count(hall.waits), joined);
        failures += joined < 300;
        for (unsigned i = 0; i < 300; i++) {
            wait_leave(hall.waits, &requests[i].waiter);
        }
        close_hall(&hall);
    }
    assert_true(failures > 20);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_symbol_is_asked_for_once_until_it_ended),
    cmocka_unit_test(inv1_holds_though_all_have_left),
    cmocka_unit_test(inv1_refresh_is_asked_once_and_may_be_joined),
    cmocka_unit_test(inv1_newer_demand_is_asked_for_once_more),
    cmocka_unit_test(inv2_each_waiter_is_ended_once_in_order),
    cmocka_unit_test(inv2_who_left_is_not_ended),
    cmocka_unit_test(inv2_others_may_leave_while_one_is_ended),
    cmocka_unit_test(inv2_joining_again_while_one_is_ended),
    cmocka_unit_test(inv3_waiters_have_their_limit),
    cmocka_unit_test(failing_to_ask_lets_nobody_wait),
    cmocka_unit_test(what_cannot_be_is_checked),
    cmocka_unit_test(oom_is_overload_and_no_more),
};

TEST_MAIN(tests)
