/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.h -- requests for one quote as they were read last: a client sends the
 * same bytes again and again, and what they mean is then known.
 *
 *   (1) What is found is what reading the bytes would give: a memo is of a
 *       whole request, byte by byte, and reading depends on nothing else but
 *       the settings, with which all memos are forgotten.
 *   (2) Finding allocates nothing.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"
#include "quote/symbol.h"
#include "web/web.h"

/* Requests that are kept; half a KiB each. */
#define MEMO_PLACES 512

/* The longest request that is kept: what a browser sends fits in. */
#define MEMO_BYTES_LIMIT 448

struct memo {
    struct symbol symbol;
    struct web_call call; /* its target is within the bytes, its http NULL */
    size_t len;
    char bytes[MEMO_BYTES_LIMIT];
};

struct memos {
    struct memo *places[MEMO_PLACES]; /* owned; NULL: nothing yet */
};

/* The memo of the request that the bytes begin with, or NULL.  BORROWED until
 * the next memo_keep(). */
const struct memo *memo_find(const struct memos *memos, struct span bytes);

/* Keep a whole request, whose target is within its bytes; without memory, or
 * where it is too long, it is not. */
void memo_keep(struct memos *memos, struct span request,
               const struct symbol *symbol, const struct web_call *call);

/* Forget and free all. */
void memo_forget_all(struct memos *memos);
