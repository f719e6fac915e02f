/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener_accept_test.c -- what is accepted is set up, a turn accepts a few,
 * and where descriptors run out those who come are turned away and the loop
 * sleeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/listener.h"
#include "testing/testing.h"
#include "unit/net/pair.h"

/* The loop's end of a connection, found by the address of the peer's. */
static int accepted_end(int peer)
{
    struct sockaddr_in mine = {0};
    struct sockaddr_in theirs = {0};
    socklen_t len = sizeof(mine);
    assert_int_equal(getsockname(peer, (struct sockaddr *)&mine, &len), 0);
    for (int fd = 0; fd < 1000; fd++) {
        len = sizeof(theirs);
        if (getpeername(fd, (struct sockaddr *)&theirs, &len) == 0 &&
            theirs.sin_family == AF_INET && theirs.sin_port == mine.sin_port) {
            return fd;
        }
    }
    return -1;
}

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
    return value;
}

static void accepted_sockets_have_what_the_listener_was_set_to(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    int fd = accepted_end(pair.peer);
    assert_true(fd >= 0);
    assert_true(option_of(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
    assert_true(option_of(fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 10);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    pair_end(&pair);
}

/* A listener whose connections are counted and closed. */
struct counting {
    struct loop loop;
    struct address address;
    struct listener *listener;
    unsigned accepted;
    unsigned closes_at; // the listener, from within; 0: never
};

IMPLEMENTS(listener_accept_fn)
static void count_and_close(void *user, struct conn *conn)
{
    struct counting *counting = user;
    counting->accepted++;
    conn_close(conn, "closed");
    if (counting->accepted == counting->closes_at) {
        listener_close(&counting->listener);
    }
}

static void listen_on(struct counting *counting)
{
    counting->address = (struct address){0};
    assert_int_equal(address_parse(&counting->address, "127.0.0.1:0"), 0);
    int fd = listener_bind(&counting->address, true);
    assert_true(fd >= 0);
    assert_int_equal(listener_open(&counting->listener, &counting->loop, fd,
                                   count_and_close, counting),
                     0);
}

static void open_counting(struct counting *counting)
{
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&counting->loop, &options), 0);
    listen_on(counting);
}

static int dial(const struct counting *counting)
{
    const struct pair pair = {.address = counting->address};
    return pair_dial(&pair);
}

static void end_counting(struct counting *counting)
{
    listener_close(&counting->listener);
    loop_deinit(&counting->loop);
}

#define CROWD 40

static void turn_accepts_some_and_not_all(void **state)
{
    (void)state;
    struct counting counting = {0};
    open_counting(&counting);
    int peers[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        peers[i] = dial(&counting);
    }
    unsigned turns = 0;
    while (counting.accepted < CROWD) {
        unsigned before = counting.accepted;
        uv_run(&counting.loop.uv, UV_RUN_ONCE);
        assert_true(counting.accepted <= before + 16);
        turns++;
    }
    assert_true(turns >= 3);
    for (size_t i = 0; i < CROWD; i++) {
        close(peers[i]);
    }
    end_counting(&counting);
}

static void listener_may_be_closed_by_what_it_accepts(void **state)
{
    (void)state;
    struct counting counting = {.closes_at = 2};
    open_counting(&counting);
    int peers[4];
    for (size_t i = 0; i < 4; i++) {
        peers[i] = dial(&counting);
    }
    while (counting.listener != NULL) {
        uv_run(&counting.loop.uv, UV_RUN_ONCE);
    }
    for (int i = 0; i < 10; i++) {
        uv_run(&counting.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(counting.accepted, 2);
    for (size_t i = 0; i < 4; i++) {
        close(peers[i]);
    }
    end_counting(&counting);
}

/* Let the process have no descriptor of `least` or above that it has not yet.
 */
static struct rlimit forbid_files_from(int least)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {(rlim_t)least, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

static int lowest_free(void)
{
    int fd = dup(STDERR_FILENO);
    assert_true(fd >= 0);
    close(fd);
    return fd;
}

/* Wait for the other side's end. */
static void assert_turned_away(struct counting *counting, int peer)
{
    char byte;
    ssize_t len;
    while ((len = recv(peer, &byte, 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN) {
        uv_run(&counting->loop.uv, UV_RUN_NOWAIT);
    }
    assert_true(len == 0 || errno == ECONNRESET);
}

static bool is_told_something(const struct counting *counting)
{
    struct pollfd backend = {.fd = uv_backend_fd(&counting->loop.uv),
                             .events = POLLIN};
    return poll(&backend, 1, 0) > 0;
}

static void without_descriptors_who_comes_is_turned_away(void **state)
{
    (void)state;
    struct counting counting = {0};
    open_counting(&counting);
    int peers[3];
    for (size_t i = 0; i < 3; i++) {
        peers[i] = dial(&counting);
    }
    struct rlimit before = forbid_files_from(lowest_free());
    for (size_t i = 0; i < 3; i++) {
        assert_turned_away(&counting, peers[i]);
    }
    uv_run(&counting.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(counting.accepted, 0);
    assert_false(is_told_something(&counting)); // it does not turn for ever
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    int late = dial(&counting); // and goes on when there are some
    while (counting.accepted == 0) {
        uv_run(&counting.loop.uv, UV_RUN_ONCE);
    }
    for (size_t i = 0; i < 3; i++) {
        close(peers[i]);
    }
    close(late);
    end_counting(&counting);
}

/* Where even the spare one is lost, those who come wait, and the loop sleeps.
 */
static void without_any_descriptor_the_listener_rests(void **state)
{
    (void)state;
    struct counting counting = {0};
    open_counting(&counting);
    int peer = dial(&counting);
    struct rlimit before = forbid_files_from(3);
    for (int i = 0; i < 10; i++) {
        uv_run(&counting.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(counting.accepted, 0);
    assert_false(is_told_something(&counting));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    while (counting.accepted == 0) {
        uv_run(&counting.loop.uv, UV_RUN_ONCE);
    }
    // The spare one is there again.
    int second = dial(&counting);
    before = forbid_files_from(lowest_free());
    assert_turned_away(&counting, second);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(counting.accepted, 1);
    close(peer);
    close(second);
    end_counting(&counting);
}

static unsigned count_open(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1000; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void closing_gives_every_descriptor_back(void **state)
{
    (void)state;
    struct counting counting = {0};
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&counting.loop, &options), 0);
    unsigned before = count_open();
    for (int i = 0; i < 3; i++) {
        listen_on(&counting);
        listener_close(&counting.listener);
        assert_int_equal(count_open(), before);
    }
    loop_deinit(&counting.loop);
}

static void resting_listener_may_be_closed(void **state)
{
    (void)state;
    struct counting counting = {0};
    open_counting(&counting);
    int peer = dial(&counting);
    struct rlimit before = forbid_files_from(3);
    for (int i = 0; i < 10; i++) {
        uv_run(&counting.loop.uv, UV_RUN_NOWAIT);
    }
    listener_close(&counting.listener);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    end_counting(&counting);
    close(peer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(accepted_sockets_have_what_the_listener_was_set_to),
    cmocka_unit_test(turn_accepts_some_and_not_all),
    cmocka_unit_test(listener_may_be_closed_by_what_it_accepts),
    cmocka_unit_test(without_descriptors_who_comes_is_turned_away),
    cmocka_unit_test(without_any_descriptor_the_listener_rests),
    cmocka_unit_test(closing_gives_every_descriptor_back),
    cmocka_unit_test(resting_listener_may_be_closed),
};

TEST_MAIN(tests)
