/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h -- a listening socket on one loop, and the connections it accepts.
 *
 * Each worker has its own listener for each address.  For TCP the kernel shares
 * the connections out among them (SO_REUSEPORT); for a Unix socket all workers
 * accept from one descriptor.
 *
 * Life: listener_open() -> accepting -> listener_close() -> its connections go
 * on; they are closed by whoever owns them.
 */

#pragma once

#include <stdbool.h>

#include "net/address.h"

struct listener; /* opaque; see listener.c */
struct conn;     /* net/conn.h */

/*
 * A connection was accepted and reads nothing yet: the callee gives it its
 * owner with conn_start(), or ends it with conn_close().
 * Threads: the loop's.
 */
typedef void (*listener_accept_fn)(void *user, struct conn *conn);

/*
 * Bind `address` and listen, without accepting yet; a port of 0 in *address is
 * replaced by the one that the system chose.  Returns the descriptor, to be
 * given to listener_open() or closed, or ERR_IO with errno kept.
 *
 * A TCP address may be bound again (SO_REUSEPORT), by calls that are not the
 * `first`; the first is refused when anybody listens there already.  A Unix
 * socket is bound once and its descriptor duplicated; a socket file whose owner
 * is gone is replaced.  Where there is no IPv6, the `first` narrows *address
 * (address_narrow()).  Threads: main.
 */
int listener_bind(struct address *address, bool first);

struct loop; /* net/loop.h */

/*
 * Accept on descriptor `fd`, which becomes the listener's.  On success returns
 * 0 and *out is the caller's, to be ended with listener_close(); ERR_NOMEM or
 * ERR_IO otherwise, and `fd` is closed.  Threads: the loop's.
 */
int listener_open(struct listener **out, struct loop *loop, int fd,
                  listener_accept_fn on_accept, void *user);

/* Stop accepting, free, and set *listener to NULL; NULL already is allowed.
 * Threads: the loop's. */
void listener_close(struct listener **listener);
