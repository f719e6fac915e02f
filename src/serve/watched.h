/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watched.h -- the symbols that a worker's watchers watch, and what is known of
 * them; for watch.c, whose other half this is.
 *
 * What has come is in `told`, the symbols in the order of their newest quotes.
 * A watch of a symbol has news or has not: one bit.  A watch of a pattern has a
 * place in that list, up to which it has taken everything; a symbol with a
 * newer quote goes to the list's end, so what is behind that place is what the
 * pattern has not seen, each symbol once.
 *
 * Threads: the worker's, but where the lock is named.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "quote/quote.h"
#include "serve/wait.h"
#include "serve/watch.h"
#include "serve/worker.h"

/* A symbol that somebody watches, or, where there are patterns, that something
 * was heard of. */
struct watched {
    struct waiter waiter; // for its first quote; first, so that it is the entry
    struct watches *watches;
    struct symbol symbol;
    UT_hash_handle hh; // under the lock, as the next three
    TAILQ_ENTRY(watched) dirty;
    bool is_dirty;  // was published and not looked at yet
    bool is_wanted; // there are watches
    /* The worker's own: */
    struct watch_list watches_list;
    TAILQ_ENTRY(watched) told;
    TAILQ_ENTRY(watched) rendered;
    bool is_told;    // in that list: there is a quote or an err
    uint64_t number; // of the newest, rising over all symbols
    bool has_quote;
    int err;            // why there is no quote that may be served
    struct quote quote; // the newest; also kept beside an err
    char *reason;       // owned; NULL: the err's own
    struct buffer json; // not empty while it is in `rendered`
};

TAILQ_HEAD(watched_list, watched);
TAILQ_HEAD(watcher_list, watcher);

struct watches {
    struct worker_mail mail; // first; under way while is_posted
    struct worker *worker;
    /* Watches of any kind.  Counted before a join looks into the cache, and
     * read after a publish has written to it, in one order: so one of the two
     * sees the other. */
    _Atomic size_t count;
    uv_mutex_t lock;
    struct watched *table; // under the lock, as the next three
    struct watched_list dirty;
    size_t patterns_count;
    bool is_posted; // watch_deliver() will be called
    /* The worker's own: */
    struct watched_list told;
    uint64_t number_last;
    struct watched_list rendered;
    uint64_t rendered_ms;       // in which turn
    size_t spare;               // of `told`, those without watches
    struct watch_list patterns; // of all watchers
    struct watcher_list due;    // those that are to be called
    bool is_telling;            // they are being called
    struct watch *by_label;     // of all watchers
};

/* Of a watch's key, what is before the label. */
#define WATCHED_KEY_BYTES (sizeof(uintptr_t) + 1)

struct watch {
    TAILQ_ENTRY(watch) beside; // of the symbol's, or of the patterns
    TAILQ_ENTRY(watch) joined;
    TAILQ_ENTRY(watch) pending;
    UT_hash_handle hh; // of by_label
    struct watcher *watcher;
    /* Its symbol; of a pattern, what it has taken last, or NULL. */
    struct watched *entry;
    uint64_t seen; // of a pattern: that one's number
    bool is_pattern;
    bool is_pending;
    uint8_t label_len;
    char key[]; // whose it is, which kind, and the label
};

/* The client's word for it. */
static inline struct span watched_label(const struct watch *watch)
{
    return (struct span){watch->key + WATCHED_KEY_BYTES, watch->label_len};
}

/* Let the worker call watch_deliver() soon. */
void watched_post(struct watches *watches);

/* A watch has news, and its watcher is to be called; and the opposite. */
void watched_mark(struct watch *watch);
void watched_unmark(struct watch *watch);

/* The entry of a symbol, NULL where there is none; or made then, NULL for want
 * of memory.  Threads: any, under the lock. */
struct watched *watched_make(struct watches *watches,
                             const struct symbol *symbol);
struct watched *watched_find(struct watches *watches,
                             const struct symbol *symbol);

/* End an entry that nobody watches. */
void watched_drop(struct watched *entry);

/* End those that only patterns heard of, the longest ago first, until `left` of
 * them are left. */
void watched_drop_spare(struct watches *watches, size_t left);

/* Label of its quote now. */
enum freshness watched_state(const struct watched *entry);

/* Whether there is a quote that may be served. */
bool watched_has_price(const struct watched *entry);

/* Somebody joins: look into memory, or wait for what is fetched. */
void watched_look(struct watched *entry);

/* It was published: see what it is now.  May drop it. */
void watched_look_again(struct watched *entry);

/* Forget what was composed of it. */
void watched_forget_json(struct watched *entry);
