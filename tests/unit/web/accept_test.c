/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept_test.c -- which form a client gets, by what it says it takes.
 */
#include "web/accept.h"

#include "testing/testing.h"

static const char *const types[] = {"application/json", "text/csv",
                                    "text/plain"};

static void assert_chosen(const char *header, int expected)
{
    assert_int_equal(accept_choose(span_of(header), types, 3), expected);
}

static void without_a_wish_it_is_the_first(void **state)
{
    (void)state;
    assert_int_equal(accept_choose((struct span){NULL, 0}, types, 3), 0);
    assert_chosen("", 0);
    assert_chosen("*/*", 0);
    assert_chosen(" */* ", 0);
    assert_chosen("application/*", 0);
}

static void a_type_that_is_named_is_chosen(void **state)
{
    (void)state;
    assert_chosen("text/csv", 1);
    assert_chosen("TEXT/Plain; charset=utf-8", 2);
    assert_chosen("text/*", 1);
    assert_chosen("image/png, text/plain", 2);
}

static void the_highest_weight_wins(void **state)
{
    (void)state;
    assert_chosen("application/json;q=0.5, text/csv;q=0.8", 1);
    assert_chosen("text/csv;q=0.8,application/json;q=0.81", 0);
    assert_chosen("text/plain;q=0.001, text/csv;q=0.002", 1);
    assert_chosen("text/plain ; q=1.0 , */* ; q=0.1", 2);
    assert_chosen("text/html,application/xhtml+xml,*/*;q=0.8", 0);
}

static void what_java_sends_is_understood(void **state)
{
    (void)state;
    assert_chosen("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 0);
    assert_chosen("*", 0);
    assert_chosen("*;q=0", -1);
    assert_chosen("application/json;q=.2, text/csv;q=.25", 1);
    assert_chosen("application/json;q=.3, text/csv;q=0.25", 0);
    assert_chosen("application/json;q=., text/csv;q=.001", 1);
}

static void the_most_specific_range_says_the_weight(void **state)
{
    (void)state;
    assert_chosen("text/*;q=0.3, text/csv;q=0.1, */*;q=0.2", 2);
    assert_chosen("*/*, application/json;q=0", 1);
    assert_chosen("text/*, text/csv;q=0", 2);
}

static void what_is_not_wanted_is_not_chosen(void **state)
{
    (void)state;
    assert_chosen("image/png", -1);
    assert_chosen("*/*;q=0", -1);
    assert_chosen("application/jso", -1);
    assert_chosen("application/jsonx", -1);
    assert_chosen("tex/*", -1);
    assert_chosen(",,;;", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_wish_it_is_the_first),
        cmocka_unit_test(a_type_that_is_named_is_chosen),
        cmocka_unit_test(the_highest_weight_wins),
        cmocka_unit_test(what_java_sends_is_understood),
        cmocka_unit_test(the_most_specific_range_says_the_weight),
        cmocka_unit_test(what_is_not_wanted_is_not_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
