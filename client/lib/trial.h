/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h -- members that failed, tried again with a PING.
 *
 * A member whose rest is over is connected, greeted and sent a PING; later
 * calls look how far that came, and after its PONG it is well again.
 *
 *   (1) trial_tend() does not wait, so a trial costs a call no time.
 *   (2) It begins one trial at most.
 *   (3) A trial in which nothing came for the attempt time has failed; what has
 *       come is looked at first, however long ago the last call was.
 *   (4) A member that comes out well keeps the connection.
 *   (5) trial_race() waits for the first of many, not for one after the other:
 *       when a fleet comes back its first server is found at once.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct quoted; /* lib/handle.h */

/* Look at the trials that are under way and begin one that is due.  Threads:
 * the handle's, as below. */
void trial_tend(struct quoted *q);

/*
 * Try at once all members that are not well and that the pool's round has not
 * tried, rested or not, each with the given attempt time.  Returns whether one
 * is well; false when all have failed, which counts as tried, or none was heard
 * for twice the attempt time, or at the deadline.
 */
bool trial_race(struct quoted *q, uint64_t attempt_ms,
                uint64_t deadline_mono_ms);
