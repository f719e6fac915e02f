/* SPDX-License-Identifier: Apache-2.0 */
#include "web/together.h"

#include "serve/ask.h"
#include "serve/worker.h"

_Static_assert(TOGETHER_REQUESTS <= ASK_AGAIN_LIMIT, "all are asked for");

/* How many to try next, when of `count` so many had a good quote: as many are
 * looked up again later as were in vain, so these are to be few. */
static void learn(struct together *together, size_t answered)
{
    size_t *limit = &together->limit;
    if (answered < together->count) {
        *limit = answered > 0 ? answered : 1;
        together->quotes[answered] = NULL;
        together->count = answered + 1;
    } else if (together->count == *limit && *limit < TOGETHER_REQUESTS) {
        *limit *= 2;
    }
}

bool together_find(struct together *together, struct worker *worker,
                   const struct memos *memos, uint32_t *last, struct span bytes)
{
    struct span texts[TOGETHER_REQUESTS];
    together_forget(together);
    while (together->count < together->limit && bytes.len > 0) {
        struct memo_found *found = &together->found[together->count];
        if (!memo_find(memos, bytes, last, found)) {
            break;
        }
        texts[together->count++] = found->text;
        bytes.data += found->len;
        bytes.len -= found->len;
    }
    if (together->count == 0) {
        return false;
    }
    learn(together,
          ask_again_all(worker, texts, together->count, together->quotes));
    return true;
}
