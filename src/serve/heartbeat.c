/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/heartbeat.h"

#include <stddef.h>

#include <uv.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"

struct heartbeat {
    uv_timer_t timer;
    struct heartbeat_options options;
};

static void on_timer(uv_timer_t *timer)
{
    const struct heartbeat *heartbeat = timer->data;
    loop_wake(loop_of((uv_handle_t *)timer));
    heartbeat->options.on_beat(heartbeat->options.user);
}

static void on_closed(uv_handle_t *handle)
{
    loop_wake(loop_of(handle));
    mem_free(handle->data);
}

int heartbeat_create(struct heartbeat **out, struct loop *loop,
                     const struct heartbeat_options *options)
{
    CHECK(options->period_ms > 0);
    *out = NULL;
    struct heartbeat *heartbeat = mem_calloc(1, sizeof(*heartbeat));
    if (heartbeat == NULL) {
        return ERR_NOMEM;
    }
    heartbeat->options = *options;
    int err = uv_timer_init(&loop->uv, &heartbeat->timer);
    CHECK(err == 0); // it only fills in the struct
    heartbeat->timer.data = heartbeat;
    *out = heartbeat;
    return 0;
}

void heartbeat_settle(struct heartbeat *heartbeat, bool has_reason)
{
    if (heartbeat == NULL) {
        return;
    }
    uv_timer_t *timer = &heartbeat->timer;
    bool is_beating = uv_is_active((const uv_handle_t *)timer) != 0;
    if (is_beating && !has_reason) {
        uv_timer_stop(timer);
    } else if (!is_beating && has_reason) {
        uint64_t period_ms = heartbeat->options.period_ms;
        int err = uv_timer_start(timer, on_timer, period_ms, period_ms);
        CHECK(err == 0); // it is not being closed
    }
}

void heartbeat_destroy(struct heartbeat **heartbeat)
{
    struct heartbeat *gone = *heartbeat;
    *heartbeat = NULL;
    if (gone != NULL) {
        uv_close((uv_handle_t *)&gone->timer, on_closed);
    }
}
