/* SPDX-License-Identifier: Apache-2.0 */
/*
 * together.h -- the requests that came together with one, where they are known
 * (web/memo.h): what they are about to ask for is fetched from memory all at
 * once, instead of one after another.
 *
 *     GET /v1/quotes/A ...   its quote was not asked for lately:
 * together_learn() GET /v1/quotes/B ...   together_take() GET /v1/quotes/C ...
 * together_take()
 *
 * What is found is of these bytes and of these memos: it is good until a memo
 * is kept or they are forgotten, and no longer than the bytes.
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

struct worker; /* serve/worker.h */

/* As many as are looked up at once, behind the first: enough for memory to be
 * busy, few enough for what it brings to be there still. */
#define TOGETHER_REQUESTS 31

/* Requests that were found, in their order. */
struct together {
    size_t next;  /* to be taken */
    size_t count; /* of `found` */
    struct memo_found found[TOGETHER_REQUESTS];
};

/* Nothing is found yet, or any more. */
static inline void together_begin(struct together *together)
{
    together->next = together->count = 0; // and no more: the rest is large
}

/*
 * Learn what the request that asks for `text` is about to ask for, and those
 * that follow it in `rest`, which are found with *last (memo_find()).  Returns
 * whether that brings the first of them further; where it was learnt already it
 * does nothing.
 */
bool together_learn(struct together *together, struct worker *worker,
                    const struct memos *memos, uint32_t *last, struct span text,
                    struct span rest);

/* Take the next that was found, which is the one at the front of the bytes
 * (checked); false where there is none. */
static inline bool together_take(struct together *together, struct span bytes,
                                 struct memo_found *found)
{
    if (together->next == together->count) {
        return false;
    }
    *found = together->found[together->next++];
    CHECK(found->text.data > bytes.data && found->len <= bytes.len &&
          found->text.data < bytes.data + found->len);
    return true;
}
