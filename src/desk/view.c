/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/view.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "desk/desk_priv.h"

/* --- Words ---------------------------------------------------------------- */

const char *view_standing_name(enum desk_standing standing)
{
    static const char *const names[DESK_STANDINGS] = {
        [DESK_OK] = "ok",           [DESK_LIMITED] = "limited",
        [DESK_RESTING] = "resting", [DESK_TRYING] = "trying",
        [DESK_OFF] = "off",
    };
    CHECK(standing < DESK_STANDINGS);
    return names[standing];
}

const char *view_next_sentence(enum desk_next next)
{
    static const char *const sentences[DESK_NEXTS] = {
        [DESK_NEXT_NONE] = "it is fetched when somebody asks for it",
        [DESK_NEXT_CALLED] = "a call for it is under way",
        [DESK_NEXT_QUEUED] = "it waits for a call",
        [DESK_NEXT_FRESH] = "it is asked for again before it is stale",
        [DESK_NEXT_CLOSING] = "the closing price is to be had then",
        [DESK_NEXT_OPENING] = "there is no other price before then",
        [DESK_NEXT_RETRY] = "the last try failed",
    };
    CHECK(next < DESK_NEXTS);
    return sentences[next];
}

/* Whether rule a matters more than b, or as much and comes first. */
static bool is_tighter(const struct budget_view *a, const struct budget_view *b)
{
    if (a->left != b->left) {
        return a->left < b->left;
    }
    return a->turns_in_ms != b->turns_in_ms ? a->turns_in_ms > b->turns_in_ms
                                            : a < b;
}

bool view_is_tightest(const struct desk_post_view *post, size_t rule)
{
    CHECK(rule < post->rules_count);
    const struct budget_view *it = &post->rules[rule].view;
    for (size_t i = 0; i < post->rules_count; i++) {
        const struct budget_view *other = &post->rules[i].view;
        if (i != rule && other->rule.span == it->rule.span &&
            other->rule.cost == it->rule.cost && is_tighter(other, it)) {
            return false;
        }
    }
    return true;
}

/* --- A provider ----------------------------------------------------------- */

/* Whether a rule of a minute or longer lets nothing through; one that counts
 * different symbols still does, those that it knows. */
static bool is_used_up(const struct budget_view *view)
{
    return view->left == 0 && view->rule.span >= BUDGET_MINUTE &&
           view->rule.cost != BUDGET_DISTINCT;
}

static enum desk_standing standing_of(const struct post *post,
                                      const struct desk_post_view *view,
                                      uint64_t now_mono_ms)
{
    if (rest_is_for_ever(&post->rest)) {
        return DESK_OFF;
    }
    if (rest_is_trial(&post->rest) &&
        rest_left_ms(&post->rest, now_mono_ms) == 0) {
        return DESK_TRYING;
    }
    if (view->rests_ms > 0) {
        return DESK_RESTING;
    }
    for (size_t i = 0; i < view->rules_count; i++) {
        if (is_used_up(&view->rules[i].view)) {
            return DESK_LIMITED;
        }
    }
    return DESK_OK;
}

static void look_at_rule(struct post *post, struct steady_time now, size_t i,
                         struct desk_allowance *out)
{
    struct spend *spend = &post->spends[i];
    budget_look(post->budget, now, i, &out->view);
    out->view.rule.zone = NULL;
    out->pace_day = spend_pace_day(spend, now.mono_ms);
    out->out_in_ms = spend_out_in_ms(spend, now.mono_ms, &out->view);
}

static uint64_t since(struct steady_time now, uint64_t mono_ms)
{
    return now.mono_ms > mono_ms ? now.mono_ms - mono_ms : 0;
}

static struct desk_saying last_of(const struct post *post,
                                  struct steady_time now)
{
    const struct post_last *last = &post->last;
    if (!last->is_known) {
        return (struct desk_saying){.is_known = false};
    }
    struct desk_saying saying = {
        .is_known = true,
        .class = last->class,
        .ago_ms = since(now, last->came_mono_ms),
        .symbols = last->symbols,
    };
    memcpy(saying.text, last->text, sizeof(saying.text));
    memcpy(saying.decided_by, last->decided_by, sizeof(saying.decided_by));
    return saying;
}

void view_look_at_post(struct desk *desk, struct steady_time now, size_t i,
                       struct desk_post_view *out)
{
    CHECK(i < desk_posts(desk));
    struct post *post = &desk->set->posts[i];
    const char *why = "";
    int err;
    *out = (struct desk_post_view){
        .queued = post->waited_count + post->others_count,
        .queued_waited = post->waited_count,
        .calls = post->calls,
        .rules_count = budget_rules_count(post->budget),
    };
    snprintf(out->name, sizeof(out->name), "%s",
             provider_name(post->what.provider));
    out->rests_ms = post_rests_ms(post, now.mono_ms, &why, &err);
    snprintf(out->why, sizeof(out->why), "%s", why);
    out->pace_ms = depart_pace_ms(desk, post, now);
    for (size_t k = 0; k < out->rules_count; k++) {
        look_at_rule(post, now, k, &out->rules[k]);
    }
    out->last = last_of(post, now);
    memcpy(out->outcomes, post->outcomes, sizeof(out->outcomes));
    memcpy(out->took, post->took, sizeof(out->took));
    out->standing = standing_of(post, out, now.mono_ms);
}

/* --- A symbol ------------------------------------------------------------- */

/* The call that a flight is in. */
static const struct desk_trip *find_trip(const struct desk *desk,
                                         const struct flight *flight)
{
    const struct desk_trip *trip;
    TAILQ_FOREACH(trip, &desk->trips, link)
    {
        for (size_t i = 0; i < trip->call.query.count; i++) {
            if (trip->flights[i] == flight) {
                return trip;
            }
        }
    }
    CHECK(false);
    return NULL;
}

/* Where a flight is queued or called. */
static const struct provider *provider_of(const struct desk *desk,
                                          const struct flight *flight)
{
    if (flight->is_called) {
        return find_trip(desk, flight)->call.query.provider;
    }
    CHECK(flight->post < desk_posts(desk));
    return desk->set->posts[flight->post].what.provider;
}

void view_look_at_symbol(struct desk *desk, struct steady_time now,
                         const struct symbol *symbol,
                         struct desk_symbol_view *out)
{
    *out = (struct desk_symbol_view){.due_in_ms = UINT64_MAX};
    const struct flight *flight = desk_find_flight(desk, symbol);
    if (flight != NULL) {
        out->has_flight = true;
        out->is_called = flight->is_called;
        out->is_waited = flight->is_waited;
        snprintf(out->post, sizeof(out->post), "%s",
                 provider_name(provider_of(desk, flight)));
    }
    uint64_t due_ms = warm_due_ms(desk->warm, symbol);
    if (due_ms > 0) {
        out->due_in_ms = due_ms > now.mono_ms ? due_ms - now.mono_ms : 0;
    }
}

/* --- What each provider has to do with it --------------------------------- */

static enum desk_reach reach_of(struct post *post, const struct symbol *symbol,
                                uint64_t now_mono_ms)
{
    const struct ban *ban = post_ban_of(post, symbol, now_mono_ms);
    if (ban != NULL) {
        return ban->err == ERR_UPSTREAM ? DESK_OTHER_UNIT : DESK_NOT_IN_PLAN;
    }
    return post_serves(post, symbol, now_mono_ms) ? DESK_SERVES
                                                  : DESK_NOT_ITS_MARKET;
}

static void look_at_saying(const struct post *post, struct steady_time now,
                           const struct symbol *symbol, struct desk_saying *out)
{
    struct memory_saying said;
    *out = (struct desk_saying){.is_known = false};
    if (!memory_find(post->memory, symbol, &said)) {
        return;
    }
    out->is_known = true;
    out->class = said.class;
    out->ago_ms = since(now, said.said_mono_ms);
    out->symbols = said.symbols;
    snprintf(out->text, sizeof(out->text), "%s", said.text);
    snprintf(out->decided_by, sizeof(out->decided_by), "%s", said.decided_by);
}

/* Until a post might be asked for a symbol, and why not now. */
static uint64_t wait_at(struct post *post, struct steady_time now,
                        const struct symbol *symbol, enum desk_reach reach,
                        const char **why)
{
    const struct ban *ban = post_ban_of(post, symbol, now.mono_ms);
    int err;
    if (ban != NULL) {
        *why = ban->why;
        return ban->until_mono_ms - now.mono_ms;
    }
    return reach == DESK_SERVES ? route_wait_ms(post, now, symbol, why, &err)
                                : UINT64_MAX;
}

static void hear(struct desk *desk, struct steady_time now, size_t i,
                 const struct symbol *symbol, struct desk_witness *out)
{
    struct post *post = &desk->set->posts[i];
    const char *why = "";
    view_look_at_post(desk, now, i, &out->post);
    look_at_saying(post, now, symbol, &out->said);
    out->reach = reach_of(post, symbol, now.mono_ms);
    out->wait_ms = wait_at(post, now, symbol, out->reach, &why);
    snprintf(out->wait_why, sizeof(out->wait_why), "%s", why);
}

/* Whether some witness behind another would ask at once. */
static bool is_served_behind(const struct desk_explanation *explanation,
                             size_t i)
{
    for (size_t k = i + 1; k < explanation->witnesses_count; k++) {
        const struct desk_witness *witness = &explanation->witnesses[k];
        if (witness->reach == DESK_SERVES && witness->wait_ms == 0) {
            return true;
        }
    }
    return false;
}

/* The witness that would be asked, if somebody waited for the symbol: as
 * find_post() and find_patient_post() of route.c choose. */
static size_t find_next_witness(const struct desk *desk,
                                const struct desk_explanation *explanation)
{
    size_t count = explanation->witnesses_count;
    size_t patient = count;
    for (size_t i = 0; i < count; i++) {
        const struct desk_witness *witness = &explanation->witnesses[i];
        if (witness->reach != DESK_SERVES) {
            continue;
        }
        bool is_ill =
            witness->wait_ms > 0 && rest_is_trial(&desk->set->posts[i].rest);
        if (witness->wait_ms <= desk->policy.wait_for_ms &&
            !(is_ill && is_served_behind(explanation, i))) {
            return i;
        }
        if (patient == count && witness->wait_ms != UINT64_MAX) {
            patient = i;
        }
    }
    return patient;
}

/* The witness at which a symbol has a flight, which may be gone by a reload. */
static size_t find_place(const struct desk *desk, const struct flight *flight)
{
    if (!flight->is_called) {
        return flight->post;
    }
    const struct desk_trip *trip = find_trip(desk, flight);
    return trip->set == desk->set ? trip->post : desk_posts(desk);
}

/* --- What comes next ------------------------------------------------------ */

/* A flight is queued: since when it may not go, and why. */
static void look_at_queue(struct desk *desk, struct steady_time now,
                          struct desk_explanation *out)
{
    const char *why = "";
    CHECK(out->at < out->witnesses_count);
    const struct desk_witness *witness = &out->witnesses[out->at];
    out->next = DESK_NEXT_QUEUED;
    out->next_ms = witness->wait_ms;
    if (out->next_ms > 0) {
        why = witness->wait_why;
    }
    if (!out->flight.is_waited) {
        uint64_t hold_ms = desk_hold_ms(desk, &out->symbol, now);
        if (witness->post.pace_ms > out->next_ms) {
            out->next_ms = witness->post.pace_ms;
            why = "calls that nobody waits for are spread over the time that "
                  "the allowance has to last";
        }
        if (hold_ms > out->next_ms) {
            out->next_ms = hold_ms;
            why = "its market is closed, and there is no other price before";
        }
    }
    snprintf(out->next_why, sizeof(out->next_why), "%s", why);
}

/* Whether the last that was said of the symbol was no price. */
static bool has_failed(const struct desk_explanation *explanation)
{
    const struct desk_saying *last = NULL;
    for (size_t i = 0; i < explanation->witnesses_count; i++) {
        const struct desk_saying *said = &explanation->witnesses[i].said;
        if (said->is_known && (last == NULL || said->ago_ms < last->ago_ms)) {
            last = said;
        }
    }
    return last != NULL && last->class != PROVIDER_OK;
}

/* It is due again: what for. */
static enum desk_next why_due(struct desk *desk,
                              const struct desk_explanation *explanation)
{
    if (has_failed(explanation)) {
        return DESK_NEXT_RETRY;
    }
    const struct timetable_view *hours = &explanation->hours;
    if (!hours->is_known) {
        return DESK_NEXT_FRESH;
    }
    struct timetable_view then;
    int64_t due_unix_ms =
        explanation->now_unix_ms + (int64_t)explanation->flight.due_in_ms;
    // A second later, since what is due at the opening may seem to be before
    // it: the two clocks are not read at the same instant.
    timetable_look(desk_market(desk, &explanation->symbol),
                   due_unix_ms / 1000 + 1, &then);
    if (then.is_known && !then.is_open && !then.is_break) {
        return DESK_NEXT_CLOSING;
    }
    return hours->is_open ? DESK_NEXT_FRESH : DESK_NEXT_OPENING;
}

static void look_ahead(struct desk *desk, struct steady_time now,
                       struct desk_explanation *out)
{
    const struct desk_symbol_view *flight = &out->flight;
    if (flight->is_called) {
        out->next = DESK_NEXT_CALLED;
        out->next_ms = 0;
    } else if (flight->has_flight) {
        look_at_queue(desk, now, out);
    } else if (flight->due_in_ms != UINT64_MAX) {
        out->next = why_due(desk, out);
        out->next_ms = flight->due_in_ms;
    }
}

void view_explain(struct desk *desk, struct steady_time now,
                  const struct symbol *symbol, struct desk_explanation *out)
{
    *out = (struct desk_explanation){
        .symbol = *symbol,
        .now_unix_ms = now.unix_ms,
        .next = DESK_NEXT_NONE,
        .next_ms = UINT64_MAX,
        .is_always_open = desk_is_always_open(desk, symbol),
        .witnesses_count = desk_posts(desk),
    };
    timetable_look(desk_market(desk, symbol), now.unix_ms / 1000, &out->hours);
    view_look_at_symbol(desk, now, symbol, &out->flight);
    for (size_t i = 0; i < out->witnesses_count; i++) {
        hear(desk, now, i, symbol, &out->witnesses[i]);
    }
    const struct flight *flight = desk_find_flight(desk, symbol);
    out->at = flight != NULL ? find_place(desk, flight)
                             : find_next_witness(desk, out);
    look_ahead(desk, now, out);
}
