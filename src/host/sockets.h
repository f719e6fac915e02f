/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockets.h -- the listening sockets of all workers, bound before anything
 * runs, so that a port that is taken stops the start and nothing else.
 */

#pragma once

#include <stddef.h>

#include "conf/conf.h"

/* One bit of a flight's askers (desk/desk.h) is left for what is no worker.
 */
#define SOCKETS_WORKERS_LIMIT 63

/* What to do where descriptors run out at the start. */
#define SOCKETS_FILES_ADVICE                                             \
    "allow the process more open files (ulimit -n, LimitNOFILE= of its " \
    "unit), or set fewer server.workers"

struct sockets {
    int fds[SOCKETS_WORKERS_LIMIT][CONF_LIST_LIMIT]; /* [worker][address]; -1 */
    size_t addresses;
    int agent_fd; /* server.agent_listen's; -1 */
    unsigned workers;
    unsigned passed; /* by the service manager, in place of server.listen */
};

/* No socket is open.  Threads: main, as all below. */
void sockets_init(struct sockets *sockets);

/*
 * How many listening sockets the service manager has passed (sd_listen_fds(3)):
 * descriptors 3 and up.  0 where the texts, $LISTEN_FDS and $LISTEN_PID, are
 * NULL or for another process.
 */
unsigned sockets_passed(const char *fds, const char *pid);

/*
 * Bind every address of server.listen for sockets->workers workers, and
 * server.agent_listen; or take over those that were passed.  Returns 0,
 * or an error with address, cause and what to do in `error` (of `error_size`
 * bytes); what was bound by then is open.
 */
int sockets_bind(struct sockets *sockets, const struct conf *conf, char *error,
                 size_t error_size);

/* Close what is open. */
void sockets_close(struct sockets *sockets);
