/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand.h -- a call of the desk's, from when it is decided to when it is
 * judged; and what the store is told of it.
 *
 * The inside of fetch.c.  Threads: the fetch thread's, or main before it
 * starts.
 */

#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "budget/steady.h"
#include "provider/provider.h"

struct desk;      /* desk/desk.h */
struct desk_call; /* desk/desk.h */
struct query;     /* provider/query.h */
struct store;     /* store/store.h */

struct errand {
    TAILQ_ENTRY(errand) link;     /* of those unnoted, or dialed */
    uint64_t since_mono_ms;       /* since when it waits for its note */
    const struct desk_call *call; /* BORROWED from the desk */
};

TAILQ_HEAD(errands, errand);

/* The errand of a call's number; NULL where there is none. */
struct errand *errand_find(struct errands *errands, uint64_t number);

/* Forget them all: their calls are gone. */
void errand_free_all(struct errands *errands);

/* There was no answer, for want of a connection or of memory: judge that, into
 * *outcome and verdicts[i] for each symbol of the query. */
void errand_fail(const struct query *query, const char *why,
                 struct provider_outcome *outcome,
                 struct provider_verdict verdicts[]);

/* Its connection was dead, and the budget does not let it through once more:
 * judge that as a limit that is soon over, so that it is made again then. */
void errand_put_off(const struct query *query, struct provider_outcome *outcome,
                    struct provider_verdict verdicts[]);

/* Say how a call ended. */
void errand_log(const struct query *query, int status,
                const struct provider_outcome *outcome);

/* Have the store keep what a call costs.  0, or an error of
 * store_note_budget(): then nobody will say that it is kept. */
int errand_note(struct desk *desk, struct store *store,
                const struct desk_call *call, struct steady_time now);

/* Take over from the store what was spent before this process began.  0, or an
 * error of database_read_budget(). */
int errand_load(struct desk *desk, struct store *store, struct steady_time now);
