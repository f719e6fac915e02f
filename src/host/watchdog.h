/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog.h -- tell the service manager, again and again, that every loop
 * still turns; when one does not, say nothing, and be started anew.
 *
 * systemd sets $WATCHDOG_USEC to the time within which it wants to hear
 * WATCHDOG=1 (sd_watchdog_enabled(3)); we say it twice in that time.
 *
 * Threads: main.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;     /* net/loop.h */
struct watchdog; /* opaque; see watchdog.c */

struct watchdog_options {
    const char *notify_socket; /* BORROWED as long as the watchdog */
    uint64_t period_us;        /* $WATCHDOG_USEC */
    /* Whether every loop turns; it logs what does not. */
    bool (*is_well)(void *user);
    void *user;
};

/*
 * Read $WATCHDOG_USEC and $WATCHDOG_PID: the period in microseconds, 0 where no
 * watchdog is wanted, or not of this process.  NULL texts are allowed.
 */
uint64_t watchdog_period_us(const char *usec, const char *pid);

/* Begin.  Returns 0 and *out is the caller's to end with watchdog_close(), or
 * ERR_NOMEM. */
int watchdog_open(struct watchdog **out, struct loop *loop,
                  const struct watchdog_options *options);

/* Fall silent, free and set *watchdog to NULL; NULL already is allowed. */
void watchdog_close(struct watchdog **watchdog);
