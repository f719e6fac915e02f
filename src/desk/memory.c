/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/memory.h"

#include <string.h>
#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct entry {
    UT_hash_handle hh;
    TAILQ_ENTRY(entry) link;
    struct symbol symbol;
    struct memory_saying saying; // its texts are in `words`
    char words[]; // the text and how it was decided, with a 0 each
};

TAILQ_HEAD(entries, entry);

struct memory {
    struct entry *table;
    struct entries by_age; // spoken of least recently first
};

int memory_create(struct memory **out)
{
    struct memory *memory = mem_calloc(1, sizeof(*memory));
    *out = memory;
    if (memory == NULL) {
        return ERR_NOMEM;
    }
    TAILQ_INIT(&memory->by_age);
    return 0;
}

static void drop(struct memory *memory, struct entry *entry)
{
    CHECK(memory->table != NULL);
    HASH_DEL(memory->table, entry);
    TAILQ_REMOVE(&memory->by_age, entry, link);
    mem_free(entry);
}

void memory_destroy(struct memory **memory)
{
    struct memory *gone = *memory;
    if (gone == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&gone->by_age)) {
        drop(gone, TAILQ_FIRST(&gone->by_age));
    }
    CHECK(gone->table == NULL);
    mem_free(gone);
    *memory = NULL;
}

static struct entry *find(const struct memory *memory,
                          const struct symbol *symbol)
{
    struct entry *entry;
    HASH_FIND(hh, memory->table, symbol->text, symbol->len, entry);
    return entry;
}

static struct entry *make(const struct symbol *symbol,
                          const struct memory_saying *saying)
{
    size_t text_size = strlen(saying->text) + 1;
    size_t step_size = strlen(saying->decided_by) + 1;
    struct entry *entry = mem_calloc(1, sizeof(*entry) + text_size + step_size);
    if (entry == NULL) {
        return NULL;
    }
    memcpy(entry->words, saying->text, text_size);
    memcpy(entry->words + text_size, saying->decided_by, step_size);
    entry->symbol = *symbol;
    entry->saying = *saying;
    entry->saying.text = entry->words;
    entry->saying.decided_by = entry->words + text_size;
    return entry;
}

void memory_note(struct memory *memory, const struct symbol *symbol,
                 const struct memory_saying *saying)
{
    struct entry *before = find(memory, symbol);
    if (before != NULL) {
        drop(memory, before);
    }
    struct entry *entry = make(symbol, saying);
    if (entry == NULL) {
        return;
    }
    if (HASH_COUNT(memory->table) == MEMORY_SYMBOLS_LIMIT) {
        drop(memory, TAILQ_FIRST(&memory->by_age));
    }
    HASH_ADD(hh, memory->table, symbol.text, symbol->len, entry);
    if (entry->hh.tbl == NULL) { // uthash found no memory
        mem_free(entry);
        return;
    }
    TAILQ_INSERT_TAIL(&memory->by_age, entry, link);
}

bool memory_find(const struct memory *memory, const struct symbol *symbol,
                 struct memory_saying *out)
{
    const struct entry *entry = find(memory, symbol);
    *out = entry != NULL ? entry->saying
                         : (struct memory_saying){.text = "", .decided_by = ""};
    return entry != NULL;
}

size_t memory_count(const struct memory *memory)
{
    return HASH_COUNT(memory->table);
}
