/* SPDX-License-Identifier: Apache-2.0 */
/*
 * units_test.c -- durations and sizes are read as people write them, a missing
 * or wrong unit is refused, and what is printed reads back as the same value.
 */
#include "base/units.h"

#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

struct reading {
    const char *text;
    int err;
    uint64_t value;
};

static void durations_are_read_in_milliseconds(void **state)
{
    (void)state;
    const struct reading cases[] = {
        {"0", 0, 0},
        {"00", 0, 0},
        {"0s", 0, 0},
        {"1ms", 0, 1},
        {"250ms", 0, 250},
        {"60s", 0, 60000},
        {"10m", 0, 600000},
        {"1h", 0, 3600000},
        {"7d", 0, 604800000},
        {"08s", 0, 8000},
        {"18446744073709551615ms", 0, UINT64_MAX},
        {"18446744073709551616ms", ERR_RANGE, 0},
        {"18446744073709551s", 0, 18446744073709551000u},
        {"18446744073709552s", ERR_RANGE, 0},
        {"213503982334d", 0, 18446744073657600000u},
        {"213503982335d", ERR_RANGE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ms = 0;
        assert_int_equal(units_parse_duration_ms(&ms, span_of(cases[i].text)),
                         cases[i].err);
        assert_true(cases[i].err != 0 || ms == cases[i].value);
    }
}

static void sizes_are_read_in_bytes(void **state)
{
    (void)state;
    const struct reading cases[] = {
        {"0", 0, 0},
        {"0MiB", 0, 0},
        {"1B", 0, 1},
        {"512B", 0, 512},
        {"64KiB", 0, 65536},
        {"1MiB", 0, 1048576},
        {"2GiB", 0, 2147483648},
        {"18446744073709551615B", 0, UINT64_MAX},
        {"18446744073709551616B", ERR_RANGE, 0},
        {"17179869183GiB", 0, 18446744072635809792u},
        {"17179869184GiB", ERR_RANGE, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t bytes = 0;
        assert_int_equal(units_parse_size_bytes(&bytes, span_of(cases[i].text)),
                         cases[i].err);
        assert_true(cases[i].err != 0 || bytes == cases[i].value);
    }
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    const char *const cases[] = {
        "",    "60",  "1",    "s",    "ms",  "-1s",  "+1s",  " 1s",  "1s ",
        "1 s", "1.5", "1.5s", "1e3s", "1S",  "1MS",  "1min", "1sec", "1h30m",
        "1w",  "1y",  "0x1s", "1ss",  "1us", "1KiB", "1B",   "00x",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t ms = 0;
        assert_int_equal(units_parse_duration_ms(&ms, span_of(cases[i])),
                         ERR_SYNTAX);
    }
    uint64_t ms = 0;
    assert_int_equal(units_parse_duration_ms(&ms, (struct span){"1s\0", 3}),
                     ERR_SYNTAX);
}

static void what_is_no_size_is_refused(void **state)
{
    (void)state;
    const char *const cases[] = {
        "",    "64",   "KiB", "1K",     "1KB", "1kib", "1MB",
        "1 B", "1TiB", "-1B", "1.5GiB", "1b",  "1s",   "1KiBs",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t bytes = 0;
        assert_int_equal(units_parse_size_bytes(&bytes, span_of(cases[i])),
                         ERR_SYNTAX);
    }
}

static void only_as_much_as_the_span_is_read(void **state)
{
    (void)state;
    uint64_t ms = 0;
    struct span front = {"10ms", 3}; // "10m"
    assert_int_equal(units_parse_duration_ms(&ms, front), 0);
    assert_int_equal(ms, 600000);
}

static void durations_print_in_the_largest_unit(void **state)
{
    (void)state;
    const struct reading cases[] = {
        {"0ms", 0, 0},
        {"1ms", 0, 1},
        {"999ms", 0, 999},
        {"1s", 0, 1000},
        {"1001ms", 0, 1001},
        {"59s", 0, 59000},
        {"1m", 0, 60000},
        {"61s", 0, 61000},
        {"90m", 0, 5400000},
        {"1h", 0, 3600000},
        {"1d", 0, 86400000},
        {"25h", 0, 90000000},
        {"18446744073709551615ms", 0, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[UNITS_TEXT_SIZE];
        int len = units_print_duration_ms(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(len, strlen(text));
    }
}

static void sizes_print_in_the_largest_unit(void **state)
{
    (void)state;
    const struct reading cases[] = {
        {"0B", 0, 0},
        {"1023B", 0, 1023},
        {"1KiB", 0, 1024},
        {"1025B", 0, 1025},
        {"1MiB", 0, 1048576},
        {"3GiB", 0, 3221225472},
        {"1024GiB", 0, 1099511627776},
        {"18446744073709551615B", 0, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[UNITS_TEXT_SIZE];
        int len = units_print_size_bytes(text, cases[i].value);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(len, strlen(text));
    }
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        uint64_t value = testing_random(&seed) >> (testing_random(&seed) % 64);
        value *= i % 2 == 0 ? 1 : 3600000;
        char text[UNITS_TEXT_SIZE];
        uint64_t back = ~value;
        units_print_duration_ms(text, value);
        assert_int_equal(units_parse_duration_ms(&back, span_of(text)), 0);
        assert_true(back == value);
        back = ~value;
        units_print_size_bytes(text, value);
        assert_int_equal(units_parse_size_bytes(&back, span_of(text)), 0);
        assert_true(back == value);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(durations_are_read_in_milliseconds),
    cmocka_unit_test(sizes_are_read_in_bytes),
    cmocka_unit_test(what_is_no_duration_is_refused),
    cmocka_unit_test(what_is_no_size_is_refused),
    cmocka_unit_test(only_as_much_as_the_span_is_read),
    cmocka_unit_test(durations_print_in_the_largest_unit),
    cmocka_unit_test(sizes_print_in_the_largest_unit),
    cmocka_unit_test(what_is_printed_reads_back),
};

TEST_MAIN(tests)
