/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/burst.h"
#include "net/conn_priv.h"

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = loop_of((uv_handle_t *)prepare);
    loop->turns++;
    conn_end_turn(loop); // before it may block, and is asleep
    if (loop->is_awake) {
        loop->is_awake = false;
        if (loop->options.on_block != NULL) {
            loop->options.on_block(loop->options.user);
        }
    }
}

/* --- Work that was put off ---------------------------------------------------
 */

/* That it is active is all: the poll does not block. */
static void on_hurry(uv_idle_t *hurry)
{
    (void)hurry;
}

/* Behind the sockets' callbacks.  What these have put off, or a task itself,
 * is for the next time. */
static void on_check(uv_check_t *check)
{
    struct loop *loop = loop_of((uv_handle_t *)check);
    struct loop_task *task;
    loop_wake(loop);
    while ((task = TAILQ_FIRST(&loop->tasks)) != NULL &&
           task->turn != loop->turns) {
        loop_call_off(loop, task);
        task->run(task); // may free it
    }
}

void loop_put_off(struct loop *loop, struct loop_task *task)
{
    if (task->is_put_off) {
        return;
    }
    task->is_put_off = true;
    task->turn = loop->turns;
    TAILQ_INSERT_TAIL(&loop->tasks, task, link);
    uv_idle_start(&loop->hurry, on_hurry);
    uv_check_start(&loop->check, on_check);
}

void loop_call_off(struct loop *loop, struct loop_task *task)
{
    if (!task->is_put_off) {
        return;
    }
    task->is_put_off = false;
    TAILQ_REMOVE(&loop->tasks, task, link);
    if (TAILQ_EMPTY(&loop->tasks)) {
        uv_idle_stop(&loop->hurry);
        uv_check_stop(&loop->check);
    }
}

/* -------------------------------------------------------------------------- */

static void on_sweep(uv_timer_t *timer)
{
    struct loop *loop = loop_of((uv_handle_t *)timer);
    loop_wake(loop);
    atomic_store_explicit(&loop->swept_ms, loop->now_ms, memory_order_relaxed);
    conn_sweep(loop);
}

bool loop_is_turning(const struct loop *loop, uint64_t now_ms)
{
    uint64_t swept_ms =
        atomic_load_explicit(&loop->swept_ms, memory_order_relaxed);
    return swept_ms + LOOP_STUCK_MS > now_ms;
}

/* How often idle and stuck connections are looked for: their limits are seconds
 * and more, and one wake-up a second costs nothing that can be measured. */
#define SWEEP_PERIOD_MS 1000

static int start_handles(struct loop *loop)
{
    if (uv_prepare_init(&loop->uv, &loop->prepare) != 0 ||
        uv_idle_init(&loop->uv, &loop->hurry) != 0 ||
        uv_check_init(&loop->uv, &loop->check) != 0 ||
        uv_timer_init(&loop->uv, &loop->sweep) != 0 ||
        uv_timer_init(&loop->uv, &loop->linger) != 0 ||
        uv_prepare_start(&loop->prepare, on_prepare) != 0 ||
        uv_timer_start(&loop->sweep, on_sweep, SWEEP_PERIOD_MS,
                       SWEEP_PERIOD_MS) != 0) {
        return ERR_IO;
    }
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->sweep);
    return 0;
}

/* With its first loop libuv makes a pipe for the process, and ends the process
 * where it can't.  So there is to be room for that and for the loop itself. */
#define LOOP_FILES 6

static bool has_room(void)
{
    int fds[LOOP_FILES];
    int count = 0;
    while (count < LOOP_FILES && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0) {
        count++;
    }
    for (int i = 0; i < count; i++) {
        close(fds[i]);
    }
    return count == LOOP_FILES;
}

int loop_init(struct loop *loop, const struct loop_options *options)
{
    *loop = (struct loop){
        .options = *options,
        .reply_scratch = buffer_empty(LOOP_REPLY_BYTES_LIMIT),
    };
    if (loop->options.clock == NULL) {
        loop->options.clock = clock_system();
    }
    TAILQ_INIT(&loop->tasks);
    TAILQ_INIT(&loop->quiet);
    TAILQ_INIT(&loop->unsent);
    TAILQ_INIT(&loop->lingering);
    loop->now_ms = clock_mono_ms(loop->options.clock);
    atomic_init(&loop->swept_ms, loop->now_ms);
    loop->read_scratch = mem_calloc(1, LOOP_READ_BYTES);
    if (loop->read_scratch == NULL) {
        return ERR_NOMEM;
    }
    if (!has_room() || uv_loop_init(&loop->uv) != 0) {
        mem_free(loop->read_scratch);
        return ERR_IO;
    }
    loop->uv.data = loop;
    int err = start_handles(loop);
    CHECK(err == 0); // these calls only fill in structs
    return 0;
}

void loop_run(struct loop *loop)
{
    uv_update_time(&loop->uv);
    loop->woke_ms = uv_now(&loop->uv); // it may be awake already
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_deinit(struct loop *loop)
{
    conn_close_all(loop);
    CHECK(TAILQ_EMPTY(&loop->tasks));
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->hurry, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->sweep, NULL);
    uv_close((uv_handle_t *)&loop->linger, NULL);
    // More than once where loop_stop() was called since loop_run() returned.
    while (uv_loop_alive(&loop->uv) != 0) {
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    CHECK(loop->conns_count == 0);
    int err = uv_loop_close(&loop->uv);
    CHECK(err == 0);
    burst_destroy(&loop->burst);
    buffer_deinit(&loop->reply_scratch);
    mem_free(loop->read_scratch);
}
