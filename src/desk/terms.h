/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms.h -- what a desk and those who deal with it hand each other.
 *
 * Plain values; desk/desk.h says what is done with them.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget/budget.h"
#include "provider/provider.h"
#include "quote/quote.h"

/* Providers of one configuration. */
#define DESK_PROVIDERS_LIMIT 16

/* Rules of a key, as they are written; each may come to several of the budget.
 */
#define DESK_RULES_LIMIT (BUDGET_RULES_LIMIT / PROVIDER_TURNS_LIMIT)

/* A provider that can be called. */
struct desk_provider {
    struct provider *provider; /* MOVED to the desk */
    char *origin;              /* MOVED; "" for the description's own */
    char *key;                 /* MOVED; "" where none is needed */
    uint64_t timeout_ms;
    /* MICs of the markets that it may serve, MOVED; none: those that it can. */
    char **markets;
    size_t markets_count;
    /* What the key allows, in place of what the description says. */
    bool has_rules;
    size_t rules_count;
    struct budget_rule rules[DESK_RULES_LIMIT]; /* zone and hour: not used */
};

/* Bytes of the longest reason and its 0: a provider's name and its words. */
#define DESK_REASON_SIZE 320

/* How a flight ended. */
struct desk_result {
    struct symbol symbol;
    /* What its askers demanded (struct desk_wish): the newest of that. */
    uint64_t not_before_mono_ms;
    int err; /* 0: `quote` is there; ERR_UNKNOWN, ERR_NODATA, ERR_LIMIT,
              * ERR_UPSTREAM, ERR_OVERLOADED, ERR_DRAINING */
    bool is_recalled;   /* known before: there is nothing new to keep */
    struct quote quote; /* with err 0 */
    char reason[DESK_REASON_SIZE]; /* a sentence for people; "" with err 0 */
};

/* What an asker wants of a symbol. */
struct desk_wish {
    bool is_waited; /* a request waits for it */
    /* A quote that was fetched before this will not do; 0: one that need not be
     * called for will. */
    uint64_t not_before_mono_ms;
};

/* A flight ended; `askers` has a bit for each asker.  BORROWED for the call.
 * Threads: the desk's owner's. */
typedef void (*desk_done_fn)(void *user, uint64_t askers,
                             const struct desk_result *result);

/* Whether result->symbol need not be called for, because its answer is known by
 * now, and new enough for not_before_mono_ms; then fills in err and quote or
 * reason.  Threads: the desk's owner's. */
typedef bool (*desk_recall_fn)(void *user, struct desk_result *result);

/* How the allowance is spent; what the members mean is in desk/desk.h. */
struct desk_policy {
    uint32_t flights_max; /* 1 or more, as the next two */
    uint32_t calls_max;
    uint32_t symbols_max; /* that are refreshed ahead */
    uint64_t wait_for_ms; /* a request waits so long for an allowance */
    uint64_t pack_for_ms; /* a flight waits so long for company */
    uint64_t warm_for_ms; /* after it was asked for last, a symbol is
                             refreshed so long; 0: only if it is watched */
    uint64_t fresh_for_ms;
    uint64_t retry_after_ms; /* of a refresh that failed */
};

/* How much a symbol is wanted. */
struct desk_interest {
    uint64_t asked_mono_ms;    /* when it was asked for last; 0: never */
    uint32_t seconds;          /* in which it was asked for, rising */
    const struct quote *quote; /* what there is of it, or NULL.  BORROWED until
                                  the thread blocks */
    bool is_watched;
};

/* Free what a provider holds. */
void terms_free_provider(struct desk_provider *provider);
