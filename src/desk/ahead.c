/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ahead.c -- refreshing before somebody has to wait: which symbols of a desk,
 * and when.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "calendar/timetable.h"
#include "desk/closing.h"
#include "desk/desk_priv.h"

/* A refresh is begun with a tenth of the fresh time left, give or take as much,
 * so that symbols that were fetched together part. */
#define SHARE 10u

/* But not in the last second, for that is how often what is due is looked for.
 */
#define LAST_MS 1000u

/* Where there is no room for a refresh now. */
#define LATER_MS 10000u

bool desk_is_always_open(const struct desk *desk, const struct symbol *symbol)
{
    for (size_t i = 0; i < desk->set->count; i++) {
        const struct provider *provider = desk->set->posts[i].what.provider;
        if (provider_serves(provider, symbol)) {
            return provider_is_always_open(provider);
        }
    }
    return false;
}

const struct timetable *desk_market(struct desk *desk,
                                    const struct symbol *symbol)
{
    const struct desk_callbacks *callbacks = &desk->callbacks;
    const struct timetable *timetable =
        callbacks->on_market == NULL || desk_is_always_open(desk, symbol)
            ? timetable_unknown()
            : callbacks->on_market(callbacks->user, symbol);
    CHECK(timetable != NULL);
    return timetable;
}

/* How much a symbol is wanted; false where it is not to be refreshed ahead. */
static bool ask_interest(struct desk *desk, const struct symbol *symbol,
                         struct desk_interest *out)
{
    const struct desk_callbacks *callbacks = &desk->callbacks;
    *out = (struct desk_interest){0};
    if (callbacks->on_interest == NULL) {
        return false;
    }
    callbacks->on_interest(callbacks->user, symbol, out);
    return out->is_watched || desk->policy.warm_for_ms > 0;
}

static bool is_wanted(const struct desk *desk,
                      const struct desk_interest *interest,
                      uint64_t now_mono_ms)
{
    uint64_t asked_ms = interest->asked_mono_ms;
    uint64_t since_ms = now_mono_ms > asked_ms ? now_mono_ms - asked_ms : 0;
    return interest->is_watched ||
           (asked_ms > 0 && since_ms < desk->policy.warm_for_ms);
}

void desk_weigh(struct flight *flight, uint64_t now_mono_ms,
                const struct desk_interest *interest)
{
    uint32_t asked = interest->seconds - flight->base_seconds;
    uint64_t over_ms = now_mono_ms > flight->base_mono_ms
                           ? now_mono_ms - flight->base_mono_ms
                           : 0;
    // As if it had been asked for once in the minute before, so that what was
    // counted for a moment only says little.
    double rate = (double)(asked + 1) * 1000 / (double)(over_ms + 60000);
    flight->rate = interest->is_watched || rate > 1 ? 1 : rate;
    if (interest->quote != NULL) {
        flight->since_mono_ms = interest->quote->fetched_mono_ms;
    }
}

static void put(struct desk *desk, const struct symbol *symbol, uint64_t due_ms,
                const struct desk_interest *interest)
{
    int err = warm_put(desk->warm, symbol, due_ms, interest->seconds);
    CHECK(err == 0 || err == ERR_FULL || err == ERR_NOMEM); // stale then
}

void desk_keep_warm(struct desk *desk, const struct quote *quote,
                    struct steady_time now)
{
    struct desk_interest interest;
    if (!ask_interest(desk, &quote->symbol, &interest)) {
        return;
    }
    const struct timetable *timetable = desk_market(desk, &quote->symbol);
    hours_note(desk, timetable);
    uint64_t fresh_ms = desk->policy.fresh_for_ms;
    uint64_t spread_ms = fresh_ms / SHARE;
    uint64_t due_ms = quote->fetched_mono_ms + fresh_ms - 2 * spread_ms;
    due_ms = closing_due_mono_ms(
        quote, timetable, due_ms > now.mono_ms ? due_ms : now.mono_ms, now);
    uint64_t last_ms = spread_ms < LAST_MS ? spread_ms : LAST_MS;
    due_ms += desk_draw(desk, 2 * spread_ms - last_ms + 1);
    put(desk, &quote->symbol, due_ms, &interest);
}

void desk_try_later(struct desk *desk, const struct symbol *symbol,
                    struct steady_time now)
{
    struct desk_interest interest;
    if (!ask_interest(desk, symbol, &interest) ||
        !is_wanted(desk, &interest, now.mono_ms)) {
        return;
    }
    uint64_t after_ms = desk->policy.retry_after_ms;
    put(desk, symbol,
        now.mono_ms + after_ms + desk_draw(desk, after_ms / SHARE + 1),
        &interest);
}

uint64_t desk_hold_ms(struct desk *desk, const struct symbol *symbol,
                      struct steady_time now)
{
    struct desk_interest interest;
    if (!ask_interest(desk, symbol, &interest) || interest.quote == NULL) {
        return 0;
    }
    uint64_t due_ms = closing_due_mono_ms(
        interest.quote, desk_market(desk, symbol), now.mono_ms, now);
    return due_ms - now.mono_ms;
}

/* A flight for a symbol that has none; NULL where there is no room. */
static struct flight *begin(struct desk *desk, const struct symbol *symbol,
                            struct steady_time now)
{
    return desk_count(desk) < desk->policy.flights_max
               ? desk_make_flight(desk, symbol, now.mono_ms)
               : NULL;
}

/* A symbol is due: ask for it again, if it is still wanted. */
static void refresh(struct desk *desk, const struct warm_due *due,
                    struct steady_time now)
{
    struct desk_interest interest;
    if (!ask_interest(desk, &due->symbol, &interest) ||
        !is_wanted(desk, &interest, now.mono_ms) ||
        desk_find_flight(desk, &due->symbol) != NULL) {
        return; // whoever asks for it next puts it back
    }
    struct flight *flight = begin(desk, &due->symbol, now);
    if (flight == NULL) {
        put(desk, &due->symbol, now.mono_ms + LATER_MS, &interest);
        return;
    }
    flight->since_mono_ms = due->put_ms;
    flight->base_seconds = due->mark;
    flight->base_mono_ms = due->put_ms;
    if (interest.quote != NULL) {
        // What there is now is no answer, fresh as it is.
        flight->not_before_mono_ms = interest.quote->fetched_mono_ms + 1;
    }
    desk_weigh(flight, now.mono_ms, &interest);
    route_on(desk, flight, now);
}

void desk_refresh_due(struct desk *desk, struct steady_time now)
{
    struct warm_due due;
    while (warm_take(desk->warm, now.mono_ms, &due)) {
        refresh(desk, &due, now);
    }
}

/* Whether a post has something new: the provider of that name, or with NULL any
 * that is a file. */
static bool has_news(const struct post *post, const char *provider)
{
    const struct provider *own = post->what.provider;
    return provider != NULL ? strcmp(provider_name(own), provider) == 0
                            : provider_is_file(own);
}

/* Whether a quote is of a provider that has something new. */
static bool is_outdated(const struct desk *desk, const struct quote *quote,
                        const char *provider)
{
    for (size_t i = 0; i < desk->set->count; i++) {
        const struct post *post = &desk->set->posts[i];
        if (has_news(post, provider) &&
            strcmp(provider_name(post->what.provider), quote->source) == 0) {
            return true;
        }
    }
    return false;
}

/* Ask for a symbol again whose price came from `provider`, wanted or not: who
 * asks next is not to get what is known to be old. */
static void renew(struct desk *desk, const struct symbol *symbol,
                  const char *provider, struct steady_time now)
{
    struct desk_interest interest;
    if (!ask_interest(desk, symbol, &interest) || interest.quote == NULL ||
        !is_outdated(desk, interest.quote, provider)) {
        return;
    }
    struct flight *flight = desk_find_flight(desk, symbol);
    bool is_new = flight == NULL;
    if (is_new) {
        flight = begin(desk, symbol, now);
    }
    if (flight == NULL || flight->is_called) {
        return; // it is due some time, or comes in a moment
    }
    // What was fetched until now is no answer.
    flight->not_before_mono_ms = now.mono_ms + 1;
    if (is_new) {
        flight->base_seconds = interest.seconds;
        flight->base_mono_ms = now.mono_ms;
        desk_weigh(flight, now.mono_ms, &interest);
        route_on(desk, flight, now);
    }
}

void desk_renew(struct desk *desk, struct steady_time now, const char *provider)
{
    for (size_t i = 0; i < desk->set->count; i++) {
        struct post *post = &desk->set->posts[i];
        if (has_news(post, provider)) {
            post->rest = (struct rest){.until_ms = 0};
            ban_lift_all(&post->bans); // what was wrong may be right now
        }
    }
    // A copy, for the wheel changes meanwhile.  Without memory they are asked
    // for when they are due.
    size_t count = warm_count(desk->warm);
    struct symbol *symbols = mem_calloc(count, sizeof(*symbols));
    count = symbols == NULL ? 0 : warm_list(desk->warm, symbols, count);
    for (size_t i = 0; i < count; i++) {
        renew(desk, &symbols[i], provider, now);
    }
    mem_free(symbols);
}
