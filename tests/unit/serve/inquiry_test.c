/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry_test.c -- requests for several symbols wait for what is missing, are
 * told once, and leave nothing behind, whenever they end.  What memory holds is
 * the test's: a symbol that begins with M is missing, one with U unknown.
 */
#include "serve/inquiry.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
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
    int held;    // the failure that forbids another call
    unsigned asked;
    struct desk_wish wish; // the last that was asked upstream
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

/* The quotes of symbols that begin with O are there, and too old. */
bool ask_text(struct worker *worker, struct span text, struct answer *answer)
{
    answer->quote = NULL;
    answer->reason = NULL;
    answer->err = ask_resolve(worker, text, &answer->symbol);
    if (answer->err != 0) {
        return true;
    }
    bool is_too_old =
        answer->max_age_ms != ASK_ANY_AGE && answer->symbol.text[0] == 'O';
    return !is_too_old && ask_memory(worker, answer);
}

bool ask_is_new(const struct quote *quote, uint64_t not_before_mono_ms,
                uint64_t now_mono_ms)
{
    (void)now_mono_ms;
    return quote->fetched_mono_ms >= not_before_mono_ms;
}

int ask_held(struct worker *worker, const struct symbol *symbol)
{
    (void)worker;
    (void)symbol;
    return fixture.held;
}

bool ask_peek(struct worker *worker, struct answer *answer)
{
    (void)worker;
    answer->quote = answer->symbol.text[0] == 'O' ? &fixture.quote : NULL;
    answer->state = FRESHNESS_STALE;
    return answer->quote != NULL;
}

static int ask_upstream(void *user, const struct symbol *symbol,
                        const struct desk_wish *wish)
{
    (void)user;
    (void)symbol;
    fixture.asked++;
    fixture.wish = *wish;
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

/* A reply that was held must not show an older price than one before it. */
static void a_quote_that_came_meanwhile_takes_the_place_of_one_before(
    void **state)
{
    (void)state;
    const char *const texts[] = {"OLD", "M1"};
    struct inquiry *inquiry = begin(texts, 2);
    fixture.quote.fetched_mono_ms = 1140;
    end_flight("M1", 0);
    inquiry_recall(inquiry);
    assert_int_equal(fixture.worker.answers[0].quote->fetched_mono_ms, 1140);
    fixture.quote.fetched_mono_ms = 999; // and never an older one
    inquiry_recall(inquiry);
    assert_int_equal(fixture.worker.answers[0].quote->fetched_mono_ms, 1000);
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

/* --- Demands of an age ----------------------------------------------------
 */

/* Ask for a symbol whose quote is at most 50 ms old; it is 1150 now. */
static struct inquiry *demand(const char *text)
{
    struct inquiry *inquiry;
    struct span span = span_of(text);
    assert_false(inquiry_look_within(&fixture.worker, &span, 1, 50));
    assert_int_equal(
        inquiry_create(&inquiry, &fixture.worker, 1, on_done, &fixture), 0);
    return inquiry;
}

/* A flight ends with a quote that was fetched then, and not_before demanded. */
static void land_known(const char *symbol, uint64_t fetched_ms,
                       uint64_t not_before_ms, bool is_recalled)
{
    struct desk_result result = {.not_before_mono_ms = not_before_ms,
                                 .is_recalled = is_recalled};
    assert_int_equal(symbol_parse(&result.symbol, span_of(symbol)), 0);
    result.quote.symbol = result.symbol;
    result.quote.fetched_mono_ms = fetched_ms;
    wait_end(fixture.worker.waits, &result);
}

static void land(const char *symbol, uint64_t fetched_ms,
                 uint64_t not_before_ms)
{
    land_known(symbol, fetched_ms, not_before_ms, false);
}

static void assert_answer(struct inquiry **inquiry, int err, const char *reason)
{
    assert_true(inquiry_is_done(*inquiry));
    inquiry_recall(*inquiry);
    const struct answer *answer = &fixture.worker.answers[0];
    assert_int_equal(answer->err, err);
    assert_true((err == 0) == (answer->quote != NULL));
    if (reason == NULL) {
        assert_null(answer->reason);
    } else {
        assert_string_equal(answer->reason, reason);
    }
    inquiry_destroy(inquiry);
}

static void what_is_young_enough_is_answered_at_once(void **state)
{
    (void)state;
    const struct span texts[] = {{"HIT", 3}, {"UNKNOWN", 7}, {"no symbol", 9}};
    assert_true(inquiry_look_within(&fixture.worker, texts, 3, 50));
    assert_ptr_equal(fixture.worker.answers[0].quote, &fixture.quote);
    assert_int_equal(fixture.worker.answers[1].err, ERR_UNKNOWN);
    assert_int_equal(fixture.worker.answers[2].err, ERR_SYMBOL);
}

static void a_demand_is_made_upstream_and_met(void **state)
{
    (void)state;
    struct inquiry *inquiry = demand("O1");
    assert_int_equal(fixture.wish.not_before_mono_ms, 1100);
    assert_true(fixture.wish.is_waited);
    land("O1", 1100, 1100);
    assert_int_equal(fixture.done, 1);
    assert_answer(&inquiry, 0, NULL);
    inquiry = demand("O1"); // by a thread whose clock was read earlier
    land("O1", 1099, 1100);
    assert_answer(&inquiry, 0, NULL);
    inquiry = demand("M1"); // where there was no quote at all
    assert_int_equal(fixture.wish.not_before_mono_ms, 1100);
    land("M1", 1160, 0); // by a call that others waited for
    assert_answer(&inquiry, 0, NULL);
}

static void an_age_beyond_all_times_demands_nothing(void **state)
{
    (void)state;
    struct inquiry *inquiry;
    struct span span = span_of("M1");
    assert_false(inquiry_look_within(&fixture.worker, &span, 1, 1150));
    assert_int_equal(
        inquiry_create(&inquiry, &fixture.worker, 1, on_done, &fixture), 0);
    assert_int_equal(fixture.wish.not_before_mono_ms, 0);
    land("M1", 1, 0);
    assert_answer(&inquiry, 0, NULL);
}

static void a_call_that_brings_no_newer_quote_is_told(void **state)
{
    (void)state;
    struct inquiry *inquiry = demand("O1");
    land_known("O1", 1099, 1100, true); // it was current already
    assert_int_equal(fixture.done, 1);
    assert_answer(&inquiry, ERR_TOOOLD,
                  "51 ms old, at most 50 ms was asked for; the price that the "
                  "provider has is no newer");
}

static void a_flight_of_a_lesser_demand_is_not_the_answer(void **state)
{
    (void)state;
    struct inquiry *inquiry = demand("O1");
    assert_int_equal(fixture.asked, 1);
    land("O1", 1000, 0); // recalled for others, before ours was heard
    assert_false(inquiry_is_done(inquiry));
    assert_int_equal(fixture.done, 0);
    assert_int_equal(fixture.asked, 2);
    assert_int_equal(fixture.wish.not_before_mono_ms, 1100);
    land("O1", 1155, 1100);
    assert_int_equal(fixture.done, 1);
    assert_answer(&inquiry, 0, NULL);

    inquiry = demand("O1");
    fixture.ask_err = ERR_DRAINING;
    land("O1", 1000, 0); // and it can't be waited for again
    assert_answer(&inquiry, ERR_DRAINING, NULL);
}

static void a_failed_call_is_the_reason(void **state)
{
    (void)state;
    struct inquiry *inquiry = demand("O1");
    fixture.worker.loop.now_ms = 74000;
    end_flight("O1", ERR_LIMIT);
    assert_answer(&inquiry, ERR_TOOOLD,
                  "73 s old, at most 50 ms was asked for; because");
    fixture.worker.loop.now_ms = 1150;
    const int others[] = {ERR_OVERLOADED, ERR_DRAINING};
    for (size_t i = 0; i < 2; i++) { // another server may have it
        inquiry = demand("O1");
        end_flight("O1", others[i]);
        assert_answer(&inquiry, others[i], "because");
    }
    inquiry = demand("M1"); // there is nothing that could be too old
    end_flight("M1", ERR_LIMIT);
    assert_answer(&inquiry, ERR_LIMIT, "because");
}

static void what_came_meanwhile_is_answered_though_the_call_failed(void **state)
{
    (void)state;
    struct inquiry *inquiry = demand("O1");
    fixture.quote.fetched_mono_ms = 1120;
    end_flight("O1", ERR_LIMIT);
    assert_answer(&inquiry, 0, NULL);
}

static void after_a_failure_no_call_is_made_for_a_while(void **state)
{
    (void)state;
    fixture.held = ERR_UPSTREAM;
    struct inquiry *inquiry = demand("O1");
    assert_int_equal(fixture.asked, 0);
    assert_answer(&inquiry, ERR_TOOOLD,
                  "150 ms old, at most 50 ms was asked for; the provider "
                  "failed");
    fixture.held = ERR_STALE;
    inquiry = demand("O1");
    assert_answer(&inquiry, ERR_TOOOLD,
                  "150 ms old, at most 50 ms was asked for; the price that the "
                  "provider has is no newer");
    inquiry = demand("M1"); // there is nothing else to answer with
    assert_int_equal(fixture.asked, 1);
    inquiry_destroy(&inquiry);
}

static void ages_are_rounded_up_and_demands_down(void **state)
{
    (void)state;
    const struct {
        uint64_t age_ms;
        const char *reason;
    } rows[] = {
        {5000, "5 s old, at most 50 ms was asked for; because"},
        {9999, "9999 ms old, at most 50 ms was asked for; because"},
        {10000, "10 s old, at most 50 ms was asked for; because"},
        {10001, "11 s old, at most 50 ms was asked for; because"},
        {600001, "11 min old, at most 50 ms was asked for; because"},
        {36000000, "10 h old, at most 50 ms was asked for; because"},
        {864000001, "11 d old, at most 50 ms was asked for; because"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct inquiry *inquiry = demand("O1");
        fixture.worker.loop.now_ms = 1000 + rows[i].age_ms;
        end_flight("O1", ERR_LIMIT);
        fixture.worker.loop.now_ms = 1150;
        assert_answer(&inquiry, ERR_TOOOLD, rows[i].reason);
    }
}

static void oom_of_a_reason_leaves_the_word(void **state)
{
    (void)state;
    bool had_reason = false;
    bool had_none = false;
    for (size_t n = 1; n < 5; n++) {
        struct inquiry *inquiry = demand("O1");
        mem_fail_nth(n);
        land_known("O1", 1000, 1100, true);
        mem_fail_nth(0);
        inquiry_recall(inquiry);
        assert_int_equal(fixture.worker.answers[0].err, ERR_TOOOLD);
        had_reason = had_reason || fixture.worker.answers[0].reason != NULL;
        had_none = had_none || fixture.worker.answers[0].reason == NULL;
        inquiry_destroy(&inquiry);
    }
    assert_true(had_reason && had_none);
}

#define INQUIRY_TEST(name) \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    INQUIRY_TEST(a_quote_that_came_meanwhile_takes_the_place_of_one_before),
    INQUIRY_TEST(what_is_young_enough_is_answered_at_once),
    INQUIRY_TEST(a_demand_is_made_upstream_and_met),
    INQUIRY_TEST(an_age_beyond_all_times_demands_nothing),
    INQUIRY_TEST(a_call_that_brings_no_newer_quote_is_told),
    INQUIRY_TEST(a_flight_of_a_lesser_demand_is_not_the_answer),
    INQUIRY_TEST(a_failed_call_is_the_reason),
    INQUIRY_TEST(what_came_meanwhile_is_answered_though_the_call_failed),
    INQUIRY_TEST(after_a_failure_no_call_is_made_for_a_while),
    INQUIRY_TEST(ages_are_rounded_up_and_demands_down),
    INQUIRY_TEST(oom_of_a_reason_leaves_the_word),
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
