/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burst_test.c -- many connections are sent to at once: with a ring, without
 * one, and with one that fails, the peers get the same bytes and the same ends
 * (2).  Where the system lets nobody have a ring, the tests of it are skipped,
 * and say so.
 */
#include "net/burst.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/conn_priv.h"
#include "testing/testing.h"
#include "unit/net/fans.h"

/* --- What is sent ----------------------------------------------------------
 */

static void try_everybody(enum how how)
{
    struct room room;
    open_room(&room, how);
    for (int round = 0; round < 3; round++) {
        tell_all(&room, "news ");
        expect(&room.fans[0], ""); // not yet
        assert_int_equal(conn_unsent(room.fans[0].conn), 0);
        assert_int_equal(conn_flush_gathered(&room.loop),
                         how == RING ? PEERS : 0);
        for (size_t i = 0; i < PEERS; i++) {
            expect(&room.fans[i], "news ");
        }
    }
    assert_int_equal(conn_flush_gathered(&room.loop), 0); // nothing is left
    end_room(&room);
}

static void everybody_gets_it(void **state)
{
    (void)state;
    each_way(try_everybody);
}

static void try_few(enum how how)
{
    struct room room;
    open_room(&room, how);
    for (size_t i = 0; i < BURST_TOGETHER_MIN - 1; i++) {
        put_by(&room.fans[i], "news");
    }
    assert_int_equal(conn_flush_gathered(&room.loop), 0);
    expect(&room.fans[0], "news");
    expect(&room.fans[BURST_TOGETHER_MIN - 2], "news");
    end_room(&room);
}

static void few_are_sent_to_one_by_one(void **state)
{
    (void)state;
    each_way(try_few);
}

/* (f) */
static void try_order(enum how how)
{
    struct room room;
    open_room(&room, how);
    tell_all(&room, "1");
    put_by(&room.fans[3], "2"); // the second time: both at once
    expect(&room.fans[3], "12");
    buffer_put_text(conn_output(room.fans[4].conn), "3");
    conn_flush(room.fans[4].conn);
    expect(&room.fans[4], "13");
    conn_flush(room.fans[5].conn); // with nothing besides
    expect(&room.fans[5], "1");
    conn_finish(room.fans[6].conn);
    expect(&room.fans[6], "1");
    put_by(&room.fans[3], "4");
    conn_flush_gathered(&room.loop);
    expect(&room.fans[3], "4");
    expect(&room.fans[4], "");
    expect(&room.fans[7], "1");
    end_room(&room);
}

static void inv1_bytes_of_a_connection_stay_in_order(void **state)
{
    (void)state;
    each_way(try_order);
}

static void try_too_much(enum how how)
{
    struct room room;
    open_room(&room, how);
    static char large[BURST_BYTES / 3 + 2];
    memset(large, 'x', sizeof(large) - 1);
    for (size_t i = 0; i < 3; i++) {
        assert_false(conn_has_gathered_many(&room.loop));
        put_by(&room.fans[i], large); // the third finds no room
    }
    static char got[sizeof(large)];
    assert_int_equal(receive(&room.fans[0], got, sizeof(got)), 0);
    assert_int_equal(receive(&room.fans[2], got, sizeof(got)),
                     sizeof(large) - 1);
    put_by(&room.fans[3], large + sizeof(large) / 2);
    assert_true(conn_has_gathered_many(&room.loop));
    conn_flush_gathered(&room.loop);
    assert_false(conn_has_gathered_many(&room.loop));
    assert_int_equal(receive(&room.fans[0], got, sizeof(got)),
                     sizeof(large) - 1);
    end_room(&room);
}

static void what_finds_no_room_is_sent_at_once(void **state)
{
    (void)state;
    each_way(try_too_much);
}

static void loop_without_a_burst_sends_at_once(void **state)
{
    (void)state;
    struct room room;
    open_room(&room, PLAIN);
    burst_destroy(&room.loop.burst);
    tell_all(&room, "news");
    expect(&room.fans[0], "news");
    assert_false(conn_has_gathered_many(&room.loop));
    assert_int_equal(conn_flush_gathered(&room.loop), 0);
    end_room(&room);
}

/* --- What does not go as it should -------------------------------------------
 */

/* (a) Some peers do not read: of theirs the kernel takes a part, or nothing. */
static void try_full(enum how how)
{
    struct room room;
    open_room(&room, how);
    static char piece[4096];
    memset(piece, 'p', sizeof(piece));
    size_t sent[PEERS] = {0};
    for (size_t i = 0; i < PEERS; i += 3) {
        struct fan *fan = &room.fans[i];
        // Room for a part of what comes next is left with every other one.
        for (size_t len = i % 2 == 0 ? 1 : sizeof(piece);
             conn_unsent(fan->conn) == 0;) {
            conn_narrow(fan->conn, 4096);
            buffer_put(conn_output(fan->conn), piece, len);
            conn_flush(fan->conn);
            sent[i] += len;
            if (i % 2 == 0 && sent[i] > 64) {
                break;
            }
        }
    }
    static char text[20000];
    memset(text, 't', sizeof(text) - 1);
    for (size_t i = 0; i < PEERS; i++) {
        buffer_put(conn_output(room.fans[i].conn), text, 3000);
        conn_flush_with_others(room.fans[i].conn);
        sent[i] += 3000;
    }
    conn_flush_gathered(&room.loop);
    static char got[1u << 20];
    for (size_t i = 0; i < PEERS; i++) {
        struct fan *fan = &room.fans[i];
        size_t len = 0;
        for (int turns = 0; len < sent[i]; turns++) {
            assert_true(turns < 1000);
            len += receive(fan, got + len, sizeof(got) - len);
            turn(&room); // what was left goes out as there is room
        }
        assert_int_equal(len, sent[i]);
        for (size_t at = 0; at < len; at++) {
            assert_int_equal(got[at], at < len - 3000 ? 'p' : 't');
        }
        assert_int_equal(conn_unsent(fan->conn), 0);
    }
    assert_int_equal(room.closes, 0);
    end_room(&room);
}

static void peers_that_do_not_read_get_the_rest_later(void **state)
{
    (void)state;
    each_way(try_full);
}

/* A socket that has no room at all answers EAGAIN, and its connection waits. */
static void try_nothing_taken(enum how how)
{
    struct room room;
    open_room(&room, how);
    struct fan *full = &room.fans[5];
    static const char piece[4096];
    int fd = full->conn->fd;
    while (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0) {
    }
    while (send(fd, piece, 1, MSG_NOSIGNAL) > 0) {
    }
    assert_int_equal(errno, EAGAIN);
    tell_all(&room, "news");
    conn_flush_gathered(&room.loop);
    assert_int_equal(conn_unsent(full->conn), 4);
    assert_int_equal(conn_unsent(room.fans[6].conn), 0);
    expect(&room.fans[6], "news");
    static char got[1u << 20];
    size_t len = 0;
    for (int turns = 0; conn_unsent(full->conn) > 0; turns++) {
        assert_true(turns < 1000);
        len += receive(full, got + len, sizeof(got) - len);
        turn(&room);
    }
    len += receive(full, got + len, sizeof(got) - len);
    assert_memory_equal(got + len - 4, "news", 4);
    assert_int_equal(full->drains, 1);
    end_room(&room);
}

static void full_socket_waits(void **state)
{
    (void)state;
    each_way(try_nothing_taken);
}

/* (b) */
static void try_gone(enum how how)
{
    struct room room;
    open_room(&room, how);
    tell_all(&room, "news");
    for (size_t i = 1; i < PEERS; i += 4) {
        hang_up(&room.fans[i]);
    }
    conn_flush_gathered(&room.loop);
    for (size_t i = 0; i < PEERS; i++) {
        if (i % 4 == 1) {
            assert_null(room.fans[i].conn);
            assert_string_equal(room.fans[i].why, "reset");
        } else {
            expect(&room.fans[i], "news");
        }
    }
    assert_int_equal(room.closes, PEERS / 4);
    end_room(&room);
}

static void peers_that_are_gone_end_their_own_connection(void **state)
{
    (void)state;
    each_way(try_gone);
}

/* (c) The end of one ends two others: one whose answer has been dealt with, and
 * one whose answer has not; and speaks to a third. */
static void end_neighbours(struct room *room, struct fan *fan)
{
    if (fan->number != 10) {
        return;
    }
    conn_close(room->fans[2].conn, "closed");
    conn_reset(room->fans[20].conn, "cut");
    conn_finish(room->fans[21].conn);
    buffer_put_text(conn_output(room->fans[22].conn), " more");
    conn_flush(room->fans[22].conn);
    put_by(&room->fans[23], " more");
    // From within it there is nothing to be done.
    assert_int_equal(conn_flush_gathered(&room->loop), 0);
}

static void try_neighbours(enum how how)
{
    struct room room;
    open_room(&room, how);
    room.on_closed = end_neighbours;
    tell_all(&room, "news");
    hang_up(&room.fans[10]);
    conn_flush_gathered(&room.loop);
    assert_int_equal(room.closes, 3);
    expect(&room.fans[2], "news"); // it was out already
    expect(&room.fans[21], "news");
    expect(&room.fans[22], "news more");
    expect(&room.fans[23], "news more");
    turn(&room); // they are freed
    tell_all(&room, "!");
    conn_flush_gathered(&room.loop);
    expect(&room.fans[22], "!");
    expect(&room.fans[39], "news!");
    end_room(&room);
}

static void connections_may_end_by_the_end_of_another(void **state)
{
    (void)state;
    each_way(try_neighbours);
}

/* One that is closed while its bytes wait takes none; nor does a connection
 * that gets the number of its descriptor. */
static void try_closed_before(enum how how)
{
    struct room room;
    open_room(&room, how);
    tell_all(&room, "news");
    int fd = room.fans[7].conn->fd;
    conn_close(room.fans[7].conn, "closed");
    expect(&room.fans[7], "");
    close(room.fans[7].peer);
    turn(&room);
    connect_fan(&room, 7);
    assert_true(room.fans[7].conn->fd == fd || room.fans[7].peer == fd);
    conn_flush_gathered(&room.loop);
    expect(&room.fans[7], "");
    expect(&room.fans[8], "news");
    end_room(&room);
}

static void closed_connection_is_sent_nothing(void **state)
{
    (void)state;
    each_way(try_closed_before);
}

/* Without memory to keep what a peer did not take, its connection ends, and no
 * other. */
static void try_no_memory(enum how how)
{
    TESTING_EACH_ALLOCATION(n)
    {
        testing_oom_arm(0);
        struct room room;
        open_room(&room, how);
        static const char piece[4096];
        for (size_t i = 4; i < 6; i++) {
            while (send(room.fans[i].conn->fd, piece, sizeof(piece),
                        MSG_NOSIGNAL) > 0) {
            }
            while (send(room.fans[i].conn->fd, piece, 1, MSG_NOSIGNAL) > 0) {
            }
        }
        tell_all(&room, "news");
        testing_oom_arm(n);
        conn_flush_gathered(&room.loop);
        bool has_failed = room.closes > 0;
        assert_true(room.closes <= 1);
        if (has_failed) {
            const struct fan *one = &room.fans[n == 1 ? 4 : 5];
            assert_string_equal(one->why, "memory");
        }
        expect(&room.fans[6], "news");
        end_room(&room);
    }
}

static void want_of_memory_ends_one_connection(void **state)
{
    (void)state;
    each_way(try_no_memory);
}

/* --- Rings that are refused, or fail -----------------------------------------
 */

/* Have a system call fail with EPERM in this process, as a container does. */
static void forbid(unsigned number)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* Run in a process of its own; 0 is success. */
static void in_a_child(int (*run)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* (d) */
static int be_refused(void)
{
    forbid(SYS_io_uring_setup);
    struct room room;
    open_room(&room, PLAIN);
    CHECK(burst_open_ring(room.loop.burst) == ERR_IO);
    CHECK(errno == EPERM || errno == ENOSYS);
    tell_all(&room, "news");
    CHECK(conn_flush_gathered(&room.loop) == 0);
    char got[8];
    CHECK(receive(&room.fans[39], got, sizeof(got)) == 4);
    end_room(&room);
    return 0;
}

static void where_rings_are_forbidden_it_goes_without(void **state)
{
    (void)state;
    in_a_child(be_refused);
}

static void no_memory_for_a_burst_or_a_ring(void **state)
{
    (void)state;
    struct burst *burst = NULL;
    testing_oom_arm(1);
    assert_int_equal(burst_create(&burst), ERR_NOMEM);
    assert_null(burst);
    testing_oom_arm(0);
    assert_int_equal(burst_create(&burst), 0);
    if (has_rings()) {
        testing_oom_arm(1);
        assert_int_equal(burst_open_ring(burst), ERR_NOMEM);
        testing_oom_arm(0);
        assert_null(burst->ring);
    }
    burst_destroy(&burst);
    assert_null(burst);
}

/* (e) The kernel takes none of what is submitted. */
static int fail_to_submit(void)
{
    struct room room;
    open_room(&room, RING);
    tell_all(&room, "1");
    CHECK(conn_flush_gathered(&room.loop) == PEERS);
    forbid(SYS_io_uring_enter);
    CHECK(freopen("/dev/null", "w", stderr) != NULL); // the log says so
    for (int i = 0; i < 2; i++) {
        tell_all(&room, "2");
        CHECK(conn_flush_gathered(&room.loop) == 0);
        CHECK(room.loop.burst->ring == NULL);
    }
    for (size_t i = 0; i < PEERS; i++) {
        char got[8];
        CHECK(receive(&room.fans[i], got, sizeof(got)) == 3);
        CHECK(memcmp(got, "122", 3) == 0);
    }
    end_room(&room);
    return 0;
}

static void ring_that_fails_is_given_up(void **state)
{
    (void)state;
    if (!has_rings()) {
        skip();
    }
    in_a_child(fail_to_submit);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(everybody_gets_it),
    cmocka_unit_test(few_are_sent_to_one_by_one),
    cmocka_unit_test(inv1_bytes_of_a_connection_stay_in_order),
    cmocka_unit_test(what_finds_no_room_is_sent_at_once),
    cmocka_unit_test(loop_without_a_burst_sends_at_once),
    cmocka_unit_test(peers_that_do_not_read_get_the_rest_later),
    cmocka_unit_test(full_socket_waits),
    cmocka_unit_test(peers_that_are_gone_end_their_own_connection),
    cmocka_unit_test(connections_may_end_by_the_end_of_another),
    cmocka_unit_test(closed_connection_is_sent_nothing),
    cmocka_unit_test(want_of_memory_ends_one_connection),
    cmocka_unit_test(where_rings_are_forbidden_it_goes_without),
    cmocka_unit_test(no_memory_for_a_burst_or_a_ring),
    cmocka_unit_test(ring_that_fails_is_given_up),
};

TEST_MAIN(tests)
