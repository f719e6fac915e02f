/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_test.c -- calls of watch() that can't be done.  Those that can are
 * shown with the real package, in tests/peers/watch_rpyc_test.py.
 */
#include "python/follow.h"

#include <stdio.h>

#include "base/mem.h"
#include "python/service.h"
#include "unit/python/session.h"

/* --- Calls -------------------------------------------------------------------
 */

static int64_t root; // the number in its id

static void put_ours(struct buffer *out, int64_t object_id)
{
    const struct rpyc_id id = {span_of(SERVICE_NAME), 1, object_id};
    rpyc_put_label(out, RPYC_LOCAL_REF);
    rpyc_put_id(out, &id);
}

/* Compose root.watch((symbols...), function number `callback`). */
static void put_watch(struct buffer *out, int64_t seq,
                      const char *const *symbols, size_t count,
                      int64_t callback)
{
    const struct rpyc_id id = {span_of("builtins.function"), 7, callback};
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, RPYC_CALLATTR);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 3);
    put_ours(out, root);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_str(out, span_of("watch"));
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 2);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, count);
    for (size_t i = 0; i < count; i++) {
        brine_put_str(out, span_of(symbols[i]));
    }
    rpyc_put_label(out, RPYC_REMOTE_REF);
    rpyc_put_id(out, &id);
    rpyc_end(out, frame);
}

/* Call it; returns the exception's name, or "None". */
static const char *watch(const char *const *symbols, size_t count,
                         int64_t callback)
{
    static struct rpyc_message message;
    static char name[32];
    struct conn *conn = &fakes[0];
    size_t taken;
    put_watch(&conn->input, 1, symbols, count, callback);
    deliver_input(conn);
    assert_int_equal(conn->input.len, 0);
    assert_true(parse_message(buffer_span(&conn->sent), &message, &taken));
    assert_int_equal(message.seq, 1);
    if (message.kind == RPYC_EXCEPTION) {
        struct span text = message.body[3].text; // ((module, name), ...
        snprintf(name, sizeof(name), "%.*s", SPAN_ARGS(text));
    } else {
        snprintf(name, sizeof(name), "None");
        assert_int_equal(message.box.value->type, BRINE_NONE);
    }
    buffer_drop_front(&conn->sent, taken);
    return name;
}

#define WATCH(callback, ...)                                           \
    watch((const char *const[]){__VA_ARGS__},                          \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), \
          callback)

/* How often our next calls, and releases, are of function number `callback`:
 * those that the bytes hold.  Each call is replied to. */
static size_t count_requests(struct span bytes, enum rpyc_handler handler,
                             int64_t callback)
{
    static struct rpyc_message message;
    struct rpyc_items items;
    struct rpyc_box box;
    struct rpyc_id id;
    size_t count = 0;
    size_t taken;
    for (; parse_message(bytes, &message, &taken);
         bytes.data += taken, bytes.len -= taken) {
        if (message.kind == RPYC_REQUEST && message.handler == handler) {
            assert_true(rpyc_open_items(&items, &message.box));
            assert_true(rpyc_next_item(&items, &box));
            assert_true(rpyc_read_id(&id, box.value));
            count += id.object_id == callback;
        }
    }
    return count;
}

/* How often function number `callback` was called, and no other; the calls are
 * replied to. */
static size_t take_calls(int64_t callback)
{
    static struct rpyc_message message;
    struct conn *conn = &fakes[0];
    size_t count =
        count_requests(buffer_span(&conn->sent), RPYC_CALL, callback);
    size_t all = 0;
    while (read_message(conn, &message)) {
        size_t frame = rpyc_begin(&conn->input, RPYC_REPLY, message.seq);
        rpyc_put_label(&conn->input, RPYC_VALUE);
        brine_put_none(&conn->input);
        rpyc_end(&conn->input, frame);
        all++;
    }
    assert_int_equal(all, count);
    deliver_input(conn);
    return count;
}

/* The same, for a new price of a symbol. */
static size_t count_calls(const char *symbol, int64_t callback)
{
    static uint64_t ms = 2000;
    publish(symbol, ++ms);
    deliver();
    return take_calls(callback);
}

static size_t count_releases(int64_t callback)
{
    struct python *python = fakes[0].guest.state;
    return count_requests(buffer_span(python_releases(python)), RPYC_DEL,
                          callback);
}

/* --- (5) All or nothing -----------------------------------------------------
 */

/* Function 1 has A; nothing is to be sent. */
static void begin_with_one(void)
{
    root = get_root(&fakes[0]);
    assert_string_equal(WATCH(1, "A"), "None");
    take_calls(1); // where its price is known
    assert_int_equal(count_calls("A", 1), 1);
}

/* A call that would have given A and others to function 2 was refused. */
static void assert_unchanged(void)
{
    assert_int_equal(counted(METRIC_watches_open), 1);
    assert_int_equal(count_releases(2), 1);
    assert_int_equal(count_releases(1), 0);
    assert_int_equal(count_calls("B", 2), 0);
    assert_int_equal(count_calls("A", 1), 1);
}

static void refused_at_the_limit_watch_changes_nothing(void **state)
{
    (void)state;
    begin_with_one();
    watching.conf.cache.symbols_max = 3;
    assert_string_equal(WATCH(2, "A", "B", "C", "D"), "RuntimeError");
    assert_unchanged();
    assert_string_equal(WATCH(3, "B", "C", "A"), "None");
    assert_int_equal(counted(METRIC_watches_open), 3);
    assert_int_equal(count_releases(1), 1);
}

static void refused_for_a_text_watch_changes_nothing(void **state)
{
    (void)state;
    begin_with_one();
    assert_string_equal(WATCH(2, "A", "B", "no symbol!"), "ValueError");
    assert_unchanged();
}

/* Call with memory for n - 1 blocks; returns whether there was enough. */
static bool watch_with(size_t n)
{
    struct conn *conn = &fakes[0];
    open_conn(conn);
    begin_with_one();
    // What connections have, and where releases go.
    struct buffer *releases = python_releases(conn->guest.state);
    assert_non_null(buffer_reserve(&conn->input, 10000));
    assert_non_null(buffer_reserve(&conn->sent, 10000));
    assert_non_null(buffer_reserve(releases, 3000));
    mem_fail_nth(n);
    const char *said = WATCH(2, "A", "B", "C");
    bool is_enough = mem_fail_nth(0) < n;
    if (strcmp(said, "None") != 0) {
        assert_string_equal(said, "MemoryError");
        assert_false(is_enough);
        assert_unchanged();
    } else {
        assert_int_equal(counted(METRIC_watches_open), 3);
        take_calls(2);
        assert_int_equal(count_calls("A", 2), 1);
        assert_int_equal(count_calls("B", 2), 1);
    }
    close_conn(conn);
    return is_enough;
}

static void oom_watch_is_for_all_or_for_none(void **state)
{
    (void)state;
    close_conn(&fakes[0]);
    size_t n = 1;
    while (!watch_with(n)) {
        n++;
    }
    assert_true(n > 5);
}

/* The same symbol more than once in a call is one; and a function that takes
 * the place of another is told the current quote at once. */
static void watch_again_is_told_again(void **state)
{
    (void)state;
    begin_with_one();
    assert_string_equal(WATCH(2, "A", "A", "B", "B"), "None");
    assert_int_equal(counted(METRIC_watches_open), 2);
    assert_int_equal(count_releases(1), 1);
    assert_int_equal(take_calls(2), 1); // of A, whose price is known
}

static const struct CMUnitTest tests[] = {
    TEST(refused_at_the_limit_watch_changes_nothing),
    TEST(refused_for_a_text_watch_changes_nothing),
    TEST(oom_watch_is_for_all_or_for_none),
    TEST(watch_again_is_told_again),
};

TEST_MAIN(tests)
