/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fetch/stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

#define GUESTS_LIMIT 200
#define AWAIT_S      60

struct guest {
    int fd; // -1: none
    char input[4096];
    size_t input_len;
    char *output; // malloc()'s
    size_t output_at;
    size_t output_len;
    bool closes;
    bool resets;
    bool is_waiting; // a request that is held back
};

struct stub {
    pthread_t thread;
    int listening;
    int wake[2]; // a byte tells the thread to look again
    char origin[40];
    stub_answer_fn answer;
    void *user;
    struct guest guests[GUESTS_LIMIT]; // the thread's
    pthread_mutex_t lock;
    pthread_cond_t came;
    unsigned requests; // under the lock, as all below
    unsigned connections;
    bool holds;
    bool is_ending;
};

static void end_guest(struct guest *guest)
{
    if (guest->resets) {
        const struct linger at_once = {1, 0};
        setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    close(guest->fd);
    free(guest->output);
    memset(guest, 0, sizeof(*guest));
    guest->fd = -1;
}

/* Send what there is; the peer may be gone, which is what some tests are about.
 */
static void send_output(struct guest *guest)
{
    while (guest->output_at < guest->output_len) {
        ssize_t len = send(guest->fd, guest->output + guest->output_at,
                           guest->output_len - guest->output_at,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
        if (len < 0 && errno == EAGAIN) {
            return;
        }
        if (len < 0) {
            end_guest(guest);
            return;
        }
        guest->output_at += (size_t)len;
    }
    free(guest->output);
    guest->output = NULL;
    guest->output_at = guest->output_len = 0;
    if (guest->closes || guest->resets) {
        end_guest(guest);
    }
}

/* Answer the request at the front of the input. */
static void answer_one(struct stub *stub, struct guest *guest)
{
    CHECK(guest->output == NULL); // its answer before has gone out
    struct span head = {guest->input, guest->input_len};
    char target[1024];
    const char *from = memchr(head.data, ' ', head.len);
    CHECK(from != NULL && head.len > 4 && memcmp(head.data, "GET ", 4) == 0);
    size_t len = strcspn(++from, " \r\n");
    CHECK(len < sizeof(target));
    memcpy(target, from, len);
    target[len] = '\0';
    const char *end = memmem(head.data, head.len, "\r\n\r\n", 4);
    CHECK(end != NULL);
    size_t taken = (size_t)(end + 4 - head.data);
    struct stub_answer answer = {.request = {guest->input, taken}};
    stub->answer(stub->user, target, &answer);
    guest->input_len -= taken;
    memmove(guest->input, guest->input + taken, guest->input_len);
    guest->output = answer.bytes;
    guest->output_len = answer.len;
    guest->closes = answer.closes;
    guest->resets = answer.resets;
    guest->is_waiting = false;
    send_output(guest);
}

static void take_requests(struct stub *stub, struct guest *guest)
{
    while (guest->fd >= 0 && guest->output == NULL &&
           memmem(guest->input, guest->input_len, "\r\n\r\n", 4) != NULL) {
        pthread_mutex_lock(&stub->lock);
        bool holds = stub->holds;
        if (!guest->is_waiting) {
            stub->requests++;
            pthread_cond_broadcast(&stub->came);
        }
        pthread_mutex_unlock(&stub->lock);
        guest->is_waiting = true;
        if (holds) {
            return;
        }
        answer_one(stub, guest);
    }
}

static void read_guest(struct stub *stub, struct guest *guest)
{
    ssize_t len = recv(guest->fd, guest->input + guest->input_len,
                       sizeof(guest->input) - guest->input_len, MSG_DONTWAIT);
    if (len > 0) {
        guest->input_len += (size_t)len;
        take_requests(stub, guest);
    } else if (len == 0 || errno != EAGAIN) {
        end_guest(guest);
    }
}

static void accept_guest(struct stub *stub)
{
    int fd = accept4(stub->listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    pthread_mutex_lock(&stub->lock);
    stub->connections++;
    pthread_mutex_unlock(&stub->lock);
    for (size_t i = 0; i < GUESTS_LIMIT; i++) {
        if (stub->guests[i].fd < 0) {
            stub->guests[i].fd = fd;
            return;
        }
    }
    check_failed(__FILE__, __LINE__, "a stub has no more guests than expected");
}

static void poll_once(struct stub *stub)
{
    struct pollfd polled[2 + GUESTS_LIMIT] = {
        {.fd = stub->listening, .events = POLLIN},
        {.fd = stub->wake[0], .events = POLLIN},
    };
    for (size_t i = 0; i < GUESTS_LIMIT; i++) {
        const struct guest *guest = &stub->guests[i];
        short out = guest->output_len > 0 ? POLLOUT : 0;
        polled[2 + i] =
            (struct pollfd){.fd = guest->fd, .events = (short)(POLLIN | out)};
    }
    CHECK(poll(polled, 2 + GUESTS_LIMIT, -1) > 0);
    if (polled[0].revents != 0) {
        accept_guest(stub);
    }
    if (polled[1].revents != 0) {
        char bytes[64];
        CHECK(read(stub->wake[0], bytes, sizeof(bytes)) > 0);
    }
    for (size_t i = 0; i < GUESTS_LIMIT; i++) {
        struct guest *guest = &stub->guests[i];
        if (polled[2 + i].fd < 0 || guest->fd != polled[2 + i].fd) {
            continue;
        }
        if ((polled[2 + i].revents & POLLOUT) != 0) {
            send_output(guest);
        }
        if (guest->fd >= 0 && (polled[2 + i].revents & ~POLLOUT) != 0) {
            read_guest(stub, guest);
        }
    }
}

static bool is_ending(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    bool is_ending = stub->is_ending;
    pthread_mutex_unlock(&stub->lock);
    return is_ending;
}

static void *run(void *user)
{
    struct stub *stub = user;
    while (!is_ending(stub)) {
        poll_once(stub);
        for (size_t i = 0; i < GUESTS_LIMIT; i++) {
            if (stub->guests[i].is_waiting) {
                take_requests(stub, &stub->guests[i]);
            }
        }
    }
    for (size_t i = 0; i < GUESTS_LIMIT; i++) {
        if (stub->guests[i].fd >= 0) {
            end_guest(&stub->guests[i]);
        }
    }
    return NULL;
}

struct stub *stub_start(stub_answer_fn answer, void *user)
{
    struct stub *stub = calloc(1, sizeof(*stub));
    CHECK(stub != NULL);
    stub->answer = answer;
    stub->user = user;
    for (size_t i = 0; i < GUESTS_LIMIT; i++) {
        stub->guests[i].fd = -1;
    }
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    stub->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(stub->listening, (struct sockaddr *)&in, sizeof(in)) == 0);
    CHECK(listen(stub->listening, GUESTS_LIMIT) == 0);
    CHECK(getsockname(stub->listening, (struct sockaddr *)&in, &len) == 0);
    snprintf(stub->origin, sizeof(stub->origin), "http://127.0.0.1:%u",
             ntohs(in.sin_port));
    CHECK(pipe2(stub->wake, O_CLOEXEC) == 0);
    CHECK(pthread_mutex_init(&stub->lock, NULL) == 0);
    CHECK(pthread_cond_init(&stub->came, NULL) == 0);
    CHECK(pthread_create(&stub->thread, NULL, run, stub) == 0);
    return stub;
}

static void wake(struct stub *stub)
{
    CHECK(write(stub->wake[1], "!", 1) == 1);
}

void stub_stop(struct stub **stub)
{
    struct stub *gone = *stub;
    pthread_mutex_lock(&gone->lock);
    gone->is_ending = true;
    pthread_mutex_unlock(&gone->lock);
    wake(gone);
    CHECK(pthread_join(gone->thread, NULL) == 0);
    close(gone->listening);
    close(gone->wake[0]);
    close(gone->wake[1]);
    pthread_cond_destroy(&gone->came);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *stub = NULL;
}

const char *stub_origin(const struct stub *stub)
{
    return stub->origin;
}

void stub_hold(struct stub *stub, bool holds)
{
    pthread_mutex_lock(&stub->lock);
    stub->holds = holds;
    pthread_mutex_unlock(&stub->lock);
    wake(stub);
}

unsigned stub_requests(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    unsigned count = stub->requests;
    pthread_mutex_unlock(&stub->lock);
    return count;
}

unsigned stub_connections(struct stub *stub)
{
    pthread_mutex_lock(&stub->lock);
    unsigned count = stub->connections;
    pthread_mutex_unlock(&stub->lock);
    return count;
}

void stub_await(struct stub *stub, unsigned count)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += AWAIT_S;
    pthread_mutex_lock(&stub->lock);
    while (stub->requests < count) {
        CHECK(pthread_cond_timedwait(&stub->came, &stub->lock, &until) == 0);
    }
    pthread_mutex_unlock(&stub->lock);
}

char *stub_append(struct stub_answer *out, const void *data, size_t len)
{
    out->bytes = realloc(out->bytes, out->len + len + 1);
    CHECK(out->bytes != NULL);
    char *at = out->bytes + out->len;
    if (data != NULL && len > 0) {
        memcpy(at, data, len);
    }
    out->len += len;
    return at;
}

void stub_printf(struct stub_answer *out, const char *format, ...)
{
    char text[8001];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    CHECK(len >= 0 && (size_t)len < sizeof(text));
    stub_append(out, text, (size_t)len);
}

void stub_put(struct stub_answer *out, const char *status, const char *headers,
              struct span body)
{
    stub_printf(out, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status,
                headers, body.len);
    stub_append(out, body.data, body.len);
}
