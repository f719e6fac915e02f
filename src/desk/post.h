/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h -- one provider of a desk: its budget, its rests, its pace, and the
 * flights that are queued for it.
 *
 * The inside of desk.h, which says what is decided; for desk.c and depart.c.
 * Threads: the desk's owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "desk/ban.h"
#include "desk/memory.h"
#include "desk/pace.h"
#include "desk/rest.h"
#include "desk/spend.h"
#include "desk/terms.h"
#include "obs/family.h"
#include "provider/query.h"
#include "quote/symbol.h"

/* A wish for one symbol's price.  In one of its post's queues, or in a call, or
 * just landing. */
struct flight {
    UT_hash_handle hh;
    TAILQ_ENTRY(flight) link; /* of the queue or the call it is in */
    struct symbol symbol;
    uint64_t askers;             /* bit n is asker n */
    uint64_t not_before_mono_ms; /* the newest that they demand */
    bool is_waited;
    bool is_called;
    bool is_picked;  /* depart.c's, while it chooses */
    bool may_wait;   /* some post would have asked for it, later */
    bool was_called; /* a call was made for it */
    bool was_asked;  /* some post was, and gave no price */
    size_t post;     /* number in its set; the set's count: none is left */
    uint64_t wanted_mono_ms; /* when somebody wanted it last */
    uint64_t waited_mono_ms; /* since when, where is_waited */
    uint64_t queued_mono_ms; /* at this post */
    uint32_t batch_max;      /* the largest call it may be in */
    double rate;             /* at which it is asked for: 0 to 1 a second */
    uint32_t base_seconds;   /* what it is counted from, and since when */
    uint64_t base_mono_ms;
    uint64_t since_mono_ms; /* when what there is of it was fetched */
    int err; /* the failure that tells most so far, and its sentence */
    char reason[DESK_REASON_SIZE];
};

TAILQ_HEAD(flight_list, flight);

/* For so long it is believed that a plan does not have a symbol. */
#define POST_BAN_MS (24u * 60u * 60u * 1000u)

/* How long a trial call may be expected to take: people wait for it. */
#define POST_TRIAL_MS 1000u

#define POST_KEY_SIZE 64

/* What came of a call, for people. */
struct post_last {
    bool is_known; /* false: none has come back */
    enum provider_class class;
    uint32_t symbols;
    uint64_t came_mono_ms;
    char text[PROVIDER_TEXT_SIZE];
    char decided_by[PROVIDER_STEP_SIZE];
};

struct post {
    struct desk_provider what; /* owned */
    char budget_key[POST_KEY_SIZE];
    struct budget *budget;
    struct spend spends[BUDGET_RULES_LIMIT]; /* of the budget's rules */
    struct rest rest;
    int rest_err;
    char rest_why[PROVIDER_TEXT_SIZE];
    size_t batch_max;       /* symbols of one call, by its endpoints */
    uint32_t endpoints_off; /* that are not in the plan */
    struct pace pace;
    uint64_t dropped_mono_ms;  /* when the queue was last looked through */
    struct flight_list waited; /* by the time since when */
    struct flight_list others; /* in no order */
    uint32_t waited_count;
    uint32_t others_count;
    unsigned calls;   /* under way */
    uint32_t limited; /* calls in a row that were refused by a limit */
    struct ban *bans; /* symbols that it is not asked for */
    struct memory *memory;
    struct post_last last;
    uint64_t outcomes[PROVIDER_CLASS_COUNT]; /* calls that ended so */
    uint64_t took[FAMILY_CELLS_HISTOGRAM];   /* how long they took */
};

/* Make a post of a provider, which is MOVED on success; `boot` as in
 * budget/budget.h.  Returns 0 or ERR_NOMEM; *post is then 0. */
int post_init(struct post *post, struct desk_provider *what, const char *boot,
              struct steady_time now);

/* Free what it holds; its queues are empty (checked). */
void post_deinit(struct post *post);

/* Whether both call the same provider: with the same key, by the same
 * description, at the same place. */
bool post_is_same(const struct post *a, const struct post *b);

/* Whether it may be asked for a symbol at all: it serves its market, and it was
 * not banned. */
bool post_serves(struct post *post, const struct symbol *symbol,
                 uint64_t now_mono_ms);

/* Why it is not asked for a symbol for a while; NULL where it may be.  BORROWED
 * until the next ban. */
const struct ban *post_ban_of(const struct post *post,
                              const struct symbol *symbol,
                              uint64_t now_mono_ms);

/* Don't ask it for a symbol for ms; askers are told `err` and why. */
void post_ban(struct post *post, const struct symbol *symbol,
              uint64_t now_mono_ms, uint64_t ms, int err, const char *why);

/* Milliseconds for which nothing may be asked, for a rest (UINT64_MAX: for
 * ever) or a trial call that is under way (POST_TRIAL_MS, again and again); 0:
 * it may. *why is a sentence and *err what askers are told, where it is not 0.
 */
uint64_t post_rests_ms(const struct post *post, uint64_t now_mono_ms,
                       const char **why, int *err);

/* Queue a flight here, or take it out. */
void post_queue(struct post *post, struct flight *flight, uint64_t now_mono_ms);
void post_unqueue(struct post *post, struct flight *flight);

/*
 * Note what has come of a call for the provider as a whole.  Returns for how
 * long it rests because of it, in ms: 0, or REST_FOR_EVER.  A limit empties the
 * budget's rule of that span.
 */
uint64_t post_note(struct post *post, struct steady_time now,
                   const struct provider_outcome *outcome, size_t endpoint);

/* Spend a call for these symbols, and count how fast that goes; as
 * budget_spend(). */
int post_spend(struct post *post, struct steady_time now,
               const struct symbol *const *symbols, size_t count);

/* Remember for people what has come of a call; verdicts[i] is on its symbol i.
 */
void post_remember(struct post *post, uint64_t now_mono_ms,
                   const struct query *query,
                   const struct provider_outcome *outcome,
                   const struct provider_verdict verdicts[]);

/* Count how long a call took. */
void post_time(struct post *post, uint64_t took_ms);

/*
 * Take over what another post, with the same key, remembers, how fast its rules
 * were spent, its pace, and what was counted.  That one is left without.  Where
 * the provider is the same, so is what was learnt of it: that the key is no
 * good, what is not in the plan, its rests and limits.
 */
void post_inherit(struct post *post, struct post *from, struct steady_time now);
