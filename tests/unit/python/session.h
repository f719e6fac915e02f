/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h -- whole sessions of RPyC, over two connections that are the
 * test's: what they send is given as it would come, and what is answered is
 * kept.  The cache, the requests that wait and the watchers are real; no flight
 * ends but when the test says so, and the loop turns when it says so.
 *
 * Included once a program: it defines what the session calls of other rooms.
 */

#pragma once

#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "net/conn.h"
#include "obs/log.h"
#include "python/python.h"
#include "unit/serve/at_once.h"
#include "unit/serve/turns.h"
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
static inline void deliver_input(struct conn *conn)
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

/* --- Sessions ---------------------------------------------------------------
 */

static inline void open_conn(struct conn *conn)
{
    memset(conn, 0, sizeof(*conn));
    conn->input = conn->sent = buffer_empty(SENT_MAX);
    conn->guest.worker = &watching.worker;
    conn->guest.conn = conn;
    conn->guest.state = python_protocol.open(&conn->guest);
    assert_non_null(conn->guest.state);
}

static inline void close_conn(struct conn *conn)
{
    if (conn->guest.state != NULL) {
        python_protocol.close(conn->guest.state);
        conn->guest.state = NULL;
    }
    buffer_deinit(&conn->input);
    buffer_deinit(&conn->sent);
}

static inline int setup(void **state)
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
static inline int teardown(void **state)
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

/* The message at the front of the bytes, parsed; false where there is none.
 * Its values are in the bytes. */
static inline bool parse_message(struct span bytes,
                                 struct rpyc_message *message, size_t *taken)
{
    struct buffer scratch = buffer_empty(SENT_MAX);
    ptrdiff_t len = rpyc_parse(message, bytes, &scratch);
    assert_true(len >= 0);
    buffer_deinit(&scratch); // nothing of ours is compressed
    *taken = (size_t)len;
    return len > 0;
}

/* The next message that was sent; its values are gone. */
static inline bool read_message(struct conn *conn, struct rpyc_message *message)
{
    size_t taken;
    bool is_there = parse_message(buffer_span(&conn->sent), message, &taken);
    buffer_drop_front(&conn->sent, taken);
    return is_there;
}

/* Ask for the root; returns the number in its id, which is the same in every
 * session. */
static inline int64_t get_root(struct conn *conn)
{
    static struct rpyc_message message;
    struct rpyc_id id;
    size_t taken;
    size_t frame = rpyc_begin(&conn->input, RPYC_REQUEST, 0);
    rpyc_put_handler(&conn->input, RPYC_GETROOT);
    rpyc_put_label(&conn->input, RPYC_TUPLE);
    brine_put_tuple(&conn->input, 0);
    rpyc_end(&conn->input, frame);
    deliver_input(conn);
    assert_true(parse_message(buffer_span(&conn->sent), &message, &taken));
    assert_true(rpyc_read_id(&id, message.box.value));
    buffer_drop_front(&conn->sent, taken);
    return id.object_id;
}
