/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk_priv.h -- the inside of a desk, for its own files.
 */

#pragma once

#include "desk/desk.h"
#include "desk/post.h"
#include "desk/set.h"
#include "desk/warm.h"

/* Calendars are fewer. */
#define DESK_MARKETS_LIMIT 64

/* A call under way. */
struct desk_trip {
    struct desk_call call; /* first */
    TAILQ_ENTRY(desk_trip) link;
    struct set *set; /* held */
    size_t post;
    uint64_t departed_mono_ms;
    struct flight *flights[PROVIDER_SYMBOLS_LIMIT];
    const struct symbol *symbols[PROVIDER_SYMBOLS_LIMIT];
};

TAILQ_HEAD(desk_trips, desk_trip);

struct desk {
    struct desk_policy policy;
    struct desk_callbacks callbacks;
    struct metric_cells *cells;
    char boot[BUDGET_BOOT_SIZE];
    struct flight *flights; /* table */
    struct set *set;        /* NULL before desk_open() */
    struct desk_trips trips;
    uint32_t calls; /* trips */
    uint64_t calls_made;
    struct warm *warm;
    uint64_t look_ms;
    uint32_t wanted; /* symbols at a time, lately; depart.c's */
    uint64_t wanted_mono_ms;
    uint64_t random;
    /* Markets of symbols that are refreshed ahead; hours.c's. */
    const struct timetable *markets[DESK_MARKETS_LIMIT];
    size_t markets_count;
    bool has_other_markets; /* more than fit: as if one were always open */
};

/* --- route.c: from post to post ------------------------------------------- */

/* Queue a flight at its post or one behind it; tell those who wait where none
 * is left; let it land where nobody may be asked at all. */
void route_on(struct desk *desk, struct flight *flight, struct steady_time now);

/* The provider that it was at gave no price: remember why, and go on. */
void route_failed(struct desk *desk, struct flight *flight,
                  struct steady_time now, const char *provider, int err,
                  const char *why);

/* The post it is at would have it wait too long: say so, and go on. */
void route_pass(struct desk *desk, struct flight *flight,
                struct steady_time now, uint64_t wait_ms, const char *why,
                int err);

/* Milliseconds until a post might be asked for a symbol alone; UINT64_MAX where
 * nobody knows when; and why not now. */
uint64_t route_wait_ms(struct post *post, struct steady_time now,
                       const struct symbol *symbol, const char **why, int *err);

/* --- depart.c: the next call -----------------------------------------------
 */

/* The next call; NULL, and when to look again, as desk_look_ms() says. */
const struct desk_call *depart_next(struct desk *desk, struct steady_time now,
                                    uint64_t *look_ms);

/* Milliseconds until a post's next call for which nobody waits, by its pace. */
uint64_t depart_pace_ms(struct desk *desk, struct post *post,
                        struct steady_time now);

/* --- hours.c: the markets of what is wanted ---------------------------------
 */

/* Remember the hours of a market whose prices are wanted. */
void hours_note(struct desk *desk, const struct timetable *timetable);

/* How much of the next `ms` some market that is wanted is open. */
uint64_t hours_open_ms(struct desk *desk, struct steady_time now, uint64_t ms);

/* --- money.c: the unit of a price ------------------------------------------
 */

#define MONEY_WHY_SIZE 200

/* Find out in which unit a price is.  False where it is not to be served: why
 * is a sentence. */
bool money_settle(struct desk *desk, struct quote *quote,
                  char why[MONEY_WHY_SIZE]);

/* --- desk.c: the table -----------------------------------------------------
 */

/* A flight without a post that nobody waits for.  NULL for want of room or
 * memory. */
struct flight *desk_make_flight(struct desk *desk, const struct symbol *symbol,
                                uint64_t now_mono_ms);

/* Tell a flight's askers what has become of it, and forget them. */
void desk_tell(struct desk *desk, struct flight *flight,
               struct desk_result *result);

/* End a flight, which is in no queue: tell, and free. */
void desk_land(struct desk *desk, struct flight *flight, struct steady_time now,
               struct desk_result *result);

/* The flight of a symbol; NULL where it has none. */
struct flight *desk_find_flight(const struct desk *desk,
                                const struct symbol *symbol);

/* --- ahead.c: refreshing before somebody has to wait ------------------------
 */

/* Whether the provider that is asked first for a symbol has prices at any hour.
 */
bool desk_is_always_open(const struct desk *desk, const struct symbol *symbol);

/* The hours of a symbol's market. */
const struct timetable *desk_market(struct desk *desk,
                                    const struct symbol *symbol);

/* Work out what a refresh is worth: how old what there is of its symbol is, and
 * the rate at which that was asked for since flight->base_mono_ms. */
void desk_weigh(struct flight *flight, uint64_t now_mono_ms,
                const struct desk_interest *interest);

/* Milliseconds for which a refresh would bring nothing new, because the market
 * is closed and its closing price not to be had yet, or had already. */
uint64_t desk_hold_ms(struct desk *desk, const struct symbol *symbol,
                      struct steady_time now);

/* Look at a symbol again before its new quote is too old. */
void desk_keep_warm(struct desk *desk, const struct quote *quote,
                    struct steady_time now);

/* Look at it again after a failure, if it is wanted. */
void desk_try_later(struct desk *desk, const struct symbol *symbol,
                    struct steady_time now);

/* Make flights of what is due. */
void desk_refresh_due(struct desk *desk, struct steady_time now);

/* --- desk.c ------------------------------------------------------------------
 */

/* A number drawn from 0 to limit - 1; limit is 1 or more. */
uint64_t desk_draw(struct desk *desk, uint64_t limit);
