/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter.h -- a desk in virtual time, before providers that are a mood.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "desk/desk.h"
#include "obs/metric.h"

#define COUNTER_PROVIDERS 2
#define COUNTER_TOLD      64
#define COUNTER_CALLS     4096

enum counter_mood {
    COUNTER_PRICE,
    COUNTER_UNKNOWN,
    COUNTER_DOWN,
    COUNTER_FORBIDDEN,
    COUNTER_AUTH,
    COUNTER_PLAN,
    COUNTER_LIMIT_DAY,
    COUNTER_DROPS,  // refuses the call because of BAD
    COUNTER_SPLITS, // the same, without saying because of which
};

struct counter_made {
    int64_t at_ms;
    size_t provider;
    size_t count;
    char first[SYMBOL_LEN_LIMIT + 1];
};

/* What a provider says in the mood of a price; its members where not 0. */
struct counter_said {
    struct decimal price;
    const char *currency;
    uint16_t unit_factor;
};

struct counter {
    struct metrics metrics;
    struct desk *desk;
    struct steady_time now;
    struct desk_policy policy;
    enum counter_mood moods[COUNTER_PROVIDERS];
    struct counter_said says[COUNTER_PROVIDERS];
    const char *yaml[COUNTER_PROVIDERS];
    const char *limits[COUNTER_PROVIDERS];
    const char *keys[COUNTER_PROVIDERS];
    const char *origins[COUNTER_PROVIDERS];
    size_t providers;
    struct counter_made made[COUNTER_CALLS];
    size_t made_count;
    const struct desk_call *under_way[16];
    size_t under_way_count;
    unsigned told[COUNTER_TOLD]; // by asker
    int err[COUNTER_TOLD];
    char reason[COUNTER_TOLD][DESK_REASON_SIZE];
    size_t published;
    struct quote quote;     // the last one that was
    bool serves;            // that is served
    const char *currency;   // that is known of every symbol; NULL: of none
    uint64_t known_mono_ms; // every symbol's quote is known, of then; 0: none
    uint64_t not_before_ms; // what was demanded from who was told last
    struct desk_interest interest; // in every symbol
    const struct timetable *hours; // of every market; NULL: always open
};

/* Descriptions without limits: one symbol a call, and eight. */
extern const char counter_single[];
extern const char counter_batch[];

/* cmocka's: *state is a struct counter with one provider of single calls, at
 * 2026-03-01T12:00:00Z; its members may be changed before counter_open_desk().
 */
int counter_set_up(void **state);
int counter_tear_down(void **state);

/* Make the desk; with has_interest everybody is interested as f->interest. */
void counter_open_desk(struct counter *f, bool has_interest);

/* Make the providers anew, and load them. */
void counter_make_providers(struct counter *f, struct desk_provider *out);
void counter_reload(struct counter *f);

/* Ask for a symbol; what desk_ask() says. */
int counter_ask(struct counter *f, const char *text, unsigned asker,
                bool is_waited);

/* The same with a demand. */
int counter_demand(struct counter *f, const char *text, unsigned asker,
                   uint64_t not_before_mono_ms);

/* Take every call that departs. */
void counter_depart(struct counter *f);

/* Answer a call as its provider's mood is. */
void counter_answer(struct counter *f, const struct desk_call *call);

/* Answer what is under way, and what departs then, until nothing does. */
void counter_settle(struct counter *f);

/* Let time pass; run() stops wherever the desk wants to be looked at. */
void counter_pass(struct counter *f, uint64_t ms);
void counter_run(struct counter *f, uint64_t ms);

/* What was counted. */
uint64_t counter_sum(const struct counter *f, enum metric metric);
