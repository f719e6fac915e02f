/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instant_test.c -- instants of the past in every form, what is none, and
 * ranges made of them.
 */
#include "show/instant.h"

#include "base/err.h"
#include "store/store.h"
#include "testing/testing.h"

#define SECOND INT64_C(1000)
#define HOUR   INT64_C(3600000)
#define DAY    INT64_C(86400000)

/* 2026-11-20T00:00:00Z, and a while later. */
#define MIDNIGHT INT64_C(1795132800000)
#define NOW      (MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND + 123)

static void instants_are_read_in_every_form(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t unix_ms;
    } rows[] = {
        {"2026-11-20T14:30:00Z", MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND},
        {"2026-11-20t14:30:00z", MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND},
        {"2026-11-20 14:30:00", MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND},
        {"2026-11-20T14:30", MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND},
        {"2026-11-20T14:30Z", MIDNIGHT + 14 * HOUR + 30 * 60 * SECOND},
        {"2026-11-20T14:30:00+01:00", MIDNIGHT + 13 * HOUR + 1800 * SECOND},
        {"2026-11-20T14:30:00-0530", MIDNIGHT + 20 * HOUR},
        {"2026-11-20T00:00:00+01:00", MIDNIGHT - HOUR},
        {"2026-11-20T00:00:01.5Z", MIDNIGHT + 1500},
        {"2026-11-20T00:00:01.123456789Z", MIDNIGHT + 1123},
        {"2026-11-20T23:59:60Z", MIDNIGHT + DAY},
        {"2024-02-29T00:00Z", INT64_C(1709164800000)},
        {"1970-01-01T00:00Z", 0},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"1795132800", MIDNIGHT},
        {"1795132800000", MIDNIGHT},
        {"99999999999", INT64_C(99999999999000)}, // 11 digits: seconds
        {"100000000000", INT64_C(100000000000)},  // 12: milliseconds
        {"0", 0},
        {"100000000", INT64_C(100000000000)},
        {"253402300800000", INT64_C(253402300800000)},
        {"now", NOW},
        {"NOW", NOW},
        {"-0", NOW},
        {"-7d", NOW - 7 * DAY},
        {"-90m", NOW - 90 * 60 * SECOND},
        {"-250ms", NOW - 250},
        {"-", 0},
        {"+", INT64_C(253402300800000)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct instant out = {-1, -1};
        int err = instant_parse(&out, span_of(rows[i].text), NOW);
        if (err != 0 || out.from_unix_ms != rows[i].unix_ms) {
            fail_msg("%s: %d, %lld", rows[i].text, err,
                     (long long)out.from_unix_ms);
        }
        assert_int_equal(out.to_unix_ms, rows[i].unix_ms);
    }
}

static void a_day_is_all_of_it(void **state)
{
    (void)state;
    struct instant out;
    assert_int_equal(instant_parse(&out, span_of("2026-11-20"), NOW), 0);
    assert_int_equal(out.from_unix_ms, MIDNIGHT);
    assert_int_equal(out.to_unix_ms, MIDNIGHT + DAY);
    assert_int_equal(instant_parse(&out, span_of("9999-12-31"), NOW), 0);
    assert_int_equal(out.to_unix_ms, INT64_C(253402300800000));
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        " ",
        "yesterday",
        "2026",
        "20261120",
        "1",
        "2026-11",
        "2026-1-2",
        "2026-11-31",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-11-00",
        "20-11-2026",
        "2026/11/20",
        "2026-11-20T",
        "2026-11-20T14",
        "2026-11-20T24:00",
        "2026-11-20T14:60",
        "2026-11-20T14:30:61",
        "2026-11-20T14:30:00.",
        "2026-11-20T14:30:00.x",
        "2026-11-20T14:30:00Zx",
        "2026-11-20T14:30+1",
        "2026-11-20T14:30+24:00",
        "2026-11-20T14:30+01:60",
        "2026-11-20 ",
        "2026-11-20Z",
        "-7",
        "-7w",
        "--7d",
        "+7d",
        "7d",
        "-7d ",
        "1795132800.5",
        "1795132800s",
        "nowish",
        "- ",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct instant out = {1, 2};
        int err = instant_parse(&out, span_of(texts[i]), NOW);
        if (err != ERR_SYNTAX || out.from_unix_ms != 1) {
            fail_msg("\"%s\": %d", texts[i], err);
        }
    }
    const char zero[] = "2026-11-20\0";
    struct instant out;
    assert_int_equal(instant_parse(&out, (struct span){zero, 11}, NOW),
                     ERR_SYNTAX);
}

static void times_of_no_exchange_are_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "1969-12-31",
        "1970-01-01T00:00:00+00:01",
        "0000-01-01",
        "253402300800001",
        "99999999999999999",
        "99999999999999999999999999",
        "9999-12-31T23:59:59-01:00",
        "-99999999d",
        "-99999999999999999999d",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct instant out;
        int err = instant_parse(&out, span_of(texts[i]), NOW);
        if (err != ERR_RANGE) {
            fail_msg("\"%s\": %d", texts[i], err);
        }
    }
}

static struct store_question read_range(const char *from, const char *to,
                                        const char *every)
{
    struct store_question out = {0};
    struct instant_range range = {span_of(from), span_of(to), span_of(every)};
    assert_null(instant_read_range(&out, &range, NOW));
    return out;
}

static void without_a_word_it_is_everything_day_by_day(void **state)
{
    (void)state;
    struct store_question out = read_range("", "", "");
    assert_int_equal(out.from_unix_ms, 0);
    assert_int_equal(out.to_unix_ms, MIDNIGHT + DAY);
    assert_int_equal(out.step_ms, DAY);
}

static void steps_are_whole(void **state)
{
    (void)state;
    struct store_question out =
        read_range("2026-11-20T09:40Z", "2026-11-20T10:20Z", "30m");
    assert_int_equal(out.from_unix_ms, MIDNIGHT + 9 * HOUR + 1800 * SECOND);
    assert_int_equal(out.to_unix_ms, MIDNIGHT + 10 * HOUR + 1800 * SECOND);
    out = read_range("2026-11-20T09:30Z", "2026-11-20T10:30Z", "30m");
    assert_int_equal(out.from_unix_ms, MIDNIGHT + 9 * HOUR + 1800 * SECOND);
    assert_int_equal(out.to_unix_ms, MIDNIGHT + 10 * HOUR + 1800 * SECOND);
    out = read_range("", "now", "1ms");
    assert_int_equal(out.to_unix_ms, NOW);
    out = read_range("", "", "1ms");
    assert_int_equal(out.to_unix_ms, NOW + 1); // with what came just now
    out = read_range("-", "+", "366d");
    assert_int_equal(out.from_unix_ms, 0);
    assert_true(out.to_unix_ms >= INT64_C(253402300800000));
}

static void the_last_day_is_part_of_a_range(void **state)
{
    (void)state;
    struct store_question out = read_range("2026-11-19", "2026-11-19", "1h");
    assert_int_equal(out.from_unix_ms, MIDNIGHT - DAY);
    assert_int_equal(out.to_unix_ms, MIDNIGHT);
}

static void what_is_no_range_is_refused_with_its_word(void **state)
{
    (void)state;
    const struct {
        const char *from;
        const char *to;
        const char *every;
        const char *begin; // of the sentence
    } rows[] = {
        {"x", "", "", "FROM takes a day"},
        {"", "x", "", "TO takes a day"},
        {"1900-01-01", "", "", "FROM takes a day"},
        {"", "", "x", "EVERY takes a step, which is a whole number"},
        {"", "", "60", "EVERY takes a step, which is a whole number"},
        {"", "", "0", "EVERY takes a step of 1ms to 366d"},
        {"", "", "0s", "EVERY takes a step of 1ms to 366d"},
        {"", "", "367d", "EVERY takes a step of 1ms to 366d"},
        {"", "", "99999999999999999999d", "EVERY takes a step of 1ms to 366d"},
        {"now", "-1h", "", "FROM is not before TO"},
        {"-1h", "-1h", "", "FROM is not before TO"},
        {"+", "", "", "FROM is not before TO"},
        {"2026-11-21", "", "", "FROM is not before TO"}, // tomorrow
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct store_question out = {0};
        struct instant_range range = {
            span_of(rows[i].from), span_of(rows[i].to), span_of(rows[i].every)};
        const char *error = instant_read_range(&out, &range, NOW);
        assert_non_null(error);
        assert_memory_equal(error, rows[i].begin, strlen(rows[i].begin));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(instants_are_read_in_every_form),
    cmocka_unit_test(a_day_is_all_of_it),
    cmocka_unit_test(what_is_no_instant_is_refused),
    cmocka_unit_test(times_of_no_exchange_are_refused),
    cmocka_unit_test(without_a_word_it_is_everything_day_by_day),
    cmocka_unit_test(steps_are_whole),
    cmocka_unit_test(the_last_day_is_part_of_a_range),
    cmocka_unit_test(what_is_no_range_is_refused_with_its_word),
};

TEST_MAIN(tests)
