/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass.h -- asking on one connection: all that is open, pipelined.
 *
 * Asks go out in their order and answers come back in it, so the k-th answer is
 * that of the k-th ask.  Sending and reading take turns, so that neither side
 * waits for the other with full buffers.
 *
 * A server that says nothing is given up:
 *
 *   (1) One that promised a heartbeat (lib/member.h), or has not answered the
 *       greeting yet, after the attempt time.
 *   (2) Any other after a third of the time that is left, or, where there is no
 *       other way to try, at the deadline: it may be waiting for its provider,
 *       and can't say so.
 *   (3) Whatever comes starts that time anew; after the deadline nothing does.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asks;   /* lib/asks.h */
struct member; /* lib/member.h */
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

struct pass {
    /* Set by the caller. */
    struct quoted *q;
    struct member *member; /* whose connection is open (checked) */
    struct asks *asks;     /* with an open one (checked) */
    uint64_t deadline_mono_ms;
    uint64_t attempt_ms;
    bool has_other_way;

    /* What came of it. */
    uint64_t latency_us; /* until the first sign of life */
    bool is_draining;    /* PASS_BUSY: it said that it is shutting down */

    /* Inside pass.c only. */
    bool is_busy;
    bool has_rows;    /* the bars that there are have been announced */
    size_t rows_left; /* of them, to come */
    size_t sent;      /* index of the next ask to send */
    size_t read;      /* index of the next ask to be answered */
    size_t in_flight;
    uint64_t started_us;
};

/*
 * Until when to wait in silence by rule (2): a third of the time that is left,
 * or the deadline.  Threads: any.
 */
uint64_t pass_patience(uint64_t deadline_mono_ms, bool has_other_way);

/*
 * Ask all that is open on the member's connection.  Where the outcome is
 * neither PASS_DONE nor PASS_BUSY the member's `failure` says why, answers may
 * be outstanding, and the caller has to hang up.  Threads: the handle's.
 */
enum pass_outcome pass_run(struct pass *pass);
