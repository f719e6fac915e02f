/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fetch/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/mem.h"

#define PATIENCE_MS 20000
#define AWAIT_S     60

IMPLEMENTS(mono_ms)
static uint64_t mono_ms(const struct clock *clock)
{
    return atomic_load(&((const struct office *)clock)->mono_ms);
}

IMPLEMENTS(unix_ms)
static int64_t unix_ms(const struct clock *clock)
{
    (void)clock;
    return 1762387200000; // 2025-11-06T00:00:00Z
}

/* What a site says of a symbol, in the words of Alpha Vantage. */
static void put_mood(struct stub_answer *out, enum site_mood mood,
                     const char *symbol)
{
    char body[500];
    const char *status = "200 OK";
    switch (mood) {
    case SITE_PRICE:
        snprintf(body, sizeof(body),
                 "{\"Global Quote\": {\"01. symbol\": \"%s\", "
                 "\"05. price\": \"312.4200\", \"06. volume\": \"7\"}}",
                 symbol);
        break;
    case SITE_UNKNOWN:
        snprintf(body, sizeof(body), "{\"Global Quote\": {}}");
        break;
    case SITE_FORBIDDEN_PLAN:
        snprintf(body, sizeof(body),
                 "{\"Information\": \"This is a premium endpoint.\"}");
        break;
    case SITE_BAD_KEY:
        snprintf(body, sizeof(body),
                 "{\"Error Message\": \"the parameter apikey is invalid or "
                 "missing: %s\"}",
                 OFFICE_KEY);
        break;
    case SITE_LIMIT_SECOND:
        snprintf(body, sizeof(body),
                 "{\"Information\": \"1 request per second, please\"}");
        break;
    case SITE_LIMIT_DAY:
        snprintf(body, sizeof(body),
                 "{\"Note\": \"Your API key %s has 25 requests per day.\"}",
                 OFFICE_KEY);
        break;
    case SITE_DOWN:
        status = "503 Service Unavailable";
        snprintf(body, sizeof(body), "<html>down</html>");
        break;
    case SITE_RESET:
        out->resets = true;
        return;
    }
    stub_put(out, status, "", span_of(body));
}

static void answer(void *user, const char *target, struct stub_answer *out)
{
    struct site *site = user;
    const char *from = strstr(target, "symbol=");
    CHECK(from != NULL && strstr(target, "apikey=" OFFICE_KEY) != NULL);
    char symbol[64];
    snprintf(symbol, sizeof(symbol), "%.*s", (int)strcspn(from + 7, "&"),
             from + 7);
    enum site_mood mood = strcmp(symbol, "SECOND") == 0 ? SITE_LIMIT_SECOND
                          : strcmp(symbol, "DAY") == 0
                              ? SITE_LIMIT_DAY
                              : (enum site_mood)atomic_load(&site->mood);
    put_mood(out, mood, symbol);
}

/* --- The fetch thread's callbacks ------------------------------------------
 */

IMPLEMENTS(desk_done_fn)
static void on_done(void *user, uint64_t askers,
                    const struct desk_result *result)
{
    struct office *office = user;
    CHECK(office->has_joined && !office->has_left && office->is_awake);
    if (askers == 0) {
        return; // nobody waits for it any more
    }
    pthread_mutex_lock(&office->lock);
    CHECK(office->count < OFFICE_ENDED_LIMIT);
    office->ended[office->count++] = (struct office_ended){askers, *result};
    pthread_cond_broadcast(&office->came);
    pthread_mutex_unlock(&office->lock);
}

IMPLEMENTS(desk_recall_fn)
static bool on_recall(void *user, struct desk_result *result)
{
    struct office *office = user;
    CHECK(office->is_awake);
    if (!atomic_load(&office->recalls)) {
        return false;
    }
    result->err = 0;
    result->quote.symbol = result->symbol;
    quote_set(&result->quote, QUOTE_PRICE, (struct decimal){5, 0});
    return true;
}

static void on_change(void *user)
{
    struct office *office = user;
    CHECK(office->has_joined && office->is_awake);
    office->changes++;
}

static void on_changed(void *user)
{
    struct office *office = user;
    CHECK(office->has_joined && office->is_awake);
    office->changed++;
    CHECK(office->changed <= office->changes); // that came first
}

static void on_join(void *user)
{
    struct office *office = user;
    CHECK(!office->has_joined);
    office->has_joined = true;
    office->is_awake = true; // a reader joins awake
}

static void on_leave(void *user)
{
    struct office *office = user;
    CHECK(office->has_joined && !office->has_left && office->is_awake);
    office->has_left = true;
}

static void on_wake(void *user)
{
    struct office *office = user;
    CHECK(office->has_joined && !office->is_awake);
    office->is_awake = true;
    office->wakes++;
}

static void on_block(void *user)
{
    struct office *office = user;
    CHECK(office->has_joined && office->is_awake);
    office->is_awake = false;
}

/* --- Opening and closing ---------------------------------------------------
 */

void office_open(struct office *office, uint64_t timeout_ms)
{
    memset(office, 0, sizeof(*office));
    office->clock = (struct clock){.mono_ms = mono_ms, .unix_ms = unix_ms};
    atomic_store(&office->mono_ms, 1000000);
    office->timeout_ms = timeout_ms > 0 ? timeout_ms : PATIENCE_MS;
    CHECK(metric_init(&office->metrics, 1) == 0);
    CHECK(pthread_mutex_init(&office->lock, NULL) == 0);
    CHECK(pthread_cond_init(&office->came, NULL) == 0);
    office->ended = calloc(OFFICE_ENDED_LIMIT, sizeof(*office->ended));
    CHECK(office->ended != NULL);
    for (size_t i = 0; i < OFFICE_SITES; i++) {
        office->sites[i].stub = stub_start(answer, &office->sites[i]);
    }
}

void office_provider(struct office *office, size_t site,
                     struct desk_provider *out)
{
    char error[PROVIDER_ERROR_SIZE];
    const char *origin = stub_origin(office->sites[site].stub);
    *out = (struct desk_provider){.timeout_ms = office->timeout_ms};
    // Without their limits, which are the desk's business.
    const char *name = site == 0 ? "alphavantage" : "market";
    char yaml[64];
    snprintf(yaml, sizeof(yaml), "like: %s\nlimits: []\n", "alphavantage");
    CHECK(provider_create(&out->provider, name, span_of(yaml), error) == 0);
    out->origin = mem_text(origin, strlen(origin));
    out->key = mem_text(OFFICE_KEY, strlen(OFFICE_KEY));
    CHECK(out->origin != NULL && out->key != NULL);
}

struct desk_policy office_policy(uint32_t flights_max, uint32_t calls_max)
{
    return (struct desk_policy){
        .flights_max = flights_max,
        .calls_max = calls_max,
        .symbols_max = 100,
        .fresh_for_ms = 60000,
        .retry_after_ms = 30000,
    };
}

struct fetch_options office_options(struct office *office, uint32_t flights_max,
                                    uint32_t calls_max)
{
    office->has_joined = false;
    office->has_left = false;
    return (struct fetch_options){
        .clock = &office->clock,
        .cells = office->metrics.cells,
        .desk =
            {
                .on_done = on_done,
                .on_recall = on_recall,
                .user = office,
                .boot = "",
            },
        .on_change = on_change,
        .on_changed = on_changed,
        .on_join = on_join,
        .on_leave = on_leave,
        .on_wake = on_wake,
        .on_block = on_block,
        .policy = office_policy(flights_max, calls_max),
    };
}

void office_start(struct office *office, size_t providers, uint32_t flights_max,
                  uint32_t calls_max)
{
    struct fetch_options options =
        office_options(office, flights_max, calls_max);
    struct desk_provider list[OFFICE_SITES];
    for (size_t i = 0; i < providers; i++) {
        office_provider(office, i, &list[i]);
    }
    CHECK(fetch_start(&office->fetch, &options, list, providers) == 0);
}

void office_stop(struct office *office)
{
    fetch_stop(&office->fetch);
    CHECK(office->fetch == NULL);
    CHECK(office->has_left);
    CHECK(office_metric(office, METRIC_flights_open) == 0);
}

void office_close(struct office *office)
{
    if (office->fetch != NULL) {
        office_stop(office);
    }
    for (size_t i = 0; i < OFFICE_SITES; i++) {
        stub_stop(&office->sites[i].stub);
    }
    metric_deinit(&office->metrics);
    pthread_mutex_destroy(&office->lock);
    pthread_cond_destroy(&office->came);
    free(office->ended);
}

/* --- Asking ----------------------------------------------------------------
 */

static struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    CHECK(symbol_parse(&symbol, span_of(text)) == 0);
    return symbol;
}

void office_ask(struct office *office, unsigned asker, const char *symbol)
{
    struct symbol parsed = symbol_of(symbol);
    struct desk_wish wish = {.is_waited = true};
    CHECK(fetch_ask(office->fetch, asker, &parsed, wish) == 0);
}

void office_await(struct office *office, size_t count)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += AWAIT_S;
    pthread_mutex_lock(&office->lock);
    while (office->count < count) {
        CHECK(pthread_cond_timedwait(&office->came, &office->lock, &until) ==
              0);
    }
    pthread_mutex_unlock(&office->lock);
}

size_t office_count(struct office *office)
{
    pthread_mutex_lock(&office->lock);
    size_t count = office->count;
    pthread_mutex_unlock(&office->lock);
    return count;
}

/* How often a symbol's flights ended, and how the last of them did. */
static size_t look_up(struct office *office, const char *text,
                      struct office_ended *last)
{
    struct symbol symbol = symbol_of(text);
    size_t found = 0;
    pthread_mutex_lock(&office->lock);
    for (size_t i = 0; i < office->count; i++) {
        if (symbol_equal(&office->ended[i].result.symbol, &symbol)) {
            *last = office->ended[i];
            found++;
        }
    }
    pthread_mutex_unlock(&office->lock);
    return found;
}

size_t office_count_of(struct office *office, const char *symbol)
{
    struct office_ended last;
    return look_up(office, symbol, &last);
}

struct office_ended office_ended_of(struct office *office, const char *symbol)
{
    struct office_ended last = {0};
    CHECK(look_up(office, symbol, &last) > 0);
    return last;
}

struct desk_result office_fetch(struct office *office, const char *symbol)
{
    size_t before = office_count(office);
    office_ask(office, 0, symbol);
    office_await(office, before + 1);
    return office_ended_of(office, symbol).result;
}

uint64_t office_metric(struct office *office, enum metric metric)
{
    return metric_sum(&office->metrics, metric);
}
