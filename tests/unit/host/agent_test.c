/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_test.c -- the weight that balancers are told falls with the load, rises
 * again without it, and is never 0.
 */
#include "host/agent.h"

#include "testing/testing.h"

static void idle_server_keeps_its_whole_weight(void **state)
{
    (void)state;
    assert_int_equal(agent_idle_percent(100, 0, 500000, 2), 100);
}

static void load_takes_half_of_its_share_at_once_and_all_in_time(void **state)
{
    (void)state;
    // One of two threads is busy: towards 50 %.
    assert_int_equal(agent_idle_percent(100, 500000, 500000, 2), 75);
    unsigned percent = 100;
    for (int i = 0; i < 10; i++) {
        percent = agent_idle_percent(percent, 500000, 500000, 2);
    }
    assert_in_range(percent, 50, 51);
    for (int i = 0; i < 10; i++) {
        percent = agent_idle_percent(percent, 0, 500000, 2);
    }
    assert_int_equal(percent, 100);
}

static void full_load_leaves_the_least_weight(void **state)
{
    (void)state;
    unsigned percent = 100;
    for (int i = 0; i < 20; i++) {
        // The fetch thread and main take time too: above what is possible.
        percent = agent_idle_percent(percent, 1200000, 500000, 2);
    }
    assert_int_equal(percent, AGENT_PERCENT_LEAST);
}

static void no_time_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(agent_idle_percent(42, 1000, 0, 2), 42);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(idle_server_keeps_its_whole_weight),
    cmocka_unit_test(load_takes_half_of_its_share_at_once_and_all_in_time),
    cmocka_unit_test(full_load_leaves_the_least_weight),
    cmocka_unit_test(no_time_changes_nothing),
};

TEST_MAIN(tests)
