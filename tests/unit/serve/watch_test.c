/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_test.c -- the numbered invariants of watching.  Bounds and sending are
 * in watch_send_test.c, the fetch thread beside the worker in
 * watch_threads_test.c.
 */
#include "serve/watch.h"

#include "unit/serve/listener.h"

/* --- The invariants ---------------------------------------------------------
 */

static void inv1_older_fetch_is_not_taken(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    join(&one, "A"); // waits for a flight
    struct quote newer = quote_of("A", 20);
    newer.has_as_of = false;
    assert_int_equal(publish_quote(&newer), 0);
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

static void inv3_who_asks_again_is_told_again(void **state)
{
    (void)state;
    struct listener one;
    begin(&one);
    one.is_lazy = true;
    assert_false(watch_tell_again(&one.watcher, span_of("A")));
    join(&one, "A");
    assert_true(watch_tell_again(&one.watcher, span_of("A"))); // not known yet
    assert_false(watch_has_news(&one.watcher));
    publish("A", 20);
    deliver();
    struct watch_news news;
    for (int i = 0; i < 3; i++) {
        assert_true(watch_next(&one.watcher, &news));
        assert_int_equal(news.quote->fetched_mono_ms, 20);
        assert_false(watch_next(&one.watcher, &news));
        assert_true(watch_tell_again(&one.watcher, span_of("A")));
    }
    deliver();
    assert_int_equal(one.told, 2); // of the publish, and of the last
    watch_leave_all(&one.watcher);
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
    end_flight("A", 0, 1000);
    deliver();
    assert_int_equal(watching.asked, 1);
    watching.worker.loop.now_ms = 3000;
    take_all(&one);
    assert_int_equal(one.count, 0);
    struct listener two;
    begin(&two);
    join(&two, "A"); // asks for it anew
    assert_int_equal(watching.asked, 2);
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

static const struct CMUnitTest tests[] = {
    TEST(inv1_older_fetch_is_not_taken),
    TEST(inv1_earlier_price_is_not_taken),
    TEST(inv2_newest_arrives_in_random_schedules),
    TEST(inv3_who_asks_again_is_told_again),
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
};

TEST_MAIN(tests)
