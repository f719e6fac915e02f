/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "base/units.h"
#include "desk/desk_priv.h"
#include "obs/metric.h"

/* A refresh goes to another provider rather than wait longer than this. */
#define PATIENCE_MS (60u * 1000u)

/* Which failure tells an asker most when several providers failed: that the
 * symbol is unknown only when all of them say so. */
static int rank(int err)
{
    switch (err) {
    case ERR_OK:
        return 0;
    case ERR_UNKNOWN:
        return 1;
    case ERR_NODATA:
        return 2;
    default:
        return 3;
    }
}

static void keep_failure(struct flight *flight, int err, const char *provider,
                         const char *why)
{
    if (rank(err) > rank(flight->err)) {
        flight->err = err;
        snprintf(flight->reason, sizeof(flight->reason), "%s: %.280s", provider,
                 why);
    }
}

uint64_t route_wait_ms(struct post *post, struct steady_time now,
                       const struct symbol *symbol, const char **why, int *err)
{
    uint64_t rests_ms = post_rests_ms(post, now.mono_ms, why, err);
    if (rests_ms > 0) {
        return rests_ms;
    }
    uint64_t wait_ms;
    if (budget_fit(post->budget, now, &symbol, 1, &wait_ms) == 0) {
        *err = ERR_LIMIT;
        *why = "the allowance is used";
    }
    return wait_ms;
}

/* Say why a post is passed by, and for how long. */
static void pass_by(struct desk *desk, struct flight *flight,
                    const struct post *post, uint64_t wait_ms, const char *why,
                    int err)
{
    char text[DESK_REASON_SIZE];
    if (wait_ms == UINT64_MAX) {
        snprintf(text, sizeof(text),
                 "%.200s (not called until its settings change)", why);
    } else {
        snprintf(text, sizeof(text),
                 "%.200s (not called for another %" PRIu64 " s)", why,
                 (wait_ms + 999) / 1000);
        flight->may_wait = true;
    }
    metric_add(desk->cells, METRIC_upstream_resting, !flight->was_called);
    keep_failure(flight, err, provider_name(post->what.provider), text);
}

/* How long a flight may still wait at a post. */
static uint64_t patience_ms(const struct desk *desk,
                            const struct flight *flight, uint64_t now_mono_ms)
{
    if (!flight->is_waited) {
        return PATIENCE_MS;
    }
    uint64_t waited_ms = now_mono_ms - flight->waited_mono_ms;
    uint64_t most_ms = desk->policy.wait_for_ms;
    return waited_ms < most_ms ? most_ms - waited_ms : 0;
}

/* Whether a post behind the flight's own would ask for it at once. */
static bool is_served_behind(struct desk *desk, const struct flight *flight,
                             struct steady_time now)
{
    for (size_t i = flight->post + 1; i < desk->set->count; i++) {
        struct post *post = &desk->set->posts[i];
        const char *why;
        int err;
        if (post_serves(post, &flight->symbol, now.mono_ms) &&
            route_wait_ms(post, now, &flight->symbol, &why, &err) == 0) {
            return true;
        }
    }
    return false;
}

/* Where a post said before that it has no price to give, that is why. */
static void recall_ban(struct flight *flight, const struct post *post,
                       struct steady_time now)
{
    const struct ban *ban = post_ban_of(post, &flight->symbol, now.mono_ms);
    if (ban == NULL) {
        return;
    }
    char text[DESK_REASON_SIZE];
    snprintf(text, sizeof(text),
             "%s (not asked for it for another %" PRIu64 " s)", ban->why,
             (ban->until_mono_ms - now.mono_ms + 999) / 1000);
    keep_failure(flight, ban->err, provider_name(post->what.provider), text);
}

/* Find a post from the flight's own on; false where none is left.  Nobody waits
 * for one that was failing to be tried again where another is well. */
static bool find_post(struct desk *desk, struct flight *flight,
                      struct steady_time now)
{
    struct set *set = desk->set;
    uint64_t patience = patience_ms(desk, flight, now.mono_ms);
    for (; flight->post < set->count; flight->post++) {
        struct post *post = &set->posts[flight->post];
        const char *why = "";
        int err = 0;
        if (!post_serves(post, &flight->symbol, now.mono_ms)) {
            recall_ban(flight, post, now);
            continue;
        }
        uint64_t wait_ms =
            route_wait_ms(post, now, &flight->symbol, &why, &err);
        bool is_ill = wait_ms > 0 && rest_is_trial(&post->rest);
        bool is_better_behind =
            flight->is_waited && is_ill && is_served_behind(desk, flight, now);
        if (wait_ms <= patience && !is_better_behind) {
            return true;
        }
        pass_by(desk, flight, post, wait_ms, why, err);
    }
    return false;
}

/* The post at which a refresh may wait for as long as it takes: the first that
 * will be asked again at all. */
static bool find_patient_post(struct desk *desk, struct flight *flight,
                              struct steady_time now)
{
    for (size_t i = 0; i < desk->set->count; i++) {
        struct post *post = &desk->set->posts[i];
        const char *why;
        int err;
        if (post_serves(post, &flight->symbol, now.mono_ms) &&
            route_wait_ms(post, now, &flight->symbol, &why, &err) !=
                UINT64_MAX) {
            flight->post = i;
            return true;
        }
    }
    return false;
}

static struct desk_result result_of(const struct flight *flight)
{
    struct desk_result result = {
        .symbol = flight->symbol,
        .err = flight->err,
    };
    memcpy(result.reason, flight->reason, sizeof(result.reason));
    if (result.err == 0) {
        result.err = ERR_NODATA;
        snprintf(result.reason, sizeof(result.reason),
                 "no provider that is configured serves this market");
    }
    return result;
}

void route_on(struct desk *desk, struct flight *flight, struct steady_time now)
{
    bool is_found = find_post(desk, flight, now);
    if (!is_found) {
        struct desk_result result = result_of(flight);
        bool is_wanted = flight->may_wait && !flight->was_asked;
        if (flight->is_waited && is_wanted) {
            // Nobody waits for it any more, but it is still wanted.
            desk_tell(desk, flight, &result);
            flight->is_waited = false;
            flight->since_mono_ms = flight->waited_mono_ms;
            flight->rate = 1;
        }
        is_found = is_wanted && find_patient_post(desk, flight, now);
        if (!is_found) {
            desk_land(desk, flight, now, &result);
            return;
        }
    }
    flight->may_wait = false;
    post_queue(&desk->set->posts[flight->post], flight, now.mono_ms);
}

void route_pass(struct desk *desk, struct flight *flight,
                struct steady_time now, uint64_t wait_ms, const char *why,
                int err)
{
    pass_by(desk, flight, &desk->set->posts[flight->post], wait_ms, why, err);
    flight->post++;
    route_on(desk, flight, now);
}

void route_failed(struct desk *desk, struct flight *flight,
                  struct steady_time now, const char *provider, int err,
                  const char *why)
{
    keep_failure(flight, err, provider, why);
    flight->was_asked = true;
    flight->post++;
    route_on(desk, flight, now);
}
