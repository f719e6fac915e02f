/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_priv.h -- what the other files of net need of a connection: making one
 * and the sweep that the loop's timer starts.
 */

#pragma once

#include <uv.h>

#include "net/conn.h"
#include "net/loop.h"

/*
 * Accept from a listening stream.  Returns 0 and *out lives until it is closed;
 * ERR_NOMEM, and then the connection still waits to be accepted; or ERR_IO
 * where the peer is gone already.  Threads: the loop's.
 */
int conn_accept(struct conn **out, struct loop *loop, uv_stream_t *listening);

/* End the connections that are idle, and those whose peer is stuck. */
void conn_sweep(struct loop *loop);

/* Close every connection of the loop. */
void conn_close_all(struct loop *loop);
