/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/view.h"

#include <stdio.h>

#include "base/check.h"
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
        [DESK_NEXT_QUEUED] = "it waits to be asked for",
        [DESK_NEXT_FRESH] = "it is asked for again before it is stale",
        [DESK_NEXT_CLOSING] = "the closing price is to be had then",
        [DESK_NEXT_OPENING] = "there is no other price before then",
        [DESK_NEXT_RETRY] = "the last try failed",
    };
    CHECK(next < DESK_NEXTS);
    return sentences[next];
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
                                      const struct desk_post_view *view)
{
    if (rest_is_for_ever(&post->rest)) {
        return DESK_OFF;
    }
    if (rest_is_trial(&post->rest) &&
        (view->rests_ms == 0 || view->rests_ms == UINT64_MAX)) {
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
    *out = (struct desk_allowance){.out_in_ms = UINT64_MAX};
    budget_look(post->budget, now, i, &out->view);
    out->view.rule.zone = NULL;
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
    out->standing = standing_of(post, out);
}

/* --- A symbol ------------------------------------------------------------- */

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
        if (!flight->is_called && flight->post < desk_posts(desk)) {
            snprintf(
                out->post, sizeof(out->post), "%s",
                provider_name(desk->set->posts[flight->post].what.provider));
        }
    }
    uint64_t due_ms = warm_due_ms(desk->warm, symbol);
    if (due_ms > 0) {
        out->due_in_ms = due_ms > now.mono_ms ? due_ms - now.mono_ms : 0;
    }
}

/* --- Why this price ------------------------------------------------------- */

void view_explain(struct desk *desk, struct steady_time now,
                  const struct symbol *symbol, struct desk_explanation *out)
{
    *out = (struct desk_explanation){
        .symbol = *symbol,
        .now_unix_ms = now.unix_ms,
        .next_ms = UINT64_MAX,
        .witnesses_count = desk_posts(desk),
    };
    view_look_at_symbol(desk, now, symbol, &out->flight);
    for (size_t i = 0; i < out->witnesses_count; i++) {
        view_look_at_post(desk, now, i, &out->witnesses[i].post);
    }
    out->at = out->witnesses_count;
}
