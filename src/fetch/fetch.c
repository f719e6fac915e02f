/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "fetch/caller.h"
#include "fetch/dial.h"
#include "fetch/flight.h"
#include "fetch/rest.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "obs/log.h"
#include "obs/metric.h"
#include "provider/query.h"

/* A provider's rest, and what is said of it as long as it lasts. */
struct resting {
    struct rest rest;
    int err;
    char why[PROVIDER_TEXT_SIZE];
};

/* The providers of one configuration; attempts that began with them keep them.
 */
struct set {
    uint32_t references;
    size_t count;
    struct fetch_provider *providers;
    struct resting *resting;
};

enum order { ORDER_ASK, ORDER_CHANGE, ORDER_STOP };

struct order_mail {
    struct mail mail; // first
    enum order order;
    unsigned asker; // ORDER_ASK, as the next
    struct symbol symbol;
    struct set *set; // ORDER_CHANGE, as the next
    struct flight_options bounds;
};

/* A flying flight, on its way from provider to provider. */
struct attempt {
    TAILQ_ENTRY(attempt) link;
    struct flight *flight;
    struct set *set;
    size_t next; // provider to ask next; the one being asked is before it
    const struct symbol *symbol; // the flight's
    size_t endpoint;             // of the provider being asked
    struct fetch_result result;
};

struct fetch {
    uv_thread_t thread;
    struct loop loop;
    struct mailbox mailbox;
    struct fetch_options options;
    struct caller *caller;
    struct flights *flights;
    struct set *set;
    TAILQ_HEAD(, attempt) attempts;
    struct order_mail stop;
    bool is_draining; // main's
};

void fetch_provider_deinit(struct fetch_provider *provider)
{
    provider_destroy(&provider->provider);
    mem_free(provider->origin);
    if (provider->key != NULL) {
        explicit_bzero(provider->key, strlen(provider->key));
        mem_free(provider->key);
    }
    *provider = (struct fetch_provider){0};
}

/* --- Sets of providers -----------------------------------------------------
 */

static struct set *make_set(struct fetch_provider *providers, size_t count)
{
    CHECK(count > 0); // else a flight would end with neither price nor reason
    struct set *set = mem_calloc(1, sizeof(*set));
    struct fetch_provider *copies = mem_calloc(count + 1, sizeof(*copies));
    struct resting *resting = mem_calloc(count + 1, sizeof(*resting));
    if (set == NULL || copies == NULL || resting == NULL) {
        mem_free(set);
        mem_free(copies);
        mem_free(resting);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        copies[i] = providers[i];
        providers[i] = (struct fetch_provider){0};
    }
    *set = (struct set){1, count, copies, resting};
    return set;
}

static void leave_set(struct set *set)
{
    CHECK(set->references > 0);
    if (--set->references > 0) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        fetch_provider_deinit(&set->providers[i]);
    }
    mem_free(set->providers);
    mem_free(set->resting);
    mem_free(set);
}

/* --- A flight's way from provider to provider ------------------------------
 */

/* Which failure tells an asker most when several providers failed: that the
 * symbol is unknown only when all of them say so. */
static int rank(int err)
{
    switch (err) {
    case ERR_OK:
        return 0;
    case ERR_UNKNOWN:
        return 1;
    case ERR_NODATA:
        return 2;
    default:
        return 3;
    }
}

static void keep_failure(struct attempt *attempt, int err, const char *provider,
                         const char *why)
{
    struct fetch_result *result = &attempt->result;
    if (rank(err) > rank(result->err)) {
        result->err = err;
        snprintf(result->reason, sizeof(result->reason), "%s: %.280s", provider,
                 why);
    }
}

static void end_attempt(struct fetch *fetch, struct attempt *attempt)
{
    TAILQ_REMOVE(&fetch->attempts, attempt, link);
    uint64_t askers = flight_land(fetch->flights, &attempt->flight);
    metric_subtract(fetch->options.cells, METRIC_flights_open, 1);
    fetch->options.on_done(fetch->options.user, askers, &attempt->result);
    leave_set(attempt->set);
    mem_free(attempt);
}

static bool is_resting(struct fetch *fetch, struct attempt *attempt, size_t at)
{
    const struct resting *resting = &attempt->set->resting[at];
    uint64_t left_ms = rest_left_ms(&resting->rest, fetch->loop.now_ms);
    if (left_ms == 0) {
        return false;
    }
    char why[FETCH_REASON_SIZE];
    if (left_ms == REST_FOR_EVER) {
        snprintf(why, sizeof(why),
                 "%s (not called until the configuration is loaded again)",
                 resting->why);
    } else {
        snprintf(why, sizeof(why), "%s (not called for another %" PRIu64 " s)",
                 resting->why, (left_ms + 999) / 1000);
    }
    metric_add(fetch->options.cells, METRIC_upstream_resting, 1);
    keep_failure(attempt, resting->err,
                 provider_name(attempt->set->providers[at].provider), why);
    return true;
}

/* Ask the next provider that may be called; end the flight when there is none.
 */
static void ask_next(struct fetch *fetch, struct attempt *attempt)
{
    const struct set *set = attempt->set;
    while (attempt->next < set->count) {
        size_t at = attempt->next++;
        if (is_resting(fetch, attempt, at)) {
            continue;
        }
        const struct fetch_provider *provider = &set->providers[at];
        int err = dial_one(fetch->caller, provider, &attempt->symbol,
                           &attempt->endpoint, attempt);
        if (err == 0) {
            metric_add(fetch->options.cells, METRIC_upstream_calls, 1);
            return;
        }
        const char *why = err == ERR_ABSENT ? caller_load_error(fetch->caller)
                          : err == ERR_NODATA
                              ? "it has no prices of this market"
                              : err_sentence(err);
        keep_failure(attempt, err == ERR_NODATA ? err : ERR_UPSTREAM,
                     provider_name(provider->provider), why);
    }
    end_attempt(fetch, attempt);
}

static bool recall(struct fetch *fetch, struct fetch_result *result)
{
    const struct fetch_options *options = &fetch->options;
    result->is_recalled =
        options->on_recall != NULL && options->on_recall(options->user, result);
    return result->is_recalled;
}

static void take_off(struct fetch *fetch)
{
    struct flight *flight;
    while ((flight = flight_next(fetch->flights)) != NULL) {
        struct attempt *attempt = mem_calloc(1, sizeof(*attempt));
        if (attempt == NULL) {
            struct fetch_result result = {.symbol = *flight_symbol(flight),
                                          .err = ERR_OVERLOADED,
                                          .reason = "no memory"};
            uint64_t askers = flight_land(fetch->flights, &flight);
            metric_subtract(fetch->options.cells, METRIC_flights_open, 1);
            fetch->options.on_done(fetch->options.user, askers, &result);
            continue;
        }
        attempt->flight = flight;
        attempt->symbol = flight_symbol(flight);
        attempt->set = fetch->set;
        attempt->set->references++;
        attempt->result.symbol = *flight_symbol(flight);
        TAILQ_INSERT_TAIL(&fetch->attempts, attempt, link);
        if (recall(fetch, &attempt->result)) {
            end_attempt(fetch, attempt);
        } else {
            ask_next(fetch, attempt);
        }
    }
}

static void count_class(struct fetch *fetch, enum provider_class class)
{
    enum metric metric = METRIC_upstream_failed;
    switch (provider_class_err(class)) {
    case ERR_OK:
        metric = METRIC_upstream_ok;
        break;
    case ERR_UNKNOWN:
        metric = METRIC_upstream_unknown;
        break;
    case ERR_LIMIT:
        metric = METRIC_upstream_limited;
        break;
    default:
        break;
    }
    metric_add(fetch->options.cells, metric, 1);
}

static void give_rest(struct fetch *fetch, struct attempt *attempt,
                      const struct provider_verdict *verdict)
{
    size_t at = attempt->next - 1;
    struct resting *resting = &attempt->set->resting[at];
    bool was_failing = resting->rest.until_ms > 0;
    uint64_t ms = rest_note(&resting->rest, verdict->class, fetch->loop.now_ms);
    const char *name = provider_name(attempt->set->providers[at].provider);
    if (ms > 0) {
        resting->err = provider_class_err(verdict->class);
        snprintf(resting->why, sizeof(resting->why), "%s", verdict->text);
        char length[UNITS_TEXT_SIZE] = "until the next reload";
        if (ms != REST_FOR_EVER) {
            units_print_duration_ms(length, ms);
        }
        log_event(LOG_WARNING, "fetch", "provider is given a rest",
                  LOG_TEXT("provider", name),
                  LOG_TEXT("class", provider_class_name(verdict->class)),
                  LOG_TEXT("for", length), LOG_TEXT("reason", verdict->text));
    } else if (was_failing && verdict->class == PROVIDER_OK) {
        log_event(LOG_INFO, "fetch", "provider answers again",
                  LOG_TEXT("provider", name));
    }
}

static void judge(struct fetch *fetch, struct attempt *attempt,
                  const struct caller_answer *answer,
                  struct provider_verdict *verdict)
{
    const struct fetch_provider *provider =
        &attempt->set->providers[attempt->next - 1];
    if (answer->failure != NULL) {
        verdict->class = PROVIDER_UPSTREAM;
        snprintf(verdict->text, sizeof(verdict->text), "%s", answer->failure);
    } else {
        struct query query = {provider->provider, attempt->endpoint,
                              &attempt->symbol, 1, provider->key};
        struct provider_answer came = {
            .status = answer->status,
            .body = answer->body,
            .now_unix_ms = clock_unix_ms(fetch->loop.options.clock),
        };
        struct provider_outcome outcome;
        provider_judge(&query, &came, &outcome, verdict);
    }
    count_class(fetch, verdict->class);
    log_event(LOG_DEBUG, "fetch", "call ended",
              LOG_TEXT("provider", provider_name(provider->provider)),
              LOG_TEXT("symbol", attempt->result.symbol.text),
              LOG_TEXT("class", provider_class_name(verdict->class)),
              LOG_NUMBER("status", answer->status),
              LOG_TEXT("reason", verdict->text));
}

IMPLEMENTS(caller_done_fn)
static void on_answer(void *user, void *tag, const struct caller_answer *answer)
{
    struct fetch *fetch = user;
    struct attempt *attempt = tag;
    struct provider_verdict verdict = {.class = PROVIDER_UPSTREAM};
    judge(fetch, attempt, answer, &verdict);
    give_rest(fetch, attempt, &verdict);
    if (verdict.class == PROVIDER_OK) {
        struct fetch_result *result = &attempt->result;
        result->err = 0;
        result->reason[0] = '\0';
        result->quote = verdict.quote;
        result->quote.fetched_mono_ms = fetch->loop.now_ms;
        result->quote.fetched_unix_ms =
            clock_unix_ms(fetch->loop.options.clock);
        end_attempt(fetch, attempt);
    } else {
        const struct fetch_provider *provider =
            &attempt->set->providers[attempt->next - 1];
        keep_failure(attempt, provider_class_err(verdict.class),
                     provider_name(provider->provider), verdict.text);
        ask_next(fetch, attempt);
    }
    take_off(fetch);
}

/* --- Orders from other threads ---------------------------------------------
 */

static void obey_ask(struct fetch *fetch, const struct order_mail *mail)
{
    bool is_new;
    int err = flight_join(fetch->flights, &mail->symbol, mail->asker, &is_new);
    if (err != 0) {
        metric_add(fetch->options.cells, METRIC_flights_refused, 1);
        struct fetch_result result = {.symbol = mail->symbol,
                                      .err = ERR_OVERLOADED};
        snprintf(result.reason, sizeof(result.reason), "%s",
                 err == ERR_FULL ? "fetch.flights_max is reached"
                                 : err_sentence(err));
        fetch->options.on_done(fetch->options.user, UINT64_C(1) << mail->asker,
                               &result);
        return;
    }
    metric_add(fetch->options.cells,
               is_new ? METRIC_flights_started : METRIC_flights_joined, 1);
    if (is_new) {
        metric_add(fetch->options.cells, METRIC_flights_open, 1);
        take_off(fetch);
    }
}

static void drain(struct fetch *fetch)
{
    caller_destroy(&fetch->caller);
    for (struct attempt *attempt;
         (attempt = TAILQ_FIRST(&fetch->attempts)) != NULL;) {
        attempt->result.err = ERR_DRAINING;
        snprintf(attempt->result.reason, sizeof(attempt->result.reason),
                 "the server stopped before the provider answered");
        end_attempt(fetch, attempt);
    }
    for (struct flight *flight;
         (flight = flight_next(fetch->flights)) != NULL;) {
        struct fetch_result result = {
            .symbol = *flight_symbol(flight),
            .err = ERR_DRAINING,
            .reason = "the server stopped before the provider was asked",
        };
        uint64_t askers = flight_land(fetch->flights, &flight);
        metric_subtract(fetch->options.cells, METRIC_flights_open, 1);
        fetch->options.on_done(fetch->options.user, askers, &result);
    }
    CHECK(flight_count(fetch->flights) == 0);
}

IMPLEMENTS(mailbox_mail_fn)
static void on_mail(void *user, struct mail *mail)
{
    struct fetch *fetch = user;
    struct order_mail *order = (struct order_mail *)mail;
    switch (order->order) {
    case ORDER_ASK:
        obey_ask(fetch, order);
        break;
    case ORDER_CHANGE:
        leave_set(fetch->set);
        fetch->set = order->set;
        flight_bound(fetch->flights, &order->bounds);
        if (fetch->options.on_change != NULL) {
            fetch->options.on_change(fetch->options.user);
        }
        take_off(fetch);
        break;
    case ORDER_STOP:
        loop_stop(&fetch->loop);
        return; // it is not a block of its own
    }
    mem_free(order);
}

static void run(void *user)
{
    struct fetch *fetch = user;
    fetch->options.on_join(fetch->options.user);
    loop_run(&fetch->loop);
    loop_wake(&fetch->loop);
    mailbox_close(&fetch->mailbox);
    drain(fetch);
    loop_deinit(&fetch->loop);
    fetch->options.on_leave(fetch->options.user);
}

/* --- The calls of other threads ---------------------------------------------
 */

/* End what init() made, where the thread does not start after all. */
static void deinit(struct fetch *fetch)
{
    caller_destroy(&fetch->caller);
    mailbox_close(&fetch->mailbox);
    loop_deinit(&fetch->loop);
    mailbox_deinit(&fetch->mailbox);
}

/* Make what the thread needs. */
static int init(struct fetch *fetch)
{
    struct loop_options loop_options = {
        .clock = fetch->options.clock,
        .on_wake = fetch->options.on_wake,
        .on_block = fetch->options.on_block,
        .user = fetch->options.user,
    };
    struct flight_options bounds = {fetch->options.flights_max,
                                    fetch->options.calls_max};
    int err = flight_create_all(&fetch->flights, &bounds);
    if (err != 0) {
        return err;
    }
    err = loop_init(&fetch->loop, &loop_options);
    if (err != 0) {
        return err;
    }
    fetch->loop.is_awake = true; // the thread joins awake
    err = mailbox_init(&fetch->mailbox, &fetch->loop, on_mail, fetch);
    if (err != 0) {
        loop_deinit(&fetch->loop);
        return err;
    }
    err = caller_create(&fetch->caller, &fetch->loop, on_answer, fetch);
    if (err != 0) {
        deinit(fetch);
    }
    return err;
}

/* Take over the providers and start the thread; on failure they are given back.
 */
static int start_thread(struct fetch *fetch, struct fetch_provider *providers,
                        size_t count)
{
    fetch->set = make_set(providers, count);
    if (fetch->set == NULL) {
        return ERR_NOMEM;
    }
    if (uv_thread_create(&fetch->thread, run, fetch) == 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        providers[i] = fetch->set->providers[i];
    }
    fetch->set->count = 0;
    leave_set(fetch->set);
    return ERR_IO;
}

int fetch_start(struct fetch **out, const struct fetch_options *options,
                struct fetch_provider *providers, size_t count)
{
    *out = NULL;
    struct fetch *fetch = mem_calloc(1, sizeof(*fetch));
    if (fetch == NULL) {
        return ERR_NOMEM;
    }
    fetch->options = *options;
    fetch->stop.order = ORDER_STOP;
    TAILQ_INIT(&fetch->attempts);
    int err = init(fetch);
    if (err == 0) {
        err = start_thread(fetch, providers, count);
        if (err == 0) {
            *out = fetch;
            return 0;
        }
        deinit(fetch);
    }
    flight_destroy_all(&fetch->flights);
    mem_free(fetch);
    return err;
}

static int post(struct fetch *fetch, const struct order_mail *order)
{
    struct order_mail *mail = mem_calloc(1, sizeof(*mail));
    if (mail == NULL) {
        return ERR_NOMEM;
    }
    *mail = *order;
    if (!mailbox_post(&fetch->mailbox, &mail->mail)) {
        mem_free(mail);
        return ERR_DRAINING;
    }
    return 0;
}

int fetch_ask(struct fetch *fetch, unsigned asker, const struct symbol *symbol)
{
    struct order_mail order = {
        .order = ORDER_ASK, .asker = asker, .symbol = *symbol};
    return post(fetch, &order);
}

int fetch_change(struct fetch *fetch, struct fetch_provider *providers,
                 size_t count, uint32_t flights_max, uint32_t calls_max)
{
    struct order_mail order = {
        .order = ORDER_CHANGE,
        .set = make_set(providers, count),
        .bounds = {flights_max, calls_max},
    };
    if (order.set == NULL) {
        return ERR_NOMEM;
    }
    int err = post(fetch, &order);
    if (err != 0) {
        leave_set(order.set);
    }
    return err;
}

bool fetch_is_turning(const struct fetch *fetch, uint64_t now_ms)
{
    return loop_is_turning(&fetch->loop, now_ms);
}

void fetch_drain(struct fetch *fetch)
{
    // The message is made at the start, so that stopping needs no memory; the
    // second post of it finds the mailbox closed or is not made.
    if (!fetch->is_draining) {
        fetch->is_draining = true;
        bool is_taken = mailbox_post(&fetch->mailbox, &fetch->stop.mail);
        CHECK(is_taken);
    }
}

void fetch_stop(struct fetch **fetch)
{
    struct fetch *gone = *fetch;
    if (gone == NULL) {
        return;
    }
    fetch_drain(gone);
    uv_thread_join(&gone->thread);
    mailbox_deinit(&gone->mailbox);
    flight_destroy_all(&gone->flights);
    leave_set(gone->set);
    mem_free(gone);
    *fetch = NULL;
}
