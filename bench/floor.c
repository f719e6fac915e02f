/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c -- what the kernel alone takes: a server that reads and writes as one
 * for RESP must, and does nothing in between.
 *
 *     floor REQUEST_BYTES REPLY
 *
 * For every REQUEST_BYTES that come, REPLY goes out, whatever the bytes are;
 * one thread, one read and one write for what has come of a connection.  Prints
 * "port N" and serves on that port of 127.0.0.1 until SIGTERM.  A server can't
 * take less CPU than this for the same load on the same machine.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS      1024
#define FDS_LIMIT   4096
#define INPUT_BYTES 65536
#define REPLY_BYTES 64

struct floor {
    int listener;
    int epoll;
    size_t request_bytes;
    size_t reply_bytes;
    size_t left_over[FDS_LIMIT]; // bytes of a request that is not whole yet
    char input[INPUT_BYTES];
    char replies[INPUT_BYTES * REPLY_BYTES];
};

static volatile sig_atomic_t has_ended;

static void on_term(int number)
{
    (void)number;
    has_ended = 1;
}

static bool watch(struct floor *floor, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_listener(struct floor *floor)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(address);
    struct sockaddr *any = (struct sockaddr *)&address;
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    floor->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (floor->epoll < 0 || floor->listener < 0 ||
        bind(floor->listener, any, len) != 0 ||
        listen(floor->listener, 511) != 0 ||
        getsockname(floor->listener, any, &len) != 0 ||
        !watch(floor, floor->listener)) {
        return false;
    }
    printf("port %u\n", (unsigned)ntohs(address.sin_port));
    return fflush(stdout) == 0;
}

static void accept_one(struct floor *floor)
{
    int fd = accept4(floor->listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (fd >= FDS_LIMIT || !watch(floor, fd)) {
        close(fd);
        return;
    }
    floor->left_over[fd] = 0;
}

static void answer(struct floor *floor, int fd)
{
    ssize_t got = read(fd, floor->input, sizeof(floor->input));
    if (got <= 0) {
        close(fd);
        return;
    }
    size_t bytes = floor->left_over[fd] + (size_t)got;
    size_t out = bytes / floor->request_bytes * floor->reply_bytes;
    floor->left_over[fd] = bytes % floor->request_bytes;
    if (out > 0 && write(fd, floor->replies, out) != (ssize_t)out) {
        close(fd); // a load that does not read is not the one to measure
    }
}

static void serve(struct floor *floor)
{
    struct epoll_event events[EVENTS];
    while (has_ended == 0) {
        int count = epoll_wait(floor->epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == floor->listener) {
                accept_one(floor);
            } else {
                answer(floor, fd);
            }
        }
    }
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long bytes = argc == 3 ? strtoul(argv[1], &end, 10) : 0;
    size_t reply_bytes = argc == 3 ? strlen(argv[2]) : 0;
    if (bytes == 0 || bytes > INPUT_BYTES || *end != '\0' || reply_bytes == 0 ||
        reply_bytes > REPLY_BYTES) {
        fputs("usage: floor REQUEST_BYTES REPLY\n", stderr);
        return 2;
    }
    struct floor *floor = calloc(1, sizeof(*floor));
    if (floor == NULL) {
        return EXIT_FAILURE;
    }
    floor->request_bytes = bytes;
    floor->reply_bytes = reply_bytes;
    for (size_t i = 0; i < INPUT_BYTES; i++) {
        memcpy(floor->replies + i * reply_bytes, argv[2], reply_bytes);
    }
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    if (!open_listener(floor)) {
        perror("floor");
        return EXIT_FAILURE;
    }
    serve(floor);
    free(floor);
    return EXIT_SUCCESS;
}
