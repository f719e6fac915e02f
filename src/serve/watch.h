/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h -- who on a worker wants to hear of new quotes, and of which.
 *
 * The fetch thread, when it has published a quote, marks its symbol with every
 * worker that has a watcher of it, and wakes that worker; what there is to hear
 * the worker reads from the cache, in a turn of its own:
 *
 *     watch_publish()   fetch thread: symbol marked, one message on its way
 *          |            (none where one is already, or nobody watches)
 *     on_news()         worker: the quote is copied from the cache; then each
 *          |            watcher once, however many symbols it is about
 *     watch_next()      the watcher takes what it can send now, the rest when
 *                       its peer has read: by then perhaps a newer quote
 *
 * So a watcher that reads too slowly costs no memory: what it missed is not
 * kept, only that it did, with the symbol.  A watched symbol is kept fresh by
 * the desk (desk_interest.is_watched); a pattern keeps none fresh: it hears of
 * what is fetched anyway.
 *
 * Invariants; tests/unit/serve/watch_test.c has a test of each number.
 *
 *   (1) Nothing goes back in time: of a symbol, a watcher takes no quote that
 *       was fetched before the one that it took last, or whose price is of an
 *       earlier time.
 *   (2) The newest quote arrives: a watcher that takes until there is no more
 *       has the current quote of each of its symbols.
 *   (3) It takes no quote twice, and of several that came since it last took
 *       the newest only.
 *   (4) The first news of a symbol that was joined is its current quote, or
 *       why there is none: from memory at once, else when it is fetched.
 *   (5) The fetch thread does the same work however many watchers a worker has,
 *       and a worker has one message of this kind on its way at most.
 *   (6) watch_send() does not compose more than WATCH_UNSENT_BYTES, and a
 *       message, and nothing while there is something unsent.
 *
 * Threads: the worker's, but for the last part.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "quote/freshness.h"
#include "quote/symbol.h"

struct buffer; /* base/buffer.h */
struct conn;   /* net/conn.h */
struct quote;  /* quote/quote.h */
struct watch;  /* opaque, as the next two; see serve/watched.h */
struct watched;
struct watches; /* those of one worker */
struct worker;  /* serve/worker.h */

/* What a watcher may have unsent of its messages. */
#define WATCH_UNSENT_BYTES 65536

/* A watcher that has news, and whose peer has taken nothing for so long, is to
 * be cut: half of CONN_STALL_MS, so that there is time to say so. */
#define WATCH_BEHIND_MS 15000

/* Watches of one watcher, and of a worker's watchers together, each some 250
 * bytes: more of a market is a pattern. */
#define WATCH_LIMIT        10000
#define WATCH_WORKER_LIMIT (1u << 19)

/* Bytes of the longest label. */
#define WATCH_LABEL_LIMIT 128

TAILQ_HEAD(watch_list, watch);

/* Somebody who watches, within a session's memory. */
struct watcher {
    /* There is something to take with watch_next(), now or when the peer has
     * read what it was sent; once for all that a turn of the loop brings.  May
     * end the watcher. */
    void (*on_news)(struct watcher *watcher);
    size_t symbols;  /* it has joined; to be read only */
    size_t patterns; /* the same */
    /* watch.c's own: */
    struct watches *watches;
    struct watch_list joined;
    struct watch_list pending;
    TAILQ_ENTRY(watcher) due;
    bool is_due;
    size_t unsent;      /* of its peer, when it was looked at last */
    uint64_t behind_ms; /* since when that has not become less */
};

/* What a watcher is told of a symbol.  All BORROWED for the turn. */
struct watch_news {
    struct span label; /* as it joined */
    bool is_pattern;   /* the label is one */
    const struct symbol *symbol;
    const struct quote *quote; /* NULL: there is none, because of err */
    enum freshness state;      /* of the quote: never EXPIRED */
    int err;                   /* 0 with a quote */
    const char *reason;        /* a sentence; NULL: the err's own */
    struct watched *entry;     /* watch.c's own */
};

/* Make a worker's table, empty: 0 or ERR_NOMEM.  The worker's waits, cells and
 * settings are there when the first watcher joins. */
int watch_create_all(struct watches **out, struct worker *worker);

/* Free and set to NULL, which it may be already; every watcher has left
 * (checked). */
void watch_destroy_all(struct watches **watches);

/* --- Watching ---------------------------------------------------------------
 */

/* Make a watcher that has joined nothing. */
void watch_init(struct watcher *watcher, struct watches *watches,
                void (*on_news)(struct watcher *watcher));

/* It leaves everything; to be called before its memory goes. */
void watch_leave_all(struct watcher *watcher);

/*
 * Watch a symbol under a label: the client's own word for it, copied.  Joining
 * a label again does nothing.  The first news comes later, not from within.
 * Returns 0, ERR_FULL at a limit above or where cache.symbols_max
 * symbols are watched on the worker, ERR_NOMEM, or ERR_RANGE for a label
 * longer than WATCH_LABEL_LIMIT.
 */
int watch_join(struct watcher *watcher, const struct symbol *symbol,
               struct span label);

/* What was joined under a label is told once more what is current, as if it was
 * joined now: (3) is for what comes then.  Fails for nothing.  Returns whether
 * it was joined. */
bool watch_tell_again(struct watcher *watcher, struct span label);

/* Watch whatever is fetched and whose symbol matches a pattern
 * (base/glob.h), which is the label; errors as above. */
int watch_join_pattern(struct watcher *watcher, struct span pattern);

/* Leave what was joined under a label, as a pattern or not.  Returns whether it
 * was joined. */
bool watch_leave(struct watcher *watcher, struct span label, bool is_pattern);

/* The label of the first watch of one kind; data is NULL where there is none.
 * BORROWED until it is left.  For UNSUBSCRIBE without channels. */
struct span watch_first_label(const struct watcher *watcher, bool is_pattern);

/* Take the next news; false where there is none. */
bool watch_next(struct watcher *watcher, struct watch_news *out);

/* The news as a JSON object, composed once for all of the worker's watchers.
 * BORROWED for the turn; data is NULL for want of memory.  Without a quote:
 * symbol, state "none", error and reason. */
struct span watch_json(const struct watch_news *news);

/* Compose one message. */
typedef void (*watch_compose_fn)(void *user, const struct watch_news *news,
                                 struct buffer *out);

/* Whether there is something to take. */
bool watch_has_news(const struct watcher *watcher);

/*
 * Send what the watcher has news of and may be sent now: nothing while the
 * connection has something unsent (call again then when that is gone:
 * guest_protocol.on_drained).  May end the connection and the watcher with it.
 * Returns false where its peer has taken nothing for WATCH_BEHIND_MS: it is to
 * be told why, and ended.
 */
bool watch_send(struct watcher *watcher, struct conn *conn,
                watch_compose_fn compose, void *user);

/* Send what was composed of news; while all are told, with what others are sent
 * (conn_flush_with_others()).  May end the connection and the watcher. */
void watch_flush(struct watcher *watcher, struct conn *conn);

/* --- The fetch thread's -----------------------------------------------------
 */

/* A quote of a symbol was published: the worker is told, if anybody there
 * watches it.  Threads: the fetch thread; takes a lock that the worker holds
 * for a few instructions. */
void watch_publish(struct watches *watches, const struct symbol *symbol);

/* Whether a symbol is watched, by its own name and not by a pattern.  Threads:
 * any. */
bool watch_has(struct watches *watches, const struct symbol *symbol);
