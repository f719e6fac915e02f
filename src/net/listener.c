/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn_priv.h"

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

union stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct listener {
    union stream uv;
    struct loop *loop;
    listener_accept_fn on_accept;
    void *user;
    /* A connection for which there was no memory, while it is being closed. */
    union stream dropped;
    bool is_dropping;
    bool is_kept_waiting; // another such one, behind it
    bool is_closed;
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

static void init_stream(uv_loop_t *uv, union stream *out, uv_handle_type type)
{
    int err = type == UV_TCP ? uv_tcp_init(uv, &out->tcp)
                             : uv_pipe_init(uv, &out->pipe, 0);
    CHECK(err == 0); // these calls only fill in structs
}

static void free_if_done(struct listener *listener)
{
    if (listener->is_closed && !listener->is_dropping) {
        mem_free(listener);
    }
}

static void take_and_close(struct listener *listener, uv_close_cb on_dropped)
{
    listener->is_dropping = true;
    init_stream(&listener->loop->uv, &listener->dropped,
                listener->uv.handle.type);
    listener->dropped.handle.data = listener;
    // Where it fails the connection is gone, which is as good.
    uv_accept(&listener->uv.stream, &listener->dropped.stream);
    uv_close(&listener->dropped.handle, on_dropped);
}

static void on_dropped(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    loop_wake(listener->loop);
    listener->is_dropping = false;
    if (listener->is_kept_waiting && !uv_is_closing(&listener->uv.handle)) {
        listener->is_kept_waiting = false;
        take_and_close(listener, on_dropped);
    }
    free_if_done(listener);
}

/* End a connection for which there is no memory: libuv accepts no other before
 * this one is taken. */
static void drop_one(struct listener *listener)
{
    if (listener->is_dropping) {
        listener->is_kept_waiting = true;
    } else {
        take_and_close(listener, on_dropped);
    }
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;
    loop_wake(listener->loop);
    struct conn *conn;
    int err = status == 0 ? conn_accept(&conn, listener->loop, stream) : ERR_IO;
    if (err == 0) {
        listener->on_accept(listener->user, conn);
    } else if (err == ERR_NOMEM) {
        drop_one(listener);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    listener->is_closed = true;
    free_if_done(listener);
}

static int open_stream(struct listener *listener, int fd)
{
    struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(name);
    uv_loop_t *uv = &listener->loop->uv;
    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
        return ERR_IO;
    }
    bool is_unix = name.ss_family == AF_UNIX;
    init_stream(uv, &listener->uv, is_unix ? UV_NAMED_PIPE : UV_TCP);
    listener->uv.handle.data = listener;
    int err = is_unix ? uv_pipe_open(&listener->uv.pipe, fd)
                      : uv_tcp_open(&listener->uv.tcp, fd);
    return err == 0 ? 0 : ERR_IO;
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
    listener->loop = loop;
    listener->on_accept = on_accept;
    listener->user = user;
    int err = open_stream(listener, fd);
    if (err != 0) {
        close(fd);
        if (listener->uv.handle.data != NULL) {
            uv_close(&listener->uv.handle, on_closed);
        } else {
            mem_free(listener);
        }
        return err;
    }
    if (uv_listen(&listener->uv.stream, BACKLOG, on_connection) != 0) {
        listener_close(&listener);
        return ERR_IO;
    }
    *out = listener;
    return 0;
}

void listener_close(struct listener **listener)
{
    if (*listener != NULL) {
        uv_close(&(*listener)->uv.handle, on_closed);
        *listener = NULL;
    }
}
