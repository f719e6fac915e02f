/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_test.c -- a quote as a document, to the byte.
 */
#include "show/render.h"

#include <string.h>

#include "base/buffer.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "shown.h"
#include "testing/testing.h"

static const struct name ibm = {.name = "I, \"B\"\tM", .currency = "EUR"};

/* The source of a quote, at an age that must not be seen. */
static struct field_source source_of(const struct quote *quote)
{
    return (struct field_source){
        .quote = quote,
        .name = &ibm,
        .state = FRESHNESS_STALE,
        .now_mono_ms = 77777,
        .server = "s1",
    };
}

static void assert_written(struct buffer *out, const char *expected)
{
    assert_false(out->failed);
    buffer_put_byte(out, '\0');
    assert_string_equal(out->data, expected);
    buffer_deinit(out);
}

static void json_has_every_field_with_its_exact_digits(void **state)
{
    (void)state;
    struct quote quote = shown_full();
    struct field_source source = source_of(&quote);
    struct buffer out = buffer_empty(RENDER_BYTES_LIMIT);
    render_json(&out, &source, false);
    assert_written(
        &out, "{\"symbol\":\"IBM\",\"name\":\"I, \\\"B\\\"\\u0009M\","
              "\"price\":\"328.87921142578125\",\"currency\":\"USD\","
              "\"open\":\"300.00\",\"high\":\"313.50\",\"low\":\"0.000012345\","
              "\"previous_close\":\"29.00\",\"change\":\"-1.50\","
              "\"change_percent\":\"0.00\",\"volume\":\"4123000\","
              "\"as_of\":\"2025-11-06\","
              "\"fetched\":\"2025-11-06T08:00:00.123Z\",\"state\":\"stale\","
              "\"source\":\"alphavantage\",\"server\":\"s1\"}");
}

static void json_numbers_have_the_same_digits(void **state)
{
    (void)state;
    struct quote quote = shown_full();
    struct field_source source = source_of(&quote);
    source.name = NULL;
    struct buffer out = buffer_empty(RENDER_BYTES_LIMIT);
    render_json(&out, &source, true);
    assert_written(
        &out, "{\"symbol\":\"IBM\",\"price\":328.87921142578125,"
              "\"currency\":\"USD\",\"open\":300.00,\"high\":313.50,"
              "\"low\":0.000012345,\"previous_close\":29.00,"
              "\"change\":-1.50,\"change_percent\":0.00,\"volume\":4123000,"
              "\"as_of\":\"2025-11-06\","
              "\"fetched\":\"2025-11-06T08:00:00.123Z\",\"state\":\"stale\","
              "\"source\":\"alphavantage\",\"server\":\"s1\"}");
}

static void json_leaves_out_what_is_not_known(void **state)
{
    (void)state;
    struct quote quote = shown_bare();
    struct field_source source = source_of(&quote);
    source.name = NULL;
    source.server = "";
    struct buffer out = buffer_empty(RENDER_BYTES_LIMIT);
    render_json(&out, &source, false);
    assert_written(&out, "{\"symbol\":\"X\",\"price\":\"0.00001\","
                         "\"fetched\":\"1970-01-01T00:00:00.000Z\","
                         "\"state\":\"stale\"}");
}

static void json_is_the_same_at_any_age(void **state)
{
    (void)state;
    struct quote quote = shown_full();
    struct field_source source = source_of(&quote);
    struct buffer young = buffer_empty(RENDER_BYTES_LIMIT);
    struct buffer old = buffer_empty(RENDER_BYTES_LIMIT);
    render_json(&young, &source, false);
    source.now_mono_ms += 1000;
    render_json(&old, &source, false);
    assert_true(span_equal(buffer_span(&young), buffer_span(&old)));
    buffer_deinit(&young);
    buffer_deinit(&old);
}

static void assert_json_text(struct span text, const char *expected)
{
    struct buffer out = buffer_empty(1024);
    render_json_text(&out, text);
    assert_written(&out, expected);
}

static void json_texts_are_escaped(void **state)
{
    (void)state;
    assert_json_text(span_of(""), "\"\"");
    assert_json_text(span_of("a\\b\"c/d"), "\"a\\\\b\\\"c/d\"");
    assert_json_text((struct span){"\0\n\x1f\x7f", 4},
                     "\"\\u0000\\u000a\\u001f\\u007f\"");
    assert_json_text(span_of("Nestl\xc3\xa9 \xe2\x82\xac"),
                     "\"Nestl\xc3\xa9 \xe2\x82\xac\"");
    assert_json_text(span_of("caf\xe9!"), "\"caf\\ufffd!\"");
    assert_json_text((struct span){NULL, 0}, "\"\"");
}

static void csv_has_a_column_for_every_field(void **state)
{
    (void)state;
    struct quote full = shown_full();
    struct quote bare = shown_bare();
    struct field_source source = source_of(&full);
    struct buffer out = buffer_empty(2 * RENDER_BYTES_LIMIT);
    render_csv_head(&out);
    render_csv(&out, &source);
    source = source_of(&bare);
    source.name = NULL;
    source.server = "";
    render_csv(&out, &source);
    assert_written(
        &out, "symbol,name,price,currency,open,high,low,previous_close,change,"
              "change_percent,volume,as_of,fetched,state,delay,"
              "unit_factor,source,server\r\n"
              "IBM,\"I, \"\"B\"\"\tM\",328.87921142578125,USD,300.00,313.50,"
              "0.000012345,29.00,-1.50,0.00,4123000,2025-11-06,"
              "2025-11-06T08:00:00.123Z,stale,,,alphavantage,s1\r\n"
              "X,,0.00001,,,,,,,,,,1970-01-01T00:00:00.000Z,stale,,,,\r\n");
}

static void csv_is_quoted_where_it_must_be(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"plain text", "plain text"}, {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},       {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""},         {"", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = buffer_empty(64);
        render_csv_text(&out, span_of(cases[i][0]));
        assert_written(&out, cases[i][1]);
    }
}

static void text_is_a_line_of_four_words(void **state)
{
    (void)state;
    struct quote full = shown_full();
    struct quote bare = shown_bare();
    struct field_source source = source_of(&full);
    struct buffer out = buffer_empty(256);
    render_text(&out, &source);
    source = source_of(&bare);
    source.name = NULL;
    render_text(&out, &source);
    assert_written(&out, "IBM 328.87921142578125 USD stale\n"
                         "X 0.00001 - stale\n");
}

static void the_longest_quote_is_within_the_bound(void **state)
{
    (void)state;
    char name_text[129];
    char server[65];
    memset(name_text, 1, 128);
    memset(server, 1, 64);
    name_text[128] = server[64] = '\0';
    const struct name name = {.name = name_text, .currency = ""};
    struct quote quote = shown_full();
    assert_int_equal(symbol_parse(&quote.symbol,
                                  span_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")),
                     0);
    memset(quote.currency, 'X', QUOTE_CURRENCY_SIZE - 1);
    memset(quote.source, 'x', QUOTE_SOURCE_SIZE - 1);
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        quote_set(&quote, (enum quote_number)n,
                  (struct decimal){-999999999999999999, -18});
    }
    struct field_source source = source_of(&quote);
    source.name = &name;
    source.server = server;
    struct buffer out = buffer_empty(RENDER_BYTES_LIMIT);
    render_json(&out, &source, false);
    assert_false(out.failed);
    buffer_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_field_with_its_exact_digits),
        cmocka_unit_test(json_numbers_have_the_same_digits),
        cmocka_unit_test(json_leaves_out_what_is_not_known),
        cmocka_unit_test(json_is_the_same_at_any_age),
        cmocka_unit_test(json_texts_are_escaped),
        cmocka_unit_test(csv_has_a_column_for_every_field),
        cmocka_unit_test(csv_is_quoted_where_it_must_be),
        cmocka_unit_test(text_is_a_line_of_four_words),
        cmocka_unit_test(the_longest_quote_is_within_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
