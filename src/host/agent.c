/* SPDX-License-Identifier: Apache-2.0 */
#include "host/agent.h"

#include <unistd.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"

struct agent {
    struct listener *listener;
    struct loop *loop;
    uv_timer_t *timer; // a block of its own: libuv frees it after we are gone
    unsigned workers;
    unsigned percent;
    uint64_t cpu_us; // when it was measured last, as the next
    uint64_t wall_us;
    bool is_draining;
};

unsigned agent_idle_percent(unsigned before, uint64_t cpu_us, uint64_t wall_us,
                            unsigned workers)
{
    CHECK(workers > 0 && before <= 100);
    uint64_t possible_us = wall_us * workers;
    if (possible_us == 0) {
        return before;
    }
    uint64_t busy = cpu_us < possible_us ? cpu_us * 100 / possible_us : 100;
    unsigned now = 100 - (unsigned)busy;
    unsigned smoothed = (before + now + 1) / 2;
    return smoothed > AGENT_PERCENT_LEAST ? smoothed : AGENT_PERCENT_LEAST;
}

/* CPU time of the process, user's and system's. */
static uint64_t process_cpu_us(void)
{
    uv_rusage_t usage;
    int err = uv_getrusage(&usage);
    CHECK(err == 0); // getrusage(RUSAGE_SELF) has no way to fail
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void on_period(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    loop_wake(agent->loop);
    uint64_t cpu_us = process_cpu_us();
    uint64_t wall_us = uv_hrtime() / 1000;
    agent->percent =
        agent_idle_percent(agent->percent, cpu_us - agent->cpu_us,
                           wall_us - agent->wall_us, agent->workers);
    agent->cpu_us = cpu_us;
    agent->wall_us = wall_us;
}

IMPLEMENTS(listener_accept_fn)
static void on_accept(void *user, struct conn *conn)
{
    const struct agent *agent = user;
    struct buffer *out = conn_output(conn);
    if (agent->is_draining) {
        buffer_put_text(out, "drain\n");
    } else {
        buffer_printf(out, "up ready %u%%\n", agent->percent);
    }
    conn_finish(conn);
}

int agent_open(struct agent **out, struct loop *loop, int fd, unsigned workers)
{
    *out = NULL;
    struct agent *agent = mem_calloc(1, sizeof(*agent));
    uv_timer_t *timer = mem_calloc(1, sizeof(*timer));
    if (agent == NULL || timer == NULL) {
        close(fd);
        mem_free(agent);
        mem_free(timer);
        return ERR_NOMEM;
    }
    *agent = (struct agent){
        .loop = loop,
        .timer = timer,
        .workers = workers,
        .percent = 100,
        .cpu_us = process_cpu_us(),
        .wall_us = uv_hrtime() / 1000,
    };
    int err = listener_open(&agent->listener, loop, fd, on_accept, agent);
    if (err != 0) {
        mem_free(timer);
        mem_free(agent);
        return err;
    }
    uv_timer_init(&loop->uv, timer);
    timer->data = agent;
    uv_timer_start(timer, on_period, AGENT_PERIOD_MS, AGENT_PERIOD_MS);
    *out = agent;
    return 0;
}

void agent_drain(struct agent *agent)
{
    agent->is_draining = true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

void agent_close(struct agent **agent)
{
    struct agent *gone = *agent;
    if (gone == NULL) {
        return;
    }
    listener_close(&gone->listener);
    uv_close((uv_handle_t *)gone->timer, on_timer_closed);
    mem_free(gone);
    *agent = NULL;
}
