/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchers.c -- many subscribers of one channel, which only read.
 *
 *     watchers PORT COUNT CHANNEL BYTES UPDATES
 *
 * Each of COUNT connections to 127.0.0.1 subscribes to CHANNEL; "ready" is
 * printed when all are confirmed and nothing more has come for a while.  From
 * then on a message has BYTES bytes.  For each of UPDATES messages a line says
 * how many microseconds after the first connection the last one had it; then
 * "done", and the end of standard input is waited for.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

#define COUNT_LIMIT   16384
#define UPDATES_LIMIT 1000
#define EVENTS        256
#define QUIET_MS      300 /* so long nothing comes, before it begins */
#define WAIT_MS       60000

struct update {
    uint64_t first_us;
    uint64_t last_us;
    uint64_t count; // connections that have it
};

static int fds[COUNT_LIMIT];
static uint64_t taken[COUNT_LIMIT]; // bytes since it is ready
static struct update updates[UPDATES_LIMIT];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "watchers: %s\n", what);
    exit(1);
}

static uint64_t number(const char *text, uint64_t most)
{
    uint64_t value;
    if (span_to_u64(span_of(text), &value) != 0 || value == 0 || value > most) {
        fail("watchers PORT COUNT CHANNEL BYTES UPDATES");
    }
    return value;
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int subscribe(uint64_t port, const char *channel)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port),
    };
    char request[256];
    int len = snprintf(request, sizeof(request),
                       "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n",
                       strlen(channel), channel);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        write(fd, request, (size_t)len) != len) {
        fail("can't subscribe");
    }
    return fd;
}

/* Bytes came: note which updates the connection has by now. */
static void take(uint64_t i, uint64_t bytes, uint64_t message_bytes)
{
    uint64_t had = taken[i] / message_bytes;
    taken[i] += bytes;
    uint64_t has = taken[i] / message_bytes;
    uint64_t us = now_us();
    for (uint64_t n = had; n < has && n < UPDATES_LIMIT; n++) {
        updates[n].first_us = updates[n].count == 0 ? us : updates[n].first_us;
        updates[n].last_us = us;
        updates[n].count++;
    }
}

/* Read what has come; false when nothing does for so long.  With 0 bytes a
 * message nothing is noted. */
static bool read_some(int epoll, int wait_ms, uint64_t message_bytes)
{
    static char bytes[65536];
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        uint64_t at = events[i].data.u64;
        ssize_t got = read(fds[at], bytes, sizeof(bytes));
        if (got <= 0) {
            fail("a connection was ended");
        }
        if (message_bytes > 0) {
            take(at, (uint64_t)got, message_bytes);
        }
    }
    return count > 0;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fail("watchers PORT COUNT CHANNEL BYTES UPDATES");
    }
    uint64_t port = number(argv[1], UINT16_MAX);
    uint64_t count = number(argv[2], COUNT_LIMIT);
    uint64_t message_bytes = number(argv[4], 65536);
    uint64_t wanted = number(argv[5], UPDATES_LIMIT);
    int epoll = epoll_create1(0);
    for (uint64_t i = 0; i < count; i++) {
        fds[i] = subscribe(port, argv[3]);
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    while (read_some(epoll, QUIET_MS, 0)) {
    }
    puts("ready");
    fflush(stdout);
    for (uint64_t done = 0; done < wanted; done++) {
        while (updates[done].count < count) {
            if (!read_some(epoll, WAIT_MS, message_bytes)) {
                fail("no message came");
            }
        }
        printf("%llu\n", (unsigned long long)(updates[done].last_us -
                                              updates[done].first_us));
    }
    puts("done");
    fflush(stdout);
    getchar(); // till then the connections stay
    return 0;
}
