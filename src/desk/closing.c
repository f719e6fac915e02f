/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/closing.h"

#include "base/clock.h"
#include "calendar/timetable.h"
#include "calendar/zone.h"
#include "quote/quote.h"

#define DAY_S    INT64_C(86400)
#define NS_PER_S INT64_C(1000000000)

/* When the closing price of a session is to be had from this provider. */
static int64_t had_by_s(const struct quote *quote, int64_t final_unix_s)
{
    switch (quote->delay) {
    case QUOTE_DELAY_KNOWN:
        return final_unix_s + quote->delay_s + CLOSING_AFTER_S;
    case QUOTE_DELAY_END_OF_DAY:
        return final_unix_s + CLOSING_DAY_S;
    default:
        return final_unix_s + CLOSING_AFTER_S;
    }
}

/* The instant on the monotonic clock at which the wall clock shows another. */
static uint64_t mono_of(int64_t unix_s, struct steady_time now)
{
    int64_t ahead_ms = unix_s * 1000 - now.unix_ms;
    int64_t mono_ms = (int64_t)now.mono_ms + ahead_ms;
    return mono_ms > 1 ? (uint64_t)mono_ms : 1;
}

/* Whether a date is that of the local day of a session. */
static bool is_day_of(const struct quote *quote,
                      const struct timetable *timetable, int64_t close_unix_s)
{
    const struct zone *zone = timetable_zone(timetable);
    int64_t local_s = close_unix_s - 1;
    local_s += zone == NULL ? 0 : zone_offset_s(zone, local_s);
    return quote->as_of_unix_ns / NS_PER_S / DAY_S == local_s / DAY_S;
}

/* Whether a price is the last one of a session that is over. */
static bool is_last_of(const struct quote *quote,
                       const struct timetable *timetable,
                       const struct timetable_session *session)
{
    bool is_late_enough =
        quote->fetched_unix_ms / 1000 >= had_by_s(quote, session->final_unix_s);
    if (!quote->has_as_of) {
        return is_late_enough;
    }
    if (quote->as_of_is_day) {
        return is_late_enough &&
               is_day_of(quote, timetable, session->close_unix_s);
    }
    // Of a stock that is seldom traded the last price is older than the close.
    return is_late_enough ||
           quote->as_of_unix_ns / NS_PER_S >= session->final_unix_s;
}

void closing_note(struct quote *quote, const struct timetable *timetable,
                  struct steady_time now)
{
    quote->settled_until_mono_ms = 0;
    quote->is_closing = false;
    struct timetable_view view;
    timetable_look(timetable, now.unix_ms / 1000, &view);
    if (!view.is_known || !view.has_session) {
        return;
    }
    bool is_in_session =
        now.unix_ms / 1000 < view.session.close_unix_s; // breaks included
    if (!is_in_session && is_last_of(quote, timetable, &view.session)) {
        quote->is_closing = true;
        quote->settled_until_mono_ms = mono_of(view.next_open_unix_s, now);
    }
    bool is_of_days = quote->delay == QUOTE_DELAY_END_OF_DAY;
    if (is_of_days && (is_in_session || quote->is_closing)) {
        // Nothing new comes before the end of the session that is on or next.
        int64_t at_s =
            is_in_session ? view.session.open_unix_s : view.next_open_unix_s;
        struct timetable_view next;
        timetable_look(timetable, at_s, &next);
        if (next.has_session && next.session.open_unix_s == at_s) {
            quote->settled_until_mono_ms =
                mono_of(had_by_s(quote, next.session.final_unix_s), now);
        }
    }
}

uint64_t closing_due_mono_ms(const struct quote *quote,
                             const struct timetable *timetable,
                             uint64_t due_mono_ms, struct steady_time now)
{
    if (quote->settled_until_mono_ms > due_mono_ms) {
        return quote->settled_until_mono_ms;
    }
    int64_t due_unix_s =
        now.unix_ms / 1000 + (int64_t)(due_mono_ms - now.mono_ms) / 1000;
    struct timetable_view view;
    timetable_look(timetable, due_unix_s, &view);
    bool is_shut = view.is_known && !view.is_open && view.has_session;
    if (!is_shut) {
        return due_mono_ms;
    }
    if (view.is_break) {
        return mono_of(view.next_open_unix_s, now);
    }
    int64_t had_s = had_by_s(quote, view.session.final_unix_s);
    // Where that is over and the price was still not it, it is late.
    return had_s > due_unix_s ? mono_of(had_s, now) : due_mono_ms;
}
