/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target_test.c -- paths, percent signs and parameters.
 */
#include "web/target.h"

#include "base/buffer.h"
#include "testing/testing.h"

static void assert_argument(const char *path, const char *expected)
{
    struct span argument;
    bool is_match =
        target_match("/v1/quotes/{symbol}", span_of(path), &argument);
    assert_int_equal(is_match, expected != NULL);
    assert_true(span_equal(argument, span_of(expected ? expected : "")));
}

static void a_path_is_matched_whole(void **state)
{
    (void)state;
    struct span argument;
    assert_true(target_match("/livez", span_of("/livez"), &argument));
    assert_null(argument.data);
    assert_false(target_match("/livez", span_of("/livez/"), &argument));
    assert_false(target_match("/livez", span_of("/live"), &argument));
    assert_false(target_match("/", span_of("//"), &argument));
}

static void an_argument_is_all_that_is_left(void **state)
{
    (void)state;
    assert_argument("/v1/quotes/IBM", "IBM");
    assert_argument("/v1/quotes/BTC/USD", "BTC/USD");
    assert_argument("/v1/quotes/a%2Fb", "a%2Fb");
    assert_argument("/v1/quotes/", NULL);
    assert_argument("/v1/quotes", NULL);
    assert_argument("/v1/quoteS/IBM", NULL);
}

static void assert_decoded(const char *text, const char *expected)
{
    struct buffer out = buffer_empty(64);
    bool is_good = target_decode(span_of(text), &out);
    assert_int_equal(is_good, expected != NULL);
    assert_int_equal(target_is_decodable(span_of(text)), is_good);
    assert_true(
        span_equal(buffer_span(&out), span_of(expected ? expected : "")));
    buffer_deinit(&out);
}

static void percent_signs_are_decoded(void **state)
{
    (void)state;
    assert_decoded("IBM", "IBM");
    assert_decoded("", "");
    assert_decoded("%49%62M", "IbM");
    assert_decoded("BRK%2eB", "BRK.B");
    assert_decoded("a+b%2Bc", "a+b+c");
    assert_decoded("%5EGSPC", "^GSPC");
}

static void a_broken_escape_is_refused(void **state)
{
    (void)state;
    assert_decoded("%", NULL);
    assert_decoded("%4", NULL);
    assert_decoded("%4g", NULL);
    assert_decoded("%zz", NULL);
    assert_decoded("%%41", NULL);
    assert_decoded("% 1", NULL);
}

static void assert_words(const char *query, const char *expected)
{
    struct buffer out = buffer_empty(64);
    bool is_good = target_words(span_of(query), "symbols", &out);
    assert_int_equal(is_good, expected != NULL);
    if (expected != NULL) {
        assert_true(span_equal(buffer_span(&out), span_of(expected)));
    }
    buffer_deinit(&out);
}

static void words_of_a_parameter_are_put_together(void **state)
{
    (void)state;
    assert_words("symbols=A,B", "A,B");
    assert_words("symbols=A%2CB&symbols=C", "A,B,C");
    assert_words("x=1&symbols=Bank+of%20X&y", "Bank of X");
    assert_words("symbols=", "");
    assert_words("symbols", "");
    assert_words("", NULL);
    assert_words("Symbols=A", NULL);
    assert_words("symbols=%4", NULL);
}

static void a_parameter_is_found_as_it_was_sent(void **state)
{
    (void)state;
    struct span value;
    assert_true(target_find(span_of("a=1&b=%41&b=2"), "b", &value));
    assert_true(span_equal(value, span_of("%41")));
    assert_true(target_find(span_of("verbose"), "verbose", &value));
    assert_int_equal(value.len, 0);
    assert_false(target_find(span_of("ab=1"), "a", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_matched_whole),
        cmocka_unit_test(an_argument_is_all_that_is_left),
        cmocka_unit_test(percent_signs_are_decoded),
        cmocka_unit_test(a_broken_escape_is_refused),
        cmocka_unit_test(words_of_a_parameter_are_put_together),
        cmocka_unit_test(a_parameter_is_found_as_it_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
