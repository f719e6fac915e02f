/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h -- the running server: its threads, its signals, its end.
 *
 *     start --> serving -- SIGTERM, SIGINT --> draining --> ended
 *                 ^   \ SIGHUP
 *                  \__/
 *
 * Draining: no more connections are accepted (see serve/worker.h for when
 * balancers are told first); what was asked is answered; at
 * SERVER_FLIGHTS_MS flights still under way are answered -DRAINING, at
 * SERVER_CUT_MS the connections that are left are cut.  A second signal cuts at
 * once.
 */

#pragma once

#include "conf/conf.h"

/* Both within the 5 s after which a service that was told to stop has stopped.
 */
#define SERVER_FLIGHTS_MS 4000
#define SERVER_CUT_MS     4500

struct guest_protocol; /* serve/guest.h */
struct server;         /* opaque; see server.c */

#define SERVER_ERROR_SIZE 1280

/* All BORROWED until the end. */
struct server_options {
    const struct conf_sources *sources; /* SIGHUP loads them again */
    /* PROTOCOL_COUNT of them; see struct shared in serve/worker.h. */
    const struct guest_protocol *const *protocols;
    /* The environment's words of the service manager; each may be NULL. */
    const char *notify_socket; /* $NOTIFY_SOCKET */
    const char *watchdog_usec; /* $WATCHDOG_USEC */
    const char *watchdog_pid;  /* $WATCHDOG_PID */
    const char *listen_fds;    /* $LISTEN_FDS */
    const char *listen_pid;    /* $LISTEN_PID */
};

/*
 * Start serving with the settings in *conf (MOVED, on failure perhaps). Returns
 * 0, or an error with a text that names the thing, the cause and what to do;
 * then everything that was started has ended.  Threads: main.
 */
int server_start(struct server **out, struct conf **conf,
                 const struct server_options *options,
                 char error[SERVER_ERROR_SIZE]);

/* Serve until a signal ends it; everything is ended and freed then, and *server
 * set to NULL.  Threads: main. */
void server_run(struct server **server);
