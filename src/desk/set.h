/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.h -- the posts of one configuration.  A call that began with them keeps
 * them, whatever is loaded meanwhile.
 *
 * The inside of desk.h.  Threads: the desk's owner's.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "budget/steady.h"

struct desk_provider; /* desk/terms.h */
struct post;          /* desk/post.h */

struct set {
    uint32_t references;
    size_t count;
    struct post *posts;
};

/* Make the posts of `count` providers (1 or more), which are MOVED on success,
 * held once; `boot` as in budget/budget.h.  NULL for want of memory. */
struct set *set_make(const char *boot, struct desk_provider *providers,
                     size_t count, struct steady_time now);

/* Let go of a set; whoever is last frees it. */
void set_leave(struct set *set);

/* What was spent with a key is spent, whatever the rules are now: take it over.
 * Returns 0 or ERR_NOMEM. */
int set_keep_budgets(const struct set *before, struct set *after,
                     struct steady_time now);

/* The post of a budget key; NULL where there is none. */
struct post *set_find(const struct set *set, const char *budget_key);

/* What posts of before remember, those of the same keys remember. */
void set_inherit(const struct set *before, struct set *after,
                 struct steady_time now);
