/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn.h"

#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/conn_priv.h"

/* One read's room in a connection's own input buffer, used when a request came
 * in pieces. */
#define INPUT_STEP_BYTES 16384

/* Above this the loop's scratch buffer is given back after a reply. */
#define SCRATCH_KEPT_BYTES (1u << 20)

#define KEEPALIVE_S 60

struct conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    TAILQ_ENTRY(conn) link; // in one of the loop's lists, by `list`
    struct loop_conns *list;
    struct loop *loop;
    const struct conn_owner *owner;
    void *user;
    struct conn_bounds bounds;
    uint64_t active_ms;    // when bytes last went either way
    struct buffer input;   // what on_bytes() left
    struct buffer unsent;  // waits for the write that is under way
    struct buffer sending; // is being written
    size_t queued; // of `sending`, not taken by the kernel when last looked
    uv_write_t write;
    uv_shutdown_t shutdown;
    const char *why;
    bool is_writing;
    bool is_reading;
    bool is_paused;     // by the owner
    bool is_throttled;  // by bound (1)
    bool is_delivering; // within on_bytes()
    bool is_finishing;
    bool is_closing;
    bool has_ended; // the peer's FIN came
};

/* Put into a list as its most recently active member. */
static void enlist(struct conn *conn, struct loop_conns *list)
{
    if (conn->list != NULL) {
        TAILQ_REMOVE(conn->list, conn, link);
    }
    conn->list = list;
    conn->active_ms = conn->loop->now_ms;
    TAILQ_INSERT_TAIL(list, conn, link);
}

/* Bytes went to or came from a peer that is not behind with reading: what comes
 * from one that is does not make it less stuck. */
static void touch(struct conn *conn)
{
    if (conn->list == &conn->loop->quiet &&
        conn->active_ms != conn->loop->now_ms) {
        enlist(conn, conn->list);
    }
}

static void on_uv_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    struct loop *loop = conn->loop;
    loop_wake(loop);
    buffer_deinit(&conn->input);
    buffer_deinit(&conn->unsent);
    buffer_deinit(&conn->sending);
    CHECK(loop->conns_count > 0);
    loop->conns_count--;
    mem_free(conn);
}

/* The owner is told here and not in libuv's callback, so that it can let go of
 * the connection before anything else happens. */
static bool begin_close(struct conn *conn, const char *why)
{
    if (conn->is_closing) {
        return false;
    }
    conn->is_closing = true;
    conn->why = why;
    if (conn->loop->reply_owner == conn) {
        buffer_clear(&conn->loop->reply_scratch);
        conn->loop->reply_owner = NULL;
    }
    if (conn->list != NULL) {
        TAILQ_REMOVE(conn->list, conn, link);
        conn->list = NULL;
    }
    if (conn->owner != NULL) {
        conn->owner->on_closed(conn->user, conn, why);
    }
    return true;
}

void conn_close(struct conn *conn, const char *why)
{
    if (begin_close(conn, why)) {
        uv_close(&conn->uv.handle, on_uv_closed);
    }
}

void conn_reset(struct conn *conn, const char *why)
{
    if (!begin_close(conn, why)) {
        return;
    }
    if (conn->uv.handle.type != UV_TCP ||
        uv_tcp_close_reset(&conn->uv.tcp, on_uv_closed) != 0) {
        uv_close(&conn->uv.handle, on_uv_closed);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct conn *conn = handle->data;
    if (conn->input.len == 0) {
        *buf = uv_buf_init(conn->loop->read_scratch, LOOP_READ_BYTES);
        return;
    }
    char *room = buffer_reserve(&conn->input, INPUT_STEP_BYTES);
    *buf = uv_buf_init(room, room != NULL ? INPUT_STEP_BYTES : 0);
}

static void stop_reading(struct conn *conn)
{
    if (conn->is_reading) {
        uv_read_stop(&conn->uv.stream);
        conn->is_reading = false;
    }
}

/* Whether more is left than bound (2) allows.  An owner that was told to wait
 * may leave all of what one read brought. */
static bool is_overrun(const struct conn *conn)
{
    return conn->input.len > conn->bounds.input_max && !conn->is_paused &&
           !conn->is_throttled;
}

/* Give bytes to the owner and keep what it leaves.  `bytes` is the loop's
 * scratch or the connection's own input buffer. */
static void deliver(struct conn *conn, char *bytes, size_t len)
{
    bool is_own = bytes == conn->input.data;
    conn->is_delivering = true;
    size_t taken = conn->owner->on_bytes(conn->user, conn, bytes, len);
    conn->is_delivering = false;
    CHECK(taken <= len);
    if (conn->is_closing) {
        return;
    }
    if (conn->is_finishing) {
        buffer_deinit(&conn->input);
        conn_flush(conn);
        return;
    }
    if (is_own) {
        buffer_drop_front(&conn->input, taken);
        if (conn->input.len == 0) {
            buffer_deinit(&conn->input);
        }
    } else {
        buffer_put(&conn->input, bytes + taken, len - taken);
    }
    if (conn->input.failed) {
        conn_close(conn, "memory");
        return;
    }
    conn_flush(conn);
    if (!conn->is_closing && is_overrun(conn)) {
        conn_close(conn, "overrun");
    }
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;
    loop_wake(conn->loop);
    if (nread == 0 || conn->is_closing) {
        return; // EAGAIN
    }
    if (nread == UV_EOF) {
        conn->has_ended = true;
        stop_reading(conn);
        if (conn->is_finishing) {
            if (conn->list == &conn->loop->lingering) {
                conn_close(conn, "closed");
            }
            return;
        }
        conn->owner->on_end(conn->user, conn);
        return;
    }
    if (nread < 0) {
        conn_close(conn, nread != UV_ENOBUFS ? "reset"
                         : is_overrun(conn)  ? "overrun"
                                             : "memory");
        return;
    }
    if (conn->is_finishing) {
        return; // dropped
    }
    touch(conn);
    if (conn->input.len > 0) {
        conn->input.len += (size_t)nread;
        deliver(conn, conn->input.data, conn->input.len);
        return;
    }
    deliver(conn, buf->base, (size_t)nread);
}

/* Read when there is a reason to, and not otherwise. */
static void settle_reading(struct conn *conn)
{
    bool wanted =
        !conn->is_closing && !conn->has_ended &&
        (conn->is_finishing || (!conn->is_paused && !conn->is_throttled));
    if (!wanted) {
        stop_reading(conn);
    } else if (!conn->is_reading) {
        conn->is_reading = true;
        if (uv_read_start(&conn->uv.stream, on_alloc, on_read) != 0) {
            conn_close(conn, "reset");
        }
    }
}

/* All linger equally long, so the list is in the order of their ends. */
static void on_linger(uv_timer_t *timer)
{
    struct loop *loop = loop_of((uv_handle_t *)timer);
    loop_wake(loop);
    for (struct conn *conn; (conn = TAILQ_FIRST(&loop->lingering)) != NULL;) {
        uint64_t spent_ms = loop->now_ms - conn->active_ms;
        if (spent_ms < CONN_LINGER_MS) {
            uv_timer_start(timer, on_linger, CONN_LINGER_MS - spent_ms, 0);
            return;
        }
        conn_close(conn, "closed");
    }
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct conn *conn = request->data;
    loop_wake(conn->loop);
    if (conn->is_closing) {
        return;
    }
    if (status != 0 || conn->has_ended) {
        conn_close(conn, status == 0 ? "closed" : "reset");
        return;
    }
    struct loop *loop = conn->loop;
    if (TAILQ_EMPTY(&loop->lingering)) {
        uv_timer_start(&loop->linger, on_linger, CONN_LINGER_MS, 0);
    }
    enlist(conn, &loop->lingering);
}

static void start_shutdown(struct conn *conn)
{
    conn->shutdown.data = conn;
    if (uv_shutdown(&conn->shutdown, &conn->uv.stream, on_shutdown) != 0) {
        conn_close(conn, "closed");
    }
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->unsent.len + uv_stream_get_write_queue_size(&conn->uv.stream);
}

static void settle_throttle(struct conn *conn)
{
    size_t unsent = conn_unsent(conn);
    bool was_throttled = conn->is_throttled;
    if (unsent > conn->bounds.unsent_max) {
        conn->is_throttled = true;
    } else if (unsent <= conn->bounds.unsent_max / 2) {
        conn->is_throttled = false;
    }
    settle_reading(conn);
    if (was_throttled && !conn->is_throttled && !conn->is_paused &&
        conn->input.len > 0 && !conn->is_closing && !conn->is_finishing &&
        !conn->is_delivering) {
        deliver(conn, conn->input.data, conn->input.len);
    }
}

static void tell_drained(struct conn *conn)
{
    if (conn_is_open(conn) && conn_unsent(conn) == 0 &&
        conn->owner->on_drained != NULL) {
        conn->owner->on_drained(conn->user, conn);
    }
}

static void start_write(struct conn *conn);

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->data;
    loop_wake(conn->loop);
    conn->is_writing = false;
    buffer_deinit(&conn->sending);
    if (conn->is_closing) {
        return;
    }
    if (status != 0) {
        conn_close(conn, "reset");
        return;
    }
    if (conn->unsent.len > 0) {
        enlist(conn, conn->list);
        start_write(conn);
    } else {
        enlist(conn, &conn->loop->quiet);
        if (conn->is_finishing) {
            start_shutdown(conn);
            return;
        }
    }
    settle_throttle(conn); // may deliver, and compose a reply
    tell_drained(conn);
}

static void start_write(struct conn *conn)
{
    CHECK(!conn->is_writing && conn->sending.len == 0);
    struct buffer empty = buffer_empty(conn->unsent.len_max);
    conn->sending = conn->unsent;
    conn->unsent = empty;
    conn->is_writing = true;
    conn->write.data = conn;
    uv_buf_t buf = uv_buf_init(conn->sending.data, (unsigned)conn->sending.len);
    if (uv_write(&conn->write, &conn->uv.stream, &buf, 1, on_written) != 0) {
        conn->is_writing = false;
        conn_close(conn, "reset");
        return;
    }
    conn->queued = uv_stream_get_write_queue_size(&conn->uv.stream);
}

struct buffer *conn_output(struct conn *conn)
{
    struct loop *loop = conn->loop;
    CHECK(loop->reply_owner == NULL || loop->reply_owner == conn);
    loop->reply_owner = conn;
    return &loop->reply_scratch;
}

/* Send what the kernel takes at once; returns how many bytes that was. */
static size_t try_write(struct conn *conn, const struct buffer *out)
{
    uv_buf_t buf = uv_buf_init(out->data, (unsigned)out->len);
    int sent = uv_try_write(&conn->uv.stream, &buf, 1);
    if (sent < 0 && sent != UV_EAGAIN) {
        conn_close(conn, "reset");
    } else if (sent > 0) {
        touch(conn);
    }
    return sent > 0 ? (size_t)sent : 0;
}

static void queue_rest(struct conn *conn, struct span rest)
{
    buffer_put_span(&conn->unsent, rest);
    if (conn->unsent.failed) {
        conn_close(conn, "memory");
        return;
    }
    if (!conn->is_writing) {
        enlist(conn, &conn->loop->unsent);
        start_write(conn);
    }
}

void conn_flush(struct conn *conn)
{
    struct loop *loop = conn->loop;
    struct buffer *out = &loop->reply_scratch;
    if (loop->reply_owner != conn) {
        return;
    }
    loop->reply_owner = NULL;
    if (out->failed) {
        buffer_clear(out);
        conn_close(conn, "memory");
        return;
    }
    bool is_queued = false;
    if (out->len > 0 && !conn->is_closing) {
        size_t sent = conn_unsent(conn) == 0 ? try_write(conn, out) : 0;
        is_queued = sent < out->len && !conn->is_closing;
        if (is_queued) {
            struct span rest = {out->data + sent, out->len - sent};
            queue_rest(conn, rest);
        }
    }
    buffer_clear(out);
    if (out->capacity > SCRATCH_KEPT_BYTES) {
        buffer_deinit(out);
    }
    if (is_queued && !conn->is_closing) {
        settle_throttle(conn); // may deliver, and compose the next reply
    }
}

void conn_pause(struct conn *conn)
{
    conn->is_paused = true;
    settle_reading(conn);
}

void conn_resume(struct conn *conn)
{
    if (!conn->is_paused || conn->is_closing) {
        return;
    }
    conn->is_paused = false;
    settle_reading(conn);
    if (conn->input.len > 0 && !conn->is_throttled && !conn->is_finishing &&
        !conn->is_closing && !conn->is_delivering) {
        deliver(conn, conn->input.data, conn->input.len);
    }
}

void conn_finish(struct conn *conn)
{
    if (conn->is_closing || conn->is_finishing) {
        return;
    }
    conn->is_finishing = true;
    conn_flush(conn);
    if (conn->is_closing) {
        return;
    }
    if (!conn->is_delivering) {
        buffer_deinit(&conn->input); // else it is being read, by our caller
    }
    settle_reading(conn);
    if (!conn->is_writing && !conn->is_closing) {
        start_shutdown(conn);
    }
}

bool conn_is_open(const struct conn *conn)
{
    return !conn->is_closing && !conn->is_finishing;
}

void conn_narrow(struct conn *conn, size_t bytes)
{
    int size = (int)bytes; // 0 would ask for the size
    uv_send_buffer_size(&conn->uv.handle, &size);
}

bool conn_is_throttled(const struct conn *conn)
{
    return conn->is_throttled;
}

struct loop *conn_loop(const struct conn *conn)
{
    return conn->loop;
}

static void init_stream(struct conn *conn, uv_handle_type type)
{
    uv_loop_t *uv = &conn->loop->uv;
    int err = type == UV_TCP ? uv_tcp_init(uv, &conn->uv.tcp)
                             : uv_pipe_init(uv, &conn->uv.pipe, 0);
    CHECK(err == 0); // these calls only fill in structs
}

int conn_accept(struct conn **out, struct loop *loop, uv_stream_t *listening)
{
    *out = NULL;
    struct conn *conn = mem_calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return ERR_NOMEM;
    }
    conn->loop = loop;
    init_stream(conn, listening->type);
    conn->uv.handle.data = conn;
    loop->conns_count++;
    if (uv_accept((uv_stream_t *)listening, &conn->uv.stream) != 0) {
        conn_close(conn, "reset");
        return ERR_IO;
    }
    if (listening->type == UV_TCP) {
        // Both can only fail on a connection that is gone; reading tells.
        uv_tcp_nodelay(&conn->uv.tcp, 1);
        uv_tcp_keepalive(&conn->uv.tcp, 1, KEEPALIVE_S);
    }
    enlist(conn, &loop->quiet);
    *out = conn;
    return 0;
}

void conn_close_all(struct loop *loop)
{
    struct loop_conns *lists[] = {&loop->quiet, &loop->unsent,
                                  &loop->lingering};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (struct conn *conn; (conn = TAILQ_FIRST(lists[i])) != NULL;) {
            conn_close(conn, "closed");
        }
    }
}

void conn_bound(struct conn *conn, const struct conn_bounds *bounds)
{
    conn->bounds = *bounds;
    conn->input.len_max = bounds->input_max + LOOP_READ_BYTES;
    conn->unsent.len_max = bounds->unsent_max + LOOP_REPLY_BYTES_LIMIT;
}

void conn_start(struct conn *conn, const struct conn_owner *owner, void *user,
                const struct conn_bounds *bounds)
{
    CHECK(conn->owner == NULL && !conn->is_closing);
    conn->owner = owner;
    conn->user = user;
    conn_bound(conn, bounds);
    settle_reading(conn);
}

static void end_idle(struct loop *loop)
{
    struct conn *next;
    for (struct conn *conn = TAILQ_FIRST(&loop->quiet); conn != NULL;
         conn = next) {
        next = TAILQ_NEXT(conn, link);
        if (loop->now_ms - conn->active_ms < loop->idle_for_ms) {
            return;
        }
        if (conn->owner == NULL || conn->owner->on_idle(conn->user, conn)) {
            conn_close(conn, "idle");
        }
    }
}

/* Whether the peer has taken bytes since this was last asked: a long write ends
 * once, however steadily it goes. */
static bool has_progress(struct conn *conn)
{
    size_t before = conn->queued;
    conn->queued = uv_stream_get_write_queue_size(&conn->uv.stream);
    return conn->queued < before;
}

void conn_sweep(struct loop *loop)
{
    if (loop->idle_for_ms > 0) {
        end_idle(loop);
    }
    for (struct conn *conn; (conn = TAILQ_FIRST(&loop->unsent)) != NULL;) {
        if (loop->now_ms - conn->active_ms < CONN_STALL_MS) {
            return;
        }
        if (has_progress(conn)) {
            enlist(conn, &loop->unsent);
        } else {
            conn_reset(conn, "stalled");
        }
    }
}

void conn_print_peer(const struct conn *conn, char out[CONN_PEER_SIZE])
{
    snprintf(out, CONN_PEER_SIZE, "unix");
    if (conn->uv.handle.type != UV_TCP) {
        return;
    }
    struct address address = {.len = sizeof(address.storage)};
    int len = sizeof(address.storage);
    if (uv_tcp_getpeername(&conn->uv.tcp, (struct sockaddr *)&address.storage,
                           &len) == 0) {
        char text[ADDRESS_TEXT_SIZE];
        address_print(text, &address);
        snprintf(out, CONN_PEER_SIZE, "%.*s", CONN_PEER_SIZE - 1, text);
    }
}
