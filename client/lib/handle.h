/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h -- what is inside a struct quoted; for quoted.c, reach.c and call.c.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "lib/endpoint.h"
#include "lib/lookup.h"

struct replies; /* lib/replies.h */

#define HANDLE_NAME_SIZE    65  /* a client's name, 64 bytes, and its 0 */
#define HANDLE_MESSAGE_SIZE 512 /* bytes of the last message and its 0 */

/* One of the addresses that a handle was opened with. */
struct server {
    struct endpoint endpoint;
    bool is_fixed;              /* no name: `known` never changes */
    bool was_asked;             /* the name has been looked up before */
    uint64_t asked_mono_ms;     /* when it was looked up last */
    int lookup_error;           /* EAI_... of the last look-up, or 0 */
    struct lookup *lookup;      /* a look-up under way, or NULL */
    struct lookup_result known; /* the last good answer; count may be 0 */
    unsigned first;             /* which of them to try first, modulo count */
    char failure[160];          /* why it failed in this call, or "" */
};

struct quoted {
    uint32_t timeout_ms;
    uint32_t rounds_max; /* 0: as many as the deadline allows */
    char client_name[HANDLE_NAME_SIZE];
    struct server *servers;
    size_t servers_count;
    size_t preferred; /* index of the server that answered last */
    uint64_t random;  /* state of the jitter's generator, never 0 */

    /* The connection, to servers[preferred]; -1 where there is none. */
    int fd;
    struct replies *replies; /* while there is a connection */
    struct buffer out;       /* bytes to be sent */
    size_t skipped;          /* replies still to come that nobody waits for */

    char message[HANDLE_MESSAGE_SIZE];
};
