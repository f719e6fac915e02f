/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit_test.c -- windows slide, longer ones answer first, keys are counted
 * apart.
 */
#include "market/limit.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static struct limit *limit_of(const char *rule_text)
{
    struct limit_rule rule;
    assert_int_equal(limit_parse(&rule, span_of(rule_text)), 0);
    struct limit *limit;
    assert_int_equal(limit_create(&limit, &rule), 0);
    return limit;
}

static enum limit_window take(struct limit *limit, const char *key,
                              uint64_t now_ms)
{
    enum limit_window refused_by = LIMIT_SECOND;
    assert_int_equal(limit_take(limit, span_of(key), now_ms, &refused_by), 0);
    return refused_by;
}

static void rules_are_read(void **state)
{
    (void)state;
    struct limit_rule rule;
    assert_int_equal(limit_parse(&rule, span_of("25/d, 1/s")), 0);
    assert_int_equal(rule.calls_max[LIMIT_DAY], 25);
    assert_int_equal(rule.calls_max[LIMIT_SECOND], 1);
    assert_int_equal(rule.calls_max[LIMIT_MINUTE], 0);
    assert_int_equal(limit_parse(&rule, span_of("100000/m")), 0);
    assert_int_equal(rule.calls_max[LIMIT_MINUTE], 100000);

    const char *const bad[] = {"",     "25",   "25/",     "25/h",  "/d",
                               "-1/d", "1/ds", "1/d,1/d", "1/d,,", "x/d"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(limit_parse(&rule, span_of(bad[i])), ERR_SYNTAX);
    }
    assert_int_equal(limit_parse(&rule, span_of("0/d")), ERR_RANGE);
    assert_int_equal(limit_parse(&rule, span_of("100001/d")), ERR_RANGE);
}

static void inv1_no_window_holds_more_than_allowed(void **state)
{
    (void)state;
    struct limit *limit = limit_of("3/s,10/m");
    uint64_t taken[4000];
    size_t count = 0;
    // Calls at uneven distances, many more than are allowed.
    for (uint64_t now = 5; now < 200000; now += 37 + now % 91) {
        if (take(limit, "k", now) == LIMIT_WINDOWS) {
            taken[count++] = now;
        }
    }
    assert_in_range(count, 30, 40); // 10 in each of 3.3 minutes
    for (size_t i = 3; i < count; i++) {
        assert_true(taken[i] - taken[i - 3] >= 1000);
    }
    for (size_t i = 10; i < count; i++) {
        assert_true(taken[i] - taken[i - 10] >= 60000);
    }
    limit_destroy(&limit);
}

static void inv2_only_a_full_window_refuses(void **state)
{
    (void)state;
    struct limit *limit = limit_of("2/s");
    assert_int_equal(take(limit, "k", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 400), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 999), LIMIT_SECOND);
    assert_int_equal(take(limit, "k", 1000), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 1399), LIMIT_SECOND);
    assert_int_equal(take(limit, "k", 1400), LIMIT_WINDOWS);
    limit_destroy(&limit);
}

static void refused_calls_are_not_counted(void **state)
{
    (void)state;
    struct limit *limit = limit_of("2/d,1/s");
    assert_int_equal(take(limit, "k", 0), LIMIT_WINDOWS);
    for (uint64_t now = 1; now < 10; now++) {
        assert_int_equal(take(limit, "k", now), LIMIT_SECOND);
    }
    assert_int_equal(take(limit, "k", 1000), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 2000), LIMIT_DAY);
    limit_destroy(&limit);
}

static void longer_window_answers_first(void **state)
{
    (void)state;
    struct limit *limit = limit_of("1/s,1/m,1/d");
    assert_int_equal(take(limit, "k", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 1), LIMIT_DAY);
    assert_int_equal(take(limit, "k", 86399999), LIMIT_DAY);
    assert_int_equal(take(limit, "k", 86400000), LIMIT_WINDOWS);
    limit_destroy(&limit);
    limit = limit_of("1/s,1/m");
    assert_int_equal(take(limit, "k", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "k", 1), LIMIT_MINUTE);
    limit_destroy(&limit);
}

static void keys_are_counted_apart(void **state)
{
    (void)state;
    struct limit *limit = limit_of("1/d");
    assert_int_equal(take(limit, "a", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "b", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "a", 1), LIMIT_DAY);
    limit_clear(limit);
    assert_int_equal(take(limit, "a", 2), LIMIT_WINDOWS);
    limit_destroy(&limit);
}

static void further_keys_are_counted_as_one(void **state)
{
    (void)state;
    struct limit *limit = limit_of("1/d");
    char key[16];
    for (int i = 0; i < LIMIT_KEYS_LIMIT; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_int_equal(take(limit, key, 0), LIMIT_WINDOWS);
    }
    assert_int_equal(take(limit, "one more", 0), LIMIT_WINDOWS);
    assert_int_equal(take(limit, "another", 0), LIMIT_DAY);
    limit_destroy(&limit);
}

static void oom_limit_is_refused_and_goes_on(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct limit_rule rule = {.calls_max = {2, 2, 2}};
        struct limit *limit;
        int err = limit_create(&limit, &rule);
        if (err == 0) {
            enum limit_window by;
            err = limit_take(limit, span_of("k"), 0, &by);
            if (err == ERR_NOMEM) {
                assert_int_equal(limit_take(limit, span_of("k"), 0, &by), 0);
            }
        }
        assert_true(err == 0 || err == ERR_NOMEM);
        limit_destroy(&limit);
        assert_null(limit);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rules_are_read),
    cmocka_unit_test(inv1_no_window_holds_more_than_allowed),
    cmocka_unit_test(inv2_only_a_full_window_refuses),
    cmocka_unit_test(refused_calls_are_not_counted),
    cmocka_unit_test(longer_window_answers_first),
    cmocka_unit_test(keys_are_counted_apart),
    cmocka_unit_test(further_keys_are_counted_as_one),
    cmocka_unit_test(oom_limit_is_refused_and_goes_on),
};

TEST_MAIN(tests)
