/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat.h -- something that is done every so many milliseconds while there
 * is a reason to.
 *
 *     heartbeat_create() -> still -- heartbeat_settle(true) --> beating
 *                             ^---- heartbeat_settle(false) ----'
 *
 * Invariants:
 *
 *   (1) on_beat() is called at latest period_ms after heartbeat_settle(true),
 *       and then every period_ms; a loop that is busy is late.
 *   (2) It is not called while still, nor after heartbeat_destroy().
 *
 * Threads: the loop's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct heartbeat; /* opaque; see heartbeat.c */
struct loop;      /* net/loop.h */

struct heartbeat_options {
    uint64_t period_ms; /* 1 or more */
    /* May destroy the heartbeat. */
    void (*on_beat)(void *user);
    void *user;
};

/* Make one that is still: 0 or ERR_NOMEM.  Ended with heartbeat_destroy(),
 * while the loop still runs or before loop_deinit(). */
int heartbeat_create(struct heartbeat **out, struct loop *loop,
                     const struct heartbeat_options *options);

/* Whether there is a reason to beat; unchanged, and NULL, are allowed. */
void heartbeat_settle(struct heartbeat *heartbeat, bool has_reason);

/* Stop, free, and set *heartbeat to NULL; NULL already is allowed. */
void heartbeat_destroy(struct heartbeat **heartbeat);
