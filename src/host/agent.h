/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.h -- what a balancer is told about the server's load: HAProxy's agent
 * check, on a port of its own.
 *
 * Whoever connects is answered one line and the end of the connection:
 *
 *     up ready 73%     73 % of the processors that the workers may use are idle
 *     drain            the server is about to end: no new connections, please
 *
 * ("ready" takes back the "drain" of the process before.)  HAProxy's management
 * guide, "agent-check", has the grammar.
 *
 * Threads: main.
 */

#pragma once

#include <stdint.h>

struct agent; /* opaque; see agent.c */
struct loop;  /* net/loop.h */

/* How often the load is measured: HAProxy asks about once a second or two. */
#define AGENT_PERIOD_MS 500

/* The least weight: at 0 % nobody would be sent here, and the load could not be
 * seen to fall. */
#define AGENT_PERCENT_LEAST 1

/*
 * Answer on the listening socket `fd` (MOVED).  `workers` is how many threads a
 * full load keeps busy.  Returns 0 and *out is the caller's to end with
 * agent_close(), or ERR_NOMEM or ERR_IO.
 */
int agent_open(struct agent **out, struct loop *loop, int fd, unsigned workers);

/* Answer "drain" from now on. */
void agent_drain(struct agent *agent);

/* Stop answering, free and set *agent to NULL; NULL already is allowed. */
void agent_close(struct agent **agent);

/*
 * The idle share, AGENT_PERCENT_LEAST to 100, of `workers` threads which took
 * cpu_us microseconds of CPU time in wall_us of the clock, smoothed with the
 * share told before: half of each.  Pure.  Threads: any.
 */
unsigned agent_idle_percent(unsigned before, uint64_t cpu_us, uint64_t wall_us,
                            unsigned workers);
