/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web_test.c -- whole sessions of HTTP, over a connection that is the test's:
 * what it sends is given as it would come, and what is answered is kept.  The
 * cache, the requests that wait and the watchers are real; no flight ends but
 * when the test says so.
 */
#include "web/web.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "fetch/fetch.h"
#include "net/conn.h"
#include "obs/log.h"
#include "serve/heartbeat.h"
#include "unit/serve/at_once.h"
#include "unit/serve/turns.h"
#include "unit/serve/watching.h"
#include "web/shelf.h"
#include "web/stream.h"

/* --- The connection ---------------------------------------------------------
 */

#define SENT_MAX 262144 // bytes, of all answers of a test

struct conn {
    struct guest guest;
    struct buffer out;   // what is being composed
    char sent[SENT_MAX]; // what the peer has
    size_t sent_len;
    char input[SENT_MAX]; // what the session has not taken
    size_t input_len;
    size_t unsent; // as if the peer did not read
    bool is_paused;
    bool is_finished;
    bool is_reset;
};

static struct conn fake;

struct buffer *conn_output(struct conn *conn)
{
    return &conn->out;
}

bool conn_is_open(const struct conn *conn)
{
    return !conn->is_finished && !conn->is_reset;
}

void conn_flush(struct conn *conn)
{
    conn->is_reset |= conn->out.failed;
    if (!conn->is_reset) {
        assert_true(conn->sent_len + conn->out.len < SENT_MAX);
        memcpy(conn->sent + conn->sent_len, conn->out.data, conn->out.len);
        conn->sent_len += conn->out.len;
        conn->sent[conn->sent_len] = '\0';
    }
    buffer_clear(&conn->out);
}

void conn_finish(struct conn *conn)
{
    conn_flush(conn);
    conn->is_finished = true;
}

void conn_reset(struct conn *conn, const char *why)
{
    assert_non_null(why);
    conn->is_reset = true;
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->unsent;
}

bool conn_is_throttled(const struct conn *conn)
{
    (void)conn;
    return false;
}

void conn_narrow(struct conn *conn, size_t bytes)
{
    (void)conn;
    assert_int_equal(bytes, WATCH_UNSENT_BYTES);
}

void conn_pause(struct conn *conn)
{
    conn->is_paused = true;
}

/* Give the session what it has not taken; in as many turns as it takes. */
static void deliver_input(void)
{
    if (fake.input_len == 0 || fake.is_paused || !conn_is_open(&fake)) {
        return;
    }
    size_t taken =
        web_protocol.on_bytes(fake.guest.state, fake.input, fake.input_len);
    assert_true(taken <= fake.input_len);
    memmove(fake.input, fake.input + taken, fake.input_len - taken);
    fake.input_len -= taken;
    if (conn_is_open(&fake)) {
        conn_flush(&fake);
    }
    turn();
}

void conn_resume(struct conn *conn)
{
    conn->is_paused = false;
    deliver_input();
}

/* --- What else the session calls --------------------------------------------
 */

void guest_finish(struct guest *guest)
{
    guest->is_ending = true;
    guest_end_if_done(guest);
}

void guest_end_if_done(struct guest *guest)
{
    if (guest->is_ending && !web_protocol.is_busy(guest->state)) {
        conn_finish(guest->conn);
    }
}

void fetch_copy_report(struct fetch *fetch, struct fetch_report *out)
{
    (void)fetch;
    memset(out, 0, sizeof(*out));
}

int fetch_explain(struct fetch *fetch, unsigned asker, uint64_t number,
                  const struct symbol *symbol)
{
    (void)fetch;
    (void)asker;
    (void)number;
    (void)symbol;
    return ERR_DRAINING;
}

/* It beats when the test calls beat(). */
struct heartbeat {
    struct heartbeat_options options;
    bool has_reason;
};

static struct heartbeat *shelf_beat; // of who is slow
static struct heartbeat *stream_beat;

int heartbeat_create(struct heartbeat **out, struct loop *loop,
                     const struct heartbeat_options *options)
{
    (void)loop;
    *out = mem_calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->options = *options;
    *(options->period_ms == STREAM_BEAT_MS ? &stream_beat : &shelf_beat) = *out;
    return 0;
}

void heartbeat_settle(struct heartbeat *heartbeat, bool has_reason)
{
    heartbeat->has_reason = has_reason;
}

void heartbeat_destroy(struct heartbeat **heartbeat)
{
    stream_beat = *heartbeat == stream_beat ? NULL : stream_beat;
    mem_free(*heartbeat);
    *heartbeat = NULL;
}

static void beat(struct heartbeat *heartbeat)
{
    if (heartbeat != NULL && heartbeat->has_reason) {
        heartbeat->options.on_beat(heartbeat->options.user);
    }
    if (conn_is_open(&fake)) {
        conn_flush(&fake);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- A session --------------------------------------------------------------
 */

#define REQUEST(target)           \
    "GET " target " HTTP/1.1\r\n" \
    "Host: a\r\n\r\n"

/* Returns whether there was memory for it. */
static bool open_session(void)
{
    memset(&fake.guest, 0, sizeof(fake.guest));
    fake.out.failed = false;
    fake.sent_len = fake.input_len = fake.unsent = 0;
    fake.is_paused = fake.is_finished = fake.is_reset = false;
    fake.sent[0] = '\0';
    fake.guest.worker = &watching.worker;
    fake.guest.conn = &fake;
    fake.guest.state = web_protocol.open(&fake.guest);
    return fake.guest.state != NULL;
}

static void close_session(void)
{
    web_protocol.close(fake.guest.state);
    fake.guest.state = NULL;
}

static int setup(void **state)
{
    (void)state;
    log_setup(STDERR_FILENO, LOG_ERROR, LOG_LOGFMT); // refusals are meant
    open_watching(5000);
    watching.worker.shared = &watching.shared;
    watching.shared.clock = clock_system();
    atomic_init(&watching.settings.references, 1);
    watching.settings.rule = (struct freshness_rule){60000, 600000};
    watching.conf.limits.output_bytes_max = 65536;
    watching.conf.limits.request_bytes_max = 65536;
    watching.conf.http.cors_origins = (char *)"";
    fake.out = buffer_empty(SENT_MAX);
    assert_non_null(buffer_reserve(&fake.out, SENT_MAX / 2));
    publish("IBM", 1000);
    assert_true(open_session());
    return 0;
}

/* Invariant (3): whatever it did, a session leaves nobody waiting behind. */
static void assert_nothing_left(void)
{
    assert_int_equal(watching.worker.turn_symbols, 0);
    assert_int_equal(wait_count(watching.worker.waits), 0);
    assert_int_equal(counted(METRIC_watches_open), 0);
}

static int teardown(void **state)
{
    (void)state;
    if (fake.guest.state != NULL) {
        close_session();
    }
    assert_nothing_left();
    shelf_leave(&watching.worker);
    buffer_deinit(&fake.out);
    close_watching();
    return 0;
}

/* Bytes come. */
static void come(const char *text)
{
    size_t len = strlen(text);
    assert_true(fake.input_len + len <= SENT_MAX);
    memcpy(fake.input + fake.input_len, text, len);
    fake.input_len += len;
    deliver_input();
}

/* A flight ends with a price, or an err. */
static void end_flight(const char *symbol, int err)
{
    struct desk_result result = {.err = err, .symbol = symbol_of(symbol)};
    if (err == 0) {
        result.quote = quote_of(symbol, watching.worker.loop.now_ms);
        publish(symbol, watching.worker.loop.now_ms);
    }
    wait_end(watching.worker.waits, &result);
    deliver(); // to who watches
    if (conn_is_open(&fake)) {
        conn_flush(&fake);
    }
}

/* The statuses of all that was sent since the last call, in their order. */
static void assert_statuses(const char *expected)
{
    char found[256] = "";
    size_t len = 0;
    for (const char *at = fake.sent;
         (at = strstr(at, "HTTP/1.1 ")) != NULL && len + 5 < sizeof(found);
         at += 9) {
        len += (size_t)snprintf(found + len, sizeof(found) - len, "%s%.3s",
                                len > 0 ? " " : "", at + 9);
    }
    assert_string_equal(found, expected);
    fake.sent_len = 0;
    fake.sent[0] = '\0';
}

static size_t count_sent(const char *text)
{
    size_t count = 0;
    for (const char *at = fake.sent; (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

/* --- Answers ----------------------------------------------------------------
 */

static void what_is_in_memory_is_answered_at_once(void **state)
{
    (void)state;
    come(REQUEST("/v1/quotes/IBM") REQUEST("/v1/quotes/!") REQUEST("/nope")
             REQUEST("/v1/explain/IBM"));
    assert_int_equal(count_sent("\"price\":\"1000.00\""), 1);
    assert_statuses("200 400 404 503");
    assert_int_equal(watching.asked, 0);
}

/* (1) Answers leave in the order of their requests, each exactly once. */
static void inv1_answers_are_in_the_order_of_the_requests(void **state)
{
    (void)state;
    come(REQUEST("/v1/quotes/IBM") REQUEST("/v1/quotes/LATE") REQUEST("/nope")
             REQUEST("/v1/quotes/LATER") REQUEST("/v1/quotes/IBM"));
    assert_statuses("200");
    end_flight("LATER", 0);
    assert_statuses("");
    end_flight("LATE", ERR_UPSTREAM);
    assert_statuses("502 404 200 200");
    end_flight("LATE", 0);
    assert_statuses("");
}

static void a_request_may_come_byte_by_byte(void **state)
{
    (void)state;
    const char request[] = REQUEST("/v1/quotes/IBM");
    for (size_t i = 0; request[i] != '\0'; i++) {
        assert_statuses("");
        come((const char[]){request[i], '\0'});
    }
    assert_statuses("200");
    assert_false(shelf_beat->has_reason);
}

/* (2) Above WEB_WAITING_LIMIT symbols in the requests that wait no further
 * request is read, until there are half as many. */
static void inv2_more_than_may_wait_is_not_read(void **state)
{
    (void)state;
    char request[64];
    for (int i = 0; i < WEB_WAITING_LIMIT + 10; i++) {
        snprintf(request, sizeof(request), REQUEST("/v1/quotes/S%d"), i);
        come(request);
    }
    assert_true(fake.is_paused);
    assert_int_equal(watching.worker.turn_symbols, WEB_WAITING_LIMIT);
    for (int i = 0; i < WEB_WAITING_LIMIT / 2; i++) {
        assert_true(fake.is_paused);
        snprintf(request, sizeof(request), "S%d", i);
        end_flight(request, 0);
    }
    assert_false(fake.is_paused);
    assert_int_equal(watching.worker.turn_symbols, WEB_WAITING_LIMIT / 2 + 10);
}

/* (2) Or limits.output_bytes held. */
static void inv2_more_than_may_be_held_is_not_read(void **state)
{
    (void)state;
    come(REQUEST("/v1/quotes/LATE"));
    for (int i = 0; i < 1000 && !fake.is_paused; i++) {
        come(REQUEST("/nope"));
    }
    assert_true(fake.is_paused);
    end_flight("LATE", 0);
    assert_false(fake.is_paused);
    assert_int_equal(fake.input_len, 0);
}

/* (3) A session that ends leaves no waiter behind. */
static void inv3_a_session_that_ends_leaves_no_waiter(void **state)
{
    (void)state;
    come(REQUEST("/v1/quotes/LATE") REQUEST("/v1/quotes?symbols=LATE,A,IBM")
             REQUEST("/nope"));
    assert_int_equal(wait_count(watching.worker.waits), 3);
    close_session();
    assert_nothing_left();
    end_flight("LATE", 0);
    assert_statuses("");
}

/* (4) Behind an answer that says "Connection: close", nothing is answered. */
static void inv4_nothing_is_answered_behind_a_close(void **state)
{
    (void)state;
    come("GET /v1/quotes/LATE HTTP/1.1\r\nHost: a\r\n"
         "Connection: close\r\n\r\n" REQUEST("/v1/quotes/IBM"));
    assert_false(fake.is_finished);
    end_flight("LATE", 0);
    assert_int_equal(count_sent("Connection: close\r\n"), 1);
    assert_statuses("200");
    assert_true(fake.is_finished);
}

static void what_is_no_request_is_refused_behind_what_waits(void **state)
{
    (void)state;
    come(
        REQUEST("/v1/quotes/LATE") "GET / HTTP/1.1\r\nHost : a\r\n\r\n" REQUEST(
            "/v1/quotes/IBM"));
    assert_statuses("");
    end_flight("LATE", 0);
    assert_statuses("200 400");
    assert_true(fake.is_finished);
}

/* (5) A request that is not whole after WEB_REQUEST_MS is answered 408. */
static void inv5_a_slow_sender_is_told(void **state)
{
    (void)state;
    come("GET /v1/quotes/IBM HTTP/1.1\r\n");
    watching.worker.loop.now_ms += WEB_REQUEST_MS - 1;
    come("Host: a\r\n"); // which does not begin it anew
    beat(shelf_beat);
    assert_statuses("");
    watching.worker.loop.now_ms += 1;
    beat(shelf_beat);
    assert_statuses("408");
    assert_true(fake.is_finished);
}

/* (6) What is answered from memory, and is on the shelf, allocates nothing. */
static void inv6_a_known_request_allocates_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        come(REQUEST("/v1/quotes/IBM"));
        watching.worker.loop.now_ms++;
    }
    assert_statuses("200 200 200");
    mem_fail_nth(1);
    for (int i = 0; i < 100; i++) {
        come(REQUEST("/v1/quotes/IBM"));
        watching.worker.loop.now_ms += i % 2 == 0;
    }
    assert_int_equal(mem_fail_nth(0), 0);
    assert_int_equal(count_sent("HTTP/1.1 200 OK\r\n"), 100);
}

static void a_list_over_several_lines_is_one(void **state)
{
    (void)state;
    come("GET /v1/quotes/IBM HTTP/1.1\r\nHost: a\r\n"
         "Accept: image/png\r\nAccept: text/plain\r\n\r\n"
         "GET /v1/quotes/LATE HTTP/1.1\r\nHost: a\r\n"
         "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\nIf-None-Match: "
         "*\r\n\r\n");
    assert_int_equal(count_sent("IBM 1000.00 - fresh\n"), 1);
    end_flight("LATE", 0);
    assert_statuses("200 200"); // a star in a list is no tag
}

/* --- Watching ---------------------------------------------------------------
 */

#define WATCH REQUEST("/v1/watch?symbols=IBM,LATE")

static void a_stream_has_what_is_known_and_then_what_comes(void **state)
{
    (void)state;
    come(WATCH REQUEST("/v1/quotes/IBM"));
    deliver();
    assert_int_equal(count_sent("event: quote\n"), 1);
    end_flight("LATE", 0);
    assert_int_equal(count_sent("event: quote\n"), 2);
    assert_int_equal(count_sent("HTTP/1.1"), 1);
    beat(stream_beat);
    assert_int_equal(count_sent("event: heartbeat\n"), 1);
    assert_true(conn_is_open(&fake));
}

static void a_stream_waits_for_the_answers_before_it(void **state)
{
    (void)state;
    come(REQUEST("/v1/quotes/SLOW") WATCH);
    assert_true(fake.is_paused);
    assert_statuses("");
    end_flight("SLOW", 0);
    assert_int_equal(count_sent("text/event-stream"), 1);
    assert_statuses("200 200");
}

static void who_ends_its_sending_has_each_symbol_once(void **state)
{
    (void)state;
    come(WATCH);
    assert_true(web_protocol.on_end(fake.guest.state));
    deliver();
    assert_int_equal(count_sent("event: quote\n"), 1);
    assert_true(conn_is_open(&fake));
    end_flight("LATE", ERR_UNKNOWN);
    assert_int_equal(count_sent("event: failure\n"), 1);
    assert_true(fake.is_finished);
}

static void who_ends_its_sending_when_told_is_owed_nothing(void **state)
{
    (void)state;
    assert_false(web_protocol.on_end(fake.guest.state));
    come(REQUEST("/v1/watch?symbols=IBM"));
    deliver();
    assert_int_equal(count_sent("event: quote\n"), 1);
    assert_false(web_protocol.on_end(fake.guest.state));
}

/* --- Without memory ---------------------------------------------------------
 */

/* Whatever has no memory, each request is answered, with a 503 at worst, or the
 * connection ends; and nothing is left behind. */
static void oom_a_session_answers_or_ends(void **state)
{
    (void)state;
    close_session();
    shelf_leave(&watching.worker);
    unsigned answered = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        if (!open_session()) {
            continue;
        }
        come("GET /v1/quotes/IBM HTTP/1.1\r\nHost: a\r\n"
             "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n\r\n");
        come(REQUEST("/v1/quotes?symbols=IBM,LATE") REQUEST("/v1/quotes/IBM")
                 REQUEST("/nope") REQUEST("/metrics")
                     REQUEST("/v1/explain/IBM"));
        end_flight("LATE", ERR_UPSTREAM);
        come(WATCH);
        deliver();
        if (conn_is_open(&fake)) {
            beat(stream_beat);
            web_protocol.on_drained(fake.guest.state);
        }
        answered = (unsigned)count_sent("HTTP/1.1 ");
        assert_true(answered == 7 || !conn_is_open(&fake));
        close_session();
        assert_nothing_left();
        shelf_leave(&watching.worker);
    }
    assert_int_equal(answered, 7);
}

static const struct CMUnitTest tests[] = {
    TEST(what_is_in_memory_is_answered_at_once),
    TEST(inv1_answers_are_in_the_order_of_the_requests),
    TEST(a_request_may_come_byte_by_byte),
    TEST(inv2_more_than_may_wait_is_not_read),
    TEST(inv2_more_than_may_be_held_is_not_read),
    TEST(inv3_a_session_that_ends_leaves_no_waiter),
    TEST(inv4_nothing_is_answered_behind_a_close),
    TEST(what_is_no_request_is_refused_behind_what_waits),
    TEST(inv5_a_slow_sender_is_told),
    TEST(inv6_a_known_request_allocates_nothing),
    TEST(a_list_over_several_lines_is_one),
    TEST(a_stream_has_what_is_known_and_then_what_comes),
    TEST(a_stream_waits_for_the_answers_before_it),
    TEST(who_ends_its_sending_has_each_symbol_once),
    TEST(who_ends_its_sending_when_told_is_owed_nothing),
    TEST(oom_a_session_answers_or_ends),
};

TEST_MAIN(tests)
