/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "cache/cache.h"
#include "fetch/fetch.h"
#include "net/burst.h"
#include "net/listener.h"
#include "obs/log.h"
#include "serve/guest.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/wait.h"
#include "serve/watch.h"

/* After a drain began, connections are read for this long still: requests that
 * were on their way get their answers.  Those that come later, where they are
 * accepted, for up to twice as long. */
#define DRAIN_GRACE_MS 50

/* The messages of this file; which it is, its on_mail() knows. */
struct order {
    struct worker_mail mail;   // first
    struct settings *settings; // on_settings(); held
    struct desk_result result; // on_result()
};

static void stop_accepting(struct worker *worker)
{
    for (size_t i = 0; i < worker->listeners_count; i++) {
        listener_close(&worker->listeners[i]);
    }
    worker->listeners_count = 0;
}

static bool owes_somebody(const struct worker *worker)
{
    const struct guest *guest;
    LIST_FOREACH(guest, &worker->guests, link)
    {
        if (guest_is_owed(guest)) {
            return true;
        }
    }
    return false;
}

static void end_if_drained(struct worker *worker)
{
    if (!worker->is_draining) {
        return;
    }
    bool is_grace = uv_is_active((uv_handle_t *)&worker->grace) != 0;
    if (!is_grace && !owes_somebody(worker)) {
        stop_accepting(worker);
    }
    if (worker->listeners_count == 0 && LIST_EMPTY(&worker->guests)) {
        loop_stop(&worker->loop);
    }
}

void worker_forget(struct worker *worker)
{
    end_if_drained(worker);
}

/* Call `fn` for every guest; it may end the guest it is given. */
static void each_guest(struct worker *worker, void (*fn)(struct guest *))
{
    struct guest *next;
    for (struct guest *guest = LIST_FIRST(&worker->guests); guest != NULL;
         guest = next) {
        next = LIST_NEXT(guest, link);
        fn(guest);
    }
}

static void finish_if_old(struct guest *guest)
{
    if (guest->member.joined_ms <= guest->worker->grace_from_ms) {
        guest_finish(guest);
    }
}

/* Whether somebody is left whose requests are still taken. */
static bool listens_to_somebody(const struct worker *worker)
{
    const struct guest *guest;
    LIST_FOREACH(guest, &worker->guests, link)
    {
        if (!guest->is_ending) {
            return true;
        }
    }
    return false;
}

static void on_grace_over(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    loop_wake(&worker->loop);
    each_guest(worker, finish_if_old);
    worker->grace_from_ms = worker->loop.now_ms;
    if (!listens_to_somebody(worker)) {
        uv_timer_stop(timer);
    }
    end_if_drained(worker);
}

static void start_grace(struct worker *worker)
{
    if (!uv_is_active((uv_handle_t *)&worker->grace)) {
        worker->grace_from_ms = worker->loop.now_ms;
        uv_timer_start(&worker->grace, on_grace_over, DRAIN_GRACE_MS,
                       DRAIN_GRACE_MS);
    }
}

static void drain(struct worker *worker)
{
    if (worker->is_draining) {
        stop_accepting(worker);
        each_guest(worker, guest_cut);
        end_if_drained(worker);
        return;
    }
    worker->is_draining = true;
    if (worker->settings->conf->server.leave_for_ms == 0) {
        stop_accepting(worker);
    }
    start_grace(worker);
}

IMPLEMENTS(on_mail)
static void on_result(struct worker *worker, struct worker_mail *mail)
{
    wait_end(worker->waits, &((struct order *)mail)->result);
    mem_free(mail);
}

IMPLEMENTS(on_mail)
static void on_settings(struct worker *worker, struct worker_mail *mail)
{
    settings_leave(&worker->settings);
    worker->settings = ((struct order *)mail)->settings;
    recall_forget_all(&worker->recall);
    worker->loop.idle_for_ms = worker->settings->conf->limits.idle_for_ms;
    each_guest(worker, guest_rebound);
    mem_free(mail);
    worker->shared->on_settings_taken(worker->shared->user);
}

IMPLEMENTS(on_mail)
static void on_end_questions(struct worker *worker, struct worker_mail *mail)
{
    question_drain(worker);
    mem_free(mail);
}

IMPLEMENTS(on_mail)
static void on_drain(struct worker *worker, struct worker_mail *mail)
{
    drain(worker);
    mem_free(mail);
}

IMPLEMENTS(mailbox_mail_fn)
static void on_mail(void *user, struct mail *mail)
{
    struct worker_mail *message = (struct worker_mail *)mail;
    message->on_mail(user, message);
}

IMPLEMENTS(listener_accept_fn)
static void on_accept(void *user, struct conn *conn)
{
    struct worker *worker = user;
    guest_open(worker, conn);
    if (worker->is_draining) {
        start_grace(worker);
    }
}

IMPLEMENTS(ask)
static int ask_upstream(void *user, const struct symbol *symbol,
                        const struct desk_wish *wish)
{
    struct worker *worker = user;
    return fetch_ask(worker->shared->fetch, worker->number, symbol, *wish);
}

IMPLEMENTS(on_wake)
static void on_wake(void *user)
{
    (void)user;
    cache_reader_resume();
}

IMPLEMENTS(on_block)
static void on_block(void *user)
{
    struct worker *worker = user;
    tally_turn(worker, loop_turn_ms(&worker->loop));
    cache_reader_pause();
}

static int init_loop(struct worker *worker)
{
    struct loop_options options = {
        .clock = worker->shared->clock,
        .on_wake = on_wake,
        .on_block = on_block,
        .user = worker,
    };
    int err = loop_init(&worker->loop, &options);
    if (err != 0) {
        return err;
    }
    err = burst_create(&worker->loop.burst);
    err = err == 0
              ? mailbox_init(&worker->mailbox, &worker->loop, on_mail, worker)
              : err;
    if (err != 0) {
        loop_deinit(&worker->loop);
        return err;
    }
    worker->loop.is_awake = true; // its thread joins awake
    worker->loop.idle_for_ms = worker->settings->conf->limits.idle_for_ms;
    uv_timer_init(&worker->loop.uv, &worker->grace);
    worker->grace.data = worker;
    return 0;
}

static void close_fds(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
    }
}

static int open_listeners(struct worker *worker, const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int err = listener_open(&worker->listeners[i], &worker->loop, fds[i],
                                on_accept, worker);
        if (err != 0) {
            close_fds(fds + i + 1, count - i - 1);
            return err;
        }
        worker->listeners_count++;
    }
    return 0;
}

/* All but the sockets. */
static int init_first(struct worker *worker)
{
    struct wait_options waits = {
        .cells = worker->cells,
        .ask = ask_upstream,
        .user = worker,
    };
    int err = wait_create_all(&worker->waits, &waits);
    err = err == 0 ? watch_create_all(&worker->watches, worker) : err;
    return err == 0 ? init_loop(worker) : err;
}

static void free_worker(struct worker *worker)
{
    watch_destroy_all(&worker->watches);
    wait_destroy_all(&worker->waits);
    settings_leave(&worker->settings);
    mem_free(worker);
}

int worker_create(struct worker **out, unsigned number,
                  const struct shared *shared, struct settings *settings,
                  const int *fds, size_t count)
{
    CHECK(count <= CONF_LIST_LIMIT);
    *out = NULL;
    struct worker *worker = mem_calloc(1, sizeof(*worker));
    if (worker == NULL) {
        close_fds(fds, count);
        return ERR_NOMEM;
    }
    worker->number = number;
    worker->shared = shared;
    worker->cells = &shared->metrics.cells[number];
    worker->settings = settings_hold(settings);
    LIST_INIT(&worker->guests);
    LIST_INIT(&worker->questions);
    int err = init_first(worker);
    if (err != 0) {
        close_fds(fds, count);
        free_worker(worker);
        return err;
    }
    err = open_listeners(worker, fds, count);
    if (err != 0) {
        worker_destroy(&worker);
        return err;
    }
    *out = worker;
    return 0;
}

/* Let the protocols free what they kept here. */
static void leave_protocols(struct worker *worker)
{
    const struct guest_protocol *const *protocols = worker->shared->protocols;
    for (int i = 0; protocols != NULL && i < PROTOCOL_COUNT; i++) {
        if (protocols[i] != NULL && protocols[i]->leave != NULL) {
            protocols[i]->leave(worker);
        }
    }
}

/* End what is on the loop, and the loop. */
static void end_loop(struct worker *worker)
{
    loop_wake(&worker->loop);
    stop_accepting(worker);
    leave_protocols(worker);
    uv_close((uv_handle_t *)&worker->grace, NULL);
    mailbox_close(&worker->mailbox);
    loop_deinit(&worker->loop);
}

/* Have many sends done by one call where that is wanted and to be had, by the
 * thread that will make it; the first worker says so for all of them. */
static void open_ring(struct worker *worker)
{
    bool is_wanted =
        strcmp(worker->settings->conf->server.io_uring, "auto") == 0;
    int err = is_wanted ? burst_open_ring(worker->loop.burst) : 0;
    if (worker->number != 0) {
        return;
    }
    const char *why = !is_wanted      ? "server.io_uring is no"
                      : err == ERR_IO ? strerror(errno)
                                      : err_sentence(err);
    if (is_wanted && err == 0) {
        log_event(LOG_INFO, "serve", "many are sent to by io_uring",
                  LOG_NUMBER("together", BURST_LIMIT));
    } else {
        log_event(LOG_INFO, "serve", "many are sent to one by one",
                  LOG_TEXT("why", why));
    }
}

static void run(void *user)
{
    struct worker *worker = user;
    open_ring(worker);
    cache_reader_join();
    loop_run(&worker->loop);
    end_loop(worker);
    cache_reader_leave();
    worker->shared->on_worker_end(worker->shared->user);
}

void worker_start(struct worker *worker)
{
    worker->is_started = true;
    int err = uv_thread_create(&worker->thread, run, worker);
    CHECK(err == 0); // at the start there is room for a thread
}

bool worker_post(struct worker *worker, struct worker_mail *mail)
{
    CHECK(mail->on_mail != NULL);
    return mailbox_post(&worker->mailbox, &mail->mail);
}

/* Post a message of main's or the fetch thread's that says all by itself. */
static void post_order(struct worker *worker, struct order *order,
                       void (*fn)(struct worker *, struct worker_mail *))
{
    // Without it requests would wait for ever, or the worker never end; a
    // process like that is better gone, and its neighbours answer.
    CHECK(order != NULL);
    order->mail.on_mail = fn;
    if (!worker_post(worker, &order->mail)) {
        mem_free(order);
    }
}

void worker_post_result(struct worker *worker, const struct desk_result *result)
{
    struct order *order = mem_calloc(1, sizeof(*order));
    CHECK(order != NULL); // as in post_order()
    order->result = *result;
    post_order(worker, order, on_result);
}

struct worker_mail *worker_prepare_settings(struct settings *settings)
{
    struct order *order = mem_calloc(1, sizeof(*order));
    if (order == NULL) {
        return NULL;
    }
    order->mail.on_mail = on_settings;
    order->settings = settings_hold(settings);
    return &order->mail;
}

void worker_drop_settings(struct worker_mail **mail)
{
    if (*mail != NULL) {
        settings_leave(&((struct order *)*mail)->settings);
        mem_free(*mail);
        *mail = NULL;
    }
}

void worker_post_settings(struct worker *worker, struct worker_mail **mail)
{
    struct worker_mail *moved = *mail;
    *mail = NULL;
    if (!worker_post(worker, moved)) {
        worker_drop_settings(&moved);
        worker->shared->on_settings_taken(worker->shared->user);
    }
}

void worker_post_end_questions(struct worker *worker)
{
    post_order(worker, mem_calloc(1, sizeof(struct order)), on_end_questions);
}

void worker_post_drain(struct worker *worker)
{
    post_order(worker, mem_calloc(1, sizeof(struct order)), on_drain);
}

void worker_destroy(struct worker **worker)
{
    struct worker *gone = *worker;
    if (gone == NULL) {
        return;
    }
    if (gone->is_started) {
        uv_thread_join(&gone->thread);
    } else {
        cache_reader_join(); // as its thread would have
        end_loop(gone);
        cache_reader_leave();
    }
    mailbox_deinit(&gone->mailbox);
    free_worker(gone);
    *worker = NULL;
}
