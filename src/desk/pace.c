/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/pace.h"

#include "base/check.h"

/* One of so many is left to people who ask. */
#define RESERVE_SHARE 10u

static uint64_t length_ms(enum budget_span span)
{
    static const uint64_t lengths[BUDGET_SPANS] = {
        [BUDGET_SECOND] = 1000,
        [BUDGET_MINUTE] = 60000,
        [BUDGET_HOUR] = 3600000,
        [BUDGET_DAY] = 86400000,
        [BUDGET_MONTH] = UINT64_C(2678400000), // 31 days
    };
    CHECK(span < BUDGET_SPANS);
    return lengths[span];
}

void pace_spend(struct pace *pace, uint64_t now_mono_ms)
{
    pace->has_spent = true;
    pace->spent_mono_ms = now_mono_ms;
}

/* What is left of the time between two such calls. */
static uint64_t wait_since(const struct pace *pace, uint64_t now_mono_ms,
                           uint64_t spacing_ms)
{
    if (!pace->has_spent) {
        return 0;
    }
    CHECK(now_mono_ms >= pace->spent_mono_ms);
    uint64_t since_ms = now_mono_ms - pace->spent_mono_ms;
    return since_ms < spacing_ms ? spacing_ms - since_ms : 0;
}

static uint64_t wait_of_short(const struct pace *pace, uint64_t now_mono_ms,
                              const struct budget_view *view)
{
    uint32_t n = view->rule.n;
    uint32_t kept = n == 1 ? 0 : (n + RESERVE_SHARE - 1) / RESERVE_SHARE;
    uint64_t each_ms = length_ms(view->rule.span) / (n - kept);
    if (view->left <= kept) {
        return each_ms > 0 ? each_ms : 1; // about when the next one comes back
    }
    return view->rule.span == BUDGET_HOUR
               ? wait_since(pace, now_mono_ms, each_ms)
               : 0;
}

/* How many of a long window are kept for people with so much of it to go. */
static uint64_t reserve(const struct budget_view *view)
{
    uint64_t length = length_ms(view->rule.span);
    uint64_t to_go = view->turns_in_ms < length ? view->turns_in_ms : length;
    return (uint64_t)view->rule.n * to_go / (length * RESERVE_SHARE);
}

static uint64_t wait_of_long(const struct pace *pace, uint64_t now_mono_ms,
                             const struct pace_window *window)
{
    const struct budget_view *view = &window->view;
    uint64_t kept = reserve(view);
    if (window->open_ms == 0) {
        return view->left > kept ? 0 : PACE_WAIT_LIMIT_MS;
    }
    uint64_t half = view->rule.n / 2;
    kept += window->closing < half ? window->closing : half;
    if (view->left <= kept) {
        return PACE_WAIT_LIMIT_MS;
    }
    return wait_since(pace, now_mono_ms, window->open_ms / (view->left - kept));
}

uint64_t pace_wait_ms(const struct pace *pace, uint64_t now_mono_ms,
                      const struct pace_window *windows, size_t count)
{
    uint64_t wait_ms = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pace_window *window = &windows[i];
        uint64_t here_ms = window->view.rule.span < BUDGET_DAY
                               ? wait_of_short(pace, now_mono_ms, &window->view)
                               : wait_of_long(pace, now_mono_ms, window);
        wait_ms = here_ms > wait_ms ? here_ms : wait_ms;
    }
    return wait_ms < PACE_WAIT_LIMIT_MS ? wait_ms : PACE_WAIT_LIMIT_MS;
}
