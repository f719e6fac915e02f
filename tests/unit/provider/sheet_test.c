/* SPDX-License-Identifier: Apache-2.0 */
/* A file of prices is read whole or not at all: wherever a text is cut off, it
 * is seen. */
#include "provider/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "testing/testing.h"
#include "unit/provider/court.h"

static const char csv[] = "symbol,price\n"
                          "IBM,137.16\n"
                          "MSFT,\"512.5\"\n";

static const char json[] =
    "{\"quotes\": [{\"symbol\": \"IBM\", \"price\": 1}]}";

/* What is wrong, from a copy of exactly the text's size. */
static const char *fault(const struct provider *provider, struct span text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.len);
    const char *found = sheet_fault(provider, (struct span){copy, text.len});
    free(copy);
    return found;
}

static void whole_files_are_good(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("file");
    static const char *const good[] = {
        csv,
        json,
        "price,symbol\r\n1,A\r\n",
        "[{\"symbol\":\"A\"}]",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (fault(provider, span_of(good[i])) != NULL) {
            fail_msg("%s: %s", good[i], fault(provider, span_of(good[i])));
        }
    }
    provider_destroy(&provider);
}

/* But where a line ends: there CSV may end as well, which is why a file that
 * was just written is left alone (press/press.h). */
static void every_front_of_a_file_is_seen_to_be_one(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("file");
    for (size_t len = 0; len < strlen(csv); len++) {
        bool is_line = len > strlen("symbol,price\n") && csv[len - 1] == '\n';
        const char *found = fault(provider, (struct span){csv, len});
        if ((found == NULL) != is_line) {
            fail_msg("%.*s", (int)len, csv);
        }
    }
    for (size_t len = 0; len < strlen(json); len++) {
        assert_non_null(fault(provider, (struct span){json, len}));
    }
    provider_destroy(&provider);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("file");
    static const char *const bad[][2] = {
        {"", "it is empty"},
        {" \r\n", "it is empty"},
        {"symbol,price\n", "it has no rows"},
        {"symbol,value\nIBM,1\n", "it has no column with prices"},
        {"symbol,price\nIBM,1",
         "its last line has no end, as if it were still being written"},
        {"symbol,price\nIBM,\"1", "it is neither CSV nor JSON"},
        {"{\"quotes\": []}", "it has no rows"},
        {"{\"error\": \"x\"}", "it has no list of prices"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(fault(provider, span_of(bad[i][0])), bad[i][1]);
    }
    provider_destroy(&provider);
}

/* A price without a time is as of when the file was written. */
static void time_is_the_rows_or_the_files(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("file");
    struct court_symbols symbols;
    court_split(&symbols, "A,B,C");
    struct query query = {
        .provider = provider,
        .symbols = symbols.pointers,
        .count = 3,
        .key = "",
    };
    struct provider_answer answer = {
        .status = 200,
        .body = span_of("symbol,price,as_of\n"
                        "A,1,2026-11-20T12:00:00Z\nB,1,2026-11-20\nC,1,\n"),
        .headers = span_of(""),
        .now_unix_ms = INT64_C(1796000000000),
        .written_unix_ms = INT64_C(1794000000123),
    };
    struct provider_outcome outcome;
    struct provider_verdict verdicts[3];
    provider_judge(&query, &answer, &outcome, verdicts);
    assert_int_equal(outcome.class, PROVIDER_OK);
    assert_int_equal(verdicts[0].quote.as_of_unix_ns,
                     INT64_C(1795176000000000000));
    assert_true(verdicts[1].quote.as_of_is_day);
    assert_true(verdicts[2].quote.has_as_of);
    assert_false(verdicts[2].quote.as_of_is_day);
    assert_int_equal(verdicts[2].quote.as_of_unix_ns,
                     INT64_C(1794000000123000000));
    answer.written_unix_ms = 0;
    provider_judge(&query, &answer, &outcome, verdicts);
    assert_false(verdicts[2].quote.has_as_of);
    provider_destroy(&provider);
}

static void oom_is_a_fault(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("file");
    TESTING_EACH_ALLOCATION(n)
    {
        const char *found = sheet_fault(provider, span_of(csv));
        assert_true(found == NULL || strstr(found, "memory") != NULL);
    }
    provider_destroy(&provider);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole_files_are_good),
    cmocka_unit_test(every_front_of_a_file_is_seen_to_be_one),
    cmocka_unit_test(what_is_wrong_is_said),
    cmocka_unit_test(time_is_the_rows_or_the_files),
    cmocka_unit_test(oom_is_a_fault),
};

TEST_MAIN(tests)
