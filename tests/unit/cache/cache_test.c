/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache_test.c -- the numbered invariants of the quote cache, its bounds, and
 * what a failure changes.  A full cache is in cache_crowd_test.c, readers
 * beside the writer in cache_threads_test.c.
 */
#include "cache/cache.h"

#include "base/err.h"
#include "testing/testing.h"
#include "unit/cache/opened.h"

/* --- Making --------------------------------------------------------------- */

static void options_have_their_range(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 1), 0);
    const struct {
        uint32_t symbols_max;
        int err;
    } cases[] = {
        {0, ERR_RANGE},           {1, 0},
        {CACHE_SYMBOLS_LIMIT, 0}, {CACHE_SYMBOLS_LIMIT + 1, ERR_RANGE},
        {UINT32_MAX, ERR_RANGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cache_options options = {cases[i].symbols_max, metrics.cells};
        struct cache *cache = (struct cache *)&options;
        assert_int_equal(cache_create(&cache, &options), cases[i].err);
        assert_int_equal(cache == NULL, cases[i].err != 0);
        cache_destroy(&cache);
        assert_null(cache);
        cache_destroy(&cache); // again is allowed
    }
    metric_deinit(&metrics);
}

static void empty_cache_knows_nothing(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    struct cache_found found = {.failure = 1, .failed_until_ms = 1};
    assert_false(cache_find(f.cache, &ibm, 5, &found));
    assert_null(found.quote);
    assert_int_equal(found.failure, 0);
    assert_int_equal(found.failed_until_ms, 0);
    found.failure = 1;
    assert_false(cache_peek(f.cache, &ibm, &found));
    assert_int_equal(found.failure, 0);
    assert_int_equal(cache_count(f.cache), 0);
    assert_int_equal(cache_unknowns(f.cache), 0);
    assert_int_equal(scanned(&f), 0);
    close_cache(&f);
}

/* --- The invariants ------------------------------------------------------- */

static void inv1_symbol_has_at_most_one_current_quote(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    struct symbol tsla = symbol_of("TSLA");
    for (uint64_t ms = 1; ms <= 5; ms++) {
        assert_int_equal(publish(&f, &ibm, ms), 0);
        assert_int_equal(fetched_ms(&f, &ibm), ms);
        assert_int_equal(cache_count(f.cache), 1);
        assert_int_equal(scanned(&f), 1);
    }
    assert_int_equal(publish(&f, &tsla, 1), 0);
    assert_int_equal(scanned(&f), 2);
    assert_int_equal(fetched_ms(&f, &ibm), 5);
    assert_int_equal(counted(&f, METRIC_cache_quotes), 2);
    assert_int_equal(counted(&f, METRIC_cache_published), 6);
    close_cache(&f);
}

/* Held over newer publishes, eviction and failures; ASan sees one that is
 * freed too early. */
static void inv2_nobody_writes_to_a_quote_that_is_held(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 2);
    struct symbol ibm = symbol_of("IBM");
    struct quote draft = quote_at(&ibm, 1);
    assert_int_equal(cache_publish(f.cache, &draft, 1), 0);
    const struct quote *held = peek(&f, &ibm).quote;
    struct quote before;
    memcpy(&before, held, sizeof(before)); // with what lies between
    memset(&draft, 0xff, sizeof(draft));   // it was copied
    assert_int_equal(publish(&f, &ibm, 2), 0);
    assert_int_equal(cache_fail(f.cache, &ibm, ERR_LIMIT, 9, NULL), 0);
    for (unsigned i = 0; i < 100; i++) {
        struct symbol other = numbered('X', i);
        assert_int_equal(publish(&f, &other, 3 + i), 0);
        assert_memory_equal(held, &before, sizeof(before));
    }
    assert_false(has_quote(&f, &ibm));
    assert_ptr_not_equal(peek(&f, &ibm).quote, held);
    close_cache(&f);
}

static void inv3_older_fetch_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(publish(&f, &ibm, 20), 0);
    assert_int_equal(cache_fail(f.cache, &ibm, ERR_LIMIT, 99, NULL), 0);
    assert_int_equal(publish(&f, &ibm, 19), ERR_STALE);
    struct cache_found found = peek(&f, &ibm);
    assert_int_equal(found.quote->fetched_mono_ms, 20);
    // Nothing is changed: the failure was noted after the quote was fetched.
    assert_int_equal(found.failure, ERR_LIMIT);
    assert_int_equal(found.failed_until_ms, 99);
    assert_int_equal(counted(&f, METRIC_cache_published), 1);

    assert_int_equal(publish(&f, &ibm, 20), 0); // at the same instant
    assert_int_equal(publish(&f, &ibm, 21), 0);
    assert_int_equal(fetched_ms(&f, &ibm), 21);
    close_cache(&f);
}

/* A second provider's older price does not take the place of a newer one,
 * though it came later. */
static void inv3_as_of_never_goes_back(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(publish(&f, &ibm, 20), 0);
    struct quote later = *peek(&f, &ibm).quote;
    later.has_as_of = true;
    later.as_of_unix_ns = INT64_C(1700000000000000000);
    later.fetched_mono_ms = 30;
    assert_int_equal(cache_publish(f.cache, &later, 30), 0);
    struct quote earlier = later;
    earlier.as_of_unix_ns--;
    earlier.fetched_mono_ms = 40;
    assert_int_equal(cache_publish(f.cache, &earlier, 40), ERR_STALE);
    assert_int_equal(fetched_ms(&f, &ibm), 30);
    assert_int_equal(counted(&f, METRIC_cache_overtaken), 1);
    // The same instant, and a price without one, are no step back.
    later.fetched_mono_ms = 50;
    assert_int_equal(cache_publish(f.cache, &later, 50), 0);
    earlier.has_as_of = false;
    earlier.fetched_mono_ms = 60;
    assert_int_equal(cache_publish(f.cache, &earlier, 60), 0);
    close_cache(&f);
}

static void interest_counts_the_seconds_in_which_it_was_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    struct cache_interest interest;
    assert_false(cache_interest(f.cache, &ibm, &interest));
    assert_int_equal(interest.seconds, 0);
    assert_int_equal(publish(&f, &ibm, 20), 0);
    static const uint64_t asked_ms[] = {5000, 5001, 5999, 6000, 9500};
    for (size_t i = 0; i < sizeof(asked_ms) / sizeof(asked_ms[0]); i++) {
        struct cache_found found;
        assert_true(cache_find(f.cache, &ibm, asked_ms[i], &found));
    }
    peek(&f, &ibm);
    assert_true(cache_interest(f.cache, &ibm, &interest));
    assert_int_equal(interest.seconds, 3);
    assert_int_equal(interest.asked_mono_ms, 9000);
    close_cache(&f);
}

static void inv4_quotes_are_never_more_than_symbols_max(void **state)
{
    (void)state;
    const uint32_t maxima[] = {1, 2, 7, 8, 100};
    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        struct fixture f;
        uint32_t max = maxima[i];
        open_cache(&f, max);
        for (uint32_t n = 1; n <= max + 3; n++) {
            struct symbol symbol = numbered('Q', n);
            assert_int_equal(publish(&f, &symbol, n), 0);
            uint32_t expected = n < max ? n : max;
            assert_int_equal(cache_count(f.cache), expected);
            assert_int_equal(scanned(&f), expected);
            assert_int_equal(counted(&f, METRIC_cache_quotes), expected);
            assert_int_equal(counted(&f, METRIC_cache_evicted), n - expected);
            assert_true(has_quote(&f, &symbol)); // the newest is in
        }
        close_cache(&f);
    }
}

static void inv4_unknowns_are_never_more_than_their_share(void **state)
{
    (void)state;
    const uint32_t maxima[] = {1, 7, 8, 9, 16, 17, 800};
    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        struct fixture f;
        uint32_t share = (maxima[i] + CACHE_UNKNOWNS_SHARE - 1) /
                         CACHE_UNKNOWNS_SHARE; // rounded up: at least one
        open_cache(&f, maxima[i]);
        for (uint32_t n = 1; n <= share + 3; n++) {
            struct symbol symbol = numbered('U', n);
            int err = cache_fail(f.cache, &symbol, ERR_UNKNOWN, 1000 + n, NULL);
            assert_int_equal(err, 0);
            uint32_t expected = n < share ? n : share;
            assert_int_equal(cache_unknowns(f.cache), expected);
            assert_int_equal(counted(&f, METRIC_cache_unknowns), expected);
            assert_int_equal(peek(&f, &symbol).failure, ERR_UNKNOWN);
        }
        assert_int_equal(cache_count(f.cache), 0);
        close_cache(&f);
    }
}

static void inv5_failure_never_removes_a_quote(void **state)
{
    (void)state;
    const int failures[] = {ERR_UNKNOWN,  ERR_NODATA,     ERR_LIMIT,
                            ERR_UPSTREAM, ERR_OVERLOADED, ERR_DRAINING};
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(publish(&f, &ibm, 5), 0);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        assert_int_equal(cache_fail(f.cache, &ibm, failures[i], 100 + i, NULL),
                         0);
        struct cache_found found = peek(&f, &ibm);
        assert_non_null(found.quote);
        assert_int_equal(found.quote->fetched_mono_ms, 5);
        assert_int_equal(found.failure, failures[i]);
        assert_int_equal(found.failed_until_ms, 100 + i);
        assert_int_equal(cache_count(f.cache), 1);
        assert_int_equal(cache_unknowns(f.cache), 0);
    }
    close_cache(&f);
}

static void inv6_unknowns_push_out_only_each_other(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 80);
    for (unsigned i = 0; i < 80; i++) {
        struct symbol symbol = numbered('Q', i);
        assert_int_equal(publish(&f, &symbol, 1), 0);
    }
    for (unsigned i = 0; i < 2000; i++) {
        struct symbol symbol = numbered('U', i);
        int err = cache_fail(f.cache, &symbol, ERR_UNKNOWN, 1000 + i, NULL);
        assert_int_equal(err, 0);
    }
    for (unsigned i = 0; i < 80; i++) {
        struct symbol symbol = numbered('Q', i);
        assert_true(has_quote(&f, &symbol));
    }
    assert_int_equal(cache_count(f.cache), 80);
    assert_int_equal(cache_unknowns(f.cache), 10);
    // Nor do quotes push out what is believed unknown.
    for (unsigned i = 0; i < 200; i++) {
        struct symbol symbol = numbered('N', i);
        assert_int_equal(publish(&f, &symbol, 2), 0);
    }
    assert_int_equal(cache_unknowns(f.cache), 10);
    close_cache(&f);
}

/* --- Failures ------------------------------------------------------------- */

static void only_unknown_and_nodata_are_entered(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 80);
    unsigned number = 0;
#define TRY(code, value, word, sentence)                                   \
    {                                                                      \
        struct symbol symbol = numbered('F', number++);                    \
        bool is_entered = (code) == ERR_UNKNOWN || (code) == ERR_NODATA;   \
        assert_int_equal(cache_fail(f.cache, &symbol, code, 50, NULL), 0); \
        struct cache_found found = peek(&f, &symbol);                      \
        assert_null(found.quote);                                          \
        assert_int_equal(found.failure, is_entered ? (code) : 0);          \
        assert_int_equal(found.failed_until_ms, is_entered ? 50 : 0);      \
    }
    ERR_TABLE(TRY)
#undef TRY
    assert_int_equal(cache_unknowns(f.cache), 2);
    close_cache(&f);
}

/* What is said of a symbol without a quote is UNKNOWN or NODATA, also when a
 * later call for it failed in another way. */
static void other_failure_leaves_what_is_believed(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol symbol = symbol_of("NOPE");
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 50, NULL), 0);
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UPSTREAM, 60, NULL), 0);
    assert_int_equal(peek(&f, &symbol).failure, ERR_UNKNOWN);
    assert_int_equal(peek(&f, &symbol).failed_until_ms, 50);
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_NODATA, 70, NULL), 0);
    assert_int_equal(peek(&f, &symbol).failure, ERR_NODATA);
    assert_int_equal(peek(&f, &symbol).failed_until_ms, 70);
    assert_int_equal(cache_unknowns(f.cache), 1);
    close_cache(&f);
}

/* The reason is the last failure's; one that is being read stays until the
 * reader pauses. */
static void unknown_says_why(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 8);
    struct symbol symbol = symbol_of("NOPE");
    char why[] = "market: no such symbol";
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 50, why), 0);
    why[0] = 'x'; // it was copied
    struct cache_found first = peek(&f, &symbol);
    assert_string_equal(first.why, "market: no such symbol");
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_NODATA, 60, "a plan"), 0);
    assert_string_equal(peek(&f, &symbol).why, "a plan");
    assert_string_equal(first.why, "market: no such symbol");
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UPSTREAM, 70, "down"), 0);
    assert_string_equal(peek(&f, &symbol).why, "a plan");
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 80, NULL), 0);
    assert_null(peek(&f, &symbol).why);
    assert_int_equal(cache_unknowns(f.cache), 1);
    // Pushed out by another, published over, and left to cache_destroy().
    struct symbol other = symbol_of("OTHER");
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 80, "it"), 0);
    assert_int_equal(cache_fail(f.cache, &other, ERR_UNKNOWN, 80, "this"), 0);
    assert_false(cache_peek(f.cache, &symbol, &first));
    assert_int_equal(publish(&f, &other, 1), 0);
    assert_null(peek(&f, &other).why);
    assert_int_equal(cache_fail(f.cache, &other, ERR_UNKNOWN, 90, "gone"), 0);
    assert_null(peek(&f, &other).why); // there is a quote
    assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 80, "it"), 0);
    close_cache(&f);
}

static void publish_forgets_the_failure(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(cache_fail(f.cache, &ibm, ERR_UNKNOWN, 50, NULL), 0);
    assert_int_equal(cache_unknowns(f.cache), 1);
    assert_int_equal(publish(&f, &ibm, 1), 0);
    assert_int_equal(peek(&f, &ibm).failure, 0);
    assert_int_equal(cache_unknowns(f.cache), 0);
    assert_int_equal(cache_count(f.cache), 1);
    assert_int_equal(counted(&f, METRIC_cache_unknowns), 0);

    assert_int_equal(cache_fail(f.cache, &ibm, ERR_LIMIT, 60, NULL), 0);
    assert_int_equal(publish(&f, &ibm, 2), 0);
    assert_int_equal(peek(&f, &ibm).failure, 0);
    close_cache(&f);
}

/* Unknown, known and evicted again, many times: the slots of both kinds come
 * back. */
static void slots_come_back(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 8);
    for (unsigned i = 0; i < 500; i++) {
        struct symbol symbol = numbered('S', i % 20);
        if (!has_quote(&f, &symbol)) {
            int err = cache_fail(f.cache, &symbol, ERR_UNKNOWN, 1000 + i, NULL);
            assert_int_equal(err, 0);
        }
        assert_int_equal(publish(&f, &symbol, 1 + i), 0);
        assert_true(cache_count(f.cache) <= 8);
        assert_true(cache_unknowns(f.cache) <= 1);
        assert_int_equal(scanned(&f), cache_count(f.cache));
    }
    assert_int_equal(cache_count(f.cache), 8);
    close_cache(&f);
}

/* What is found through a place is what a look-up finds, whatever the place was
 * once and whoever has come and gone since. */
static void place_is_only_a_guess(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 8);
    uint32_t places[20];
    for (unsigned i = 0; i < 20; i++) {
        places[i] = i == 0 ? CACHE_NOWHERE : (i * 7) % 9;
    }
    unsigned found_count = 0;
    for (unsigned i = 0; i < 2000; i++) {
        struct symbol symbol = numbered('S', (i * 13) % 20);
        if (i % 3 == 0) {
            assert_int_equal(publish(&f, &symbol, 1 + i), 0);
        } else if (i % 3 == 1 && !has_quote(&f, &symbol)) {
            assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, i, NULL),
                             0);
        }
        struct symbol wanted = numbered('S', i % 20);
        struct cache_found looked;
        cache_peek(f.cache, &wanted, &looked);
        const struct quote *found =
            cache_find_quote(f.cache, symbol_key(&wanted), symbol_hash(&wanted),
                             places[i % 20], i);
        assert_ptr_equal(found, looked.quote);
        found_count += found != NULL;
        if (i % 5 == 0) {
            places[i % 20] = cache_prefetch(f.cache, symbol_hash(&wanted));
        }
    }
    assert_in_range(found_count, 1, 1999); // both ways were gone
    close_cache(&f);
}

/* Hints for one and the same, for one that is not there, and for one that goes
 * between the steps. */
static void symbols_that_are_announced_are_found(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 300);
    uint32_t places[600];
    for (unsigned i = 0; i < 300; i++) {
        struct symbol symbol = numbered('S', i);
        assert_int_equal(publish(&f, &symbol, 1), 0);
    }
    for (unsigned i = 0; i < 600; i++) {
        struct symbol symbol = numbered('S', i);
        cache_approach(f.cache, symbol_hash(&symbol));
        places[i] = cache_prefetch(f.cache, symbol_hash(&symbol));
        if (i % 10 == 0) {
            struct symbol other = numbered('T', i);
            assert_int_equal(publish(&f, &other, 1), 0); // pushes one out
        }
    }
    unsigned found_count = 0;
    for (unsigned i = 0; i < 600; i++) {
        struct symbol symbol = numbered('S', i);
        const struct quote *found = cache_find_quote(
            f.cache, symbol_key(&symbol), symbol_hash(&symbol), places[i], 1);
        assert_int_equal(found != NULL, has_quote(&f, &symbol));
        found_count += found != NULL;
        assert_true(found == NULL || symbol_equal(&found->symbol, &symbol));
    }
    assert_in_range(found_count, 240, 299); // 60 came, some of them went
    close_cache(&f);
}

/* --- No memory ------------------------------------------------------------ */

static void oom_makes_no_cache(void **state)
{
    (void)state;
    struct metrics metrics;
    assert_int_equal(metric_init(&metrics, 1), 0);
    const struct cache_options options = {100, metrics.cells};
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct cache *cache;
        int err = cache_create(&cache, &options);
        assert_true(err == 0 || (err == ERR_NOMEM && cache == NULL));
        failures += err != 0;
        cache_destroy(&cache);
    }
    assert_true(failures >= 2);
    metric_deinit(&metrics);
}

/* Publish and fail as often as there is memory for; returns how often it was
 * refused.  What is refused changes nothing, and is done at the second try. */
static unsigned fill_without(struct fixture *f, size_t nth)
{
    unsigned refused = 0;
    for (unsigned i = 0; i < 1000; i++) {
        struct symbol symbol = numbered('Q', i / 2); // each is replaced once
        struct symbol unknown = numbered('U', i);
        uint32_t count = cache_count(f->cache);
        uint64_t before_ms = fetched_ms(f, &symbol);
        mem_fail_nth(nth);
        int published = publish(f, &symbol, 1 + i);
        mem_fail_nth(0);
        if (published != 0) {
            assert_int_equal(published, ERR_NOMEM);
            assert_int_equal(fetched_ms(f, &symbol), before_ms);
            assert_int_equal(cache_count(f->cache), count);
            assert_int_equal(publish(f, &symbol, 1 + i), 0);
            refused++;
        }
        assert_int_equal(fetched_ms(f, &symbol), 1 + i);
        mem_fail_nth(nth);
        const char *why = i % 50 == 0 ? "market: no such symbol" : NULL;
        int failed = cache_fail(f->cache, &unknown, ERR_UNKNOWN, 5 + i, why);
        mem_fail_nth(0);
        if (failed != 0) {
            assert_int_equal(failed, ERR_NOMEM);
            assert_int_equal(peek(f, &unknown).failure, 0);
            failed = cache_fail(f->cache, &unknown, ERR_UNKNOWN, 5 + i, why);
            assert_int_equal(failed, 0);
            refused++;
        }
        assert_int_equal(peek(f, &unknown).failure, ERR_UNKNOWN);
    }
    assert_int_equal(cache_count(f->cache), 500);
    assert_int_equal(scanned(f), 500);
    return refused;
}

/* Entries come in chunks of 64 and more, the table grows with the 193rd; a
 * chunk takes two allocations, a reason one. */
static void oom_changes_nothing(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 3; nth++) {
        struct fixture f;
        open_cache(&f, 600);
        unsigned refused = fill_without(&f, nth);
        assert_in_range(refused, nth < 3 ? 3 : 0, 40);
        close_cache(&f);
    }
}

static void forgotten_failures_leave_quotes_and_room(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 16);
    struct symbol ibm = symbol_of("IBM");
    struct symbol none = symbol_of("NONE");
    assert_int_equal(publish(&f, &ibm, 5), 0);
    assert_int_equal(cache_fail(f.cache, &ibm, ERR_LIMIT, 100, NULL), 0);
    assert_int_equal(cache_fail(f.cache, &none, ERR_UNKNOWN, 100, NULL), 0);
    cache_forget_failures(f.cache);
    struct cache_found found = peek(&f, &ibm);
    assert_non_null(found.quote);
    assert_int_equal(found.failure, 0);
    assert_false(cache_peek(f.cache, &none, &found));
    assert_int_equal(cache_unknowns(f.cache), 0);
    // The slots came back: as many unknown symbols fit as before.
    for (int i = 0; i < 2; i++) {
        char name[8];
        snprintf(name, sizeof(name), "U%d", i);
        struct symbol symbol = symbol_of(name);
        assert_int_equal(cache_fail(f.cache, &symbol, ERR_UNKNOWN, 100, NULL),
                         0);
    }
    assert_int_equal(cache_unknowns(f.cache), 2);
    close_cache(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_have_their_range),
    cmocka_unit_test(empty_cache_knows_nothing),
    cmocka_unit_test(inv1_symbol_has_at_most_one_current_quote),
    cmocka_unit_test(inv2_nobody_writes_to_a_quote_that_is_held),
    cmocka_unit_test(inv3_older_fetch_is_refused),
    cmocka_unit_test(inv3_as_of_never_goes_back),
    cmocka_unit_test(interest_counts_the_seconds_in_which_it_was_asked_for),
    cmocka_unit_test(inv4_quotes_are_never_more_than_symbols_max),
    cmocka_unit_test(inv4_unknowns_are_never_more_than_their_share),
    cmocka_unit_test(inv5_failure_never_removes_a_quote),
    cmocka_unit_test(inv6_unknowns_push_out_only_each_other),
    cmocka_unit_test(only_unknown_and_nodata_are_entered),
    cmocka_unit_test(other_failure_leaves_what_is_believed),
    cmocka_unit_test(unknown_says_why),
    cmocka_unit_test(publish_forgets_the_failure),
    cmocka_unit_test(slots_come_back),
    cmocka_unit_test(place_is_only_a_guess),
    cmocka_unit_test(forgotten_failures_leave_quotes_and_room),
    cmocka_unit_test(oom_makes_no_cache),
    cmocka_unit_test(oom_changes_nothing),
    cmocka_unit_test(symbols_that_are_announced_are_found),
};

TEST_MAIN(tests)
