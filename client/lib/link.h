/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h -- a socket that is waited for until an instant, never longer.
 *
 * Every instant is of clock_mono_ms(clock_system()); waiting is poll()'s, so
 * the clock is the machine's.
 */

#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Milliseconds on the clock that instants are of.  Threads: any, as below. */
uint64_t link_now_ms(void);

/* The same in microseconds, for taking how long something took. */
uint64_t link_now_us(void);

/*
 * Wait for poll() events on any of several descriptors, or for nothing but the
 * time where n is 0.  Signals don't end it.  Returns how many have something to
 * tell in their `revents`, 0 when the instant came first; an instant that has
 * passed still looks once.
 */
int link_wait_any(struct pollfd *polled, size_t n, uint64_t until_mono_ms);

/* The same for one descriptor, which may be -1 for none; returns what poll()
 * reported of it, 0 when the instant came first. */
int link_wait(int fd, short events, uint64_t until_mono_ms);

/*
 * Begin to connect a stream socket.  Returns 0 and *fd is the caller's:
 * non-blocking, closed on exec, without Nagle's delay.  Otherwise an errno, and
 * *fd is -1.  Never blocks.
 */
int link_begin(int *fd, const struct sockaddr_storage *address, socklen_t len);

/*
 * How a connection that was begun came out: 0, or an errno.  It is known when
 * the descriptor polls POLLOUT; ETIMEDOUT when the instant comes first.
 */
int link_finish(int fd, uint64_t until_mono_ms);

/* Whether a connection is open and its peer has said nothing: an answer nobody
 * asked for, or an end, means that it is of no use any more. */
bool link_is_idle(int fd);
