/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/watch.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/glob.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "net/conn.h"
#include "quote/names.h"
#include "serve/settings.h"
#include "serve/watched.h"
#include "serve/worker.h"
#include "show/render.h"

/* --- Telling ----------------------------------------------------------------
 */

/* The next symbol that was published; NULL where there is none. */
static struct watched *take_dirty(struct watches *watches)
{
    uv_mutex_lock(&watches->lock);
    struct watched *entry = TAILQ_FIRST(&watches->dirty);
    if (entry != NULL) {
        TAILQ_REMOVE(&watches->dirty, entry, dirty);
        entry->is_dirty = false;
    }
    uv_mutex_unlock(&watches->lock);
    return entry;
}

static void begin_delivery(struct watches *watches)
{
    uv_mutex_lock(&watches->lock);
    watches->is_posted = false;
    uv_mutex_unlock(&watches->lock);
}

/* Send what watchers were told of late. */
static void send_gathered(struct watches *watches)
{
    struct worker *worker = watches->worker;
    metric_add(worker->cells, METRIC_watch_bundled,
               conn_flush_gathered(&worker->loop));
}

IMPLEMENTS(on_mail)
static void on_news_mail(struct worker *worker, struct worker_mail *mail)
{
    struct watches *watches = (struct watches *)mail;
    CHECK(watches == worker->watches);
    begin_delivery(watches);
    for (struct watched *entry; (entry = take_dirty(watches)) != NULL;) {
        watched_look_again(entry);
    }
    watched_drop_spare(watches,
                       watches->worker->settings->conf->cache.symbols_max);
    conn_flush_gathered(&worker->loop); // answers of this turn
    watches->is_telling = true;
    for (struct watcher *watcher;
         (watcher = TAILQ_FIRST(&watches->due)) != NULL;) {
        watcher->is_due = false;
        TAILQ_REMOVE(&watches->due, watcher, due);
        watcher->on_news(watcher);
        if (conn_has_gathered_many(&worker->loop)) {
            send_gathered(watches);
        }
    }
    watches->is_telling = false;
    send_gathered(watches);
}

/* --- Making and ending ------------------------------------------------------
 */

int watch_create_all(struct watches **out, struct worker *worker)
{
    struct watches *watches = mem_calloc(1, sizeof(*watches));
    *out = watches;
    if (watches == NULL) {
        return ERR_NOMEM;
    }
    if (uv_mutex_init(&watches->lock) != 0) {
        mem_free(watches);
        *out = NULL;
        return ERR_NOMEM;
    }
    watches->worker = worker;
    watches->mail.on_mail = on_news_mail;
    TAILQ_INIT(&watches->dirty);
    TAILQ_INIT(&watches->told);
    TAILQ_INIT(&watches->rendered);
    TAILQ_INIT(&watches->patterns);
    TAILQ_INIT(&watches->due);
    return 0;
}

void watch_destroy_all(struct watches **watches)
{
    struct watches *gone = *watches;
    if (gone == NULL) {
        return;
    }
    CHECK(gone->count == 0 && TAILQ_EMPTY(&gone->due));
    struct watched *entry;
    struct watched *next;
    HASH_ITER(hh, gone->table, entry, next)
    {
        watched_drop(entry);
    }
    uv_mutex_destroy(&gone->lock);
    mem_free(gone);
    *watches = NULL;
}

void watch_init(struct watcher *watcher, struct watches *watches,
                void (*on_news)(struct watcher *watcher))
{
    *watcher = (struct watcher){.on_news = on_news, .watches = watches};
    TAILQ_INIT(&watcher->joined);
    TAILQ_INIT(&watcher->pending);
}

/* --- Joining and leaving ----------------------------------------------------
 */

/* The key of a watch; returns its length. */
static size_t put_key(char *key, const struct watcher *watcher,
                      struct span label, bool is_pattern)
{
    uintptr_t owner = (uintptr_t)watcher;
    memcpy(key, &owner, sizeof(owner));
    key[sizeof(owner)] = (char)is_pattern;
    memcpy(key + WATCHED_KEY_BYTES, label.data, label.len);
    return WATCHED_KEY_BYTES + label.len;
}

static struct watch *find_watch(struct watcher *watcher, struct span label,
                                bool is_pattern)
{
    char key[WATCHED_KEY_BYTES + WATCH_LABEL_LIMIT];
    if (label.len > WATCH_LABEL_LIMIT) {
        return NULL;
    }
    size_t len = put_key(key, watcher, label, is_pattern);
    struct watch *watch;
    HASH_FIND(hh, watcher->watches->by_label, key, len, watch);
    return watch;
}

/* Make a watch that is in the watcher's list and nowhere else. */
static int make_watch(struct watch **out, struct watcher *watcher,
                      struct span label, bool is_pattern)
{
    struct watches *watches = watcher->watches;
    if (watcher->symbols + watcher->patterns >= WATCH_LIMIT ||
        HASH_COUNT(watches->by_label) >= WATCH_WORKER_LIMIT) {
        return ERR_FULL;
    }
    struct watch *watch =
        mem_calloc(1, sizeof(*watch) + WATCHED_KEY_BYTES + label.len);
    if (watch == NULL) {
        return ERR_NOMEM;
    }
    watch->watcher = watcher;
    watch->is_pattern = is_pattern;
    watch->label_len = (uint8_t)label.len;
    size_t len = put_key(watch->key, watcher, label, is_pattern);
    HASH_ADD_KEYPTR(hh, watches->by_label, watch->key, len, watch);
    if (watch->hh.tbl == NULL) { // uthash found no memory
        mem_free(watch);
        return ERR_NOMEM;
    }
    TAILQ_INSERT_TAIL(&watcher->joined, watch, joined);
    watcher->symbols += !is_pattern;
    watcher->patterns += is_pattern;
    atomic_fetch_add_explicit(&watches->count, 1, memory_order_acq_rel);
    metric_add(watches->worker->cells, METRIC_watches_open, 1);
    *out = watch;
    return 0;
}

static void free_watch(struct watch *watch)
{
    struct watcher *watcher = watch->watcher;
    struct watches *watches = watcher->watches;
    watched_unmark(watch);
    HASH_DEL(watches->by_label, watch);
    TAILQ_REMOVE(&watcher->joined, watch, joined);
    watcher->symbols -= !watch->is_pattern;
    watcher->patterns -= watch->is_pattern;
    atomic_fetch_sub_explicit(&watches->count, 1, memory_order_relaxed);
    metric_subtract(watches->worker->cells, METRIC_watches_open, 1);
    mem_free(watch);
}

/* Find or make the entry of a symbol that is going to have a watch. */
static int want(struct watched **out, struct watches *watches,
                const struct symbol *symbol)
{
    uint64_t most = watches->worker->settings->conf->cache.symbols_max;
    uv_mutex_lock(&watches->lock);
    struct watched *entry = watched_find(watches, symbol);
    bool has_room =
        entry != NULL || HASH_COUNT(watches->table) - watches->spare < most;
    if (entry == NULL && has_room) {
        entry = watched_make(watches, symbol);
    }
    if (entry != NULL) {
        entry->is_wanted = true;
    }
    uv_mutex_unlock(&watches->lock);
    *out = entry;
    return entry != NULL ? 0 : has_room ? ERR_NOMEM : ERR_FULL;
}

/* A watch of a symbol has joined: what is known is its first news. */
static void tell_first(struct watch *watch, bool looks)
{
    if (looks || !watched_has_price(watch->entry)) {
        watched_look(watch->entry);
    }
    if (watch->entry->is_told) {
        watched_mark(watch);
        watched_post(watch->watcher->watches);
    }
}

int watch_join(struct watcher *watcher, const struct symbol *symbol,
               struct span label)
{
    struct watches *watches = watcher->watches;
    if (label.len > WATCH_LABEL_LIMIT) {
        return ERR_RANGE;
    }
    if (find_watch(watcher, label, false) != NULL) {
        return 0;
    }
    struct watch *watch;
    int err = make_watch(&watch, watcher, label, false);
    if (err != 0) {
        return err;
    }
    struct watched *entry;
    err = want(&entry, watches, symbol);
    if (err != 0) {
        free_watch(watch);
        return err;
    }
    bool is_first = TAILQ_EMPTY(&entry->watches_list);
    CHECK(!is_first || !entry->is_told || watches->spare > 0);
    watches->spare -= is_first && entry->is_told;
    watch->entry = entry;
    TAILQ_INSERT_TAIL(&entry->watches_list, watch, beside);
    tell_first(watch, is_first);
    return 0;
}

bool watch_tell_again(struct watcher *watcher, struct span label)
{
    struct watch *watch = find_watch(watcher, label, false);
    if (watch == NULL) {
        return false;
    }
    tell_first(watch, false);
    return true;
}

int watch_join_pattern(struct watcher *watcher, struct span pattern)
{
    struct watches *watches = watcher->watches;
    if (pattern.len > WATCH_LABEL_LIMIT) {
        return ERR_RANGE;
    }
    if (find_watch(watcher, pattern, true) != NULL) {
        return 0;
    }
    struct watch *watch;
    int err = make_watch(&watch, watcher, pattern, true);
    if (err != 0) {
        return err;
    }
    watch->entry = TAILQ_LAST(&watches->told, watched_list);
    watch->seen = watches->number_last;
    TAILQ_INSERT_TAIL(&watches->patterns, watch, beside);
    uv_mutex_lock(&watches->lock);
    watches->patterns_count++;
    uv_mutex_unlock(&watches->lock);
    return 0;
}

static void leave_pattern(struct watch *watch)
{
    struct watches *watches = watch->watcher->watches;
    TAILQ_REMOVE(&watches->patterns, watch, beside);
    free_watch(watch);
    uv_mutex_lock(&watches->lock);
    size_t left = --watches->patterns_count;
    uv_mutex_unlock(&watches->lock);
    if (left == 0) {
        watched_drop_spare(watches, 0);
    }
}

static void leave_symbol(struct watch *watch)
{
    struct watches *watches = watch->watcher->watches;
    struct watched *entry = watch->entry;
    TAILQ_REMOVE(&entry->watches_list, watch, beside);
    free_watch(watch);
    if (!TAILQ_EMPTY(&entry->watches_list)) {
        return;
    }
    uv_mutex_lock(&watches->lock);
    entry->is_wanted = false;
    uv_mutex_unlock(&watches->lock);
    watches->spare += entry->is_told;
    if (TAILQ_EMPTY(&watches->patterns) || !entry->is_told) {
        watched_drop(entry);
    }
}

static void leave(struct watch *watch)
{
    if (watch->is_pattern) {
        leave_pattern(watch);
    } else {
        leave_symbol(watch);
    }
}

bool watch_leave(struct watcher *watcher, struct span label, bool is_pattern)
{
    struct watch *watch = find_watch(watcher, label, is_pattern);
    if (watch == NULL) {
        return false;
    }
    leave(watch);
    return true;
}

void watch_leave_all(struct watcher *watcher)
{
    for (struct watch *watch;
         (watch = TAILQ_FIRST(&watcher->joined)) != NULL;) {
        leave(watch);
    }
    if (watcher->is_due) {
        watcher->is_due = false;
        TAILQ_REMOVE(&watcher->watches->due, watcher, due);
    }
    CHECK(watcher->symbols == 0 && watcher->patterns == 0);
}

struct span watch_first_label(const struct watcher *watcher, bool is_pattern)
{
    const struct watch *watch;
    TAILQ_FOREACH(watch, &watcher->joined, joined)
    {
        if (watch->is_pattern == is_pattern) {
            return watched_label(watch);
        }
    }
    return (struct span){NULL, 0};
}

/* --- Taking -----------------------------------------------------------------
 */

static bool fill(struct watch_news *out, struct watch *watch,
                 struct watched *entry)
{
    bool has_price = watched_has_price(entry);
    *out = (struct watch_news){
        .label = watched_label(watch),
        .is_pattern = watch->is_pattern,
        .symbol = &entry->symbol,
        .quote = has_price ? &entry->quote : NULL,
        .state = has_price ? watched_state(entry) : FRESHNESS_EXPIRED,
        .err = entry->err,
        .reason = entry->reason,
        .entry = entry,
    };
    return has_price || (entry->err != 0 && !watch->is_pattern);
}

/* Take what comes next in `told`; the pattern is no longer pending at its end.
 * Returns false where there is nothing more that matches. */
static bool take_next_match(struct watch *watch, struct watch_news *out)
{
    struct watched_list *told = &watch->watcher->watches->told;
    for (;;) {
        struct watched *entry = watch->entry != NULL
                                    ? TAILQ_NEXT(watch->entry, told)
                                    : TAILQ_FIRST(told);
        if (entry == NULL) {
            watched_unmark(watch);
            return false;
        }
        watch->entry = entry;
        watch->seen = entry->number;
        if (glob_match(watched_label(watch), symbol_span(&entry->symbol)) &&
            fill(out, watch, entry)) {
            return true;
        }
    }
}

bool watch_next(struct watcher *watcher, struct watch_news *out)
{
    for (struct watch *watch;
         (watch = TAILQ_FIRST(&watcher->pending)) != NULL;) {
        if (watch->is_pattern) {
            if (take_next_match(watch, out)) {
                return true;
            }
        } else {
            watched_unmark(watch);
            if (fill(out, watch, watch->entry)) {
                return true;
            }
        }
    }
    return false;
}

bool watch_has_news(const struct watcher *watcher)
{
    return !TAILQ_EMPTY(&watcher->pending);
}

static void put_failure(struct buffer *out, const struct watch_news *news)
{
    const char *reason =
        news->reason != NULL ? news->reason : err_sentence(news->err);
    buffer_put_text(out, "{\"symbol\":");
    render_json_text(out, symbol_span(news->symbol));
    buffer_put_text(out, ",\"state\":\"none\",\"error\":");
    render_json_text(out, span_of(err_word(news->err)));
    buffer_put_text(out, ",\"reason\":");
    render_json_text(out, span_of(reason));
    buffer_put_text(out, "}");
}

static void put_quote(struct buffer *out, const struct worker *worker,
                      const struct watch_news *news)
{
    const struct settings *settings = worker->settings;
    const struct field_source source = {
        .quote = news->quote,
        .name = names_find(settings->names, symbol_span(news->symbol)),
        .state = news->state,
        .now_mono_ms = worker->loop.now_ms,
        .server = settings->conf->server.id,
    };
    render_json(out, &source, false);
}

/* What was composed in an earlier turn may have another state by now. */
static void forget_old_json(struct watches *watches)
{
    if (watches->rendered_ms == watches->worker->loop.now_ms) {
        return;
    }
    for (struct watched *entry;
         (entry = TAILQ_FIRST(&watches->rendered)) != NULL;) {
        watched_forget_json(entry);
    }
    watches->rendered_ms = watches->worker->loop.now_ms;
}

struct span watch_json(const struct watch_news *news)
{
    struct watched *entry = news->entry;
    struct watches *watches = entry->watches;
    forget_old_json(watches);
    struct buffer *json = &entry->json;
    if (json->len == 0) {
        if (news->quote != NULL) {
            put_quote(json, watches->worker, news);
        } else {
            put_failure(json, news);
        }
        if (json->failed) {
            buffer_deinit(json);
            return (struct span){NULL, 0};
        }
        TAILQ_INSERT_TAIL(&watches->rendered, entry, rendered);
    }
    return buffer_span(json);
}

/* Whether the peer of a watcher that has news has taken nothing for too long.
 */
static bool is_stuck(struct watcher *watcher, size_t unsent)
{
    uint64_t now_ms = watcher->watches->worker->loop.now_ms;
    if (watcher->unsent == 0 || unsent < watcher->unsent) {
        watcher->behind_ms = now_ms;
    }
    watcher->unsent = unsent;
    return now_ms - watcher->behind_ms >= WATCH_BEHIND_MS;
}

void watch_flush(struct watcher *watcher, struct conn *conn)
{
    // One who has more news is to see how much of this its peer takes.
    if (watcher->watches->is_telling && !watch_has_news(watcher)) {
        conn_flush_with_others(conn);
    } else {
        conn_flush(conn);
    }
}

bool watch_send(struct watcher *watcher, struct conn *conn,
                watch_compose_fn compose, void *user)
{
    while (watch_has_news(watcher)) {
        size_t unsent = conn_unsent(conn);
        if (unsent > 0) {
            return !is_stuck(watcher, unsent);
        }
        watcher->unsent = 0;
        struct buffer *out = conn_output(conn);
        size_t most = out->len + WATCH_UNSENT_BYTES;
        struct watch_news news;
        while (out->len < most && watch_next(watcher, &news)) {
            compose(user, &news, out);
            metric_add(watcher->watches->worker->cells, METRIC_watch_sent, 1);
        }
        watch_flush(watcher, conn); // may end the watcher
        if (!conn_is_open(conn)) {
            return true;
        }
    }
    return true;
}

/* --- What the fetch thread tells --------------------------------------------
 */

void watch_publish(struct watches *watches, const struct symbol *symbol)
{
    // A read that writes, to be in one order with a join's.
    if (atomic_fetch_add_explicit(&watches->count, 0, memory_order_acq_rel) ==
        0) {
        return;
    }
    uv_mutex_lock(&watches->lock);
    struct watched *entry = watches->patterns_count > 0
                                ? watched_make(watches, symbol)
                                : watched_find(watches, symbol);
    bool is_news = entry != NULL && !entry->is_dirty;
    if (is_news) {
        entry->is_dirty = true;
        TAILQ_INSERT_TAIL(&watches->dirty, entry, dirty);
    }
    uv_mutex_unlock(&watches->lock);
    if (is_news) {
        watched_post(watches);
    }
}

bool watch_has(struct watches *watches, const struct symbol *symbol)
{
    if (atomic_load_explicit(&watches->count, memory_order_relaxed) == 0) {
        return false;
    }
    uv_mutex_lock(&watches->lock);
    const struct watched *entry = watched_find(watches, symbol);
    bool is_wanted = entry != NULL && entry->is_wanted;
    uv_mutex_unlock(&watches->lock);
    return is_wanted;
}
