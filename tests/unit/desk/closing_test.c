/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/closing.h"

#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "quote/quote.h"
#include "testing/testing.h"

#define HOUR_S INT64_C(3600)
#define DAY_S  (24 * HOUR_S)

/* Wednesday 2026-03-04, 09:30 in New York. */
#define OPEN_S  INT64_C(1772634600)
#define CLOSE_S (OPEN_S + 6 * HOUR_S + 1800)

struct fixture {
    struct calendar *calendar;
    const struct timetable *hours;
};

static int set_up(void **state)
{
    static struct fixture f;
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(calendar_create(&f.calendar), 0);
    assert_int_equal(calendar_add_built_in(f.calendar, ZONE_FOLDER, error), 0);
    f.hours = calendar_find(f.calendar, span_of("XNYS"));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    calendar_destroy(&f->calendar);
    return 0;
}

static struct steady_time at(int64_t unix_s)
{
    return (struct steady_time){
        .unix_ms = unix_s * 1000,
        .mono_ms = (uint64_t)(unix_s - OPEN_S + 30 * DAY_S) * 1000,
    };
}

/* A quote that is fetched at an instant, from a provider in real time. */
static struct quote fetched(const struct fixture *f, int64_t unix_s,
                            enum quote_delay delay, uint32_t delay_s)
{
    struct quote quote = {
        .fetched_unix_ms = unix_s * 1000,
        .fetched_mono_ms = at(unix_s).mono_ms,
        .delay = (uint8_t)delay,
        .delay_s = delay_s,
    };
    closing_note(&quote, f->hours, at(unix_s));
    return quote;
}

/* Until when a quote is settled, in Unix seconds; 0: not at all. */
static int64_t until(const struct quote *quote)
{
    return quote->settled_until_mono_ms == 0
               ? 0
               : (int64_t)(quote->settled_until_mono_ms / 1000) + OPEN_S -
                     30 * DAY_S;
}

static void prices_that_move_are_not_settled(void **state)
{
    struct fixture *f = *state;
    static const int64_t instants[] = {OPEN_S, OPEN_S + HOUR_S, CLOSE_S - 1,
                                       CLOSE_S, CLOSE_S + 60};
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        struct quote quote = fetched(f, instants[i], QUOTE_DELAY_KNOWN, 0);
        assert_int_equal(until(&quote), 0);
        assert_false(quote.is_closing);
    }
}

static void a_closing_price_stays_until_the_market_opens(void **state)
{
    struct fixture *f = *state;
    struct quote quote = fetched(f, CLOSE_S + HOUR_S, QUOTE_DELAY_KNOWN, 0);
    assert_true(quote.is_closing);
    assert_int_equal(until(&quote), OPEN_S + DAY_S);
    // Over a weekend, on whose Sunday the clocks change, and a night before.
    quote = fetched(f, CLOSE_S + 3 * DAY_S, QUOTE_DELAY_UNKNOWN, 0);
    assert_true(quote.is_closing);
    assert_int_equal(until(&quote), OPEN_S + 5 * DAY_S - HOUR_S);
    quote = fetched(f, OPEN_S - 60, QUOTE_DELAY_UNKNOWN, 0);
    assert_int_equal(until(&quote), OPEN_S);
}

static void a_delayed_provider_has_it_later(void **state)
{
    struct fixture *f = *state;
    struct quote quote =
        fetched(f, CLOSE_S + 15 * 60, QUOTE_DELAY_KNOWN, 20 * 60);
    assert_false(quote.is_closing);
    quote = fetched(f, CLOSE_S + HOUR_S, QUOTE_DELAY_KNOWN, 20 * 60);
    assert_true(quote.is_closing);
}

static void a_price_of_yesterdays_day_is_not_todays_closing_price(void **state)
{
    struct fixture *f = *state;
    struct quote quote = {
        .fetched_unix_ms = (CLOSE_S + 3 * HOUR_S) * 1000,
        .has_as_of = true,
        .as_of_is_day = true,
        .delay = QUOTE_DELAY_KNOWN,
    };
    quote.as_of_unix_ns = (OPEN_S / DAY_S - 1) * DAY_S * 1000000000;
    closing_note(&quote, f->hours, at(CLOSE_S + 3 * HOUR_S));
    assert_false(quote.is_closing);
    quote.as_of_unix_ns += DAY_S * 1000000000;
    closing_note(&quote, f->hours, at(CLOSE_S + 3 * HOUR_S));
    assert_true(quote.is_closing);
}

static void one_price_a_day_is_settled_until_the_next(void **state)
{
    struct fixture *f = *state;
    // In the session: yesterday's price, and no other before tonight.
    struct quote quote = fetched(f, OPEN_S + HOUR_S, QUOTE_DELAY_END_OF_DAY, 0);
    assert_false(quote.is_closing);
    assert_in_range(until(&quote), CLOSE_S + CLOSING_DAY_S,
                    CLOSE_S + CLOSING_DAY_S + HOUR_S);
    // In the evening: tonight's, and no other before tomorrow night.
    quote = fetched(f, CLOSE_S + 3 * HOUR_S, QUOTE_DELAY_END_OF_DAY, 0);
    assert_in_range(until(&quote), CLOSE_S + DAY_S + CLOSING_DAY_S,
                    CLOSE_S + DAY_S + CLOSING_DAY_S + HOUR_S);
}

static void without_known_hours_nothing_is_settled(void **state)
{
    struct fixture *f = *state;
    struct quote quote = {.fetched_unix_ms = CLOSE_S * 1000};
    closing_note(&quote, timetable_unknown(), at(CLOSE_S + HOUR_S));
    assert_int_equal(until(&quote), 0);
    closing_note(&quote, calendar_find(f->calendar, span_of("CRYPTO")),
                 at(CLOSE_S + HOUR_S));
    assert_int_equal(until(&quote), 0);
}

/* When a refresh is due that would be at an instant, in Unix seconds. */
static int64_t due(const struct fixture *f, const struct quote *quote,
                   int64_t unix_s, struct steady_time now)
{
    uint64_t due_ms =
        closing_due_mono_ms(quote, f->hours, at(unix_s).mono_ms, now);
    return (int64_t)(due_ms / 1000) + OPEN_S - 30 * DAY_S;
}

static void a_refresh_waits_for_the_closing_price_or_the_opening(void **state)
{
    struct fixture *f = *state;
    struct quote quote = fetched(f, CLOSE_S - 120, QUOTE_DELAY_KNOWN, 0);
    struct steady_time now = at(CLOSE_S - 120);
    assert_int_equal(due(f, &quote, CLOSE_S - 60, now), CLOSE_S - 60);
    // It would be after the close: then once, when the last price is there.
    int64_t late = due(f, &quote, CLOSE_S + 30, now);
    assert_in_range(late, CLOSE_S + CLOSING_AFTER_S,
                    CLOSE_S + CLOSING_AFTER_S + 1800);
    quote = fetched(f, late, QUOTE_DELAY_KNOWN, 0);
    assert_true(quote.is_closing);
    assert_int_equal(due(f, &quote, late + 60, at(late)), OPEN_S + DAY_S);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(prices_that_move_are_not_settled),
    TEST(a_closing_price_stays_until_the_market_opens),
    TEST(a_delayed_provider_has_it_later),
    TEST(a_price_of_yesterdays_day_is_not_todays_closing_price),
    TEST(one_price_a_day_is_settled_until_the_next),
    TEST(without_known_hours_nothing_is_settled),
    TEST(a_refresh_waits_for_the_closing_price_or_the_opening),
};

TEST_MAIN(tests)
