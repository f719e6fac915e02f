/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.h -- who wants which price, and which call is made next.
 *
 * Everything that the fetch thread decides is decided here, without a socket, a
 * thread or a clock of its own; fetch.c makes the calls, and the simulation of
 * tests/sim puts a week before it in a second.
 *
 * A flight is the wish for one symbol's price, whoever has it.  It is waited
 * for (a request has no price to answer with), or it is not (a price that is
 * still served is growing old).  Its life:
 *
 *     desk_ask(), or due again (desk/warm.h)
 *        |
 *     queued at a post: a provider with its budget and its rests
 *        |  desk_depart(): alone, or packed with others into one call
 *     called
 *        |  desk_arrive()
 *     landed: on_done();  or queued at the next post
 *
 * Which post: the first, in the order of the configuration, that serves the
 * symbol's market and is not off.  A flight that is waited for goes on to the
 * next where it can't depart within wait_for; with none left those who wait are
 * told, and it stays, waited for by nobody, so that a later request finds the
 * price.  One that nobody waits for departs when the pace allows
 * (desk/pace.h), those first that are worth most; it is dropped after
 * warm_for.
 *
 * Invariants:
 *
 *   (1) A symbol has at most one flight.
 *   (2) There are never more than flights_max flights, nor more than calls_max
 *       calls under way.
 *   (3) Every asker is told once for each time that it asked first.
 *   (4) No call departs that the budget does not let through; it is spent when
 *       desk_depart() returns.
 *   (5) Of a provider that was given a rest for failing, one call goes out when
 *       it is over, and no second before that one has come back well.
 *   (6) A call that is refused because of a symbol is made again without it, or
 *       in halves, so that a symbol costs at most log2 of the batch in calls.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "desk/terms.h"
#include "provider/query.h"

struct desk;         /* opaque; see desk.c */
struct metric_cells; /* obs/metric.h */
struct timetable;    /* calendar/timetable.h */

/* Askers are workers, by number; a set of them is a word. */
#define DESK_ASKERS_LIMIT 64

struct desk_callbacks {
    desk_done_fn on_done;
    desk_recall_fn on_recall; /* NULL: never known */
    /* NULL: nobody is ever interested, so nothing is refreshed ahead. */
    void (*on_interest)(void *user, const struct symbol *symbol,
                        struct desk_interest *out);
    /* The hours of a symbol's market, never NULL.  BORROWED for as long as the
     * desk.  NULL: every market is always open. */
    const struct timetable *(*on_market)(void *user,
                                         const struct symbol *symbol);
    /* The currency of a symbol, where no provider says it: "" or a word that
     * document/currency.h knows.  NULL: not known of any. */
    void (*on_currency)(void *user, const struct symbol *symbol,
                        char out[QUOTE_CURRENCY_SIZE]);
    /* What is served of a symbol now; false: nothing.  NULL: nothing ever, so
     * that no price is held against another (desk/unit.h). */
    bool (*on_served)(void *user, const struct symbol *symbol,
                      struct quote *out);
    void *user;
    const char *boot; /* as in budget/budget.h; copied */
};

/* Make a desk without posts.  Returns 0 and *out is the caller's, to be ended
 * with desk_destroy(), or ERR_NOMEM. */
int desk_create(struct desk **out, const struct desk_policy *policy,
                const struct desk_callbacks *callbacks,
                struct metric_cells *cells, struct steady_time now);

/* Free and set *desk to NULL.  Flights that are left are forgotten: see
 * desk_drain(). */
void desk_destroy(struct desk **desk);

/*
 * Go by these providers (`count`, 1 to DESK_PROVIDERS_LIMIT) and options from
 * now on.  They are MOVED on success.  What was spent with a key is kept for
 * the same key; and of a provider with the same key, description and place all
 * that it said: that the key is no good, what is not in the plan, its rests.
 * That is kept as long as the process lives: another one asks once again.
 * Flights that are called end as they began, the others are
 * queued anew; those whose provider is gone go to the next.  Returns 0 or
 * ERR_NOMEM.
 */
int desk_open(struct desk *desk, struct steady_time now,
              const struct desk_policy *policy, struct desk_provider *providers,
              size_t count);

/* Asker number `asker` wants a symbol.  Returns 0; ERR_FULL at flights_max, or
 * ERR_NOMEM: it is not told then. */
int desk_ask(struct desk *desk, struct steady_time now,
             const struct symbol *symbol, unsigned asker,
             struct desk_wish wish);

/* A call that is to be made. */
struct desk_call {
    struct query query;
    const struct desk_provider *provider;
    const char *budget_key; /* for the note that has to be kept before */
    uint64_t number;        /* 1, 2, ... */
};

/* The next call that may be made now; NULL where there is none.  BORROWED until
 * it arrives. */
const struct desk_call *desk_depart(struct desk *desk, struct steady_time now);

/* After desk_depart() has given NULL: milliseconds after which it may know more
 * by itself; UINT64_MAX where only an event will tell. */
uint64_t desk_look_ms(const struct desk *desk);

/* Append what has to be kept before a call is made (budget/budget.h). */
void desk_save_budget(struct desk *desk, struct steady_time now,
                      const struct desk_call *call, struct buffer *out);

/* The key under which a provider's budget is kept (BORROWED), and taking over
 * what was kept, before the first call: 0, ERR_SYNTAX or ERR_NOMEM. */
const char *desk_budget_key(const struct desk *desk, size_t i);
int desk_load_budget(struct desk *desk, struct steady_time now, size_t i,
                     struct span text);

/* A call is about to be sent again, because its connection was dead and nobody
 * knows whether the provider has seen it.  Whether the budget lets it through;
 * then it is spent. */
bool desk_spend_again(struct desk *desk, struct steady_time now,
                      const struct desk_call *call);

/* What has come of a call.  verdicts[i] is on its symbol i. */
void desk_arrive(struct desk *desk, struct steady_time now,
                 const struct desk_call *call,
                 const struct provider_outcome *outcome,
                 const struct provider_verdict verdicts[]);

/*
 * What provider `provider` has, or with NULL each that is a file, is known to
 * be new.  It may be asked at once, whatever it was given a rest for, and the
 * prices that came from it are asked for again, as many as flights_max lets.
 */
void desk_renew(struct desk *desk, struct steady_time now,
                const char *provider);

/* End every flight with ERR_DRAINING, those that are called too, whose calls
 * are gone. */
void desk_drain(struct desk *desk);

/* Number of flights. */
size_t desk_count(const struct desk *desk);

/* Number of providers.  What people may see of them is in desk/view.h. */
size_t desk_posts(const struct desk *desk);
