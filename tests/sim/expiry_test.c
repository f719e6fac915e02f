/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expiry_test.c -- a thousand prices that expire in the same second, in virtual
 * time.
 *
 * The key allows 30 calls a second and 1,500 a minute; each symbol is asked for
 * about every ten seconds, at any hour.
 *
 * Claims: never more calls in any second and in any minute than the key allows,
 * to the call and in every span of that length; nobody waits for a price that
 * is there; all that is asked for is renewed as fast as the allowance lets it;
 * and prices that came together are not refreshed together.
 */
#include <stdio.h>

#include "base/err.h"
#include "sim/world.h"

#define SYMBOLS  WORLD_SYMBOLS
#define SECONDS  240
#define A_SECOND 30
#define A_MINUTE 1500
#define EVERY_S  10
#define STEP_MS  10
#define FRESH_S  60

static const char terms[] = "limits:\n"
                            "  - [30, s]\n"
                            "  - [1500, m]\n";

/* What came of a second. */
struct moment {
    unsigned answers[3]; // by enum world_answer
};

struct crowd {
    struct world world;
    uint64_t begin_ms;
    struct moment moments[SECONDS];
};

static uint64_t elapsed_ms(const struct crowd *crowd)
{
    return crowd->world.now.mono_ms - crowd->begin_ms;
}

/* As after a restart: each price is from the same second, and there is no
 * plan yet for when to look at it again. */
static void open_crowd(struct crowd *crowd, const char *limits)
{
    struct world *world = &crowd->world;
    const struct steady_time now = {INT64_C(1772427600000), 40 * DAY_MS};
    world_open(world, SYMBOLS, limits, NULL, now);
    crowd->begin_ms = now.mono_ms;
    for (size_t i = 0; i < SYMBOLS; i++) {
        struct world_symbol *one = &world->symbols[i];
        one->has_quote = true;
        one->quote.symbol = one->symbol;
        one->quote.fetched_mono_ms = now.mono_ms;
        one->quote.fetched_unix_ms = now.unix_ms;
        quote_set(&one->quote, QUOTE_PRICE, (struct decimal){5, 0});
    }
}

static void live(struct crowd *crowd, unsigned seconds)
{
    struct world *world = &crowd->world;
    const uint64_t turns = EVERY_S * SECOND_MS / STEP_MS;
    while (elapsed_ms(crowd) < seconds * SECOND_MS - STEP_MS) {
        world_pass(world, STEP_MS);
        struct moment *moment = &crowd->moments[elapsed_ms(crowd) / SECOND_MS];
        for (size_t i = 0; i < SYMBOLS; i++) {
            if (testing_random(&world->random) % turns == 0) {
                moment->answers[world_ask(world, &world->symbols[i])]++;
            }
        }
        world_settle(world);
    }
}

/* Calls of each second; returns the first second by which 19 of 20 symbols had
 * been called for. */
static unsigned count_calls(const struct crowd *crowd, unsigned calls[SECONDS])
{
    bool has_come[SYMBOLS] = {false};
    size_t left = SYMBOLS;
    unsigned most_s = SECONDS;
    for (size_t i = 0; i < crowd->world.calls_count; i++) {
        const struct world_call *call = &crowd->world.calls[i];
        uint64_t second = (call->mono_ms - crowd->begin_ms) / SECOND_MS;
        calls[second]++;
        left -= !has_come[call->symbol];
        has_come[call->symbol] = true;
        if (left <= SYMBOLS / 20 && most_s == SECONDS) {
            most_s = (unsigned)second;
        }
    }
    return most_s;
}

static void print_rows(const struct crowd *crowd, const unsigned *calls,
                       unsigned most_s)
{
    for (size_t i = 0; world_prints_rows() && i < SECONDS; i++) {
        const struct moment *moment = &crowd->moments[i];
        printf("second %zu %u %u %u %u\n", i, calls[i],
               moment->answers[WORLD_FRESH], moment->answers[WORLD_STALE],
               moment->answers[WORLD_WAITS]);
    }
    if (world_prints_rows()) {
        printf("most %u %u\n", world_most_within(&crowd->world, 1000),
               world_most_within(&crowd->world, 60000));
        printf("renewed %u\n", most_s);
    }
}

static void a_thousand_expire_in_the_same_second(void **state)
{
    (void)state;
    static struct crowd crowd;
    open_crowd(&crowd, terms);
    live(&crowd, SECONDS);
    unsigned calls[SECONDS] = {0};
    unsigned most_s = count_calls(&crowd, calls);
    print_rows(&crowd, calls, most_s);
    assert_true(world_most_within(&crowd.world, 1000) <= A_SECOND);
    assert_true(world_most_within(&crowd.world, 60000) <= A_MINUTE);
    unsigned stale_before = 0;
    for (unsigned i = 0; i < SECONDS; i++) {
        const struct moment *moment = &crowd.moments[i];
        assert_int_equal(moment->answers[WORLD_WAITS], 0);
        stale_before += i < FRESH_S ? moment->answers[WORLD_STALE] : 0;
        assert_true(i >= FRESH_S || calls[i] == 0);
        // Of each second's three are left for people, and of each minute's.
        assert_true(calls[i] <= A_SECOND * 9 / 10);
    }
    assert_int_equal(stale_before, 0);
    // At 27 a second 950 take 35 s; half as much again would be asleep.
    assert_in_range(most_s, FRESH_S + 30, FRESH_S + 53);
    world_close(&crowd.world);
}

/* All come in the same millisecond; they are refreshed ahead, before anybody
 * sees a stale one, and each at a moment of its own. */
static void what_came_together_is_refreshed_apart(void **state)
{
    (void)state;
    static struct crowd crowd;
    open_crowd(&crowd, "limits: []\n");
    for (size_t i = 0; i < SYMBOLS; i++) {
        crowd.world.symbols[i].has_quote = false;
        world_ask(&crowd.world, &crowd.world.symbols[i]);
    }
    world_settle(&crowd.world);
    assert_int_equal(crowd.world.calls_count, SYMBOLS);
    live(&crowd, 180);
    unsigned calls[SECONDS] = {0};
    count_calls(&crowd, calls);
    for (unsigned i = 0; i < 180; i++) {
        assert_int_equal(crowd.moments[i].answers[WORLD_STALE], 0);
        // Spread over a fifth of their time: 83 a second, give or take.
        assert_true(i == 0 || calls[i] <= 125);
        assert_true(i == 0 || i >= 48 || calls[i] == 0);
    }
    world_close(&crowd.world);
}

/* A thousand people who wait, for a thousand symbols, in the same second: the
 * limits are kept to, and every price comes. */
static void a_thousand_who_wait_are_no_burst(void **state)
{
    (void)state;
    static struct crowd crowd;
    open_crowd(&crowd, terms);
    for (size_t i = 0; i < SYMBOLS; i++) {
        crowd.world.symbols[i].has_quote = false;
        assert_int_equal(world_ask(&crowd.world, &crowd.world.symbols[i]),
                         WORLD_WAITS);
    }
    world_settle(&crowd.world);
    assert_int_equal(crowd.world.calls_count, A_SECOND); // at once
    while (crowd.world.calls_count < SYMBOLS) {
        assert_true(elapsed_ms(&crowd) < SECONDS * SECOND_MS);
        world_pass(&crowd.world, STEP_MS);
        world_settle(&crowd.world);
    }
    assert_true(world_most_within(&crowd.world, 1000) <= A_SECOND);
    assert_true(world_most_within(&crowd.world, 60000) <= A_MINUTE);
    // Who could not be served within wait_for was told so.
    assert_in_range(crowd.world.told_limit, SYMBOLS - 3 * A_SECOND,
                    SYMBOLS - A_SECOND);
    for (size_t i = 0; i < SYMBOLS; i++) {
        assert_true(crowd.world.symbols[i].has_quote);
    }
    world_close(&crowd.world);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_thousand_expire_in_the_same_second),
    cmocka_unit_test(what_came_together_is_refreshed_apart),
    cmocka_unit_test(a_thousand_who_wait_are_no_burst),
};

WORLD_MAIN(tests)
