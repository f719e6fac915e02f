/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_test.c -- what the service manager is told arrives in one datagram, at
 * a path or in the abstract namespace; where nobody listens, nothing happens.
 */
#include "host/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"
#include "testing/testing.h"

/* A manager: a datagram socket at `path`, "@..." for the abstract namespace. */
static int listen_at(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    assert_true(len < sizeof(un.sun_path));
    memcpy(un.sun_path, path, len);
    if (path[0] == '@') {
        un.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&un,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    return fd;
}

/* What was sent; "" where nothing was. */
static const char *take(int fd, char out[256])
{
    ssize_t len = recv(fd, out, 255, MSG_DONTWAIT);
    if (len < 0) {
        assert_int_equal(errno, EAGAIN);
    }
    out[len > 0 ? len : 0] = '\0';
    return out;
}

static void message_arrives_as_it_is(void **state)
{
    (void)state;
    char folder[] = "/tmp/notifyXXXXXX";
    assert_non_null(mkdtemp(folder));
    char at_path[64];
    char abstract[64];
    snprintf(at_path, sizeof(at_path), "%s/socket", folder);
    snprintf(abstract, sizeof(abstract), "@%s", folder);
    const char *const paths[] = {at_path, abstract};
    for (size_t i = 0; i < 2; i++) {
        char text[256];
        int fd = listen_at(paths[i]);
        notify_send(paths[i], "READY=1\nSTATUS=listening");
        assert_string_equal(take(fd, text), "READY=1\nSTATUS=listening");
        assert_string_equal(take(fd, text), ""); // one datagram
        notify_send(paths[i], "STOPPING=1");
        notify_send(paths[i], "STATUS=x");
        assert_string_equal(take(fd, text), "STOPPING=1");
        assert_string_equal(take(fd, text), "STATUS=x");
        close(fd);
    }
    unlink(at_path);
    rmdir(folder);
}

static uint64_t monotonic_us(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* systemd compares the reading with CLOCK_MONOTONIC of its own. */
static void reloading_tells_the_time(void **state)
{
    (void)state;
    char path[64];
    char text[256];
    snprintf(path, sizeof(path), "@notify-test-%d", (int)getpid());
    int fd = listen_at(path);
    uint64_t before = monotonic_us();
    notify_reloading(path);
    uint64_t after = monotonic_us();
    static const char head[] = "RELOADING=1\nMONOTONIC_USEC=";
    take(fd, text);
    assert_memory_equal(text, head, sizeof(head) - 1);
    uint64_t told;
    assert_int_equal(span_to_u64(span_of(text + sizeof(head) - 1), &told), 0);
    assert_true(told >= before && told <= after);
    close(fd);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    const char *const paths[] = {
        NULL, "", "/", "@", "/no/such/socket", "@nobody-listens-here", longest,
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        notify_send(paths[i], "READY=1");
        notify_reloading(paths[i]);
    }
}

/* A manager that does not read must not stop the server. */
static void manager_that_does_not_read_stops_nobody(void **state)
{
    (void)state;
    char path[64];
    char text[256];
    snprintf(path, sizeof(path), "@notify-full-%d", (int)getpid());
    int fd = listen_at(path);
    for (int i = 0; i < 10000; i++) {
        notify_send(path, "STATUS=again");
    }
    assert_string_equal(take(fd, text), "STATUS=again");
    close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(message_arrives_as_it_is),
    cmocka_unit_test(reloading_tells_the_time),
    cmocka_unit_test(without_a_manager_nothing_happens),
    cmocka_unit_test(manager_that_does_not_read_stops_nobody),
};

TEST_MAIN(tests)
