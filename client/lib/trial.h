/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h -- members that failed, tried beside the calls.
 *
 * A member whose rest is over is connected, greeted and sent a PING; later
 * calls look how far that came, and after its PONG it is well again.
 *
 *   (1) Nothing here waits, so a trial costs a call no time.
 *   (2) A call begins one trial at most.
 *   (3) A trial in which nothing came for the attempt time has failed; what has
 *       come is looked at first, however long ago the last call was.
 *   (4) A member that comes out well keeps the connection.
 */

#pragma once

struct quoted; /* lib/handle.h */

/* Look at the trials that are under way and begin one that is due.  Threads:
 * the handle's. */
void trial_tend(struct quoted *q);
