/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/inquiry.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/terms.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/worker.h"

/* Bytes of the longest reason that is composed here. */
#define REASON_BYTES (DESK_REASON_SIZE + 100)

#define NO_NEWER "the price that the provider has is no newer"

/* One symbol; `waiter` first, so that it is the entry. */
struct entry {
    struct waiter waiter;
    struct inquiry *inquiry;
    struct symbol symbol;
    int err;
    enum freshness state;
    uint64_t max_age_ms;
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
    return inquiry_look_within(worker, texts, count, ASK_ANY_AGE);
}

bool inquiry_look_within(struct worker *worker, const struct span *texts,
                         size_t count, uint64_t max_age_ms)
{
    CHECK(count <= RESP_ARGS_LIMIT);
    bool is_answered = true;
    for (size_t i = 0; i < count; i++) {
        struct answer *answer = &worker->answers[i];
        answer->max_age_ms = max_age_ms;
        is_answered = ask_text(worker, texts[i], answer) && is_answered;
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

/* --- Quotes that are too old ----------------------------------------------
 */

/* A span of time as people read it: an age is rounded up and what is demanded
 * down, so that it shows which is more. */
static void put_span(struct buffer *out, uint64_t ms, bool rounds_up)
{
    static const struct {
        uint64_t below_ms;
        uint64_t unit_ms;
        const char *name;
    } steps[] = {
        {10000, 1, "ms"},
        {600000, 1000, "s"},
        {36000000, 60000, "min"},
        {864000000, 3600000, "h"},
        {UINT64_MAX, 86400000, "d"},
    };
    size_t i = ms > 0 && ms % 1000 == 0 ? 1 : 0;
    while (ms >= steps[i].below_ms && steps[i].below_ms != UINT64_MAX) {
        i++;
    }
    uint64_t unit_ms = steps[i].unit_ms;
    uint64_t count = ms / unit_ms + (rounds_up && ms % unit_ms != 0);
    buffer_printf(out, "%" PRIu64 " %s", count, steps[i].name);
}

/* Refuse an entry, because there is a quote that is too old and no younger one
 * is to be had. */
static void refuse(struct entry *entry, const struct quote *quote,
                   const char *why)
{
    uint64_t now_ms = entry->inquiry->worker->loop.now_ms;
    struct buffer text = buffer_empty(REASON_BYTES);
    put_span(&text, freshness_age_ms(quote, now_ms), true);
    buffer_put_text(&text, " old, at most ");
    put_span(&text, entry->max_age_ms, false);
    buffer_printf(&text, " was asked for; %s", why);
    entry->err = ERR_TOOOLD;
    if (!text.failed) {
        entry->reason = mem_text(text.data, text.len);
    }
    buffer_deinit(&text);
}

/* What may be told instead of an error where there is a quote that is too old:
 * that.  Others are the server's, and another one may do better. */
static bool is_about_price(int err)
{
    return err != ERR_OVERLOADED && err != ERR_DRAINING;
}

/* What the last call's failure says to who may not call again yet. */
static const char *held_sentence(int err)
{
    return err == ERR_STALE ? NO_NEWER : err_sentence(err);
}

/* A call brought what is too old, or failed.  Returns whether that was told. */
static bool tell_too_old(struct entry *entry, const struct desk_result *result)
{
    struct worker *worker = entry->inquiry->worker;
    if (result->err == 0) {
        refuse(entry, &result->quote, NO_NEWER);
        return true;
    }
    struct answer there = {.symbol = entry->symbol};
    if (!is_about_price(result->err) || !ask_peek(worker, &there)) {
        return false;
    }
    if (ask_is_new(there.quote, entry->waiter.not_before_mono_ms,
                   worker->loop.now_ms)) {
        keep(entry, &there); // it came, or its market has closed, meanwhile
    } else {
        refuse(entry, there.quote, result->reason);
    }
    return true;
}

/* Whether a flight ended from which less was demanded than the entry does, with
 * a quote that is too old for it: one that it joined was under way. */
static bool is_for_others(const struct entry *entry,
                          const struct desk_result *result)
{
    return result->err == 0 &&
           result->not_before_mono_ms < entry->waiter.not_before_mono_ms;
}

/* -------------------------------------------------------------------------- */

static bool begin_to_wait(struct entry *entry)
{
    struct waits *waits = entry->inquiry->worker->waits;
    entry->err = wait_join(waits, &entry->symbol, &entry->waiter);
    return entry->err == 0;
}

/* Whether a flight brought what is as new as the entry demands.  A call that
 * ended when the flight knew of the demand has brought it, though clocks of two
 * threads, read a moment apart, may say otherwise. */
static bool is_demanded(const struct entry *entry,
                        const struct desk_result *result)
{
    uint64_t not_before_ms = entry->waiter.not_before_mono_ms;
    bool is_called =
        !result->is_recalled && result->not_before_mono_ms >= not_before_ms;
    return result->err == 0 &&
           (is_called || ask_is_new(&result->quote, not_before_ms,
                                    entry->inquiry->worker->loop.now_ms));
}

/* Take what a flight brought.  Returns false where it waits for another one. */
static bool take(struct entry *entry, const struct desk_result *result)
{
    bool is_refused =
        entry->waiter.not_before_mono_ms > 0 && !is_demanded(entry, result);
    if (is_refused && is_for_others(entry, result)) {
        return !begin_to_wait(entry);
    }
    if (is_refused && tell_too_old(entry, result)) {
        return true;
    }
    struct answer answer = {
        .err = result->err,
        .state = FRESHNESS_FRESH,
        .quote = result->err == 0 ? &result->quote : NULL,
        .reason = result->err == 0 ? NULL : result->reason,
    };
    keep(entry, &answer);
    return true;
}

IMPLEMENTS(on_end)
static void on_result(struct waiter *waiter, const struct desk_result *result)
{
    struct entry *entry = (struct entry *)waiter;
    struct inquiry *inquiry = entry->inquiry;
    CHECK(inquiry->waiting > 0);
    if (!take(entry, result)) {
        return;
    }
    inquiry->waiting--;
    if (inquiry->waiting == 0) {
        inquiry->on_done(inquiry->user);
    }
}

/* Whether an entry that demands an age is not worth a call, because the last
 * one failed a moment ago; then it is refused. */
static bool is_held_back(struct entry *entry)
{
    struct worker *worker = entry->inquiry->worker;
    struct answer there = {.symbol = entry->symbol};
    int held = ask_held(worker, &entry->symbol);
    if (held == 0 || !ask_peek(worker, &there)) {
        return false;
    }
    refuse(entry, there.quote, held_sentence(held));
    return true;
}

static void fill(struct entry *entry, const struct answer *answer)
{
    struct inquiry *inquiry = entry->inquiry;
    entry->symbol = answer->symbol;
    entry->waiter.on_end = on_result;
    entry->max_age_ms = answer->max_age_ms;
    if (answer->quote != NULL || answer->err != 0) {
        keep(entry, answer);
        return;
    }
    uint64_t now_ms = inquiry->worker->loop.now_ms;
    if (answer->max_age_ms < now_ms) {
        entry->waiter.not_before_mono_ms = now_ms - answer->max_age_ms;
        if (is_held_back(entry)) {
            return;
        }
    }
    inquiry->waiting += begin_to_wait(entry);
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

/* Put an entry's quote into its answer, or a newer one.  One that was servable
 * when it was asked for is served, however long the others took. */
static void recall_quote(struct worker *worker, const struct entry *entry,
                         struct answer *answer)
{
    if (ask_peek(worker, answer) &&
        answer->quote->fetched_mono_ms > entry->quote.fetched_mono_ms) {
        return;
    }
    answer->quote = &entry->quote;
    answer->state = freshness_of(&entry->quote, &worker->settings->rule,
                                 worker->loop.now_ms);
    if (answer->state == FRESHNESS_EXPIRED) {
        answer->state = FRESHNESS_STALE;
    }
}

void inquiry_recall(const struct inquiry *inquiry)
{
    CHECK(inquiry->waiting == 0);
    struct worker *worker = inquiry->worker;
    for (size_t i = 0; i < inquiry->count; i++) {
        const struct entry *entry = &inquiry->entries[i];
        struct answer *answer = &worker->answers[i];
        *answer = (struct answer){
            .symbol = entry->symbol,
            .err = entry->err,
            .state = entry->state,
            .reason = entry->reason,
            .max_age_ms = entry->max_age_ms,
        };
        if (entry->has_quote) {
            recall_quote(worker, entry, answer);
        }
    }
}
