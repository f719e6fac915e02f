/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/warm.h"

#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"

struct entry {
    UT_hash_handle hh;
    TAILQ_ENTRY(entry) link; // of its slot
    uint64_t due_ms;
    uint64_t put_ms;
    uint32_t mark;
    struct symbol symbol;
};

TAILQ_HEAD(slot, entry);

struct warm {
    struct entry *entries;
    uint32_t symbols_max;
    uint64_t now_ms; // of the last call that said it
    uint64_t second; // that has been looked through last
    struct slot due; // taken from the slots, not yet by the owner
    struct slot slots[WARM_SLOTS];
};

int warm_create(struct warm **out, uint32_t symbols_max, uint64_t now_ms)
{
    CHECK(symbols_max > 0);
    struct warm *warm = mem_calloc(1, sizeof(*warm));
    *out = warm;
    if (warm == NULL) {
        return ERR_NOMEM;
    }
    warm->symbols_max = symbols_max;
    warm->now_ms = now_ms;
    warm->second = now_ms / 1000;
    TAILQ_INIT(&warm->due);
    for (size_t i = 0; i < WARM_SLOTS; i++) {
        TAILQ_INIT(&warm->slots[i]);
    }
    return 0;
}

void warm_destroy(struct warm **warm)
{
    if (*warm == NULL) {
        return;
    }
    struct entry *entry;
    struct entry *next;
    HASH_ITER(hh, (*warm)->entries, entry, next)
    {
        HASH_DEL((*warm)->entries, entry);
        mem_free(entry);
    }
    mem_free(*warm);
    *warm = NULL;
}

static struct entry *find(const struct warm *warm, const struct symbol *symbol)
{
    struct entry *entry;
    HASH_FIND(hh, warm->entries, symbol->text, symbol->len, entry);
    return entry;
}

/* Where an entry belongs: one whose second has been looked through is due. */
static struct slot *slot_of(struct warm *warm, const struct entry *entry)
{
    uint64_t second = entry->due_ms / 1000;
    return second < warm->second ? &warm->due
                                 : &warm->slots[second % WARM_SLOTS];
}

static struct entry *make_entry(struct warm *warm, const struct symbol *symbol)
{
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->symbol = *symbol;
    HASH_ADD(hh, warm->entries, symbol.text, symbol->len, entry);
    if (entry->hh.tbl == NULL) { // uthash found no memory
        mem_free(entry);
        return NULL;
    }
    return entry;
}

int warm_put(struct warm *warm, const struct symbol *symbol, uint64_t due_ms,
             uint32_t mark)
{
    CHECK(symbol->len > 0);
    struct entry *entry = find(warm, symbol);
    if (entry != NULL) {
        TAILQ_REMOVE(slot_of(warm, entry), entry, link);
    } else if (HASH_COUNT(warm->entries) >= warm->symbols_max) {
        return ERR_FULL;
    } else {
        entry = make_entry(warm, symbol);
        if (entry == NULL) {
            return ERR_NOMEM;
        }
    }
    entry->due_ms = due_ms;
    entry->put_ms = warm->now_ms;
    entry->mark = mark;
    TAILQ_INSERT_TAIL(slot_of(warm, entry), entry, link);
    return 0;
}

uint64_t warm_due_ms(const struct warm *warm, const struct symbol *symbol)
{
    const struct entry *entry = find(warm, symbol);
    return entry == NULL ? 0 : entry->due_ms;
}

/* Move what was due in the seconds before now's to the list of what is due. */
static void turn(struct warm *warm, uint64_t now_s)
{
    CHECK(now_s >= warm->second);
    uint64_t seconds = now_s - warm->second;
    uint64_t first = warm->second;
    warm->second = now_s;
    for (uint64_t i = 0; i < seconds && i < WARM_SLOTS; i++) {
        struct slot *slot = &warm->slots[(first + i) % WARM_SLOTS];
        struct entry *entry = TAILQ_FIRST(slot);
        while (entry != NULL) {
            struct entry *next = TAILQ_NEXT(entry, link);
            if (entry->due_ms / 1000 < now_s) {
                TAILQ_REMOVE(slot, entry, link);
                TAILQ_INSERT_TAIL(&warm->due, entry, link);
            }
            entry = next;
        }
    }
}

/* One that is due in the second that now is in. */
static struct entry *find_due_now(struct warm *warm, uint64_t now_ms)
{
    struct entry *entry;
    TAILQ_FOREACH(entry, &warm->slots[now_ms / 1000 % WARM_SLOTS], link)
    {
        if (entry->due_ms <= now_ms) {
            return entry;
        }
    }
    return NULL;
}

bool warm_take(struct warm *warm, uint64_t now_ms, struct warm_due *out)
{
    warm->now_ms = now_ms;
    turn(warm, now_ms / 1000);
    struct entry *entry = TAILQ_FIRST(&warm->due);
    if (entry == NULL) {
        entry = find_due_now(warm, now_ms);
    }
    if (entry == NULL) {
        return false;
    }
    TAILQ_REMOVE(slot_of(warm, entry), entry, link);
    HASH_DEL(warm->entries, entry);
    *out = (struct warm_due){entry->symbol, entry->put_ms, entry->mark};
    mem_free(entry);
    return true;
}

size_t warm_list(const struct warm *warm, struct symbol out[], size_t room)
{
    size_t count = 0;
    for (const struct entry *entry = warm->entries;
         entry != NULL && count < room; entry = entry->hh.next) {
        out[count++] = entry->symbol;
    }
    return count;
}

size_t warm_count(const struct warm *warm)
{
    return HASH_COUNT(warm->entries);
}
