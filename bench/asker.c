/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.c -- a load of one question again and again, by RPyC or by RESP.
 *
 *     asker PORT rpyc|resp CONNECTIONS REQUESTS
 *
 * Each connection to 127.0.0.1 has one request in flight: get_price("IBM") on a
 * bound method, or GET IBM.  The first reply of a connection is read for what
 * it is; those behind it are counted by their length, which is the same. Prints
 * the seconds that it took, or what went wrong, and then exits with 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "proto/rpyc.h"

#define CONNECTIONS_LIMIT 1024
#define EVENTS            256
#define BYTES_MAX         65536

struct asker {
    int fd;
    size_t left; // bytes of the reply that have not come
    size_t reply_len;
    struct buffer request;
};

static struct asker askers[CONNECTIONS_LIMIT];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "asker: %s\n", what);
    exit(1);
}

static uint64_t number(const char *text)
{
    uint64_t value;
    if (span_to_u64(span_of(text), &value) != 0) {
        fail("asker PORT rpyc|resp CONNECTIONS REQUESTS");
    }
    return value;
}

static int connect_to(uint64_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port),
    };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
        fail("can't connect");
    }
    return fd;
}

static void send_all(int fd, struct span bytes)
{
    if (send(fd, bytes.data, bytes.len, MSG_NOSIGNAL) != (ssize_t)bytes.len) {
        fail("can't send");
    }
}

/* --- Learning the answer -----------------------------------------------------
 */

/* The next message of RPyC; returns its bytes. */
static size_t read_message(int fd, struct rpyc_message *message)
{
    static char bytes[BYTES_MAX];
    struct buffer scratch = buffer_empty(BYTES_MAX);
    size_t len = 0;
    ptrdiff_t taken = 0;
    while (taken == 0) {
        ssize_t got = recv(fd, bytes + len, sizeof(bytes) - len, 0);
        if (got <= 0) {
            fail("the server ended the connection");
        }
        len += (size_t)got;
        taken = rpyc_parse(message, (struct span){bytes, len}, &scratch);
    }
    if (taken != (ptrdiff_t)len || message->kind != RPYC_REPLY) {
        fail("the server's answer is no reply");
    }
    return len;
}

/* Begin a request about an object, whose further arguments are to follow. */
static size_t begin_about(struct buffer *out, enum rpyc_handler handler,
                          const struct rpyc_id *id, size_t arguments)
{
    buffer_clear(out);
    size_t frame = rpyc_begin(out, RPYC_REQUEST, 0);
    rpyc_put_handler(out, handler);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 1 + arguments);
    rpyc_put_label(out, RPYC_LOCAL_REF);
    rpyc_put_id(out, id);
    rpyc_put_label(out, RPYC_VALUE);
    return frame;
}

/* Ask for the object that a request gives. */
static struct rpyc_id ask_object(int fd, struct buffer *request)
{
    static struct rpyc_message message;
    struct rpyc_id id;
    send_all(fd, buffer_span(request));
    read_message(fd, &message);
    if (message.box.label != RPYC_REMOTE_REF ||
        !rpyc_read_id(&id, message.box.value)) {
        fail("the server's answer is no object");
    }
    return id;
}

/* The name is the message's, which the next one overwrites. */
static struct rpyc_id named(struct rpyc_id id, char *name, size_t size)
{
    if (id.name.len > size) {
        fail("a class has a long name");
    }
    memcpy(name, id.name.data, id.name.len);
    id.name.data = name;
    return id;
}

static void learn_rpyc(struct asker *asker)
{
    static struct rpyc_message message;
    char name[256];
    struct buffer *out = &asker->request;
    size_t frame = rpyc_begin(out, RPYC_REQUEST, 0);
    rpyc_put_handler(out, RPYC_GETROOT);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, 0);
    rpyc_end(out, frame);
    struct rpyc_id root = named(ask_object(asker->fd, out), name, sizeof(name));
    frame = begin_about(out, RPYC_GETATTR, &root, 1);
    brine_put_str(out, span_of("get_price"));
    rpyc_end(out, frame);
    struct rpyc_id method =
        named(ask_object(asker->fd, out), name, sizeof(name));
    frame = begin_about(out, RPYC_CALL, &method, 2);
    brine_put_tuple(out, 1);
    brine_put_str(out, span_of("IBM"));
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, 0);
    rpyc_end(out, frame);
    send_all(asker->fd, buffer_span(out));
    asker->reply_len = read_message(asker->fd, &message);
    if (message.box.value->type != BRINE_FLOAT) {
        fail("the server has no price of IBM");
    }
}

static void learn_resp(struct asker *asker)
{
    char reply[256];
    buffer_put_text(&asker->request, "*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n");
    send_all(asker->fd, buffer_span(&asker->request));
    ssize_t got = recv(asker->fd, reply, sizeof(reply), 0);
    if (got <= 0 || reply[0] != '$') {
        fail("the server has no price of IBM");
    }
    asker->reply_len = (size_t)got;
}

/* --- Asking ------------------------------------------------------------------
 */

static void ask(struct asker *asker)
{
    send_all(asker->fd, buffer_span(&asker->request));
    asker->left = asker->reply_len;
}

/* Returns whether the reply is there. */
static bool take_reply(struct asker *asker)
{
    char bytes[4096];
    ssize_t got = recv(asker->fd, bytes, sizeof(bytes), 0);
    if (got <= 0 || (size_t)got > asker->left) {
        fail("a reply is not as long as the first");
    }
    asker->left -= (size_t)got;
    return asker->left == 0;
}

static void ask_all(int epoll, size_t connections, uint64_t requests)
{
    struct epoll_event events[EVENTS];
    uint64_t asked = 0;
    uint64_t answered = 0;
    for (size_t i = 0; i < connections && asked < requests; i++, asked++) {
        ask(&askers[i]);
    }
    while (answered < requests) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct asker *asker = events[i].data.ptr;
            if (!take_reply(asker)) {
                continue;
            }
            answered++;
            if (asked < requests) {
                ask(asker);
                asked++;
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fail("asker PORT rpyc|resp CONNECTIONS REQUESTS");
    }
    bool is_rpyc = strcmp(argv[2], "rpyc") == 0;
    uint64_t connections = number(argv[3]);
    int epoll = epoll_create1(0);
    if (connections < 1 || connections > CONNECTIONS_LIMIT || epoll < 0) {
        fail("1 to 1024 connections");
    }
    for (size_t i = 0; i < connections; i++) {
        struct asker *asker = &askers[i];
        asker->fd = connect_to(number(argv[1]));
        asker->request = buffer_empty(BYTES_MAX);
        (is_rpyc ? learn_rpyc : learn_resp)(asker);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = asker};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, asker->fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }
    struct timespec from;
    struct timespec to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    ask_all(epoll, connections, number(argv[4]));
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.6f\n", (double)(to.tv_sec - from.tv_sec) +
                         (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    return 0;
}
