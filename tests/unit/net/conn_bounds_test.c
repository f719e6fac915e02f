/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_bounds_test.c -- the numbered bounds of a connection: what is unsent,
 * what is unread, and how long it may be quiet.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/conn.h"
#include "testing/testing.h"
#include "unit/net/pair.h"

/* --- (1) Unsent bytes ------------------------------------------------------
 */

#define REPLY_BYTES 1000u

/* Each byte is a request, and its reply has 1,000; as a server does, it stops
 * where the peer is behind. */
static size_t reply_to_each(struct pair *pair, char *bytes, size_t len)
{
    size_t taken = 0;
    while (taken < len && !conn_is_throttled(pair->conn)) {
        struct buffer *out = conn_output(pair->conn);
        char *at = buffer_reserve(out, REPLY_BYTES);
        CHECK(at != NULL);
        memset(at, bytes[taken++], REPLY_BYTES);
        out->len += REPLY_BYTES;
        conn_flush(pair->conn);
    }
    return taken;
}

#define REQUESTS 3000u

static void inv1_peer_that_does_not_read_is_not_read_from(void **state)
{
    (void)state;
    const size_t unsent_max = 50000;
    struct pair pair = {.on_bytes = reply_to_each,
                        .buffer_bytes = 20000,
                        .bounds = {65536, unsent_max}};
    pair_open(&pair);
    char requests[REQUESTS];
    memset(requests, 'r', sizeof(requests));
    for (int i = 0; i < 2; i++) {
        pair_send(&pair, requests, sizeof(requests));
        pair_settle(&pair);
        assert_true(conn_is_throttled(pair.conn));
        assert_true(conn_unsent(pair.conn) > unsent_max / 2);
        assert_true(conn_unsent(pair.conn) <= unsent_max + REPLY_BYTES);
    }
    // What was answered is unsent or in the kernel's buffers; the other
    // requests were not taken.
    assert_true(pair.consumed.len < 1000);

    // When it reads again, everything is answered.
    const size_t all = (size_t)2 * REQUESTS * REPLY_BYTES;
    struct buffer got = buffer_empty(all);
    pair_receive_all(&pair, &got, all);
    assert_int_equal(got.len, all);
    assert_int_equal(pair.consumed.len, 2 * REQUESTS);
    assert_false(conn_is_throttled(pair.conn));
    assert_int_equal(conn_unsent(pair.conn), 0);
    buffer_deinit(&got);
    pair_end(&pair);
}

/* Compose until the kernel takes no more, then up to exactly `unsent` bytes. */
static void fill_to(struct pair *pair, size_t unsent)
{
    static const char filler[4096];
    while (conn_unsent(pair->conn) == 0) {
        buffer_put(conn_output(pair->conn), filler, sizeof(filler));
        conn_flush(pair->conn);
    }
    while (conn_unsent(pair->conn) < unsent) {
        size_t missing = unsent - conn_unsent(pair->conn);
        buffer_put(conn_output(pair->conn), filler,
                   missing < sizeof(filler) ? missing : sizeof(filler));
        conn_flush(pair->conn);
    }
}

static void inv1_throttling_begins_above_unsent_max(void **state)
{
    (void)state;
    const size_t unsent_max = 100000;
    struct pair pair = {.buffer_bytes = 20000, .bounds = {65536, unsent_max}};
    pair_open(&pair);
    fill_to(&pair, unsent_max - 1);
    assert_false(conn_is_throttled(pair.conn));
    fill_to(&pair, unsent_max);
    assert_false(conn_is_throttled(pair.conn));
    fill_to(&pair, unsent_max + 1);
    assert_true(conn_is_throttled(pair.conn));
    pair_send_text(&pair, "x");
    pair_settle(&pair);
    assert_int_equal(pair.calls, 0);
    // The peer takes a part: not read from before half is left at most.
    struct buffer got = buffer_empty(10000000);
    while (conn_is_throttled(pair.conn)) {
        assert_int_equal(pair.calls, 0);
        pair_receive(&pair, &got, 1000);
        pair_turn(&pair, false);
    }
    assert_true(conn_unsent(pair.conn) <= unsent_max / 2);
    PAIR_UNTIL(&pair, pair.calls == 1);
    buffer_deinit(&got);
    pair_end(&pair);
}

static size_t take_one(struct pair *pair, char *bytes, size_t len)
{
    (void)pair;
    (void)bytes;
    (void)len;
    return 1;
}

/* What on_bytes() left while the peer was behind is given again, by itself. */
static void inv1_what_was_left_is_given_again_when_the_peer_has_read(
    void **state)
{
    (void)state;
    struct pair pair = {
        .on_bytes = take_one, .buffer_bytes = 20000, .bounds = {65536, 50000}};
    pair_open(&pair);
    pair_deliver(&pair, "abc");
    assert_int_equal(pair.consumed.len, 1);
    fill_to(&pair, 60000);
    conn_pause(pair.conn);
    conn_resume(pair.conn); // it is throttled: nothing is given
    assert_int_equal(pair.calls, 1);
    struct buffer got = buffer_empty(10000000);
    while (conn_unsent(pair.conn) > 0) {
        pair_receive(&pair, &got, 65536);
        pair_turn(&pair, false);
    }
    pair_settle(&pair);
    assert_int_equal(pair.calls, 2);
    assert_int_equal(pair.offered, 2);
    buffer_deinit(&got);
    pair_end(&pair);
}

/* It is looked for now and then: a peer that took bytes since the last look has
 * up to twice the time. */
static void inv1_peer_that_takes_nothing_is_cut(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    fill_to(&pair, 900000);
    pair_settle(&pair); // until the kernel has what it takes
    assert_true(conn_unsent(pair.conn) > 0);
    pair_pass_ms(&pair, CONN_STALL_MS - 1);
    assert_int_equal(pair.closes, 0);
    pair_send_text(&pair, "hello?"); // talking is not taking
    pair_settle(&pair);
    pair_pass_ms(&pair, 1);
    pair_pass_ms(&pair, CONN_STALL_MS);
    assert_int_equal(pair.closes, 1);
    assert_string_equal(pair.why, "stalled");
    struct buffer got = buffer_empty(10000000);
    assert_int_equal(pair_receive_all(&pair, &got, 10000000), -2); // reset
    buffer_deinit(&got);
    pair_end(&pair);
}

/* Read until the connection has fewer bytes to send. */
static void take_some(struct pair *pair, struct buffer *got)
{
    size_t before = conn_unsent(pair->conn);
    uv_timer_start(&pair->guard, pair_hangs, PAIR_PATIENCE_MS, 0);
    while (conn_unsent(pair->conn) == before) {
        pair_receive(pair, got, 20000);
        pair_turn(pair, false);
    }
    uv_timer_stop(&pair->guard);
}

/* A long reply ends in one write, however long that takes. */
static void inv1_slow_peer_is_not_cut(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    fill_to(&pair, 900000);
    struct buffer got = buffer_empty(10000000);
    for (int i = 0; i < 10; i++) {
        pair_pass_ms(&pair, CONN_STALL_MS / 3);
        assert_int_equal(pair.closes, 0);
        take_some(&pair, &got);
        pair_pass_ms(&pair, CONN_STALL_MS / 3);
        assert_int_equal(pair.closes, 0);
    }
    assert_true(conn_unsent(pair.conn) > 0);
    pair_pass_ms(&pair, CONN_STALL_MS); // and now it takes none
    pair_pass_ms(&pair, CONN_STALL_MS);
    assert_string_equal(pair.why, "stalled");
    buffer_deinit(&got);
    pair_end(&pair);
}

/* Bytes that the kernel has taken are no longer unsent, though the write that
 * brought them goes on. */
static void unsent_is_what_the_kernel_has_not_taken(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    const size_t composed = 2000000;
    struct buffer *out = conn_output(pair.conn);
    assert_non_null(buffer_reserve(out, composed));
    memset(out->data, 'x', composed);
    out->len = composed;
    conn_flush(pair.conn);
    struct buffer got = buffer_empty(composed);
    size_t last = conn_unsent(pair.conn);
    assert_true(last > 0 && last < composed);
    unsigned falls = 0;
    uv_timer_start(&pair.guard, pair_hangs, PAIR_PATIENCE_MS, 0);
    while (got.len < composed) {
        pair_receive(&pair, &got, 20000);
        pair_turn(&pair, false);
        size_t now = conn_unsent(pair.conn);
        assert_true(now <= last && now <= composed - got.len);
        falls += now < last;
        last = now;
    }
    uv_timer_stop(&pair.guard);
    assert_int_equal(last, 0);
    assert_true(falls > 10);
    buffer_deinit(&got);
    pair_end(&pair);
}

/* --- (2) Unread input ------------------------------------------------------
 */

static size_t take_none(struct pair *pair, char *bytes, size_t len)
{
    (void)pair;
    (void)bytes;
    (void)len;
    return 0;
}

/* Send `len` bytes in pieces, of which none is consumed; returns whether the
 * connection lives. */
static bool survives(size_t input_max, size_t len, size_t piece)
{
    struct pair pair = {.on_bytes = take_none, .bounds = {input_max, 1000}};
    char *bytes = mem_calloc(1, len);
    assert_non_null(bytes);
    pair_open(&pair);
    for (size_t sent = 0; sent < len && pair.closes == 0;) {
        size_t now = piece < len - sent ? piece : len - sent;
        pair_send(&pair, bytes, now);
        sent += now;
        pair.offered = pair.calls == 0 ? 0 : pair.offered;
        PAIR_UNTIL(&pair, pair.offered == sent || pair.closes > 0);
    }
    bool is_open = pair.closes == 0;
    assert_true(is_open || strcmp(pair.why, "overrun") == 0);
    mem_free(bytes);
    pair_end(&pair);
    return is_open;
}

static void inv2_more_than_input_max_unconsumed_is_cut(void **state)
{
    (void)state;
    const size_t pieces[] = {100, 7777, 30000};
    const size_t bounds[] = {1024, 20000, 100000};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            assert_true(survives(bounds[j], bounds[j] - 1, pieces[i]));
            assert_true(survives(bounds[j], bounds[j], pieces[i]));
            assert_false(survives(bounds[j], bounds[j] + 1, pieces[i]));
        }
    }
}

static size_t take_in_time(struct pair *pair, char *bytes, size_t len)
{
    (void)pair;
    (void)bytes;
    return len >= 1000 ? 1000 : 0;
}

/* It is what is left that counts, not what passes through. */
static void inv2_what_is_consumed_does_not_count(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = take_in_time, .bounds = {1000, 1000}};
    pair_open(&pair);
    char bytes[900] = {0};
    for (int i = 0; i < 500; i++) {
        unsigned before = pair.calls;
        pair_send(&pair, bytes, i % 2 == 0 ? 900 : 100);
        PAIR_UNTIL(&pair, pair.calls > before);
    }
    assert_int_equal(pair.closes, 0);
    assert_int_equal(pair.consumed.len, 250000);
    pair_end(&pair);
}

static size_t take_one_and_pause(struct pair *pair, char *bytes, size_t len)
{
    (void)bytes;
    conn_pause(pair->conn);
    return len > 0 ? 1 : 0;
}

/* A callee that was told to wait leaves what one read brought: whole requests,
 * which are not an overrun. */
static void inv2_pause_may_leave_more(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = take_one_and_pause, .bounds = {1024, 1000}};
    pair_open(&pair);
    char bytes[60000] = {0};
    pair_send(&pair, bytes, sizeof(bytes));
    PAIR_UNTIL(&pair, pair.calls == 1);
    pair_settle(&pair);
    assert_int_equal(pair.closes, 0);
    pair.on_bytes = NULL; // all of it
    conn_resume(pair.conn);
    PAIR_UNTIL(&pair, pair.consumed.len == sizeof(bytes));
    assert_int_equal(pair.closes, 0);
    pair_end(&pair);
}

static void inv2_bounds_may_change(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = take_none, .bounds = {10, 1000}};
    pair_open(&pair);
    pair_deliver(&pair, "0123456789");
    const struct conn_bounds wider = {20, 1000};
    conn_bound(pair.conn, &wider);
    pair_deliver(&pair, "0123456789");
    assert_int_equal(pair.closes, 0);
    const struct conn_bounds narrower = {5, 1000};
    conn_bound(pair.conn, &narrower);
    pair_send_text(&pair, "x");
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "overrun");
    pair_end(&pair);
}

/* --- (3) Quiet -------------------------------------------------------------
 */

static void inv3_quiet_connection_is_ended_where_its_owner_agrees(void **state)
{
    (void)state;
    struct pair pair = {.agrees_to_idle = true};
    pair_open(&pair);
    pair.loop.idle_for_ms = 1000;
    pair_pass_ms(&pair, 999);
    assert_int_equal(pair.idles, 0);
    pair_pass_ms(&pair, 1);
    assert_int_equal(pair.idles, 1);
    assert_int_equal(pair.closes, 1);
    assert_string_equal(pair.why, "idle");
    pair_end(&pair);
}

static void inv3_owner_may_keep_it(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    pair.loop.idle_for_ms = 1000;
    pair_pass_ms(&pair, 5000);
    assert_true(pair.idles > 0);
    assert_int_equal(pair.closes, 0);
    pair_deliver(&pair, "x");
    pair.agrees_to_idle = true;
    pair_pass_ms(&pair, 999);
    assert_int_equal(pair.closes, 0);
    pair_pass_ms(&pair, 1);
    assert_int_equal(pair.closes, 1);
    pair_end(&pair);
}

static void inv3_for_ever_is_for_ever(void **state)
{
    (void)state;
    struct pair pair = {.agrees_to_idle = true};
    pair_open(&pair);
    pair_pass_ms(&pair, UINT64_C(1) << 40);
    assert_int_equal(pair.idles, 0);
    assert_int_equal(pair.closes, 0);
    pair_end(&pair);
}

static void inv3_bytes_either_way_end_the_quiet(void **state)
{
    (void)state;
    struct pair pair = {.agrees_to_idle = true};
    pair_open(&pair);
    pair.loop.idle_for_ms = 1000;
    for (int i = 0; i < 4; i++) {
        pair_pass_ms(&pair, 600);
        if (i % 2 == 0) {
            pair_deliver(&pair, "x");
        } else {
            buffer_put_text(conn_output(pair.conn), "y");
            conn_flush(pair.conn);
        }
    }
    pair_pass_ms(&pair, 999);
    assert_int_equal(pair.closes, 0);
    pair_pass_ms(&pair, 1);
    assert_int_equal(pair.closes, 1);
    pair_end(&pair);
}

/* The quiet are found among those that are not, by the loop's own timer. */
static void inv3_only_the_quiet_are_ended(void **state)
{
    (void)state;
    struct pair quiet = {.agrees_to_idle = true};
    pair_open(&quiet);
    struct conn *conn = quiet.conn;
    quiet.clock.mono_ms += 500;
    quiet.conn = NULL; // a second one on the same loop
    int second = quiet.peer;
    pair_connect(&quiet);
    struct conn *busy = quiet.conn;
    quiet.conn = conn; // the first is the one to be ended
    quiet.loop.idle_for_ms = 1000;
    quiet.clock.mono_ms += 600;
    uv_timer_set_repeat(&quiet.loop.sweep, 1);
    uv_timer_again(&quiet.loop.sweep);
    uv_ref((uv_handle_t *)&quiet.loop.sweep);
    PAIR_UNTIL(&quiet, quiet.closes > 0);
    assert_int_equal(quiet.idles, 1);
    assert_true(conn_is_open(busy));
    quiet.closes = 0; // the rest is the second one's
    quiet.conn = busy;
    conn_close(busy, "closed");
    close(second);
    pair_end(&quiet);
}

static void inv3_connection_nobody_started_is_ended_too(void **state)
{
    (void)state;
    struct pair pair = {.waits = true};
    pair_open(&pair);
    pair.loop.idle_for_ms = 1000;
    pair_pass_ms(&pair, 1000);
    pair.conn = NULL; // it was closed, and nobody told
    struct buffer got = buffer_empty(10);
    assert_int_equal(pair_receive_all(&pair, &got, 1), 0);
    pair_end(&pair);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_peer_that_does_not_read_is_not_read_from),
    cmocka_unit_test(inv1_throttling_begins_above_unsent_max),
    cmocka_unit_test(inv1_what_was_left_is_given_again_when_the_peer_has_read),
    cmocka_unit_test(inv1_peer_that_takes_nothing_is_cut),
    cmocka_unit_test(inv1_slow_peer_is_not_cut),
    cmocka_unit_test(unsent_is_what_the_kernel_has_not_taken),
    cmocka_unit_test(inv2_more_than_input_max_unconsumed_is_cut),
    cmocka_unit_test(inv2_what_is_consumed_does_not_count),
    cmocka_unit_test(inv2_pause_may_leave_more),
    cmocka_unit_test(inv2_bounds_may_change),
    cmocka_unit_test(inv3_quiet_connection_is_ended_where_its_owner_agrees),
    cmocka_unit_test(inv3_owner_may_keep_it),
    cmocka_unit_test(inv3_for_ever_is_for_ever),
    cmocka_unit_test(inv3_bytes_either_way_end_the_quiet),
    cmocka_unit_test(inv3_only_the_quiet_are_ended),
    cmocka_unit_test(inv3_connection_nobody_started_is_ended_too),
};

TEST_MAIN(tests)
