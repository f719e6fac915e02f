/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn_priv.h"

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

/* Accepted in a turn at most: the connections that there are have theirs, too,
 * and so have other workers at the same Unix socket. */
#define ACCEPTS_A_TURN 16

/* Where nothing can be accepted for want of something (descriptors, memory) it
 * is tried again after this long, and not again and again. */
#define REST_MS 100

/* A peer that is gone without a word is found within 70 seconds: with a request
 * in hand it would be found by itself. */
#define KEEPALIVE_IDLE_S   60
#define KEEPALIVE_PERIOD_S 1
#define KEEPALIVE_COUNT    10

struct listener {
    uv_poll_t poll;
    uv_timer_t rest;
    unsigned handles; // of these two, not yet closed by libuv
    int fd;
    int spare; // given up to accept what there is no descriptor for; -1: none
    struct loop *loop;
    listener_accept_fn on_accept;
    void *user;
};

/* Whether a Unix socket's file has nobody behind it any more.  A file that is
 * no socket refuses connections too, and is somebody's. */
static bool is_abandoned(const struct address *address)
{
    const struct sockaddr_un *un =
        (const struct sockaddr_un *)&address->storage;
    struct stat file;
    if (lstat(un->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    int failed =
        connect(fd, (const struct sockaddr *)&address->storage, address->len);
    bool refused = failed != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

static int bind_once(const struct address *address, bool shared)
{
    int family = address->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    bool is_ready = true;
    if (family != AF_UNIX) {
        is_ready = set(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0 &&
                   (!shared || set(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0);
    }
    if (family == AF_INET6) {
        is_ready = is_ready && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0;
    }
    is_ready = is_ready &&
               bind(fd, (const struct sockaddr *)&address->storage,
                    address->len) == 0 &&
               listen(fd, BACKLOG) == 0;
    if (!is_ready) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

/* A listening socket that is not shared can't be bound where any other is, so
 * this finds a neighbour that shared binding would silently join. */
static bool is_taken(struct address *address)
{
    int probe = bind_once(address, false);
    if (probe < 0) {
        return true;
    }
    address->len = sizeof(address->storage);
    int err =
        getsockname(probe, (struct sockaddr *)&address->storage, &address->len);
    CHECK(err == 0); // it is bound
    close(probe);
    return false;
}

/* The kernel, or a sandbox, has no IPv6.  (One that only gave no address of it
 * to any interface binds all the same.) */
static bool has_no_ipv6(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

/* The same for an address that may be narrowed. */
static bool is_any_taken(struct address *address)
{
    return is_taken(address) &&
           !(has_no_ipv6(errno) && address_narrow(address) &&
             !is_taken(address));
}

int listener_bind(struct address *address, bool first)
{
    if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un =
            (const struct sockaddr_un *)&address->storage;
        if (is_abandoned(address)) {
            unlink(un->sun_path);
        }
        int fd = bind_once(address, false);
        return fd < 0 ? ERR_IO : fd;
    }
    if (first && is_any_taken(address)) {
        return ERR_IO;
    }
    int fd = bind_once(address, true);
    return fd < 0 ? ERR_IO : fd;
}

/* Inherited by what is accepted, which saves a call for each.  For a Unix
 * socket there is no such thing, and elsewhere nothing that could fail. */
static void set_for_connections(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_PERIOD_S);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
}

static int accept_socket(const struct listener *listener)
{
    // Nobody asks for the address here, which accept4() allows.
    // cppcheck-suppress nullPointer
    return accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Accept and end a connection for which there is no descriptor: its peer can go
 * elsewhere at once, in place of waiting.  Returns 0, or errno of accept4(). */
static int turn_away(struct listener *listener)
{
    close(listener->spare);
    int fd = accept_socket(listener);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    listener->spare = eventfd(0, EFD_CLOEXEC);
    return error;
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void start_accepting(struct listener *listener)
{
    int err = uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
    CHECK(err == 0); // the socket is its own
}

static void on_rested(uv_timer_t *timer)
{
    struct listener *listener = timer->data;
    loop_wake(listener->loop);
    if (listener->spare < 0) {
        listener->spare = eventfd(0, EFD_CLOEXEC);
    }
    start_accepting(listener);
}

static void begin_rest(struct listener *listener)
{
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->rest, on_rested, REST_MS, 0);
}

/* Deal with an accept4() that failed; returns whether to go on. */
static bool go_on_after(struct listener *listener, int error)
{
    if ((error == EMFILE || error == ENFILE) && listener->spare >= 0) {
        // The kernel says so before it looks whether anybody waits.
        error = turn_away(listener);
    }
    switch (error) {
    case 0:
    case EINTR:
    case ECONNABORTED: // that connection is gone
    case EPROTO:
        return true;
    case EAGAIN:
        return false;
    default:
        begin_rest(listener);
        return false;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct listener *listener = poll->data;
    loop_wake(listener->loop);
    if (status < 0) { // libuv has stopped; nothing that is known does this
        begin_rest(listener);
        return;
    }
    for (int i = 0; i < ACCEPTS_A_TURN && listener->fd >= 0; i++) {
        int fd = accept_socket(listener);
        struct conn *conn;
        if (fd < 0) {
            if (!go_on_after(listener, errno)) {
                return;
            }
        } else if (conn_accept(&conn, listener->loop, fd) == 0) {
            listener->on_accept(listener->user, conn); // may close the listener
        }
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    if (--listener->handles == 0) {
        mem_free(listener);
    }
}

int listener_open(struct listener **out, struct loop *loop, int fd,
                  listener_accept_fn on_accept, void *user)
{
    *out = NULL;
    struct listener *listener = mem_calloc(1, sizeof(*listener));
    if (listener == NULL) {
        close(fd);
        return ERR_NOMEM;
    }
    // What is no socket can't listen.
    if (listen(fd, BACKLOG) != 0 ||
        uv_poll_init(&loop->uv, &listener->poll, fd) != 0) {
        close(fd);
        mem_free(listener);
        return ERR_IO;
    }
    set_for_connections(fd);
    uv_timer_init(&loop->uv, &listener->rest);
    listener->poll.data = listener;
    listener->rest.data = listener;
    listener->handles = 2;
    listener->fd = fd;
    listener->spare = eventfd(0, EFD_CLOEXEC);
    listener->loop = loop;
    listener->on_accept = on_accept;
    listener->user = user;
    start_accepting(listener);
    *out = listener;
    return 0;
}

void listener_close(struct listener **listener)
{
    struct listener *closing = *listener;
    if (closing == NULL) {
        return;
    }
    *listener = NULL;
    uv_close((uv_handle_t *)&closing->poll, on_closed);
    uv_close((uv_handle_t *)&closing->rest, on_closed);
    close(closing->fd);
    closing->fd = -1;
    if (closing->spare >= 0) {
        close(closing->spare);
    }
}
