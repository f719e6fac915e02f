/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"

/* Written once, before any other thread exists.  Until then of the last three
 * none is 0, which as a factor would make all products one. */
static uint64_t seed[4] = {0, UINT64_C(0x6a09e667f3bcc908),
                           UINT64_C(0xbb67ae8584caa73b),
                           UINT64_C(0x3c6ef372fe94f82b)};

void hash_setup(void)
{
    ssize_t got = getrandom(seed, sizeof(seed), 0);
    CHECK(got == (ssize_t)sizeof(seed));
}

uint64_t hash_bytes(const void *data, size_t len)
{
    return XXH3_64bits_withSeed(data, len, seed[0]);
}

/* Both halves of a product, of which each bit depends on most of the factors'.
 */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* As wyhash and XXH3 do it for so few bytes: with factors that nobody knows,
 * nobody can choose words whose products meet. */
uint64_t hash_pair(uint64_t first, uint64_t second)
{
    uint64_t folded = fold(first ^ seed[1], second ^ seed[2]);
    return fold(folded ^ first, seed[3] ^ second);
}

uint64_t hash_mark(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}
