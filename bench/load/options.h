/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h -- what load was told on its command line.
 *
 *     --port N            of the server, on 127.0.0.1
 *     --framing KIND      resp, http, rpyc, memcached, or fixed:BYTES
 *     --requests FILE     each behind its length, 4 bytes, little endian
 *     --first N           of them, to begin with; they go round.  0
 *     --begin FILE        sent by each connection first, as it is
 *     --begin-replies N   the answers to that
 *     --connections N     1
 *     --idle N            connections beside these that ask for nothing
 *     --flight N          requests in flight on each, 1
 *     --count N           requests that are measured, 1000
 *     --warm N            requests before these, 0
 *     --rate N            requests a second, all together: an open loop
 *     --pid N             a process of the server; may be given again
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/load/framing.h"

#define OPTIONS_FLIGHT_LIMIT 1024
#define OPTIONS_PIDS_LIMIT   64
#define OPTIONS_FIXED_LIMIT  262144

struct options {
    int port;
    enum framing_kind framing;
    size_t fixed;
    size_t connections;
    size_t idle;
    size_t flight;
    uint64_t count;
    uint64_t warm;
    double rate; /* requests a second, all together; 0: a closed loop */
    const char *requests;
    size_t first;      /* of them */
    const char *begin; /* sent by each connection first */
    size_t begin_replies;
    int pids[OPTIONS_PIDS_LIMIT];
    size_t pids_count;
};

/* Say what is wrong, and exit with 1. */
_Noreturn void options_fail(const char *what, const char *which);

/* Read the command line; what is wrong with it ends the program. */
void options_read(struct options *options, int argc, char **argv);
