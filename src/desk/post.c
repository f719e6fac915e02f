/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/post.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

/* A provider's own word on when to come back is believed up to this. */
#define RETRY_AFTER_MS_LIMIT (60u * 60u * 1000u)

/* --- Making and ending ---------------------------------------------------- */

static enum budget_span span_of_class(enum provider_class class)
{
    switch (class) {
    case PROVIDER_LIMIT_SECOND:
        return BUDGET_SECOND;
    case PROVIDER_LIMIT_MINUTE:
        return BUDGET_MINUTE;
    case PROVIDER_LIMIT_HOUR:
        return BUDGET_HOUR;
    case PROVIDER_LIMIT_DAY:
        return BUDGET_DAY;
    case PROVIDER_LIMIT_MONTH:
        return BUDGET_MONTH;
    default:
        return BUDGET_SPANS;
    }
}

static struct budget_rule rule_of(const struct provider_limit *limit)
{
    static const enum budget_cost costs[] = {
        [PROVIDER_COST_REQUEST] = BUDGET_CALLS,
        [PROVIDER_COST_SYMBOL] = BUDGET_SYMBOLS,
        [PROVIDER_COST_DISTINCT] = BUDGET_DISTINCT,
    };
    return (struct budget_rule){
        .n = limit->count,
        .span = span_of_class(limit->window),
        .cost = costs[limit->cost],
    };
}

/*
 * FNV-1a, 32 bits: two keys of one provider are two budgets, the same in every
 * process (base/hash.h is seeded), and so few bits give away nothing of a key.
 */
static uint32_t hash_key(const char *key)
{
    uint32_t hash = 2166136261u;
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 16777619u;
    }
    return hash;
}

/* What the key allows: by the settings, or as the description says. */
static size_t find_rules(const struct desk_provider *what,
                         struct budget_rule out[DESK_RULES_LIMIT])
{
    if (what->has_rules) {
        memcpy(out, what->rules, what->rules_count * sizeof(*out));
        return what->rules_count;
    }
    size_t count;
    const struct provider_limit *limits =
        provider_limits(what->provider, &count);
    CHECK(count <= DESK_RULES_LIMIT);
    for (size_t i = 0; i < count; i++) {
        out[i] = rule_of(&limits[i]);
    }
    return count;
}

/* A day that may be one of several is each of them. */
static size_t place_rule(struct budget_rule out[BUDGET_RULES_LIMIT], size_t at,
                         struct budget_rule rule,
                         const struct provider_turn *turns, size_t count)
{
    bool turns_somewhere = rule.span >= BUDGET_DAY;
    for (size_t i = 0; i < (turns_somewhere ? count : 1); i++) {
        CHECK(at < BUDGET_RULES_LIMIT);
        rule.zone = turns_somewhere ? turns[i].zone : NULL;
        rule.hour = turns_somewhere ? turns[i].hour : 0;
        out[at++] = rule;
    }
    return at;
}

static int make_budget(struct post *post, const char *boot,
                       struct steady_time now)
{
    struct budget_rule written[DESK_RULES_LIMIT];
    size_t written_count = find_rules(&post->what, written);
    size_t turns_count;
    const struct provider_turn *turns =
        provider_turns(post->what.provider, &turns_count);
    struct budget_rule rules[BUDGET_RULES_LIMIT];
    size_t count = 0;
    for (size_t i = 0; i < written_count; i++) {
        count = place_rule(rules, count, written[i], turns, turns_count);
    }
    struct budget_options options = {rules, count, boot};
    int err = budget_create(&post->budget, &options, now);
    CHECK(err == 0 || err == ERR_NOMEM); // the description was checked
    return err;
}

/* Begin to count how fast each rule is spent. */
static void watch_spending(struct post *post, struct steady_time now)
{
    for (size_t i = 0; i < budget_rules_count(post->budget); i++) {
        struct budget_view view;
        budget_look(post->budget, now, i, &view);
        spend_init(&post->spends[i], view.rule.span, now.mono_ms);
    }
}

/* The most symbols that a call may take: what would be chosen of very many; 0
 * where no endpoint is left. */
static size_t count_batch(const struct provider *provider,
                          uint32_t endpoints_off)
{
    struct symbol many[PROVIDER_SYMBOLS_LIMIT];
    const struct symbol *symbols[PROVIDER_SYMBOLS_LIMIT];
    for (size_t i = 0; i < PROVIDER_SYMBOLS_LIMIT; i++) {
        char text[SYMBOL_LEN_LIMIT];
        int len = snprintf(text, sizeof(text), "A%zu", i);
        int err = symbol_parse(&many[i], (struct span){text, (size_t)len});
        CHECK(err == 0);
        symbols[i] = &many[i];
    }
    if (!provider_serves(provider, symbols[0])) {
        return 1;
    }
    struct query_wish wish = {symbols, PROVIDER_SYMBOLS_LIMIT,
                              PROVIDER_SYMBOLS_LIMIT, endpoints_off};
    size_t endpoint;
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    return query_choose(provider, &wish, &endpoint, taken);
}

int post_init(struct post *post, struct desk_provider *what, const char *boot,
              struct steady_time now)
{
    *post = (struct post){.what = *what};
    TAILQ_INIT(&post->waited);
    TAILQ_INIT(&post->others);
    int len =
        snprintf(post->budget_key, sizeof(post->budget_key), "%s#%08" PRIx32,
                 provider_name(what->provider), hash_key(what->key));
    CHECK(len > 0 && (size_t)len < sizeof(post->budget_key));
    if (memory_create(&post->memory) != 0 ||
        make_budget(post, boot, now) != 0) {
        memory_destroy(&post->memory);
        *post = (struct post){0};
        return ERR_NOMEM;
    }
    watch_spending(post, now);
    size_t batch_max = count_batch(what->provider, 0);
    post->batch_max = batch_max > 0 ? batch_max : 1;
    *what = (struct desk_provider){0};
    return 0;
}

void post_deinit(struct post *post)
{
    CHECK(post->waited_count == 0 && post->others_count == 0);
    ban_lift_all(&post->bans);
    memory_destroy(&post->memory);
    budget_destroy(&post->budget);
    terms_free_provider(&post->what);
}

/* --- Which symbols -------------------------------------------------------- */

/* Whether the configuration lets it serve a symbol's market. */
static bool is_routed(const struct post *post, const struct symbol *symbol)
{
    const struct desk_provider *what = &post->what;
    if (what->markets_count == 0) {
        return true;
    }
    struct span mic = symbol_mic(symbol);
    for (size_t i = 0; i < what->markets_count; i++) {
        if (span_equal(mic, span_of(what->markets[i]))) {
            return true;
        }
    }
    return false;
}

const struct ban *post_ban_of(const struct post *post,
                              const struct symbol *symbol, uint64_t now_mono_ms)
{
    return ban_find(post->bans, symbol, now_mono_ms);
}

bool post_serves(struct post *post, const struct symbol *symbol,
                 uint64_t now_mono_ms)
{
    ban_lift(&post->bans, symbol, now_mono_ms);
    return post_ban_of(post, symbol, now_mono_ms) == NULL &&
           is_routed(post, symbol) &&
           provider_serves(post->what.provider, symbol);
}

void post_ban(struct post *post, const struct symbol *symbol,
              uint64_t now_mono_ms, uint64_t ms, int err, const char *why)
{
    ban_put(&post->bans, symbol, now_mono_ms + ms, err, why);
}

/* --- Rests ---------------------------------------------------------------- */

uint64_t post_rests_ms(const struct post *post, uint64_t now_mono_ms,
                       const char **why, int *err)
{
    uint64_t left_ms = rest_left_ms(&post->rest, now_mono_ms);
    if (left_ms == 0 && rest_is_trial(&post->rest) && post->calls > 0) {
        left_ms = POST_TRIAL_MS; // until the trial is back
    }
    if (left_ms > 0) {
        *why = post->rest_why;
        *err = post->rest_err;
    }
    return left_ms;
}

/* How long to stay away at least: the provider's own word; and a provider that
 * goes on refusing, though the allowance should be there, is asked more and
 * more seldom. */
static uint64_t back_off_ms(struct post *post,
                            const struct provider_outcome *outcome,
                            enum budget_span span)
{
    uint64_t ms = outcome->retry_after_ms;
    if (span != BUDGET_SPANS && post->limited < 13) {
        post->limited++;
    }
    if (post->limited > 1) {
        uint64_t doubled_ms = UINT64_C(1000) << (post->limited - 1);
        ms = doubled_ms > ms ? doubled_ms : ms;
    }
    return ms < RETRY_AFTER_MS_LIMIT ? ms : RETRY_AFTER_MS_LIMIT;
}

uint64_t post_note(struct post *post, struct steady_time now,
                   const struct provider_outcome *outcome, size_t endpoint)
{
    enum budget_span span = span_of_class(outcome->class);
    post->limited = span == BUDGET_SPANS ? 0 : post->limited;
    if (outcome->has_left) {
        budget_note_left(post->budget, now, span_of_class(outcome->left_window),
                         outcome->left);
    }
    uint64_t empty_ms =
        span == BUDGET_SPANS ? 0 : budget_exhaust(post->budget, now, span);
    if (outcome->class == PROVIDER_PLAN) {
        post->endpoints_off |= UINT32_C(1) << endpoint;
        if (count_batch(post->what.provider, post->endpoints_off) > 0) {
            return 0; // another kind of call may be in the plan
        }
    }
    uint64_t ms = 0;
    if (empty_ms == 0) {
        ms = rest_note(&post->rest, outcome->class, now.mono_ms);
    }
    uint64_t after_ms =
        outcome->class == PROVIDER_OK ? 0 : back_off_ms(post, outcome, span);
    if (after_ms > ms) {
        ms = rest_extend(&post->rest, now.mono_ms, after_ms);
    }
    if (ms > 0 || empty_ms > 0) {
        post->rest_err = provider_class_err(outcome->class);
        snprintf(post->rest_why, sizeof(post->rest_why), "%s", outcome->text);
    }
    return ms > empty_ms ? ms : empty_ms;
}

/* --- Queues --------------------------------------------------------------- */

/* Into the order of since when they are waited for, which is nearly always the
 * end. */
static void queue_waited(struct post *post, struct flight *flight)
{
    struct flight *before = TAILQ_LAST(&post->waited, flight_list);
    while (before != NULL && before->waited_mono_ms > flight->waited_mono_ms) {
        before = TAILQ_PREV(before, flight_list, link);
    }
    if (before == NULL) {
        TAILQ_INSERT_HEAD(&post->waited, flight, link);
    } else {
        TAILQ_INSERT_AFTER(&post->waited, before, flight, link);
    }
}

void post_queue(struct post *post, struct flight *flight, uint64_t now_mono_ms)
{
    CHECK(!flight->is_called);
    flight->queued_mono_ms = now_mono_ms;
    if (flight->is_waited) {
        queue_waited(post, flight);
        post->waited_count++;
    } else {
        TAILQ_INSERT_TAIL(&post->others, flight, link);
        post->others_count++;
    }
}

void post_unqueue(struct post *post, struct flight *flight)
{
    CHECK(!flight->is_called);
    if (flight->is_waited) {
        CHECK(post->waited_count > 0);
        TAILQ_REMOVE(&post->waited, flight, link);
        post->waited_count--;
    } else {
        CHECK(post->others_count > 0);
        TAILQ_REMOVE(&post->others, flight, link);
        post->others_count--;
    }
}

/* --- For people ----------------------------------------------------------- */

/* What a call takes of a rule that left so much before. */
static uint32_t cost_of(const struct budget_view *before,
                        const struct budget_view *after, size_t symbols)
{
    switch (before->rule.cost) {
    case BUDGET_CALLS:
        return 1;
    case BUDGET_SYMBOLS:
        return (uint32_t)symbols;
    default: // only those that are new
        return before->left > after->left ? before->left - after->left : 0;
    }
}

int post_spend(struct post *post, struct steady_time now,
               const struct symbol *const *symbols, size_t count)
{
    struct budget_view before[BUDGET_RULES_LIMIT];
    size_t rules = budget_rules_count(post->budget);
    CHECK(rules <= BUDGET_RULES_LIMIT);
    for (size_t i = 0; i < rules; i++) {
        budget_look(post->budget, now, i, &before[i]);
    }
    int err = budget_spend(post->budget, now, symbols, count);
    for (size_t i = 0; err == 0 && i < rules; i++) {
        struct budget_view after;
        budget_look(post->budget, now, i, &after);
        spend_note(&post->spends[i], now.mono_ms,
                   cost_of(&before[i], &after, count));
    }
    return err;
}

void post_remember(struct post *post, uint64_t now_mono_ms,
                   const struct query *query,
                   const struct provider_outcome *outcome,
                   const struct provider_verdict verdicts[])
{
    CHECK(outcome->class < PROVIDER_CLASS_COUNT);
    post->outcomes[outcome->class]++;
    post->last = (struct post_last){
        .is_known = true,
        .class = outcome->class,
        .symbols = (uint32_t)query->count,
        .came_mono_ms = now_mono_ms,
    };
    memcpy(post->last.text, outcome->text, sizeof(post->last.text));
    memcpy(post->last.decided_by, outcome->decided_by,
           sizeof(post->last.decided_by));
    for (size_t i = 0; i < query->count; i++) {
        // What decided about the call need not have about this one.
        bool is_same = verdicts[i].class == outcome->class;
        struct memory_saying saying = {
            .class = verdicts[i].class,
            .symbols = (uint32_t)query->count,
            .said_mono_ms = now_mono_ms,
            .text = verdicts[i].class == PROVIDER_OK ? "" : verdicts[i].text,
            .decided_by = is_same ? outcome->decided_by : "",
        };
        memory_note(post->memory, query->symbols[i], &saying);
    }
}

void post_time(struct post *post, uint64_t took_ms)
{
    post->took[family_bucket(family_durations_ms, took_ms)]++;
    post->took[FAMILY_BOUNDS + 1] += took_ms;
}

/* Take over how fast a rule was spent, from one that counted the same. */
static void inherit_spending(struct post *post, struct post *from,
                             struct steady_time now, size_t i)
{
    struct budget_view view;
    budget_look(post->budget, now, i, &view);
    for (size_t k = 0; k < budget_rules_count(from->budget); k++) {
        struct budget_view old;
        budget_look(from->budget, now, k, &old);
        if (old.rule.span == view.rule.span &&
            old.rule.cost == view.rule.cost) {
            post->spends[i] = from->spends[k];
        }
    }
}

bool post_is_same(const struct post *a, const struct post *b)
{
    return strcmp(a->what.key, b->what.key) == 0 &&
           strcmp(a->what.origin, b->what.origin) == 0 &&
           provider_fingerprint(a->what.provider) ==
               provider_fingerprint(b->what.provider);
}

/* What it said, that is true of the one in its place. */
static void inherit_lessons(struct post *post, struct post *from)
{
    post->rest = from->rest;
    post->rest_err = from->rest_err;
    memcpy(post->rest_why, from->rest_why, sizeof(post->rest_why));
    post->limited = from->limited;
    post->endpoints_off = from->endpoints_off;
    post->batch_max = from->batch_max;
    struct ban *none = post->bans;
    post->bans = from->bans;
    from->bans = none;
}

void post_inherit(struct post *post, struct post *from, struct steady_time now)
{
    if (post_is_same(post, from)) {
        inherit_lessons(post, from);
    }
    post->pace = from->pace;
    for (size_t i = 0; i < budget_rules_count(post->budget); i++) {
        inherit_spending(post, from, now, i);
    }
    struct memory *empty = post->memory;
    post->memory = from->memory;
    from->memory = empty;
    post->last = from->last;
    memcpy(post->outcomes, from->outcomes, sizeof(post->outcomes));
    memcpy(post->took, from->took, sizeof(post->took));
}
