/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_threads_test.c -- the fetch thread publishes while a worker's watchers
 * join, take and leave: ThreadSanitizer sees nothing, and who watches at the
 * end has the newest quote.
 */
#include "serve/watch.h"

#include <uv.h>

#include "unit/serve/watching.h"

#define SYMBOLS 4
#define ROUNDS  3000

static const char *const names[SYMBOLS] = {"A", "B", "C", "D"};

struct listener {
    struct watcher watcher; // first
    uint64_t had[SYMBOLS];
};

static _Atomic bool has_ended;

static void publish_all(void *user)
{
    (void)user;
    cache_reader_join();
    for (uint64_t ms = 1; ms <= ROUNDS; ms++) {
        for (size_t i = 0; i < SYMBOLS; i++) {
            struct quote quote = quote_of(names[i], ms);
            int err = cache_publish(watching.shared.cache, &quote, ms);
            assert_int_equal(err, 0);
            watch_publish(watching.worker.watches, &quote.symbol);
            watch_has(watching.worker.watches, &quote.symbol);
        }
        cache_reader_pause();
        cache_reader_resume();
    }
    cache_reader_leave();
    atomic_store(&has_ended, true);
}

static void on_news(struct watcher *watcher)
{
    struct listener *listener = (struct listener *)watcher;
    struct watch_news news;
    while (watch_next(watcher, &news)) {
        size_t i = (size_t)(news.symbol->text[0] - 'A');
        if (news.quote == NULL) {
            continue; // nothing was published yet
        }
        assert_true(news.quote->fetched_mono_ms >= listener->had[i]);
        listener->had[i] = news.quote->fetched_mono_ms;
    }
}

static void join(struct listener *listener, size_t i)
{
    struct symbol symbol = symbol_of(names[i]);
    int err = watch_join(&listener->watcher, &symbol, span_of(names[i]));
    assert_int_equal(err, 0);
}

static void churn(struct listener *listener, uint64_t random)
{
    size_t i = random % SYMBOLS;
    switch (random >> 8 & 3) {
    case 0:
        watch_leave(&listener->watcher, span_of(names[i]), false);
        break;
    case 1:
        watch_join_pattern(&listener->watcher, span_of("*"));
        break;
    case 2:
        watch_leave(&listener->watcher, span_of("*"), true);
        break;
    default:
        join(listener, i);
        break;
    }
}

static void the_newest_arrives_beside_the_fetch_thread(void **state)
{
    (void)state;
    open_watching(100);
    watching.settings.rule.fresh_for_ms = 100000;
    struct listener some[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        watch_init(&some[i].watcher, watching.worker.watches, on_news);
    }
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, publish_all, NULL), 0);
    uint64_t random = 42;
    while (!atomic_load(&has_ended)) {
        uint64_t drawn = testing_random(&random);
        churn(&some[drawn >> 32 & 1], drawn);
        join(&some[2], drawn >> 16 & 3);
        deliver();
        cache_reader_pause();
        cache_reader_resume();
    }
    uv_thread_join(&thread);
    for (size_t i = 0; i < SYMBOLS; i++) {
        join(&some[2], i);
    }
    deliver();
    for (size_t i = 0; i < SYMBOLS; i++) {
        assert_int_equal(some[2].had[i], ROUNDS);
    }
    for (size_t i = 0; i < 3; i++) {
        watch_leave_all(&some[i].watcher);
    }
    close_watching();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_newest_arrives_beside_the_fetch_thread),
};

TEST_MAIN(tests)
