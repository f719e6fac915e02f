/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/errand.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/desk.h"
#include "obs/log.h"
#include "store/store.h"

/* A budget with thousands of different symbols is that long. */
#define BUDGET_TEXT_LIMIT (1u << 20)

struct errand *errand_find(struct errands *errands, uint64_t number)
{
    struct errand *errand = TAILQ_FIRST(errands);
    while (errand != NULL && errand->call->number != number) {
        errand = TAILQ_NEXT(errand, link);
    }
    return errand;
}

void errand_free_all(struct errands *errands)
{
    struct errand *errand;
    while ((errand = TAILQ_FIRST(errands)) != NULL) {
        TAILQ_REMOVE(errands, errand, link);
        mem_free(errand);
    }
}

void errand_fail(const struct query *query, const char *why,
                 struct provider_outcome *outcome,
                 struct provider_verdict verdicts[])
{
    *outcome = (struct provider_outcome){
        .class = PROVIDER_UPSTREAM,
        .decided_by = "no answer",
        .drop = query->count,
    };
    snprintf(outcome->text, sizeof(outcome->text), "%s", why);
    for (size_t i = 0; i < query->count; i++) {
        verdicts[i].class = PROVIDER_UPSTREAM;
        memcpy(verdicts[i].text, outcome->text, sizeof(verdicts[i].text));
    }
}

void errand_put_off(const struct query *query, struct provider_outcome *outcome,
                    struct provider_verdict verdicts[])
{
    errand_fail(query,
                "the connection was dead, and to ask again is beyond "
                "the allowance for now",
                outcome, verdicts);
    outcome->class = PROVIDER_LIMIT_SECOND;
    for (size_t i = 0; i < query->count; i++) {
        verdicts[i].class = PROVIDER_LIMIT_SECOND;
    }
}

void errand_log(const struct query *query, int status,
                const struct provider_outcome *outcome)
{
    log_event(LOG_DEBUG, "fetch", "call ended",
              LOG_TEXT("provider", provider_name(query->provider)),
              LOG_TEXT("symbol", query->symbols[0]->text),
              LOG_NUMBER("symbols", (int64_t)query->count),
              LOG_TEXT("class", provider_class_name(outcome->class)),
              LOG_NUMBER("status", status), LOG_TEXT("reason", outcome->text));
}

int errand_note(struct desk *desk, struct store *store,
                const struct desk_call *call, struct steady_time now)
{
    struct buffer text = buffer_empty(BUDGET_TEXT_LIMIT);
    desk_save_budget(desk, now, call, &text);
    int err = text.failed ? ERR_NOMEM
                          : store_note_budget(store, call->budget_key,
                                              buffer_span(&text), call->number);
    buffer_deinit(&text);
    return err;
}

/* What was spent with one key. */
static int load_one(struct desk *desk, struct store *store,
                    struct steady_time now, size_t i)
{
    const char *key = desk_budget_key(desk, i);
    struct buffer text = buffer_empty(BUDGET_TEXT_LIMIT);
    int err = database_read_budget(store_database(store), key, &text);
    if (err == 0) {
        err = desk_load_budget(desk, now, i, buffer_span(&text));
    }
    buffer_deinit(&text);
    if (err == ERR_SYNTAX) {
        log_event(LOG_WARNING, "fetch",
                  "what was spent with a key can't be read; counting begins "
                  "anew",
                  LOG_TEXT("key", key));
    }
    bool begins_anew = err == ERR_SYNTAX || err == ERR_ABSENT;
    return begins_anew ? 0 : err;
}

int errand_load(struct desk *desk, struct store *store, struct steady_time now)
{
    int err = 0;
    for (size_t i = 0; store != NULL && err == 0 && i < desk_posts(desk); i++) {
        err = load_one(desk, store, now, i);
    }
    return err;
}
