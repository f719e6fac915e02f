/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/wait.h"

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "desk/terms.h"
#include "obs/metric.h"

TAILQ_HEAD(waiter_list, waiter);

struct wait_symbol {
    UT_hash_handle hh;
    struct waiter_list waiters;
    struct desk_wish wish; // of what was asked for
    struct symbol symbol;
};

struct waits {
    struct wait_symbol *table;
    size_t count; // waiters
    struct wait_options options;
};

int wait_create_all(struct waits **out, const struct wait_options *options)
{
    *out = mem_calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->options = *options;
    return 0;
}

static void drop(struct waits *waits, struct wait_symbol *entry)
{
    HASH_DEL(waits->table, entry);
    mem_free(entry);
}

void wait_destroy_all(struct waits **waits)
{
    if (*waits == NULL) {
        return;
    }
    CHECK((*waits)->count == 0);
    struct wait_symbol *entry;
    struct wait_symbol *next;
    HASH_ITER(hh, (*waits)->table, entry, next)
    {
        drop(*waits, entry);
    }
    mem_free(*waits);
    *waits = NULL;
}

/* Ask upstream for an entry's symbol. */
static int ask(struct waits *waits, struct wait_symbol *entry,
               const struct desk_wish *wish)
{
    int err = waits->options.ask(waits->options.user, &entry->symbol, wish);
    if (err == 0) {
        entry->wish = *wish;
    }
    return err == ERR_NOMEM ? ERR_OVERLOADED : err;
}

/* What was asked for is wanted once more, perhaps by a request that waits, or
 * newer. */
static int ask_more(struct waits *waits, struct wait_symbol *entry,
                    const struct desk_wish *wish)
{
    bool is_less = (entry->wish.is_waited || !wish->is_waited) &&
                   entry->wish.not_before_mono_ms >= wish->not_before_mono_ms;
    return is_less ? 0 : ask(waits, entry, wish);
}

/* The symbol's entry, made and asked for where there is none. */
static int find_or_ask(struct waits *waits, const struct symbol *symbol,
                       const struct desk_wish *wish, struct wait_symbol **out)
{
    struct wait_symbol *entry;
    HASH_FIND(hh, waits->table, symbol->text, symbol->len, entry);
    *out = entry;
    if (entry != NULL) {
        return ask_more(waits, entry, wish);
    }
    entry = mem_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return ERR_OVERLOADED;
    }
    entry->symbol = *symbol;
    TAILQ_INIT(&entry->waiters);
    HASH_ADD_KEYPTR(hh, waits->table, entry->symbol.text, entry->symbol.len,
                    entry);
    if (entry->hh.tbl == NULL) { // uthash found no memory
        mem_free(entry);
        return ERR_OVERLOADED;
    }
    int err = ask(waits, entry, wish);
    if (err != 0) {
        drop(waits, entry);
        return err;
    }
    *out = entry;
    return 0;
}

void wait_refresh(struct waits *waits, const struct symbol *symbol)
{
    struct wait_symbol *entry;
    const struct desk_wish wish = {0};
    int err = find_or_ask(waits, symbol, &wish, &entry);
    (void)err; // the stale quote was served; the next request tries again
}

int wait_join(struct waits *waits, const struct symbol *symbol,
              struct waiter *waiter)
{
    CHECK(waiter->symbol == NULL && waiter->on_end != NULL);
    if (waits->count >= WAIT_LIMIT) {
        return ERR_OVERLOADED;
    }
    struct wait_symbol *entry;
    const struct desk_wish wish = {
        .is_waited = true,
        .not_before_mono_ms = waiter->not_before_mono_ms,
    };
    int err = find_or_ask(waits, symbol, &wish, &entry);
    if (err != 0) {
        return err;
    }
    waiter->symbol = entry;
    TAILQ_INSERT_TAIL(&entry->waiters, waiter, link);
    waits->count++;
    metric_add(waits->options.cells, METRIC_waits_open, 1);
    return 0;
}

static void remove_waiter(struct waits *waits, struct waiter_list *list,
                          struct waiter *waiter)
{
    CHECK(waits->count > 0);
    TAILQ_REMOVE(list, waiter, link);
    waiter->symbol = NULL;
    waits->count--;
    metric_subtract(waits->options.cells, METRIC_waits_open, 1);
}

void wait_leave(struct waits *waits, struct waiter *waiter)
{
    if (waiter->symbol != NULL) {
        // An entry without waiters stays: its flight is under way.
        remove_waiter(waits, &waiter->symbol->waiters, waiter);
    }
}

void wait_end(struct waits *waits, const struct desk_result *result)
{
    struct wait_symbol *entry;
    HASH_FIND(hh, waits->table, result->symbol.text, result->symbol.len, entry);
    if (entry == NULL) {
        return;
    }
    // Out of the table first: whoever asks again from within on_end() starts a
    // new flight.  Each waiter is taken off before its call, in which others of
    // the list may leave.
    HASH_DEL(waits->table, entry);
    for (struct waiter *waiter;
         (waiter = TAILQ_FIRST(&entry->waiters)) != NULL;) {
        remove_waiter(waits, &entry->waiters, waiter);
        waiter->on_end(waiter, result);
    }
    mem_free(entry);
}

size_t wait_count(const struct waits *waits)
{
    return waits->count;
}
