/* SPDX-License-Identifier: Apache-2.0 */
#include "host/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <uv.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "cache/cache.h"
#include "host/agent.h"
#include "host/almanac.h"
#include "host/archive.h"
#include "host/market.h"
#include "host/notice.h"
#include "host/notify.h"
#include "host/reload.h"
#include "host/sockets.h"
#include "host/supply.h"
#include "host/upstream.h"
#include "host/watchdog.h"
#include "obs/log.h"
#include "quote/names.h"
#include "serve/roster.h"
#include "serve/settings.h"
#include "serve/worker.h"

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

#define SIGNALS_COUNT (sizeof(signal_numbers) / sizeof(signal_numbers[0]))

/* New settings on their way to the threads. */
struct takeover {
    _Atomic unsigned awaited; // threads that go by those of before
    struct notice *notice;    // that of the last of them; NULL: none is awaited
    size_t changes;
    bool is_wanted_again; // SIGHUP came meanwhile
};

struct server {
    struct loop loop;
    struct mailbox mailbox; // of notices
    struct conf_sources sources;
    const char *notify_socket;
    struct shared shared;
    struct settings *settings;
    struct supply supply;
    struct takeover takeover;
    struct worker *workers[SOCKETS_WORKERS_LIMIT];
    unsigned workers_ended;
    uv_signal_t signals[SIGNALS_COUNT];
    size_t signals_count; // that are on the loop
    uv_timer_t stage;
    struct watchdog *watchdog; // NULL: nobody wants to hear of us
    struct agent *agent;       // NULL: nobody is told of the load
    bool has_loop;
    bool is_draining;
    bool has_left; // the workers have been told
};

/* --- What the threads report -------------------------------------------------
 */

static void end_with_workers(void *user)
{
    struct server *server = user;
    server->workers_ended++;
    if (server->workers_ended == server->shared.workers_count) {
        loop_stop(&server->loop);
    }
}

IMPLEMENTS(on_worker_end)
static void on_worker_end(void *user)
{
    struct server *server = user;
    notice_post(&server->mailbox, notice_make(end_with_workers));
}

/* --- Draining ------------------------------------------------------------ */

static void post_drain(struct server *server)
{
    for (unsigned i = 0; i < server->shared.workers_count; i++) {
        worker_post_drain(server->workers[i]);
    }
}

static void on_cut(uv_timer_t *timer)
{
    struct server *server = timer->data;
    loop_wake(&server->loop);
    log_event(LOG_WARNING, "serve", "connections are cut",
              LOG_NUMBER("connections",
                         (int64_t)roster_count(server->shared.roster)));
    post_drain(server);
}

static void on_flights_over(uv_timer_t *timer)
{
    struct server *server = timer->data;
    loop_wake(&server->loop);
    fetch_drain(server->shared.fetch);
    for (unsigned i = 0; i < server->shared.workers_count; i++) {
        worker_post_end_questions(server->workers[i]);
    }
    uv_timer_start(timer, on_cut, SERVER_CUT_MS - SERVER_FLIGHTS_MS, 0);
}

static void leave(struct server *server)
{
    server->has_left = true;
    post_drain(server);
}

static void on_left(uv_timer_t *timer)
{
    struct server *server = timer->data;
    loop_wake(&server->loop);
    leave(server);
    uint64_t left_ms = server->settings->conf->server.leave_for_ms;
    uv_timer_start(timer, on_flights_over, SERVER_FLIGHTS_MS - left_ms, 0);
}

static void drain(struct server *server, const char *signal_name)
{
    if (server->is_draining) {
        if (!server->has_left) {
            leave(server); // or the workers would take the next for the first
        }
        uv_timer_start(&server->stage, on_cut, 0, 0);
        return;
    }
    server->is_draining = true;
    atomic_store_explicit(&server->shared.is_leaving, true,
                          memory_order_relaxed);
    log_event(LOG_INFO, "serve", "draining", LOG_TEXT("signal", signal_name));
    notify_send(server->notify_socket, "STOPPING=1\nSTATUS=draining");
    if (server->agent != NULL) {
        agent_drain(server->agent);
    }
    uint64_t leave_for_ms = server->settings->conf->server.leave_for_ms;
    CHECK(leave_for_ms < SERVER_FLIGHTS_MS);
    uv_timer_start(&server->stage, on_left, leave_for_ms, 0);
}

/* --- Reloading ----------------------------------------------------------- */

IMPLEMENTS(conf_change_fn)
static void log_change(void *user, const char *key, const char *before,
                       const char *after, bool needs_restart)
{
    (void)user;
    CHECK(!needs_restart);
    log_event(LOG_INFO, "serve", "setting changed", LOG_TEXT("key", key),
              LOG_TEXT("before", before), LOG_TEXT("after", after));
}

/* The part of the settings that is not the workers'. */
static void apply_settings(struct server *server, struct settings *settings)
{
    const struct conf *conf = settings->conf;
    supply_apply(&server->supply, settings);
    settings_apply_log(conf);
    settings_leave(&server->settings);
    server->settings = settings;
}

static void end_reload(struct server *server, enum metric outcome)
{
    metric_add(&server->shared.metrics.cells[server->shared.workers_count + 1],
               outcome, 1);
    notify_send(server->notify_socket, "READY=1");
}

static void load_again(struct server *server);

/* From here on every request is answered by the new settings. */
static void finish_reload(void *user)
{
    struct server *server = user;
    struct takeover *takeover = &server->takeover;
    takeover->notice = NULL; // freed
    log_event(
        LOG_INFO, "serve", "configuration loaded again",
        LOG_NUMBER("changes", (int64_t)takeover->changes),
        LOG_NUMBER("names", (int64_t)names_count(server->settings->names)));
    end_reload(server, METRIC_reloads);
    if (takeover->is_wanted_again && !server->is_draining) {
        load_again(server);
    }
}

IMPLEMENTS(on_settings_taken)
static void on_settings_taken(void *user)
{
    struct server *server = user;
    struct takeover *takeover = &server->takeover;
    if (atomic_fetch_sub_explicit(&takeover->awaited, 1,
                                  memory_order_acq_rel) == 1) {
        notice_post(&server->mailbox, takeover->notice);
    }
}

/* Send them to all threads, of which the last to take them tells. */
static int send_settings(struct server *server, struct reload *reload)
{
    struct takeover *takeover = &server->takeover;
    struct notice *notice = notice_make(finish_reload);
    if (notice == NULL) {
        return ERR_NOMEM;
    }
    const struct conf *conf = reload->settings->conf;
    unsigned workers_count = server->shared.workers_count;
    takeover->notice = notice;
    atomic_store_explicit(&takeover->awaited, workers_count + 1,
                          memory_order_release);
    struct desk_policy policy = supply_policy(conf);
    int err = fetch_change(server->shared.fetch, reload->providers,
                           reload->providers_count, &policy);
    if (err != 0) {
        notice_drop(notice);
        takeover->notice = NULL;
        return err;
    }
    for (unsigned i = 0; i < workers_count; i++) {
        worker_post_settings(server->workers[i], &reload->mails[i]);
    }
    takeover->changes =
        conf_compare(server->settings->conf, conf, log_change, NULL);
    apply_settings(server, reload->settings);
    reload->settings = NULL;
    supply_take_almanac(&server->supply, &reload->almanac);
    return 0;
}

static void load_again(struct server *server)
{
    struct takeover *takeover = &server->takeover;
    takeover->is_wanted_again = takeover->notice != NULL;
    if (takeover->is_wanted_again) {
        return; // the files are read once more when that is done
    }
    notify_reloading(server->notify_socket);
    struct reload *reload = mem_calloc(1, sizeof(*reload));
    int err = reload == NULL ? ERR_NOMEM
                             : reload_prepare(reload, &server->sources,
                                              server->settings->conf,
                                              server->shared.workers_count);
    err = err == 0 ? send_settings(server, reload) : err;
    if (err != 0) {
        const char *error = reload != NULL && reload->error[0] != '\0'
                                ? reload->error
                                : err_sentence(err);
        log_event(LOG_ERROR, "serve",
                  "configuration refused, nothing was changed",
                  LOG_TEXT("error", error));
        end_reload(server, METRIC_reloads_refused);
    }
    if (reload != NULL) {
        reload_deinit(reload);
        mem_free(reload);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    loop_wake(&server->loop);
    if (number == SIGHUP) {
        load_again(server);
    } else {
        drain(server, number == SIGTERM ? "SIGTERM" : "SIGINT");
    }
}

/* --- Starting ------------------------------------------------------------ */

static unsigned workers_wanted(const struct conf *conf)
{
    uint64_t wanted = conf->server.workers;
    if (wanted == 0) {
        wanted = uv_available_parallelism();
    }
    return (unsigned)(wanted < SOCKETS_WORKERS_LIMIT ? wanted
                                                     : SOCKETS_WORKERS_LIMIT);
}

/* Called on the workers' threads, too: they end before what they look at. */
IMPLEMENTS(is_turning)
static bool is_turning(void *user)
{
    const struct server *server = user;
    const struct shared *shared = &server->shared;
    uint64_t now_ms = clock_mono_ms(shared->clock);
    // Those that have ended while draining turn no more.
    bool may_have_ended =
        atomic_load_explicit(&shared->is_leaving, memory_order_relaxed);
    bool is_turning = fetch_is_turning(shared->fetch, now_ms);
    for (unsigned i = 0; i < shared->workers_count && is_turning; i++) {
        is_turning = may_have_ended ||
                     loop_is_turning(&server->workers[i]->loop, now_ms);
    }
    return is_turning;
}

static int init_shared(struct server *server, const struct conf *conf)
{
    struct shared *shared = &server->shared;
    shared->clock = clock_system();
    shared->started_mono_ms = clock_mono_ms(shared->clock);
    shared->started_unix_ms = clock_unix_ms(shared->clock);
    shared->workers_count = workers_wanted(conf);
    shared->on_worker_end = on_worker_end;
    shared->on_settings_taken = on_settings_taken;
    shared->is_turning = is_turning;
    shared->user = server;
    // Cells: one a worker, one for the fetch thread, for main, for the store.
    int err = metric_init(&shared->metrics, shared->workers_count + 3);
    err = err == 0 ? roster_create(&shared->roster) : err;
    if (err != 0) {
        return err;
    }
    struct cache_options options = {
        .symbols_max = (uint32_t)conf->cache.symbols_max,
        .cells = &shared->metrics.cells[shared->workers_count],
    };
    err = cache_create(&shared->cache, &options);
    if (err == 0) {
        err = supply_init(&server->supply, shared, server->workers);
    }
    return err;
}

static void deinit_shared(struct server *server)
{
    cache_destroy(&server->shared.cache);
    roster_destroy(&server->shared.roster);
    metric_deinit(&server->shared.metrics);
    settings_leave(&server->settings);
}

/* What it made is ended with deinit_loop(), also where it fails half-way. */
static int init_loop(struct server *server)
{
    struct loop_options options = {.clock = server->shared.clock};
    int err = loop_init(&server->loop, &options);
    if (err != 0) {
        return err;
    }
    err = mailbox_init(&server->mailbox, &server->loop, notice_take, server);
    if (err != 0) {
        loop_deinit(&server->loop);
        return err;
    }
    server->has_loop = true;
    uv_timer_init(&server->loop.uv, &server->stage);
    server->stage.data = server;
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        uv_signal_t *handle = &server->signals[i];
        if (uv_signal_init(&server->loop.uv, handle) != 0) {
            return ERR_IO;
        }
        server->signals_count++;
        handle->data = server;
        err = uv_signal_start(handle, on_signal, signal_numbers[i]);
        CHECK(err == 0); // these signals can be caught
    }
    return 0;
}

static int create_workers(struct server *server, struct sockets *sockets)
{
    for (unsigned i = 0; i < server->shared.workers_count; i++) {
        int *fds = sockets->fds[i];
        int err = worker_create(&server->workers[i], i, &server->shared,
                                server->settings, fds, sockets->addresses);
        for (size_t at = 0; at < sockets->addresses; at++) {
            fds[at] = -1; // moved
        }
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

IMPLEMENTS(is_well)
static bool is_well(void *user)
{
    bool is_well = is_turning(user);
    if (!is_well) {
        log_event(LOG_ERROR, "serve", "a thread hangs, the watchdog is not fed",
                  LOG_NUMBER("process", getpid()));
    }
    return is_well;
}

static void start_watchdog(struct server *server, uint64_t period_us)
{
    struct watchdog_options options = {
        .notify_socket = server->notify_socket,
        .period_us = period_us,
        .is_well = is_well,
        .user = server,
    };
    if (period_us > 0) {
        int err = watchdog_open(&server->watchdog, &server->loop, &options);
        CHECK(err == 0); // at the start there is memory
    }
}

static int start_agent(struct server *server, struct sockets *sockets)
{
    int fd = sockets->agent_fd;
    sockets->agent_fd = -1; // moved
    return fd < 0 ? 0
                  : agent_open(&server->agent, &server->loop, fd,
                               server->shared.workers_count);
}

/* Say why loops and threads could not be made, where they could not. */
static int complain(char error[SERVER_ERROR_SIZE], int err)
{
    struct rlimit files;
    if (err == ERR_IO && getrlimit(RLIMIT_NOFILE, &files) == 0) {
        snprintf(error, SERVER_ERROR_SIZE,
                 "a thread can't be started; the limit of open files is %llu: "
                 "%s",
                 (unsigned long long)files.rlim_cur, SOCKETS_FILES_ADVICE);
    }
    return err;
}

/* Make what serves, though nothing does yet. */
static int make_all(struct server *server, struct sockets *sockets,
                    char error[SERVER_ERROR_SIZE])
{
    int err = init_loop(server);
    err = err == 0 ? start_agent(server, sockets) : err;
    err = err == 0 ? create_workers(server, sockets) : err;
    if (err == 0) {
        supply_meet_workers(&server->supply);
    }
    return complain(error, err);
}

static int open_archive(struct server *server, const struct conf *conf,
                        struct market_book *book, char error[SERVER_ERROR_SIZE])
{
    struct shared *shared = &server->shared;
    char why[ARCHIVE_ERROR_SIZE];
    int err =
        archive_open(&shared->store, conf, shared->clock,
                     &shared->metrics.cells[shared->workers_count + 2], why);
    if (err != 0) {
        snprintf(error, SERVER_ERROR_SIZE, "%s", why);
        return err;
    }
    book->calendar = almanac_calendar(server->supply.almanac);
    book->usual = conf->fetch.market;
    archive_load(shared->store, shared->cache, shared->clock, conf, book);
    server->supply.ledger.store = shared->store;
    return 0;
}

static int load_almanac(struct server *server, const struct conf *conf,
                        char error[SERVER_ERROR_SIZE])
{
    struct almanac *almanac;
    int err = almanac_load(&almanac, conf, error);
    if (err == 0) {
        supply_take_almanac(&server->supply, &almanac);
    }
    return err;
}

/* Everything that users may have got wrong is checked and opened. */
static int open_all(struct server *server, struct conf **conf,
                    struct sockets *sockets, char error[SERVER_ERROR_SIZE])
{
    struct names *names = NULL;
    struct desk_provider providers[CONF_PROVIDERS_LIMIT] = {0};
    size_t count = 0;
    int err = init_shared(server, *conf);
    err = err == 0 ? upstream_open(providers, &count, *conf,
                                   server->sources.environment, error)
                   : err;
    err = err == 0 ? upstream_load_names(&names, *conf, error) : err;
    err = err == 0 ? load_almanac(server, *conf, error) : err;
    struct market_book book = {
        .names = names, .providers = providers, .providers_count = count};
    err = err == 0 ? open_archive(server, *conf, &book, error) : err;
    sockets->workers = server->shared.workers_count;
    err =
        err == 0 ? sockets_bind(sockets, *conf, error, SERVER_ERROR_SIZE) : err;
    err = err == 0 ? complain(error, supply_start(&server->supply, *conf,
                                                  providers, count))
                   : err;
    if (err == 0) {
        struct settings *settings = NULL;
        err = settings_create(&settings, conf, &names);
        CHECK(err == 0);
        apply_settings(server, settings);
    }
    for (size_t i = 0; i < CONF_PROVIDERS_LIMIT; i++) {
        terms_free_provider(&providers[i]);
    }
    names_destroy(&names);
    return err;
}

static void deinit_loop(struct server *server)
{
    watchdog_close(&server->watchdog);
    agent_close(&server->agent);
    mailbox_close(&server->mailbox);
    uv_close((uv_handle_t *)&server->stage, NULL);
    CHECK(server->signals_count <= SIGNALS_COUNT);
    for (size_t i = 0; i < SIGNALS_COUNT && i < server->signals_count; i++) {
        uv_close((uv_handle_t *)&server->signals[i], NULL);
        // One more of them has nothing left to ask for, and must not kill.
        signal(signal_numbers[i], SIG_IGN);
    }
    loop_deinit(&server->loop);
    mailbox_deinit(&server->mailbox);
}

/* End and free what was started; the threads have been told to end. */
static void end_all(struct server *server)
{
    supply_stop(&server->supply);
    for (unsigned i = 0; i < server->shared.workers_count; i++) {
        worker_destroy(&server->workers[i]);
    }
    if (server->has_loop) {
        deinit_loop(server);
    }
    deinit_shared(server);
    mem_free(server);
}

int server_start(struct server **out, struct conf **conf,
                 const struct server_options *options,
                 char error[SERVER_ERROR_SIZE])
{
    *out = NULL;
    snprintf(error, SERVER_ERROR_SIZE, "no memory");
    struct server *server = mem_calloc(1, sizeof(*server));
    if (server == NULL) {
        return ERR_NOMEM;
    }
    server->sources = *options->sources;
    server->notify_socket = options->notify_socket;
    server->shared.protocols = options->protocols;
    struct sockets sockets;
    sockets_init(&sockets);
    sockets.passed = sockets_passed(options->listen_fds, options->listen_pid);
    int err = open_all(server, conf, &sockets, error);
    err = err == 0 ? make_all(server, &sockets, error) : err;
    if (err != 0) {
        sockets_close(&sockets);
        end_all(server);
        return err;
    }
    for (unsigned i = 0; i < server->shared.workers_count; i++) {
        worker_start(server->workers[i]);
    }
    start_watchdog(server, watchdog_period_us(options->watchdog_usec,
                                              options->watchdog_pid));
    *out = server;
    return 0;
}

void server_run(struct server **server)
{
    struct server *running = *server;
    log_event(LOG_INFO, "serve", "ready",
              LOG_TEXT("server", running->settings->conf->server.id),
              LOG_NUMBER("workers", running->shared.workers_count));
    notify_send(running->notify_socket, "READY=1\nSTATUS=serving");
    loop_run(&running->loop);
    end_all(running);
    *server = NULL;
    log_event(LOG_INFO, "serve", "ended", LOG_NUMBER("process", getpid()));
}
