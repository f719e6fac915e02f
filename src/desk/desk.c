/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "desk/closing.h"
#include "desk/desk_priv.h"
#include "desk/unit.h"
#include "obs/log.h"
#include "obs/metric.h"

/* How often what is due is looked for: the wheel's second; or, where prices are
 * fresh for seconds only, that part of it. */
#define WARM_LOOK_MS    1000u
#define WARM_LOOK_SHARE 20u
#define WARM_LOOK_LEAST 10u

/* --- Making and ending -----------------------------------------------------
 */

int desk_create(struct desk **out, const struct desk_policy *policy,
                const struct desk_callbacks *callbacks,
                struct metric_cells *cells, struct steady_time now)
{
    CHECK(policy->flights_max > 0 && policy->calls_max > 0 &&
          policy->symbols_max > 0);
    CHECK(strlen(callbacks->boot) < BUDGET_BOOT_SIZE);
    struct desk *desk = mem_calloc(1, sizeof(*desk));
    *out = NULL;
    if (desk == NULL) {
        return ERR_NOMEM;
    }
    desk->policy = *policy;
    desk->callbacks = *callbacks;
    desk->cells = cells;
    memcpy(desk->boot, callbacks->boot, strlen(callbacks->boot) + 1);
    desk->callbacks.boot = desk->boot;
    TAILQ_INIT(&desk->trips);
    uint64_t one = 1;
    desk->random = hash_bytes(&one, sizeof(one)) | 1;
    if (warm_create(&desk->warm, policy->symbols_max, now.mono_ms) != 0) {
        mem_free(desk);
        return ERR_NOMEM;
    }
    *out = desk;
    return 0;
}

uint64_t desk_draw(struct desk *desk, uint64_t limit)
{
    CHECK(limit > 0);
    desk->random ^= desk->random << 13;
    desk->random ^= desk->random >> 7;
    desk->random ^= desk->random << 17;
    return desk->random % limit;
}

static void free_flight(struct desk *desk, struct flight *flight)
{
    CHECK(desk->flights != NULL);
    HASH_DEL(desk->flights, flight);
    mem_free(flight);
}

/* To be called before anybody is told: who has the answer may look at once
 * whether its flight is over. */
static void count_down(struct desk *desk)
{
    metric_subtract(desk->cells, METRIC_flights_open, 1);
}

/* Take a flight out of the queue it is in, if it is in one. */
static void take_out(struct desk *desk, struct flight *flight)
{
    CHECK(desk->set != NULL);
    if (!flight->is_called && flight->post < desk->set->count) {
        post_unqueue(&desk->set->posts[flight->post], flight);
    }
}

static void end_trip(struct desk *desk, struct desk_trip *trip)
{
    CHECK(desk->calls > 0);
    CHECK(trip->set->posts[trip->post].calls > 0);
    TAILQ_REMOVE(&desk->trips, trip, link);
    trip->set->posts[trip->post].calls--;
    desk->calls--;
    set_leave(trip->set);
    mem_free(trip);
}

void desk_destroy(struct desk **desk)
{
    struct desk *gone = *desk;
    if (gone == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&gone->trips)) {
        end_trip(gone, TAILQ_FIRST(&gone->trips));
    }
    struct flight *flight;
    struct flight *next;
    HASH_ITER(hh, gone->flights, flight, next)
    {
        take_out(gone, flight);
        count_down(gone);
        free_flight(gone, flight);
    }
    if (gone->set != NULL) {
        set_leave(gone->set);
    }
    warm_destroy(&gone->warm);
    mem_free(gone);
    *desk = NULL;
}

int desk_open(struct desk *desk, struct steady_time now,
              const struct desk_policy *policy, struct desk_provider *providers,
              size_t count)
{
    CHECK(count <= DESK_PROVIDERS_LIMIT);
    struct set *set = set_make(desk->boot, providers, count, now);
    if (set == NULL) {
        return ERR_NOMEM;
    }
    struct set *before = desk->set;
    if (before != NULL && set_keep_budgets(before, set, now) != 0) {
        for (size_t i = 0; i < count; i++) {
            providers[i] = set->posts[i].what;
            set->posts[i].what = (struct desk_provider){0};
        }
        set_leave(set);
        return ERR_NOMEM;
    }
    if (before != NULL) {
        set_inherit(before, set, now);
    }
    desk->policy = *policy;
    // All out of the old queues, then anew, because routing may end some.
    struct flight *flight;
    struct flight *next;
    HASH_ITER(hh, desk->flights, flight, next)
    {
        if (!flight->is_called) {
            take_out(desk, flight);
            flight->post = set->count;
        }
    }
    desk->set = set;
    HASH_ITER(hh, desk->flights, flight, next)
    {
        if (!flight->is_called) {
            flight->post = 0;
            route_on(desk, flight, now);
        }
    }
    if (before != NULL) {
        set_leave(before);
    }
    return 0;
}

/* --- Flights ---------------------------------------------------------------
 */

struct flight *desk_find_flight(const struct desk *desk,
                                const struct symbol *symbol)
{
    struct flight *flight;
    HASH_FIND(hh, desk->flights, symbol->text, symbol->len, flight);
    return flight;
}

struct flight *desk_make_flight(struct desk *desk, const struct symbol *symbol,
                                uint64_t now_mono_ms)
{
    CHECK(desk_find_flight(desk, symbol) == NULL);
    struct flight *flight = mem_calloc(1, sizeof(*flight));
    if (flight == NULL) {
        return NULL;
    }
    flight->symbol = *symbol;
    flight->wanted_mono_ms = now_mono_ms;
    flight->since_mono_ms = now_mono_ms;
    flight->rate = 1;
    flight->batch_max = PROVIDER_SYMBOLS_LIMIT;
    HASH_ADD(hh, desk->flights, symbol.text, symbol->len, flight);
    if (flight->hh.tbl == NULL) { // uthash found no memory
        mem_free(flight);
        return NULL;
    }
    metric_add(desk->cells, METRIC_flights_started, 1);
    metric_add(desk->cells, METRIC_flights_open, 1);
    return flight;
}

void desk_tell(struct desk *desk, struct flight *flight,
               struct desk_result *result)
{
    uint64_t askers = flight->askers;
    result->not_before_mono_ms = flight->not_before_mono_ms;
    flight->askers = 0;
    flight->not_before_mono_ms = 0;
    desk->callbacks.on_done(desk->callbacks.user, askers, result);
}

void desk_land(struct desk *desk, struct flight *flight, struct steady_time now,
               struct desk_result *result)
{
    count_down(desk);
    desk_tell(desk, flight, result);
    if (result->err == 0) {
        desk_keep_warm(desk, &result->quote, now);
    } else if (result->err != ERR_UNKNOWN && result->err != ERR_DRAINING) {
        desk_try_later(desk, &flight->symbol, now);
    }
    free_flight(desk, flight);
}

/* A refresh that was asked for is weighed from now on. */
static void begin_count(struct desk *desk, struct flight *flight,
                        uint64_t now_mono_ms)
{
    struct desk_interest interest = {0};
    if (desk->callbacks.on_interest != NULL) {
        desk->callbacks.on_interest(desk->callbacks.user, &flight->symbol,
                                    &interest);
    }
    flight->base_seconds = interest.seconds;
    flight->base_mono_ms = now_mono_ms;
    desk_weigh(flight, now_mono_ms, &interest);
}

/* A request begins to wait for a flight that nobody waited for. */
static void hurry(struct desk *desk, struct flight *flight,
                  struct steady_time now)
{
    bool is_queued = !flight->is_called;
    if (is_queued) {
        take_out(desk, flight);
    }
    flight->is_waited = true;
    flight->was_called = !is_queued;
    flight->waited_mono_ms = now.mono_ms;
    if (is_queued) {
        flight->post = 0; // another provider may be quicker
        route_on(desk, flight, now);
    }
}

/* Note that somebody wants what is flown for. */
static void add_asker(struct flight *flight, unsigned asker,
                      struct desk_wish wish, uint64_t now_mono_ms)
{
    flight->askers |= UINT64_C(1) << asker;
    flight->wanted_mono_ms = now_mono_ms;
    if (flight->not_before_mono_ms < wish.not_before_mono_ms) {
        flight->not_before_mono_ms = wish.not_before_mono_ms;
    }
}

int desk_ask(struct desk *desk, struct steady_time now,
             const struct symbol *symbol, unsigned asker, struct desk_wish wish)
{
    CHECK(asker < DESK_ASKERS_LIMIT);
    struct flight *flight = desk_find_flight(desk, symbol);
    if (flight != NULL) {
        metric_add(desk->cells, METRIC_flights_joined, 1);
        add_asker(flight, asker, wish, now.mono_ms);
        if (wish.is_waited && !flight->is_waited) {
            hurry(desk, flight, now);
        }
        return 0;
    }
    if (HASH_COUNT(desk->flights) >= desk->policy.flights_max) {
        metric_add(desk->cells, METRIC_flights_refused, 1);
        return ERR_FULL;
    }
    flight = desk_make_flight(desk, symbol, now.mono_ms);
    if (flight == NULL) {
        metric_add(desk->cells, METRIC_flights_refused, 1);
        return ERR_NOMEM;
    }
    add_asker(flight, asker, wish, now.mono_ms);
    flight->is_waited = wish.is_waited;
    flight->waited_mono_ms = now.mono_ms;
    if (!wish.is_waited) {
        begin_count(desk, flight, now.mono_ms);
    }
    route_on(desk, flight, now);
    return 0;
}

/* --- Arriving --------------------------------------------------------------
 */

static void count_class(struct desk *desk, enum provider_class class)
{
    enum metric metric = METRIC_upstream_failed;
    switch (provider_class_err(class)) {
    case ERR_OK:
        metric = METRIC_upstream_ok;
        break;
    case ERR_UNKNOWN:
        metric = METRIC_upstream_unknown;
        break;
    case ERR_LIMIT:
        metric = METRIC_upstream_limited;
        break;
    default:
        break;
    }
    metric_add(desk->cells, metric, 1);
}

/* The post of now that calls the provider of a trip; its own where none does.
 */
static struct post *post_of(const struct desk *desk,
                            const struct desk_trip *trip)
{
    struct post *own = &trip->set->posts[trip->post];
    if (trip->set == desk->set) {
        return own;
    }
    struct post *now = set_find(desk->set, own->budget_key);
    return now != NULL && post_is_same(now, own) ? now : own;
}

static void note_outcome(struct desk *desk, struct desk_trip *trip,
                         struct steady_time now,
                         const struct provider_outcome *outcome)
{
    struct post *post = post_of(desk, trip);
    bool was_resting = post->rest.until_ms > 0;
    const char *name = provider_name(post->what.provider);
    uint64_t ms = post_note(post, now, outcome, trip->call.query.endpoint);
    if (ms > 0) {
        char text[UNITS_TEXT_SIZE];
        const char *length = "until its settings change";
        if (ms != REST_FOR_EVER) {
            units_print_duration_ms(text, ms);
            length = text;
        }
        log_event(LOG_WARNING, "fetch", "provider is given a rest",
                  LOG_TEXT("provider", name),
                  LOG_TEXT("class", provider_class_name(outcome->class)),
                  LOG_TEXT("for", length), LOG_TEXT("reason", outcome->text));
    } else if (was_resting && outcome->class == PROVIDER_OK) {
        log_event(LOG_INFO, "fetch", "provider answers again",
                  LOG_TEXT("provider", name));
    }
}

/* Remember for people what came: at the post of now, where it is another. */
static void remember(struct desk *desk, const struct desk_trip *trip,
                     struct steady_time now,
                     const struct provider_outcome *outcome,
                     const struct provider_verdict verdicts[])
{
    struct post *post = &trip->set->posts[trip->post];
    if (trip->set != desk->set) {
        post = set_find(desk->set, post->budget_key);
    }
    if (post != NULL) {
        post_remember(post, now.mono_ms, &trip->call.query, outcome, verdicts);
        post_time(post, now.mono_ms - trip->departed_mono_ms);
    }
}

/* Let a flight land with the price that came; false, and why, where that is not
 * to be served. */
static bool land_with_price(struct desk *desk, struct flight *flight,
                            struct steady_time now, const struct quote *quote,
                            char why[MONEY_WHY_SIZE])
{
    struct desk_result result = {
        .symbol = flight->symbol,
        .quote = *quote,
    };
    if (!money_settle(desk, &result.quote, why)) {
        return false;
    }
    result.quote.fetched_mono_ms = now.mono_ms;
    result.quote.fetched_unix_ms = now.unix_ms;
    closing_note(&result.quote, desk_market(desk, &flight->symbol), now);
    desk_land(desk, flight, now, &result);
    return true;
}

/* Whether a flight of a refused call is to be asked for again, at the same
 * provider: another symbol was to blame, or nobody knows which one. */
static bool goes_again(struct flight *flight, size_t i, size_t count,
                       const struct provider_outcome *outcome)
{
    if (outcome->drop < count) {
        return outcome->drop != i;
    }
    if (outcome->splits && count > 1) {
        flight->batch_max = (uint32_t)(count + 1) / 2;
        return true;
    }
    return false;
}

static void arrive_one(struct desk *desk, const struct desk_trip *trip,
                       size_t i, struct steady_time now,
                       const struct provider_outcome *outcome,
                       const struct provider_verdict *verdict)
{
    struct flight *flight = trip->flights[i];
    struct post *post = post_of(desk, trip);
    bool is_current = trip->set == desk->set;
    flight->is_called = false;
    char why[MONEY_WHY_SIZE];
    int err = provider_class_err(verdict->class);
    snprintf(why, sizeof(why), "%s", verdict->text);
    if (verdict->class == PROVIDER_OK) {
        if (land_with_price(desk, flight, now, &verdict->quote, why)) {
            return;
        }
        err = ERR_UPSTREAM;
        post_ban(post, &flight->symbol, now.mono_ms, UNIT_BAN_MS, err, why);
    } else if (verdict->class == PROVIDER_FORBIDDEN) {
        post_ban(post, &flight->symbol, now.mono_ms, POST_BAN_MS, err, why);
    }
    if (is_current &&
        (err == ERR_LIMIT ||
         goes_again(flight, i, trip->call.query.count, outcome))) {
        flight->post = trip->post;
        route_on(desk, flight, now); // its budget says how long to wait
        return;
    }
    if (!is_current) {
        flight->post = SIZE_MAX; // one before the first
    }
    route_failed(desk, flight, now, provider_name(post->what.provider), err,
                 why);
}

void desk_arrive(struct desk *desk, struct steady_time now,
                 const struct desk_call *call,
                 const struct provider_outcome *outcome,
                 const struct provider_verdict verdicts[])
{
    // The call is the trip's first member.
    struct desk_trip *trip = (struct desk_trip *)(uintptr_t)call;
    count_class(desk, outcome->class);
    note_outcome(desk, trip, now, outcome);
    remember(desk, trip, now, outcome, verdicts);
    // It is no longer under way for those that go on, so that a trial call's
    // own outcome decides about them.
    trip->set->posts[trip->post].calls--;
    for (size_t i = 0; i < call->query.count; i++) {
        arrive_one(desk, trip, i, now, outcome, &verdicts[i]);
    }
    trip->set->posts[trip->post].calls++;
    end_trip(desk, trip);
}

void desk_drain(struct desk *desk)
{
    while (!TAILQ_EMPTY(&desk->trips)) {
        struct desk_trip *trip = TAILQ_FIRST(&desk->trips);
        for (size_t i = 0; i < trip->call.query.count; i++) {
            trip->flights[i]->is_called = false;
            trip->flights[i]->post = SIZE_MAX;
        }
        end_trip(desk, trip);
    }
    struct flight *flight;
    struct flight *next;
    HASH_ITER(hh, desk->flights, flight, next)
    {
        struct desk_result result = {
            .symbol = flight->symbol,
            .err = ERR_DRAINING,
            .reason = "the server stopped before the provider answered",
        };
        take_out(desk, flight);
        count_down(desk);
        desk_tell(desk, flight, &result);
        free_flight(desk, flight);
    }
}

size_t desk_count(const struct desk *desk)
{
    return HASH_COUNT(desk->flights);
}

bool desk_spend_again(struct desk *desk, struct steady_time now,
                      const struct desk_call *call)
{
    const struct desk_trip *trip = (const struct desk_trip *)call;
    struct post *post = set_find(desk->set, trip->call.budget_key);
    const struct symbol *const *symbols = call->query.symbols;
    size_t count = call->query.count;
    uint64_t wait_ms;
    // For a key that is not used any more nobody counts.
    bool may_go = post == NULL || (budget_fit(post->budget, now, symbols, count,
                                              &wait_ms) == count &&
                                   post_spend(post, now, symbols, count) == 0);
    metric_add(desk->cells, METRIC_upstream_calls, may_go);
    return may_go;
}

/* --- Departing -------------------------------------------------------------
 */

const struct desk_call *desk_depart(struct desk *desk, struct steady_time now)
{
    desk_refresh_due(desk, now);
    uint64_t look_ms;
    const struct desk_call *call = depart_next(desk, now, &look_ms);
    if (call != NULL) {
        metric_add(desk->cells, METRIC_upstream_calls, 1);
    }
    desk->look_ms = look_ms;
    return call;
}

uint64_t desk_look_ms(const struct desk *desk)
{
    if (warm_count(desk->warm) == 0) {
        return desk->look_ms;
    }
    uint64_t ms = desk->policy.fresh_for_ms / WARM_LOOK_SHARE;
    ms = ms > WARM_LOOK_LEAST ? ms : WARM_LOOK_LEAST;
    ms = ms < WARM_LOOK_MS ? ms : WARM_LOOK_MS;
    return desk->look_ms < ms ? desk->look_ms : ms;
}

void desk_save_budget(struct desk *desk, struct steady_time now,
                      const struct desk_call *call, struct buffer *out)
{
    (void)desk;
    const struct desk_trip *trip = (const struct desk_trip *)call;
    budget_save(trip->set->posts[trip->post].budget, now, out);
}

/* --- Posts -----------------------------------------------------------------
 */

size_t desk_posts(const struct desk *desk)
{
    return desk->set == NULL ? 0 : desk->set->count;
}

const char *desk_budget_key(const struct desk *desk, size_t i)
{
    CHECK(i < desk_posts(desk));
    return desk->set->posts[i].budget_key;
}

int desk_load_budget(struct desk *desk, struct steady_time now, size_t i,
                     struct span text)
{
    CHECK(i < desk_posts(desk));
    return budget_load(desk->set->posts[i].budget, now, text);
}
