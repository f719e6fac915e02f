/* SPDX-License-Identifier: Apache-2.0 */
#include "web/together.h"

#include "serve/ask.h"

_Static_assert(1 + TOGETHER_REQUESTS <= ASK_AHEAD_LIMIT, "all are asked for");

bool together_learn(struct together *together, struct worker *worker,
                    const struct memos *memos, uint32_t *last, struct span text,
                    struct span rest)
{
    struct span texts[1 + TOGETHER_REQUESTS];
    if (together->next < together->count || ask_is_settled(worker, text)) {
        return false; // learnt, and lost again to another one; or a stale one
    }
    together_begin(together);
    texts[0] = text;
    while (together->count < TOGETHER_REQUESTS) {
        struct memo_found *found = &together->found[together->count];
        if (!memo_find(memos, rest, last, found)) {
            break;
        }
        texts[++together->count] = found->text;
        rest.data += found->len;
        rest.len -= found->len;
    }
    return ask_ahead(worker, texts, 1 + together->count);
}
