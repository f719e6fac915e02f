/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h -- a socket that is waited for until an instant, never longer.
 *
 * Every instant is of clock_mono_ms(clock_system()); waiting is poll()'s, so
 * the clock is the machine's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Milliseconds on the clock that instants are of.  Threads: any, as below. */
uint64_t link_now_ms(void);

/*
 * Wait for poll() events on a descriptor, or for nothing but the time where fd
 * is -1.  Signals don't end it.  Returns what poll() reported, 0 when the
 * instant came first; an instant that has passed still looks once.
 */
int link_wait(int fd, short events, uint64_t until_mono_ms);

/*
 * Connect a stream socket.  Returns 0 and *fd is the caller's: non-blocking,
 * closed on exec, without Nagle's delay.  Otherwise an errno, ETIMEDOUT when
 * the instant came first, and *fd is -1.
 */
int link_connect(int *fd, const struct sockaddr_storage *address, socklen_t len,
                 uint64_t until_mono_ms);

/* Whether a connection is open and its peer has said nothing: an answer nobody
 * asked for, or an end, means that it is of no use any more. */
bool link_is_idle(int fd);
