/* SPDX-License-Identifier: Apache-2.0 */
/*
 * together.h -- the requests that came together, where they are known
 * (web/memo.h), and the quotes that they ask for: these are fetched from memory
 * all at once, instead of one after another.
 *
 * What is found is of these bytes and of these memos: it is good until a memo
 * is kept or they are forgotten, and no longer than the bytes or the turn.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"
#include "web/memo.h"

struct quote;  /* quote/quote.h */
struct worker; /* serve/worker.h */

/* As many as are looked up at once: enough for memory to be busy, few enough
 * for what it brings to be there still. */
#define TOGETHER_REQUESTS 32

/* Requests that were found, in their order. */
struct together {
    size_t next;  /* to be taken */
    size_t count; /* of `found` */
    size_t limit; /* that it pays to look for next, 1 at least */
    struct memo_found found[TOGETHER_REQUESTS];
    const struct quote *quotes[TOGETHER_REQUESTS]; /* NULL: none that is good */
};

/* Nothing is found any more. */
static inline void together_forget(struct together *together)
{
    together->next = together->count = 0;
}

/* Nothing is found yet. */
static inline void together_begin(struct together *together)
{
    together_forget(together);
    together->limit = TOGETHER_REQUESTS / 2; // and no more: the rest is large
}

/*
 * Find the requests at the front of the bytes, with *last (memo_find()), and
 * their quotes (ask_again()).  Returns whether there is one.
 */
bool together_find(struct together *together, struct worker *worker,
                   const struct memos *memos, uint32_t *last,
                   struct span bytes);

/* Take the next that was found, which is the one at the front of the bytes
 * (checked), and its quote; false where there is none. */
static inline bool together_take(struct together *together, struct span bytes,
                                 struct memo_found *found,
                                 const struct quote **quote)
{
    if (together->next == together->count) {
        return false;
    }
    *quote = together->quotes[together->next];
    *found = together->found[together->next++];
    CHECK(found->text.data > bytes.data && found->len <= bytes.len &&
          found->text.data < bytes.data + found->len);
    return true;
}
