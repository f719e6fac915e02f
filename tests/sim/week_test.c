/* SPDX-License-Identifier: Apache-2.0 */
/*
 * week_test.c -- a week of a free key, in virtual time.
 *
 * Ten symbols of New York, a key with one call a second and 25 a day, of which
 * nobody knows whether it turns in New York or by UTC (as Alpha Vantage's),
 * people who ask for each symbol about once a minute from early to late, every
 * day of the week, and a server that is killed twice.  Everything that decides
 * is the server's own (desk/desk.h and all behind it); the cache, the clock and
 * the provider are models.  The provider counts.
 *
 * Claims: no call over the limits; nothing fetched while the market is closed
 * but each closing price, once; in open hours no price older than the ideal
 * spacing allows by more than a fifth.  The ideal: of 25 calls ten are for
 * closing prices, the others spread evenly over the open hours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "desk/desk.h"
#include "obs/metric.h"
#include "quote/freshness.h"
#include "testing/testing.h"

#define SYMBOLS 10
#define CALLS   1024

#define SECOND_MS UINT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Monday 2026-03-02, 00:00 in New York; the week's Sunday has a change of
 * clocks. */
#define BEGIN_UNIX_MS INT64_C(1772427600000)

#define OPEN_HOURS_MS (6 * HOUR_MS + HOUR_MS / 2)

/* Of 25 calls 15 are made in open hours, for ten symbols. */
#define IDEAL_MS (OPEN_HOURS_MS * SYMBOLS / 15)

struct model {
    struct symbol symbol;
    bool has_quote;
    struct quote quote;
    uint64_t asked_mono_ms;
    uint32_t asked_seconds;
};

struct made {
    int64_t unix_ms;
    bool is_open;
    size_t symbol;
};

struct week {
    struct metrics metrics;
    struct calendar *calendar;
    const struct timetable *hours;
    struct zone *zone;
    struct desk *desk;
    struct desk_policy policy;
    struct steady_time now;
    struct buffer kept; // the budget, as the store would have it
    struct model models[SYMBOLS];
    struct made made[CALLS];
    size_t made_count;
    uint64_t oldest_ms[8]; // in open hours, by day
    unsigned waited[8];    // requests that had to wait, by day
    uint64_t random;
};

/* --- The cache -------------------------------------------------------------
 */

static struct model *find(struct week *week, const struct symbol *symbol)
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (symbol_equal(&week->models[i].symbol, symbol)) {
            return &week->models[i];
        }
    }
    fail();
    return NULL;
}

static enum freshness freshness(const struct week *week,
                                const struct model *model)
{
    const struct freshness_rule rule = {60 * SECOND_MS, 7 * DAY_MS};
    return freshness_of(&model->quote, &rule, week->now.mono_ms);
}

static void on_done(void *user, uint64_t askers,
                    const struct desk_result *result)
{
    (void)askers;
    struct week *week = user;
    struct model *model = find(week, &result->symbol);
    if (result->err == 0) {
        model->has_quote = true;
        model->quote = result->quote;
    }
}

static bool on_recall(void *user, struct desk_result *result)
{
    struct week *week = user;
    const struct model *model = find(week, &result->symbol);
    if (!model->has_quote || !freshness_is_good(freshness(week, model))) {
        return false;
    }
    result->quote = model->quote;
    return true;
}

static void on_interest(void *user, const struct symbol *symbol,
                        struct desk_interest *out)
{
    const struct model *model = find(user, symbol);
    out->asked_mono_ms = model->asked_mono_ms;
    out->seconds = model->asked_seconds;
    out->quote = model->has_quote ? &model->quote : NULL;
}

static const struct timetable *on_market(void *user,
                                         const struct symbol *symbol)
{
    (void)symbol;
    return ((struct week *)user)->hours;
}

/* --- The server -------------------------------------------------------------
 */

static const char description[] =
    "key: query\n"
    "delay: 0s\n"
    "limits:\n"
    "  - [1, s]\n"
    "  - [25, d]\n"
    "turns: [{zone: UTC}, {zone: America/New_York}]\n"
    "endpoints:\n"
    "  quote:\n"
    "    url: http://127.0.0.1/q?s={sym}&k={key}\n"
    "    format: json\n"
    "    rows: \"\"\n"
    "    shape: object\n"
    "    fields: {price: /p}\n";

static void start(struct week *week)
{
    const struct desk_callbacks callbacks = {
        .on_done = on_done,
        .on_recall = on_recall,
        .on_interest = on_interest,
        .on_market = on_market,
        .user = week,
        .boot = "boot",
    };
    char error[PROVIDER_ERROR_SIZE];
    struct desk_provider provider = {.timeout_ms = 5000};
    if (provider_create(&provider.provider, "market", span_of(description),
                        error) != 0) {
        fail_msg("%s", error);
    }
    provider.origin = mem_text("", 0);
    provider.key = mem_text("k", 1);
    assert_int_equal(desk_create(&week->desk, &week->policy, &callbacks,
                                 &week->metrics.cells[0], week->now),
                     0);
    assert_int_equal(
        desk_open(week->desk, week->now, &week->policy, &provider, 1), 0);
    if (week->kept.len > 0) {
        assert_int_equal(desk_load_budget(week->desk, week->now, 0,
                                          buffer_span(&week->kept)),
                         0);
    }
}

/* Everything in memory goes but what the store has: quotes and the budget. */
static void kill_and_start(struct week *week)
{
    desk_destroy(&week->desk);
    for (size_t i = 0; i < SYMBOLS; i++) {
        week->models[i].asked_mono_ms = 0;
        week->models[i].asked_seconds = 0;
    }
    start(week);
}

/* --- The provider -----------------------------------------------------------
 */

static bool is_open(const struct week *week)
{
    struct timetable_view view;
    timetable_look(week->hours, week->now.unix_ms / 1000, &view);
    return view.is_open;
}

static void answer(struct week *week, const struct desk_call *call)
{
    assert_int_equal(call->query.count, 1);
    buffer_clear(&week->kept);
    desk_save_budget(week->desk, week->now, call, &week->kept);
    const struct symbol *symbol = call->query.symbols[0];
    assert_true(week->made_count < CALLS);
    week->made[week->made_count++] = (struct made){
        week->now.unix_ms,
        is_open(week),
        (size_t)(find(week, symbol) - week->models),
    };
    struct provider_outcome outcome = {.class = PROVIDER_OK, .drop = 1};
    struct provider_verdict verdict = {.class = PROVIDER_OK};
    verdict.quote.symbol = *symbol;
    verdict.quote.has_as_of = true;
    verdict.quote.as_of_unix_ns = week->now.unix_ms * 1000000;
    verdict.quote.delay = QUOTE_DELAY_KNOWN;
    quote_set(&verdict.quote, QUOTE_PRICE, (struct decimal){5, 0});
    desk_arrive(week->desk, week->now, call, &outcome, &verdict);
}

static void settle(struct week *week)
{
    const struct desk_call *call;
    while ((call = desk_depart(week->desk, week->now)) != NULL) {
        answer(week, call);
    }
}

/* --- People -----------------------------------------------------------------
 */

static size_t day_of(const struct week *week)
{
    return (size_t)((week->now.unix_ms - BEGIN_UNIX_MS) / (int64_t)DAY_MS);
}

static void ask(struct week *week, struct model *model)
{
    if (model->asked_mono_ms / 1000 != week->now.mono_ms / 1000) {
        model->asked_seconds++;
    }
    model->asked_mono_ms = week->now.mono_ms;
    bool is_served =
        model->has_quote && freshness(week, model) != FRESHNESS_EXPIRED;
    if (is_served && freshness_is_good(freshness(week, model))) {
        return;
    }
    week->waited[day_of(week)] += !is_served;
    struct desk_wish wish = {.is_waited = !is_served};
    int err = desk_ask(week->desk, week->now, &model->symbol, 0, wish);
    assert_int_equal(err, 0);
}

/* What is older than it should be, while the market is open. */
static void look_at_ages(struct week *week)
{
    struct timetable_view view;
    timetable_look(week->hours, week->now.unix_ms / 1000, &view);
    if (!view.is_open) {
        return;
    }
    for (size_t i = 0; i < SYMBOLS; i++) {
        int64_t since_ms = view.session.open_unix_s * 1000;
        int64_t fetched_ms = week->models[i].quote.fetched_unix_ms;
        since_ms = fetched_ms > since_ms ? fetched_ms : since_ms;
        uint64_t age_ms = (uint64_t)(week->now.unix_ms - since_ms);
        uint64_t *oldest = &week->oldest_ms[day_of(week)];
        *oldest = age_ms > *oldest ? age_ms : *oldest;
    }
}

/* --- The week ---------------------------------------------------------------
 */

static void open_week(struct week *week)
{
    char error[CALENDAR_ERROR_SIZE];
    assert_int_equal(metric_init(&week->metrics, 1), 0);
    assert_int_equal(calendar_create(&week->calendar), 0);
    assert_int_equal(calendar_add_built_in(week->calendar, ZONE_FOLDER, error),
                     0);
    week->hours = calendar_find(week->calendar, span_of("XNYS"));
    assert_int_equal(zone_create(&week->zone, ZONE_FOLDER,
                                 span_of("America/New_York"), error),
                     0);
    week->now = (struct steady_time){BEGIN_UNIX_MS, 40 * DAY_MS};
    week->kept = buffer_empty(1 << 16);
    week->random = 11;
    week->policy = (struct desk_policy){
        .flights_max = 1000,
        .calls_max = 16,
        .symbols_max = 1000,
        .wait_for_ms = 1500,
        .pack_for_ms = 20,
        .warm_for_ms = 300 * SECOND_MS,
        .fresh_for_ms = 60 * SECOND_MS,
        .retry_after_ms = 5 * SECOND_MS,
    };
    for (size_t i = 0; i < SYMBOLS; i++) {
        char text[8];
        snprintf(text, sizeof(text), "S%zu", i);
        assert_int_equal(symbol_parse(&week->models[i].symbol, span_of(text)),
                         0);
    }
    start(week);
}

static void close_week(struct week *week)
{
    desk_destroy(&week->desk);
    calendar_destroy(&week->calendar);
    zone_destroy(&week->zone);
    buffer_deinit(&week->kept);
    metric_deinit(&week->metrics);
}

/* People are awake from 07:00 to 22:00, and each symbol is asked for about once
 * a minute then. */
static void live(struct week *week)
{
    const uint64_t step_ms = 500;
    const uint64_t kills_ms[] = {DAY_MS + 11 * HOUR_MS,
                                 3 * DAY_MS + 17 * HOUR_MS};
    size_t killed = 0;
    for (uint64_t at_ms = 0; at_ms < 7 * DAY_MS; at_ms += step_ms) {
        week->now.unix_ms += (int64_t)step_ms;
        week->now.mono_ms += step_ms;
        if (killed < 2 && at_ms >= kills_ms[killed]) {
            killed++;
            kill_and_start(week);
        }
        struct zone_local local;
        zone_local_of(week->zone, week->now.unix_ms / 1000, &local);
        bool is_awake = local.hour >= 7 && local.hour < 22;
        for (size_t i = 0; is_awake && i < SYMBOLS; i++) {
            if (testing_random(&week->random) % 120 == 0) {
                ask(week, &week->models[i]);
            }
        }
        settle(week);
        look_at_ages(week);
    }
}

static int64_t day_there(const struct zone *zone, int64_t unix_ms)
{
    int64_t unix_s = unix_ms / 1000;
    return (unix_s + (zone == NULL ? 0 : zone_offset_s(zone, unix_s))) / 86400;
}

/* The calls of a day of a zone; NULL is UTC. */
static unsigned count_of_day(const struct week *week, const struct zone *zone,
                             size_t day)
{
    unsigned count = 0;
    for (size_t i = 0; i < week->made_count; i++) {
        int64_t days = day_there(zone, week->made[i].unix_ms) -
                       day_there(zone, BEGIN_UNIX_MS);
        count += (size_t)days == day;
    }
    return count;
}

static void check_limits(const struct week *week)
{
    for (size_t i = 1; i < week->made_count; i++) {
        assert_true(week->made[i].unix_ms - week->made[i - 1].unix_ms >= 1000);
    }
    for (size_t day = 0; day <= 7; day++) {
        assert_true(count_of_day(week, week->zone, day) <= 25);
        assert_true(count_of_day(week, NULL, day) <= 25);
    }
}

/* While the market is closed: the first prices of all on the first morning, and
 * then each closing price once, within minutes of the close. */
static void check_closed_hours(const struct week *week)
{
    unsigned closing[7][SYMBOLS] = {{0}};
    for (size_t i = 0; i < week->made_count; i++) {
        const struct made *made = &week->made[i];
        size_t day =
            (size_t)((made->unix_ms - BEGIN_UNIX_MS) / (int64_t)DAY_MS);
        int64_t hour_ms = (made->unix_ms - BEGIN_UNIX_MS) % (int64_t)DAY_MS;
        bool is_first_morning = day == 0 && hour_ms < 9 * (int64_t)HOUR_MS;
        if (made->is_open || is_first_morning) {
            continue;
        }
        assert_true(day < 5);
        assert_in_range(hour_ms, 16 * HOUR_MS, 16 * HOUR_MS + HOUR_MS);
        assert_int_equal(closing[day][made->symbol]++, 0);
    }
    for (size_t day = 1; day < 5; day++) {
        for (size_t i = 0; i < SYMBOLS; i++) {
            assert_int_equal(closing[day][i], 1);
        }
    }
}

static void print_week(const struct week *week)
{
    printf("day  calls  in open hours  oldest price in open hours  ideal\n");
    for (size_t day = 0; day < 7; day++) {
        unsigned count = 0;
        unsigned open = 0;
        for (size_t i = 0; i < week->made_count; i++) {
            int64_t at_ms = week->made[i].unix_ms - BEGIN_UNIX_MS;
            bool is_today = (size_t)(at_ms / (int64_t)DAY_MS) == day;
            count += is_today;
            open += is_today && week->made[i].is_open;
        }
        printf("%3zu  %5u  %13u  %21.2f h  %.2f h\n", day + 1, count, open,
               (double)week->oldest_ms[day] / (double)HOUR_MS,
               (double)IDEAL_MS / (double)HOUR_MS);
    }
}

static void a_week_of_a_free_key(void **state)
{
    (void)state;
    static struct week week;
    open_week(&week);
    live(&week);
    print_week(&week);
    check_limits(&week);
    check_closed_hours(&week);
    for (size_t day = 1; day < 5; day++) {
        assert_true(week.oldest_ms[day] <= IDEAL_MS * 12 / 10);
    }
    close_week(&week);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_week_of_a_free_key),
};

TEST_MAIN(tests)
