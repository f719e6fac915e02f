/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h -- what a desk lets people see: its providers, a symbol, and why a
 * symbol's price is what it is.
 *
 * Everything here is a plain value without a pointer in it: it may be copied,
 * given to another thread and kept for as long as one likes.  No member holds a
 * key.  Looking changes nothing: no flight is made, nothing is spent.
 *
 * Spans of time are counted from the instant at which was looked.
 *
 * Threads: the desk's owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget/budget.h"
#include "calendar/timetable.h"
#include "desk/terms.h"
#include "obs/family.h"

struct desk; /* desk/desk.h */

/* --- Parts ---------------------------------------------------------------- */

/* What a provider said when it was asked last: of one symbol, or of a call. */
struct desk_saying {
    bool is_known; /* false: nothing is remembered, and the rest is 0 */
    enum provider_class class;
    uint64_t ago_ms;
    uint32_t symbols; /* of the call that it was said to */
    /* As struct provider_verdict has it, the key blotted out; "" with OK. */
    char text[PROVIDER_TEXT_SIZE];
    char decided_by[PROVIDER_STEP_SIZE]; /* as struct provider_outcome */
};

/* One rule of a budget, and how fast it is spent (desk/spend.h). */
struct desk_allowance {
    struct budget_view view; /* rule.zone is NULL: views outlive zones */
    uint64_t pace_day;       /* what a day takes, going on as of late */
    /* Going on as of late nothing is left then; UINT64_MAX: it turns before, or
     * what comes back is enough. */
    uint64_t out_in_ms;
};

/* How a provider stands. */
enum desk_standing {
    DESK_OK,      /* it may be called */
    DESK_LIMITED, /* a minute's or a longer allowance is used up */
    DESK_RESTING, /* it failed or refused, and is left alone for rests_ms */
    DESK_TRYING,  /* it failed; whether it is well a call will show, or one that
                     is under way */
    DESK_OFF,     /* it is not called before the configuration is loaded anew */
    DESK_STANDINGS,
};

/* "ok", "limited", "resting", "trying", "off".  BORROWED, static.  Threads:
 * any. */
const char *view_standing_name(enum desk_standing standing);

/* A provider. */
struct desk_post_view {
    char name[QUOTE_SOURCE_SIZE];
    enum desk_standing standing;
    uint64_t rests_ms; /* 0: it does not; UINT64_MAX: OFF, or a call under way
                          will tell */
    char why[PROVIDER_TEXT_SIZE]; /* it is not called, or "" */
    uint32_t queued;              /* flights */
    uint32_t queued_waited;       /* of these, with somebody who waits */
    unsigned calls;               /* under way */
    uint64_t pace_ms; /* until the next call for which nobody waits */
    struct desk_saying last;
    uint64_t outcomes[PROVIDER_CLASS_COUNT]; /* calls that ended so */
    uint64_t took[FAMILY_CELLS_HISTOGRAM];   /* how long they took */
    struct desk_allowance rules[BUDGET_RULES_LIMIT];
    size_t rules_count;
};

/* Whether of the rules of one span and cost this is the one that matters: it
 * leaves least, and of such turns last.  A day that may be one of two zones' is
 * two rules.  Threads: any. */
bool view_is_tightest(const struct desk_post_view *post, size_t rule);

/* Look at provider `i`, below desk_posts() (checked). */
void view_look_at_post(struct desk *desk, struct steady_time now, size_t i,
                       struct desk_post_view *out);

/* A symbol's flight, and when it is due again. */
struct desk_symbol_view {
    bool has_flight;
    bool is_called;
    bool is_waited;
    char post[QUOTE_SOURCE_SIZE]; /* where it is queued or called; "" */
    uint64_t due_in_ms;           /* UINT64_MAX: it is not refreshed ahead */
};

/* Look at a symbol. */
void view_look_at_symbol(struct desk *desk, struct steady_time now,
                         const struct symbol *symbol,
                         struct desk_symbol_view *out);

/* --- Why this price ------------------------------------------------------- */

/* Whether a provider is asked for a symbol. */
enum desk_reach {
    DESK_SERVES,
    DESK_NOT_ITS_MARKET, /* by its description or the settings */
    DESK_NOT_IN_PLAN,    /* it said so of this symbol, less than a day ago */
    DESK_OTHER_UNIT,     /* its price was in another unit, minutes ago */
};

/* A provider, as seen from a symbol. */
struct desk_witness {
    struct desk_post_view post;
    enum desk_reach reach;
    struct desk_saying said; /* of this symbol */
    /* Until it might be asked for this symbol; 0: now; UINT64_MAX: nobody knows
     * when, or never.  And why not now, or "". */
    uint64_t wait_ms;
    char wait_why[PROVIDER_TEXT_SIZE];
};

/* What comes next for a symbol. */
enum desk_next {
    DESK_NEXT_NONE,    /* nobody asked for it of late: it is fetched when
                          somebody does */
    DESK_NEXT_CALLED,  /* a call for it is under way */
    DESK_NEXT_QUEUED,  /* it waits for a call, for next_ms at least */
    DESK_NEXT_FRESH,   /* it is asked for again before it is stale */
    DESK_NEXT_CLOSING, /* when the closing price is to be had */
    DESK_NEXT_OPENING, /* when its market opens, or has the next price */
    DESK_NEXT_RETRY,   /* the last try failed */
    DESK_NEXTS,
};

/* The sentence of it, without a full stop: "it is asked for again before it is
 * stale".  BORROWED, static.  Threads: any. */
const char *view_next_sentence(enum desk_next next);

struct desk_explanation {
    struct symbol symbol;
    int64_t now_unix_ms; /* when was looked */
    struct desk_symbol_view flight;
    enum desk_next next;
    uint64_t next_ms; /* UINT64_MAX: nobody knows */
    /* Why not sooner, where it is queued: "the allowance is used"; or "". */
    char next_why[PROVIDER_TEXT_SIZE];
    /* The code of its market, "" where that is not known.  The desk knows hours
     * only; host/supply.c fills it in. */
    char market[12];
    bool is_always_open; /* the provider that is asked first has prices at any
                            hour, whatever the market */
    struct timetable_view hours; /* is_known false: nobody knows them */
    /* The witness that is being asked, or would be next if somebody waited for
     * it; witnesses_count: none would be. */
    size_t at;
    size_t witnesses_count;
    struct desk_witness witnesses[DESK_PROVIDERS_LIMIT];
};

/* Say all that is known about why a symbol's price is what it is. */
void view_explain(struct desk *desk, struct steady_time now,
                  const struct symbol *symbol, struct desk_explanation *out);
