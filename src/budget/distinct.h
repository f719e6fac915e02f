/* SPDX-License-Identifier: Apache-2.0 */
/*
 * distinct.h -- the different symbols that were asked for since a turn.
 *
 * Those that were asked for near the turn count behind it too
 * (budget/turn.h).  Pure.  Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

struct distinct; /* opaque; see distinct.c */
struct symbol;   /* quote/symbol.h */

/* Make an empty set; 0 or ERR_NOMEM.  Ended with distinct_destroy(). */
int distinct_create(struct distinct **out);

/* Free and set *set to NULL; NULL already is allowed. */
void distinct_destroy(struct distinct **set);

/* Number of symbols. */
size_t distinct_count(const struct distinct *set);

/* Whether a symbol is in it. */
bool distinct_has(const struct distinct *set, const struct symbol *symbol);

/* Add a symbol, or say of one that is in it that it `is_late` too.  Returns 0
 * or ERR_NOMEM. */
int distinct_add(struct distinct *set, const struct symbol *symbol,
                 bool is_late);

/* Drop all that are not late; what stays is not late any more. */
void distinct_turn(struct distinct *set);

/* Append the symbols as words, each with a space in front, a late one with a *
 * behind, for distinct_load(). */
void distinct_save(const struct distinct *set, struct buffer *out);

/* Add what distinct_save() wrote.  Returns 0, ERR_SYNTAX or ERR_NOMEM; then
 * some may have been added. */
int distinct_load(struct distinct *set, struct span words);
