/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.h -- the listening sockets of all workers, bound before anything
 * runs, so that a port that is taken stops the start and nothing else.
 */

#pragma once

#include <stddef.h>

#include "conf/conf.h"

/* One bit of a flight's askers (fetch/flight.h) is left for what is no worker.
 */
#define SOCKETS_WORKERS_LIMIT 63

struct sockets {
    int fds[SOCKETS_WORKERS_LIMIT][CONF_LIST_LIMIT]; /* [worker][address]; -1 */
    size_t addresses;
    int agent_fd; /* server.agent_listen's; -1 */
    unsigned workers;
};

/* No socket is open.  Threads: main, as all below. */
void sockets_init(struct sockets *sockets);

/*
 * Bind every address of server.listen for sockets->workers workers, and
 * server.agent_listen.  Returns 0,
 * or an error with address, cause and what to do in `error` (of `error_size`
 * bytes); what was bound by then is open.
 */
int sockets_bind(struct sockets *sockets, const struct conf *conf, char *error,
                 size_t error_size);

/* Close what is open. */
void sockets_close(struct sockets *sockets);
