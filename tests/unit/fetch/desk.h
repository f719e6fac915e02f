/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.h -- a caller on a loop in the test's own thread, a stub to call, and a
 * record of how each call ended.
 */

#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/check.h"
#include "fetch/caller.h"
#include "net/loop.h"
#include "testing/testing.h"
#include "unit/fetch/stub.h"

/* Long enough that a test which needs it has failed. */
#define PATIENCE_MS 20000

#define CALLS_LIMIT 64

/* How a call ended. */
struct ended {
    unsigned times;
    int status;
    bool failed;
    char failure[160];
    struct buffer body;
};

struct desk {
    struct loop loop;
    struct caller *caller;
    struct stub *stub;
    uv_timer_t guard;
    struct ended calls[CALLS_LIMIT];
    unsigned started;
    unsigned ended;
    const char *again; // a target to be called for from within on_done
};

static inline void start_call(struct desk *desk, const char *url,
                              uint64_t timeout_ms)
{
    CHECK(desk->started < CALLS_LIMIT);
    struct ended *call = &desk->calls[desk->started++];
    *call = (struct ended){.body = buffer_empty(4u << 20)};
    assert_int_equal(
        caller_start(desk->caller, url, span_of(""), timeout_ms, call), 0);
}

/* Call for a target of the stub's. */
static inline void call_stub(struct desk *desk, const char *target,
                             uint64_t timeout_ms)
{
    char url[512];
    snprintf(url, sizeof(url), "%s%s", stub_origin(desk->stub), target);
    start_call(desk, url, timeout_ms);
}

IMPLEMENTS(caller_done_fn)
static inline void on_done(void *user, void *tag,
                           const struct caller_answer *answer)
{
    struct desk *desk = user;
    struct ended *call = tag;
    CHECK(desk->loop.is_awake);
    call->times++;
    desk->ended++;
    call->status = answer->status;
    call->failed = answer->failure != NULL;
    snprintf(call->failure, sizeof(call->failure), "%s",
             answer->failure != NULL ? answer->failure : "");
    buffer_put_span(&call->body, answer->body);
    loop_stop(&desk->loop);
    if (desk->again != NULL) {
        const char *target = desk->again;
        desk->again = NULL;
        call_stub(desk, target, PATIENCE_MS);
    }
}

static inline void on_hang(uv_timer_t *timer)
{
    (void)timer;
    check_failed(__FILE__, __LINE__, "every call has ended by now");
}

static inline void open_desk(struct desk *desk, stub_answer_fn answer)
{
    *desk = (struct desk){0};
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&desk->loop, &options), 0);
    uv_timer_init(&desk->loop.uv, &desk->guard);
    assert_int_equal(caller_create(&desk->caller, &desk->loop, on_done, desk),
                     0);
    desk->stub = stub_start(answer, desk);
}

static inline void close_desk(struct desk *desk)
{
    caller_destroy(&desk->caller);
    assert_null(desk->caller);
    caller_destroy(&desk->caller);
    uv_close((uv_handle_t *)&desk->guard, NULL);
    loop_deinit(&desk->loop);
    stub_stop(&desk->stub);
    for (unsigned i = 0; i < desk->started; i++) {
        assert_true(desk->calls[i].times <= 1);
        buffer_deinit(&desk->calls[i].body);
    }
}

/* Run until every call that was started has ended. */
static inline void run_all(struct desk *desk)
{
    uv_timer_start(&desk->guard, on_hang, PATIENCE_MS, 0);
    while (desk->ended < desk->started) {
        loop_run(&desk->loop);
    }
    uv_timer_stop(&desk->guard);
}

/* Run without waiting, for what has come already. */
static inline void run_some(struct desk *desk)
{
    for (int i = 0; i < 50; i++) {
        uv_run(&desk->loop.uv, UV_RUN_NOWAIT);
    }
}

static inline void assert_answer(const struct ended *call, int status,
                                 const char *body)
{
    assert_int_equal(call->times, 1);
    if (call->failed) {
        fail_msg("failed: %s", call->failure);
    }
    assert_int_equal(call->status, status);
    assert_true(span_equal(buffer_span(&call->body), span_of(body)));
}

static inline void assert_failed(const struct ended *call)
{
    assert_int_equal(call->times, 1);
    assert_true(call->failed);
    assert_int_equal(call->status, 0);
    assert_true(strlen(call->failure) > 3);
}

/* main() of a test program whose calls go to 127.0.0.1, whatever proxy the
 * machine has. */
#define DESK_MAIN(tests)                                  \
    int main(int argc, char **argv)                       \
    {                                                     \
        setenv("no_proxy", "*", 1);                       \
        hash_setup();                                     \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }
