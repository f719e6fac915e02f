/* SPDX-License-Identifier: Apache-2.0 */
/*
 * python_test.c -- whole sessions of RPyC, over a connection that is the
 * test's: what it sends is given as it would come, and what is answered is
 * kept.  The cache, the requests that wait and the watchers are real; no flight
 * ends but when the test says so, and the loop turns when it says so.
 */
#include "python/python.h"

#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buffer.h"
#include "net/conn.h"
#include "obs/log.h"
#include "python/follow.h"
#include "python/service.h"
#include "unit/serve/watching.h"

/* --- The connections --------------------------------------------------------
 */

#define SENT_MAX (1u << 20) // bytes, of all answers of a test

struct conn {
    struct guest guest;
    struct buffer input; // what the session has not taken
    struct buffer sent;  // what the peer has, and has not read
    size_t unsent;       // as if the peer did not read
    bool is_paused;
    bool is_finished;
};

static struct conn fakes[2];
static struct buffer composed; // by one of them at a time

struct buffer *conn_output(struct conn *conn)
{
    (void)conn;
    return &composed;
}

bool conn_is_open(const struct conn *conn)
{
    return !conn->is_finished;
}

void conn_flush(struct conn *conn)
{
    conn->is_finished |= composed.failed; // as it would be closed
    if (!conn->is_finished) {
        buffer_put_span(&conn->sent, buffer_span(&composed));
    }
    buffer_clear(&composed);
}

void conn_finish(struct conn *conn)
{
    conn_flush(conn);
    conn->is_finished = true;
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

/* Give the session what it has not taken. */
static void deliver_input(struct conn *conn)
{
    if (conn->input.len == 0 || conn->is_paused || conn->is_finished) {
        return;
    }
    size_t taken = python_protocol.on_bytes(conn->guest.state, conn->input.data,
                                            conn->input.len);
    assert_true(taken <= conn->input.len);
    buffer_drop_front(&conn->input, taken);
    conn_flush(conn);
}

void conn_resume(struct conn *conn)
{
    conn->is_paused = false;
    deliver_input(conn);
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
    if (guest->is_ending && !python_protocol.is_busy(guest->state)) {
        conn_finish(guest->conn);
    }
}

#define TASKS_MAX 2

static struct loop_task *tasks[TASKS_MAX]; // put off

void loop_put_off(struct loop *loop, struct loop_task *task)
{
    assert_ptr_equal(loop, &watching.worker.loop);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (tasks[i] == NULL) {
            tasks[i] = task;
            return;
        }
    }
    fail_msg("a connection has put off more than one task");
}

void loop_call_off(struct loop *loop, struct loop_task *task)
{
    assert_ptr_equal(loop, &watching.worker.loop);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        tasks[i] = tasks[i] == task ? NULL : tasks[i];
    }
}

/* The loop's next turn. */
static void turn(void)
{
    struct loop_task *due[TASKS_MAX];
    memcpy(due, tasks, sizeof(due));
    memset(tasks, 0, sizeof(tasks));
    watching.worker.loop.turns++;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (due[i] != NULL) {
            due[i]->run(due[i]);
        }
    }
}

static bool is_put_off(void)
{
    return tasks[0] != NULL || tasks[1] != NULL;
}

/* --- Sessions ---------------------------------------------------------------
 */

static void open_conn(struct conn *conn)
{
    memset(conn, 0, sizeof(*conn));
    conn->input = conn->sent = buffer_empty(SENT_MAX);
    conn->guest.worker = &watching.worker;
    conn->guest.conn = conn;
    conn->guest.state = python_protocol.open(&conn->guest);
    assert_non_null(conn->guest.state);
}

static void close_conn(struct conn *conn)
{
    if (conn->guest.state != NULL) {
        python_protocol.close(conn->guest.state);
        conn->guest.state = NULL;
    }
    buffer_deinit(&conn->input);
    buffer_deinit(&conn->sent);
}

static int setup(void **state)
{
    (void)state;
    log_setup(STDERR_FILENO, LOG_ERROR, LOG_LOGFMT); // refusals are meant
    open_watching(5000);
    atomic_init(&watching.settings.references, 1);
    watching.shared.clock = clock_system();
    watching.settings.rule = (struct freshness_rule){60000, 600000};
    watching.conf.limits.output_bytes_max = 65536;
    watching.conf.limits.request_bytes_max = 65536;
    composed = buffer_empty(SENT_MAX);
    assert_non_null(buffer_reserve(&composed, SENT_MAX / 2));
    publish("IBM", 1000);
    open_conn(&fakes[0]);
    open_conn(&fakes[1]);
    return 0;
}

/* Invariant (4): whatever it did, a session leaves nothing behind. */
static int teardown(void **state)
{
    (void)state;
    close_conn(&fakes[0]);
    close_conn(&fakes[1]);
    assert_false(is_put_off());
    assert_int_equal(watching.worker.turn_symbols, 0);
    assert_int_equal(counted(METRIC_watches_open), 0);
    deliver();
    buffer_deinit(&composed);
    close_watching();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* --- What clients send ------------------------------------------------------
 */

/* Put the frame that begins at `frame` into zlib's format. */
static void compress_frame(struct buffer *out, size_t frame)
{
    static unsigned char packed[100000];
    uLongf len = sizeof(packed);
    const size_t head = 5;
    size_t payload = out->len - frame - head - 1;
    assert_int_equal(compress2(packed, &len,
                               (unsigned char *)out->data + frame + head,
                               payload, 9),
                     Z_OK);
    char *at = out->data + frame;
    at[0] = at[1] = 0;
    at[2] = (char)(len >> 8);
    at[3] = (char)len;
    at[4] = 1;
    memcpy(at + head, packed, len);
    at[head + len] = '\n';
    out->len = frame + head + len + 1;
}

/* A ping with some zeros, which come back. */
static void put_ping(struct buffer *out, int64_t seq, size_t zeros)
{
    static const char none[65536];
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, RPYC_PING);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, 2);
    brine_put_str(out, (struct span){none, zeros});
    brine_put_int(out, 1);
    rpyc_end(out, frame);
}

static void put_packed_ping(struct buffer *out, int64_t seq, size_t zeros)
{
    size_t frame = out->len;
    put_ping(out, seq, zeros);
    compress_frame(out, frame);
}

/* The next message that was sent, parsed; false where there is none. */
static bool read_message(struct conn *conn, struct rpyc_message *message)
{
    struct buffer scratch = buffer_empty(SENT_MAX);
    ptrdiff_t taken = rpyc_parse(message, buffer_span(&conn->sent), &scratch);
    assert_true(taken >= 0);
    buffer_deinit(&scratch);
    message->body = NULL; // it goes
    buffer_drop_front(&conn->sent, (size_t)taken);
    return taken > 0;
}

/* How many answers there are, whose numbers go on from *seq. */
static size_t count_answers(struct conn *conn, int64_t *seq)
{
    static struct rpyc_message message;
    size_t count = 0;
    while (read_message(conn, &message)) {
        assert_true(message.kind == RPYC_REPLY ||
                    message.kind == RPYC_EXCEPTION);
        assert_int_equal(message.seq, (*seq)++);
        count++;
    }
    return count;
}

/* --- (5) The work of one turn ----------------------------------------------
 */

#define FRAMES 100
#define ZEROS  50000 /* in each: two begin before the bound */

static void inv5_frames_that_inflate_are_answered_in_many_turns(void **state)
{
    (void)state;
    struct conn *greedy = &fakes[0];
    struct conn *other = &fakes[1];
    for (int64_t seq = 0; seq < FRAMES; seq++) {
        put_packed_ping(&greedy->input, seq, ZEROS);
    }
    assert_true(greedy->input.len < LOOP_READ_BYTES); // one read brings all
    int64_t seq = 0;
    int64_t other_seq = 0;
    deliver_input(greedy);
    for (size_t turns = 1; turns <= FRAMES / 2; turns++) {
        assert_int_equal(count_answers(greedy, &seq), 2);
        // The other is answered in between, in each turn.
        put_ping(&other->input, other_seq, 10);
        deliver_input(other);
        assert_int_equal(count_answers(other, &other_seq), 1);
        assert_int_equal(is_put_off(), turns < FRAMES / 2);
        turn();
    }
    assert_int_equal(seq, FRAMES);
    assert_int_equal(greedy->input.len, 0);
    assert_false(greedy->is_paused);
    assert_int_equal(counted(METRIC_connections_put_off), FRAMES / 2 - 1);
}

/* What comes in the same turn is not begun, either. */
static void inv5_a_turn_is_one_however_often_bytes_come(void **state)
{
    (void)state;
    struct conn *greedy = &fakes[0];
    put_packed_ping(&greedy->input, 0, ZEROS);
    put_packed_ping(&greedy->input, 1, ZEROS);
    deliver_input(greedy);
    assert_false(is_put_off()); // there is nothing more
    put_packed_ping(&greedy->input, 2, 10);
    deliver_input(greedy);
    assert_true(is_put_off());
    int64_t seq = 0;
    assert_int_equal(count_answers(greedy, &seq), 2);
    turn();
    assert_int_equal(count_answers(greedy, &seq), 1);
}

static void inv5_plain_frames_of_one_read_are_answered_at_once(void **state)
{
    (void)state;
    struct conn *conn = &fakes[0];
    int64_t count = 0;
    while (conn->input.len + 100 < LOOP_READ_BYTES) {
        put_ping(&conn->input, count++, 50);
    }
    deliver_input(conn);
    int64_t seq = 0;
    assert_int_equal(count_answers(conn, &seq), count);
    assert_false(is_put_off());
}

static void inv5_who_is_put_off_may_go(void **state)
{
    (void)state;
    for (int64_t seq = 0; seq < 4; seq++) {
        put_packed_ping(&fakes[0].input, seq, ZEROS);
    }
    deliver_input(&fakes[0]);
    assert_true(is_put_off());
    close_conn(&fakes[0]);
    assert_false(is_put_off());
}

static const struct CMUnitTest tests[] = {
    TEST(inv5_frames_that_inflate_are_answered_in_many_turns),
    TEST(inv5_a_turn_is_one_however_often_bytes_come),
    TEST(inv5_plain_frames_of_one_read_are_answered_at_once),
    TEST(inv5_who_is_put_off_may_go),
};

TEST_MAIN(tests)
