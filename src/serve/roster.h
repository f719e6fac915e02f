/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.h -- the clients that are connected, to all workers together.
 *
 * It answers CLIENT LIST and counts connections against limits.connections. Its
 * lock is taken when a client comes, goes or names itself, and for a list;
 * never for a request.
 */

#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "net/conn.h"

struct buffer; /* base/buffer.h */
struct roster; /* opaque; see roster.c */

#define ROSTER_NAME_SIZE 64
#define ROSTER_LIB_SIZE  32

struct roster_member {
    TAILQ_ENTRY(roster_member) link;
    uint64_t id;
    uint64_t joined_ms; /* monotonic */
    char peer[CONN_PEER_SIZE];
    char name[ROSTER_NAME_SIZE]; /* under the lock, as the next two */
    char lib_name[ROSTER_LIB_SIZE];
    char lib_version[ROSTER_LIB_SIZE];
    unsigned worker;
    /* Written by the member's worker, read by others; relaxed: shown only. */
    _Atomic uint64_t active_ms; /* monotonic */
    _Atomic uint64_t commands;
    _Atomic int version;       /* of RESP */
    _Atomic uint64_t channels; /* subscribed to */
    _Atomic uint64_t patterns;
};

/* Make an empty roster: 0 or ERR_NOMEM.  Threads: main. */
int roster_create(struct roster **out);

/* Free and set to NULL; nobody is in it (checked).  Threads: main. */
void roster_destroy(struct roster **roster);

/*
 * Enter a member, whose peer, worker and joined_ms are filled in; its id is
 * given here.  Returns 0, or ERR_FULL when `connections_max` are in already.
 * Threads: any, as all below.
 */
int roster_join(struct roster *roster, struct roster_member *member,
                uint64_t connections_max);

/* Take a member out. */
void roster_leave(struct roster *roster, struct roster_member *member);

/* Copy a text into one of the member's names, cut to its size.  The caller has
 * checked what it holds. */
void roster_rename(struct roster *roster, char *name, size_t name_size,
                   struct span text);

/* Count a command of a member's.  Threads: its worker's; relaxed, without a
 * read-modify-write, since there is one writer. */
static inline void roster_count_commands(struct roster_member *member,
                                         uint64_t count)
{
    atomic_store_explicit(
        &member->commands,
        atomic_load_explicit(&member->commands, memory_order_relaxed) + count,
        memory_order_relaxed);
}

/* Number of members. */
uint64_t roster_count(struct roster *roster);

/* Append a line of CLIENT LIST a member, in the order in which they came. */
void roster_print(struct roster *roster, struct buffer *out, uint64_t now_ms);

/* Append the line of one member, which is the caller's own. */
void roster_print_member(struct roster *roster, struct buffer *out,
                         const struct roster_member *member, uint64_t now_ms);
