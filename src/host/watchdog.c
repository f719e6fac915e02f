/* SPDX-License-Identifier: Apache-2.0 */
#include "host/watchdog.h"

#include <unistd.h>

#include <uv.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"
#include "host/notify.h"
#include "net/loop.h"

struct watchdog {
    uv_timer_t timer; // first: libuv gives it back when it is closed
    struct loop *loop;
    struct watchdog_options options;
};

uint64_t watchdog_period_us(const char *usec, const char *pid)
{
    uint64_t period_us;
    uint64_t wanted_pid;
    if (usec == NULL || span_to_u64(span_of(usec), &period_us) != 0) {
        return 0;
    }
    if (pid != NULL && (span_to_u64(span_of(pid), &wanted_pid) != 0 ||
                        wanted_pid != (uint64_t)getpid())) {
        return 0;
    }
    return period_us;
}

static void on_timer(uv_timer_t *timer)
{
    struct watchdog *watchdog = timer->data;
    loop_wake(watchdog->loop);
    if (watchdog->options.is_well(watchdog->options.user)) {
        notify_send(watchdog->options.notify_socket, "WATCHDOG=1");
    }
}

int watchdog_open(struct watchdog **out, struct loop *loop,
                  const struct watchdog_options *options)
{
    struct watchdog *watchdog = mem_calloc(1, sizeof(*watchdog));
    *out = watchdog;
    if (watchdog == NULL) {
        return ERR_NOMEM;
    }
    watchdog->loop = loop;
    watchdog->options = *options;
    uv_timer_init(&loop->uv, &watchdog->timer);
    watchdog->timer.data = watchdog;
    uint64_t half_ms = options->period_us / 2000 + 1;
    uv_timer_start(&watchdog->timer, on_timer, 0, half_ms);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void watchdog_close(struct watchdog **watchdog)
{
    if (*watchdog != NULL) {
        uv_close((uv_handle_t *)&(*watchdog)->timer, on_closed);
        *watchdog = NULL;
    }
}
