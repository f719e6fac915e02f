/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/desk/counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing/testing.h"

const char counter_single[] = "key: query\n"
                              "endpoints:\n"
                              "  quote:\n"
                              "    url: http://127.0.0.1/q?s={sym}&k={key}\n"
                              "    format: json\n"
                              "    rows: \"\"\n"
                              "    shape: object\n"
                              "    fields: {price: /p}\n";

const char counter_batch[] = "key: query\n"
                             "endpoints:\n"
                             "  quotes:\n"
                             "    url: http://127.0.0.1/q?s={syms}&k={key}\n"
                             "    max: 8\n"
                             "    format: json\n"
                             "    rows: \"\"\n"
                             "    shape: map\n"
                             "    fields: {price: /p}\n";

/* --- What the desk calls back ----------------------------------------------
 */

static void on_done(void *user, uint64_t askers,
                    const struct desk_result *result)
{
    struct counter *f = user;
    f->published += result->err == 0;
    if (result->err == 0) {
        f->quote = result->quote;
    }
    f->not_before_ms = result->not_before_mono_ms;
    for (size_t i = 0; i < COUNTER_TOLD; i++) {
        if ((askers >> i & 1) != 0) {
            f->told[i]++;
            f->err[i] = result->err;
            memcpy(f->reason[i], result->reason, sizeof(f->reason[i]));
        }
    }
}

static bool on_recall(void *user, struct desk_result *result)
{
    struct counter *f = user;
    result->quote.fetched_mono_ms = f->known_mono_ms;
    return f->known_mono_ms > 0 &&
           f->known_mono_ms >= result->not_before_mono_ms;
}

static void on_interest(void *user, const struct symbol *symbol,
                        struct desk_interest *out)
{
    (void)symbol;
    struct counter *f = user;
    *out = f->interest;
}

static void on_currency(void *user, const struct symbol *symbol,
                        char out[QUOTE_CURRENCY_SIZE])
{
    (void)symbol;
    const struct counter *f = user;
    snprintf(out, QUOTE_CURRENCY_SIZE, "%s",
             f->currency == NULL ? "" : f->currency);
}

static bool on_served(void *user, const struct symbol *symbol,
                      struct quote *out)
{
    const struct counter *f = user;
    *out = f->quote;
    return f->serves && symbol_equal(&f->quote.symbol, symbol);
}

static const struct timetable *on_market(void *user,
                                         const struct symbol *symbol)
{
    (void)symbol;
    struct counter *f = user;
    return f->hours;
}

/* --- Setting up ------------------------------------------------------------
 */

int counter_set_up(void **state)
{
    struct counter *f = calloc(1, sizeof(*f));
    assert_int_equal(metric_init(&f->metrics, 1), 0);
    f->now = (struct steady_time){INT64_C(1772366400000), 1000000};
    f->policy = (struct desk_policy){
        .flights_max = 1000,
        .calls_max = 16,
        .symbols_max = 1000,
        .wait_for_ms = 1500,
        .fresh_for_ms = 60000,
        .retry_after_ms = 5000,
    };
    f->yaml[0] = f->yaml[1] = counter_single;
    f->limits[0] = f->limits[1] = "limits: []\n";
    f->keys[0] = f->keys[1] = "k";
    f->origins[0] = f->origins[1] = "";
    f->providers = 1;
    *state = f;
    return 0;
}

int counter_tear_down(void **state)
{
    struct counter *f = *state;
    desk_destroy(&f->desk);
    metric_deinit(&f->metrics);
    free(f);
    return 0;
}

void counter_make_providers(struct counter *f, struct desk_provider *out)
{
    for (size_t i = 0; i < f->providers; i++) {
        char yaml[1024];
        char error[PROVIDER_ERROR_SIZE];
        snprintf(yaml, sizeof(yaml), "%s%s", f->limits[i], f->yaml[i]);
        out[i] = (struct desk_provider){.timeout_ms = 1000};
        if (provider_create(&out[i].provider, i == 0 ? "one" : "two",
                            span_of(yaml), error) != 0) {
            fail_msg("%s", error);
        }
        out[i].origin = mem_text(f->origins[i], strlen(f->origins[i]));
        out[i].key = mem_text(f->keys[i], strlen(f->keys[i]));
    }
}

void counter_reload(struct counter *f)
{
    struct desk_provider providers[COUNTER_PROVIDERS];
    counter_make_providers(f, providers);
    assert_int_equal(
        desk_open(f->desk, f->now, &f->policy, providers, f->providers), 0);
}

void counter_open_desk(struct counter *f, bool has_interest)
{
    const struct desk_callbacks callbacks = {
        .on_done = on_done,
        .on_recall = on_recall,
        .on_interest = has_interest ? on_interest : NULL,
        .on_market = f->hours != NULL ? on_market : NULL,
        .on_currency = on_currency,
        .on_served = on_served,
        .user = f,
        .boot = "boot",
    };
    assert_int_equal(desk_create(&f->desk, &f->policy, &callbacks,
                                 &f->metrics.cells[0], f->now),
                     0);
    counter_reload(f);
}

static struct symbol symbol(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

int counter_demand(struct counter *f, const char *text, unsigned asker,
                   uint64_t not_before_mono_ms)
{
    struct symbol wanted = symbol(text);
    struct desk_wish wish = {true, not_before_mono_ms};
    return desk_ask(f->desk, f->now, &wanted, asker, wish);
}

int counter_ask(struct counter *f, const char *text, unsigned asker,
                bool is_waited)
{
    struct symbol wanted = symbol(text);
    struct desk_wish wish = {.is_waited = is_waited};
    return desk_ask(f->desk, f->now, &wanted, asker, wish);
}

/* --- Providers -------------------------------------------------------------
 */

/* Take every call that departs. */
void counter_depart(struct counter *f)
{
    const struct desk_call *call;
    while ((call = desk_depart(f->desk, f->now)) != NULL) {
        assert_true(f->under_way_count < 16);
        f->under_way[f->under_way_count++] = call;
        struct counter_made *made = &f->made[f->made_count++];
        assert_true(f->made_count < COUNTER_CALLS);
        *made = (struct counter_made){
            .at_ms = f->now.unix_ms,
            .provider = provider_name(call->query.provider)[0] == 't',
            .count = call->query.count,
        };
        snprintf(made->first, sizeof(made->first), "%s",
                 call->query.symbols[0]->text);
    }
}

static bool is_bad(const struct symbol *symbol)
{
    return strcmp(symbol->text, "BAD") == 0;
}

static void give(struct provider_verdict *verdict, const struct symbol *symbol,
                 const char *source, const struct counter_said *said)
{
    *verdict = (struct provider_verdict){.class = PROVIDER_OK};
    struct quote *quote = &verdict->quote;
    quote->symbol = *symbol;
    quote->unit_factor = said->unit_factor;
    snprintf(quote->source, sizeof(quote->source), "%s", source);
    if (said->currency != NULL) {
        snprintf(quote->currency, sizeof(quote->currency), "%s",
                 said->currency);
    }
    bool is_said = said->price.digits != 0;
    quote_set(quote, QUOTE_PRICE,
              is_said ? said->price : (struct decimal){5, 0});
}

void counter_answer(struct counter *f, const struct desk_call *call)
{
    size_t count = call->query.count;
    size_t provider = provider_name(call->query.provider)[0] == 't';
    enum counter_mood mood = f->moods[provider];
    struct provider_outcome outcome = {.class = PROVIDER_OK, .drop = count};
    static struct provider_verdict verdicts[PROVIDER_SYMBOLS_LIMIT];
    static const enum provider_class classes[] = {
        [COUNTER_PRICE] = PROVIDER_OK,
        [COUNTER_UNKNOWN] = PROVIDER_UNKNOWN,
        [COUNTER_DOWN] = PROVIDER_UPSTREAM,
        [COUNTER_FORBIDDEN] = PROVIDER_FORBIDDEN,
        [COUNTER_AUTH] = PROVIDER_AUTH,
        [COUNTER_PLAN] = PROVIDER_PLAN,
        [COUNTER_DROPS] = PROVIDER_OK,
        [COUNTER_LIMIT_DAY] = PROVIDER_LIMIT_DAY,
        [COUNTER_SPLITS] = PROVIDER_OK,
    };
    outcome.class = classes[mood];
    for (size_t i = 0; i < count; i++) {
        if (is_bad(call->query.symbols[i]) && mood >= COUNTER_DROPS) {
            outcome.class = PROVIDER_BAD;
            outcome.drop = mood == COUNTER_DROPS ? i : count;
            outcome.splits = mood == COUNTER_SPLITS;
        }
    }
    snprintf(outcome.text, sizeof(outcome.text), "%s",
             outcome.class == PROVIDER_OK ? "" : "in a mood");
    snprintf(outcome.decided_by, sizeof(outcome.decided_by), "its mood");
    for (size_t i = 0; i < count; i++) {
        verdicts[i].class = outcome.class;
        snprintf(verdicts[i].text, sizeof(verdicts[i].text), "in a mood");
        if (outcome.class == PROVIDER_OK) {
            give(&verdicts[i], call->query.symbols[i],
                 provider_name(call->query.provider), &f->says[provider]);
        }
    }
    desk_arrive(f->desk, f->now, call, &outcome, verdicts);
}

/* Answer what is under way, and what departs then, until nothing does. */
void counter_settle(struct counter *f)
{
    counter_depart(f);
    while (f->under_way_count > 0) {
        counter_answer(f, f->under_way[--f->under_way_count]);
        counter_depart(f);
    }
}

void counter_pass(struct counter *f, uint64_t ms)
{
    f->now.unix_ms += (int64_t)ms;
    f->now.mono_ms += ms;
}

/* Let time pass to where the desk wants to be looked at, up to `ms` in all. */
void counter_run(struct counter *f, uint64_t ms)
{
    uint64_t end = f->now.mono_ms + ms;
    counter_settle(f);
    while (f->now.mono_ms < end) {
        uint64_t look = desk_look_ms(f->desk);
        uint64_t left = end - f->now.mono_ms;
        look = look == 0 ? 1 : look;
        counter_pass(f, look < left ? look : left);
        counter_settle(f);
    }
}

uint64_t counter_sum(const struct counter *f, enum metric metric)
{
    return metric_sum(&f->metrics, metric);
}
