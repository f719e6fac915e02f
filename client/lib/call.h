/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h -- one call on a handle: asks that are answered before a deadline.
 *
 * A call goes round the handle's members until nothing is open any more:
 *
 *     call      rounds, with a pause between two of them
 *     round     an attempt at each member, in the order of lib/pool.h
 *     attempt   a pass on the connection that the member holds; where there is
 *               none, or it turns out to be lost, connect and a pass
 *     pass      lib/pass.h
 *
 *   (1) Every ask is final when call_run() returns.
 *   (2) An answer belongs to the connection that it was asked on: a connection
 *       on which one was given up is closed, so that none comes late.
 *   (3) After the deadline nothing is waited for.
 *   (4) Rounds end early when no time would heal what failed: garbage, or
 *       servers with too much to do.  Garbage from behind a name may heal, when
 *       the name is looked up anew.
 *   (5) Who rests is not waited for where a server has said that it has too
 *       much to do.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asks;   /* lib/asks.h */
struct quoted; /* lib/handle.h */

/* The pause after the first round, which doubles, and the longest. */
#define CALL_PAUSE_MS       20u
#define CALL_PAUSE_MS_LIMIT 500u

/*
 * Ask until all is final.  Returns 0 when all were answered, if only with a
 * reason; else the status of one that was not.  q->message says why, for the
 * last that failed; "" when none did.  Threads: the handle's.
 */
int call_run(struct quoted *q, struct asks *asks);

/* The longest pause after the n-th round, from 0, in ms; the pause itself is
 * drawn from its upper half. */
uint64_t call_pause_ms(uint32_t round);

/* The attempt time when it has been doubled so often: so a network which is
 * slow, or a fleet that is, is not given up for ever. */
uint64_t call_attempt_ms(uint32_t attempt_ms, uint32_t doublings);

/*
 * Whether the attempt time doubles after the n-th round, from 0, of a handle
 * with so many members; `is_far`: connecting took too long in it.  With one
 * member that is not far only after each third round: behind it may be a
 * balancer, whose next connection leads to another server.
 */
bool call_doubles(size_t members, uint32_t round, bool is_far);
