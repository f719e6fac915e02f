/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h -- a watcher that notes what it takes, and fails the test where
 * that breaks an invariant of serve/watch.h.
 */

#pragma once

#include <stdio.h>

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

static inline size_t number_of(const struct symbol *symbol)
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
static inline bool take(struct listener *listener)
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

static inline void take_all(struct listener *listener)
{
    while (take(listener)) {
    }
    assert_false(watch_has_news(&listener->watcher));
}

static inline void on_news(struct watcher *watcher)
{
    struct listener *listener = (struct listener *)watcher;
    listener->told++;
    if (listener->leaves) {
        watch_leave_all(watcher);
    } else if (!listener->is_lazy) {
        take_all(listener);
    }
}

static inline void begin(struct listener *listener)
{
    memset(listener, 0, sizeof(*listener));
    watch_init(&listener->watcher, watching.worker.watches, on_news);
}

static inline int join(struct listener *listener, const char *symbol)
{
    struct symbol parsed = symbol_of(symbol);
    return watch_join(&listener->watcher, &parsed, span_of(symbol));
}

static inline int join_pattern(struct listener *listener, const char *pattern)
{
    return watch_join_pattern(&listener->watcher, span_of(pattern));
}

static inline uint64_t had(const struct listener *listener, const char *symbol)
{
    struct symbol parsed = symbol_of(symbol);
    return listener->taken[number_of(&parsed)].ms;
}

/* A flight has ended, of which the worker is told. */
static inline void end_flight(const char *symbol, int err, uint64_t ms)
{
    struct desk_result result = {.err = err, .symbol = symbol_of(symbol)};
    result.quote = quote_of(symbol, ms);
    snprintf(result.reason, sizeof(result.reason), "because");
    wait_end(watching.worker.waits, &result);
}

static inline int setup(void **state)
{
    (void)state;
    open_watching(100);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    assert_int_equal(counted(METRIC_watches_open), 0);
    close_watching();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
