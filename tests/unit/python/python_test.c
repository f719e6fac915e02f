/* SPDX-License-Identifier: Apache-2.0 */
/*
 * python_test.c -- what a session does with the bytes that come.
 */
#include "python/python.h"

#include <zlib.h>

#include "base/mem.h"
#include "desk/terms.h"
#include "python/service.h"
#include "serve/share.h"
#include "serve/wait.h"
#include "unit/python/session.h"

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

/* A ping with some zeros and a number: it takes one argument, and raises. */
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

/* --- The share of a turn ----------------------------------------------------
 */

#define FRAMES 100
#define ZEROS  50000 /* in each: two begin before the bound */

static void frames_that_inflate_are_answered_in_many_turns(void **state)
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
static void a_turn_is_one_however_often_bytes_come(void **state)
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

static int64_t put_plain_pings(struct buffer *out, size_t bytes_max)
{
    int64_t count = 0;
    while (out->len + 100 < bytes_max) {
        put_ping(out, count++, 50);
    }
    return count;
}

static void plain_frames_with_small_replies_are_answered_at_once(void **state)
{
    (void)state;
    struct conn *conn = &fakes[0];
    int64_t count = put_plain_pings(&conn->input, SHARE_BYTES / 3);
    deliver_input(conn);
    int64_t seq = 0;
    assert_int_equal(count_answers(conn, &seq), count);
    assert_false(is_put_off());
}

/* They are twice as long as the requests. */
static void replies_are_shared_among_turns(void **state)
{
    (void)state;
    struct conn *conn = &fakes[0];
    int64_t count = put_plain_pings(&conn->input, LOOP_READ_BYTES);
    int64_t seq = 0;
    int turns = 1;
    for (deliver_input(conn); is_put_off(); turn(), turns++) {
        assert_true(conn->sent.len > SHARE_BYTES);
        assert_true(conn->sent.len < SHARE_BYTES + 1000);
        count_answers(conn, &seq);
    }
    count_answers(conn, &seq);
    assert_int_equal(seq, count);
    assert_int_equal(turns, 3);
}

static void who_is_put_off_may_go(void **state)
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

/* --- Whole conversations ----------------------------------------------------
 */

static int64_t root; // the number in its id

static void put_call(struct buffer *out, int64_t seq, enum rpyc_handler handler,
                     const char *name, size_t symbols)
{
    const struct rpyc_id id = {span_of(SERVICE_NAME), 1, root};
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, handler);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, handler == RPYC_CALLATTR ? 3 : 2);
    rpyc_put_label(out, RPYC_LOCAL_REF);
    rpyc_put_id(out, &id);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_str(out, span_of(name));
    if (handler == RPYC_CALLATTR) {
        rpyc_put_label(out, RPYC_VALUE);
        brine_put_tuple(out, 1);
        brine_put_tuple(out, symbols);
        for (size_t i = 0; i < symbols; i++) {
            brine_put_str(out, span_of(i == 0 ? "IBM" : "MISS"));
        }
    }
    rpyc_end(out, frame);
}

/* The root, a method, prices from memory, some of which are to be waited for,
 * and what inflates. */
static int64_t put_conversation(struct buffer *out)
{
    size_t frame = rpyc_begin(out, RPYC_REQUEST, 0);
    rpyc_put_handler(out, RPYC_GETROOT);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 0);
    rpyc_end(out, frame);
    put_call(out, 1, RPYC_GETATTR, "get_price", 0);
    put_call(out, 2, RPYC_CALLATTR, "get_prices", 1);
    put_call(out, 3, RPYC_CALLATTR, "get_prices", 3);
    put_call(out, 4, RPYC_GETATTR, "nothing", 0);
    put_packed_ping(out, 5, 20000);
    put_call(out, 6, RPYC_CALLATTR, "get_prices", 2);
    return 7;
}

/* A flight ends, for who waits. */
static void end_flight(void)
{
    struct desk_result result = {.err = ERR_UNKNOWN,
                                 .symbol = symbol_of("MISS")};
    wait_end(watching.worker.waits, &result);
}

/* Numbers of the answers, one bit each. */
static unsigned answered(struct conn *conn)
{
    static struct rpyc_message message;
    unsigned bits = 0;
    while (read_message(conn, &message)) {
        assert_true(message.kind != RPYC_REQUEST && message.seq < 32);
        assert_int_equal(bits & 1u << message.seq, 0); // each once
        bits |= 1u << message.seq;
    }
    return bits;
}

static void cutting_a_conversation_anywhere_changes_nothing(void **state)
{
    (void)state;
    root = get_root(&fakes[1]);
    struct buffer whole = buffer_empty(SENT_MAX);
    unsigned all = (1u << put_conversation(&whole)) - 1;
    for (size_t cut = 1; cut < whole.len; cut++) {
        struct conn *conn = &fakes[0];
        close_conn(conn);
        open_conn(conn);
        buffer_put(&conn->input, whole.data, cut);
        deliver_input(conn);
        buffer_put(&conn->input, whole.data + cut, whole.len - cut);
        deliver_input(conn);
        assert_true(wait_count(watching.worker.waits) > 0);
        end_flight();
        assert_int_equal(answered(conn), all);
    }
    buffer_deinit(&whole);
}

/* Each request is answered, or its connection ends; and nothing is left. */
static void oom_a_conversation_is_answered_or_ended(void **state)
{
    (void)state;
    struct conn *conn = &fakes[0];
    bool is_enough = false;
    size_t n;
    root = get_root(&fakes[1]);
    for (n = 1; !is_enough; n++) {
        close_conn(conn);
        open_conn(conn);
        unsigned all = (1u << put_conversation(&conn->input)) - 1;
        assert_non_null(buffer_reserve(&conn->sent, 10000));
        mem_fail_nth(n);
        deliver_input(conn);
        end_flight();
        is_enough = mem_fail_nth(0) < n;
        unsigned bits = answered(conn);
        assert_true(bits == all || conn->is_finished);
        assert_int_equal(watching.worker.turn_symbols, 0);
    }
    assert_true(n > 8);
    assert_false(conn->is_finished);
}

static const struct CMUnitTest tests[] = {
    TEST(cutting_a_conversation_anywhere_changes_nothing),
    TEST(oom_a_conversation_is_answered_or_ended),
    TEST(frames_that_inflate_are_answered_in_many_turns),
    TEST(a_turn_is_one_however_often_bytes_come),
    TEST(plain_frames_with_small_replies_are_answered_at_once),
    TEST(replies_are_shared_among_turns),
    TEST(who_is_put_off_may_go),
};

TEST_MAIN(tests)
