/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_test.c -- the hooks around blocking alternate, the time is read once a
 * turn, and a loop leaves nothing behind.
 */
#include "net/loop.h"

#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "testing/testing.h"

struct turns {
    struct loop loop;
    struct testing_clock clock;
    unsigned wakes;
    unsigned blocks;
    unsigned turns_left;
    uv_timer_t timer;
};

static void on_wake(void *user)
{
    struct turns *turns = user;
    CHECK(turns->wakes == turns->blocks);
    turns->wakes++;
}

static void on_block(void *user)
{
    struct turns *turns = user;
    turns->blocks++;
    CHECK(turns->wakes == turns->blocks);
}

static void open_turns(struct turns *turns)
{
    *turns = (struct turns){0};
    testing_clock_init(&turns->clock);
    const struct loop_options options = {
        .clock = &turns->clock.clock,
        .on_wake = on_wake,
        .on_block = on_block,
        .user = turns,
    };
    assert_int_equal(loop_init(&turns->loop, &options), 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct turns *turns = timer->data;
    loop_wake(&turns->loop);
    assert_int_equal(turns->loop.now_ms, turns->clock.mono_ms);
    turns->clock.mono_ms += 5;
    loop_wake(&turns->loop); // the same turn: neither hook nor clock
    assert_int_equal(turns->loop.now_ms, turns->clock.mono_ms - 5);
    assert_ptr_equal(loop_of((uv_handle_t *)timer), &turns->loop);
    if (--turns->turns_left == 0) {
        uv_close((uv_handle_t *)timer, NULL);
    }
}

static void hooks_alternate_and_the_clock_stands_within_a_turn(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    turns.turns_left = 5;
    turns.timer.data = &turns;
    uv_timer_init(&turns.loop.uv, &turns.timer);
    uv_timer_start(&turns.timer, on_timer, 0, 1);
    loop_run(&turns.loop);
    assert_int_equal(turns.wakes, 5);
    assert_true(turns.blocks == 4 || turns.blocks == 5);
    loop_deinit(&turns.loop);
    assert_true(turns.wakes <= turns.blocks + 1);
}

static void loop_without_hooks_and_clock_uses_the_systems(void **state)
{
    (void)state;
    struct loop loop;
    const struct loop_options options = {0};
    uint64_t before = clock_mono_ms(clock_system());
    assert_int_equal(loop_init(&loop, &options), 0);
    loop_wake(&loop);
    assert_true(loop.now_ms >= before);
    loop_run(&loop); // nothing is left that could call back
    loop_deinit(&loop);
}

static void stop_when_nudged(uv_timer_t *timer)
{
    struct loop *loop = loop_of((uv_handle_t *)timer);
    loop_wake(loop);
    loop_stop(loop);
}

static void stop_ends_the_run_with_handles_left(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    uv_timer_init(&turns.loop.uv, &turns.timer);
    uv_timer_start(&turns.timer, stop_when_nudged, 0, 1);
    loop_run(&turns.loop);
    loop_run(&turns.loop); // and again
    assert_true(turns.wakes >= 2);
    uv_close((uv_handle_t *)&turns.timer, NULL);
    loop_deinit(&turns.loop);
}

/* As when an order to stop comes once more, while the loop is being ended. */
static void stop_behind_the_run_keeps_nothing_from_closing(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    loop_run(&turns.loop);
    loop_stop(&turns.loop);
    loop_deinit(&turns.loop);
}

static void oom_makes_no_loop(void **state)
{
    (void)state;
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct loop loop;
        const struct loop_options options = {0};
        int err = loop_init(&loop, &options);
        assert_true(err == 0 || err == ERR_NOMEM);
        failures += err != 0;
        if (err == 0) {
            loop_deinit(&loop);
        }
    }
    assert_true(failures > 0);
}

static void loop_that_has_not_turned_for_long_is_told(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    uint64_t made_ms = turns.loop.now_ms;
    assert_true(loop_is_turning(&turns.loop, made_ms));
    assert_true(loop_is_turning(&turns.loop, made_ms + LOOP_STUCK_MS - 1));
    assert_false(loop_is_turning(&turns.loop, made_ms + LOOP_STUCK_MS));
    loop_deinit(&turns.loop);
}

/* --- Work that was put off ---------------------------------------------------
 */

struct work {
    struct loop_task task; // first
    struct turns *turns;
    unsigned times_left;
    unsigned runs;
    unsigned wakes_last; // the turn of its last run
    struct work *next;   // put off behind it
};

static void do_part(struct loop_task *task)
{
    struct work *work = (struct work *)task;
    assert_true(work->turns->loop.is_awake);
    assert_true(work->turns->wakes > work->wakes_last); // once a turn
    work->wakes_last = work->turns->wakes;
    work->runs++;
    if (work->next != NULL) {
        assert_int_equal(work->next->runs, work->runs - 1); // in order
    }
    if (--work->times_left > 0) {
        loop_put_off(&work->turns->loop, task);
    }
}

static void work_is_done_once_a_turn_in_order(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    struct work second = {.task.run = do_part, .turns = &turns};
    struct work first = second;
    first.next = &second;
    first.times_left = second.times_left = 5;
    loop_wake(&turns.loop);
    first.wakes_last = second.wakes_last = turns.wakes;
    loop_put_off(&turns.loop, &first.task);
    loop_put_off(&turns.loop, &second.task);
    loop_put_off(&turns.loop, &first.task); // it stays where it is
    loop_run(&turns.loop); // until nothing is left, and without blocking
    assert_int_equal(first.runs, 5);
    assert_int_equal(second.runs, 5);
    assert_int_equal(turns.wakes, 6);
    loop_deinit(&turns.loop);
}

/* Sockets' and timers' callbacks come between the parts of one who has much to
 * do. */
static void count_parts(uv_timer_t *timer)
{
    struct work *work = timer->data;
    loop_wake(&work->turns->loop);
    if (work->runs > 0) {
        work->times_left = 1;
        uv_close((uv_handle_t *)timer, NULL);
    }
}

static void others_come_between_the_parts(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    struct work work = {.task.run = do_part, .turns = &turns};
    work.times_left = UINT_MAX; // but for the timer, it never ends
    turns.timer.data = &work;
    uv_timer_init(&turns.loop.uv, &turns.timer);
    uv_timer_start(&turns.timer, count_parts, 0, 1);
    loop_put_off(&turns.loop, &work.task);
    loop_run(&turns.loop);
    assert_int_equal(work.times_left, 0);
    loop_deinit(&turns.loop);
}

static void work_that_was_called_off_is_not_done(void **state)
{
    (void)state;
    struct turns turns;
    open_turns(&turns);
    struct work work = {.task.run = do_part, .turns = &turns};
    loop_call_off(&turns.loop, &work.task); // nothing was put off
    loop_put_off(&turns.loop, &work.task);
    loop_call_off(&turns.loop, &work.task);
    loop_run(&turns.loop);
    assert_int_equal(work.runs, 0);
    loop_deinit(&turns.loop);
}

/* -------------------------------------------------------------------------- */

/* The lowest descriptor that is free. */
static int free_fd(void)
{
    int fd = dup(STDERR_FILENO);
    assert_true(fd > STDERR_FILENO);
    close(fd);
    return fd;
}

/* Allow as many descriptors as are open, if they have no gaps, and `more`. */
static void limit_files(struct rlimit *before, unsigned more)
{
    assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
    struct rlimit limit = *before;
    limit.rlim_cur = (rlim_t)free_fd() + more;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void without_descriptors_there_is_no_loop(void **state)
{
    (void)state;
    int first = free_fd();
    int err = ERR_IO;
    unsigned more = 0;
    for (; err == ERR_IO; more++) {
        assert_true(more < 20);
        struct rlimit before;
        struct loop loop;
        const struct loop_options options = {0};
        limit_files(&before, more);
        err = loop_init(&loop, &options);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (err == 0) {
            loop_deinit(&loop);
        }
        assert_true(free_fd() == first || err == 0); // libuv keeps some
    }
    assert_int_equal(err, 0);
    assert_true(more > 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(without_descriptors_there_is_no_loop), // of all, the first

    cmocka_unit_test(loop_that_has_not_turned_for_long_is_told),
    cmocka_unit_test(hooks_alternate_and_the_clock_stands_within_a_turn),
    cmocka_unit_test(loop_without_hooks_and_clock_uses_the_systems),
    cmocka_unit_test(stop_ends_the_run_with_handles_left),
    cmocka_unit_test(stop_behind_the_run_keeps_nothing_from_closing),
    cmocka_unit_test(oom_makes_no_loop),
    cmocka_unit_test(work_is_done_once_a_turn_in_order),
    cmocka_unit_test(others_come_between_the_parts),
    cmocka_unit_test(work_that_was_called_off_is_not_done),
};

TEST_MAIN(tests)
