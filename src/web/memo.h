/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.h -- requests for one quote as they were read last: a client sends the
 * same bytes again and again, but for the symbol, and what they mean is then
 * known.
 *
 *     GET /v1/quotes/IBM HTTP/1.1 ...
 *                    ^^^ text; a memo is of what stands behind it
 *
 *   (1) What is found is what reading the bytes would give: a memo is of a
 *       whole request, byte by byte but for the text, whose characters stand
 *       for themselves; and reading depends on nothing else but the settings,
 *       with which all memos are forgotten.
 *   (2) Finding allocates nothing.
 *
 * Who asks on one connection mostly asks in the same way: where its request was
 * found last is looked at first, which takes neither the end of the request nor
 * its hash.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "web/web.h"

/* Ways to ask that are kept; half a KiB each. */
#define MEMO_PLACES 256

/* The most that is kept: what a browser sends fits in. */
#define MEMO_BYTES_LIMIT 448

struct memo {
    struct web_call call; /* without target, its http NULL */
    size_t query_len;     /* how much of the bytes is of the target */
    size_t len;
    char bytes[MEMO_BYTES_LIMIT];
};

struct memos {
    struct memo *places[MEMO_PLACES]; /* owned; NULL: nothing yet */
};

/* A request that is known; the spans are of its bytes. */
struct memo_found {
    const struct memo *memo; /* BORROWED until the next memo_keep() */
    struct span text;        /* what is asked for */
    struct span target;
    size_t len; /* of the whole request */
};

/* Find the memo of the request that the bytes begin with.  *last is where the
 * caller's was found last, at first 0, and is updated. */
bool memo_find(const struct memos *memos, struct span bytes, uint32_t *last,
               struct memo_found *found);

/* Keep a whole request, whose target is within its bytes.  It is not kept
 * without memory, where it is too long, or where its text is written in another
 * way than a client needs to. */
void memo_keep(struct memos *memos, struct span request,
               const struct web_call *call);

/* Forget and free all. */
void memo_forget_all(struct memos *memos);
