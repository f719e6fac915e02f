/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/pair.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/conn_priv.h"

IMPLEMENTS(on_bytes)
static size_t pair_on_bytes(void *user, struct conn *conn, char *bytes,
                            size_t len)
{
    struct pair *pair = user;
    CHECK(pair->conn == conn && pair->closes == 0 && len > 0);
    pair->offered = len;
    pair->calls++;
    size_t taken =
        pair->on_bytes != NULL ? pair->on_bytes(pair, bytes, len) : len;
    buffer_put(&pair->consumed, bytes, taken);
    return taken;
}

IMPLEMENTS(on_end)
static void pair_on_end(void *user, struct conn *conn)
{
    struct pair *pair = user;
    CHECK(pair->conn == conn && pair->closes == 0);
    pair->ends++;
    if (pair->finishes_at_end) {
        conn_finish(conn);
    }
}

IMPLEMENTS(on_idle)
static bool pair_on_idle(void *user, struct conn *conn)
{
    struct pair *pair = user;
    CHECK(pair->conn == conn && pair->closes == 0);
    pair->idles++;
    return pair->agrees_to_idle;
}

IMPLEMENTS(on_closed)
static void pair_on_closed(void *user, struct conn *conn, const char *why)
{
    struct pair *pair = user;
    CHECK(pair->conn == conn && pair->closes == 0);
    CHECK(!conn_is_open(conn));
    pair->closes++;
    pair->why = why;
    pair->conn = NULL;
}

IMPLEMENTS(on_drained)
static void pair_on_drained(void *user, struct conn *conn)
{
    struct pair *pair = user;
    CHECK(pair->conn == conn && pair->closes == 0);
    pair->drains++;
}

static const struct conn_owner pair_owner = {
    .on_bytes = pair_on_bytes,
    .on_end = pair_on_end,
    .on_drained = pair_on_drained,
    .on_idle = pair_on_idle,
    .on_closed = pair_on_closed,
};

void pair_start(struct pair *pair)
{
    conn_start(pair->conn, &pair_owner, pair, &pair->bounds);
}

IMPLEMENTS(listener_accept_fn)
void pair_on_accept(void *user, struct conn *conn)
{
    struct pair *pair = user;
    CHECK(pair->conn == NULL);
    pair->accepted++;
    pair->conn = conn;
    pair->closes = 0;
    pair->why = "";
    if (!pair->waits) {
        pair_start(pair);
    }
}

void pair_hangs(uv_timer_t *timer)
{
    (void)timer;
    check_failed(__FILE__, __LINE__, "what was waited for came");
}

void pair_turn(struct pair *pair, bool waits)
{
    uv_run(&pair->loop.uv, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

void pair_settle(struct pair *pair)
{
    for (int i = 0; i < 50; i++) {
        pair_turn(pair, false);
    }
}

void pair_open_on(struct pair *pair, const char *text)
{
    testing_clock_init(&pair->clock);
    const struct loop_options options = {.clock = &pair->clock.clock};
    assert_int_equal(loop_init(&pair->loop, &options), 0);
    uv_timer_init(&pair->loop.uv, &pair->guard);
    pair->consumed = buffer_empty(64u << 20);
    pair->peer = -1;
    if (pair->bounds.input_max == 0) {
        pair->bounds = (struct conn_bounds){65536, 1u << 20};
    }
    assert_int_equal(address_parse(&pair->address, text), 0);
    int fd = listener_bind(&pair->address, true);
    assert_true(fd >= 0);
    int bytes = pair->buffer_bytes;
    if (bytes > 0) { // inherited by what is accepted
        assert_int_equal(
            setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
    }
    assert_int_equal(
        listener_open(&pair->listener, &pair->loop, fd, pair_on_accept, pair),
        0);
}

int pair_dial(const struct pair *pair)
{
    int fd = socket(pair->address.storage.ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    int bytes = pair->buffer_bytes;
    if (bytes > 0) {
        assert_int_equal(
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
    }
    assert_int_equal(connect(fd,
                             (const struct sockaddr *)&pair->address.storage,
                             pair->address.len),
                     0);
    return fd;
}

void pair_connect(struct pair *pair)
{
    pair->peer = pair_dial(pair);
    unsigned before = pair->accepted;
    PAIR_UNTIL(pair, pair->accepted > before);
}

void pair_open(struct pair *pair)
{
    pair_open_on(pair, "127.0.0.1:0");
    pair_connect(pair);
}

void pair_hang_up(struct pair *pair)
{
    if (pair->peer >= 0) {
        assert_int_equal(close(pair->peer), 0);
        pair->peer = -1;
    }
}

void pair_end(struct pair *pair)
{
    pair_hang_up(pair);
    listener_close(&pair->listener);
    uv_close((uv_handle_t *)&pair->guard, NULL);
    loop_deinit(&pair->loop);
    assert_null(pair->conn);
    buffer_deinit(&pair->consumed);
}

void pair_pass_ms(struct pair *pair, uint64_t ms)
{
    pair->clock.mono_ms += ms;
    pair->loop.is_awake = false; // a new turn
    loop_wake(&pair->loop);
    conn_sweep(&pair->loop);
    pair_settle(pair);
}

/* --- The peer --------------------------------------------------------------
 */

void pair_send(struct pair *pair, const void *bytes, size_t len)
{
    assert_int_equal(send(pair->peer, bytes, len, MSG_NOSIGNAL), len);
}

void pair_send_text(struct pair *pair, const char *text)
{
    pair_send(pair, text, strlen(text));
}

void pair_deliver(struct pair *pair, const char *text)
{
    unsigned before = pair->calls;
    pair_send_text(pair, text);
    PAIR_UNTIL(pair, pair->calls > before);
}

ssize_t pair_receive(const struct pair *pair, struct buffer *out, size_t most)
{
    char bytes[65536];
    ssize_t len =
        recv(pair->peer, bytes, most < sizeof(bytes) ? most : sizeof(bytes),
             MSG_DONTWAIT);
    if (len > 0) {
        buffer_put(out, bytes, (size_t)len);
    } else if (len < 0) {
        CHECK(errno == EAGAIN || errno == ECONNRESET);
        return errno == ECONNRESET ? -2 : -1;
    }
    return len;
}

ssize_t pair_receive_all(struct pair *pair, struct buffer *out, size_t len)
{
    ssize_t last = 1;
    uv_timer_start(&pair->guard, pair_hangs, PAIR_PATIENCE_MS, 0);
    while (out->len < len && (last > 0 || last == -1)) {
        last = pair_receive(pair, out, len - out->len);
        pair_turn(pair, false);
    }
    uv_timer_stop(&pair->guard);
    return last;
}

void pair_expect(struct pair *pair, const char *text)
{
    struct buffer got = buffer_empty(1 << 20);
    pair_receive_all(pair, &got, strlen(text));
    assert_true(span_equal(buffer_span(&got), span_of(text)));
    buffer_deinit(&got);
}
