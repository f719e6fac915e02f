/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache_crowd_test.c -- a cache with many quotes: which are dropped when it is
 * full, walking it while it changes, and what it costs.
 */
#include "base/err.h"
#include "cache/cache.h"
#include "obs/process.h"
#include "testing/testing.h"
#include "unit/cache/opened.h"

/* --- Eviction ------------------------------------------------------------- */

#define CROWD   1000u
#define VICTIMS 400u

/* Half of a full cache is asked for, the other half only looked at.  Of a
 * random sample the least recently asked goes, so few of the first half do:
 * about 17 of 400 are to be expected, and 200 where use did not count. */
static void least_recently_asked_go_first(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, CROWD);
    struct cache_found found;
    for (unsigned i = 0; i < CROWD; i++) {
        struct symbol symbol = numbered('Q', i);
        assert_int_equal(publish(&f, &symbol, 1000), 0);
    }
    for (unsigned i = 0; i < CROWD; i++) {
        struct symbol symbol = numbered('Q', i);
        bool is_there = i % 2 == 0
                            ? cache_find(f.cache, &symbol, 100000, &found)
                            : cache_peek(f.cache, &symbol, &found);
        assert_true(is_there);
    }
    for (unsigned i = 0; i < VICTIMS; i++) {
        struct symbol symbol = numbered('N', i);
        assert_int_equal(publish(&f, &symbol, 100000), 0);
    }
    unsigned asked_lost = 0;
    unsigned lost = 0;
    for (unsigned i = 0; i < CROWD; i++) {
        struct symbol symbol = numbered('Q', i);
        bool is_lost = !has_quote(&f, &symbol);
        lost += is_lost;
        asked_lost += is_lost && i % 2 == 0;
    }
    assert_int_equal(counted(&f, METRIC_cache_evicted), VICTIMS);
    assert_true(lost <= VICTIMS);
    assert_true(asked_lost <= 60);
    close_cache(&f);
}

/* --- Scanning ------------------------------------------------------------- */

struct seen {
    unsigned times[1000]; // of symbol "Q" and this number
};

IMPLEMENTS(cache_quote_fn)
static void see(void *user, const struct quote *quote)
{
    struct seen *seen = user;
    uint64_t number;
    struct span digits = {quote->symbol.text + 1, quote->symbol.len - 1u};
    assert_int_equal(span_to_u64(digits, &number), 0);
    if (quote->symbol.text[0] == 'Q') {
        seen->times[number]++;
    }
}

/* Between the calls, quotes are replaced, come and are pushed out. */
static void scan_gives_each_that_stays_exactly_once(void **state)
{
    (void)state;
    for (uint32_t step = 1; step < 300; step = step * 2 + 1) {
        struct fixture f;
        struct seen seen = {0};
        open_cache(&f, 200);
        for (unsigned i = 0; i < 180; i++) {
            struct symbol symbol = numbered('Q', i);
            assert_int_equal(publish(&f, &symbol, 1), 0);
        }
        uint64_t cursor = 0;
        unsigned turn = 0;
        do {
            cursor = cache_scan(f.cache, cursor, step, see, &seen);
            struct symbol again = numbered('Q', turn * 7 % 180);
            if (has_quote(&f, &again)) {
                assert_int_equal(publish(&f, &again, 2 + turn), 0);
            }
            struct symbol more = numbered('N', turn);
            assert_int_equal(publish(&f, &more, 2 + turn), 0);
            struct symbol unknown = numbered('U', turn++);
            cache_fail(f.cache, &unknown, ERR_UNKNOWN, 5 + turn, NULL);
        } while (cursor != 0);
        for (unsigned i = 0; i < 180; i++) {
            struct symbol symbol = numbered('Q', i);
            assert_true(seen.times[i] <= 1);
            assert_true(seen.times[i] == 1 || !has_quote(&f, &symbol));
        }
        close_cache(&f);
    }
}

static void scan_from_beyond_the_end_is_at_the_end(void **state)
{
    (void)state;
    struct fixture f;
    open_cache(&f, 10);
    struct symbol ibm = symbol_of("IBM");
    assert_int_equal(publish(&f, &ibm, 1), 0);
    const uint64_t cursors[] = {1, 2, 10, 11, 1000, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        uint32_t count = 0;
        uint64_t next =
            cache_scan(f.cache, cursors[i], 100, count_quote, &count);
        assert_int_equal(next, 0);
        assert_int_equal(count, 0);
    }
    close_cache(&f);
}

/* --- Memory --------------------------------------------------------------- */

/* So many that what else the process does counts little, and that the table is
 * nearly full: it doubles at 393,216. */
#define CROWD_MEASURED 380000u

/* Beyond the text of its symbol. */
#define QUOTE_BYTES_LIMIT 300

static size_t resident_bytes(void)
{
    struct process_usage usage;
    process_read(&usage);
    return usage.resident_bytes;
}

static void quote_takes_at_most_300_bytes_beyond_its_symbol(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    skip(); // their allocators don't say
#endif
#endif
    struct fixture f;
    size_t before = resident_bytes();
    size_t texts = 0;
    open_cache(&f, CROWD_MEASURED);
    for (unsigned i = 0; i < CROWD_MEASURED; i++) {
        struct symbol symbol = numbered('Q', i);
        texts += symbol.len;
        assert_int_equal(publish(&f, &symbol, 1), 0);
    }
    size_t each = (resident_bytes() - before - texts) / CROWD_MEASURED;
    print_message("%zu bytes a quote\n", each);
    assert_in_range(each, sizeof(struct quote), QUOTE_BYTES_LIMIT);
    close_cache(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(least_recently_asked_go_first),
    cmocka_unit_test(scan_gives_each_that_stays_exactly_once),
    cmocka_unit_test(scan_from_beyond_the_end_is_at_the_end),
    cmocka_unit_test(quote_takes_at_most_300_bytes_beyond_its_symbol),
};

TEST_MAIN(tests)
