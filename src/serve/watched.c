/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watched.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/glob.h"
#include "base/mem.h"
#include "cache/cache.h"
#include "desk/terms.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/render.h"

/* --- Marking -------------------------------------------------------------- */

/* Let the worker call watch_deliver() soon. */
void watched_post(struct watches *watches)
{
    uv_mutex_lock(&watches->lock);
    bool is_posted = watches->is_posted;
    watches->is_posted = true;
    uv_mutex_unlock(&watches->lock);
    if (!is_posted) {
        worker_post(watches->worker, &watches->mail);
    }
}

void watched_mark(struct watch *watch)
{
    struct watcher *watcher = watch->watcher;
    if (!watch->is_pending) {
        watch->is_pending = true;
        TAILQ_INSERT_TAIL(&watcher->pending, watch, pending);
    }
    if (!watcher->is_due) {
        watcher->is_due = true;
        TAILQ_INSERT_TAIL(&watcher->watches->due, watcher, due);
    }
}

void watched_unmark(struct watch *watch)
{
    if (watch->is_pending) {
        watch->is_pending = false;
        TAILQ_REMOVE(&watch->watcher->pending, watch, pending);
    }
}

void watched_forget_json(struct watched *entry)
{
    if (entry->json.len > 0) {
        TAILQ_REMOVE(&entry->watches->rendered, entry, rendered);
        buffer_deinit(&entry->json);
    }
}

/* An entry leaves the list: patterns that took it last go back to the one
 * before. */
static void untell(struct watched *entry)
{
    struct watches *watches = entry->watches;
    struct watched *before = TAILQ_PREV(entry, watched_list, told);
    struct watch *watch;
    TAILQ_FOREACH(watch, &watches->patterns, beside)
    {
        watch->entry = watch->entry == entry ? before : watch->entry;
    }
    TAILQ_REMOVE(&watches->told, entry, told);
    entry->is_told = false;
    watched_forget_json(entry);
}

static void count_conflated(struct watches *watches, bool is_conflated)
{
    metric_add(watches->worker->cells, METRIC_watch_conflated, is_conflated);
}

/* There is something new to say of a symbol. */
static void tell(struct watched *entry)
{
    struct watches *watches = entry->watches;
    bool was_told = entry->is_told;
    uint64_t number_before = entry->number;
    if (was_told) {
        untell(entry);
    }
    watches->spare += !was_told && TAILQ_EMPTY(&entry->watches_list);
    TAILQ_INSERT_TAIL(&watches->told, entry, told);
    entry->is_told = true;
    entry->number = ++watches->number_last;
    struct watch *watch;
    TAILQ_FOREACH(watch, &entry->watches_list, beside)
    {
        count_conflated(watches, watch->is_pending);
        watched_mark(watch);
    }
    TAILQ_FOREACH(watch, &watches->patterns, beside)
    {
        if (entry->err == 0 &&
            glob_match(watched_label(watch), symbol_span(&entry->symbol))) {
            count_conflated(watches, was_told && number_before > watch->seen);
            watched_mark(watch);
        }
    }
}

/* --- What is known of a symbol -----------------------------------------------
 */

static bool is_same(const struct quote *a, const struct quote *b)
{
    return a->fetched_mono_ms == b->fetched_mono_ms &&
           a->has_as_of == b->has_as_of &&
           a->as_of_unix_ns == b->as_of_unix_ns &&
           a->price_len == b->price_len &&
           memcmp(a->price_text, b->price_text, a->price_len) == 0;
}

/* Take over a quote, unless it is known or older: invariants (1) and (3). */
static void note_quote(struct watched *entry, const struct quote *quote)
{
    if (entry->has_quote &&
        (quote->fetched_mono_ms < entry->quote.fetched_mono_ms ||
         quote_compare_as_of(quote, &entry->quote) < 0 ||
         (entry->err == 0 && is_same(quote, &entry->quote)))) {
        return;
    }
    entry->quote = *quote;
    entry->has_quote = true;
    entry->err = 0;
    tell(entry);
}

enum freshness watched_state(const struct watched *entry)
{
    const struct worker *worker = entry->watches->worker;
    return freshness_of(&entry->quote, &worker->settings->rule,
                        worker->loop.now_ms);
}

/* Whether there is a quote that may be served. */
bool watched_has_price(const struct watched *entry)
{
    return entry->has_quote && entry->err == 0 &&
           watched_state(entry) != FRESHNESS_EXPIRED;
}

static void note_failure(struct watched *entry, int err, const char *reason)
{
    CHECK(err != 0);
    if (watched_has_price(entry) || entry->err == err) {
        return;
    }
    entry->err = err;
    mem_free(entry->reason);
    // Without memory the err's own sentence has to do.
    entry->reason = reason != NULL ? mem_text(reason, strlen(reason)) : NULL;
    tell(entry);
}

IMPLEMENTS(on_end)
static void on_fetched(struct waiter *waiter, const struct desk_result *result)
{
    struct watched *entry = (struct watched *)waiter;
    if (result->err == 0) {
        note_quote(entry, &result->quote);
    } else {
        note_failure(entry, result->err, result->reason);
    }
    watched_post(entry->watches);
}

/* --- Symbols ----------------------------------------------------------------
 */

struct watched *watched_find(struct watches *watches,
                             const struct symbol *symbol)
{
    struct watched *entry;
    HASH_FIND(hh, watches->table, symbol->text, symbol->len, entry);
    return entry;
}

struct watched *watched_make(struct watches *watches,
                             const struct symbol *symbol)
{
    struct watched *entry = watched_find(watches, symbol);
    if (entry != NULL) {
        return entry;
    }
    entry = mem_calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return NULL;
    }
    entry->watches = watches;
    entry->symbol = *symbol;
    entry->waiter.on_end = on_fetched;
    entry->json = buffer_empty(RENDER_BYTES_LIMIT);
    TAILQ_INIT(&entry->watches_list);
    HASH_ADD_KEYPTR(hh, watches->table, entry->symbol.text, entry->symbol.len,
                    entry);
    if (entry->hh.tbl == NULL) { // uthash found no memory
        mem_free(entry);
        return NULL;
    }
    return entry;
}

void watched_drop(struct watched *entry)
{
    struct watches *watches = entry->watches;
    CHECK(TAILQ_EMPTY(&entry->watches_list));
    if (entry->is_told) {
        CHECK(watches->spare > 0);
        watches->spare--;
        untell(entry);
    }
    wait_leave(watches->worker->waits, &entry->waiter);
    uv_mutex_lock(&watches->lock);
    if (entry->is_dirty) {
        TAILQ_REMOVE(&watches->dirty, entry, dirty);
    }
    HASH_DEL(watches->table, entry);
    uv_mutex_unlock(&watches->lock);
    mem_free(entry->reason);
    mem_free(entry);
}

/* Drop what only patterns would hear of. */
void watched_drop_spare(struct watches *watches, size_t left)
{
    struct watched *next;
    for (struct watched *entry = TAILQ_FIRST(&watches->told);
         entry != NULL && watches->spare > left; entry = next) {
        next = TAILQ_NEXT(entry, told);
        if (TAILQ_EMPTY(&entry->watches_list)) {
            watched_drop(entry);
        }
    }
}

/* Somebody joins: look into memory, or wait for what is fetched. */
void watched_look(struct watched *entry)
{
    struct worker *worker = entry->watches->worker;
    struct answer answer = {.symbol = entry->symbol};
    if (!ask_memory(worker, &answer)) {
        int err =
            entry->waiter.symbol != NULL
                ? 0
                : wait_join(worker->waits, &entry->symbol, &entry->waiter);
        if (err != 0) {
            note_failure(entry, err, NULL);
        }
    } else if (answer.quote == NULL) {
        note_failure(entry, answer.err, answer.reason);
    } else {
        note_quote(entry, answer.quote);
        if (freshness_is_good(answer.state)) {
            // No call is made for it, but the desk will know when it is due.
            wait_refresh(worker->waits, &entry->symbol);
        }
    }
}

/* A symbol was published: what is it now? */
void watched_look_again(struct watched *entry)
{
    struct worker *worker = entry->watches->worker;
    struct cache_found found;
    if (TAILQ_EMPTY(&entry->watches_list)) {
        cache_peek(worker->shared->cache, &entry->symbol, &found);
    } else {
        cache_find(worker->shared->cache, &entry->symbol, worker->loop.now_ms,
                   &found); // or it would be the first to be evicted
    }
    if (found.quote != NULL) {
        note_quote(entry, found.quote);
    } else if (!entry->is_told && TAILQ_EMPTY(&entry->watches_list)) {
        watched_drop(entry);
    }
}
