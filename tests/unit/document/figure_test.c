/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are read as providers write them, and nothing else is a number. */
#include "document/figure.h"

#include "testing/testing.h"

static void numbers_are_read_as_providers_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"312.4200", "312.42"},
        {" 312.42\t", "312.42"},
        {"$312.42", "312.42"},
        {"1.8418%", "1.8418"},
        {"-1.5278", "-1.5278"},
        {"-1,234.5", "-1234.5"},
        {"+312.42", "312.42"},
        {"1,234", "1234"},
        {"12,345.678", "12345.678"},
        {"$1,234,567.89", "1234567.89"},
        {"3.1242e2", "312.42"},
        {"40639000.0", "40639000"},
        {"0", "0"},
        {"9007199254740993", "9007199254740993"},
        {"328.87921142578125", "328.87921142578125"},
        {"0.000000000000000001", "0.000000000000000001"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct decimal got;
        struct decimal wanted;
        assert_true(figure_read(&got, span_of(cases[i].text)));
        assert_int_equal(decimal_parse(&wanted, span_of(cases[i].value)), 0);
        assert_true(decimal_equal(got, wanted));
    }
}

static void what_is_no_number_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "abc",
        "NaN",
        "1e400",
        "12,50",
        "1,2345",
        "1234,567",
        ",123",
        "123,",
        "1,,234",
        "12,34,567",
        "1.234,567",
        "$$1",
        "1%%",
        "1 %",
        "$",
        "%",
        "1 2",
        "0x10",
        "$-1%x",
        "1.2.3",
        "--1",
        "1-",
        "18446744073709551617",
        "11111111111111111111111111111111111111111111111111111111111111111",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct decimal value = {77, 7};
        assert_false(figure_read(&value, span_of(texts[i])));
        assert_int_equal(value.digits, 77);
    }
    struct decimal value;
    assert_false(figure_read(&value, (struct span){"1\0002", 3}));
}

static void words_for_nothing_are_known(void **state)
{
    (void)state;
    static const char *const nothing[] = {
        "", "N/A", "N/D", "NA", "n/a", "None", "null", "-", "--",
    };
    static const char *const something[] = {"0", "na", "n", "NONE", "---", " "};
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        assert_true(figure_is_nothing(span_of(nothing[i])));
    }
    for (size_t i = 0; i < sizeof(something) / sizeof(something[0]); i++) {
        assert_false(figure_is_nothing(span_of(something[i])));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_are_read_as_providers_write_them),
    cmocka_unit_test(what_is_no_number_is_none),
    cmocka_unit_test(words_for_nothing_are_known),
};

TEST_MAIN(tests)
