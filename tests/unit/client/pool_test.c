/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_test.c -- which member is next, by each rule, and who rests how long: on
 * a clock of the test's own, and with seeds that are fixed.
 */
#include "lib/pool.h"

#include <netinet/in.h>
#include <quoted/quoted.h>

#include "base/err.h"
#include "lib/handle.h"
#include "testing/testing.h"

#define START_MS 1000000u

struct fixture {
    struct server server;
    struct pool pool;
};

static int add(struct fixture *f, uint16_t port, bool is_trusted)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    struct sockaddr_in *in = (struct sockaddr_in *)&address;
    in->sin_port = htons(port);
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct member *member;
    int err = member_create(&member, &f->server, &address, sizeof(*in));
    if (err == 0) {
        err = pool_add(&f->pool, &member, is_trusted);
    }
    member_destroy(&member);
    return err;
}

static void make(struct fixture *f, size_t count, uint32_t balance,
                 uint64_t seed)
{
    *f = (struct fixture){.server = {.is_fixed = true}};
    memcpy(f->server.endpoint.text, "a:1", 4);
    pool_init(&f->pool, seed);
    f->pool.balance = balance;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(add(f, (uint16_t)(1 + i), true), 0);
    }
}

static size_t index_of(const struct fixture *f, const struct member *member)
{
    for (size_t i = 0; i < f->pool.count; i++) {
        if (f->pool.members[i] == member) {
            return i;
        }
    }
    fail_msg("it is no member");
    return 0;
}

/* The index of the member that a new round begins with. */
static size_t first(struct fixture *f, uint64_t now_ms)
{
    pool_begin_round(&f->pool);
    struct member *member = pool_choose(&f->pool, now_ms);
    assert_non_null(member);
    return index_of(f, member);
}

static const uint32_t balances[] = {
    QUOTED_BALANCE_CONNECTION,
    QUOTED_BALANCE_ROUND_ROBIN,
    QUOTED_BALANCE_RANDOM,
    QUOTED_BALANCE_LEAST_LOADED,
};

#define BALANCES (sizeof(balances) / sizeof(balances[0]))

static void inv1_a_round_tries_each_member_once(void **state)
{
    (void)state;
    for (size_t b = 0; b < BALANCES; b++) {
        struct fixture f;
        make(&f, 7, balances[b], 4711);
        for (int round = 0; round < 20; round++) {
            unsigned seen = 0;
            pool_begin_round(&f.pool);
            for (int i = 0; i < 7; i++) {
                assert_true(pool_has_untried(&f.pool));
                size_t at = index_of(&f, pool_choose(&f.pool, START_MS));
                assert_false(seen & 1u << at);
                seen |= 1u << at;
            }
            assert_false(pool_has_untried(&f.pool));
            assert_null(pool_choose(&f.pool, START_MS));
        }
        pool_deinit(&f.pool);
    }
}

static void inv2_only_well_ones_are_chosen_until_one_is_left(void **state)
{
    (void)state;
    for (size_t b = 0; b < BALANCES; b++) {
        struct fixture f;
        make(&f, 3, balances[b], 1);
        pool_failed(&f.pool, f.pool.members[0], START_MS);
        f.pool.members[2]->health = MEMBER_TRIED;
        for (int i = 0; i < 20; i++) {
            assert_int_equal(first(&f, START_MS), 1);
            // Two that are not well are left, and one of them would be a guess.
            assert_null(pool_choose(&f.pool, START_MS));
            assert_true(pool_has_untried(&f.pool));
        }
        pool_remove(&f.pool, 2);
        assert_int_equal(first(&f, START_MS), 1);
        assert_true(pool_choose(&f.pool, START_MS) == f.pool.members[0]);
        pool_remove(&f.pool, 1);
        assert_int_equal(first(&f, START_MS), 0);
        pool_deinit(&f.pool);
    }
}

static void inv3_there_is_a_most(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, POOL_MEMBERS_LIMIT, QUOTED_BALANCE_RANDOM, 1);
    assert_int_equal(add(&f, 60000, true), ERR_FULL);
    pool_remove(&f.pool, 17);
    assert_int_equal(add(&f, 60000, true), 0);
    pool_deinit(&f.pool);
}

static void inv4_rests_double_and_have_jitter(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 1, QUOTED_BALANCE_RANDOM, 3);
    struct member *member = f.pool.members[0];
    const uint64_t longest[] = {250, 500, 1000, 1000, 1000};
    uint64_t before = 0;
    bool has_jitter = false;
    for (size_t i = 0; i < 5; i++) {
        pool_failed(&f.pool, member, START_MS);
        uint64_t rest = member->rests_until_mono_ms - START_MS;
        assert_in_range(rest, longest[i] / 2, longest[i]);
        has_jitter = has_jitter || (i > 2 && rest != before);
        before = rest;
    }
    assert_true(has_jitter);
    // A PONG does not make the next rest a short one; an answer does.
    pool_revived(member);
    pool_failed(&f.pool, member, START_MS);
    assert_true(member->rests_until_mono_ms >= START_MS + 500);
    pool_answered(member, 100, START_MS);
    assert_int_equal(member->health, MEMBER_WELL);
    pool_failed(&f.pool, member, START_MS);
    assert_true(member->rests_until_mono_ms <= START_MS + 250);
    pool_deinit(&f.pool);
}

static void who_has_rested_is_due(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 3, QUOTED_BALANCE_RANDOM, 3);
    assert_null(pool_due(&f.pool, START_MS));
    pool_failed(&f.pool, f.pool.members[1], START_MS);
    pool_failed(&f.pool, f.pool.members[2], START_MS + 5000);
    uint64_t end = f.pool.members[1]->rests_until_mono_ms;
    assert_null(pool_due(&f.pool, end - 1));
    assert_true(pool_due(&f.pool, end) == f.pool.members[1]);
    assert_true(pool_due(&f.pool, end + 60000) == f.pool.members[1]);
    f.pool.members[1]->health = MEMBER_TRIED;
    assert_true(pool_due(&f.pool, end + 60000) == f.pool.members[2]);
    pool_untry(f.pool.members[1]);
    assert_true(pool_due(&f.pool, end) == f.pool.members[1]);
    pool_deinit(&f.pool);
}

static void who_is_not_trusted_is_due_at_once(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 1, QUOTED_BALANCE_ROUND_ROBIN, 3);
    assert_int_equal(add(&f, 77, false), 0);
    assert_int_equal(first(&f, START_MS), 0);
    assert_int_equal(first(&f, START_MS), 0);
    assert_true(pool_due(&f.pool, START_MS) == f.pool.members[1]);
    pool_revived(f.pool.members[1]);
    assert_int_equal(first(&f, START_MS), 1);
    pool_deinit(&f.pool);
}

/* --- (5) The rules -------------------------------------------------------- */

static void inv5_connection_keeps_to_one_and_goes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fixture f;
        make(&f, 3, QUOTED_BALANCE_CONNECTION, seed);
        size_t home = first(&f, START_MS);
        for (int i = 0; i < 10; i++) {
            assert_int_equal(first(&f, START_MS), home);
        }
        struct member *member = f.pool.members[home];
        pool_failed(&f.pool, member, START_MS);
        size_t second = first(&f, START_MS);
        assert_int_not_equal(second, home);
        assert_int_equal(first(&f, START_MS), second);
        pool_revived(member);
        assert_int_equal(first(&f, START_MS), home);
        pool_deinit(&f.pool);
    }
}

/* Of many handles each member has its share; when one leaves, those of the
 * others stay where they are, and its own are shared by both. */
static void inv5_connection_spreads_handles_and_moves_few(void **state)
{
    (void)state;
    unsigned homes[3] = {0};
    unsigned moved[3] = {0};
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct fixture f;
        make(&f, 3, QUOTED_BALANCE_CONNECTION, seed * 0x9e3779b97f4a7c15u);
        size_t home = first(&f, START_MS);
        homes[home]++;
        pool_remove(&f.pool, 2);
        size_t next = first(&f, START_MS);
        if (home == 2) {
            moved[next]++;
        } else {
            assert_int_equal(next, home);
        }
        assert_int_equal(add(&f, 3, true), 0);
        assert_int_equal(first(&f, START_MS), home);
        pool_deinit(&f.pool);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(homes[i], 900, 1100); // 1000, sigma 26
    }
    assert_in_range(moved[0], homes[2] * 2 / 5, homes[2] * 3 / 5);
}

static void inv5_round_robin_takes_turns(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 3, QUOTED_BALANCE_ROUND_ROBIN, 5);
    size_t at = first(&f, START_MS);
    for (int i = 0; i < 30; i++) {
        size_t next = first(&f, START_MS);
        assert_int_equal(next, (at + 1) % 3);
        at = next;
    }
    pool_failed(&f.pool, f.pool.members[1], START_MS);
    unsigned counts[3] = {0};
    for (int i = 0; i < 30; i++) {
        counts[first(&f, START_MS)]++;
    }
    assert_int_equal(counts[0], 15);
    assert_int_equal(counts[2], 15);
    pool_deinit(&f.pool);
}

static void inv5_round_robin_begins_anywhere(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct fixture f;
        make(&f, 3, QUOTED_BALANCE_ROUND_ROBIN, seed * 2);
        seen |= 1u << first(&f, START_MS);
        pool_deinit(&f.pool);
    }
    assert_int_equal(seen, 7);
}

static void inv5_random_is_even(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 3, QUOTED_BALANCE_RANDOM, 6);
    unsigned counts[3] = {0};
    for (int i = 0; i < 3000; i++) {
        counts[first(&f, START_MS)]++;
    }
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(counts[i], 900, 1100);
    }
    pool_deinit(&f.pool);
}

static void inv5_least_loaded_avoids_the_slow_one(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 3, QUOTED_BALANCE_LEAST_LOADED, 6);
    unsigned counts[3] = {0};
    uint64_t now = START_MS;
    for (int i = 0; i < 3000; i++, now += 2) {
        size_t at = first(&f, now);
        counts[at]++;
        pool_answered(f.pool.members[at], at == 1 ? 5000 : 500, now);
    }
    assert_in_range(counts[1], 1, 150); // tried now and then
    assert_in_range(counts[0], 1000, 1900);
    // It has become as fast as the others: it gets its share back.
    memset(counts, 0, sizeof(counts));
    for (int i = 0; i < 6000; i++, now += 2) {
        size_t at = first(&f, now);
        counts[at] += i >= 3000;
        pool_answered(f.pool.members[at], 500, now);
    }
    assert_in_range(counts[1], 700, 1300);
    pool_deinit(&f.pool);
}

/* As servers of one kind are: now and then one is late, and that is no load. */
static void inv5_least_loaded_is_even_among_equals(void **state)
{
    (void)state;
    for (uint64_t gap_us = 100; gap_us <= 100000; gap_us *= 10) {
        struct fixture f;
        make(&f, 3, QUOTED_BALANCE_LEAST_LOADED, gap_us);
        uint64_t draw = gap_us;
        unsigned counts[3] = {0};
        for (uint64_t i = 0; i < 6000; i++) {
            uint64_t now = START_MS + i * gap_us / 1000;
            size_t at = first(&f, now);
            counts[at]++;
            bool is_late = i % 100 == 0;
            uint64_t latency_us = 150 + testing_random(&draw) % 300;
            pool_answered(f.pool.members[at],
                          is_late ? latency_us * 50 : latency_us, now);
        }
        for (size_t i = 0; i < 3; i++) {
            assert_in_range(counts[i], 1850, 2150); // 2000, sigma 37
        }
        pool_deinit(&f.pool);
    }
}

static void costs_rise_at_once_and_fall_by_halves(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, 1, QUOTED_BALANCE_LEAST_LOADED, 6);
    struct member *member = f.pool.members[0];
    assert_int_equal(pool_cost_us(member, START_MS), 0);
    pool_answered(member, 1000, START_MS);
    pool_answered(member, 8000, START_MS + 1);
    assert_int_equal(pool_cost_us(member, START_MS + 1), 1000); // once is none
    pool_answered(member, 9000, START_MS + 1);
    uint64_t then = START_MS + 1;
    assert_int_equal(pool_cost_us(member, then), 8000);
    assert_int_equal(pool_cost_us(member, then + 500), 6000);
    assert_int_equal(pool_cost_us(member, then + 1000), 4000);
    assert_int_equal(pool_cost_us(member, then + 3000), 1000);
    assert_int_equal(pool_cost_us(member, UINT64_MAX), 0);
    pool_answered(member, 2000, then + 1000);
    assert_int_equal(pool_cost_us(member, then + 1000),
                     5000); // (8 - 2) / 2 + 2
    // Who has too much to do says so, which counts at once.
    pool_refused(member, 250000, then + 1000);
    assert_int_equal(pool_cost_us(member, then + 1000), 250000);
    pool_deinit(&f.pool);
}

static void oom_leaves_the_pool_as_it_was(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct fixture f = {.server = {.is_fixed = true}};
        memcpy(f.server.endpoint.text, "a:1", 4);
        pool_init(&f.pool, 1);
        int err = add(&f, 1, true);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_int_equal(f.pool.count, err == 0);
        pool_deinit(&f.pool);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_a_round_tries_each_member_once),
    cmocka_unit_test(inv2_only_well_ones_are_chosen_until_one_is_left),
    cmocka_unit_test(inv3_there_is_a_most),
    cmocka_unit_test(inv4_rests_double_and_have_jitter),
    cmocka_unit_test(who_has_rested_is_due),
    cmocka_unit_test(who_is_not_trusted_is_due_at_once),
    cmocka_unit_test(inv5_connection_keeps_to_one_and_goes_back),
    cmocka_unit_test(inv5_connection_spreads_handles_and_moves_few),
    cmocka_unit_test(inv5_round_robin_takes_turns),
    cmocka_unit_test(inv5_round_robin_begins_anywhere),
    cmocka_unit_test(inv5_random_is_even),
    cmocka_unit_test(inv5_least_loaded_avoids_the_slow_one),
    cmocka_unit_test(inv5_least_loaded_is_even_among_equals),
    cmocka_unit_test(costs_rise_at_once_and_fall_by_halves),
    cmocka_unit_test(oom_leaves_the_pool_as_it_was),
};

TEST_MAIN(tests)
