/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of serve/heartbeat.c, on a loop of their own: one that runs until
 * nothing is left that could call back, so a beat too many would be counted,
 * and one that never stops would hang.
 */
#include "serve/heartbeat.h"

#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"
#include "testing/testing.h"

struct fixture {
    struct loop loop;
    struct heartbeat *heartbeat;
    unsigned beats;
    unsigned wanted;  // beats, and then:
    bool is_stopping; // has no reason any more
    bool is_ending;   // is destroyed
};

static void on_beat(void *user)
{
    struct fixture *f = user;
    f->beats++;
    assert_true(f->loop.is_awake);
    if (f->beats >= f->wanted && f->is_ending) {
        heartbeat_destroy(&f->heartbeat);
    } else if (f->beats >= f->wanted && f->is_stopping) {
        heartbeat_settle(f->heartbeat, false);
    }
}

static int create(struct fixture *f)
{
    const struct heartbeat_options options = {
        .period_ms = 1,
        .on_beat = on_beat,
        .user = f,
    };
    return heartbeat_create(&f->heartbeat, &f->loop, &options);
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.wanted = 3};
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&f.loop, &options), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    heartbeat_destroy(&f->heartbeat);
    loop_deinit(&f->loop);
    return 0;
}

/* (1) on_beat() is called while there is a reason. */
static void inv1_it_beats_while_there_is_a_reason(void **state)
{
    struct fixture *f = *state;
    f->is_stopping = true;
    assert_int_equal(create(f), 0);
    heartbeat_settle(f->heartbeat, true);
    heartbeat_settle(f->heartbeat, true);
    loop_run(&f->loop);
    assert_int_equal(f->beats, 3);

    f->wanted = 5;
    heartbeat_settle(f->heartbeat, true);
    loop_run(&f->loop);
    assert_int_equal(f->beats, 5);
}

/* (2) It is not called while still. */
static void inv2_it_is_still_without_a_reason(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(create(f), 0);
    loop_run(&f->loop);
    heartbeat_settle(f->heartbeat, true);
    heartbeat_settle(f->heartbeat, false);
    heartbeat_settle(f->heartbeat, false);
    loop_run(&f->loop);
    assert_int_equal(f->beats, 0);
}

/* (2) Nor after heartbeat_destroy(). */
static void inv2_its_own_beat_may_destroy_it(void **state)
{
    struct fixture *f = *state;
    f->is_ending = true;
    assert_int_equal(create(f), 0);
    heartbeat_settle(f->heartbeat, true);
    loop_run(&f->loop);
    assert_int_equal(f->beats, 3);
    assert_null(f->heartbeat);
}

static void inv2_destroyed_while_beating_it_beats_no_more(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(create(f), 0);
    heartbeat_settle(f->heartbeat, true);
    heartbeat_destroy(&f->heartbeat);
    loop_run(&f->loop);
    assert_int_equal(f->beats, 0);
}

static void none_is_settled_and_destroyed_as_well(void **state)
{
    (void)state;
    struct heartbeat *none = NULL;
    heartbeat_settle(none, true);
    heartbeat_settle(none, false);
    heartbeat_destroy(&none);
    assert_null(none);
}

static void oom_makes_none(void **state)
{
    struct fixture *f = *state;
    TESTING_EACH_ALLOCATION(n)
    {
        int err = create(f);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (f->heartbeat != NULL));
        heartbeat_destroy(&f->heartbeat);
        loop_run(&f->loop);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(inv1_it_beats_while_there_is_a_reason),
    TEST(inv2_it_is_still_without_a_reason),
    TEST(inv2_its_own_beat_may_destroy_it),
    TEST(inv2_destroyed_while_beating_it_beats_no_more),
    TEST(none_is_settled_and_destroyed_as_well),
    TEST(oom_makes_none),
};

TEST_MAIN(tests)
