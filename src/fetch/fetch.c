/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include <stdio.h>
#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "desk/desk.h"
#include "fetch/caller.h"
#include "fetch/dial.h"
#include "fetch/errand.h"
#include "fetch/order.h"
#include "fetch/report.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "obs/log.h"
#include "obs/metric.h"
#include "press/press.h"
#include "store/store.h"

/* The longest that the timer is set to: what is known then is known anew. */
#define LOOK_MS_LIMIT 60000u

/* A note is waited for so long: a disk may take seconds, and people wait. */
#define NOTE_MS_LIMIT 1000u

/* The report is renewed so often, and so soon after a call. */
#define REPORT_MS      1000u
#define REPORT_SOON_MS 50u

struct fetch {
    uv_thread_t thread;
    struct loop loop;
    struct mailbox mailbox;
    struct fetch_options options;
    struct caller *caller;
    struct press *press; // where a file is asked
    struct desk *desk;
    struct errands unnoted;            // wait for their note
    struct errands dialed;             // are under way
    struct provider_verdict *verdicts; // room for those of one call
    uv_timer_t timer;
    uv_timer_t report_timer;
    bool reports_soon; // the timer is set to REPORT_SOON_MS
    struct report report;
    struct order stop;
    bool is_draining; // main's, as the next
    bool has_ended;
};

static struct steady_time now(struct fetch *fetch)
{
    return (struct steady_time){
        .unix_ms = clock_unix_ms(fetch->loop.options.clock),
        .mono_ms = fetch->loop.now_ms,
    };
}

/* --- The report -------------------------------------------------------------
 */

static void on_report_timer(uv_timer_t *timer)
{
    struct loop *loop = loop_of((uv_handle_t *)timer);
    struct fetch *fetch = loop->options.user;
    loop_wake(loop);
    fetch->reports_soon = false;
    report_renew(&fetch->report, fetch->desk, now(fetch));
}

/* Report in a moment: a thousand calls a second need not be told one by one. */
static void report_soon(struct fetch *fetch)
{
    if (!fetch->reports_soon) {
        fetch->reports_soon = true;
        uv_timer_start(&fetch->report_timer, on_report_timer, REPORT_SOON_MS,
                       REPORT_MS);
    }
}

void fetch_copy_report(struct fetch *fetch, struct fetch_report *out)
{
    report_copy(&fetch->report, out);
}

/* --- Calls -----------------------------------------------------------------
 */

static void finish(struct fetch *fetch, struct errand *errand, int status,
                   const struct provider_outcome *outcome)
{
    errand_log(&errand->call->query, status, outcome);
    TAILQ_REMOVE(&fetch->dialed, errand, link);
    desk_arrive(fetch->desk, now(fetch), errand->call, outcome,
                fetch->verdicts);
    mem_free(errand);
    report_soon(fetch);
}

/* Make a call that may be made. */
static void dial(struct fetch *fetch, struct errand *errand)
{
    const struct desk_call *call = errand->call;
    TAILQ_INSERT_TAIL(&fetch->dialed, errand, link);
    int err =
        provider_is_file(call->query.provider)
            ? dial_press(fetch->press, call->provider, &call->query, errand)
            : dial_start(fetch->caller, call->provider, &call->query, errand);
    if (err != 0) {
        const char *why = err == ERR_ABSENT ? caller_load_error(fetch->caller)
                                            : err_sentence(err);
        struct provider_outcome outcome;
        errand_fail(&call->query, why, &outcome, fetch->verdicts);
        finish(fetch, errand, 0, &outcome);
    }
}

/* Have a call's cost kept; then it is made.  Where it can't be, it is made all
 * the same: the count in memory still holds, and the store says that it fails.
 */
static void note(struct fetch *fetch, struct errand *errand)
{
    const struct desk_call *call = errand->call;
    int err = errand_note(fetch->desk, fetch->options.store, call, now(fetch));
    if (err == 0) {
        errand->since_mono_ms = fetch->loop.now_ms;
        TAILQ_INSERT_TAIL(&fetch->unnoted, errand, link);
    } else {
        dial(fetch, errand);
    }
}

static void begin(struct fetch *fetch, const struct desk_call *call)
{
    struct errand *errand = mem_calloc(1, sizeof(*errand));
    if (errand == NULL) {
        struct provider_outcome outcome;
        errand_fail(&call->query, err_sentence(ERR_NOMEM), &outcome,
                    fetch->verdicts);
        desk_arrive(fetch->desk, now(fetch), call, &outcome, fetch->verdicts);
        return;
    }
    errand->call = call;
    if (fetch->options.store == NULL ||
        provider_is_file(call->query.provider)) {
        dial(fetch, errand); // there is nothing to count, or nowhere
    } else {
        note(fetch, errand);
    }
}

/* Make the calls whose note takes too long.  Returns after how many ms to look
 * again. */
static uint64_t hurry_notes(struct fetch *fetch)
{
    struct errand *errand;
    while ((errand = TAILQ_FIRST(&fetch->unnoted)) != NULL) {
        uint64_t since_ms = fetch->loop.now_ms - errand->since_mono_ms;
        if (since_ms < NOTE_MS_LIMIT) {
            return NOTE_MS_LIMIT - since_ms;
        }
        TAILQ_REMOVE(&fetch->unnoted, errand, link);
        dial(fetch, errand);
    }
    return UINT64_MAX;
}

static void on_timer(uv_timer_t *timer);

/* Make every call that may be made now, and set the timer for the next. */
static void proceed(struct fetch *fetch)
{
    const struct desk_call *call;
    while ((call = desk_depart(fetch->desk, now(fetch))) != NULL) {
        begin(fetch, call);
    }
    uint64_t ms = desk_look_ms(fetch->desk);
    uint64_t note_ms = hurry_notes(fetch);
    ms = note_ms < ms ? note_ms : ms;
    if (ms == UINT64_MAX) {
        uv_timer_stop(&fetch->timer);
        return;
    }
    uv_update_time(&fetch->loop.uv);
    ms = ms < LOOK_MS_LIMIT ? ms : LOOK_MS_LIMIT;
    uv_timer_start(&fetch->timer, on_timer, ms > 0 ? ms : 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct loop *loop = loop_of((uv_handle_t *)timer);
    loop_wake(loop);
    proceed(loop->options.user);
}

IMPLEMENTS(caller_again_fn)
static bool on_again(void *user, void *tag)
{
    struct fetch *fetch = user;
    const struct errand *errand = tag;
    return desk_spend_again(fetch->desk, now(fetch), errand->call);
}

IMPLEMENTS(caller_done_fn)
static void on_answer(void *user, void *tag, const struct caller_answer *answer)
{
    struct fetch *fetch = user;
    struct errand *errand = tag;
    const struct query *query = &errand->call->query;
    struct provider_outcome outcome;
    if (answer->is_refused) {
        errand_put_off(query, &outcome, fetch->verdicts);
    } else if (answer->failure != NULL) {
        errand_fail(query, answer->failure, &outcome, fetch->verdicts);
    } else {
        struct provider_answer came = {
            .status = answer->status,
            .body = answer->body,
            .headers = answer->headers,
            .now_unix_ms = clock_unix_ms(fetch->loop.options.clock),
        };
        provider_judge(query, &came, &outcome, fetch->verdicts);
    }
    finish(fetch, errand, answer->status, &outcome);
    proceed(fetch);
}

IMPLEMENTS(on_judged)
static void on_judged(void *user, void *tag,
                      const struct provider_outcome *outcome,
                      const struct provider_verdict verdicts[])
{
    struct fetch *fetch = user;
    struct errand *errand = tag;
    memcpy(fetch->verdicts, verdicts,
           errand->call->query.count * sizeof(*verdicts));
    finish(fetch, errand, 0, outcome);
    proceed(fetch);
}

/* What a file did not know before, it may. */
IMPLEMENTS(on_news)
static void on_news(void *user, const char *provider)
{
    struct fetch *fetch = user;
    desk_renew(fetch->desk, now(fetch), provider);
    if (fetch->options.on_change != NULL) {
        fetch->options.on_change(fetch->options.desk.user);
    }
    proceed(fetch);
}

/* --- Orders from other threads ----------------------------------------------
 */

static void obey_ask(struct fetch *fetch, const struct order *mail)
{
    int err = desk_ask(fetch->desk, now(fetch), &mail->symbol, mail->asker,
                       mail->wish);
    if (err != 0) {
        struct desk_result result = {.symbol = mail->symbol,
                                     .err = ERR_OVERLOADED};
        snprintf(result.reason, sizeof(result.reason), "%s",
                 err == ERR_FULL ? "fetch.flights_max is reached"
                                 : err_sentence(err));
        fetch->options.desk.on_done(fetch->options.desk.user,
                                    UINT64_C(1) << mail->asker, &result);
    }
}

static void obey_explain(struct fetch *fetch, const struct order *mail)
{
    CHECK(fetch->options.on_explained != NULL);
    struct desk_explanation *explanation = mem_calloc(1, sizeof(*explanation));
    if (explanation != NULL) {
        view_explain(fetch->desk, now(fetch), &mail->symbol, explanation);
    }
    fetch->options.on_explained(fetch->options.desk.user, mail->asker,
                                mail->number, explanation);
}

/* The files that are asked may be others. */
static void renew_files(struct fetch *fetch)
{
    press_forget(fetch->press);
    desk_renew(fetch->desk, now(fetch), NULL);
}

static void obey_change(struct fetch *fetch, struct order *mail)
{
    int err = desk_open(fetch->desk, now(fetch), &mail->policy, mail->providers,
                        mail->count);
    if (err != 0) {
        log_event(LOG_ERROR, "fetch",
                  "other providers are not taken, those of before go on",
                  LOG_TEXT("cause", err_sentence(err)));
    }
    order_free_providers(mail);
    renew_files(fetch);
    if (fetch->options.on_change != NULL) {
        fetch->options.on_change(fetch->options.desk.user);
    }
    if (fetch->options.on_changed != NULL) {
        fetch->options.on_changed(fetch->options.desk.user);
    }
}

static void obey_noted(struct fetch *fetch, uint64_t ticket)
{
    struct errand *errand = errand_find(&fetch->unnoted, ticket);
    if (errand != NULL) { // or it was made without
        TAILQ_REMOVE(&fetch->unnoted, errand, link);
        dial(fetch, errand);
    }
}

IMPLEMENTS(mailbox_mail_fn)
static void on_mail(void *user, struct mail *mail)
{
    struct fetch *fetch = user;
    struct order *order = (struct order *)mail;
    switch (order->kind) {
    case ORDER_ASK:
        obey_ask(fetch, order);
        break;
    case ORDER_EXPLAIN:
        obey_explain(fetch, order);
        mem_free(order);
        return; // there is nothing to proceed with
    case ORDER_CHANGE:
        obey_change(fetch, order);
        report_soon(fetch);
        break;
    case ORDER_NOTED:
        obey_noted(fetch, order->ticket);
        break;
    case ORDER_STOP:
        loop_stop(&fetch->loop);
        return; // it is not a block of its own
    }
    mem_free(order);
    proceed(fetch);
}

static void drain(struct fetch *fetch)
{
    press_destroy(&fetch->press);   // as the next
    caller_destroy(&fetch->caller); // which calls nobody back
    errand_free_all(&fetch->unnoted);
    errand_free_all(&fetch->dialed);
    desk_drain(fetch->desk);
    CHECK(desk_count(fetch->desk) == 0);
}

static void close_timers(struct fetch *fetch)
{
    uv_close((uv_handle_t *)&fetch->timer, NULL);
    uv_close((uv_handle_t *)&fetch->report_timer, NULL);
}

static void run(void *user)
{
    struct fetch *fetch = user;
    fetch->options.on_join(fetch->options.desk.user);
    uv_timer_start(&fetch->report_timer, on_report_timer, REPORT_MS, REPORT_MS);
    loop_run(&fetch->loop);
    loop_wake(&fetch->loop);
    mailbox_close(&fetch->mailbox);
    drain(fetch);
    close_timers(fetch);
    loop_deinit(&fetch->loop);
    fetch->options.on_leave(fetch->options.desk.user);
}

/* --- Starting ----------------------------------------------------------------
 */

static void on_wake(void *user)
{
    const struct fetch_options *options = &((struct fetch *)user)->options;
    options->on_wake(options->desk.user);
}

static void on_block(void *user)
{
    const struct fetch_options *options = &((struct fetch *)user)->options;
    options->on_block(options->desk.user);
}

static int init_loop(struct fetch *fetch)
{
    struct loop_options options = {
        .clock = fetch->options.clock,
        .on_wake = on_wake,
        .on_block = on_block,
        .user = fetch,
    };
    int err = loop_init(&fetch->loop, &options);
    if (err != 0) {
        return err;
    }
    fetch->loop.is_awake = true; // the thread joins awake
    fetch->loop.now_ms = clock_mono_ms(fetch->loop.options.clock);
    uv_timer_init(&fetch->loop.uv, &fetch->timer);
    uv_timer_init(&fetch->loop.uv, &fetch->report_timer);
    err = mailbox_init(&fetch->mailbox, &fetch->loop, on_mail, fetch);
    if (err != 0) {
        close_timers(fetch);
        loop_deinit(&fetch->loop);
    }
    return err;
}

static int make_desk(struct fetch *fetch, struct desk_provider *providers,
                     size_t count)
{
    const struct fetch_options *options = &fetch->options;
    int err = desk_create(&fetch->desk, &options->policy, &options->desk,
                          options->cells, now(fetch));
    if (err == 0) {
        err = desk_open(fetch->desk, now(fetch), &options->policy, providers,
                        count);
    }
    return err == 0 ? errand_load(fetch->desk, options->store, now(fetch))
                    : err;
}

static int make_press(struct fetch *fetch)
{
    struct press_options options = {
        .loop = &fetch->loop,
        .clock = fetch->options.clock,
        .on_judged = on_judged,
        .on_news = on_news,
        .user = fetch,
    };
    return press_create(&fetch->press, &options);
}

/* End what was made, where the thread does not start after all. */
static void undo(struct fetch *fetch, bool has_loop)
{
    press_destroy(&fetch->press);
    desk_destroy(&fetch->desk);
    caller_destroy(&fetch->caller);
    if (has_loop) {
        mailbox_close(&fetch->mailbox);
        close_timers(fetch);
        loop_deinit(&fetch->loop);
        mailbox_deinit(&fetch->mailbox);
    }
    report_deinit(&fetch->report);
    mem_free(fetch->verdicts);
    mem_free(fetch);
}

int fetch_start(struct fetch **out, const struct fetch_options *options,
                struct desk_provider *providers, size_t count)
{
    *out = NULL;
    struct fetch *fetch = mem_calloc(1, sizeof(*fetch));
    if (fetch == NULL || report_init(&fetch->report) != 0) {
        mem_free(fetch);
        return ERR_NOMEM;
    }
    fetch->options = *options;
    fetch->stop.kind = ORDER_STOP;
    TAILQ_INIT(&fetch->unnoted);
    TAILQ_INIT(&fetch->dialed);
    fetch->verdicts =
        mem_calloc(PROVIDER_SYMBOLS_LIMIT, sizeof(*fetch->verdicts));
    int err = fetch->verdicts == NULL ? ERR_NOMEM : init_loop(fetch);
    bool has_loop = err == 0;
    if (err == 0) {
        err = caller_create(&fetch->caller, &fetch->loop, on_answer, fetch);
    }
    if (err == 0) {
        caller_ask_again(fetch->caller, on_again);
        err = make_press(fetch);
    }
    if (err == 0) {
        err = make_desk(fetch, providers, count);
    }
    if (err == 0) {
        report_renew(&fetch->report, fetch->desk, now(fetch));
    }
    if (err == 0 && uv_thread_create(&fetch->thread, run, fetch) != 0) {
        err = ERR_IO;
    }
    if (err != 0) {
        undo(fetch, has_loop);
        return err;
    }
    *out = fetch;
    return 0;
}

/* --- The calls of other threads ----------------------------------------------
 */

int fetch_ask(struct fetch *fetch, unsigned asker, const struct symbol *symbol,
              struct desk_wish wish)
{
    struct order order = {
        .kind = ORDER_ASK,
        .asker = asker,
        .wish = wish,
        .symbol = *symbol,
    };
    return order_post(&fetch->mailbox, &order);
}

int fetch_explain(struct fetch *fetch, unsigned asker, uint64_t number,
                  const struct symbol *symbol)
{
    struct order order = {
        .kind = ORDER_EXPLAIN,
        .asker = asker,
        .number = number,
        .symbol = *symbol,
    };
    return order_post(&fetch->mailbox, &order);
}

int fetch_change(struct fetch *fetch, struct desk_provider *providers,
                 size_t count, const struct desk_policy *policy)
{
    struct order order = {.kind = ORDER_CHANGE, .policy = *policy};
    int err = order_take_providers(&order, providers, count);
    err = err == 0 ? order_post(&fetch->mailbox, &order) : err;
    if (err != 0) {
        order_free_providers(&order);
    }
    return err;
}

void fetch_noted(struct fetch *fetch, uint64_t ticket)
{
    // Without memory the call is made a little later (hurry_notes()).
    struct order order = {.kind = ORDER_NOTED, .ticket = ticket};
    (void)order_post(&fetch->mailbox, &order);
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

void fetch_end(struct fetch *fetch)
{
    fetch_drain(fetch);
    if (!fetch->has_ended) {
        fetch->has_ended = true;
        uv_thread_join(&fetch->thread);
    }
}

void fetch_stop(struct fetch **fetch)
{
    struct fetch *gone = *fetch;
    if (gone == NULL) {
        return;
    }
    fetch_end(gone);
    mailbox_deinit(&gone->mailbox);
    desk_destroy(&gone->desk);
    report_deinit(&gone->report);
    mem_free(gone->verdicts);
    mem_free(gone);
    *fetch = NULL;
}
