/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h -- a handle's way to a server: names to addresses, a connection.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quoted; /* lib/handle.h */
struct server;

/* A name is looked up at most this often, so that a call which tries again and
 * again does not flood a name server. */
#define REACH_LOOKUP_EVERY_MS 1000

/*
 * Bring server->known up to date, looking its name up where that is due.
 * Returns whether there is an address to try, if only from an earlier look-up;
 * else server->failure says why not.  Threads: the handle's, as below.
 */
bool reach_addresses(struct server *server, uint64_t until_mono_ms);

/*
 * Connect the handle, which is not connected, to a known address of one of its
 * servers.  Returns 0; ERR_IO with the server's failure set; or ERR_NOMEM.
 */
int reach_connect(struct quoted *q, size_t index, unsigned address,
                  uint64_t until_mono_ms);

/* Close the handle's connection, if it has one, and forget what was on it. */
void reach_hang_up(struct quoted *q);

/* Say why a server failed in this call: printf() into server->failure. */
void reach_failed(struct server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
