/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf_test.c -- dates as HTTP writes them, and entity tags.
 */
#include "web/shelf.h"

#include "testing/testing.h"
#include "web/price.h"

static void assert_date(int64_t unix_s, const char *expected)
{
    char text[SHELF_DATE_SIZE];
    shelf_print_date(text, unix_s);
    assert_string_equal(text, expected);
}

static void dates_are_as_http_writes_them(void **state)
{
    (void)state;
    assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_date(1795358625, "Sun, 22 Nov 2026 14:43:45 GMT");
    assert_date(1709164799, "Wed, 28 Feb 2024 23:59:59 GMT");
    assert_date(1709164800, "Thu, 29 Feb 2024 00:00:00 GMT");
    assert_date(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_date(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void a_tag_is_of_the_bytes(void **state)
{
    (void)state;
    char one[SHELF_TAG_SIZE];
    char same[SHELF_TAG_SIZE];
    char other[SHELF_TAG_SIZE];
    shelf_print_tag(one, span_of("{\"price\":\"1.00\"}"));
    shelf_print_tag(same, span_of("{\"price\":\"1.00\"}"));
    shelf_print_tag(other, span_of("{\"price\":\"1.01\"}"));
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), SHELF_TAG_SIZE - 1);
    assert_int_equal(one[0], '"');
    assert_int_equal(one[SHELF_TAG_SIZE - 2], '"');
}

static void a_list_of_tags_is_searched(void **state)
{
    (void)state;
    const char *tag = "\"abc\"";
    assert_true(price_has_tag(span_of("\"abc\""), tag));
    assert_true(price_has_tag(span_of("W/\"abc\""), tag));
    assert_true(price_has_tag(span_of("\"x\", \"abc\" "), tag));
    assert_true(price_has_tag(span_of("*"), tag));
    assert_true(price_has_tag(span_of("\"a,b\",W/\"abc\""), tag));
    assert_false(price_has_tag(span_of("\"a,*,b\""), tag));
    assert_false(price_has_tag(span_of("\"x\", *"), tag));
    assert_false(price_has_tag(span_of("\"abc"), tag));
    assert_false(price_has_tag(span_of("abc"), tag));
    assert_false(price_has_tag(span_of("\"abcd\""), tag));
    assert_false(price_has_tag(span_of("W/"), tag));
    assert_false(price_has_tag(span_of(""), tag));
    assert_false(price_has_tag((struct span){NULL, 0}, tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_as_http_writes_them),
        cmocka_unit_test(a_tag_is_of_the_bytes),
        cmocka_unit_test(a_list_of_tags_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
