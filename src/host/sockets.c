/* SPDX-License-Identifier: Apache-2.0 */
#include "host/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/address.h"
#include "net/listener.h"
#include "obs/log.h"

void sockets_init(struct sockets *sockets)
{
    memset(sockets->fds, -1, sizeof(sockets->fds));
    sockets->addresses = 0;
    sockets->workers = 0;
    sockets->agent_fd = -1;
    sockets->passed = 0;
}

/* sd_listen_fds(3): "SD_LISTEN_FDS_START". */
#define PASSED_FIRST 3

unsigned sockets_passed(const char *fds, const char *pid)
{
    uint64_t count;
    uint64_t wanted_pid;
    if (fds == NULL || pid == NULL ||
        span_to_u64(span_of(pid), &wanted_pid) != 0 ||
        wanted_pid != (uint64_t)getpid() ||
        span_to_u64(span_of(fds), &count) != 0) {
        return 0;
    }
    return (unsigned)(count < CONF_LIST_LIMIT ? count : CONF_LIST_LIMIT);
}

void sockets_close(struct sockets *sockets)
{
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        for (size_t at = 0; at < CONF_LIST_LIMIT; at++) {
            if (sockets->fds[worker][at] >= 0) {
                close(sockets->fds[worker][at]);
            }
        }
    }
    if (sockets->agent_fd >= 0) {
        close(sockets->agent_fd);
    }
    sockets_init(sockets);
}

static int bind_for(struct sockets *sockets, size_t at, unsigned worker,
                    struct address *address)
{
    // A Unix socket has one descriptor, which all workers accept from.
    int fd = worker > 0 && address->storage.ss_family == AF_UNIX
                 ? dup(sockets->fds[0][at])
                 : listener_bind(address, worker == 0);
    sockets->fds[worker][at] = fd < 0 ? -1 : fd;
    return fd < 0 ? ERR_IO : 0;
}

/* Where an error goes, and the key that it is about. */
struct complaint {
    const char *key;
    char *error;
    size_t error_size;
};

static int parse(struct address *out, const char *text,
                 const struct complaint *complaint)
{
    int err = address_parse(out, text);
    if (err != 0) {
        snprintf(complaint->error, complaint->error_size,
                 "%s: '%s': %s; it takes " ADDRESS_FORM, complaint->key, text,
                 err == ERR_ABSENT ? "no such host is known"
                                   : "not an address");
    }
    return err;
}

/* Say why an address could not be bound: errno is the cause. */
static void complain(const struct complaint *complaint, const char *text)
{
    const char *cause = strerror(errno);
    const char *advice = "";
    if (errno == EADDRINUSE) {
        advice = "; end the program that listens there, or listen elsewhere: "
                 "--set server.listen=127.0.0.1:7500";
    } else if (errno == EMFILE) {
        advice = "; " SOCKETS_FILES_ADVICE;
    }
    snprintf(complaint->error, complaint->error_size, "%s: '%s': %s%s",
             complaint->key, text, cause, advice);
}

static void log_listening(const char *message, const struct address *address)
{
    char printed[ADDRESS_TEXT_SIZE];
    address_print(printed, address);
    if (address_is_narrow(address)) {
        log_event(LOG_INFO, "serve", "there is no IPv6: * is IPv4 alone",
                  LOG_TEXT("address", printed));
    }
    log_event(LOG_INFO, "serve", message, LOG_TEXT("address", printed));
}

static int bind_address(struct sockets *sockets, size_t at, const char *text,
                        const struct complaint *complaint)
{
    struct address address;
    int err = parse(&address, text, complaint);
    for (unsigned i = 0; err == 0 && i < sockets->workers; i++) {
        err = bind_for(sockets, at, i, &address);
        if (err != 0) {
            complain(complaint, text);
        }
    }
    if (err == 0) {
        log_listening("listening", &address);
    }
    return err;
}

static int bind_agent(struct sockets *sockets, const char *text,
                      const struct complaint *complaint)
{
    struct address address;
    int err = parse(&address, text, complaint);
    if (err != 0) {
        return err;
    }
    int fd = listener_bind(&address, true);
    if (fd < 0) {
        complain(complaint, text);
        return ERR_IO;
    }
    sockets->agent_fd = fd;
    log_listening("agent check is answered", &address);
    return 0;
}

static bool is_listening(int fd)
{
    int value = 0;
    socklen_t len = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
           value != 0;
}

/* Take over descriptor `fd` as address `at`: one for all workers. */
static int adopt(struct sockets *sockets, size_t at, int fd,
                 const struct complaint *complaint)
{
    if (!is_listening(fd)) {
        snprintf(complaint->error, complaint->error_size,
                 "descriptor %d, passed by the service manager, is no "
                 "listening stream socket: its unit wants ListenStream=",
                 fd);
        return ERR_IO;
    }
    struct address address = {.len = sizeof(address.storage)};
    int err =
        getsockname(fd, (struct sockaddr *)&address.storage, &address.len);
    CHECK(err == 0); // it is a socket
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    for (unsigned i = 0; i < sockets->workers; i++) {
        sockets->fds[i][at] = i == 0 ? fd : dup(fd);
        if (sockets->fds[i][at] < 0) {
            complain(complaint, "a passed socket");
            return ERR_IO;
        }
    }
    log_listening("listening", &address);
    return 0;
}

static int adopt_all(struct sockets *sockets, const struct complaint *complaint)
{
    for (unsigned i = 0; i < sockets->passed; i++) {
        int err = adopt(sockets, i, PASSED_FIRST + (int)i, complaint);
        if (err != 0) {
            return err;
        }
        sockets->addresses = i + 1;
    }
    return 0;
}

static int bind_all(struct sockets *sockets, const struct conf_list *addresses,
                    const struct complaint *complaint)
{
    for (size_t i = 0; i < addresses->count; i++) {
        int err = bind_address(sockets, i, addresses->items[i], complaint);
        if (err != 0) {
            return err;
        }
        sockets->addresses = i + 1;
    }
    return 0;
}

int sockets_bind(struct sockets *sockets, const struct conf *conf, char *error,
                 size_t error_size)
{
    CHECK(sockets->workers >= 1 && sockets->workers <= SOCKETS_WORKERS_LIMIT);
    struct complaint complaint = {"server.listen", error, error_size};
    int err = sockets->passed > 0
                  ? adopt_all(sockets, &complaint)
                  : bind_all(sockets, &conf->server.listen, &complaint);
    if (err != 0) {
        return err;
    }
    complaint.key = "server.agent_listen";
    return conf->server.agent_listen[0] == '\0'
               ? 0
               : bind_agent(sockets, conf->server.agent_listen, &complaint);
}
