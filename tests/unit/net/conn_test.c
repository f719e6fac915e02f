/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_test.c -- a connection's life: bytes in pieces, replies, pauses, and
 * every way in which it ends.  Its bounds are in conn_bounds_test.c.
 */
#include "net/conn.h"

#include <stdio.h>
#include <sys/socket.h>

#include "testing/testing.h"
#include "unit/net/pair.h"

/* --- Bytes -----------------------------------------------------------------
 */

static void bytes_come_once_and_in_order(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    pair_deliver(&pair, "hello ");
    pair_deliver(&pair, "world");
    assert_int_equal(pair.calls, 2);
    assert_int_equal(pair.offered, 5); // what was consumed is not given again
    assert_true(
        span_equal(buffer_span(&pair.consumed), span_of("hello world")));
    assert_ptr_equal(conn_loop(pair.conn), &pair.loop);
    assert_true(conn_is_open(pair.conn));
    assert_int_equal(conn_unsent(pair.conn), 0);
    pair_end(&pair);
    assert_string_equal(pair.why, "closed");
}

/* Consume whole words of four. */
static size_t take_fours(struct pair *pair, char *bytes, size_t len)
{
    (void)pair;
    (void)bytes;
    return len / 4 * 4;
}

static void what_is_left_is_given_again_with_more_behind(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = take_fours};
    pair_open(&pair);
    pair_deliver(&pair, "abc");
    assert_int_equal(pair.offered, 3);
    assert_int_equal(pair.consumed.len, 0);
    pair_deliver(&pair, "defgh!");
    assert_int_equal(pair.offered, 9);
    assert_true(span_equal(buffer_span(&pair.consumed), span_of("abcdefgh")));
    pair_deliver(&pair, "xyz");
    assert_int_equal(pair.offered, 4);
    assert_true(
        span_equal(buffer_span(&pair.consumed), span_of("abcdefgh!xyz")));
    pair_deliver(&pair, "1");
    assert_int_equal(pair.offered, 1);
    pair_end(&pair);
}

/* Write into what is consumed and into what is left. */
static size_t scribble(struct pair *pair, char *bytes, size_t len)
{
    (void)pair;
    memset(bytes, '#', len);
    return len > 1 ? len - 1 : 0;
}

static void bytes_may_be_written_to(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = scribble};
    pair_open(&pair);
    pair_deliver(&pair, "abc");
    pair_deliver(&pair, "d");
    assert_true(span_equal(buffer_span(&pair.consumed), span_of("###")));
    pair_end(&pair);
}

static size_t greet(struct pair *pair, char *bytes, size_t len)
{
    struct buffer *out = conn_output(pair->conn);
    buffer_put_text(out, "you said ");
    buffer_put(out, bytes, len);
    assert_ptr_equal(conn_output(pair->conn), out); // more may be composed
    return len;
}

static void reply_goes_out_by_itself(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = greet};
    pair_open(&pair);
    pair_deliver(&pair, "hi");
    pair_expect(&pair, "you said hi");
    pair_deliver(&pair, "again");
    pair_expect(&pair, "you said again");
    pair_end(&pair);
}

static void reply_of_ones_own_accord_goes_out_by_flush(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    buffer_put_text(conn_output(pair.conn), "news");
    conn_flush(pair.conn);
    pair_expect(&pair, "news");
    conn_flush(pair.conn); // nothing was composed
    conn_output(pair.conn);
    conn_flush(pair.conn); // nor here
    assert_int_equal(pair_receive(&pair, &pair.consumed, 10), -1);
    pair_end(&pair);
}

/* Answer in odd pieces: some bytes are left, some replies flushed at once. */
static size_t echo_oddly(struct pair *pair, char *bytes, size_t len)
{
    size_t taken = 0;
    while (taken < len && !conn_is_throttled(pair->conn)) {
        size_t piece = 1 + (pair->consumed.len + taken) % 7919;
        piece = piece < len - taken ? piece : len - taken;
        buffer_put(conn_output(pair->conn), bytes + taken, piece);
        taken += piece;
        if (taken % 3 == 0) {
            conn_flush(pair->conn);
        }
    }
    return taken;
}

#define ECHO_BYTES (4u << 20)

/* Several MiB, sent and read in odd pieces, through small socket buffers. */
static void megabytes_are_echoed_whole(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = echo_oddly,
                        .buffer_bytes = 65536,
                        .bounds = {65536, 100000}};
    pair_open(&pair);
    static char sent[ECHO_BYTES];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof(sent); i += 8) {
        uint64_t random = testing_random(&seed);
        memcpy(sent + i, &random, 8);
    }
    struct buffer got = buffer_empty(2 * ECHO_BYTES);
    size_t out = 0;
    uv_timer_start(&pair.guard, pair_hangs, PAIR_PATIENCE_MS, 0);
    while (got.len < ECHO_BYTES) {
        size_t piece = 1 + testing_random(&seed) % 100000;
        piece = piece < ECHO_BYTES - out ? piece : ECHO_BYTES - out;
        if (piece > 0) {
            ssize_t len = send(pair.peer, sent + out, piece, MSG_DONTWAIT);
            out += len > 0 ? (size_t)len : 0;
        }
        pair_turn(&pair, false);
        pair_receive(&pair, &got, 1 + testing_random(&seed) % 70000);
    }
    assert_int_equal(got.len, ECHO_BYTES);
    assert_memory_equal(got.data, sent, ECHO_BYTES);
    assert_int_equal(pair.closes, 0);
    buffer_deinit(&got);
    pair_end(&pair);
}

/* --- Pauses ----------------------------------------------------------------
 */

static size_t pause_at_once(struct pair *pair, char *bytes, size_t len)
{
    if (bytes[0] == '!') {
        return len;
    }
    conn_pause(pair->conn);
    return 1;
}

static void pause_holds_what_is_there_and_what_comes(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = pause_at_once};
    pair_open(&pair);
    pair_deliver(&pair, "abc");
    pair_send_text(&pair, "def");
    pair_settle(&pair);
    assert_int_equal(pair.calls, 1);
    conn_pause(pair.conn);  // again is no matter
    conn_resume(pair.conn); // gives the rest from within, which pauses again
    assert_int_equal(pair.calls, 2);
    assert_int_equal(pair.offered, 2);
    pair_settle(&pair);
    assert_int_equal(pair.calls, 2);
    conn_resume(pair.conn);
    assert_int_equal(pair.calls, 3);
    conn_resume(pair.conn); // there is nothing left to give at once
    assert_int_equal(pair.calls, 3);
    PAIR_UNTIL(&pair, pair.calls == 4);
    assert_int_equal(pair.offered, 3);
    assert_true(span_equal(buffer_span(&pair.consumed), span_of("abcd")));
    pair_end(&pair);
}

static void resume_without_a_pause_does_nothing(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = take_fours};
    pair_open(&pair);
    pair_deliver(&pair, "abc");
    conn_resume(pair.conn);
    assert_int_equal(pair.calls, 1);
    pair_end(&pair);
}

static size_t resume_within(struct pair *pair, char *bytes, size_t len)
{
    (void)bytes;
    if (pair->calls == 1) {
        conn_pause(pair->conn);
        conn_resume(pair->conn);
    }
    return len > 2 ? 2 : len;
}

/* Paused and resumed before on_bytes() returns: it is not called from within
 * itself. */
static void resume_from_within_on_bytes_does_not_nest(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = resume_within};
    pair_open(&pair);
    pair_deliver(&pair, "abcd");
    assert_int_equal(pair.consumed.len, 2);
    pair_deliver(&pair, "e");
    assert_int_equal(pair.offered, 3);
    pair_end(&pair);
}

/* --- Ends ------------------------------------------------------------------
 */

static void peer_that_ends_may_still_be_answered(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    pair_send_text(&pair, "last question");
    assert_int_equal(shutdown(pair.peer, SHUT_WR), 0);
    PAIR_UNTIL(&pair, pair.ends > 0);
    assert_int_equal(pair.calls, 1);
    pair_settle(&pair);
    assert_int_equal(pair.ends, 1);
    assert_true(conn_is_open(pair.conn));
    buffer_put_text(conn_output(pair.conn), "last answer");
    conn_finish(pair.conn);
    pair_expect(&pair, "last answer");
    PAIR_UNTIL(&pair, pair.closes > 0); // the peer has ended: no lingering
    assert_string_equal(pair.why, "closed");
    struct buffer got = buffer_empty(10);
    assert_int_equal(pair_receive_all(&pair, &got, 1), 0);
    pair_end(&pair);
}

static void end_may_be_answered_from_within(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = greet, .finishes_at_end = true};
    pair_open(&pair);
    pair_send_text(&pair, "bye");
    assert_int_equal(shutdown(pair.peer, SHUT_WR), 0);
    PAIR_UNTIL(&pair, pair.closes > 0);
    pair_expect(&pair, "you said bye");
    pair_end(&pair);
}

static void peer_that_resets_is_noticed(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    const struct linger at_once = {1, 0};
    assert_int_equal(
        setsockopt(pair.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
        0);
    pair_hang_up(&pair);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "reset");
    assert_int_equal(pair.ends, 0);
    pair_end(&pair);
}

#define LONG_REPLY 3000000u

/* More than the kernel takes at once. */
static void compose_long_reply(struct pair *pair)
{
    struct buffer *out = conn_output(pair->conn);
    for (size_t i = 0; i < LONG_REPLY / 10; i++) {
        buffer_printf(out, "%09zu\n", i);
    }
    assert_int_equal(out->len, LONG_REPLY);
}

static void assert_long_reply(struct buffer *got)
{
    assert_int_equal(got->len, LONG_REPLY);
    for (size_t i = 0; i < LONG_REPLY / 10; i += 997) {
        char line[32];
        snprintf(line, sizeof(line), "%09zu\n", i);
        assert_memory_equal(got->data + i * 10, line, 10);
    }
}

static void finish_sends_everything_and_then_the_end(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    compose_long_reply(&pair);
    conn_finish(pair.conn);
    assert_false(conn_is_open(pair.conn));
    assert_true(conn_unsent(pair.conn) > 0);
    conn_finish(pair.conn); // again is no matter
    pair_send_text(&pair, "too late");
    struct buffer got = buffer_empty(LONG_REPLY + 10);
    ssize_t last = pair_receive_all(&pair, &got, LONG_REPLY + 1);
    assert_int_equal(last, 0); // the end, not a reset
    assert_long_reply(&got);
    assert_int_equal(pair.calls, 0);
    // It lingers until the peer has seen the end, too.
    pair_settle(&pair);
    assert_int_equal(pair.closes, 0);
    pair_hang_up(&pair);
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "closed");
    assert_int_equal(pair.ends, 0);
    buffer_deinit(&got);
    pair_end(&pair);
}

static void drained_is_told_when_all_has_gone_out(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    buffer_put_text(conn_output(pair.conn), "short");
    conn_flush(pair.conn); // taken at once: nothing was unsent
    pair_settle(&pair);
    assert_int_equal(pair.drains, 0);
    compose_long_reply(&pair);
    conn_flush(pair.conn);
    assert_true(conn_unsent(pair.conn) > 0);
    struct buffer got = buffer_empty(LONG_REPLY + 10);
    pair_receive_all(&pair, &got, LONG_REPLY + 5);
    PAIR_UNTIL(&pair, pair.drains > 0);
    assert_int_equal(pair.drains, 1);
    assert_int_equal(conn_unsent(pair.conn), 0);
    buffer_deinit(&got);
    conn_close(pair.conn, "closed");
    pair_end(&pair);
}

static void lingering_ends_though_the_peer_stays(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    conn_finish(pair.conn);
    struct buffer got = buffer_empty(10);
    assert_int_equal(pair_receive_all(&pair, &got, 1), 0);
    pair.clock.mono_ms += CONN_LINGER_MS - 1;
    uv_timer_set_repeat(&pair.loop.linger, 1); // not to wait for the clock
    uv_timer_again(&pair.loop.linger);
    pair_turn(&pair, true);
    pair_settle(&pair);
    assert_int_equal(pair.closes, 0);
    pair_send_text(&pair, "still talking"); // keeps it no longer
    pair.clock.mono_ms++;
    PAIR_UNTIL(&pair, pair.closes > 0);
    assert_string_equal(pair.why, "closed");
    pair_end(&pair);
}

static size_t finish_within(struct pair *pair, char *bytes, size_t len)
{
    (void)len;
    buffer_put(conn_output(pair->conn), bytes, 3);
    conn_finish(pair->conn);
    assert_memory_equal(bytes, "bye", 3); // still ours to read
    return 3;
}

static void finish_from_within_on_bytes(void **state)
{
    (void)state;
    for (int pieces = 0; pieces < 2; pieces++) {
        struct pair pair = {.on_bytes = pieces ? take_fours : finish_within};
        pair_open(&pair);
        if (pieces) { // so that the bytes are the connection's own
            pair_deliver(&pair, "b");
            pair.on_bytes = finish_within;
            pair_deliver(&pair, "ye, and more");
        } else {
            pair_deliver(&pair, "bye, and more");
        }
        struct buffer got = buffer_empty(10);
        assert_int_equal(pair_receive_all(&pair, &got, 4), 0);
        assert_true(span_equal(buffer_span(&got), span_of("bye")));
        assert_int_equal(pair.calls, pieces ? 2 : 1);
        buffer_deinit(&got);
        pair_end(&pair);
    }
}

static size_t close_within(struct pair *pair, char *bytes, size_t len)
{
    struct conn *conn = pair->conn;
    buffer_put(conn_output(conn), bytes, len);
    conn_close(conn, "enough");
    assert_int_equal(pair->closes, 1); // told from within
    assert_false(conn_is_open(conn));
    conn_close(conn, "again");
    conn_reset(conn, "again");
    conn_finish(conn);
    conn_resume(conn);
    return len;
}

static void close_drops_what_is_composed(void **state)
{
    (void)state;
    struct pair pair = {.on_bytes = close_within};
    pair_open(&pair);
    pair_deliver(&pair, "x");
    assert_int_equal(pair.closes, 1);
    assert_string_equal(pair.why, "enough");
    struct buffer got = buffer_empty(10);
    assert_int_equal(pair_receive_all(&pair, &got, 1), 0);
    // The scratch buffer is free for the next.
    pair.on_bytes = greet;
    pair_hang_up(&pair);
    pair_connect(&pair);
    pair_deliver(&pair, "hi");
    pair_expect(&pair, "you said hi");
    pair_end(&pair);
}

static void close_drops_what_is_unsent(void **state)
{
    (void)state;
    struct pair pair = {.buffer_bytes = 20000};
    pair_open(&pair);
    compose_long_reply(&pair);
    conn_flush(pair.conn);
    assert_true(conn_unsent(pair.conn) > 0);
    conn_close(pair.conn, "enough");
    assert_int_equal(pair.closes, 1);
    struct buffer got = buffer_empty(LONG_REPLY);
    ssize_t last = pair_receive_all(&pair, &got, LONG_REPLY);
    assert_true(last == 0 || last == -2);
    assert_true(got.len < LONG_REPLY);
    buffer_deinit(&got);
    pair_end(&pair);
}

static void reset_is_seen_as_one(void **state)
{
    (void)state;
    for (int is_writing = 0; is_writing < 2; is_writing++) {
        struct pair pair = {.buffer_bytes = 20000};
        pair_open(&pair);
        if (is_writing) {
            compose_long_reply(&pair);
            conn_flush(pair.conn);
            assert_true(conn_unsent(pair.conn) > 0);
        }
        conn_reset(pair.conn, "cut");
        assert_int_equal(pair.closes, 1);
        assert_string_equal(pair.why, "cut");
        struct buffer got = buffer_empty(LONG_REPLY);
        assert_int_equal(pair_receive_all(&pair, &got, LONG_REPLY), -2);
        buffer_deinit(&got);
        pair_end(&pair);
    }
}

static void peer_is_printed(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    struct address address = {.len = sizeof(address.storage)};
    assert_int_equal(getsockname(pair.peer, (struct sockaddr *)&address.storage,
                                 &address.len),
                     0);
    char expected[ADDRESS_TEXT_SIZE];
    char peer[CONN_PEER_SIZE];
    address_print(expected, &address);
    conn_print_peer(pair.conn, peer);
    assert_string_equal(peer, expected);
    pair_end(&pair);
}

/* --- Faults ----------------------------------------------------------------
 */

/* A message in pieces, a long reply, the end: at each allocation that fails the
 * connection is cut, or nothing is lost. */
static void oom_cuts_the_connection_or_loses_nothing(void **state)
{
    (void)state;
    int cut = 0;
    for (size_t n = 1, made = 0; made + 1 >= n; n++) {
        struct pair pair = {.on_bytes = take_fours, .buffer_bytes = 20000};
        pair_open(&pair);
        buffer_reserve(&pair.consumed, 1000); // not under test either
        mem_fail_nth(n);
        pair_send_text(&pair, "abc");
        PAIR_UNTIL(&pair, pair.calls == 1);
        if (pair.closes == 0) {
            pair_send_text(&pair, "d");
            PAIR_UNTIL(&pair, pair.calls == 2 || pair.closes > 0);
        }
        size_t composed = 0;
        if (pair.closes == 0) {
            struct buffer *out = conn_output(pair.conn);
            for (size_t i = 0; i < LONG_REPLY / 100; i++) {
                buffer_printf(out, "%99zu\n", i);
            }
            composed = LONG_REPLY;
            conn_finish(pair.conn);
        }
        struct buffer got = {.len_max = LONG_REPLY + 1};
        if (pair.closes == 0) {
            made = mem_fail_nth(0); // what we read is not under test
            assert_int_equal(pair_receive_all(&pair, &got, LONG_REPLY + 1), 0);
            assert_int_equal(got.len, composed);
        } else {
            made = mem_fail_nth(0);
            assert_string_equal(pair.why, "memory");
            cut++;
        }
        buffer_deinit(&got);
        pair_end(&pair);
    }
    assert_true(cut >= 3);
}

static void compose_for_two(void *user)
{
    struct pair *pair = user;
    struct conn *first = pair->conn;
    conn_output(first);
    pair->conn = NULL;
    pair_connect(pair);
    conn_output(pair->conn);
}

static void only_one_connection_composes_at_a_time(void **state)
{
    (void)state;
    struct pair pair = {0};
    pair_open(&pair);
    assert_true(testing_aborts(compose_for_two, &pair));
    pair_end(&pair);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bytes_come_once_and_in_order),
    cmocka_unit_test(what_is_left_is_given_again_with_more_behind),
    cmocka_unit_test(bytes_may_be_written_to),
    cmocka_unit_test(reply_goes_out_by_itself),
    cmocka_unit_test(reply_of_ones_own_accord_goes_out_by_flush),
    cmocka_unit_test(megabytes_are_echoed_whole),
    cmocka_unit_test(pause_holds_what_is_there_and_what_comes),
    cmocka_unit_test(resume_without_a_pause_does_nothing),
    cmocka_unit_test(resume_from_within_on_bytes_does_not_nest),
    cmocka_unit_test(peer_that_ends_may_still_be_answered),
    cmocka_unit_test(end_may_be_answered_from_within),
    cmocka_unit_test(peer_that_resets_is_noticed),
    cmocka_unit_test(finish_sends_everything_and_then_the_end),
    cmocka_unit_test(drained_is_told_when_all_has_gone_out),
    cmocka_unit_test(lingering_ends_though_the_peer_stays),
    cmocka_unit_test(finish_from_within_on_bytes),
    cmocka_unit_test(close_drops_what_is_composed),
    cmocka_unit_test(close_drops_what_is_unsent),
    cmocka_unit_test(reset_is_seen_as_one),
    cmocka_unit_test(peer_is_printed),
    cmocka_unit_test(oom_cuts_the_connection_or_loses_nothing),
    cmocka_unit_test(only_one_connection_composes_at_a_time),
};

TEST_MAIN(tests)
