/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libuv's streams did the same with more work for each request: a callback for
 * memory, one for bytes, a request for each write.  Here libuv only says that a
 * socket is ready, and what is to be done is done: docs/decisions/0006.
 *
 * What libuv watches a socket for (`watched`) is what the connection waits for,
 * with one exception: a change costs two system calls, so a connection that is
 * paused is watched until bytes do come.
 */
#include "net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/burst.h"
#include "net/conn_priv.h"

/* One read's room in a connection's own input buffer, used when a request came
 * in pieces. */
#define INPUT_STEP_BYTES 16384

/* Above this the loop's scratch buffer is given back after a reply. */
#define SCRATCH_KEPT_BYTES (1u << 20)

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
    if (conn->loop->reply_owner == conn) {
        buffer_clear(&conn->loop->reply_scratch);
        conn->loop->reply_owner = NULL;
    }
    if (conn->gathered != NULL) {
        burst_drop(conn->loop->burst, conn->gathered);
        conn->gathered = NULL;
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

/* The number of the descriptor may be another's at once: libuv forgets it, and
 * what it still had to say of it in this turn. */
static void let_go(struct conn *conn)
{
    uv_close((uv_handle_t *)&conn->poll, on_uv_closed);
    close(conn->fd);
    conn->fd = -1;
}

void conn_close(struct conn *conn, const char *why)
{
    if (begin_close(conn, why)) {
        let_go(conn);
    }
}

void conn_reset(struct conn *conn, const char *why)
{
    if (begin_close(conn, why)) {
        // Where it fails, or is no TCP, the peer sees an end.
        const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        let_go(conn);
    }
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->unsent.len - conn->taken;
}

/* What there is a reason to wait for. */
static int wanted(const struct conn *conn)
{
    bool reads = false;
    if (conn->list == &conn->loop->lingering) {
        reads = true; // for the end, though it may have been seen before
    } else if (!conn->has_ended) {
        reads = conn->is_finishing || (conn->owner != NULL &&
                                       !conn->is_paused && !conn->is_throttled);
    }
    return (reads ? UV_READABLE : 0) |
           (conn_unsent(conn) > 0 ? UV_WRITABLE : 0);
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(struct conn *conn, int events)
{
    if (events == conn->watched) {
        return;
    }
    conn->watched = events;
    int err = events != 0 ? uv_poll_start(&conn->poll, events, on_ready)
                          : uv_poll_stop(&conn->poll);
    CHECK(err == 0); // the socket is its own
}

/* Wait for what there is a reason to. */
static void settle(struct conn *conn)
{
    if (conn->is_closing) {
        return;
    }
    // An end that came would come again and again.
    int kept = conn->has_ended ? 0 : conn->watched & UV_READABLE;
    watch(conn, wanted(conn) | kept);
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
    if (conn->is_finishing) { // from within, where it was put off
        conn->is_finishing = false;
        conn_finish(conn);
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
    conn_flush_reply(conn);
    if (!conn->is_closing && is_overrun(conn)) {
        conn_flush(conn); // what was answered is not to go with it
        conn_close(conn, "overrun");
    }
}

/* Where to put what came: into the loop's scratch, or behind what was left.
 * NULL where there is no room for it. */
static char *find_room(struct conn *conn, size_t *room)
{
    if (conn->input.len == 0) {
        *room = LOOP_READ_BYTES;
        return conn->loop->read_scratch;
    }
    *room = INPUT_STEP_BYTES;
    return buffer_reserve(&conn->input, INPUT_STEP_BYTES);
}

/* The peer's FIN came. */
static void take_end(struct conn *conn)
{
    conn->has_ended = true;
    if (!conn->is_finishing) {
        conn->owner->on_end(conn->user, conn);
    }
    if (conn->list == &conn->loop->lingering) {
        conn_close(conn, "closed");
    }
    settle(conn);
}

static void take(struct conn *conn, char *bytes, size_t len)
{
    if (conn->is_finishing) {
        return; // dropped
    }
    touch(conn);
    if (conn->input.len > 0) {
        conn->input.len += len;
        bytes = conn->input.data;
        len = conn->input.len;
    }
    deliver(conn, bytes, len);
}

/* Once a turn, so that the other connections have theirs, too. */
static void read_once(struct conn *conn)
{
    size_t room;
    char *into = find_room(conn, &room);
    if (into == NULL) {
        conn_close(conn, is_overrun(conn) ? "overrun" : "memory");
        return;
    }
    ssize_t got = recv(conn->fd, into, room, 0);
    if (got > 0) {
        take(conn, into, (size_t)got);
    } else if (got == 0) {
        take_end(conn);
    } else if (errno != EAGAIN && errno != EINTR) {
        conn_close(conn, "reset");
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

/* All is sent: say so, and let the peer read. */
static void begin_linger(struct conn *conn)
{
    struct loop *loop = conn->loop;
    if (!conn->has_ended) {
        // Where it fails the peer is gone, which reading tells.
        shutdown(conn->fd, SHUT_WR);
    }
    if (TAILQ_EMPTY(&loop->lingering)) {
        uv_timer_start(&loop->linger, on_linger, CONN_LINGER_MS, 0);
    }
    enlist(conn, &loop->lingering);
    settle(conn);
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
    settle(conn);
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

/* Take what send() answered, or its negative errno; returns how many bytes the
 * kernel took. */
static size_t count_sent(struct conn *conn, ssize_t answer)
{
    if (answer >= 0) {
        return (size_t)answer;
    }
    if (answer != -EAGAIN && answer != -EINTR && answer != -ENOBUFS) {
        conn_close(conn, "reset");
    }
    return 0;
}

/* Send what the kernel takes at once; returns how many bytes that was. */
static size_t send_once(struct conn *conn, struct span bytes)
{
    ssize_t sent = send(conn->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
    return sent >= 0 ? (size_t)sent : count_sent(conn, -errno);
}

static void send_unsent(struct conn *conn)
{
    struct span rest = {conn->unsent.data + conn->taken, conn_unsent(conn)};
    size_t sent = send_once(conn, rest);
    if (sent == 0) {
        return;
    }
    conn->taken += sent;
    if (conn_unsent(conn) > 0) {
        enlist(conn, conn->list);
    } else {
        buffer_deinit(&conn->unsent);
        conn->taken = 0;
        enlist(conn, &conn->loop->quiet);
        if (conn->is_finishing) {
            begin_linger(conn);
            return;
        }
    }
    settle_throttle(conn); // may deliver, and compose a reply
    tell_drained(conn);
}

/* The socket can be read, written, or has failed. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = poll->data;
    loop_wake(conn->loop);
    bool has_failed = status < 0;
    if (has_failed) { // recv() and send() tell how, behind what came before
        conn->watched = 0; // libuv has stopped
        events = UV_READABLE | UV_WRITABLE;
    }
    bool is_read = (events & wanted(conn) & UV_READABLE) != 0;
    if (is_read) {
        read_once(conn);
    }
    if ((events & UV_WRITABLE) != 0 && !conn->is_closing &&
        conn_unsent(conn) > 0) {
        send_unsent(conn);
    }
    bool is_in_vain = (events & UV_READABLE) != 0 && !is_read;
    if ((has_failed || is_in_vain) && !conn->is_closing) {
        watch(conn, wanted(conn));
    }
}

struct buffer *conn_output(struct conn *conn)
{
    struct loop *loop = conn->loop;
    CHECK(loop->reply_owner == NULL || loop->reply_owner == conn);
    loop->reply_owner = conn;
    return &loop->reply_scratch;
}

/* Keep what the kernel did not take. */
static void queue_rest(struct conn *conn, struct span rest)
{
    if (conn->taken > 0 && conn->taken >= conn_unsent(conn)) {
        buffer_drop_front(&conn->unsent, conn->taken);
        conn->taken = 0;
    }
    buffer_put_span(&conn->unsent, rest);
    if (conn->unsent.failed) {
        conn_close(conn, "memory");
    } else if (conn->list != &conn->loop->unsent) {
        enlist(conn, &conn->loop->unsent);
    }
}

void conn_end_gathered(struct conn *conn)
{
    const struct ring_send *entry = conn->gathered;
    conn->gathered = NULL;
    size_t sent = count_sent(conn, burst_answer(conn->loop->burst, entry));
    touch(conn);
    bool is_queued = sent < entry->len && !conn->is_closing;
    if (is_queued) {
        const char *bytes = entry->bytes;
        queue_rest(conn, (struct span){bytes + sent, entry->len - sent});
    }
    burst_drop(conn->loop->burst, entry);
    if (is_queued && !conn->is_closing) {
        settle_throttle(conn); // may deliver, and compose a reply
    }
}

void conn_flush_with_others(struct conn *conn)
{
    struct loop *loop = conn->loop;
    struct buffer *out = &loop->reply_scratch;
    if (loop->burst != NULL && loop->reply_owner == conn && !out->failed &&
        out->len > 0 && conn->gathered == NULL && conn_unsent(conn) == 0) {
        conn->gathered =
            burst_add(loop->burst, conn, conn->fd, buffer_span(out));
        if (conn->gathered != NULL) {
            buffer_clear(out);
            loop->reply_owner = NULL;
        }
    }
    if (loop->reply_owner == conn) {
        conn_flush(conn);
    }
}

void conn_flush(struct conn *conn)
{
    struct loop *loop = conn->loop;
    struct buffer *out = &loop->reply_scratch;
    if (conn->gathered != NULL) {
        conn_end_gathered(conn);
    }
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
        size_t sent = 0;
        if (conn_unsent(conn) == 0) {
            sent = send_once(conn, buffer_span(out));
            touch(conn);
        }
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
    conn->is_paused = true; // and watched, until bytes come
}

void conn_resume(struct conn *conn)
{
    if (!conn->is_paused || conn->is_closing) {
        return;
    }
    conn->is_paused = false;
    settle(conn);
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
    if (conn->is_delivering) {
        return; // our caller is not to be gone within its own on_bytes()
    }
    conn_flush(conn);
    if (conn->is_closing) {
        return;
    }
    buffer_deinit(&conn->input);
    if (conn_unsent(conn) == 0) {
        begin_linger(conn);
    } else {
        settle(conn);
    }
}

bool conn_is_open(const struct conn *conn)
{
    return !conn->is_closing && !conn->is_finishing;
}

void conn_narrow(struct conn *conn, size_t bytes)
{
    int size = (int)bytes;
    setsockopt(conn->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

bool conn_is_throttled(const struct conn *conn)
{
    return conn->is_throttled;
}

struct loop *conn_loop(const struct conn *conn)
{
    return conn->loop;
}

int conn_accept(struct conn **out, struct loop *loop, int fd)
{
    *out = NULL;
    struct conn *conn = mem_calloc(1, sizeof(*conn));
    if (conn == NULL) {
        close(fd);
        return ERR_NOMEM;
    }
    if (uv_poll_init(&loop->uv, &conn->poll, fd) != 0) {
        close(fd);
        mem_free(conn);
        return ERR_IO;
    }
    conn->poll.data = conn;
    conn->fd = fd;
    conn->loop = loop;
    loop->conns_count++;
    enlist(conn, &loop->quiet);
    *out = conn;
    return 0;
}

void conn_bound(struct conn *conn, const struct conn_bounds *bounds)
{
    conn->bounds = *bounds;
    conn->input.len_max = bounds->input_max + LOOP_READ_BYTES;
    // Up to half of it may have been taken.
    conn->unsent.len_max = 2 * (bounds->unsent_max + LOOP_REPLY_BYTES_LIMIT);
}

void conn_start(struct conn *conn, const struct conn_owner *owner, void *user,
                const struct conn_bounds *bounds)
{
    CHECK(conn->owner == NULL && !conn->is_closing);
    conn->owner = owner;
    conn->user = user;
    conn_bound(conn, bounds);
    settle(conn);
}

void conn_print_peer(const struct conn *conn, char out[CONN_PEER_SIZE])
{
    struct address address = {.len = sizeof(address.storage)};
    char text[ADDRESS_TEXT_SIZE] = "unix";
    if (getpeername(conn->fd, (struct sockaddr *)&address.storage,
                    &address.len) == 0 &&
        address.storage.ss_family != AF_UNIX) {
        address_print(text, &address);
    }
    snprintf(out, CONN_PEER_SIZE, "%.*s", CONN_PEER_SIZE - 1, text);
}
