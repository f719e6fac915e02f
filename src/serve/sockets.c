/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

static int bind_address(struct sockets *sockets, size_t at, const char *text,
                        char *error, size_t error_size)
{
    struct address address;
    int err = address_parse(&address, text);
    if (err != 0) {
        snprintf(error, error_size,
                 "server.listen: '%s': %s; it takes " ADDRESS_FORM, text,
                 err == ERR_ABSENT ? "no such host is known"
                                   : "not an address");
        return err;
    }
    for (unsigned worker = 0; worker < sockets->workers; worker++) {
        err = bind_for(sockets, at, worker, &address);
        if (err != 0) {
            const char *advice = "";
            if (errno == EADDRINUSE) {
                advice = "; end the program that listens there, or listen "
                         "elsewhere: --set server.listen=127.0.0.1:7500";
            }
            snprintf(error, error_size, "server.listen: '%s': %s%s", text,
                     strerror(errno), advice);
            return err;
        }
    }
    char printed[ADDRESS_TEXT_SIZE];
    address_print(printed, &address);
    log_event(LOG_INFO, "serve", "listening", LOG_TEXT("address", printed));
    return 0;
}

int sockets_bind(struct sockets *sockets, const struct conf *conf, char *error,
                 size_t error_size)
{
    CHECK(sockets->workers >= 1 && sockets->workers <= SOCKETS_WORKERS_LIMIT);
    for (size_t i = 0; i < conf->server.listen.count; i++) {
        int err = bind_address(sockets, i, conf->server.listen.items[i], error,
                               error_size);
        if (err != 0) {
            return err;
        }
        sockets->addresses = i + 1;
    }
    return 0;
}
