/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h -- what is inside a struct quoted.
 *
 *     quoted.c          the public calls; quoted_watch.c those that watch
 *       call.c          one call: rounds of attempts, until all is answered
 *         reach.c       names to addresses: which members there are
 *         trial.c       members that failed, tried beside the calls
 *         pool.c        which member is next; who rests, for how long
 *         pass.c        asking on one member's connection
 *           member.c    one socket address and the connection to it
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <quoted/quoted.h>

#include "lib/endpoint.h"
#include "lib/member.h"
#include "lib/pool.h"

struct lookup; /* lib/lookup.h */

/* Bytes of the public structs as their first version had them: less is a `size`
 * that was not set.  More than the limit is none either. */
#define HANDLE_QUOTE_SIZE_FIRST   sizeof(struct quoted_quote)
#define HANDLE_OPTIONS_SIZE_FIRST offsetof(struct quoted_options, balance)
#define HANDLE_DEMAND_SIZE_FIRST  sizeof(struct quoted_demand)
#define HANDLE_PERIOD_SIZE_FIRST  sizeof(struct quoted_period)
#define HANDLE_BAR_SIZE_FIRST     sizeof(struct quoted_bar)
#define HANDLE_SIZE_LIMIT         65536u

/* Whether a program may have set a struct's `size` to this. */
static inline bool handle_is_size(uint32_t size, size_t first)
{
    return size >= first && size <= HANDLE_SIZE_LIMIT &&
           size % _Alignof(struct quoted_quote) == 0;
}

#define HANDLE_MESSAGE_SIZE 512 /* bytes of the last message and its 0 */

/* One of the addresses that a handle was opened with. */
struct server {
    struct endpoint endpoint;
    bool is_fixed;  /* no name: its one member is there from the start */
    bool is_wanted; /* one of its members failed: look the name up again */
    bool was_asked; /* the name has been looked up before */
    bool was_answered;
    bool was_awaited;       /* a call has waited for its first answer */
    uint64_t asked_mono_ms; /* when the last look-up began */
    int lookup_error;       /* EAI_... of the last answer, or 0 */
    int begin_error;        /* why the last look-up could not begin, or 0 */
    struct lookup *lookup;  /* a look-up under way, or NULL */
};

struct quoted {
    uint32_t timeout_ms;
    uint32_t rounds_max; /* 0: as many as the deadline allows */
    uint32_t attempt_ms;
    struct greeting greeting;
    struct server *servers;
    size_t servers_count;
    struct pool pool;
    char message[HANDLE_MESSAGE_SIZE];
};
