/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inquiry.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/terms.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/worker.h"

/* One symbol; `waiter` first, so that it is the entry. */
struct entry {
    struct waiter waiter;
    struct inquiry *inquiry;
    struct symbol symbol;
    int err;
    enum freshness state;
    bool has_quote;
    struct quote quote; // a copy: what was found may be retired meanwhile
    char *reason;       // owned; NULL: the err's own sentence
};

struct inquiry {
    struct worker *worker;
    inquiry_done_fn on_done;
    void *user;
    uint64_t asked_ms;
    size_t waiting;
    size_t count;
    struct entry entries[];
};

bool inquiry_look(struct worker *worker, const struct span *texts, size_t count)
{
    CHECK(count <= RESP_ARGS_LIMIT);
    bool is_answered = true;
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = &worker->answers[i];
        answer->err = ask_resolve(worker, texts[i], &answer->symbol);
        answer->quote = NULL;
        answer->reason = NULL;
        if (answer->err == 0) {
            is_answered = ask_memory(worker, answer) && is_answered;
        }
    }
    return is_answered;
}

static void keep(struct entry *entry, const struct answer *answer)
{
    entry->err = answer->err;
    entry->state = answer->state;
    entry->has_quote = answer->quote != NULL;
    if (answer->quote != NULL) {
        entry->quote = *answer->quote;
    }
    if (answer->reason != NULL) {
        // Without memory the err's own sentence has to do.
        entry->reason = mem_text(answer->reason, strlen(answer->reason));
    }
}

IMPLEMENTS(on_end)
static void on_result(struct waiter *waiter, const struct desk_result *result)
{
    struct entry *entry = (struct entry *)waiter;
    struct inquiry *inquiry = entry->inquiry;
    struct answer answer = {
        .err = result->err,
        .state = FRESHNESS_FRESH,
        .quote = result->err == 0 ? &result->quote : NULL,
        .reason = result->err == 0 ? NULL : result->reason,
    };
    keep(entry, &answer);
    CHECK(inquiry->waiting > 0);
    inquiry->waiting--;
    if (inquiry->waiting == 0) {
        inquiry->on_done(inquiry->user);
    }
}

static void fill(struct entry *entry, const struct answer *answer)
{
    struct inquiry *inquiry = entry->inquiry;
    entry->symbol = answer->symbol;
    entry->waiter.on_end = on_result;
    if (answer->quote != NULL || answer->err != 0) {
        keep(entry, answer);
        return;
    }
    entry->err =
        wait_join(inquiry->worker->waits, &entry->symbol, &entry->waiter);
    inquiry->waiting += entry->err == 0;
}

int inquiry_create(struct inquiry **out, struct worker *worker, size_t count,
                   inquiry_done_fn on_done, void *user)
{
    CHECK(count <= RESP_ARGS_LIMIT);
    *out = NULL;
    if (worker->turn_symbols + count > WAIT_LIMIT) {
        return ERR_OVERLOADED;
    }
    struct inquiry *inquiry =
        mem_calloc(1, sizeof(*inquiry) + count * sizeof(inquiry->entries[0]));
    if (inquiry == NULL) {
        return ERR_OVERLOADED;
    }
    *out = inquiry;
    worker->turn_symbols += count;
    inquiry->worker = worker;
    inquiry->asked_ms = worker->loop.now_ms;
    inquiry->on_done = on_done;
    inquiry->user = user;
    inquiry->count = count;
    for (size_t i = 0; i < count; i++) {
        inquiry->entries[i].inquiry = inquiry;
        fill(&inquiry->entries[i], &worker->answers[i]);
    }
    return 0;
}

void inquiry_destroy(struct inquiry **inquiry)
{
    struct inquiry *gone = *inquiry;
    if (gone == NULL) {
        return;
    }
    for (size_t i = 0; i < gone->count; i++) {
        wait_leave(gone->worker->waits, &gone->entries[i].waiter);
        mem_free(gone->entries[i].reason);
    }
    gone->worker->turn_symbols -= gone->count;
    mem_free(gone);
    *inquiry = NULL;
}

bool inquiry_is_done(const struct inquiry *inquiry)
{
    return inquiry->waiting == 0;
}

uint64_t inquiry_asked_ms(const struct inquiry *inquiry)
{
    return inquiry->asked_ms;
}

size_t inquiry_count(const struct inquiry *inquiry)
{
    return inquiry->count;
}

/* What an entry's quote is by now.  One that was servable when it was asked for
 * is served, however long the others took. */
static enum freshness state_now(const struct worker *worker,
                                const struct entry *entry)
{
    if (!entry->has_quote) {
        return entry->state;
    }
    enum freshness now = freshness_of(&entry->quote, &worker->settings->rule,
                                      worker->loop.now_ms);
    return now == FRESHNESS_EXPIRED ? FRESHNESS_STALE : now;
}

void inquiry_recall(const struct inquiry *inquiry)
{
    CHECK(inquiry->waiting == 0);
    struct worker *worker = inquiry->worker;
    for (size_t i = 0; i < inquiry->count; i++) {
        const struct entry *entry = &inquiry->entries[i];
        worker->answers[i] = (struct answer){
            .symbol = entry->symbol,
            .err = entry->err,
            .state = state_now(worker, entry),
            .quote = entry->has_quote ? &entry->quote : NULL,
            .reason = entry->reason,
        };
    }
}
