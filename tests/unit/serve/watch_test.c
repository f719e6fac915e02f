/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_test.c -- the numbered invariants of watching, its bounds, and what a
 * failure leaves.  The fetch thread beside the worker is in
 * watch_threads_test.c.
 */
#include "serve/watch.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/glob.h"
#include "net/conn.h"
#include "unit/serve/watching.h"

/* --- A watcher --------------------------------------------------------------
 */

/* What a watcher took last of a symbol. */
struct taken {
    uint64_t ms; // when it was fetched; 0: nothing yet
    int err;
};

#define SYMBOLS 6

static const char *const names[SYMBOLS] = {"A", "AB", "ABC", "B", "BC", "C"};

struct listener {
    struct watcher watcher; // first
    bool is_lazy;           // takes nothing when it is told
    bool leaves;            // when it is told
    int told;               // calls of on_news
    int count;              // news taken
    struct taken taken[SYMBOLS];
    char label[WATCH_LABEL_LIMIT + 1]; // of the last news
    bool is_pattern;
};

static size_t number_of(const struct symbol *symbol)
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (strcmp(names[i], symbol->text) == 0) {
            return i;
        }
    }
    fail_msg("%s is none of the test's symbols", symbol->text);
    return 0;
}

/* Take one; returns whether there was one.  Invariants (1) and (3) hold for
 * whatever is taken. */
static bool take(struct listener *listener)
{
    struct watch_news news;
    if (!watch_next(&listener->watcher, &news)) {
        return false;
    }
    struct taken *taken = &listener->taken[number_of(news.symbol)];
    assert_int_equal(news.quote == NULL, news.err != 0);
    if (news.quote != NULL) {
        assert_true(listener->watcher.patterns > 0 ||
                    news.quote->fetched_mono_ms > taken->ms);
        taken->ms = news.quote->fetched_mono_ms;
    }
    taken->err = news.err;
    snprintf(listener->label, sizeof(listener->label), "%.*s",
             SPAN_ARGS(news.label));
    listener->is_pattern = news.is_pattern;
    listener->count++;
    return true;
}

static void take_all(struct listener *listener)
{
    while (take(listener)) {
    }
    assert_false(watch_has_news(&listener->watcher));
}

static void on_news(struct watcher *watcher)
{
    struct listener *listener = (struct listener *)watcher;
    listener->told++;
    if (listener->leaves) {
        watch_leave_all(watcher);
    } else if (!listener->is_lazy) {
        take_all(listener);
    }
}

static void begin(struct listener *listener)
{
    memset(listener, 0, sizeof(*listener));
    watch_init(&listener->watcher, watching.worker.watches, on_news);
}

static int join(struct listener *listener, const char *symbol)
{
    struct symbol parsed = symbol_of(symbol);
    return watch_join(&listener->watcher, &parsed, span_of(symbol));
}

static int join_pattern(struct listener *listener, const char *pattern)
{
    return watch_join_pattern(&listener->watcher, span_of(pattern));
}

static uint64_t had(const struct listener *listener, const char *symbol)
{
    struct symbol parsed = symbol_of(symbol);
    return listener->taken[number_of(&parsed)].ms;
}

/* A flight has ended, of which the worker is told. */
static void end_flight(const char *symbol, int err, uint64_t ms)
{
    struct desk_result result = {.err = err, .symbol = symbol_of(symbol)};
    result.quote = quote_of(symbol, ms);
    snprintf(result.reason, sizeof(result.reason), "because");
    wait_end(watching.worker.waits, &result);
}

static int setup(void **state)
{
    (void)state;
    open_watching(100);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(counted(METRIC_watches_open), 0);
    close_watching();
    return 0;
}

/* --- The invariants ---------------------------------------------------------
 */

static void inv1_older_fetch_is_not_taken(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    join(&one, "A"); // waits for a flight
    publish("A", 20);
    deliver();
    assert_int_equal(had(&one, "A"), 20);
    end_flight("A", 0, 10);
    deliver();
    assert_int_equal(had(&one, "A"), 20);
    assert_int_equal(one.count, 1);
    watch_leave_all(&one.watcher);
}

static void inv1_earlier_price_is_not_taken(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    join(&one, "A");
    publish("A", 20);
    deliver();
    struct desk_result result = {.symbol = symbol_of("A")};
    result.quote = quote_of("A", 30);
    result.quote.as_of_unix_ns = 19 * 1000000;
    wait_end(watching.worker.waits, &result);
    deliver();
    assert_int_equal(one.count, 1);
    watch_leave_all(&one.watcher);
}

/* What one watcher must have of a symbol, whatever the order of what is
 * published, taken, joined and left: see random_schedules(). */
static void check_newest(const struct listener *one, size_t symbol,
                         uint64_t current)
{
    if (one->taken[symbol].ms != current) {
        fail_msg("%s: has %llu, and not %llu", names[symbol],
                 (unsigned long long)one->taken[symbol].ms,
                 (unsigned long long)current);
    }
}

static void play(uint64_t *random)
{
    struct listener direct;
    struct listener pattern;
    begin(&direct);
    begin(&pattern);
    direct.is_lazy = true;
    pattern.is_lazy = true;
    uint64_t current[SYMBOLS] = {0};
    bool is_joined[SYMBOLS] = {false};
    join_pattern(&pattern, "A*");
    for (uint64_t ms = 1; ms <= 200; ms++) {
        size_t i = testing_random(random) % SYMBOLS;
        switch (testing_random(random) % 6) {
        case 0:
        case 1:
            publish(names[i], ms);
            current[i] = ms;
            break;
        case 2:
            deliver();
            break;
        case 3:
            take(testing_random(random) % 2 == 0 ? &direct : &pattern);
            break;
        case 4:
            join(&direct, names[i]);
            is_joined[i] = true;
            break;
        default:
            if (testing_random(random) % 4 == 0) {
                watch_leave(&direct.watcher, span_of(names[i]), false);
                is_joined[i] = false;
                direct.taken[i].ms = 0; // its next is the current one again
            }
            break;
        }
    }
    deliver();
    take_all(&direct);
    take_all(&pattern);
    for (size_t i = 0; i < SYMBOLS; i++) {
        if (is_joined[i]) {
            check_newest(&direct, i, current[i]);
        }
        if (names[i][0] == 'A') {
            check_newest(&pattern, i, current[i]);
        } else {
            assert_int_equal(pattern.taken[i].ms, 0);
        }
    }
    watch_leave_all(&direct.watcher);
    watch_leave_all(&pattern.watcher);
}

static void inv2_newest_arrives_in_random_schedules(void **state)
{
    uint64_t random = 4711;
    for (int i = 0; i < 300; i++) {
        play(&random);
        teardown(state);
        setup(state);
    }
}

static void inv3_of_several_only_the_newest_is_taken(void **state)
{
    (void)state;
    struct listener slow;
    struct listener all;
    begin(&slow);
    begin(&all);
    slow.is_lazy = true;
    all.is_lazy = true;
    join(&slow, "A");
    join_pattern(&all, "*");
    for (uint64_t ms = 1; ms <= 5; ms++) {
        publish("A", ms);
        publish("B", ms);
        deliver();
    }
    take_all(&slow);
    take_all(&all);
    assert_int_equal(slow.count, 1);
    assert_int_equal(had(&slow, "A"), 5);
    assert_int_equal(all.count, 2);
    assert_int_equal(had(&all, "B"), 5);
    assert_int_equal(counted(METRIC_watch_conflated), 4 + 8);
    watch_leave_all(&slow.watcher);
    watch_leave_all(&all.watcher);
}

static void inv3_what_is_published_again_is_not_taken_again(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    publish("A", 10);
    join(&one, "A");
    deliver();
    assert_int_equal(one.count, 1);
    struct symbol a = symbol_of("A");
    watch_publish(watching.worker.watches, &a);
    deliver();
    assert_int_equal(one.count, 1);
    watch_leave_all(&one.watcher);
}

static void inv4_first_news_is_what_is_in_memory(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    publish("A", 990);
    assert_int_equal(join(&one, "A"), 0);
    assert_int_equal(one.told, 0); // not from within
    deliver();
    assert_int_equal(one.told, 1);
    assert_int_equal(had(&one, "A"), 990);
    assert_string_equal(one.label, "A");
    assert_int_equal(watching.asked, 1); // so that it is kept fresh
    watch_leave_all(&one.watcher);
}

static void inv4_first_news_is_fetched(void **state)
{
    (void)state;
    struct listener one;
    struct listener two;
    begin(&one);
    begin(&two);
    join(&one, "A");
    join(&two, "A");
    deliver();
    assert_int_equal(one.told + two.told, 0);
    assert_int_equal(watching.asked, 1);
    publish("A", 1000);
    end_flight("A", 0, 1000);
    deliver();
    assert_int_equal(one.count, 1);
    assert_int_equal(two.count, 1);
    watch_leave_all(&one.watcher);
    watch_leave_all(&two.watcher);
}

static void inv4_first_news_is_why_there_is_none(void **state)
{
    (void)state;
    struct listener one;
    struct listener two;
    struct listener all;
    begin(&one);
    begin(&two);
    begin(&all);
    join_pattern(&all, "*");
    join(&one, "A");
    end_flight("A", ERR_UNKNOWN, 0);
    join(&two, "A");
    deliver();
    assert_int_equal(one.taken[0].err, ERR_UNKNOWN);
    assert_int_equal(two.taken[0].err, ERR_UNKNOWN);
    assert_int_equal(all.count, 0); // a pattern hears of prices only
    publish("A", 1000);
    deliver();
    assert_int_equal(one.taken[0].err, 0);
    assert_int_equal(had(&two, "A"), 1000);
    watch_leave_all(&one.watcher);
    watch_leave_all(&two.watcher);
    watch_leave_all(&all.watcher);
}

/* A failure behind a price that is still served says nothing new. */
static void failure_behind_a_price_is_no_news(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    join(&one, "A");
    publish("A", 1000);
    deliver();
    end_flight("A", ERR_UPSTREAM, 0);
    deliver();
    assert_int_equal(one.count, 1);
    watch_leave_all(&one.watcher);
}

static void price_that_has_expired_is_not_taken(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    join(&one, "A");
    publish("A", 1000);
    deliver();
    watching.worker.loop.now_ms = 3000;
    take_all(&one);
    assert_int_equal(one.count, 0);
    struct listener two;
    begin(&two);
    join(&two, "A"); // asks for it anew
    assert_int_equal(watching.asked, 1);
    end_flight("A", ERR_UPSTREAM, 0);
    deliver();
    take_all(&one);
    assert_int_equal(one.taken[0].err, ERR_UPSTREAM);
    assert_int_equal(two.taken[0].err, ERR_UPSTREAM);
    publish("A", 3000);
    deliver();
    take_all(&one);
    assert_int_equal(had(&one, "A"), 3000);
    watch_leave_all(&one.watcher);
    watch_leave_all(&two.watcher);
}

static void inv5_one_message_is_under_way(void **state)
{
    (void)state;
    struct listener some[20];
    for (size_t i = 0; i < 20; i++) {
        begin(&some[i]);
        join(&some[i], "A");
        join(&some[i], "B");
    }
    deliver();
    int posted = atomic_load(&watching.posted);
    for (uint64_t ms = 1; ms <= 5; ms++) {
        publish("A", ms);
        publish("B", ms);
        publish("C", ms); // nobody watches it
    }
    assert_int_equal(atomic_load(&watching.posted) - posted, 1);
    deliver();
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(some[i].told, 1);
        assert_int_equal(some[i].count, 2);
        watch_leave_all(&some[i].watcher);
    }
    posted = atomic_load(&watching.posted);
    publish("A", 6);
    assert_int_equal(atomic_load(&watching.posted), posted);
}

/* --- Labels and patterns ----------------------------------------------------
 */

static void two_labels_are_two_watches(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    struct symbol a = symbol_of("A");
    assert_int_equal(watch_join(&one.watcher, &a, span_of("A")), 0);
    assert_int_equal(watch_join(&one.watcher, &a, span_of("a")), 0);
    assert_int_equal(watch_join(&one.watcher, &a, span_of("a")), 0);
    assert_int_equal(watch_join_pattern(&one.watcher, span_of("A")), 0);
    assert_int_equal(one.watcher.symbols, 2);
    assert_int_equal(one.watcher.patterns, 1);
    assert_true(
        span_equal(watch_first_label(&one.watcher, false), span_of("A")));
    assert_false(watch_leave(&one.watcher, span_of("b"), false));
    assert_true(watch_leave(&one.watcher, span_of("A"), false));
    assert_false(watch_leave(&one.watcher, span_of("A"), false));
    assert_true(
        span_equal(watch_first_label(&one.watcher, false), span_of("a")));
    assert_true(watch_leave(&one.watcher, span_of("A"), true));
    assert_null(watch_first_label(&one.watcher, true).data);
    watch_leave_all(&one.watcher);
}

static void pattern_hears_of_what_matches_from_now_on(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    publish("A", 1);
    join_pattern(&one, "a*");
    publish("AB", 2);
    publish("B", 2);
    deliver();
    assert_int_equal(one.count, 1);
    assert_string_equal(one.label, "a*");
    assert_true(one.is_pattern);
    assert_int_equal(had(&one, "AB"), 2);
    assert_int_equal(watching.asked, 0);
    watch_leave_all(&one.watcher);
}

static void only_what_has_a_name_is_kept_fresh(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    struct symbol a = symbol_of("A");
    assert_false(watch_has(watching.worker.watches, &a));
    join_pattern(&one, "*");
    publish("A", 1);
    deliver();
    assert_false(watch_has(watching.worker.watches, &a));
    join(&one, "A");
    assert_true(watch_has(watching.worker.watches, &a));
    watch_leave(&one.watcher, span_of("A"), false);
    assert_false(watch_has(watching.worker.watches, &a));
    watch_leave_all(&one.watcher);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(inv1_older_fetch_is_not_taken),
    TEST(inv1_earlier_price_is_not_taken),
    TEST(inv2_newest_arrives_in_random_schedules),
    TEST(inv3_of_several_only_the_newest_is_taken),
    TEST(inv3_what_is_published_again_is_not_taken_again),
    TEST(inv4_first_news_is_what_is_in_memory),
    TEST(inv4_first_news_is_fetched),
    TEST(inv4_first_news_is_why_there_is_none),
    TEST(failure_behind_a_price_is_no_news),
    TEST(price_that_has_expired_is_not_taken),
    TEST(inv5_one_message_is_under_way),
    TEST(two_labels_are_two_watches),
    TEST(pattern_hears_of_what_matches_from_now_on),
    TEST(only_what_has_a_name_is_kept_fresh),
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
