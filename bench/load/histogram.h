/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram.h -- how long things took, to within 1.6 per cent, in fixed memory.
 *
 * A value is kept by its highest bit and the six below it, so every bucket is
 * at most 1/64 of its values wide, from a nanosecond to centuries.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdint.h>

#define HISTOGRAM_FINE    64
#define HISTOGRAM_BUCKETS (HISTOGRAM_FINE * 59)

struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t most; /* exactly */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Count a value. */
void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that a part of them, from 0 to 1, is not above; the upper end of
 * its bucket, but never beyond the greatest.  0 where there are none. */
uint64_t histogram_at(const struct histogram *histogram, double part);
