/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <string.h>
#include <sys/queue.h>

#include <uv.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "obs/log.h"
#include "obs/metric.h"

/* Rows that one turn forgets: some milliseconds of work. */
#define PRUNE_ROWS 2000

#define PRUNE_EVERY_MS 60000

/* Budgets that could not be written: one a provider's key. */
#define UNKEPT_LIMIT 32

enum order_kind { ORDER_QUOTE, ORDER_BUDGET, ORDER_ASK };

struct order {
    STAILQ_ENTRY(order) link;
    enum order_kind kind;
    struct quote quote;       // ORDER_QUOTE
    char key[STORE_KEY_SIZE]; // ORDER_BUDGET, as the next two
    struct buffer text;
    uint64_t ticket;
    struct store_question question; // ORDER_ASK, as the next
    void *tag;
};

STAILQ_HEAD(orders, order);

struct store {
    struct store_options options;
    struct database *database;
    struct store_callbacks callbacks;
    bool is_started;
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t came;
    struct orders waiting; // under the lock, as the next seven
    size_t quotes_waiting;
    uint64_t first_mono_ms; // when the first of those that wait came
    bool is_urgent;
    bool is_stopping;
    uint64_t history_for_ms;
    uint64_t dropped; // quotes, since the last turn
    // The thread's own:
    bool is_failing;
    uint64_t pruned_mono_ms;
    struct order *unkept[UNKEPT_LIMIT]; // ORDER_BUDGET; owned, or NULL
    size_t unkept_count;
};

static uint64_t now_ms(void)
{
    return clock_mono_ms(clock_system()); // what threads wait by is real time
}

static void free_order(struct order *order)
{
    buffer_deinit(&order->text);
    mem_free(order);
}

/* --- Writing -------------------------------------------------------------- */

/* Say that the disk begins to fail, or works again; once. */
static void note_disk(struct store *store, int err)
{
    if (err != 0) {
        metric_add(store->options.cells, METRIC_store_failed, 1);
    }
    if ((err != 0) == store->is_failing) {
        return;
    }
    store->is_failing = err != 0;
    if (err != 0) {
        log_event(LOG_ERROR, "store",
                  "can't be written; serving goes on from memory",
                  LOG_TEXT("path", store->options.path),
                  LOG_TEXT("cause", database_error(store->database)));
    } else {
        log_event(LOG_INFO, "store", "is written again",
                  LOG_TEXT("path", store->options.path));
    }
}

static int put(struct store *store, const struct order *order)
{
    const struct clock *clock = store->options.clock;
    switch (order->kind) {
    case ORDER_QUOTE:
        return database_put_quote(store->database, &order->quote);
    case ORDER_BUDGET:
        return database_put_budget(store->database, order->key,
                                   buffer_span(&order->text),
                                   clock_unix_ms(clock));
    default:
        return 0;
    }
}

/* Write what can be written, all of it or nothing. */
static int write_all(struct store *store, const struct orders *orders)
{
    int err = database_begin(store->database);
    for (size_t i = 0; err == 0 && i < store->unkept_count; i++) {
        err = put(store, store->unkept[i]);
    }
    const struct order *order;
    STAILQ_FOREACH(order, orders, link)
    {
        err = err == 0 ? put(store, order) : err;
    }
    if (err == 0) {
        err = database_commit(store->database);
    }
    // What it says of a failure is kept over the undoing.
    note_disk(store, err);
    if (err != 0) {
        database_undo(store->database);
    }
    return err;
}

/* Remember a budget that could not be written, in place of an older one. */
static void hold_unkept(struct store *store, struct order *order)
{
    for (size_t i = 0; i < store->unkept_count; i++) {
        if (strcmp(store->unkept[i]->key, order->key) == 0) {
            free_order(store->unkept[i]);
            store->unkept[i] = order;
            return;
        }
    }
    if (store->unkept_count < UNKEPT_LIMIT) {
        store->unkept[store->unkept_count++] = order;
    } else {
        free_order(order);
    }
}

static void drop_unkept(struct store *store)
{
    while (store->unkept_count > 0) {
        free_order(store->unkept[--store->unkept_count]);
    }
}

static void count_quote(struct store *store, int err)
{
    metric_add(store->options.cells,
               err == 0 ? METRIC_store_kept : METRIC_store_dropped, 1);
}

/* --- Answering ------------------------------------------------------------ */

IMPLEMENTS(database_past_fn)
static bool take_past(void *user, const struct database_past *past)
{
    return bars_take(user, past->at_unix_ms, past->price);
}

static void answer(struct store *store, const struct order *order)
{
    const struct store_question *question = &order->question;
    struct bar *list = mem_calloc(STORE_BARS_LIMIT, sizeof(*list));
    struct bars bars;
    int err = ERR_NOMEM;
    if (list != NULL) {
        bars_init(&bars, question->step_ms, list, STORE_BARS_LIMIT);
        err = database_each_past(store->database, &question->symbol,
                                 question->from_unix_ms, question->to_unix_ms,
                                 take_past, &bars);
    }
    store->callbacks.on_answer(store->callbacks.user, order->tag, err,
                               err == 0 ? &bars : NULL);
    mem_free(list);
}

/* End an order: tell who waits for it. */
static void end(struct store *store, struct order *order, int err)
{
    switch (order->kind) {
    case ORDER_QUOTE:
        count_quote(store, err);
        break;
    case ORDER_BUDGET:
        store->callbacks.on_noted(store->callbacks.user, order->key,
                                  order->ticket, err);
        if (err != 0) {
            hold_unkept(store, order);
            return;
        }
        break;
    case ORDER_ASK:
        answer(store, order);
        break;
    }
    free_order(order);
}

static void prune(struct store *store, uint64_t history_for_ms)
{
    uint64_t now = now_ms();
    if (now - store->pruned_mono_ms < PRUNE_EVERY_MS) {
        return;
    }
    int64_t unix_ms = clock_unix_ms(store->options.clock);
    size_t count = 0;
    int err = database_prune(store->database, unix_ms - (int64_t)history_for_ms,
                             PRUNE_ROWS, &count);
    note_disk(store, err);
    if (count < PRUNE_ROWS) {
        store->pruned_mono_ms = now; // else it goes on in the next turn
    }
}

/* --- The thread ----------------------------------------------------------- */

/* Wait until there is something that should be written now, or something to be
 * tried again.  The lock is held. */
static void wait_for_work(struct store *store)
{
    uint64_t retry = now_ms() + STORE_RETRY_MS;
    while (!store->is_urgent && !store->is_stopping) {
        uint64_t now = now_ms();
        uint64_t until = now + PRUNE_EVERY_MS;
        if (!STAILQ_EMPTY(&store->waiting)) {
            until = store->first_mono_ms + STORE_GATHER_MS;
        } else if (store->unkept_count > 0) {
            until = retry;
        }
        if (now >= until) {
            return;
        }
        uv_cond_timedwait(&store->came, &store->lock,
                          (until - now) * CLOCK_NS_PER_MS);
        if (STAILQ_EMPTY(&store->waiting) && store->unkept_count == 0) {
            return; // perhaps there is something to be forgotten
        }
    }
}

/* One turn: take what waits, write it, tell.  Returns whether to go on. */
static bool turn(struct store *store)
{
    struct orders orders = STAILQ_HEAD_INITIALIZER(orders);
    uv_mutex_lock(&store->lock);
    wait_for_work(store);
    STAILQ_CONCAT(&orders, &store->waiting);
    store->quotes_waiting = 0;
    store->is_urgent = false;
    bool goes_on = !store->is_stopping;
    uint64_t history_for_ms = store->history_for_ms;
    metric_add(store->options.cells, METRIC_store_dropped, store->dropped);
    store->dropped = 0;
    uv_mutex_unlock(&store->lock);

    int err = 0;
    if (!STAILQ_EMPTY(&orders) || store->unkept_count > 0) {
        err = write_all(store, &orders);
    }
    if (err == 0) {
        drop_unkept(store);
    }
    struct order *order;
    while ((order = STAILQ_FIRST(&orders)) != NULL) {
        STAILQ_REMOVE_HEAD(&orders, link);
        end(store, order, err);
    }
    if (goes_on) {
        prune(store, history_for_ms);
    }
    return goes_on;
}

static void run(void *user)
{
    struct store *store = user;
    while (turn(store)) {
    }
    drop_unkept(store);
}

/* --- The calls of other threads ------------------------------------------- */

static int init_locks(struct store *store)
{
    if (uv_mutex_init(&store->lock) != 0) {
        return ERR_NOMEM;
    }
    if (uv_cond_init(&store->came) != 0) {
        uv_mutex_destroy(&store->lock);
        return ERR_NOMEM;
    }
    return 0;
}

int store_open(struct store **out, const struct store_options *options,
               struct database_opening *opening)
{
    *out = NULL;
    struct store *store = mem_calloc(1, sizeof(*store));
    if (store == NULL) {
        return ERR_NOMEM;
    }
    store->options = *options;
    if (store->options.clock == NULL) {
        store->options.clock = clock_system();
    }
    store->history_for_ms = options->history_for_ms;
    store->pruned_mono_ms = now_ms();
    STAILQ_INIT(&store->waiting);
    store->options.path = mem_text(options->path, strlen(options->path));
    int err = store->options.path == NULL ? ERR_NOMEM : init_locks(store);
    if (err != 0) {
        mem_free((char *)store->options.path);
        mem_free(store);
        return err;
    }
    err = database_open(&store->database, options->path, opening);
    if (err != 0) {
        store_stop(&store);
        return err;
    }
    *out = store;
    return 0;
}

struct database *store_database(struct store *store)
{
    CHECK(!store->is_started);
    return store->database;
}

int store_start(struct store *store, const struct store_callbacks *callbacks)
{
    CHECK(!store->is_started);
    store->callbacks = *callbacks;
    store->is_started = uv_thread_create(&store->thread, run, store) == 0;
    return store->is_started ? 0 : ERR_IO;
}

/* Hand an order over; false after the end has begun, or where it is one quote
 * too many. */
static bool post(struct store *store, struct order *order)
{
    uv_mutex_lock(&store->lock);
    bool is_quote = order->kind == ORDER_QUOTE;
    bool is_taken = !store->is_stopping &&
                    (!is_quote || store->quotes_waiting < STORE_WAITING_LIMIT);
    if (is_taken) {
        bool was_empty = STAILQ_EMPTY(&store->waiting);
        if (was_empty) {
            store->first_mono_ms = now_ms();
        }
        STAILQ_INSERT_TAIL(&store->waiting, order, link);
        store->quotes_waiting += is_quote;
        store->is_urgent = store->is_urgent || !is_quote;
        if (was_empty || !is_quote) {
            uv_cond_signal(&store->came);
        }
    }
    uv_mutex_unlock(&store->lock);
    return is_taken;
}

static struct order *make_order(enum order_kind kind)
{
    struct order *order = mem_calloc(1, sizeof(*order));
    if (order != NULL) {
        order->kind = kind;
    }
    return order;
}

void store_keep_quote(struct store *store, const struct quote *quote)
{
    struct order *order = make_order(ORDER_QUOTE);
    if (order != NULL) {
        order->quote = *quote;
    }
    if (order == NULL || !post(store, order)) {
        uv_mutex_lock(&store->lock);
        store->dropped++;
        uv_mutex_unlock(&store->lock);
        mem_free(order);
    }
}

int store_note_budget(struct store *store, const char *key, struct span text,
                      uint64_t ticket)
{
    CHECK(strlen(key) < STORE_KEY_SIZE);
    struct order *order = make_order(ORDER_BUDGET);
    if (order == NULL) {
        return ERR_NOMEM;
    }
    memcpy(order->key, key, strlen(key) + 1);
    order->ticket = ticket;
    order->text = buffer_empty(text.len);
    buffer_put_span(&order->text, text);
    int err = order->text.failed ? ERR_NOMEM : 0;
    if (err == 0 && !post(store, order)) {
        err = ERR_DRAINING;
    }
    if (err != 0) {
        free_order(order);
    }
    return err;
}

int store_ask(struct store *store, const struct store_question *question,
              void *tag)
{
    CHECK(question->step_ms > 0);
    struct order *order = make_order(ORDER_ASK);
    if (order == NULL) {
        return ERR_NOMEM;
    }
    order->question = *question;
    order->tag = tag;
    if (!post(store, order)) {
        free_order(order);
        return ERR_DRAINING;
    }
    return 0;
}

void store_change(struct store *store, uint64_t history_for_ms)
{
    uv_mutex_lock(&store->lock);
    store->history_for_ms = history_for_ms;
    uv_mutex_unlock(&store->lock);
}

void store_stop(struct store **store)
{
    struct store *gone = *store;
    if (gone == NULL) {
        return;
    }
    if (gone->is_started) {
        uv_mutex_lock(&gone->lock);
        gone->is_stopping = true;
        uv_cond_signal(&gone->came);
        uv_mutex_unlock(&gone->lock);
        uv_thread_join(&gone->thread);
    }
    CHECK(STAILQ_EMPTY(&gone->waiting));
    database_close(&gone->database);
    uv_cond_destroy(&gone->came);
    uv_mutex_destroy(&gone->lock);
    mem_free((char *)gone->options.path);
    mem_free(gone);
    *store = NULL;
}
