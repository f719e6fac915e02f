/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/spend.h"

#include "base/check.h"

#define DAY_MS UINT64_C(86400000)

/* The look-back is this part of a rule's span. */
#define LOOK_BACK_SHARE 4u

/* More than any machine spends, so that no product overflows. */
#define SPENT_LIMIT 1000000000u

static uint64_t length_ms(enum budget_span span)
{
    static const uint64_t lengths[BUDGET_SPANS] = {
        [BUDGET_SECOND] = 1000,       [BUDGET_MINUTE] = 60000,
        [BUDGET_HOUR] = 3600000,      [BUDGET_DAY] = DAY_MS,
        [BUDGET_MONTH] = 31 * DAY_MS,
    };
    CHECK(span < BUDGET_SPANS);
    return lengths[span];
}

void spend_init(struct spend *spend, enum budget_span span,
                uint64_t now_mono_ms)
{
    *spend = (struct spend){
        .since_mono_ms = now_mono_ms,
        .slot_ms = length_ms(span) / LOOK_BACK_SHARE / SPEND_SLOTS,
    };
    CHECK(spend->slot_ms > 0);
    spend->slot = now_mono_ms / spend->slot_ms;
}

/* Empty the slots that have begun since the last call. */
static void turn(struct spend *spend, uint64_t now_mono_ms)
{
    uint64_t slot = now_mono_ms / spend->slot_ms;
    CHECK(slot >= spend->slot);
    uint64_t begun = slot - spend->slot;
    for (uint64_t i = 0; i < begun && i < SPEND_SLOTS; i++) {
        spend->spent[(slot - i) % SPEND_SLOTS] = 0;
    }
    spend->slot = slot;
}

void spend_note(struct spend *spend, uint64_t now_mono_ms, uint32_t amount)
{
    turn(spend, now_mono_ms);
    uint32_t *spent = &spend->spent[spend->slot % SPEND_SLOTS];
    uint32_t room = SPENT_LIMIT / SPEND_SLOTS - *spent;
    *spent += amount < room ? amount : room;
}

static uint64_t sum(const struct spend *spend)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SPEND_SLOTS; i++) {
        all += spend->spent[i];
    }
    return all;
}

/* How much time the ring has seen. */
static uint64_t seen_ms(const struct spend *spend, uint64_t now_mono_ms)
{
    uint64_t in_slot_ms = now_mono_ms - spend->slot * spend->slot_ms;
    uint64_t most_ms = (SPEND_SLOTS - 1) * spend->slot_ms + in_slot_ms;
    uint64_t since_ms = now_mono_ms - spend->since_mono_ms;
    uint64_t ms = since_ms < most_ms ? since_ms : most_ms;
    return ms > spend->slot_ms ? ms : spend->slot_ms;
}

uint64_t spend_pace_day(struct spend *spend, uint64_t now_mono_ms)
{
    turn(spend, now_mono_ms);
    uint64_t ms = seen_ms(spend, now_mono_ms);
    CHECK(ms > 0);
    return (sum(spend) * DAY_MS + ms - 1) / ms;
}

uint64_t spend_out_in_ms(struct spend *spend, uint64_t now_mono_ms,
                         const struct budget_view *view)
{
    turn(spend, now_mono_ms);
    uint64_t spent = sum(spend);
    if (spent == 0) {
        return SPEND_NEVER;
    }
    uint64_t ms = seen_ms(spend, now_mono_ms);
    uint64_t out_ms = view->left * ms / spent;
    bool turns = view->rule.span >= BUDGET_DAY;
    bool lasts = turns ? out_ms >= view->turns_in_ms
                       : spent * length_ms(view->rule.span) <=
                             (uint64_t)view->rule.n * ms;
    return lasts ? SPEND_NEVER : out_ms;
}
