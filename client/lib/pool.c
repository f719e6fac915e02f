/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pool.h"

#include <quoted/quoted.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/member.h"

void pool_init(struct pool *pool, uint64_t seed)
{
    *pool = (struct pool){.random = seed | 1};
    pool->order = pool_draw(pool);
    pool->turn = (size_t)(pool_draw(pool) % 65536);
}

void pool_deinit(struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        member_destroy(&pool->members[i]);
    }
    mem_free(pool->members);
    pool->members = NULL;
    pool->count = 0;
}

uint64_t pool_draw(struct pool *pool)
{
    CHECK(pool->random != 0);
    pool->random ^= pool->random << 13;
    pool->random ^= pool->random >> 7;
    pool->random ^= pool->random << 17;
    return pool->random;
}

/* --- Who is in it --------------------------------------------------------- */

/*
 * The place of an address in the order of one handle: a number that looks drawn
 * at random, and depends on the two alone.  So handles prefer different
 * members, each with the same chance; when one leaves, only its own handles
 * move, and they spread over all others; when one comes, or comes back, it gets
 * its share from all of them.
 */
static uint64_t score(uint64_t order, const struct member *member)
{
    const unsigned char *bytes = (const unsigned char *)&member->address;
    uint64_t hash = 0xcbf29ce484222325u ^ order;
    for (size_t i = 0; i < member->address_len; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3u; // FNV-1a
    }
    // Its high bits depend on the last bytes too little: mix them.
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
}

int pool_add(struct pool *pool, struct member **member, bool is_trusted)
{
    if (pool->count == POOL_MEMBERS_LIMIT) {
        return ERR_FULL;
    }
    struct member **grown =
        mem_realloc(pool->members, (pool->count + 1) * sizeof(struct member *));
    if (grown == NULL) {
        return ERR_NOMEM;
    }
    pool->members = grown;
    pool->members[pool->count] = *member;
    pool->count++;
    (*member)->score = score(pool->order, *member);
    (*member)->health = is_trusted ? MEMBER_WELL : MEMBER_RESTED;
    *member = NULL;
    return 0;
}

void pool_remove(struct pool *pool, size_t index)
{
    CHECK(index < pool->count);
    member_destroy(&pool->members[index]);
    pool->count--;
    // The order stays: round robin goes by it.
    for (size_t i = index; i < pool->count; i++) {
        pool->members[i] = pool->members[i + 1];
    }
}

/* --- Who is next ---------------------------------------------------------- */

void pool_begin_round(struct pool *pool)
{
    pool->round++;
    if (pool->round == 0) {
        pool->round = 1;
    }
}

static bool is_untried(const struct pool *pool, const struct member *member)
{
    return member->tried_round != pool->round;
}

static bool is_candidate(const struct pool *pool, const struct member *member)
{
    return member->health == MEMBER_WELL && is_untried(pool, member);
}

static size_t count_candidates(const struct pool *pool)
{
    size_t count = 0;
    for (size_t i = 0; i < pool->count; i++) {
        count += is_candidate(pool, pool->members[i]);
    }
    return count;
}

static size_t count_untried(const struct pool *pool)
{
    size_t count = 0;
    for (size_t i = 0; i < pool->count; i++) {
        count += is_untried(pool, pool->members[i]);
    }
    return count;
}

bool pool_has_well(const struct pool *pool)
{
    return count_candidates(pool) > 0;
}

bool pool_has_untried(const struct pool *pool)
{
    return count_untried(pool) > 0;
}

/* The n-th candidate, from 0. */
static struct member *candidate(const struct pool *pool, size_t n)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (is_candidate(pool, pool->members[i])) {
            if (n == 0) {
                return pool->members[i];
            }
            n--;
        }
    }
    CHECK(false);
    return NULL;
}

/* A random number below `limit`; what the remainder favours is 2^-50 here. */
static size_t draw_below(struct pool *pool, size_t limit)
{
    CHECK(limit > 0);
    return (size_t)(pool_draw(pool) % limit);
}

/* The first well member in the handle's own order. */
static struct member *choose_home(const struct pool *pool)
{
    struct member *best = NULL;
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = pool->members[i];
        if (is_candidate(pool, member) &&
            (best == NULL || member->score > best->score)) {
            best = member;
        }
    }
    CHECK(best != NULL);
    return best;
}

static struct member *choose_in_turn(struct pool *pool)
{
    for (size_t k = 0; k < pool->count; k++) {
        size_t i = (pool->turn + k) % pool->count;
        if (is_candidate(pool, pool->members[i])) {
            pool->turn = i + 1;
            return pool->members[i];
        }
    }
    CHECK(false);
    return NULL;
}

/* The cheaper of two that are drawn.  The cheapest of all would be chosen by
 * all clients at once, until it is the dearest. */
static struct member *choose_of_two(struct pool *pool, size_t count,
                                    uint64_t now_mono_ms)
{
    size_t first = draw_below(pool, count);
    if (count == 1) {
        return candidate(pool, first);
    }
    size_t second = draw_below(pool, count - 1);
    second += second >= first;
    struct member *one = candidate(pool, first);
    struct member *other = candidate(pool, second);
    // Which of two equals is `one` was drawn: such two are asked evenly.
    return pool_cost_us(one, now_mono_ms) / 5 * 4 <=
                   pool_cost_us(other, now_mono_ms) + POOL_ALIKE_US
               ? one
               : other;
}

static struct member *choose_well(struct pool *pool, size_t count,
                                  uint64_t now_mono_ms)
{
    switch (pool->balance) {
    case QUOTED_BALANCE_ROUND_ROBIN:
        return choose_in_turn(pool);
    case QUOTED_BALANCE_RANDOM:
        return candidate(pool, draw_below(pool, count));
    case QUOTED_BALANCE_LEAST_LOADED:
        return choose_of_two(pool, count, now_mono_ms);
    default:
        CHECK(pool->balance == QUOTED_BALANCE_CONNECTION);
        return choose_home(pool);
    }
}

static struct member *find_untried(const struct pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (is_untried(pool, pool->members[i])) {
            return pool->members[i];
        }
    }
    return NULL;
}

struct member *pool_choose(struct pool *pool, uint64_t now_mono_ms)
{
    size_t count = count_candidates(pool);
    struct member *chosen = count > 0 ? choose_well(pool, count, now_mono_ms)
                            : count_untried(pool) == 1 ? find_untried(pool)
                                                       : NULL;
    if (chosen != NULL) {
        chosen->tried_round = pool->round;
    }
    return chosen;
}

/* --- Who rests ------------------------------------------------------------ */

void pool_failed(struct pool *pool, struct member *member, uint64_t now_mono_ms)
{
    uint64_t rest_ms = POOL_REST_MS;
    for (unsigned i = 0; i < member->failures; i++) {
        rest_ms *= 2;
        if (rest_ms >= POOL_REST_MS_LIMIT) {
            rest_ms = POOL_REST_MS_LIMIT;
            break;
        }
    }
    uint64_t half = rest_ms / 2;
    member->health = MEMBER_RESTED;
    member->failures++;
    member->rests_until_mono_ms =
        now_mono_ms + half + pool_draw(pool) % (half + 1);
}

void pool_untry(struct member *member)
{
    if (member->health == MEMBER_TRIED) {
        member->health = MEMBER_RESTED;
    }
}

void pool_revived(struct member *member)
{
    member->health = MEMBER_WELL;
}

struct member *pool_due(const struct pool *pool, uint64_t now_mono_ms)
{
    struct member *due = NULL;
    for (size_t i = 0; i < pool->count; i++) {
        struct member *member = pool->members[i];
        if (member->health == MEMBER_RESTED &&
            now_mono_ms >= member->rests_until_mono_ms &&
            (due == NULL ||
             member->rests_until_mono_ms < due->rests_until_mono_ms)) {
            due = member;
        }
    }
    return due;
}

/* --- Who is how fast ------------------------------------------------------ */

/* What is left of a value after a time, by half-lives, and by a straight line
 * within one. */
static uint64_t decay(uint64_t value, uint64_t elapsed_ms)
{
    uint64_t halves = elapsed_ms / POOL_HALF_LIFE_MS;
    if (halves >= 64) {
        return 0;
    }
    value >>= halves;
    return value -
           value / 2 * (elapsed_ms % POOL_HALF_LIFE_MS) / POOL_HALF_LIFE_MS;
}

static uint64_t since_cost(const struct member *member, uint64_t now_mono_ms)
{
    CHECK(now_mono_ms >= member->cost_mono_ms);
    return now_mono_ms - member->cost_mono_ms;
}

uint64_t pool_cost_us(const struct member *member, uint64_t now_mono_ms)
{
    return decay(member->cost_us, since_cost(member, now_mono_ms));
}

/* A rise counts at once and in full, a fall by and by: it is worse to go on
 * asking a server that became slow than to be late to forgive it. */
static void take_cost(struct member *member, uint64_t cost_us,
                      uint64_t now_mono_ms)
{
    uint64_t fall = member->cost_us > cost_us ? member->cost_us - cost_us : 0;
    member->cost_us = cost_us + decay(fall, since_cost(member, now_mono_ms));
    member->cost_mono_ms = now_mono_ms;
}

static void is_well(struct member *member)
{
    member->health = MEMBER_WELL;
    member->failures = 0;
}

void pool_answered(struct member *member, uint64_t latency_us,
                   uint64_t now_mono_ms)
{
    // Of one answer that was late nobody knows whose fault it was: the
    // server's, the network's or this machine's.
    uint64_t last_us = member->latency_us;
    member->latency_us = latency_us;
    is_well(member);
    take_cost(member, latency_us < last_us ? latency_us : last_us, now_mono_ms);
}

void pool_refused(struct member *member, uint64_t cost_us, uint64_t now_mono_ms)
{
    is_well(member);
    take_cost(member, cost_us, now_mono_ms);
}
