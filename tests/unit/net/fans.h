/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fans.h -- many connections of a loop that has a burst, and their peers, plain
 * sockets, all in the test's one thread.
 */

#pragma once

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/burst.h"
#include "net/conn_priv.h"
#include "testing/testing.h"

#define PEERS 40 /* more than BURST_TOGETHER_MIN */

enum how { PLAIN, RING };

struct fan {
    struct room *room;
    size_t number;
    struct conn *conn; // NULL: closed
    int peer;
    const char *why;
    unsigned drains;
};

/* A loop with a burst, and connections to plain sockets. */
struct room {
    struct loop loop;
    struct fan fans[PEERS];
    size_t closes;
    void (*on_closed)(struct room *room, struct fan *fan);
    size_t (*on_bytes)(struct fan *fan, size_t len);
};

IMPLEMENTS(on_bytes)
static inline size_t on_bytes(void *user, struct conn *conn, char *bytes,
                              size_t len)
{
    (void)conn;
    (void)bytes;
    struct fan *fan = user;
    return fan->room->on_bytes != NULL ? fan->room->on_bytes(fan, len) : len;
}

IMPLEMENTS(on_end)
static inline void on_end(void *user, struct conn *conn)
{
    (void)user;
    conn_finish(conn);
}

IMPLEMENTS(on_idle)
static inline bool on_idle(void *user, struct conn *conn)
{
    (void)user;
    (void)conn;
    return false;
}

IMPLEMENTS(on_drained)
static inline void on_drained(void *user, struct conn *conn)
{
    (void)conn;
    ((struct fan *)user)->drains++;
}

IMPLEMENTS(on_closed)
static inline void on_closed(void *user, struct conn *conn, const char *why)
{
    struct fan *fan = user;
    CHECK(fan->conn == conn); // once
    fan->conn = NULL;
    fan->why = why;
    fan->room->closes++;
    if (fan->room->on_closed != NULL) {
        fan->room->on_closed(fan->room, fan);
    }
}

static const struct conn_owner owner = {
    .on_bytes = on_bytes,
    .on_end = on_end,
    .on_idle = on_idle,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

/* Whether this process may have a ring. */
static inline bool has_rings(void)
{
    struct ring *ring;
    bool has = ring_open(&ring, BURST_LIMIT) == 0;
    ring_close(&ring);
    return has;
}

/* A loop without connections yet. */
static inline void open_loop(struct room *room, enum how how)
{
    *room = (struct room){0};
    struct loop_options options = {0};
    assert_int_equal(loop_init(&room->loop, &options), 0);
    assert_int_equal(burst_create(&room->loop.burst), 0);
    if (how == RING) {
        assert_int_equal(burst_open_ring(room->loop.burst), 0);
    }
}

static inline void connect_fan(struct room *room, size_t i)
{
    const struct conn_bounds bounds = {65536, 1u << 20};
    struct fan *fan = &room->fans[i];
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                     0);
    *fan = (struct fan){.room = room, .number = i, .peer = fds[0], .why = ""};
    assert_int_equal(conn_accept(&fan->conn, &room->loop, fds[1]), 0);
    conn_start(fan->conn, &owner, fan, &bounds);
}

static inline void open_room(struct room *room, enum how how)
{
    open_loop(room, how);
    for (size_t i = 0; i < PEERS; i++) {
        connect_fan(room, i);
    }
}

static inline void turn(struct room *room)
{
    for (int i = 0; i < 20; i++) {
        uv_run(&room->loop.uv, UV_RUN_NOWAIT);
    }
}

static inline void end_room(struct room *room)
{
    loop_deinit(&room->loop);
    for (size_t i = 0; i < PEERS; i++) {
        assert_null(room->fans[i].conn);
        if (room->fans[i].peer >= 0) {
            close(room->fans[i].peer);
        }
    }
}

static inline void hang_up(struct fan *fan)
{
    close(fan->peer);
    fan->peer = -1;
}

/* Put text by for a connection that is still there. */
static inline void put_by(struct fan *fan, const char *text)
{
    if (fan->conn != NULL) {
        buffer_put_text(conn_output(fan->conn), text);
        conn_flush_with_others(fan->conn);
    }
}

static inline void tell_all(struct room *room, const char *text)
{
    for (size_t i = 0; i < PEERS; i++) {
        put_by(&room->fans[i], text);
    }
}

/* What a peer has got so far. */
static inline size_t receive(const struct fan *fan, char *out, size_t size)
{
    size_t len = 0;
    for (ssize_t got;
         len < size &&
         (got = recv(fan->peer, out + len, size - len, MSG_DONTWAIT)) > 0;) {
        len += (size_t)got;
    }
    return len;
}

static inline void expect(const struct fan *fan, const char *text)
{
    char got[256];
    size_t len = receive(fan, got, sizeof(got) - 1);
    got[len] = '\0';
    assert_string_equal(got, text);
}

/* Each test is run in both ways. */
static inline void each_way(void (*test)(enum how how))
{
    test(PLAIN);
    if (!has_rings()) {
        print_message("no io_uring here (%s): that half is left out\n",
                      strerror(errno));
        return;
    }
    test(RING);
}
