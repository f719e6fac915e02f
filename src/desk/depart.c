/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depart.c -- the next call of a desk: who goes, with whom, and when.
 */
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/desk_priv.h"

/* A refresh waits at least so long for an allowance. */
#define FORGOTTEN_MS 60000u

#define DROP_EVERY_MS 10000u

/* For so long it is remembered how many symbols were wanted. */
#define WANTED_MS (60u * 60u * 1000u)

/* What a post would ask next. */
struct party {
    size_t count;
    size_t waited; /* of these, in front */
    uint32_t batch_max;
    struct flight *flights[PROVIDER_SYMBOLS_LIMIT];
    const struct symbol *symbols[PROVIDER_SYMBOLS_LIMIT];
};

static bool join(struct party *party, struct flight *flight)
{
    uint32_t most = flight->batch_max < party->batch_max ? flight->batch_max
                                                         : party->batch_max;
    if (party->count + 1 > most) {
        return false;
    }
    party->batch_max = most;
    party->flights[party->count] = flight;
    party->symbols[party->count] = &flight->symbol;
    party->count++;
    return true;
}

/* A flight whose answer is known by now needs no call: it lands. */
static bool recall(struct desk *desk, struct post *post, struct flight *flight,
                   struct steady_time now)
{
    const struct desk_callbacks *callbacks = &desk->callbacks;
    struct desk_result result = {
        .symbol = flight->symbol,
        .not_before_mono_ms = flight->not_before_mono_ms,
    };
    if (callbacks->on_recall == NULL ||
        !callbacks->on_recall(callbacks->user, &result)) {
        return false;
    }
    result.is_recalled = true;
    post_unqueue(post, flight);
    desk_land(desk, flight, now, &result);
    return true;
}

static void gather_waited(struct desk *desk, struct post *post,
                          struct steady_time now, struct party *party)
{
    struct flight *flight = TAILQ_FIRST(&post->waited);
    bool goes_on = true;
    while (flight != NULL && goes_on) {
        struct flight *next = TAILQ_NEXT(flight, link);
        if (!recall(desk, post, flight, now)) {
            goes_on = join(party, flight);
        }
        flight = next;
    }
    party->waited = party->count;
}

static void look_in(uint64_t *look_ms, uint64_t ms)
{
    *look_ms = ms < *look_ms ? ms : *look_ms;
}

/*
 * What a refresh is worth: how often the symbol is asked for, times the square
 * of its age.  What people feel is the sum of rate times age over all symbols;
 * it is least when each is refreshed at a rate that goes with the square root
 * of the one at which it is asked for, and taking the greatest of these each
 * time comes to that.
 */
static double worth(const struct flight *flight, uint64_t now_mono_ms)
{
    uint64_t since = flight->since_mono_ms;
    uint64_t age_ms = now_mono_ms > since ? now_mono_ms - since : 0;
    return flight->rate * (double)(age_ms + 1) * (double)(age_ms + 1);
}

/* The refresh that is worth most, of those not looked at yet. */
static struct flight *find_best(struct post *post, uint64_t now_mono_ms)
{
    struct flight *best = NULL;
    struct flight *flight;
    TAILQ_FOREACH(flight, &post->others, link)
    {
        bool is_better = best == NULL ||
                         worth(flight, now_mono_ms) > worth(best, now_mono_ms);
        best = !flight->is_picked && is_better ? flight : best;
    }
    return best;
}

/* Of those that nobody waits for the ones that are worth most, up to `count` in
 * all.  Those that would bring nothing new tell when to look again. */
static void gather_others(struct desk *desk, struct post *post,
                          struct steady_time now, struct party *party,
                          size_t count, uint64_t *look_ms)
{
    struct flight *flight;
    while (party->count < count &&
           (flight = find_best(post, now.mono_ms)) != NULL) {
        if (recall(desk, post, flight, now)) {
            continue;
        }
        flight->is_picked = true;
        uint64_t hold_ms = desk_hold_ms(desk, &flight->symbol, now);
        if (hold_ms > 0) {
            look_in(look_ms, hold_ms);
        } else if (!join(party, flight)) {
            break;
        }
    }
    TAILQ_FOREACH(flight, &post->others, link)
    {
        flight->is_picked = false;
    }
}

/* Whether a symbol more in a call costs nothing more. */
static bool is_company_free(const struct post *post, struct steady_time now)
{
    for (size_t i = 0; i < budget_rules_count(post->budget); i++) {
        struct budget_view view;
        budget_look(post->budget, now, i, &view);
        if (view.rule.cost != BUDGET_CALLS) {
            return false;
        }
    }
    return true;
}

/* --- Waiting -------------------------------------------------------------- */

/* Send on those whose time to wait is over; the first of the rest tells when to
 * look again. */
static void send_on_the_impatient(struct desk *desk, struct post *post,
                                  struct steady_time now, uint64_t *look_ms)
{
    uint64_t most_ms = desk->policy.wait_for_ms;
    struct flight *flight;
    while ((flight = TAILQ_FIRST(&post->waited)) != NULL) {
        uint64_t waited_ms = now.mono_ms - flight->waited_mono_ms;
        if (waited_ms < most_ms) {
            look_in(look_ms, most_ms - waited_ms);
            return;
        }
        const char *why = "its turn did not come in time";
        int err = ERR_LIMIT;
        uint64_t wait_ms =
            route_wait_ms(post, now, &flight->symbol, &why, &err);
        post_unqueue(post, flight);
        route_pass(desk, flight, now, wait_ms, why, err);
    }
}

/* Whether nobody has wanted a symbol for so long that it is refreshed no more.
 */
static bool is_forgotten(struct desk *desk, struct flight *flight,
                         uint64_t now_mono_ms)
{
    struct desk_interest interest = {0};
    const struct desk_callbacks *callbacks = &desk->callbacks;
    if (callbacks->on_interest != NULL) {
        callbacks->on_interest(callbacks->user, &flight->symbol, &interest);
        if (flight->base_mono_ms > 0) {
            desk_weigh(flight, now_mono_ms, &interest);
        }
    }
    uint64_t wanted_ms = flight->wanted_mono_ms > interest.asked_mono_ms
                             ? flight->wanted_mono_ms
                             : interest.asked_mono_ms;
    uint64_t most_ms = desk->policy.warm_for_ms > FORGOTTEN_MS
                           ? desk->policy.warm_for_ms
                           : FORGOTTEN_MS;
    return !interest.is_watched && now_mono_ms > wanted_ms &&
           now_mono_ms - wanted_ms >= most_ms;
}

/* Refreshes that wait for an allowance are dropped when nobody wants them any
 * more. */
static void drop_the_forgotten(struct desk *desk, struct post *post,
                               struct steady_time now)
{
    if (post->others_count == 0 ||
        now.mono_ms - post->dropped_mono_ms < DROP_EVERY_MS) {
        return;
    }
    post->dropped_mono_ms = now.mono_ms;
    struct flight *flight = TAILQ_FIRST(&post->others);
    while (flight != NULL) {
        struct flight *next = TAILQ_NEXT(flight, link);
        if (is_forgotten(desk, flight, now.mono_ms)) {
            struct desk_result result = {
                .symbol = flight->symbol,
                .err = ERR_LIMIT,
                .reason = "the allowance went to symbols that are wanted more",
            };
            post_unqueue(post, flight);
            desk_land(desk, flight, now, &result);
        }
        flight = next;
    }
}

/* How many symbols will want a closing price: the most that were refreshed at a
 * time lately, for one that nobody has asked for in five minutes may be asked
 * for in the next. */
static uint32_t count_wanted(struct desk *desk, const struct post *post,
                             uint64_t now_mono_ms)
{
    uint32_t count = (uint32_t)warm_count(desk->warm) + post->others_count;
    bool is_over = now_mono_ms - desk->wanted_mono_ms >= WANTED_MS;
    if (count >= desk->wanted || is_over) {
        desk->wanted = count;
        desk->wanted_mono_ms = now_mono_ms;
    }
    return desk->wanted;
}

/* Milliseconds until a call for which nobody waits should be made. */
static uint64_t pace_ms(struct desk *desk, struct post *post,
                        struct steady_time now)
{
    struct pace_window windows[BUDGET_RULES_LIMIT];
    size_t count = budget_rules_count(post->budget);
    for (size_t i = 0; i < count; i++) {
        budget_look(post->budget, now, i, &windows[i].view);
        uint64_t turns_ms = windows[i].view.turns_in_ms;
        bool is_long = windows[i].view.rule.span >= BUDGET_DAY;
        windows[i].open_ms = is_long ? hours_open_ms(desk, now, turns_ms) : 0;
        windows[i].closing = count_wanted(desk, post, now.mono_ms);
    }
    return pace_wait_ms(&post->pace, now.mono_ms, windows, count);
}

uint64_t depart_pace_ms(struct desk *desk, struct post *post,
                        struct steady_time now)
{
    return pace_ms(desk, post, now);
}

/* --- Departing ------------------------------------------------------------ */

/* Who would go now; false where nobody should. */
static bool gather(struct desk *desk, struct post *post, struct steady_time now,
                   struct party *party, bool *is_packing, uint64_t *look_ms)
{
    *party = (struct party){.batch_max = PROVIDER_SYMBOLS_LIMIT};
    gather_waited(desk, post, now, party);
    if (party->waited > 0) {
        if (post->batch_max > 1 && is_company_free(post, now)) {
            gather_others(desk, post, now, party, post->batch_max, look_ms);
        }
        uint64_t since_ms = now.mono_ms - party->flights[0]->queued_mono_ms;
        bool is_full = party->waited >= post->batch_max;
        *is_packing = !is_full && since_ms < desk->policy.pack_for_ms;
        if (*is_packing) {
            look_in(look_ms, desk->policy.pack_for_ms - since_ms);
            return false;
        }
        return true;
    }
    if (TAILQ_EMPTY(&post->others)) {
        return false;
    }
    uint64_t ms = pace_ms(desk, post, now);
    if (ms > 0) {
        look_in(look_ms, ms);
        return false;
    }
    gather_others(desk, post, now, party, post->batch_max, look_ms);
    return party->count > 0;
}

/* Choose from a party what one call may take; 0 where there is none. */
static size_t choose(struct post *post, struct steady_time now,
                     const struct party *party, size_t *endpoint,
                     size_t taken[PROVIDER_SYMBOLS_LIMIT], uint64_t *wait_ms)
{
    size_t most = party->batch_max;
    *wait_ms = 0;
    while (true) {
        struct query_wish wish = {
            .symbols = party->symbols,
            .count = party->count,
            .count_max = most,
            .endpoints_off = post->endpoints_off,
        };
        size_t count =
            query_choose(post->what.provider, &wish, endpoint, taken);
        if (count == 0) {
            return 0;
        }
        const struct symbol *symbols[PROVIDER_SYMBOLS_LIMIT];
        for (size_t i = 0; i < count; i++) {
            symbols[i] = party->symbols[taken[i]];
        }
        size_t fit = budget_fit(post->budget, now, symbols, count, wait_ms);
        if (fit == count || fit == 0) {
            return fit;
        }
        CHECK(fit < most);
        most = fit;
    }
}

static struct desk_trip *make_trip(struct desk *desk, size_t at,
                                   const struct party *party, size_t endpoint,
                                   const size_t *taken, size_t count)
{
    struct desk_trip *trip = mem_calloc(1, sizeof(*trip));
    if (trip == NULL) {
        return NULL;
    }
    struct post *post = &desk->set->posts[at];
    for (size_t i = 0; i < count; i++) {
        trip->flights[i] = party->flights[taken[i]];
        trip->symbols[i] = &trip->flights[i]->symbol;
    }
    trip->set = desk->set;
    trip->post = at;
    trip->call = (struct desk_call){
        .query =
            {
                .provider = post->what.provider,
                .endpoint = endpoint,
                .symbols = trip->symbols,
                .count = count,
                .key = post->what.key,
            },
        .provider = &post->what,
        .budget_key = post->budget_key,
        .number = desk->calls_made + 1,
    };
    return trip;
}

/* Take a trip's flights out of their queue; they are called. */
static void board(struct desk *desk, struct desk_trip *trip,
                  struct steady_time now)
{
    struct post *post = &trip->set->posts[trip->post];
    bool is_waited = false;
    for (size_t i = 0; i < trip->call.query.count; i++) {
        struct flight *flight = trip->flights[i];
        post_unqueue(post, flight);
        flight->is_called = true;
        flight->was_called = true;
        is_waited = is_waited || flight->is_waited;
    }
    if (!is_waited) {
        pace_spend(&post->pace, now.mono_ms);
    }
    trip->set->references++;
    post->calls++;
    desk->calls++;
    desk->calls_made++;
    trip->departed_mono_ms = now.mono_ms;
    TAILQ_INSERT_TAIL(&desk->trips, trip, link);
}

/* A provider none of whose endpoints is left can't be asked: send on. */
static void send_all_on(struct desk *desk, struct post *post,
                        struct steady_time now, const struct party *party)
{
    for (size_t i = 0; i < party->count; i++) {
        post_unqueue(post, party->flights[i]);
        route_failed(desk, party->flights[i], now,
                     provider_name(post->what.provider), ERR_NODATA,
                     "no kind of call that it has is in the plan");
    }
}

/* Whether nothing may be asked of a post for now; then says until when. */
static bool is_held(struct post *post, struct steady_time now,
                    uint64_t *look_ms)
{
    const char *why;
    int err;
    uint64_t rests_ms = post_rests_ms(post, now.mono_ms, &why, &err);
    if (rests_ms > 0 && post->waited_count + post->others_count > 0) {
        look_in(look_ms, rests_ms);
    }
    return rests_ms > 0;
}

/* Let a party go, as many of it as may; NULL where that is nobody. */
static struct desk_trip *let_go(struct desk *desk, size_t at,
                                struct steady_time now,
                                const struct party *party, uint64_t *look_ms)
{
    struct post *post = &desk->set->posts[at];
    size_t endpoint = 0;
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    uint64_t wait_ms;
    size_t count = choose(post, now, party, &endpoint, taken, &wait_ms);
    if (count == 0 && wait_ms > 0) {
        look_in(look_ms, wait_ms);
        return NULL;
    }
    if (count == 0) {
        send_all_on(desk, post, now, party);
        look_in(look_ms, 0);
        return NULL;
    }
    struct desk_trip *trip = make_trip(desk, at, party, endpoint, taken, count);
    if (trip == NULL ||
        post_spend(post, now, trip->symbols, trip->call.query.count) != 0) {
        mem_free(trip);
        look_in(look_ms, 1000); // without memory; it may be there later
        return NULL;
    }
    board(desk, trip, now);
    return trip;
}

static struct desk_trip *depart_from(struct desk *desk, size_t at,
                                     struct steady_time now, uint64_t *look_ms)
{
    struct post *post = &desk->set->posts[at];
    struct party party = {.count = 0};
    bool is_packing = false;
    if (!is_held(post, now, look_ms)) {
        if (gather(desk, post, now, &party, &is_packing, look_ms)) {
            struct desk_trip *trip = let_go(desk, at, now, &party, look_ms);
            if (trip != NULL) {
                return trip;
            }
        }
    }
    // Whoever could go has gone.
    if (!is_packing) {
        send_on_the_impatient(desk, post, now, look_ms);
    }
    drop_the_forgotten(desk, post, now);
    return NULL;
}

const struct desk_call *depart_next(struct desk *desk, struct steady_time now,
                                    uint64_t *look_ms)
{
    *look_ms = UINT64_MAX;
    if (desk->set == NULL || desk->calls >= desk->policy.calls_max) {
        return NULL;
    }
    for (size_t i = 0; i < desk->set->count; i++) {
        struct desk_trip *trip = depart_from(desk, i, now, look_ms);
        if (trip != NULL) {
            return &trip->call;
        }
    }
    return NULL;
}
