/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark_test.c -- how far a watcher has come, and what it is sent when it comes
 * back.
 */
#include "web/mark.h"

#include <string.h>

#include "base/buffer.h"
#include "quote/quote.h"
#include "testing/testing.h"

#define FETCHED INT64_C(1762416000123)

static struct quote quote_at(int64_t fetched_unix_ms, int64_t as_of_unix_ms)
{
    return (struct quote){
        .fetched_unix_ms = fetched_unix_ms,
        .has_as_of = as_of_unix_ms != 0,
        .as_of_unix_ns = as_of_unix_ms * 1000000 + 999,
    };
}

static struct quote quote_of_day(int64_t fetched_unix_ms, int64_t day)
{
    return (struct quote){
        .fetched_unix_ms = fetched_unix_ms,
        .has_as_of = true,
        .as_of_is_day = true,
        .as_of_unix_ns = day * 86400000 * 1000000,
    };
}

static void assert_same(const struct mark *a, const struct mark *b)
{
    assert_int_equal(a->is_known, b->is_known);
    if (a->is_known) {
        assert_int_equal(a->fetched_unix_ms, b->fetched_unix_ms);
        assert_int_equal(a->has_as_of, b->has_as_of);
    }
    if (a->is_known && a->has_as_of) {
        assert_int_equal(a->as_of_is_day, b->as_of_is_day);
        assert_int_equal(a->as_of_unix_ns, b->as_of_unix_ns);
    }
}

static void an_id_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct quote quotes[] = {
        quote_at(FETCHED, FETCHED - 900000),
        quote_of_day(FETCHED - 1, 20398),
        quote_at(FETCHED - 3600000, 0),
    };
    struct mark marks[4] = {{0}};
    for (size_t i = 0; i < 3; i++) {
        marks[i] = mark_of_quote(&quotes[i]);
    }
    struct buffer id = buffer_empty(256);
    mark_put(&id, 0x3f09c1d2, marks, 4);
    buffer_put_byte(&id, '\0');
    assert_string_equal(id.data,
                        "3f09c1d2-19a582dfc7b.0x19a582040db.1y4fae.36ee80.-");
    struct mark read[4];
    struct span text = {id.data, id.len - 1};
    assert_true(mark_read(text, 0x3f09c1d2, read, 4));
    for (size_t i = 0; i < 4; i++) {
        assert_same(&read[i], &marks[i]);
    }
    buffer_deinit(&id);
}

static void what_is_no_id_marks_nothing(void **state)
{
    (void)state;
    const char *const ids[] = {
        "",
        "1",
        "1-",
        "1-19a",
        "2-19a.0.0",
        "1-19a.0",
        "1-19a.0.0.0",
        "1-19a.0.g",
        "1-19a.0.0x",
        "1-19a.0.0z1",
        "1-19a.19b.0",
        "1-.0.0",
        "x-19a.0.0",
        "1-19a.0.-1",
        "1-ffffffffffffffff.0.0",
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct mark marks[2] = {{.is_known = true}, {.is_known = true}};
        assert_false(mark_read(span_of(ids[i]), 1, marks, 2));
        assert_false(marks[0].is_known || marks[1].is_known);
    }
    struct mark marks[2];
    assert_true(mark_read(span_of("1-19a.0.-"), 1, marks, 2));
}

static void only_what_was_fetched_later_is_newer(void **state)
{
    (void)state;
    struct mark none = {0};
    struct quote seen = quote_at(FETCHED, FETCHED - 5000);
    struct mark mark = mark_of_quote(&seen);
    assert_true(mark_is_before(&none, &seen));
    assert_false(mark_is_before(&mark, &seen));
    struct quote earlier = quote_at(FETCHED - 1, FETCHED - 5000);
    assert_false(mark_is_before(&mark, &earlier));
    struct quote later = quote_at(FETCHED + 1, FETCHED - 5000);
    assert_true(mark_is_before(&mark, &later));
}

static void a_price_never_goes_back(void **state)
{
    (void)state;
    struct quote seen = quote_at(FETCHED, FETCHED - 5000);
    struct mark mark = mark_of_quote(&seen);
    struct quote older_price = quote_at(FETCHED + 60000, FETCHED - 5001);
    assert_false(mark_is_before(&mark, &older_price));
    struct quote unknown_time = quote_at(FETCHED + 60000, 0);
    assert_true(mark_is_before(&mark, &unknown_time));
    struct quote day = quote_of_day(FETCHED, 20398);
    mark = mark_of_quote(&day);
    struct quote day_before = quote_of_day(FETCHED + 60000, 20397);
    assert_false(mark_is_before(&mark, &day_before));
}

static void marks_are_of_the_symbols_in_their_order(void **state)
{
    (void)state;
    struct symbol symbols[2];
    assert_int_equal(symbol_parse(&symbols[0], span_of("IBM")), 0);
    assert_int_equal(symbol_parse(&symbols[1], span_of("AAPL")), 0);
    uint32_t both = mark_of_symbols(symbols, 2);
    assert_int_not_equal(both, mark_of_symbols(symbols, 1));
    struct symbol turned[2] = {symbols[1], symbols[0]};
    assert_int_not_equal(both, mark_of_symbols(turned, 2));
    // The same in every process, whatever its seed.
    assert_int_equal(both, mark_of_symbols(symbols, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_id_marks_nothing),
        cmocka_unit_test(only_what_was_fetched_later_is_newer),
        cmocka_unit_test(a_price_never_goes_back),
        cmocka_unit_test(marks_are_of_the_symbols_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
