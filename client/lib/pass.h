/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass.h -- asking on one connection: all that is open, pipelined.
 *
 * Asks go out in their order and answers come back in it, so the k-th answer is
 * that of the k-th ask.  Sending and reading take turns, so that neither side
 * waits for the other with full buffers.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct asks;   /* lib/asks.h */
struct quoted; /* lib/handle.h */

/* Asks that are on their way at once: enough to hide the network. */
#define PASS_IN_FLIGHT_LIMIT 256

/* Bytes of the asks that are on their way, and of a greeting before them: each
 * is a symbol of up to 128 bytes and less than 64 around it. */
#define PASS_SEND_BYTES_LIMIT (PASS_IN_FLIGHT_LIMIT * 192 + 1024)

enum pass_outcome {
    PASS_DONE,    /* every open ask got its final answer */
    PASS_GOES_ON, /* inside pass.c only: not yet */
    PASS_LOST,    /* the connection broke */
    PASS_QUIET,   /* nothing came for too long */
    PASS_BUSY,    /* the server referred us to others (asks_refer()) */
    PASS_GARBAGE, /* what came is no answer */
    PASS_NOMEM,
};

/*
 * Until when to wait in silence: to the deadline, or, where there is another
 * way to try, for a third of the time that is left.  Threads: any.
 */
uint64_t pass_patience(uint64_t deadline_mono_ms, bool has_other_way);

/*
 * Ask all that is open on the handle's connection, which there is (checked).
 * Where the outcome is not PASS_DONE the server's `failure` says why, answers
 * may be outstanding, and the caller has to hang up.  Each answer starts the
 * patience anew.  Threads: the handle's.
 */
enum pass_outcome pass_run(struct quoted *q, struct asks *asks,
                           uint64_t deadline_mono_ms, bool has_other_way);
