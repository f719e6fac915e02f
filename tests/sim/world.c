/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "calendar/timetable.h"

/* --- The cache -------------------------------------------------------------
 */

static struct world_symbol *find(struct world *world,
                                 const struct symbol *symbol)
{
    size_t number = strtoul(symbol->text + 1, NULL, 10);
    assert_true(number < world->symbols_count);
    struct world_symbol *one = &world->symbols[number];
    assert_true(symbol_equal(&one->symbol, symbol));
    return one;
}

static enum freshness freshness(const struct world *world,
                                const struct world_symbol *one)
{
    const struct freshness_rule rule = {world->policy.fresh_for_ms, 7 * DAY_MS};
    return freshness_of(&one->quote, &rule, world->now.mono_ms);
}

static void on_done(void *user, uint64_t askers,
                    const struct desk_result *result)
{
    (void)askers;
    struct world *world = user;
    world->told_limit += result->err == ERR_LIMIT;
    if (result->err == 0) {
        struct world_symbol *one = find(world, &result->symbol);
        one->has_quote = true;
        one->quote = result->quote;
    }
}

static bool on_recall(void *user, struct desk_result *result)
{
    struct world *world = user;
    const struct world_symbol *one = find(world, &result->symbol);
    if (!one->has_quote || !freshness_is_good(freshness(world, one)) ||
        one->quote.fetched_mono_ms < result->not_before_mono_ms) {
        return false;
    }
    result->quote = one->quote;
    return true;
}

static void on_interest(void *user, const struct symbol *symbol,
                        struct desk_interest *out)
{
    const struct world_symbol *one = find(user, symbol);
    out->asked_mono_ms = one->asked_mono_ms;
    out->seconds = one->asked_seconds;
    out->quote = one->has_quote ? &one->quote : NULL;
}

static const struct timetable *on_market(void *user,
                                         const struct symbol *symbol)
{
    (void)symbol;
    return ((struct world *)user)->hours;
}

/* --- The server -------------------------------------------------------------
 */

static void start(struct world *world)
{
    static const char endpoints[] = "key: query\n"
                                    "delay: 0s\n"
                                    "endpoints:\n"
                                    "  quote:\n"
                                    "    url: http://127.0.0.1/{sym}?k={key}\n"
                                    "    format: json\n"
                                    "    rows: \"\"\n"
                                    "    shape: object\n"
                                    "    fields: {price: /p}\n";
    const struct desk_callbacks callbacks = {
        .on_done = on_done,
        .on_recall = on_recall,
        .on_interest = on_interest,
        .on_market = world->hours != NULL ? on_market : NULL,
        .user = world,
        .boot = "boot",
    };
    char yaml[1024];
    snprintf(yaml, sizeof(yaml), "%s%s", world->description, endpoints);
    char error[PROVIDER_ERROR_SIZE];
    struct desk_provider provider = {.timeout_ms = 5000};
    if (provider_create(&provider.provider, "market", span_of(yaml), error) !=
        0) {
        fail_msg("%s", error);
    }
    provider.origin = mem_text("", 0);
    provider.key = mem_text("k", 1);
    assert_int_equal(desk_create(&world->desk, &world->policy, &callbacks,
                                 &world->metrics.cells[0], world->now),
                     0);
    assert_int_equal(
        desk_open(world->desk, world->now, &world->policy, &provider, 1), 0);
    if (world->kept.len > 0) {
        assert_int_equal(desk_load_budget(world->desk, world->now, 0,
                                          buffer_span(&world->kept)),
                         0);
    }
}

void world_open(struct world *world, size_t count, const char *terms,
                const struct timetable *hours, struct steady_time now)
{
    assert_true(count <= WORLD_SYMBOLS);
    *world = (struct world){
        .policy =
            {
                .flights_max = 10000,
                .calls_max = 64,
                .symbols_max = 10000,
                .wait_for_ms = 1500,
                .pack_for_ms = 20,
                .warm_for_ms = 300 * SECOND_MS,
                .fresh_for_ms = 60 * SECOND_MS,
                .retry_after_ms = 5 * SECOND_MS,
            },
        .now = now,
        .description = terms,
        .hours = hours,
        .kept = buffer_empty(1 << 16),
        .symbols_count = count,
        .random = 11,
    };
    assert_int_equal(metric_init(&world->metrics, 1), 0);
    for (size_t i = 0; i < count; i++) {
        char text[24];
        snprintf(text, sizeof(text), "S%zu", i);
        assert_int_equal(symbol_parse(&world->symbols[i].symbol, span_of(text)),
                         0);
    }
    start(world);
}

void world_close(struct world *world)
{
    desk_destroy(&world->desk);
    buffer_deinit(&world->kept);
    metric_deinit(&world->metrics);
}

void world_kill_and_start(struct world *world)
{
    desk_destroy(&world->desk);
    for (size_t i = 0; i < world->symbols_count; i++) {
        world->symbols[i].asked_mono_ms = 0;
        world->symbols[i].asked_seconds = 0;
    }
    start(world);
}

/* --- The provider -----------------------------------------------------------
 */

bool world_is_open(const struct world *world)
{
    if (world->hours == NULL) {
        return true;
    }
    struct timetable_view view;
    timetable_look(world->hours, world->now.unix_ms / 1000, &view);
    return view.is_open;
}

static void answer(struct world *world, const struct desk_call *call)
{
    assert_int_equal(call->query.count, 1);
    buffer_clear(&world->kept);
    desk_save_budget(world->desk, world->now, call, &world->kept);
    const struct symbol *symbol = call->query.symbols[0];
    assert_true(world->calls_count < WORLD_CALLS);
    world->calls[world->calls_count++] = (struct world_call){
        world->now.unix_ms,
        world->now.mono_ms,
        world_is_open(world),
        (size_t)(find(world, symbol) - world->symbols),
    };
    struct provider_outcome outcome = {.class = PROVIDER_OK, .drop = 1};
    struct provider_verdict verdict = {.class = PROVIDER_OK};
    verdict.quote.symbol = *symbol;
    verdict.quote.has_as_of = true;
    verdict.quote.as_of_unix_ns = world->now.unix_ms * 1000000;
    verdict.quote.delay = QUOTE_DELAY_KNOWN;
    quote_set(&verdict.quote, QUOTE_PRICE, (struct decimal){5, 0});
    desk_arrive(world->desk, world->now, call, &outcome, &verdict);
}

void world_settle(struct world *world)
{
    const struct desk_call *call;
    while ((call = desk_depart(world->desk, world->now)) != NULL) {
        answer(world, call);
    }
}

void world_pass(struct world *world, uint64_t ms)
{
    world->now.unix_ms += (int64_t)ms;
    world->now.mono_ms += ms;
}

unsigned world_most_within(const struct world *world, uint64_t ms)
{
    unsigned most = 0;
    size_t first = 0;
    for (size_t i = 0; i < world->calls_count; i++) {
        while (world->calls[i].mono_ms - world->calls[first].mono_ms >= ms) {
            first++;
        }
        unsigned count = (unsigned)(i - first + 1);
        most = count > most ? count : most;
    }
    return most;
}

/* --- People -----------------------------------------------------------------
 */

enum world_answer world_ask(struct world *world, struct world_symbol *one)
{
    if (one->asked_mono_ms / 1000 != world->now.mono_ms / 1000) {
        one->asked_seconds++;
    }
    one->asked_mono_ms = world->now.mono_ms;
    bool is_served =
        one->has_quote && freshness(world, one) != FRESHNESS_EXPIRED;
    if (is_served && freshness_is_good(freshness(world, one))) {
        return WORLD_FRESH;
    }
    struct desk_wish wish = {.is_waited = !is_served};
    int err = desk_ask(world->desk, world->now, &one->symbol, 0, wish);
    assert_int_equal(err, 0);
    return is_served ? WORLD_STALE : WORLD_WAITS;
}

bool world_prints_rows(void)
{
    return getenv("SIM_ROWS") != NULL;
}
