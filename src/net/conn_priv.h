/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_priv.h -- what the other files of net need of a connection: making one
 * and the sweep that the loop's timer starts.
 */

#pragma once

#include "net/conn.h"
#include "net/loop.h"

/*
 * A connection of `fd`, a connected socket that does not block, which becomes
 * its own.  Returns 0 and *out lives until it is closed; otherwise ERR_NOMEM or
 * ERR_IO, and `fd` is closed.  Threads: the loop's.
 */
int conn_accept(struct conn **out, struct loop *loop, int fd);

/* End the connections that are idle, and those whose peer is stuck. */
void conn_sweep(struct loop *loop);

/* Close every connection of the loop. */
void conn_close_all(struct loop *loop);
