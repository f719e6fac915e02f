/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h -- a handle's names and the addresses they stand for: which members
 * the pool has.
 *
 *   (1) A name is looked up by the first call; again when one of its members
 *       failed; and else every REACH_LOOKUP_EVERY_MS, as calls come by.
 *   (2) At most one look-up of a name is under way, and one a
 *       REACH_LOOKUP_PAUSE_MS begins.
 *   (3) The members of a name are the addresses of its last good answer: who is
 *       new comes in, who is gone is hung up on and leaves.  An answer that
 *       failed changes nothing.
 *   (4) A call waits for a look-up only while there is no member at all; or, in
 *       the first call, for the attempt time, so that it does not only know the
 *       names that are answered first.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quoted; /* lib/handle.h */
struct server;

/* A call that tries again and again must not flood a name server. */
#define REACH_LOOKUP_PAUSE_MS 1000u

/* A server that was added to a name gets its share after this time at most. */
#define REACH_LOOKUP_EVERY_MS 5000u

/* Take the answers that are there and begin what look-ups are due.  May remove
 * members.  Never waits.  Threads: the handle's, as below. */
void reach_tend(struct quoted *q);

/* The same, and wait where rule (4) says so. */
void reach_await(struct quoted *q, uint64_t deadline_mono_ms);

/* Why a name has no members; NULL for one that has.  BORROWED, static. */
const char *reach_failure(const struct quoted *q, const struct server *server);
