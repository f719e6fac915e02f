/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h -- a worker: one thread, one loop, and the connections it accepted.
 *
 * A connection lives and dies on one worker.  What workers share is in struct
 * shared: the cache they read, the fetch thread they ask, the roster;
 * everything else here is the worker's own and touched by its thread only.
 *
 *     accepting -- DRAIN --> draining -- last connection gone, or CUT --> ended
 *
 * While draining it accepts no more; or, where balancers are told first
 * (server.leave_for), as long as somebody waits for an answer: a balancer that
 * checks would else find the port closed, and cut those who wait.  Who comes
 * then is read from as shortly as the others.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conf/conf.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "obs/metric.h"
#include "proto/detect.h"
#include "proto/resp.h"
#include "proto/rpyc.h"
#include "serve/ask.h"
#include "serve/recall.h"
#include "serve/tally.h"

struct cache;
struct fetch;
struct desk_result;
struct guest;
struct guest_protocol;
struct listener;
struct roster;
struct settings;
struct question;
struct waits;
struct watches;

/* What all workers share; the pointers do not change while they run. */
struct shared {
    struct cache *cache;
    struct fetch *fetch;
    struct store *store; /* NULL: nothing is kept */
    struct roster *roster;
    struct metrics metrics;
    const struct clock *clock;
    uint64_t started_mono_ms;
    int64_t started_unix_ms;
    unsigned workers_count;
    /* Who answers which protocol, by enum protocol (proto/detect.h); NULL where
     * it is not spoken. */
    const struct guest_protocol *const *protocols;
    /* A worker's thread is about to end; called on it. */
    void (*on_worker_end)(void *user);
    /* A thread goes by the settings that it was sent last; called on it, or on
     * main for one that has ended. */
    void (*on_settings_taken)(void *user);
    /* Whether every thread's loop turns.  Threads: any worker's. */
    bool (*is_turning)(void *user);
    void *user;
    /* The server has been told to end: balancers are to send no more.  Relaxed:
     * it stays so. */
    _Atomic bool is_leaving;
};

/* A message to a worker, first in the sender's own struct. */
struct worker_mail {
    struct mail mail; /* first */
    /* On the worker's thread; the message is the callee's to free. */
    void (*on_mail)(struct worker *worker, struct worker_mail *mail);
};

struct worker {
    unsigned number; /* its bit among a flight's askers */
    uv_thread_t thread;
    struct loop loop;
    struct mailbox mailbox;
    const struct shared *shared;
    struct settings *settings; /* held */
    struct metric_cells *cells;
    struct tally tally;
    struct waits *waits;
    struct watches *watches;
    struct listener *listeners[CONF_LIST_LIMIT];
    size_t listeners_count;
    LIST_HEAD(, guest) guests;
    size_t turn_symbols; /* in its sessions' turns; WAIT_LIMIT at most */
    LIST_HEAD(, question) questions; /* whose answer has not come */
    size_t questions_count;          /* QUESTION_LIMIT at most */
    bool is_started;
    bool is_draining;
    uv_timer_t grace;       /* runs from the drain to the end of reading */
    uint64_t grace_from_ms; /* those who came until then are read no more */
    /* What a protocol keeps for all of its sessions here, by enum protocol. */
    void *memory[PROTOCOL_COUNT];
    /* Scratch of the request being answered. */
    struct resp_command command;
    struct rpyc_message message;
    struct answer answers[RESP_ARGS_LIMIT];
    struct recall recall;
    size_t gets_together; /* redis/shortcut.c's; 0 at first */
};

/*
 * Make a worker that will listen on `fds` (MOVED, also on failure), `count` of
 * them.  Returns 0, ERR_NOMEM or, where descriptors run out, ERR_IO.  Threads:
 * main.
 */
int worker_create(struct worker **out, unsigned number,
                  const struct shared *shared, struct settings *settings,
                  const int *fds, size_t count);

/* Start its thread.  Threads: main. */
void worker_start(struct worker *worker);

/* Hand it a message (MOVED).  Returns whether it was taken: false once its
 * thread has ended, and the message stays the caller's.  Threads: any, until
 * worker_destroy(). */
bool worker_post(struct worker *worker, struct worker_mail *mail);

/* Tell it that a symbol's flight has ended.  Threads: the fetch thread. */
void worker_post_result(struct worker *worker,
                        const struct desk_result *result);

/*
 * Give new settings to the workers without half of them failing: first a
 * message for each is made (NULL for want of memory), then each is posted
 * (MOVED) or dropped.  on_settings_taken() is called for each that is posted,
 * but for those that a worker's end is before.  Threads: main.
 */
struct worker_mail *worker_prepare_settings(struct settings *settings);
void worker_post_settings(struct worker *worker, struct worker_mail **mail);
void worker_drop_settings(struct worker_mail **mail);

/* Whether the server has been told to end, or the worker is draining.  Threads:
 * the worker's. */
static inline bool worker_is_leaving(const struct worker *worker)
{
    return worker->is_draining ||
           atomic_load_explicit(&worker->shared->is_leaving,
                                memory_order_relaxed);
}

/* A guest of the worker's is gone.  Threads: the worker's. */
void worker_forget(struct worker *worker);

/* End its open questions with ERR_DRAINING.  Threads: main. */
void worker_post_end_questions(struct worker *worker);

/*
 * Answer what was asked, end the connections, stop accepting, end the thread.
 * A second call cuts the connections that are left.  Threads: main.
 */
void worker_post_drain(struct worker *worker);

/* Wait for its thread's end, if it was started, free and set *worker to NULL;
 * NULL already is allowed.  Threads: main, when nobody posts to it any more. */
void worker_destroy(struct worker **worker);
