/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steady.h -- the wall clock, without the steps that somebody sets it by.
 *
 * A day's allowance turns by the wall clock, and the wall clock is set: by
 * hand, by a name server that was away, by a battery that was empty.  A step
 * forward over midnight must not give the day's calls a second time.  So
 * beside the wall clock runs a smooth one, an anchor and what boot time has
 * passed since, and what counts is the earlier of the two.  Where they stay
 * apart for STEADY_BELIEVED_MS the wall clock is believed after all.
 *
 * Pure: the time is passed in.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One instant, by both clocks of base/clock.h. */
struct steady_time {
    int64_t unix_ms;
    uint64_t mono_ms;
};

/* A wall clock is slewed by half a second in 1,000 s at most; what is further
 * apart was stepped. */
#define STEADY_SLEW_MS 2000

/* More than the longest day has: a step that is kept for so long can shift a
 * day's turn, but not bring a second one within a day. */
#define STEADY_BELIEVED_MS (26u * 3600u * 1000u)

struct steady {
    struct steady_time anchor;
    bool is_apart;
    uint64_t apart_since_mono_ms; /* where is_apart */
};

/* Begin at `now`, believing the wall clock. */
void steady_init(struct steady *steady, struct steady_time now);

/* The wall clock's time at `now`, in ms since 1970, free of steps forward.  May
 * be less than an earlier answer: whoever counts by it must not go back. */
int64_t steady_unix_ms(struct steady *steady, struct steady_time now);

/* What it may be as well, the same or later: where the wall clock was put back,
 * and nobody knows whether rightly, the smooth one's.  Behind the call above.
 */
int64_t steady_late_unix_ms(const struct steady *steady,
                            struct steady_time now);
