/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load/histogram.h"

#include <stddef.h>

#define FINE_BITS 6

static size_t bucket_of(uint64_t value)
{
    if (value < HISTOGRAM_FINE) {
        return (size_t)value;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - FINE_BITS;
    // Below the highest bit, which the bucket's group tells.
    size_t fine = (size_t)(value >> shift) - HISTOGRAM_FINE;
    return HISTOGRAM_FINE * (shift + 1) + fine;
}

/* The greatest value of a bucket. */
static uint64_t end_of(size_t bucket)
{
    if (bucket < HISTOGRAM_FINE) {
        return bucket;
    }
    unsigned shift = (unsigned)(bucket / HISTOGRAM_FINE) - 1;
    uint64_t fine = bucket % HISTOGRAM_FINE + HISTOGRAM_FINE;
    return ((fine + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->count++;
    histogram->sum += value;
    histogram->most = value > histogram->most ? value : histogram->most;
    histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_at(const struct histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)(part * (double)histogram->count + 0.5);
    wanted = wanted == 0 ? 1 : wanted;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted) {
            uint64_t end = end_of(i);
            return end < histogram->most ? end : histogram->most;
        }
    }
    return histogram->most;
}
