/* SPDX-License-Identifier: Apache-2.0 */
#include "python/python.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/conn.h"
#include "obs/log.h"
#include "python/follow.h"
#include "python/glance.h"
#include "python/handler.h"
#include "python/reference.h"
#include "python/release.h"
#include "python/service.h"
#include "serve/complaint.h"
#include "serve/inquiry.h"
#include "serve/settings.h"
#include "serve/share.h"
#include "serve/tally.h"
#include "serve/worker.h"

/* How much of a client's own words an error repeats. */
#define SHOWN_BYTES 64

/* A request that waits for quotes. */
struct call {
    TAILQ_ENTRY(call) link;
    struct python *python;
    int64_t seq;
    python_compose_fn compose;
    struct inquiry *inquiry; // owned
};

/* A request that waits for what an iterable of the client's gives. */
struct collection {
    TAILQ_ENTRY(collection) link;
    int64_t asked_seq; // of our request
    int64_t seq;       // of the client's
    python_collected_fn collected;
    size_t id_len;
    size_t callback_len; // behind the id; 0: there is none
    char id[]; // the reference's, in brine, to name it when it is released
};

TAILQ_HEAD(call_list, call);
TAILQ_HEAD(collection_list, collection);

struct python {
    struct guest *guest;
    struct call_list calls;
    struct collection_list collections;
    size_t symbols; // in all calls, answered already or not
    size_t collections_count;
    int64_t seq_next;       // of our own requests
    struct buffer releases; // requests that are not urgent
    struct references references;
    struct follows follows;
    struct share share; // full by invariant (2)
    bool is_gone;       // the connection
    bool is_counted;    // the request that is being run, by how it ended
};

struct worker *python_worker(const struct python *python)
{
    return python->guest->worker;
}

struct references *python_references(struct python *python)
{
    return &python->references;
}

struct guest *python_guest(const struct python *python)
{
    return python->guest;
}

struct follows *python_follows(struct python *python)
{
    return &python->follows;
}

int64_t python_next_seq(struct python *python)
{
    return python->seq_next++;
}

struct buffer *python_releases(struct python *python)
{
    return python->is_gone ? NULL : &python->releases;
}

struct buffer *python_output(struct python *python)
{
    return conn_output(python->guest->conn);
}

/* --- Counting and failing
 * -----------------------------------------------------------------
 */

void python_count_failed(struct python *python)
{
    metric_add(python_worker(python)->cells, METRIC_requests_failed, 1);
}

/* How a request ended that is answered in its turn; the first word counts. */
static void count_outcome(struct python *python, enum family_outcome outcome)
{
    if (!python->is_counted) {
        python->is_counted = true;
        tally_answered(python_worker(python), PROTOCOL_RPYC, outcome);
    }
}

struct span python_shown(struct span text)
{
    if (!utf8_is_valid(text)) {
        return span_of("?");
    }
    if (text.len > SHOWN_BYTES) {
        text.len = SHOWN_BYTES;
        // Not within a character: its later bytes are 10xxxxxx.
        while (text.len > 0 && (text.data[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

void python_raise(const struct python_request *request, const char *exception,
                  const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    CHECK(len >= 0 && (size_t)len < sizeof(text)); // all parts are bounded
    python_count_failed(request->python);
    count_outcome(request->python, FAMILY_REFUSED);
    rpyc_put_exception(python_output(request->python), request->seq, exception,
                       (struct span){text, (size_t)len});
}

/* --- Requests to the client --------------------------------------------------
 */

int64_t python_put_request(struct python *python, struct buffer *out,
                           enum rpyc_handler handler, struct span id,
                           int64_t number)
{
    int64_t seq = python->seq_next++;
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, handler);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 2);
    rpyc_put_label(out, RPYC_LOCAL_REF);
    buffer_put_span(out, id);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_int(out, number);
    rpyc_end(out, frame);
    return seq;
}

static struct span raw_of(const struct brine_value *value)
{
    return (struct span){value->raw, value->raw_len};
}

void python_charge(struct python *python, size_t bytes)
{
    share_charge(&python->share, bytes);
}

/* --- Calls that wait ---------------------------------------------------------
 */

static void free_call(struct call *call)
{
    struct python *python = call->python;
    TAILQ_REMOVE(&python->calls, call, link);
    python->symbols -= inquiry_count(call->inquiry);
    inquiry_destroy(&call->inquiry);
    mem_free(call);
}

static void free_calls(struct python *python)
{
    for (struct call *call; (call = TAILQ_FIRST(&python->calls)) != NULL;) {
        free_call(call);
    }
    CHECK(python->symbols == 0);
}

/* Compose the reply of a call whose answers are all there, and end it. */
static void end_call(struct call *call)
{
    struct python *python = call->python;
    size_t count = inquiry_count(call->inquiry);
    struct worker *worker = python_worker(python);
    inquiry_recall(call->inquiry);
    enum family_outcome outcome = tally_quotes(worker, worker->answers, count);
    tally_waited(worker, PROTOCOL_RPYC, outcome,
                 inquiry_asked_ms(call->inquiry));
    complaint_log_answer(python->guest, worker->answers, outcome);
    call->compose(python, call->seq, worker->answers, count,
                  python_output(python));
    free_call(call);
}

/* Invariant (2), both ways. */
static void pause_if_full(struct python *python)
{
    if (python->symbols >= PYTHON_WAITING_LIMIT) {
        share_pause(&python->share);
    }
}

static void resume_if_free(struct python *python)
{
    if (python->share.is_full && python->symbols <= PYTHON_WAITING_LIMIT / 2) {
        share_resume(&python->share); // may end the session
    }
}

IMPLEMENTS(inquiry_done_fn)
static void on_call_done(void *user)
{
    struct call *call = user;
    struct python *python = call->python;
    struct conn *conn = python->guest->conn;
    end_call(call);
    conn_flush(conn);
    if (conn_is_open(conn)) { // else the session is gone
        guest_end_if_done(python->guest);
    }
    if (conn_is_open(conn)) {
        resume_if_free(python);
    }
}

/* Begin a call for what inquiry_look() left in the worker's answers.  Returns 0
 * or ERR_OVERLOADED. */
static int begin_call(const struct python_request *request,
                      python_compose_fn compose, size_t count)
{
    struct python *python = request->python;
    struct call *call = mem_calloc(1, sizeof(*call));
    if (call == NULL || inquiry_create(&call->inquiry, python_worker(python),
                                       count, on_call_done, call) != 0) {
        mem_free(call);
        return ERR_OVERLOADED;
    }
    call->python = python;
    call->seq = request->seq;
    call->compose = compose;
    python->symbols += count;
    TAILQ_INSERT_TAIL(&python->calls, call, link);
    if (inquiry_is_done(call->inquiry)) {
        end_call(call);
    }
    return 0;
}

void python_ask(const struct python_request *request, python_compose_fn compose,
                const struct span *texts, size_t count)
{
    CHECK(count <= PYTHON_SYMBOLS_LIMIT);
    struct python *python = request->python;
    struct worker *worker = python_worker(python);
    bool is_answered = inquiry_look(worker, texts, count);
    if (!is_answered && begin_call(request, compose, count) == 0) {
        python->is_counted = true; // when it ends
        return;
    }
    for (size_t i = 0; !is_answered && i < count; i++) {
        struct answer *answer = &worker->answers[i];
        if (answer->quote == NULL && answer->err == 0) {
            answer->err = ERR_OVERLOADED;
        }
    }
    enum family_outcome outcome = tally_quotes(worker, worker->answers, count);
    count_outcome(python, outcome);
    complaint_log_answer(python->guest, worker->answers, outcome);
    compose(python, request->seq, worker->answers, count,
            python_output(python));
}

/* --- Iterables of the client's -----------------------------------------------
 */

static void free_collection(struct python *python,
                            struct collection *collection)
{
    TAILQ_REMOVE(&python->collections, collection, link);
    python->collections_count--;
    mem_free(collection);
}

static struct collection *make_collection(const struct brine_value *id,
                                          const struct brine_value *callback)
{
    size_t callback_len = callback != NULL ? callback->raw_len : 0;
    struct collection *collection =
        mem_calloc(1, sizeof(*collection) + id->raw_len + callback_len);
    if (collection != NULL) {
        collection->id_len = id->raw_len;
        collection->callback_len = callback_len;
        memcpy(collection->id, id->raw, id->raw_len);
        if (callback != NULL) {
            memcpy(collection->id + id->raw_len, callback->raw, callback_len);
        }
    }
    return collection;
}

void python_collect(struct python_request *request,
                    python_collected_fn collected, const struct brine_value *id,
                    const struct brine_value *callback)
{
    struct python *python = request->python;
    struct rpyc_id read;
    if (!rpyc_read_id(&read, id)) {
        python_raise(request, "TypeError", "this is no reference");
        return;
    }
    if (python->collections_count >= PYTHON_COLLECTIONS_LIMIT) {
        python_raise(request, "RuntimeError",
                     "the server reads %d iterables of yours already",
                     PYTHON_COLLECTIONS_LIMIT);
        return;
    }
    struct collection *collection = make_collection(id, callback);
    if (collection == NULL) {
        python_raise(request, "MemoryError", "the server has no memory");
        return;
    }
    collection->seq = request->seq;
    collection->collected = collected;
    request->kept[0] = id;
    request->kept[1] = callback;
    // One more than is allowed, to see whether there are more.
    collection->asked_seq =
        python_put_request(python, python_output(python), RPYC_BUFFITER,
                           raw_of(id), PYTHON_SYMBOLS_LIMIT + 1);
    python->is_counted = true; // when what it has in it is known
    TAILQ_INSERT_TAIL(&python->collections, collection, link);
    python->collections_count++;
}

static struct collection *find_collection(struct python *python, int64_t seq)
{
    struct collection *collection;
    TAILQ_FOREACH(collection, &python->collections, link)
    {
        if (collection->asked_seq == seq) {
            return collection;
        }
    }
    return NULL;
}

/* A reply or an exception of the client's. */
static void take_reply(struct python *python,
                       const struct rpyc_message *message)
{
    bool has_raised = message->kind == RPYC_EXCEPTION;
    if (follow_take_reply(&python->follows, message->seq, has_raised)) {
        return;
    }
    struct collection *collection = find_collection(python, message->seq);
    if (collection == NULL) {
        return; // to a release
    }
    struct span callback = {collection->id + collection->id_len,
                            collection->callback_len};
    struct python_request request = {
        .python = python,
        .seq = collection->seq,
    };
    python->is_counted = false;
    if (has_raised) {
        python_raise(&request, "TypeError",
                     "symbols must be an iterable of str");
        if (callback.len > 0) {
            release_one(python, callback);
        }
    } else {
        collection->collected(&request, callback, &message->box);
    }
    release_one(python, (struct span){collection->id, collection->id_len});
    free_collection(python, collection);
}

/* --- Bytes -------------------------------------------------------------------
 */

static void take_message(struct python *python,
                         const struct rpyc_message *message)
{
    struct conn *conn = python->guest->conn;
    struct python_request request = {
        .python = python,
        .seq = message->seq,
    };
    if (message->kind == RPYC_REQUEST) {
        metric_add(python_worker(python)->cells, METRIC_requests, 1);
        roster_count_commands(&python->guest->member, 1);
        python->is_counted = false;
        handler_run(&request, message);
        if (conn_is_open(conn)) {
            count_outcome(python, FAMILY_OK);
        }
    } else {
        take_reply(python, message);
    }
    if (conn_is_open(conn) && message->kind != RPYC_EXCEPTION) {
        release_given(python, &message->box, request.kept);
    }
}

/* What is no RPyC has no answer in RPyC. */
static void refuse_bytes(struct python *python, const char *why)
{
    log_event(LOG_DEBUG, "serve", "a Python client broke the protocol",
              LOG_TEXT("peer", python->guest->member.peer),
              LOG_TEXT("why", why));
    metric_add(python_worker(python)->cells, METRIC_connections_cut, 1);
    guest_finish(python->guest);
}

/* Answer one message at the front of the bytes, or several that are told by
 * their form.  Returns how many it took, or 0 when there is none to answer now.
 */
static size_t answer_one(struct python *python, struct span bytes)
{
    size_t known = glance_take(python, bytes);
    if (known > 0) {
        return known;
    }
    struct worker *worker = python_worker(python);
    struct rpyc_message *message = &worker->message;
    struct buffer scratch =
        buffer_empty(worker->settings->conf->limits.request_bytes_max);
    ptrdiff_t taken = rpyc_parse(message, bytes, &scratch);
    if (taken < 0) {
        refuse_bytes(python, message->error);
    } else if (taken > 0) {
        python_charge(python, scratch.len);
        take_message(python, message);
    }
    buffer_deinit(&scratch);
    return taken > 0 ? (size_t)taken : 0;
}

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *state, char *bytes, size_t len)
{
    struct python *python = state;
    struct guest *guest = python->guest;
    struct conn *conn = guest->conn;
    size_t taken = 0;
    while (taken < len && !guest->is_ending && share_is_left(&python->share)) {
        size_t before = conn_output(conn)->len;
        size_t one =
            answer_one(python, (struct span){bytes + taken, len - taken});
        taken += one;
        if (one == 0 || !conn_is_open(conn)) { // in the end, all is gone
            break;
        }
        share_charge_growth(&python->share, before, conn_output(conn)->len);
        if (conn_output(conn)->len > PYTHON_FLUSH_BYTES) {
            conn_flush(conn);
            if (!conn_is_open(conn) || conn_is_throttled(conn)) {
                break;
            }
        }
        pause_if_full(python);
    }
    if (conn_is_open(conn)) {
        follow_send(&python->follows); // what waited for a reply
    }
    return taken;
}

IMPLEMENTS(on_drained)
static void on_drained(void *state)
{
    struct python *python = state;
    follow_send(&python->follows);
}

/* --- Opening and ending ------------------------------------------------------
 */

IMPLEMENTS(open)
static void *open_python(struct guest *guest)
{
    struct python *python = mem_calloc(1, sizeof(*python));
    if (python != NULL) {
        python->guest = guest;
        TAILQ_INIT(&python->calls);
        TAILQ_INIT(&python->collections);
        python->releases = buffer_empty(LOOP_REPLY_BYTES_LIMIT);
        share_init(&python->share, guest);
        follow_init(&python->follows, python);
    }
    return python;
}

/* What is asked of the client is not counted: whether it answers is its own
 * affair, and once we are ending it can't be heard any more. */
IMPLEMENTS(is_busy)
static bool is_busy(const void *state)
{
    const struct python *python = state;
    return !TAILQ_EMPTY(&python->calls);
}

IMPLEMENTS(close)
static void close_python(void *state)
{
    struct python *python = state;
    python->is_gone = true;
    share_end(&python->share);
    follow_end_all(&python->follows);
    free_calls(python);
    for (struct collection *collection;
         (collection = TAILQ_FIRST(&python->collections)) != NULL;) {
        free_collection(python, collection);
    }
    reference_deinit_all(&python->references);
    buffer_deinit(&python->releases);
    mem_free(python);
}

void python_close(struct python *python)
{
    free_calls(python);
    guest_finish(python->guest);
}

const struct guest_protocol python_protocol = {
    .open = open_python,
    .on_bytes = on_bytes,
    .is_busy = is_busy,
    .on_drained = on_drained,
    .close = close_python,
};
