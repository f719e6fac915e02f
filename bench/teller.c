/* SPDX-License-Identifier: Apache-2.0 */
/*
 * teller.c -- what telling many connections takes at least: the kernel's part.
 *
 *     teller BYTES PERIOD_MS
 *
 * Prints the port of 127.0.0.1 on which it listens.  Whatever a connection
 * sends is answered with a line; every PERIOD_MS each of them is written BYTES
 * bytes, one send() a connection.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

#define COUNT_LIMIT 16384
#define BYTES_LIMIT 65536
#define EVENTS      256

static int fds[COUNT_LIMIT];
static size_t fds_count;
static char message[BYTES_LIMIT];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "teller: %s\n", what);
    exit(1);
}

static uint64_t number(const char *text, uint64_t most)
{
    uint64_t value;
    if (span_to_u64(span_of(text), &value) != 0 || value == 0 || value > most) {
        fail("teller BYTES PERIOD_MS");
    }
    return value;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        listen(fd, 511) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        fail("can't listen");
    }
    printf("port %u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void add(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take(int epoll, int listening)
{
    int one = 1;
    int fd = accept(listening, NULL, NULL);
    if (fd < 0 || fds_count == COUNT_LIMIT) {
        fail("can't accept");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fds[fds_count++] = fd;
    add(epoll, fd);
}

static void forget(int fd)
{
    for (size_t i = 0; i < fds_count; i++) {
        if (fds[i] == fd) {
            fds[i] = fds[--fds_count];
            break;
        }
    }
    close(fd);
}

static void answer(int fd)
{
    char bytes[4096];
    if (recv(fd, bytes, sizeof(bytes), 0) <= 0 ||
        send(fd, "+OK\r\n", 5, MSG_NOSIGNAL) != 5) {
        forget(fd);
    }
}

static void tell_all(size_t len)
{
    for (size_t i = 0; i < fds_count; i++) {
        if (send(fds[i], message, len, MSG_NOSIGNAL) != (ssize_t)len) {
            fail("a connection took less");
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fail("teller BYTES PERIOD_MS");
    }
    size_t len = number(argv[1], BYTES_LIMIT);
    int64_t period_ms = (int64_t)number(argv[2], 60000);
    memset(message, 'x', sizeof(message));
    int listening = listen_somewhere();
    int epoll = epoll_create1(0);
    add(epoll, listening);
    for (int64_t next_ms = now_ms() + period_ms;;) {
        int64_t left_ms = next_ms - now_ms();
        struct epoll_event events[EVENTS];
        int count =
            epoll_wait(epoll, events, EVENTS, left_ms > 0 ? (int)left_ms : 0);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listening) {
                take(epoll, listening);
            } else {
                answer(events[i].data.fd);
            }
        }
        if (now_ms() >= next_ms) {
            tell_all(len);
            next_ms = now_ms() + period_ms;
        }
    }
}
