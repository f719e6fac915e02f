/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_test.c -- who is connected: counted against the limit, listed in
 * order, renamed while others read.  Run under ThreadSanitizer too.
 */
#include "serve/roster.h"

#include <pthread.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "testing/testing.h"

static struct roster_member make_member(unsigned worker, uint64_t joined_ms)
{
    struct roster_member member = {.worker = worker, .joined_ms = joined_ms};
    atomic_store(&member.active_ms, joined_ms);
    atomic_store(&member.version, 2);
    snprintf(member.peer, sizeof(member.peer), "127.0.0.1:%u", 40000 + worker);
    return member;
}

static void assert_printed(struct buffer *out, const char *text)
{
    assert_true(span_equal(buffer_span(out), span_of(text)));
    buffer_clear(out);
}

static void members_are_numbered_and_counted(void **state)
{
    (void)state;
    struct roster *roster;
    assert_int_equal(roster_create(&roster), 0);
    struct roster_member members[3];
    for (unsigned i = 0; i < 3; i++) {
        members[i] = make_member(i, 1000);
        assert_int_equal(roster_join(roster, &members[i], 10), 0);
        assert_int_equal(members[i].id, i + 1);
        assert_int_equal(roster_count(roster), i + 1);
    }
    roster_leave(roster, &members[1]);
    assert_int_equal(roster_count(roster), 2);
    assert_int_equal(roster_join(roster, &members[1], 10), 0);
    assert_int_equal(members[1].id, 4); // a number is given once
    for (unsigned i = 0; i < 3; i++) {
        roster_leave(roster, &members[i]);
    }
    assert_int_equal(roster_count(roster), 0);
    roster_destroy(&roster);
    assert_null(roster);
    roster_destroy(&roster);
}

static void connections_have_their_limit(void **state)
{
    (void)state;
    struct roster *roster;
    assert_int_equal(roster_create(&roster), 0);
    struct roster_member members[4];
    for (unsigned i = 0; i < 4; i++) {
        members[i] = make_member(i, 0);
        assert_int_equal(roster_join(roster, &members[i], 3),
                         i < 3 ? 0 : ERR_FULL);
    }
    assert_int_equal(members[3].id, 0);
    assert_int_equal(roster_count(roster), 3);
    assert_int_equal(roster_join(roster, &members[3], 4), 0); // it was raised
    roster_leave(roster, &members[0]);
    // And lowered: who is in stays.
    assert_int_equal(roster_join(roster, &members[0], 2), ERR_FULL);
    assert_int_equal(roster_join(roster, &members[0], 0), ERR_FULL);
    for (unsigned i = 1; i < 4; i++) {
        roster_leave(roster, &members[i]);
    }
    roster_destroy(&roster);
}

static void members_are_listed_in_the_order_in_which_they_came(void **state)
{
    (void)state;
    struct roster *roster;
    struct buffer out = buffer_empty(10000);
    assert_int_equal(roster_create(&roster), 0);
    roster_print(roster, &out, 5000);
    assert_printed(&out, "");
    struct roster_member first = make_member(0, 1000);
    struct roster_member second = make_member(1, 2999);
    assert_int_equal(roster_join(roster, &first, 10), 0);
    assert_int_equal(roster_join(roster, &second, 10), 0);
    roster_rename(roster, second.name, sizeof(second.name), span_of("bob"));
    roster_rename(roster, second.lib_name, sizeof(second.lib_name),
                  span_of("redis-py"));
    roster_rename(roster, second.lib_version, sizeof(second.lib_version),
                  span_of("4.3.4"));
    atomic_store(&second.version, 3);
    atomic_store(&second.active_ms, 4000);
    atomic_store(&second.commands, 7);
    roster_print(roster, &out, 5999);
    assert_printed(
        &out, "id=1 addr=127.0.0.1:40000 name= age=4 idle=4 flags=N db=0 "
              "sub=0 psub=0 worker=0 tot-cmds=0 resp=2 lib-name= lib-ver=\n"
              "id=2 addr=127.0.0.1:40001 name=bob age=3 idle=1 flags=N "
              "db=0 sub=0 psub=0 worker=1 tot-cmds=7 resp=3 lib-name=redis-py "
              "lib-ver=4.3.4\n");
    roster_print_member(roster, &out, &second, 5999);
    assert_printed(
        &out, "id=2 addr=127.0.0.1:40001 name=bob age=3 idle=1 flags=N "
              "db=0 sub=0 psub=0 worker=1 tot-cmds=7 resp=3 lib-name=redis-py "
              "lib-ver=4.3.4\n");
    roster_leave(roster, &first);
    roster_leave(roster, &second);
    roster_destroy(&roster);
    buffer_deinit(&out);
}

/* Workers read their clocks at different times. */
static void member_from_the_future_is_0_seconds_old(void **state)
{
    (void)state;
    struct roster *roster;
    struct buffer out = buffer_empty(10000);
    assert_int_equal(roster_create(&roster), 0);
    struct roster_member member = make_member(0, 5000);
    assert_int_equal(roster_join(roster, &member, 10), 0);
    roster_print(roster, &out, 4999);
    assert_non_null(memmem(out.data, out.len, " age=0 idle=0 ", 14));
    roster_leave(roster, &member);
    roster_destroy(&roster);
    buffer_deinit(&out);
}

static void names_are_cut_to_their_size(void **state)
{
    (void)state;
    struct roster *roster;
    assert_int_equal(roster_create(&roster), 0);
    char text[ROSTER_NAME_SIZE + 1];
    memset(text, 'n', sizeof(text));
    for (size_t len = ROSTER_NAME_SIZE - 2; len <= ROSTER_NAME_SIZE; len++) {
        struct roster_member member = make_member(0, 0);
        memset(member.name, '?', sizeof(member.name));
        roster_rename(roster, member.name, sizeof(member.name),
                      (struct span){text, len});
        assert_int_equal(strlen(member.name),
                         len < ROSTER_NAME_SIZE ? len : ROSTER_NAME_SIZE - 1);
        assert_int_equal(member.lib_name[0], 0);
    }
    struct roster_member member = make_member(0, 0);
    roster_rename(roster, member.name, sizeof(member.name), span_of("long"));
    roster_rename(roster, member.name, sizeof(member.name), span_of("s"));
    assert_string_equal(member.name, "s");
    roster_rename(roster, member.name, sizeof(member.name),
                  (struct span){NULL, 0});
    assert_string_equal(member.name, "");
    roster_destroy(&roster);
}

static void commands_are_counted(void **state)
{
    (void)state;
    struct roster_member member = make_member(0, 0);
    for (int i = 0; i < 5; i++) {
        roster_count_commands(&member, 1);
    }
    assert_int_equal(atomic_load(&member.commands), 5);
}

static void destroy_it(void *user)
{
    struct roster *roster = user;
    roster_destroy(&roster);
}

static void roster_with_members_is_not_destroyed(void **state)
{
    (void)state;
    struct roster *roster;
    assert_int_equal(roster_create(&roster), 0);
    struct roster_member member = make_member(0, 0);
    assert_int_equal(roster_join(roster, &member, 10), 0);
    assert_true(testing_aborts(destroy_it, roster));
    roster_leave(roster, &member);
    roster_destroy(&roster);
}

static void oom_makes_no_roster(void **state)
{
    (void)state;
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct roster *roster;
        int err = roster_create(&roster);
        assert_true(err == 0 || (err == ERR_NOMEM && roster == NULL));
        failures += err != 0;
        roster_destroy(&roster);
    }
    assert_int_equal(failures, 1);
}

/* --- Threads ---------------------------------------------------------------
 */

#define THREADS 3
#define ROUNDS  500

struct worker_of_it {
    struct roster *roster;
    pthread_t thread;
    unsigned number;
};

static void *come_and_go(void *user)
{
    struct worker_of_it *worker = user;
    struct roster *roster = worker->roster;
    struct buffer out = buffer_empty(10000);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct roster_member member = make_member(worker->number, i);
        CHECK(roster_join(roster, &member, THREADS) == 0);
        roster_rename(roster, member.name, sizeof(member.name),
                      i % 2 == 0 ? span_of("aaaa") : span_of("b"));
        roster_count_commands(&member, 1);
        atomic_store_explicit(&member.active_ms, i, memory_order_relaxed);
        buffer_clear(&out);
        roster_print(roster, &out, i);
        CHECK(memmem(out.data, out.len, "name=aaa ", 9) == NULL); // half a name
        roster_print_member(roster, &out, &member, i);
        CHECK(roster_count(roster) <= THREADS);
        roster_leave(roster, &member);
    }
    buffer_deinit(&out);
    return NULL;
}

static void workers_come_and_go_at_once(void **state)
{
    (void)state;
    struct worker_of_it workers[THREADS];
    struct roster *roster;
    assert_int_equal(roster_create(&roster), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker_of_it){.roster = roster, .number = i};
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, come_and_go, &workers[i]),
            0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    }
    assert_int_equal(roster_count(roster), 0);
    struct roster_member member = make_member(0, 0);
    assert_int_equal(roster_join(roster, &member, 1), 0);
    assert_int_equal(member.id, THREADS * ROUNDS + 1);
    roster_leave(roster, &member);
    roster_destroy(&roster);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_are_numbered_and_counted),
    cmocka_unit_test(connections_have_their_limit),
    cmocka_unit_test(members_are_listed_in_the_order_in_which_they_came),
    cmocka_unit_test(member_from_the_future_is_0_seconds_old),
    cmocka_unit_test(names_are_cut_to_their_size),
    cmocka_unit_test(commands_are_counted),
    cmocka_unit_test(roster_with_members_is_not_destroyed),
    cmocka_unit_test(oom_makes_no_roster),
    cmocka_unit_test(workers_come_and_go_at_once),
};

TEST_MAIN(tests)
