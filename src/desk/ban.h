/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ban.h -- the symbols that a provider is not asked for, for a while, and why.
 *
 * The inside of post.h.  The head of a table is a `struct ban *`, NULL where it
 * is empty.  Threads: the desk's owner's.
 */

#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "quote/symbol.h"

/* More are not kept: the symbol is asked for again, and refused again. */
#define BAN_LIMIT 10000u

/* Bytes of a reason and its 0; longer ones are cut. */
#define BAN_WHY_SIZE 120

struct ban {
    UT_hash_handle hh;
    struct symbol symbol;
    uint64_t until_mono_ms;
    int err; /* what askers are told */
    char why[BAN_WHY_SIZE];
};

/* Ban a symbol, or ban it anew.  Without memory it is as if it were too many.
 */
void ban_put(struct ban **bans, const struct symbol *symbol,
             uint64_t until_mono_ms, int err, const char *why);

/* The ban of a symbol, or NULL.  BORROWED until the next call. */
const struct ban *ban_find(const struct ban *bans, const struct symbol *symbol,
                           uint64_t now_mono_ms);

/* Drop the ban of a symbol, if it is over. */
void ban_lift(struct ban **bans, const struct symbol *symbol,
              uint64_t now_mono_ms);

/* Drop all; *bans is NULL then. */
void ban_lift_all(struct ban **bans);
