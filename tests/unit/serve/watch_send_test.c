/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_send_test.c -- what watchers are sent, what bounds them, how they end,
 * and what want of memory leaves.  The connection is the test's.
 */
#include "serve/watch.h"

#include "base/buffer.h"
#include "net/conn.h"
#include "unit/serve/at_once.h"
#include "unit/serve/listener.h"

/* --- Bounds ------------------------------------------------------------------
 */

static void label_has_a_bound(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    char text[WATCH_LABEL_LIMIT + 1];
    memset(text, '*', sizeof(text));
    struct symbol a = symbol_of("A");
    struct span most = {text, WATCH_LABEL_LIMIT};
    struct span more = {text, WATCH_LABEL_LIMIT + 1};
    assert_int_equal(watch_join(&one.watcher, &a, most), 0);
    assert_int_equal(watch_join_pattern(&one.watcher, most), 0);
    assert_int_equal(watch_join(&one.watcher, &a, more), ERR_RANGE);
    assert_int_equal(watch_join_pattern(&one.watcher, more), ERR_RANGE);
    assert_false(watch_leave(&one.watcher, more, false));
    watch_leave_all(&one.watcher);
}

static void watcher_has_a_bound(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    for (int i = 0; i < WATCH_LIMIT; i++) {
        char text[16];
        snprintf(text, sizeof(text), "P%d", i);
        assert_int_equal(join_pattern(&one, text), 0);
    }
    assert_int_equal(join_pattern(&one, "more"), ERR_FULL);
    assert_int_equal(join(&one, "A"), ERR_FULL);
    watch_leave_all(&one.watcher);
}

static void symbols_have_a_bound(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    watching.conf.cache.symbols_max = 2;
    assert_int_equal(join(&one, "A"), 0);
    assert_int_equal(join(&one, "B"), 0);
    assert_int_equal(join(&one, "C"), ERR_FULL);
    struct symbol a = symbol_of("A");
    assert_int_equal(watch_join(&one.watcher, &a, span_of("again")), 0);
    watch_leave_all(&one.watcher);
}

/* What only patterns hear of is dropped, the oldest first; a slow pattern then
 * has the others. */
static void what_patterns_hear_of_has_a_bound(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    watching.conf.cache.symbols_max = 3;
    join_pattern(&one, "*");
    for (uint64_t i = 0; i < SYMBOLS; i++) {
        publish(names[i], i + 1);
        deliver();
    }
    take_all(&one);
    assert_int_equal(one.count, 3);
    assert_int_equal(had(&one, "C"), SYMBOLS);
    watch_leave_all(&one.watcher);
}

/* --- Ending ------------------------------------------------------------------
 */

static void watcher_may_leave_when_it_is_told(void **state)
{
    (void)state;
    struct listener some[3];
    for (size_t i = 0; i < 3; i++) {
        begin(&some[i]);
        some[i].leaves = true;
        join(&some[i], "A");
        join_pattern(&some[i], "*");
    }
    publish("A", 1);
    publish("B", 1);
    deliver();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(some[i].told, 1);
    }
}

static void who_left_is_told_no_more(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    join(&one, "A");
    publish("A", 1);
    watch_leave_all(&one.watcher);
    deliver();
    end_flight("A", 0, 1);
    deliver();
    assert_int_equal(one.told, 0);
}

static void oom_join_leaves_nothing_half_made(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct listener one;
        begin(&one);
        int err = join(&one, "A");
        int pattern_err = join_pattern(&one, "*");
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true(pattern_err == 0 || pattern_err == ERR_NOMEM);
        assert_int_equal(one.watcher.symbols, err == 0);
        assert_int_equal(one.watcher.patterns, pattern_err == 0);
        struct symbol b = symbol_of("B");
        watch_publish(watching.worker.watches, &b); // a pattern may miss it
        end_flight("A", ERR_UNKNOWN, 0);
        deliver();
        watch_leave_all(&one.watcher);
    }
}

/* --- Sending -----------------------------------------------------------------
 */

/* A connection of which the test says how much is unsent. */
struct conn {
    struct buffer out;
    size_t unsent;
    size_t takes; // of what is sent, all but this is unsent then
    size_t longest;
    int flushed;
    bool is_closed;
};

struct buffer *conn_output(struct conn *conn)
{
    return &conn->out;
}

void conn_flush(struct conn *conn)
{
    conn->flushed++;
    conn->longest =
        conn->out.len > conn->longest ? conn->out.len : conn->longest;
    conn->unsent +=
        conn->out.len > conn->takes ? conn->out.len - conn->takes : 0;
    buffer_clear(&conn->out);
}

bool conn_is_open(const struct conn *conn)
{
    return !conn->is_closed;
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->unsent;
}

#define MESSAGE_BYTES 30000

static void compose(void *user, const struct watch_news *news,
                    struct buffer *out)
{
    int *count = user;
    (*count)++;
    assert_non_null(news->quote);
    char text[MESSAGE_BYTES];
    memset(text, 'x', sizeof(text));
    buffer_put(out, text, sizeof(text));
}

static void inv6_no_more_is_composed_than_the_bound(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    for (size_t i = 0; i < SYMBOLS; i++) {
        publish(names[i], 1000);
        join(&one, names[i]);
    }
    deliver();
    struct conn conn = {.out = buffer_empty(1 << 20), .takes = SIZE_MAX};
    int composed = 0;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    assert_int_equal(composed, SYMBOLS); // since all was taken at once
    assert_int_equal(conn.flushed, 2);
    assert_in_range(conn.longest, WATCH_UNSENT_BYTES,
                    WATCH_UNSENT_BYTES + MESSAGE_BYTES);
    buffer_deinit(&conn.out);
    watch_leave_all(&one.watcher);
}

static void inv6_nothing_is_sent_while_something_is_unsent(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    publish("A", 1000);
    join(&one, "A");
    deliver();
    struct conn conn = {.out = buffer_empty(1 << 20), .unsent = 1};
    int composed = 0;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    assert_int_equal(composed, 0);
    conn.unsent = 0;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    assert_int_equal(composed, 1);
    assert_int_equal(conn.unsent, MESSAGE_BYTES);
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    assert_int_equal(composed, 1);
    buffer_deinit(&conn.out);
    watch_leave_all(&one.watcher);
}

static void who_takes_nothing_for_long_is_to_be_cut(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    watching.settings.rule.fresh_for_ms = 1000000;
    publish("A", 1000);
    join(&one, "A");
    deliver();
    struct conn conn = {.out = buffer_empty(1 << 20), .unsent = 10};
    int composed = 0;
    uint64_t *now_ms = &watching.worker.loop.now_ms;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    *now_ms += WATCH_BEHIND_MS - 1;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    conn.unsent = 9; // it has read a little
    *now_ms += 1;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    *now_ms += WATCH_BEHIND_MS - 1;
    assert_true(watch_send(&one.watcher, &conn, compose, &composed));
    *now_ms += 1;
    assert_false(watch_send(&one.watcher, &conn, compose, &composed));
    buffer_deinit(&conn.out);
    watch_leave_all(&one.watcher);
}

static void quote_is_composed_once_a_turn(void **state)
{
    (void)state;
    struct listener one;
    struct listener two;
    begin(&one);
    begin(&two);
    one.is_lazy = true;
    two.is_lazy = true;
    publish("A", 1000);
    join(&one, "A");
    join(&two, "A");
    deliver();
    struct watch_news news;
    assert_true(watch_next(&one.watcher, &news));
    struct span first = watch_json(&news);
    assert_true(watch_next(&two.watcher, &news));
    struct span second = watch_json(&news);
    assert_ptr_equal(first.data, second.data);
    assert_true(span_has_nocase(first, span_of("\"price\":\"1000.00\"")));
    assert_true(span_has_nocase(first, span_of("\"state\":\"fresh\"")));
    watching.worker.loop.now_ms = 2500; // another turn, and stale
    publish("A", 1001);
    deliver();
    assert_true(watch_next(&two.watcher, &news));
    assert_true(
        span_has_nocase(watch_json(&news), span_of("\"state\":\"stale\"")));
    watch_leave_all(&one.watcher);
    watch_leave_all(&two.watcher);
}

static void failure_is_composed_with_its_word(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    join(&one, "A");
    end_flight("A", ERR_UNKNOWN, 0);
    deliver();
    struct watch_news news;
    assert_true(watch_next(&one.watcher, &news));
    assert_true(span_equal(
        watch_json(&news),
        span_of("{\"symbol\":\"A\",\"state\":\"none\",\"error\":\"UNKNOWN\","
                "\"reason\":\"because\"}")));
    watch_leave_all(&one.watcher);
}

static const struct CMUnitTest tests[] = {
    TEST(label_has_a_bound),
    TEST(watcher_has_a_bound),
    TEST(symbols_have_a_bound),
    TEST(what_patterns_hear_of_has_a_bound),
    TEST(watcher_may_leave_when_it_is_told),
    TEST(who_left_is_told_no_more),
    TEST(oom_join_leaves_nothing_half_made),
    TEST(inv6_no_more_is_composed_than_the_bound),
    TEST(inv6_nothing_is_sent_while_something_is_unsent),
    TEST(who_takes_nothing_for_long_is_to_be_cut),
    TEST(quote_is_composed_once_a_turn),
    TEST(failure_is_composed_with_its_word),
};

TEST_MAIN(tests)
