/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share.h -- how much of what a connection has sent is answered in one turn of
 * its worker: after so much work the others have theirs, and the rest waits.
 * A few bytes can ask for much: INFO, a page of metrics, a frame that inflates.
 *
 *   (1) No request is begun in a turn of the loop once SHARE_BYTES are charged.
 *   (2) While a session is full, or its share is used, its connection is
 *       paused; else it is not.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/loop.h"

struct guest; /* serve/guest.h */

/* In bytes that were composed, or that were inflated to be read, and whatever
 * takes as long: less than a millisecond of work.  As much as one read brings,
 * and goes out in one piece. */
#define SHARE_BYTES 65536

/* A session's, within its memory. */
struct share {
    struct loop_task rest; /* first; share.c's own, as the next three */
    struct guest *guest;
    uint64_t turn; /* in which this was charged: */
    size_t charged;
    bool is_used; /* put off to the next turn */
    bool is_full; /* to be read only */
};

/* Begin with nothing charged, for a guest (BORROWED). */
void share_init(struct share *share, struct guest *guest);

/* To be called before its memory goes. */
void share_end(struct share *share);

/* So much was done. */
static inline void share_charge(struct share *share, size_t bytes)
{
    share->charged += bytes;
}

/* The same for what was composed, by how much there was before and is now:
 * what was sent meanwhile, and is not there, is not charged. */
static inline void share_charge_growth(struct share *share, size_t before,
                                       size_t now)
{
    share->charged += now > before ? now - before : 0;
}

/* Whether there are bytes that came and another request may be begun.  Where
 * its share is used, the connection is paused until the next turn. */
bool share_is_left(struct share *share);

/* The session takes no more for now, and the opposite: what came meanwhile is
 * given from within, which may end the session. */
void share_pause(struct share *share);
void share_resume(struct share *share);
