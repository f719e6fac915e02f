/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer's header lines say about further calls is read, whatever they
 * hold, and bounded. */
#include "provider/allowance.h"

#include "testing/testing.h"
#include "unit/provider/court.h"

#define NOW_UNIX_MS INT64_C(1762387200000) // Thu, 06 Nov 2025 00:00:00 GMT

static struct provider *provider;

static int setup(void **state)
{
    (void)state;
    provider = court_create("left: {header: X-Left, window: h}\n"
                            "endpoints:\n"
                            "  quote:\n"
                            "    url: https://x/{sym}\n"
                            "    rows: ''\n"
                            "    fields: {price: /p}\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    provider_destroy(&provider);
    return 0;
}

static struct provider_outcome read_lines(const char *lines, int64_t now)
{
    static struct court_ruling ruling;
    struct court_case it = {
        .provider = provider,
        .status = 429,
        .headers = lines,
        .now_unix_ms = now,
    };
    court_judge(&ruling, &it);
    return ruling.outcome;
}

static void seconds_to_wait_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint64_t ms;
    } cases[] = {
        {"Retry-After: 60", 60000},
        {"Retry-After: 60\r\n", 60000},
        {"HTTP/1.1 429 No\r\nServer: x\r\nretry-after:5\r\nX: y\r\n\r\n", 5000},
        {"Retry-After: 5\nRetry-After: 7\n", 7000},
        {"Retry-After:  0 ", 0},
        {"Retry-After: 2678400", ALLOWANCE_RETRY_LIMIT_MS},
        {"Retry-After: 2678401", ALLOWANCE_RETRY_LIMIT_MS},
        {"Retry-After: 18446744073709551615", ALLOWANCE_RETRY_LIMIT_MS},
        {"Retry-After: 18446744073709551616", 0},
        {"Retry-After: -5", 0},
        {"Retry-After: 1.5", 0},
        {"Retry-After: soon", 0},
        {"Retry-After:", 0},
        {"Retry-After", 0},
        {"X-Retry-After: 5", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_lines(cases[i].lines, 0).retry_after_ms,
                         cases[i].ms);
    }
}

static void dates_to_wait_for_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint64_t ms;
    } cases[] = {
        {"Retry-After: Thu, 06 Nov 2025 00:01:00 GMT", 60000},
        {"Retry-After: Fri, 07 Nov 2025 00:00:01 GMT", 86401000},
        {"Retry-After: Thu, 06 Nov 2025 00:00:00 GMT", 0},
        {"Retry-After: Wed, 05 Nov 2025 23:59:59 GMT", 0},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Retry-After: Thu, 01 Jan 2099 00:00:00 GMT",
         ALLOWANCE_RETRY_LIMIT_MS},
        {"Retry-After: Thu, 06 Nov 2025 00:01:00 UTC", 0},
        {"Retry-After: Thu, 06 Nox 2025 00:01:00 GMT", 0},
        {"Retry-After: Thu, 00 Nov 2025 00:01:00 GMT", 0},
        {"Retry-After: Thu, 32 Nov 2025 00:01:00 GMT", 0},
        {"Retry-After: Thu, 6 Nov 2025 00:01:00 GMT", 0},
        {"Retry-After: Thu, 06 Nov 2025 00:01:xx GMT", 0},
        {"Retry-After: Thursday, 06-Nov-25 00:01:00 GMT", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_lines(cases[i].lines, NOW_UNIX_MS).retry_after_ms,
                         cases[i].ms);
        // without a clock a date says nothing
        assert_int_equal(read_lines(cases[i].lines, 0).retry_after_ms, 0);
    }
}

static void what_is_left_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        bool has;
        uint64_t left;
    } cases[] = {
        {"X-Left: 59", true, 59},
        {"x-left: 0\r\nRetry-After: 5\r\n", true, 0},
        {"X-Left: many", false, 0},
        {"X-Left: -1", false, 0},
        {"X-Left: ", false, 0},
        {"X-Lefts: 5", false, 0},
        {"X-Left : 5", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider_outcome outcome = read_lines(cases[i].lines, 0);
        assert_int_equal(outcome.has_left, cases[i].has);
        assert_int_equal(outcome.left, cases[i].left);
        assert_int_equal(outcome.left_window,
                         cases[i].has ? PROVIDER_LIMIT_HOUR : PROVIDER_OK);
    }
}

static void provider_that_says_nothing_is_not_believed(void **state)
{
    (void)state;
    static struct court_ruling ruling;
    struct provider *yahoo = court_create_built_in("yahoo");
    struct court_case it = {
        .provider = yahoo, .status = 429, .headers = ": 7\nX-Left: 7\n"};
    court_judge(&ruling, &it);
    assert_false(ruling.outcome.has_left);
    provider_destroy(&yahoo);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(seconds_to_wait_are_read),
    cmocka_unit_test(dates_to_wait_for_are_read),
    cmocka_unit_test(what_is_left_is_read),
    cmocka_unit_test(provider_that_says_nothing_is_not_believed),
};

int main(int argc, char **argv)
{
    hash_setup();
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
