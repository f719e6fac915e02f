/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show_test.c -- quotes in each format, the odd ones; tests/peers/quote_test.py
 * compares whole outputs.
 */
#include "cli/show.h"

#include <quoted/quoted.h>
#include <stdlib.h>

#include "cli/report.h"
#include "testing/testing.h"

/* What a document of `passes` passes over one quote reads. */
static char *shown(enum arguments_format format, const char *name,
                   const struct quoted_quote *quote, int passes)
{
    char *text = NULL;
    size_t len = 0;
    struct show show = {.out = open_memstream(&text, &len), .format = format};
    assert_non_null(show.out);
    char copy[128];
    snprintf(copy, sizeof(copy), "%s", name);
    char *const names[] = {copy};
    show_begin(&show);
    for (int i = 0; i < passes; i++) {
        show_pass(&show, names, quote, 1);
    }
    show_end(&show);
    assert_int_equal(fclose(show.out), 0);
    return text;
}

static void assert_shown(enum arguments_format format,
                         const struct quoted_quote *quote, int passes,
                         const char *expected)
{
    char *text = shown(format, "x", quote, passes);
    assert_string_equal(text, expected);
    free(text);
}

#define CSV_HEAD                                                            \
    "asked,symbol,name,price,currency,open,high,low,previous_close,change," \
    "change_percent,volume,as_of,fetched,age_ms,state,delay,unit_factor,"   \
    "source,server,error,message\n"

static void ages_are_said_as_people_say_them(void **state)
{
    (void)state;
    const struct {
        long long ms;
        const char *text;
    } rows[] = {
        {-1, "-"},        {0, "0ms"},        {999, "999ms"},
        {1000, "1s"},     {59999, "59s"},    {60000, "1m"},
        {3599999, "59m"}, {3600000, "1h"},   {86399999, "23h"},
        {86400000, "1d"}, {259200000, "3d"}, {INT64_MAX, "106751991167d"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[SHOW_AGE_SIZE];
        show_age(text, rows[i].ms);
        assert_string_equal(text, rows[i].text);
    }
}

static void json_quotes_what_it_must(void **state)
{
    (void)state;
    const struct quoted_quote quote = {.symbol = "X",
                                       .name = "a\"b\\c",
                                       .price = {.text = "1.50"},
                                       .age_ms = 7,
                                       .state = QUOTED_STATE_FRESH};
    assert_shown(ARGUMENTS_JSON, &quote, 1,
                 "[\n  {\"asked\": \"x\", \"symbol\": \"X\", \"name\": "
                 "\"a\\\"b\\\\c\", \"price\": \"1.50\", \"age_ms\": 7, "
                 "\"state\": \"fresh\"}\n]\n");
    assert_shown(ARGUMENTS_JSON, &quote, 0, "[]\n");
}

static void json_of_several_passes_is_one_array(void **state)
{
    (void)state;
    const struct quoted_quote quote = {
        .status = QUOTED_E_NODATA, .message = "no", .age_ms = -1};
    const char *const object =
        "{\"asked\": \"x\", \"error\": \"NODATA\", \"message\": \"no\"}";
    char expected[256];
    snprintf(expected, sizeof(expected), "[\n  %s,\n  %s\n]\n", object, object);
    assert_shown(ARGUMENTS_JSON, &quote, 2, expected);
}

static void csv_quotes_what_it_must(void **state)
{
    (void)state;
    const struct quoted_quote quote = {.symbol = "X",
                                       .name = "a \"b\", c",
                                       .price = {.text = "1.50"},
                                       .age_ms = -1};
    assert_shown(ARGUMENTS_CSV, &quote, 1,
                 CSV_HEAD "x,X,\"a \"\"b\"\", c\",1.50,,,,,,,,,,,,,,,,,,\n");
    assert_shown(ARGUMENTS_CSV, &quote, 0, CSV_HEAD);
}

static void plain_lines_are_prices_only(void **state)
{
    (void)state;
    const struct quoted_quote quote = {.symbol = "X",
                                       .price = {.text = "-37.63"}};
    const struct quoted_quote failed = {.status = QUOTED_E_NODATA};
    assert_shown(ARGUMENTS_PLAIN, &quote, 2, "X -37.63\nX -37.63\n");
    assert_shown(ARGUMENTS_PLAIN, &failed, 1, "");
}

static void table_aligns_by_characters(void **state)
{
    (void)state;
    const struct quoted_quote quote = {
        .symbol = "NESN",
        .name = "Nestl\xc3\xa9",
        .price = {.text = "7.00", .digits = 7},
        .change = {.text = "0.00"},
        .age_ms = 12000,
        .state = QUOTED_STATE_STALE,
    };
    const struct quoted_quote failed = {.status = QUOTED_E_LIMIT};
    assert_shown(ARGUMENTS_TABLE, &quote, 1,
                 "NAME    SYMBOL  PRICE  CHANGE  AGE  STATE\n"
                 "Nestl\xc3\xa9  NESN     7.00    0.00  12s  stale\n");
    assert_shown(ARGUMENTS_TABLE, &failed, 2,
                 "NAME  SYMBOL  PRICE  CHANGE  AGE  STATE\n"
                 "x     -           -       -    -  limit\n"
                 "\n"
                 "NAME  SYMBOL  PRICE  CHANGE  AGE  STATE\n"
                 "x     -           -       -    -  limit\n");
}

static void report_has_its_lines(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    struct report report = {.out = open_memstream(&text, &len), .client = "1"};
    assert_non_null(report.out);
    const struct quoted_quote quote = {.price = {.text = "135.60"},
                                       .server = "1"};
    const struct quoted_quote unknown = {.status = QUOTED_E_UNKNOWN};
    const struct quoted_quote away = {.status = QUOTED_E_UNREACHABLE};
    report_average(&report);
    report_request(&report, "Google", &quote, 241000);
    report_request(&report, "Nope", &unknown, 363000);
    report_request(&report, "IBM", &away, 2000000000);
    report_average(&report);
    assert_int_equal(fclose(report.out), 0);
    assert_string_equal(text,
                        "Average response time: - milliseconds\n"
                        "Stock Price for Google: $135.60\n"
                        "  From server: 1, From client: 1\n"
                        "  request answered in 0.241 milliseconds\n"
                        "Stock Price for Nope: $-1\n"
                        "  From server: -, From client: 1\n"
                        "  request answered in 0.363 milliseconds\n"
                        "Stock Price for IBM: $-1\n"
                        "  From server: -, From client: 1\n"
                        "  request not answered in 2000.000 milliseconds\n"
                        "Average response time: 0.302 milliseconds\n");
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ages_are_said_as_people_say_them),
    cmocka_unit_test(json_quotes_what_it_must),
    cmocka_unit_test(json_of_several_passes_is_one_array),
    cmocka_unit_test(csv_quotes_what_it_must),
    cmocka_unit_test(plain_lines_are_prices_only),
    cmocka_unit_test(table_aligns_by_characters),
    cmocka_unit_test(report_has_its_lines),
};

TEST_MAIN(tests)
