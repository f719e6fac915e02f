/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c -- what the kernel alone takes: a server that reads and writes as one
 * for RESP must, and does nothing in between.
 *
 *     floor REQUEST_BYTES REPLY [two]
 *
 * For every REQUEST_BYTES that come, REPLY goes out, whatever the bytes are;
 * one thread, one recv() and one send() for what has come of a connection: they
 * are cheaper than read() and write(), which pass the file system's layer.
 * "two" are two processes that share the port, and nothing else.  Prints "port
 * N" and serves on that port of 127.0.0.1 until SIGTERM.  A server can't take
 * less CPU than this for the same load on the same machine.
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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS      1024
#define FDS_LIMIT   16384
#define INPUT_BYTES 65536
#define REPLY_BYTES 256

struct floor {
    int listener;
    int epoll;
    size_t request_bytes;
    size_t reply_bytes;
    size_t left_over[FDS_LIMIT]; // bytes of a request that is not whole yet
    char input[INPUT_BYTES];
    char replies[(INPUT_BYTES + 1) * REPLY_BYTES];
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

/* Listen on the port, or on any where it is 0; sets it.  Two sockets that share
 * a port are given the connections by their addresses. */
static int open_listener(in_port_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = *port,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(address);
    struct sockaddr *any = (struct sockaddr *)&address;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(fd, any, len) != 0 || listen(fd, 511) != 0 ||
        getsockname(fd, any, &len) != 0) {
        perror("floor");
        exit(EXIT_FAILURE);
    }
    *port = address.sin_port;
    return fd;
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
    ssize_t got = recv(fd, floor->input, sizeof(floor->input), 0);
    if (got <= 0) {
        close(fd);
        return;
    }
    size_t bytes = floor->left_over[fd] + (size_t)got;
    size_t out = bytes / floor->request_bytes * floor->reply_bytes;
    floor->left_over[fd] = bytes % floor->request_bytes;
    if (out > 0 &&
        send(fd, floor->replies, out, MSG_NOSIGNAL) != (ssize_t)out) {
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
    bool is_two = argc == 4 && strcmp(argv[3], "two") == 0;
    bool is_right = argc == 3 || is_two;
    unsigned long bytes = is_right ? strtoul(argv[1], &end, 10) : 0;
    size_t reply_bytes = is_right ? strlen(argv[2]) : 0;
    if (bytes == 0 || bytes > INPUT_BYTES || *end != '\0' || reply_bytes == 0 ||
        reply_bytes > REPLY_BYTES) {
        fputs("usage: floor REQUEST_BYTES REPLY [two]\n", stderr);
        return 2;
    }
    struct floor *floor = calloc(1, sizeof(*floor));
    if (floor == NULL) {
        return EXIT_FAILURE;
    }
    floor->request_bytes = bytes;
    floor->reply_bytes = reply_bytes;
    for (size_t i = 0; i <= INPUT_BYTES / bytes; i++) {
        memcpy(floor->replies + i * reply_bytes, argv[2], reply_bytes);
    }
    struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    in_port_t port = 0;
    floor->listener = open_listener(&port);
    int other = is_two ? open_listener(&port) : -1;
    printf("port %u\n", (unsigned)ntohs(port));
    fflush(stdout);
    if (is_two) {
        bool is_other = fork() == 0;
        close(is_other ? floor->listener : other);
        if (is_other) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            floor->listener = other;
        }
    }
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (floor->epoll < 0 || !watch(floor, floor->listener)) {
        perror("floor");
        free(floor);
        return EXIT_FAILURE;
    }
    serve(floor);
    free(floor);
    return EXIT_SUCCESS;
}
