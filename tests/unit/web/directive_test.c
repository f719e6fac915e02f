/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directive_test.c -- what a client demands of a quote's age.
 */
#include "web/directive.h"

#include "proto/http.h"
#include "quote/quote.h"
#include "testing/testing.h"

/* The directives of a request with these headers; a NULL value ends them. */
static struct directive read(const char *const headers[][2], size_t count)
{
    struct http_request request = {.headers_count = count};
    for (size_t i = 0; i < count; i++) {
        request.headers[i].name = span_of(headers[i][0]);
        request.headers[i].value = span_of(headers[i][1]);
    }
    struct directive directive;
    directive_read(&directive, &request);
    return directive;
}

static struct directive read_one(const char *value)
{
    const char *const headers[][2] = {{"Cache-Control", value}};
    return read(headers, 1);
}

static void nothing_said_is_nothing_demanded(void **state)
{
    (void)state;
    const char *const headers[][2] = {{"Host", "a"}, {"Accept", "*/*"}};
    struct directive directive = read(headers, 2);
    assert_false(directive.is_limiting);
    assert_false(directive.is_only_if_cached);
    assert_true(directive.max_age_ms == DIRECTIVE_NONE);
    assert_true(directive.max_stale_ms == DIRECTIVE_NONE);
    assert_true(directive.min_fresh_ms == DIRECTIVE_NONE);
}

static void each_is_read_in_milliseconds(void **state)
{
    (void)state;
    struct directive directive =
        read_one("Max-Age=5 , max-stale=\"7\", min-fresh=3,only-if-cached");
    assert_true(directive.is_limiting);
    assert_true(directive.is_only_if_cached);
    assert_int_equal(directive.max_age_ms, 5000);
    assert_int_equal(directive.max_stale_ms, 7000);
    assert_int_equal(directive.min_fresh_ms, 3000);
}

static void no_cache_is_an_age_of_nothing(void **state)
{
    (void)state;
    assert_int_equal(read_one("no-cache").max_age_ms, 0);
    const char *const pragma[][2] = {{"pragma", "no-cache"}};
    assert_int_equal(read(pragma, 1).max_age_ms, 0);
    const char *const both[][2] = {{"Pragma", "no-cache"},
                                   {"cache-control", "max-age=9"}};
    assert_int_equal(read(both, 2).max_age_ms, 9000);
}

static void several_headers_are_one(void **state)
{
    (void)state;
    const char *const headers[][2] = {{"Cache-Control", "max-age=1"},
                                      {"cache-control", "only-if-cached"}};
    struct directive directive = read(headers, 2);
    assert_int_equal(directive.max_age_ms, 1000);
    assert_true(directive.is_only_if_cached);
}

static void what_cannot_be_read_is_passed_over(void **state)
{
    (void)state;
    const char *const values[] = {
        "",          "max-age", "max-age=", "max-age=x", "max-age=-1",
        "max-stale", "foo=1",   ",,",       "max-age=1s"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_false(read_one(values[i]).is_limiting);
    }
    // Far too much is no limit, and nothing that overflows.
    assert_true(read_one("max-age=18446744073709551615").max_age_ms <
                UINT64_MAX / 4);
    assert_true(read_one("min-fresh=99999999999999999999").is_limiting);
}

static const struct freshness_rule rule = {.fresh_for_ms = 60000,
                                           .stale_for_ms = 600000};

static bool allows(const char *value, uint64_t age_ms)
{
    struct quote quote = {.fetched_mono_ms = 1000000};
    struct directive directive = read_one(value);
    return directive_allows(&directive, &quote, &rule, 1000000 + age_ms);
}

static void an_age_is_allowed_up_to_what_is_said(void **state)
{
    (void)state;
    assert_true(allows("max-age=5", 5000));
    assert_false(allows("max-age=5", 5001));
    assert_true(allows("no-cache", 0));
    assert_false(allows("no-cache", 1));
    assert_true(allows("min-fresh=20", 40000));
    assert_false(allows("min-fresh=20", 40001));
    assert_true(allows("max-stale=5", 65000));
    assert_false(allows("max-stale=5", 65001));
    assert_true(allows("max-age=50, max-stale=20", 70000));
    assert_false(allows("max-age=50, max-stale=20", 70001));
    assert_true(allows("only-if-cached", 600000));
}

static void a_price_that_cannot_change_is_not_stale(void **state)
{
    (void)state;
    struct quote quote = {.fetched_mono_ms = 1000000,
                          .settled_until_mono_ms = 9000000};
    struct directive directive = read_one("max-stale=0, min-fresh=60");
    assert_true(directive_allows(&directive, &quote, &rule, 8940000));
    assert_false(directive_allows(&directive, &quote, &rule, 8940001));
}

static uint64_t age_of(const char *value)
{
    struct directive directive = read_one(value);
    return directive_age_ms(&directive, &rule);
}

static void the_age_to_ask_for_is_the_least_that_is_demanded(void **state)
{
    (void)state;
    assert_true(age_of("only-if-cached") == DIRECTIVE_NONE);
    assert_int_equal(age_of("max-age=5"), 5000);
    assert_int_equal(age_of("no-cache"), 0);
    assert_int_equal(age_of("max-stale=5"), 65000);
    assert_int_equal(age_of("max-age=5, max-stale=6"), 11000);
    assert_int_equal(age_of("min-fresh=20"), 40000);
    assert_int_equal(age_of("min-fresh=60"), 0);
    assert_int_equal(age_of("min-fresh=20, max-age=30"), 30000);
}

static void no_age_is_demanded_where_none_is_fresh_enough(void **state)
{
    (void)state;
    assert_true(age_of("min-fresh=61") == DIRECTIVE_NONE);
    assert_true(age_of("min-fresh=61, no-cache") == DIRECTIVE_NONE);
    struct directive directive = read_one("min-fresh=61");
    assert_true(directive_is_beyond(&directive, &rule));
    directive = read_one("min-fresh=60");
    assert_false(directive_is_beyond(&directive, &rule));
    directive = read_one("no-cache");
    assert_false(directive_is_beyond(&directive, &rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_nothing_demanded),
        cmocka_unit_test(each_is_read_in_milliseconds),
        cmocka_unit_test(no_cache_is_an_age_of_nothing),
        cmocka_unit_test(several_headers_are_one),
        cmocka_unit_test(what_cannot_be_read_is_passed_over),
        cmocka_unit_test(an_age_is_allowed_up_to_what_is_said),
        cmocka_unit_test(a_price_that_cannot_change_is_not_stale),
        cmocka_unit_test(the_age_to_ask_for_is_the_least_that_is_demanded),
        cmocka_unit_test(no_age_is_demanded_where_none_is_fresh_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
