/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_ready_test.c -- what a connection waits for, and nothing else: a loop
 * that is told of bytes that nobody takes would turn for ever.  And what it
 * makes of failures, and of descriptors whose number is another's at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/conn.h"
#include "net/conn_priv.h"
#include "testing/testing.h"
#include "unit/net/pair.h"

/* Whether the kernel has anything to tell the loop: not, when it is settled. */
static bool is_told_something(const struct pair *pair)
{
    struct pollfd backend = {.fd = uv_backend_fd(&pair->loop.uv),
                             .events = POLLIN};
    int count = poll(&backend, 1, 0);
    assert_true(count >= 0);
    return count > 0;
}

static void assert_settled(struct pair *pair)
{
    pair_settle(pair);
    assert_false(is_told_something(pair));
}

/* --- Nothing is waited for in vain -----------------------------------------
 */

static size_t pause_and_take(struct pair *pair, char *bytes, size_t len)
{
    (void)bytes;
    conn_pause(pair->conn);
    return len;
}

static void paused_connection_lets_the_loop_sleep(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_and_take};
    pair_open(&pair);
    for (unsigned i = 1; i < 4; i++) {
        pair_deliver(&pair, "a");
        assert_settled(&pair);
        pair_send_text(&pair, "b");
        assert_settled(&pair);
        assert_int_equal(pair.calls, 2 * i - 1);
        conn_resume(pair.conn);
        PAIR_UNTIL(&pair, pair.calls == 2 * i);
        conn_resume(pair.conn);
    }
    pair_end(&pair);
}

static void half_closed_peer_lets_the_loop_sleep(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    assert_int_equal(shutdown(pair.peer, SHUT_WR), 0);
    PAIR_UNTIL(&pair, pair.ends > 0);
    assert_settled(&pair);
    conn_pause(pair.conn);
    conn_resume(pair.conn);
    assert_settled(&pair);
    buffer_put_text(conn_output(pair.conn), "answer");
    conn_flush(pair.conn);
    pair_expect(&pair, "answer");
    assert_settled(&pair);
    assert_int_equal(pair.ends, 1);
    conn_finish(pair.conn);
    assert_int_equal(pair.closes, 0); // not from within
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "closed");
    pair_end(&pair);
}

#define LONG_REPLY 3000000u

static void compose_long(struct pair *pair)
{
    struct buffer *out = conn_output(pair->conn);
    char *at = buffer_reserve(out, LONG_REPLY);
    CHECK(at != NULL);
    memset(at, 'x', LONG_REPLY);
    out->len += LONG_REPLY;
}

/* It has ended, and does not read: neither is there anything to do. */
static void half_closed_peer_that_does_not_read_lets_the_loop_sleep(
    void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    compose_long(&pair);
    conn_finish(pair.conn);
    assert_int_equal(shutdown(pair.peer, SHUT_WR), 0);
    assert_settled(&pair);
    assert_true(conn_unsent(pair.conn) > 0);
    struct buffer got = buffer_empty(LONG_REPLY + 10);
    assert_int_equal(pair_receive_all(&pair, &got, LONG_REPLY + 1), 0);
    assert_int_equal(got.len, LONG_REPLY);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "closed");
    buffer_deinit(&got);
    pair_end(&pair);
}

static void throttled_connection_lets_the_loop_sleep(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000, .bounds = {65536, 1000}};
    pair_open(&pair);
    compose_long(&pair);
    conn_flush(pair.conn);
    assert_true(conn_is_throttled(pair.conn));
    pair_send_text(&pair, "more");
    assert_settled(&pair);
    assert_int_equal(pair.calls, 0);
    struct buffer got = buffer_empty(LONG_REPLY);
    pair_receive_all(&pair, &got, LONG_REPLY);
    PAIR_UNTIL(&pair, pair.calls == 1);
    assert_settled(&pair); // nor does room to write wake it any more
    buffer_deinit(&got);
    pair_end(&pair);
}

/* --- Fairness --------------------------------------------------------------
 */

static void turn_reads_no_more_than_the_scratch(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 4 * LOOP_READ_BYTES};
    pair_open(&pair);
    char *bytes = mem_calloc(1, 3 * LOOP_READ_BYTES);
    assert_non_null(bytes);
    size_t sent = 0;
    ssize_t len;
    while (sent < 3 * LOOP_READ_BYTES &&
           (len = send(pair.peer, bytes, 3 * LOOP_READ_BYTES - sent,
                       MSG_DONTWAIT)) > 0) {
        sent += (size_t)len;
    }
    while (pair.consumed.len < sent) {
        unsigned before = pair.calls;
        pair_turn(&pair, true);
        assert_true(pair.calls <= before + 1);
        assert_true(pair.offered <= LOOP_READ_BYTES);
    }
    assert_true(pair.calls >= sent / LOOP_READ_BYTES);
    mem_free(bytes);
    pair_end(&pair);
}

/* --- Failures --------------------------------------------------------------
 */

static void reset_now(struct pair *pair)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(pair->peer, SOL_SOCKET, SO_LINGER, &at_once,
                                sizeof(at_once)),
                     0);
    pair_hang_up(pair);
}

static void reset_of_a_paused_connection_is_seen_when_it_goes_on(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_and_take};
    pair_open(&pair);
    pair_deliver(&pair, "x");
    reset_now(&pair);
    assert_settled(&pair);
    assert_int_equal(pair.closes, 0);
    conn_resume(pair.conn);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "reset");
    assert_int_equal(pair.ends, 0);
    pair_end(&pair);
}

static void reset_while_bytes_are_unsent_is_seen_at_once(void **state)
{
    (void)state;
    for (int is_finishing = 0; is_finishing < 2; is_finishing++) {
        struct pair pair = {.buffer_bytes = 20000, .bounds = {65536, 1000}};
        pair_open(&pair);
        compose_long(&pair);
        if (is_finishing) {
            conn_finish(pair.conn);
        } else {
            conn_flush(pair.conn); // throttled: it is not read from
        }
        assert_true(conn_unsent(pair.conn) > 0);
        reset_now(&pair);
        PAIR_UNTIL(&pair, pair.closes > 0);
        assert_string_equal(pair.why, "reset");
        pair_end(&pair);
    }
}

static void sending_to_a_peer_that_reset_closes(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_and_take};
    pair_open(&pair);
    pair_deliver(&pair, "x");
    reset_now(&pair);
    pair_settle(&pair);
    buffer_put_text(conn_output(pair.conn), "answer");
    conn_flush(pair.conn);
    assert_int_equal(pair.closes, 1);
    assert_string_equal(pair.why, "reset");
    pair_end(&pair);
}

static void finishing_towards_a_peer_that_reset_closes(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_and_take};
    pair_open(&pair);
    pair_deliver(&pair, "x");
    reset_now(&pair);
    pair_settle(&pair);
    conn_finish(pair.conn);
    PAIR_UNTIL(&pair, pair.closes > 0);
    pair_end(&pair);
}

static size_t finish_within(struct pair *pair, char *bytes, size_t len)
{
    buffer_put(conn_output(pair->conn), bytes, len);
    conn_finish(pair->conn);
    assert_int_equal(pair->closes, 0); // what is ours is still there
    assert_false(conn_is_open(pair->conn));
    return len;
}

static void finishing_from_within_closes_behind_on_bytes(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = finish_within};
    pair_open(&pair);
    pair_send_text(&pair, "QUIT");
    reset_now(&pair);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_int_equal(pair.calls, 1); // the bytes came before the reset
    assert_string_equal(pair.why, "reset");
    pair_end(&pair);
}

/* A file can't be waited for. */
static void descriptor_that_cannot_be_polled_is_closed(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "127.0.0.1:0");
    char path[] = "/tmp/connXXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    struct conn *conn;
    assert_int_equal(conn_accept(&conn, &pair.loop, fd), ERR_IO);
    assert_null(conn);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    pair_end(&pair);
}

static void oom_closes_the_descriptor(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "127.0.0.1:0");
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    mem_fail_nth(1);
    struct conn *conn;
    assert_int_equal(conn_accept(&conn, &pair.loop, fds[0]), ERR_NOMEM);
    mem_fail_nth(0);
    assert_null(conn);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    close(fds[1]);
    pair_end(&pair);
}

/* --- Unix sockets ----------------------------------------------------------
 */

/* A connection over a Unix socket in place of the one that was accepted. */
static void open_unix(struct pair *pair)
{
    pair_open_on(pair, "127.0.0.1:0");
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                     0);
    struct conn *conn;
    assert_int_equal(conn_accept(&conn, &pair->loop, fds[0]), 0);
    pair->peer = fds[1];
    pair_on_accept(pair, conn);
}

static void unix_socket_ends_as_tcp_does(void **state)
{
    (void)state;
    for (int resets = 0; resets < 2; resets++) {
        struct pair pair = {0};
        open_unix(&pair);
        pair_deliver(&pair, "hi");
        buffer_put_text(conn_output(pair.conn), "ho");
        if (resets) {
            conn_flush(pair.conn);
            conn_reset(pair.conn, "cut"); // there is none: an end
        } else {
            conn_finish(pair.conn);
        }
        struct buffer got = buffer_empty(10);
        assert_int_equal(pair_receive_all(&pair, &got, 3), 0);
        assert_true(span_equal(buffer_span(&got), span_of("ho")));
        pair_hang_up(&pair);
        PAIR_UNTIL(&pair, pair.closes > 0);
        buffer_deinit(&got);
        pair_end(&pair);
    }
}

/* A peer that closes with bytes unread resets a Unix socket. */
static void unix_peer_that_reads_nothing_is_noticed(void **state)
{
    (void)state;
    struct pair pair = {0};
    open_unix(&pair);
    buffer_put_text(conn_output(pair.conn), "never read");
    conn_flush(pair.conn);
    pair_send_text(&pair, "last words");
    pair_hang_up(&pair);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_true(span_equal(buffer_span(&pair.consumed), span_of("last words")));
    assert_string_equal(pair.why, "reset");
    pair_end(&pair);
}

static void sending_to_a_peer_that_is_gone_raises_no_signal(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_and_take};
    open_unix(&pair);
    pair_deliver(&pair, "x");
    pair_hang_up(&pair);
    buffer_put_text(conn_output(pair.conn), "answer");
    conn_flush(pair.conn);
    assert_int_equal(pair.closes, 1);
    assert_string_equal(pair.why, "reset");
    pair_end(&pair);
}

/* --- Descriptors -----------------------------------------------------------
 */

/* Connections of one loop: the first that is read closes all, and makes as many
 * new ones, whose descriptors have the numbers of the old. */
#define GROUP 8

struct group {
    struct loop loop;
    const struct conn_owner *owner;
    struct conn *conns[GROUP];
    int peers[GROUP];
    int old_peers[GROUP];
    unsigned reads;
    unsigned reads_of_new;
    unsigned closes;
    bool is_renewed;
};

static void open_member(struct group *group, size_t at)
{
    int fds[2];
    int err = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    CHECK(err == 0);
    err = conn_accept(&group->conns[at], &group->loop, fds[0]);
    CHECK(err == 0);
    group->peers[at] = fds[1];
    const struct conn_bounds bounds = {1000, 1000};
    conn_start(group->conns[at], group->owner, group, &bounds);
}

static size_t group_on_bytes(void *user, struct conn *conn, char *bytes,
                             size_t len)
{
    struct group *group = user;
    (void)conn;
    group->reads++;
    if (bytes[0] == 'n') {
        group->reads_of_new++;
    }
    if (group->is_renewed) {
        return len;
    }
    group->is_renewed = true;
    for (size_t i = 0; i < GROUP; i++) {
        conn_close(group->conns[i], "closed");
    }
    for (size_t i = 0; i < GROUP; i++) {
        group->old_peers[i] = group->peers[i];
        open_member(group, i);
    }
    return len;
}

static void group_on_closed(void *user, struct conn *conn, const char *why)
{
    struct group *group = user;
    (void)conn;
    (void)why;
    group->closes++;
}

static const struct conn_owner group_owner = {
    .on_bytes = group_on_bytes,
    .on_closed = group_on_closed,
};

static void descriptors_may_be_anothers_in_the_same_turn(void **state)
{
    (void)state;
    struct group group = {.owner = &group_owner};
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&group.loop, &options), 0);
    for (size_t i = 0; i < GROUP; i++) {
        open_member(&group, i);
        assert_int_equal(send(group.peers[i], "o", 1, 0), 1);
    }
    uv_run(&group.loop.uv, UV_RUN_NOWAIT);
    assert_true(group.is_renewed);
    assert_int_equal(group.reads, 1); // the others were closed before
    assert_int_equal(group.closes, GROUP);
    for (size_t i = 0; i < GROUP; i++) {
        assert_int_equal(send(group.peers[i], "n", 1, 0), 1);
    }
    uv_run(&group.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(group.reads_of_new, GROUP);
    assert_int_equal(group.reads, 1 + GROUP);
    for (size_t i = 0; i < GROUP; i++) {
        close(group.peers[i]);
        close(group.old_peers[i]);
    }
    loop_deinit(&group.loop);
    assert_int_equal(group.closes, 2 * GROUP);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(paused_connection_lets_the_loop_sleep),
    cmocka_unit_test(half_closed_peer_lets_the_loop_sleep),
    cmocka_unit_test(half_closed_peer_that_does_not_read_lets_the_loop_sleep),
    cmocka_unit_test(throttled_connection_lets_the_loop_sleep),
    cmocka_unit_test(turn_reads_no_more_than_the_scratch),
    cmocka_unit_test(reset_of_a_paused_connection_is_seen_when_it_goes_on),
    cmocka_unit_test(reset_while_bytes_are_unsent_is_seen_at_once),
    cmocka_unit_test(sending_to_a_peer_that_reset_closes),
    cmocka_unit_test(finishing_towards_a_peer_that_reset_closes),
    cmocka_unit_test(finishing_from_within_closes_behind_on_bytes),
    cmocka_unit_test(descriptor_that_cannot_be_polled_is_closed),
    cmocka_unit_test(oom_closes_the_descriptor),
    cmocka_unit_test(unix_socket_ends_as_tcp_does),
    cmocka_unit_test(unix_peer_that_reads_nothing_is_noticed),
    cmocka_unit_test(sending_to_a_peer_that_is_gone_raises_no_signal),
    cmocka_unit_test(descriptors_may_be_anothers_in_the_same_turn),
};

TEST_MAIN(tests)
