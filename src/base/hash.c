/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

/* Written once, before any other thread exists. */
static uint64_t seed;

void hash_setup(void)
{
    ssize_t got = getrandom(&seed, sizeof(seed), 0);
    CHECK(got == (ssize_t)sizeof(seed));
}

uint64_t hash_bytes(const void *data, size_t len)
{
    return XXH3_64bits_withSeed(data, len, seed);
}

uint64_t hash_mark(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}
