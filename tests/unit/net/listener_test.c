/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener_test.c -- binding refuses what others have, shares what is ours, and
 * replaces nothing but an abandoned socket.
 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "testing/testing.h"
#include "unit/net/pair.h"

static struct address parsed(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text), 0);
    return address;
}

static in_port_t port_of(const struct address *address)
{
    struct sockaddr_in in;
    memcpy(&in, &address->storage, sizeof(in));
    return ntohs(in.sin_port); // at the same place for IPv6
}

/* Somebody else's socket, listening on a port of its own choice. */
static int stranger(struct address *address, bool shares_port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    assert_true(fd >= 0);
    if (shares_port) {
        assert_int_equal(
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
    }
    *address = parsed("127.0.0.1:0");
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address->storage, address->len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(
        getsockname(fd, (struct sockaddr *)&address->storage, &address->len),
        0);
    return fd;
}

static void port_0_is_replaced_by_the_one_chosen(void **state)
{
    (void)state;
    const char *const texts[] = {"127.0.0.1:0", "[::1]:0", "*:0"};
    for (size_t i = 0; i < 3; i++) {
        struct address address = parsed(texts[i]);
        int fd = listener_bind(&address, true);
        assert_true(fd >= 0);
        assert_true(port_of(&address) > 0);
        struct address bound = {.len = sizeof(bound.storage)};
        assert_int_equal(
            getsockname(fd, (struct sockaddr *)&bound.storage, &bound.len), 0);
        assert_int_equal(port_of(&bound), port_of(&address));
        close(fd);
    }
}

static void further_calls_share_the_port(void **state)
{
    (void)state;
    struct address address = parsed("127.0.0.1:0");
    int first = listener_bind(&address, true);
    assert_true(first >= 0);
    int second = listener_bind(&address, false);
    assert_true(second >= 0);
    assert_int_equal(listener_bind(&address, true), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    close(first);
    close(second);
}

static void port_in_use_is_refused(void **state)
{
    (void)state;
    for (int shares_port = 0; shares_port <= 1; shares_port++) {
        struct address address;
        int fd = stranger(&address, shares_port != 0);
        in_port_t port = port_of(&address);
        errno = 0;
        assert_int_equal(listener_bind(&address, true), ERR_IO);
        assert_int_equal(errno, EADDRINUSE);
        assert_int_equal(port_of(&address), port);
        close(fd);
        // Free again at once.
        fd = listener_bind(&address, true);
        assert_true(fd >= 0);
        close(fd);
    }
}

static void every_address_includes_ipv4(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "*:0");
    in_port_t port = port_of(&pair.address);
    char text[64];
    snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    pair.address = parsed(text);
    pair_connect(&pair);
    char peer[CONN_PEER_SIZE];
    conn_print_peer(pair.conn, peer);
    assert_memory_equal(peer, "127.0.0.1:", 10);
    pair_deliver(&pair, "x");
    pair_end(&pair);
}

/* --- Unix sockets ----------------------------------------------------------
 */

struct folder {
    char path[32];
    char text[64]; // "unix:" and a file in it
};

static const char *file_in(const struct folder *folder)
{
    return folder->text + 5;
}

static void make_folder(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/listenerXXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->text, sizeof(folder->text), "unix:%s/s", folder->path);
}

static void drop_folder(const struct folder *folder)
{
    unlink(file_in(folder));
    assert_int_equal(rmdir(folder->path), 0);
}

static void unix_socket_is_bound_and_accepts(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    struct pair pair = {0};
    pair_open_on(&pair, folder.text);
    pair_connect(&pair);
    char peer[CONN_PEER_SIZE];
    conn_print_peer(pair.conn, peer);
    assert_string_equal(peer, "unix");
    pair_deliver(&pair, "hello");
    assert_true(span_equal(buffer_span(&pair.consumed), span_of("hello")));
    pair_end(&pair);
    drop_folder(&folder);
}

static void live_unix_socket_is_refused(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    struct address address = parsed(folder.text);
    int owner = listener_bind(&address, true);
    assert_true(owner >= 0);
    errno = 0;
    assert_int_equal(listener_bind(&address, true), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    int peer = socket(AF_UNIX, SOCK_STREAM, 0); // it still works
    assert_int_equal(
        connect(peer, (struct sockaddr *)&address.storage, address.len), 0);
    close(peer);
    close(owner);
    drop_folder(&folder);
}

static void abandoned_unix_socket_is_replaced(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    struct address address = parsed(folder.text);
    int owner = listener_bind(&address, true);
    assert_true(owner >= 0);
    close(owner); // the file stays
    assert_int_equal(access(file_in(&folder), F_OK), 0);
    int heir = listener_bind(&address, true);
    assert_true(heir >= 0);
    close(heir);
    drop_folder(&folder);
}

/* connect() says ECONNREFUSED of any file that is no socket, too. */
static void file_that_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    int fd = open(file_in(&folder), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    struct address address = parsed(folder.text);
    errno = 0;
    assert_int_equal(listener_bind(&address, true), ERR_IO);
    assert_int_equal(errno, EADDRINUSE);
    struct stat file;
    assert_int_equal(stat(file_in(&folder), &file), 0);
    assert_int_equal(file.st_size, 8);
    drop_folder(&folder);
}

static void folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct address address = parsed("unix:/no/such/folder/s");
    errno = 0;
    assert_int_equal(listener_bind(&address, true), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

/* --- Listeners -------------------------------------------------------------
 */

static void closing_leaves_connections_and_refuses_new_ones(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    listener_close(&pair.listener);
    assert_null(pair.listener);
    listener_close(&pair.listener);
    pair_settle(&pair);
    pair_deliver(&pair, "still here");
    int late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&pair.address.storage,
                             pair.address.len),
                     -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(late);
    pair_end(&pair);
}

static void connection_may_be_closed_instead_of_started(void **state)
{
    (void)state;
    struct pair pair = {.waits = true};
    pair_open(&pair);
    pair_send_text(&pair, "x");
    pair_settle(&pair);
    assert_int_equal(pair.calls, 0); // it reads nothing
    conn_close(pair.conn, "closed");
    pair.conn = NULL;
    struct buffer got = buffer_empty(10);
    ssize_t last = pair_receive_all(&pair, &got, 1);
    assert_true(last == 0 || last == -2);
    assert_int_equal(pair.closes, 0); // nobody owns it
    buffer_deinit(&got);
    pair_end(&pair);
}

static void descriptor_that_cannot_listen_is_closed(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "127.0.0.1:0");
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    close(fds[1]);
    struct listener *listener;
    assert_int_equal(
        listener_open(&listener, &pair.loop, fds[0], pair_on_accept, &pair),
        ERR_IO);
    assert_null(listener);
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    pair_end(&pair);
}

static void oom_closes_the_descriptor(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "127.0.0.1:0");
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct listener *listener;
        struct address address = parsed("127.0.0.1:0");
        int fd = listener_bind(&address, true);
        int err =
            listener_open(&listener, &pair.loop, fd, pair_on_accept, &pair);
        assert_true(err == 0 || (err == ERR_NOMEM && listener == NULL));
        failures += err != 0;
        listener_close(&listener);
        pair_settle(&pair);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    }
    assert_int_equal(failures, 1);
    pair_end(&pair);
}

/* A connection for which there is no memory is dropped; the next is served. */
static void oom_drops_a_connection_and_no_more(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open_on(&pair, "127.0.0.1:0");
    mem_fail_nth(1);
    int lost = pair_dial(&pair);
    pair_settle(&pair);
    assert_true(mem_fail_nth(0) > 0);
    assert_int_equal(pair.accepted, 0);
    pair_connect(&pair);
    pair_deliver(&pair, "x");
    close(lost);
    pair_end(&pair);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(port_0_is_replaced_by_the_one_chosen),
    cmocka_unit_test(further_calls_share_the_port),
    cmocka_unit_test(port_in_use_is_refused),
    cmocka_unit_test(every_address_includes_ipv4),
    cmocka_unit_test(unix_socket_is_bound_and_accepts),
    cmocka_unit_test(live_unix_socket_is_refused),
    cmocka_unit_test(abandoned_unix_socket_is_replaced),
    cmocka_unit_test(file_that_is_no_socket_is_left_alone),
    cmocka_unit_test(folder_that_is_not_there_is_an_error),
    cmocka_unit_test(closing_leaves_connections_and_refuses_new_ones),
    cmocka_unit_test(connection_may_be_closed_instead_of_started),
    cmocka_unit_test(descriptor_that_cannot_listen_is_closed),
    cmocka_unit_test(oom_closes_the_descriptor),
    cmocka_unit_test(oom_drops_a_connection_and_no_more),
};

TEST_MAIN(tests)
