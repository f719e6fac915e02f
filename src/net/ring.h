/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h -- many send() in one call of the kernel, by io_uring.
 *
 * Nothing is ever left with the kernel: ring_send() returns when each send that
 * it handed over has been answered.  Each is asked not to wait (MSG_DONTWAIT),
 * which for the kernel means that it is done or has failed within the call, and
 * is put off to no thread and no event; and the answers are counted.
 *
 * Why DEFER_TASKRUN, and thus Linux 6.1, and why not to be told of failures
 * only: docs/decisions/0012.
 *
 * Threads: one, that which opened it.
 */

#pragma once

#include <stddef.h>
#include <sys/types.h>

struct ring; /* opaque; see ring.c */

struct ring_send {
    int fd;            /* a socket */
    const void *bytes; /* BORROWED for the call */
    size_t len;
    ssize_t answer; /* set: bytes that were taken, or a negative errno */
};

/*
 * Make a ring for so many sends at a time, a power of 2.  Returns 0, and *out
 * is the caller's; ERR_NOMEM; or ERR_IO with errno kept where the system has
 * none: ENOSYS and EINVAL (too old, or quoted was built without it), EPERM (not
 * allowed to).  *out is NULL then.
 */
int ring_open(struct ring **out, unsigned entries);

/*
 * Do `count` sends, at most as many as the ring has entries (checked), in their
 * order; each answer is what send(2) with MSG_NOSIGNAL on a socket that does
 * not block would give.  Returns how many of them, from the first, have been
 * answered: all, or fewer where the kernel refused to go on, and the ring is of
 * no use any more.
 */
size_t ring_send(struct ring *ring, struct ring_send *sends, size_t count);

/* Free, and set to NULL, which it may be already. */
void ring_close(struct ring **ring);
