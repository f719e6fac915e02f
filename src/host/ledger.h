/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h -- what is made of what the providers answered: a quote becomes
 * current, and a failure is believed for as long as the settings say.
 *
 * It is the cache's only writer.  Threads: the fetch thread, but where it says
 * otherwise.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cache;       /* cache/cache.h */
struct clock;       /* base/clock.h */
struct conf;        /* conf/conf.h */
struct desk_result; /* desk/terms.h */
struct quote;       /* quote/quote.h */
struct symbol;      /* quote/symbol.h */
struct store;       /* store/store.h */

struct ledger {
    struct cache *cache; /* BORROWED, as the next */
    const struct clock *clock;
    struct store *store; /* BORROWED; NULL: nothing is kept */
    /* Of the settings; relaxed: either of two will do. */
    _Atomic uint64_t fresh_for_ms;
    _Atomic uint64_t stale_for_ms;
    _Atomic uint64_t unknown_for_ms;
    _Atomic uint64_t retry_after_ms;
};

/* Begin; the settings are all 0.  Threads: main. */
void ledger_init(struct ledger *ledger, struct cache *cache,
                 const struct clock *clock);

/* Go by these settings from now on.  Threads: main. */
void ledger_apply(struct ledger *ledger, const struct conf *conf);

/* Whether result->symbol need not be called for, as desk_recall_fn has it: it
 * is fresh, or believed to be unknown. */
bool ledger_recall(struct ledger *ledger, struct desk_result *result);

/* What is served of a symbol now; false: nothing.  Threads: as the above. */
bool ledger_served(struct ledger *ledger, const struct symbol *symbol,
                   struct quote *out);

/* Keep what became of a symbol.  Where what is current is newer than what came,
 * result->quote becomes that, as if it had been recalled. */
void ledger_keep(struct ledger *ledger, struct desk_result *result);
