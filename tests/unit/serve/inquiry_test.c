/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry_test.c -- requests for several symbols wait for what is missing, are
 * told once, and leave nothing behind, whenever they end.  What memory holds is
 * the test's: a symbol that begins with M is missing, one with U unknown.
 */
#include "serve/inquiry.h"

#include <string.h>

#include "base/err.h"
#include "fetch/fetch.h"
#include "obs/metric.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/worker.h"
#include "testing/testing.h"

struct fixture {
    struct worker worker;
    struct settings settings;
    struct metrics metrics;
    struct quote quote;
    int ask_err; // what asking upstream returns
    int done;
};

static struct fixture fixture;

/* --- What inquiry.c calls ------------------------------------------------- */

int ask_resolve(const struct worker *worker, struct span text,
                struct symbol *symbol)
{
    (void)worker;
    return symbol_parse(symbol, text);
}

bool ask_memory(struct worker *worker, struct answer *answer)
{
    (void)worker;
    switch (answer->symbol.text[0]) {
    case 'M':
        return false;
    case 'U':
        answer->err = ERR_UNKNOWN;
        return true;
    default:
        answer->quote = &fixture.quote;
        answer->state = FRESHNESS_STALE;
        return true;
    }
}

static int ask_upstream(void *user, const struct symbol *symbol, bool is_waited)
{
    (void)is_waited;
    (void)user;
    (void)symbol;
    return fixture.ask_err;
}

/* -------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    assert_int_equal(metric_init(&fixture.metrics, 1), 0);
    fixture.worker.cells = fixture.metrics.cells;
    fixture.worker.settings = &fixture.settings;
    fixture.settings.rule = (struct freshness_rule){
        .fresh_for_ms = 100,
        .stale_for_ms = 100,
    };
    fixture.worker.loop.now_ms = 1150;
    fixture.quote.fetched_mono_ms = 1000;
    struct wait_options options = {
        .cells = fixture.worker.cells,
        .ask = ask_upstream,
    };
    assert_int_equal(wait_create_all(&fixture.worker.waits, &options), 0);
    assert_int_equal(symbol_parse(&fixture.quote.symbol, span_of("HIT")), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(fixture.worker.turn_symbols, 0);
    assert_int_equal(wait_count(fixture.worker.waits), 0);
    wait_destroy_all(&fixture.worker.waits);
    metric_deinit(&fixture.metrics);
    return 0;
}

static void on_done(void *user)
{
    (void)user;
    fixture.done++;
}

static bool look(const char *const *texts, size_t count)
{
    struct span spans[8];
    for (size_t i = 0; i < count; i++) {
        spans[i] = span_of(texts[i]);
    }
    return inquiry_look(&fixture.worker, spans, count);
}

static struct inquiry *begin(const char *const *texts, size_t count)
{
    struct inquiry *inquiry;
    assert_false(look(texts, count));
    assert_int_equal(
        inquiry_create(&inquiry, &fixture.worker, count, on_done, &fixture), 0);
    assert_int_equal(inquiry_count(inquiry), count);
    return inquiry;
}

static void end_flight(const char *symbol, int err)
{
    struct desk_result result = {.err = err};
    assert_int_equal(symbol_parse(&result.symbol, span_of(symbol)), 0);
    result.quote.symbol = result.symbol;
    result.quote.fetched_mono_ms = 1150;
    if (err != 0) {
        memcpy(result.reason, "because", sizeof("because"));
    }
    wait_end(fixture.worker.waits, &result);
}

static void what_is_in_memory_is_answered_at_once(void **state)
{
    (void)state;
    const char *const texts[] = {"HIT", "UNKNOWN", "no symbol"};
    assert_true(look(texts, 3));
    assert_ptr_equal(fixture.worker.answers[0].quote, &fixture.quote);
    assert_int_equal(fixture.worker.answers[1].err, ERR_UNKNOWN);
    assert_int_equal(fixture.worker.answers[2].err, ERR_SYMBOL);
    assert_true(look(texts, 0));
}

static void the_last_answer_is_told_once(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "HIT", "M2", "M1", "no symbol"};
    struct inquiry *inquiry = begin(texts, 5);
    assert_false(inquiry_is_done(inquiry));
    assert_int_equal(wait_count(fixture.worker.waits), 3);
    end_flight("M1", 0);
    assert_int_equal(fixture.done, 0);
    end_flight("M2", ERR_UPSTREAM);
    assert_int_equal(fixture.done, 1);
    assert_true(inquiry_is_done(inquiry));
    memset(fixture.worker.answers, 0, sizeof(fixture.worker.answers));
    memset(&fixture.quote, 0, sizeof(fixture.quote)); // it kept copies
    inquiry_recall(inquiry);
    const struct answer *answers = fixture.worker.answers;
    assert_string_equal(answers[0].quote->symbol.text, "M1");
    assert_int_equal(answers[0].state, FRESHNESS_FRESH);
    assert_string_equal(answers[1].quote->symbol.text, "HIT");
    assert_int_equal(answers[1].state, FRESHNESS_STALE);
    assert_null(answers[2].quote);
    assert_int_equal(answers[2].err, ERR_UPSTREAM);
    assert_string_equal(answers[2].reason, "because");
    assert_string_equal(answers[3].quote->symbol.text, "M1");
    assert_int_equal(answers[4].err, ERR_SYMBOL);
    inquiry_destroy(&inquiry);
    assert_null(inquiry);
}

static void a_quote_is_as_old_as_it_is_when_it_leaves(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "HIT", "M2"};
    struct inquiry *inquiry = begin(texts, 3);
    end_flight("M1", 0);
    fixture.worker.loop.now_ms = 1260; // HIT could not be served now
    end_flight("M2", ERR_LIMIT);
    inquiry_recall(inquiry);
    assert_int_equal(fixture.worker.answers[0].state, FRESHNESS_STALE);
    assert_int_equal(fixture.worker.answers[1].state, FRESHNESS_STALE);
    assert_int_equal(fixture.worker.answers[1].err, 0);
    inquiry_destroy(&inquiry);
}

static void who_leaves_early_is_not_told(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "M2"};
    struct inquiry *inquiry = begin(texts, 2);
    struct inquiry *other = begin(texts, 1);
    end_flight("M2", 0);
    inquiry_destroy(&inquiry);
    inquiry_destroy(&inquiry); // NULL already
    end_flight("M1", 0);
    assert_int_equal(fixture.done, 1);
    inquiry_destroy(&other);
}

static void what_cant_be_waited_for_is_answered(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "HIT"};
    fixture.ask_err = ERR_DRAINING;
    struct inquiry *inquiry = begin(texts, 2);
    assert_true(inquiry_is_done(inquiry));
    assert_int_equal(fixture.done, 0);
    inquiry_recall(inquiry);
    assert_int_equal(fixture.worker.answers[0].err, ERR_DRAINING);
    assert_int_equal(fixture.worker.answers[1].err, 0);
    inquiry_destroy(&inquiry);
}

static void a_worker_holds_only_so_many(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "HIT"};
    struct inquiry *inquiry;
    fixture.worker.turn_symbols = WAIT_LIMIT - 1;
    assert_false(look(texts, 2));
    assert_int_equal(
        inquiry_create(&inquiry, &fixture.worker, 2, on_done, &fixture),
        ERR_OVERLOADED);
    assert_null(inquiry);
    fixture.worker.turn_symbols = WAIT_LIMIT - 2;
    inquiry = begin(texts, 2);
    assert_int_equal(fixture.worker.turn_symbols, WAIT_LIMIT);
    inquiry_destroy(&inquiry);
    fixture.worker.turn_symbols -= WAIT_LIMIT - 2;
}

static void oom_is_overload_and_leaves_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"M1", "HIT", "M2"};
    bool was_done = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct inquiry *inquiry;
        assert_false(look(texts, 3));
        int err =
            inquiry_create(&inquiry, &fixture.worker, 3, on_done, &fixture);
        assert_true(err == 0 || err == ERR_OVERLOADED);
        assert_true((err == 0) == (inquiry != NULL));
        end_flight("M1", 0);
        end_flight("M2", ERR_UPSTREAM);
        if (err == 0) {
            assert_true(inquiry_is_done(inquiry));
            inquiry_recall(inquiry);
            was_done = fixture.worker.answers[0].quote != NULL;
        }
        inquiry_destroy(&inquiry);
    }
    assert_true(was_done);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_is_in_memory_is_answered_at_once,
                                    setup, teardown),
    cmocka_unit_test_setup_teardown(the_last_answer_is_told_once, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(a_quote_is_as_old_as_it_is_when_it_leaves,
                                    setup, teardown),
    cmocka_unit_test_setup_teardown(who_leaves_early_is_not_told, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(what_cant_be_waited_for_is_answered, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(a_worker_holds_only_so_many, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(oom_is_overload_and_leaves_nothing, setup,
                                    teardown),
};

TEST_MAIN(tests)
