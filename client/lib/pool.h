/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h -- the members of a handle: which of them is next, and who rests.
 *
 *                   pool_failed()
 *      well ------------------------> rested <---------+
 *       ^ ^                             |  pool_due()  | pool_failed()
 *       | |  pool_revived()             v              |
 *       | +--------------------------- tried ----------+
 *       +-- pool_answered(), from each of them
 *
 *   (1) A round tries a member once at most.
 *   (2) Only a well member is chosen, or one that is left alone: for the others
 *       there is a race (lib/trial.h).
 *   (3) There are at most POOL_MEMBERS_LIMIT members.
 *   (4) A rest is 250 ms, doubling with each failure in a row up to 1 s, less a
 *       random part of up to its half.
 *   (5) Each rule chooses among well members as quoted.h says.
 *
 * Time and chance are passed in: all instants are of one monotonic clock, and
 * `random` is a generator's state.  Nothing here waits or does I/O, but that
 * who leaves is hung up on.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct member; /* lib/member.h */
struct server; /* lib/handle.h */

/* Each may have a descriptor, and a program has some 1,000. */
#define POOL_MEMBERS_LIMIT 256

#define POOL_REST_MS       250u
#define POOL_REST_MS_LIMIT 1000u

/* After this time without an answer a member's average has fallen to its half:
 * a server that was slow a few seconds ago is worth a try. */
#define POOL_HALF_LIFE_MS 1000u

/* Members that differ by less, or by less than a quarter, are equal: by so much
 * answers of one server differ, and nobody notices. */
#define POOL_ALIKE_US 500u

struct pool {
    uint32_t balance;        /* an enum quoted_balance */
    uint64_t random;         /* state of the generator, never 0 */
    uint64_t order;          /* drawn once: this handle's order of members */
    struct member **members; /* owned, each of them too */
    size_t count;
    size_t turn;    /* round robin: the index to begin with */
    uint32_t round; /* numbers the rounds; 0 is none */
};

/* An empty pool, balanced by connection.  `seed` may be any number. */
void pool_init(struct pool *pool, uint64_t seed);

/* End all members. */
void pool_deinit(struct pool *pool);

/*
 * Take a member in, well or, where it is not trusted, as one whose rest is
 * over: then it is tried beside the calls before one depends on it.  MOVED: on
 * success returns 0 and *member is NULL.  ERR_NOMEM or ERR_FULL else.
 */
int pool_add(struct pool *pool, struct member **member, bool is_trusted);

/* End the member at an index. */
void pool_remove(struct pool *pool, size_t index);

/* The next number of the generator (xorshift64: enough to keep clients apart).
 */
uint64_t pool_draw(struct pool *pool);

/* Begin a round: no member has been tried in it. */
void pool_begin_round(struct pool *pool);

/*
 * The member to try next, by rules (1), (2) and (5), which counts as tried
 * then; NULL when there is none.  BORROWED until it is removed.
 */
struct member *pool_choose(struct pool *pool, uint64_t now_mono_ms);

/* Whether the round has a well member left to try. */
bool pool_has_well(const struct pool *pool);

/* Whether the round has any member left to try. */
bool pool_has_untried(const struct pool *pool);

/* A member failed: it rests, or rests on. */
void pool_failed(struct pool *pool, struct member *member,
                 uint64_t now_mono_ms);

/* A trial came out well.  Its next rest is still the longer one, until it
 * answers: a server may answer PING and nothing else. */
void pool_revived(struct member *member);

/*
 * A member answered asks: it is well.  What that cost is the time until the
 * first sign of it, or until that of the answer before, if that was less: one
 * late answer counts for nothing, and two in a row do.
 */
void pool_answered(struct member *member, uint64_t latency_us,
                   uint64_t now_mono_ms);

/* A member answered that it has too much to do: it is well, and costs more than
 * its quick answer took, at once, or it would draw others. */
void pool_refused(struct member *member, uint64_t cost_us,
                  uint64_t now_mono_ms);

/* What the average of a member's latencies has come down to by now. */
uint64_t pool_cost_us(const struct member *member, uint64_t now_mono_ms);

/* A member's trial is given up, where one is under way: it rests as before. */
void pool_untry(struct member *member);

/* A member whose rest is over and who is not tried yet: the one that waited
 * longest, or NULL. */
struct member *pool_due(const struct pool *pool, uint64_t now_mono_ms);
