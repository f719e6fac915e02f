/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar/timetable.h"
#include "desk/desk_priv.h"

void hours_note(struct desk *desk, const struct timetable *timetable)
{
    for (size_t i = 0; i < desk->markets_count; i++) {
        if (desk->markets[i] == timetable) {
            return;
        }
    }
    if (desk->markets_count == DESK_MARKETS_LIMIT) {
        desk->has_other_markets = true;
    } else {
        desk->markets[desk->markets_count++] = timetable;
    }
}

/* Whether any of the markets is open, and until when that stays so. */
static bool is_any_open(const struct desk *desk, int64_t unix_s, int64_t *until)
{
    bool is_open = false;
    *until = TIMETABLE_NEVER;
    for (size_t i = 0; i < desk->markets_count; i++) {
        struct timetable_view view;
        timetable_look(desk->markets[i], unix_s, &view);
        int64_t changes =
            view.is_open ? view.next_close_unix_s : view.next_open_unix_s;
        *until = changes < *until ? changes : *until;
        is_open = is_open || view.is_open;
    }
    return is_open;
}

uint64_t hours_open_ms(struct desk *desk, struct steady_time now, uint64_t ms)
{
    if (desk->markets_count == 0 || desk->has_other_markets) {
        return ms;
    }
    int64_t at = now.unix_ms / 1000;
    int64_t end = at + (int64_t)(ms / 1000);
    uint64_t open_s = 0;
    while (at < end) {
        int64_t until;
        bool is_open = is_any_open(desk, at, &until);
        until = until < end ? until : end;
        open_s += is_open ? (uint64_t)(until - at) : 0;
        at = until;
    }
    return open_s * 1000;
}
