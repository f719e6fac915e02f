/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/ban.h"

#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"

static struct ban *find(const struct ban *bans, const struct symbol *symbol)
{
    struct ban *ban;
    HASH_FIND(hh, bans, symbol->text, symbol->len, ban);
    return ban;
}

static struct ban *add(struct ban **bans, const struct symbol *symbol)
{
    if (HASH_COUNT(*bans) >= BAN_LIMIT) {
        return NULL;
    }
    struct ban *ban = mem_calloc(1, sizeof(*ban));
    if (ban == NULL) {
        return NULL;
    }
    ban->symbol = *symbol;
    HASH_ADD(hh, *bans, symbol.text, symbol->len, ban);
    if (ban->hh.tbl == NULL) { // uthash found no memory
        mem_free(ban);
        return NULL;
    }
    return ban;
}

void ban_put(struct ban **bans, const struct symbol *symbol,
             uint64_t until_mono_ms, int err, const char *why)
{
    CHECK(err != 0);
    struct ban *ban = find(*bans, symbol);
    ban = ban == NULL ? add(bans, symbol) : ban;
    if (ban != NULL) {
        ban->until_mono_ms = until_mono_ms;
        ban->err = err;
        snprintf(ban->why, sizeof(ban->why), "%s", why);
    }
}

const struct ban *ban_find(const struct ban *bans, const struct symbol *symbol,
                           uint64_t now_mono_ms)
{
    const struct ban *ban = find(bans, symbol);
    return ban != NULL && now_mono_ms < ban->until_mono_ms ? ban : NULL;
}

static void drop(struct ban **bans, struct ban *ban)
{
    HASH_DEL(*bans, ban);
    mem_free(ban);
}

void ban_lift(struct ban **bans, const struct symbol *symbol,
              uint64_t now_mono_ms)
{
    struct ban *ban = find(*bans, symbol);
    if (ban != NULL && now_mono_ms >= ban->until_mono_ms) {
        drop(bans, ban);
    }
}

void ban_lift_all(struct ban **bans)
{
    struct ban *ban;
    struct ban *next;
    HASH_ITER(hh, *bans, ban, next)
    {
        drop(bans, ban);
    }
    CHECK(*bans == NULL);
}
