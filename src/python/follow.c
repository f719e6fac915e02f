/* SPDX-License-Identifier: Apache-2.0 */
#include "python/follow.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "net/conn.h"
#include "obs/log.h"
#include "python/python.h"
#include "python/release.h"
#include "python/service.h"
#include "serve/ask.h"
#include "serve/guest.h"
#include "serve/worker.h"

/* What beginning or ending to follow a symbol is charged: it takes as long as
 * reading so many bytes does, and a symbol may be two of them. */
#define FOLLOW_CHARGE_BYTES 64

struct callback {
    size_t uses; // symbols
    size_t id_len;
    char id[]; // the reference's, in brine
};

struct followed {
    UT_hash_handle hh;
    struct symbol symbol;
    struct callback *callback;
};

IMPLEMENTS(on_news)
static void on_news(struct watcher *watcher)
{
    follow_send((struct follows *)watcher);
}

void follow_init(struct follows *follows, struct python *python)
{
    *follows = (struct follows){.python = python};
    watch_init(&follows->watcher, python_worker(python)->watches, on_news);
}

/* --- Functions --------------------------------------------------------------
 */

static struct callback *make_callback(struct span id)
{
    struct callback *callback = mem_calloc(1, sizeof(*callback) + id.len);
    if (callback != NULL) {
        memcpy(callback->id, id.data, id.len);
        callback->id_len = id.len;
    }
    return callback;
}

/* A symbol less has it: the last is the end of it. */
static void leave_callback(struct follows *follows, struct callback *callback)
{
    CHECK(callback->uses > 0);
    callback->uses--;
    if (callback->uses > 0) {
        return;
    }
    for (size_t i = 0; i < follows->calls_count; i++) {
        if (follows->calls[i].callback == callback) {
            follows->calls[i].callback = NULL;
        }
    }
    release_one(follows->python, (struct span){callback->id, callback->id_len});
    mem_free(callback);
}

/* --- Symbols ----------------------------------------------------------------
 */

static struct followed *find(const struct follows *follows,
                             const struct symbol *symbol)
{
    struct followed *found;
    HASH_FIND(hh, follows->table, symbol->text, symbol->len, found);
    return found;
}

/* To be called when the number of symbols has changed. */
static void settle(struct follows *follows)
{
    struct guest *guest = python_guest(follows->python);
    guest->is_watching = follows->table != NULL;
    if (guest->is_watching && !follows->is_narrow) {
        follows->is_narrow = true;
        conn_narrow(guest->conn, WATCH_UNSENT_BYTES);
    }
}

static void drop(struct follows *follows, struct followed *followed)
{
    watch_leave(&follows->watcher, symbol_span(&followed->symbol), false);
    HASH_DEL(follows->table, followed);
    leave_callback(follows, followed->callback);
    mem_free(followed);
}

/* Drop what a function is called for; NULL: everything. */
static void drop_all(struct follows *follows, const struct callback *callback)
{
    struct followed *followed;
    struct followed *next;
    HASH_ITER(hh, follows->table, followed, next)
    {
        if (callback == NULL || followed->callback == callback) {
            drop(follows, followed);
        }
    }
    settle(follows);
}

void follow_end_all(struct follows *follows)
{
    drop_all(follows, NULL);
    CHECK(follows->watcher.symbols == 0);
    watch_leave_all(&follows->watcher);
}

/* Have a symbol followed that is not yet. */
static int add(struct follows *follows, const struct symbol *symbol,
               struct callback *callback)
{
    struct followed *followed = mem_calloc(1, sizeof(*followed));
    if (followed == NULL) {
        return ERR_NOMEM;
    }
    followed->symbol = *symbol;
    followed->callback = callback;
    HASH_ADD_KEYPTR(hh, follows->table, followed->symbol.text,
                    followed->symbol.len, followed);
    if (followed->hh.tbl == NULL) { // uthash found no memory
        mem_free(followed);
        return ERR_NOMEM;
    }
    int err = watch_join(&follows->watcher, symbol, symbol_span(symbol));
    if (err != 0) {
        HASH_DEL(follows->table, followed);
        mem_free(followed);
        return err;
    }
    callback->uses++;
    return 0;
}

/* --- Requests ---------------------------------------------------------------
 */

/* What texts name; raises where one names nothing. */
static bool resolve_all(const struct python_request *request,
                        const struct span *texts, size_t count,
                        struct symbol *symbols)
{
    const struct worker *worker = python_worker(request->python);
    for (size_t i = 0; i < count; i++) {
        if (ask_resolve(worker, texts[i], &symbols[i]) != 0) {
            python_raise(request, "ValueError",
                         "SYMBOL %s: this is neither a name nor a symbol",
                         symbols[i].text);
            return false;
        }
    }
    return true;
}

/* Have those symbols followed that are not yet: all of them, or none. */
static int add_all(struct follows *follows, const struct symbol *symbols,
                   size_t count, struct callback *callback)
{
    for (size_t i = 0; i < count; i++) {
        int err = find(follows, &symbols[i]) == NULL
                      ? add(follows, &symbols[i], callback)
                      : 0;
        if (err != 0) {
            drop_all(follows, callback); // it is new, and so are they
            return err;
        }
    }
    return 0;
}

/* The function takes the place of the one before it, and is told the current
 * quote as that was. */
static void replace(struct follows *follows, struct followed *followed,
                    struct callback *callback)
{
    leave_callback(follows, followed->callback);
    followed->callback = callback;
    callback->uses++;
    bool is_joined =
        watch_tell_again(&follows->watcher, symbol_span(&followed->symbol));
    CHECK(is_joined);
}

static void start(struct python_request *request, struct follows *follows,
                  const struct symbol *symbols, size_t count,
                  struct callback *callback)
{
    callback->uses = 1; // ours, for now
    int err = add_all(follows, symbols, count, callback);
    for (size_t i = 0; i < count && err == 0; i++) {
        struct followed *known = find(follows, &symbols[i]);
        if (known->callback != callback) {
            replace(follows, known, callback);
        }
    }
    leave_callback(follows, callback);
    settle(follows);
    if (err == 0) {
        service_answer_none(request);
    } else {
        python_raise(request, err == ERR_FULL ? "RuntimeError" : "MemoryError",
                     "%s",
                     err == ERR_FULL ? "too much is watched already"
                                     : "the server has no memory");
    }
}

static void stop(struct python_request *request, struct follows *follows,
                 const struct symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct followed *known = find(follows, &symbols[i]);
        if (known != NULL) {
            drop(follows, known);
        }
    }
    settle(follows);
    service_answer_none(request);
}

/* The same for symbols that were understood. */
static void change(struct python_request *request, struct span callback,
                   const struct symbol *symbols, size_t count)
{
    struct follows *follows = python_follows(request->python);
    python_charge(request->python, count * FOLLOW_CHARGE_BYTES);
    if (callback.len == 0) {
        stop(request, follows, symbols, count);
        return;
    }
    struct callback *made = make_callback(callback);
    if (made == NULL) {
        release_one(request->python, callback);
        python_raise(request, "MemoryError", "the server has no memory");
        return;
    }
    start(request, follows, symbols, count, made);
}

void follow_change(struct python_request *request, struct span callback,
                   const struct rpyc_box *symbols)
{
    struct span texts[PYTHON_SYMBOLS_LIMIT];
    struct symbol named[PYTHON_SYMBOLS_LIMIT];
    size_t count = 1;
    bool is_one =
        symbols->label == RPYC_VALUE && symbols->value->type == BRINE_STR;
    if (is_one) {
        texts[0] = symbols->value->text;
    }
    if ((is_one || service_read_symbols(request, symbols, texts, &count)) &&
        resolve_all(request, texts, count, named)) {
        change(request, callback, named, count);
    } else if (callback.len > 0) {
        release_one(request->python, callback);
    }
}

void follow_stop_all(struct python_request *request)
{
    drop_all(python_follows(request->python), NULL);
    service_answer_none(request);
}

/* --- Calls ------------------------------------------------------------------
 */

/* Compose callback(symbol, quote), and note that its reply is to come. */
static void put_call(struct follows *follows, struct callback *callback,
                     const struct watch_news *news)
{
    struct python *python = follows->python;
    struct buffer *out = python_output(python);
    const struct answer answer = {
        .symbol = *news->symbol,
        .err = news->err,
        .state = news->state,
        .quote = news->quote,
        .reason = news->reason,
    };
    int64_t seq = python_next_seq(python);
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, RPYC_CALL);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 3);
    rpyc_put_label(out, RPYC_LOCAL_REF);
    buffer_put_span(out, (struct span){callback->id, callback->id_len});
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, 2);
    brine_put_str(out, symbol_span(news->symbol));
    service_put_quote(out, python_worker(python), &answer);
    rpyc_put_label(out, RPYC_VALUE); // keywords
    brine_put_tuple(out, 0);
    rpyc_end(out, frame);
    CHECK(follows->calls_count < FOLLOW_CALLS_LIMIT);
    follows->calls[follows->calls_count].seq = seq;
    follows->calls[follows->calls_count].callback = callback;
    follows->calls_count++;
    metric_add(python_worker(python)->cells, METRIC_watch_sent, 1);
}

void follow_send(struct follows *follows)
{
    const struct guest *guest = python_guest(follows->python);
    struct conn *conn = guest->conn;
    struct watch_news news;
    if (!watch_has_news(&follows->watcher) || guest->is_ending ||
        conn_unsent(conn) > 0) {
        return;
    }
    while (follows->calls_count < FOLLOW_CALLS_LIMIT &&
           watch_next(&follows->watcher, &news)) {
        const struct followed *followed = find(follows, news.symbol);
        CHECK(followed != NULL);
        put_call(follows, followed->callback, &news);
    }
    watch_flush(&follows->watcher, conn); // may end the session
}

bool follow_take_reply(struct follows *follows, int64_t seq, bool has_raised)
{
    for (size_t i = 0; i < follows->calls_count; i++) {
        if (follows->calls[i].seq != seq) {
            continue;
        }
        struct callback *callback = follows->calls[i].callback;
        follows->calls[i] = follows->calls[--follows->calls_count];
        if (has_raised && callback != NULL) {
            log_event(
                LOG_INFO, "python", "a callback raised and is called no more",
                LOG_TEXT("peer", python_guest(follows->python)->member.peer));
            drop_all(follows, callback);
        }
        return true;
    }
    return false;
}
