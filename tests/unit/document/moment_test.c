/* SPDX-License-Identifier: Apache-2.0 */
/* A moment is read to the nanosecond or not at all. */
#include "document/moment.h"

#include "base/err.h"
#include "calendar/zone.h"
#include "testing/testing.h"

#define NONE INT64_MIN

static void assert_moment(const char *text, enum moment_form form,
                          const struct zone *zone, int64_t expected)
{
    int64_t unix_ns = NONE;
    bool is_read = moment_read(&unix_ns, span_of(text), form, zone);
    if (unix_ns != expected) {
        print_error("\"%s\": %lld\n", text, (long long)unix_ns);
    }
    assert_int_equal(unix_ns, expected);
    assert_int_equal(is_read, expected != NONE);
}

struct row {
    const char *text;
    int64_t ns;
};

#define S(seconds) (INT64_C(seconds) * 1000000000)

static void assert_all(const struct row *rows, size_t count,
                       enum moment_form form)
{
    for (size_t i = 0; i < count; i++) {
        assert_moment(rows[i].text, form, NULL, rows[i].ns);
    }
}

#define ASSERT_ALL(rows, form) \
    assert_all(rows, sizeof(rows) / sizeof((rows)[0]), form)

static void counts_since_1970_are_read(void **state)
{
    (void)state;
    static const struct row seconds[] = {
        {"1672261200", S(1672261200)},
        {" 1672261200 ", S(1672261200)},
        {"1672261200.5", S(1672261200) + 500000000},
        {"1672261200.000000001", NONE}, // more digits than a decimal holds
        {"1672261200.0000001", S(1672261200) + 100},
        {"1.6722612e9", S(1672261200)},
        {"1", S(1)},
        {"7258118399", S(7258118399)},
        {"7258118400", NONE},    // 2200
        {"1672261200000", NONE}, // milliseconds are no seconds
        {"0", NONE},
        {"0.0", NONE},
        {"-1672261200", NONE},
        {"18446744071500562816", NONE},
        {"9223372036854775808", NONE},
        {"1e18", NONE},
        {"1e400", NONE},
        {"", NONE},
        {"NA", NONE},
        {"2025-11-06", NONE},
    };
    static const struct row milliseconds[] = {
        {"1575526691134", S(1575526691) + 134000000},
        {"1575526691134.25", S(1575526691) + 134250000},
        {"1575526691", S(1575526) + 691000000},
        {"1575526691134000000", NONE},
        {"0", NONE},
    };
    static const struct row nanoseconds[] = {
        {"1605195918306274000", INT64_C(1605195918306274000)},
        {"1605195918507251701", INT64_C(1605195918507251701)},
        {"1.6051959183e18", NONE}, // beyond what a decimal holds
        {"7258118400000000000", NONE},
        {"1", 1},
        {"0.5", NONE}, // less than one is 0
        {"0", NONE},
    };
    ASSERT_ALL(seconds, MOMENT_UNIX_S);
    ASSERT_ALL(milliseconds, MOMENT_UNIX_MS);
    ASSERT_ALL(nanoseconds, MOMENT_UNIX_NS);
}

static void instants_of_iso_8601_are_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2025-02-26T20:59:57Z", S(1740603597)},
        {"2025-02-26T20:59:57.5Z", S(1740603597) + 500000000},
        {"2025-02-26T20:59:57.55Z", S(1740603597) + 550000000},
        {"2025-02-26T20:59:57.550Z", S(1740603597) + 550000000},
        {"2025-02-26T20:59:57.550854Z", S(1740603597) + 550854000},
        {"2025-02-26T20:59:57.550854527Z", S(1740603597) + 550854527},
        {"2025-02-26T20:59:57.000000001Z", S(1740603597) + 1},
        {"2025-02-26 20:59:57Z", S(1740603597)},
        {"2025-02-26T20:59Z", S(1740603540)},
        {"2020-11-25T21:00:00+00:00", S(1606338000)},
        {"2024-08-19T00:00:00+0000", S(1724025600)},
        {"2025-02-26T15:59:57-05:00", S(1740603597)},
        {"2025-02-26T15:59:57-0500", S(1740603597)},
        {"2025-02-27T02:29:57+05:30", S(1740603597)},
        {"2025-02-27T10:59:57+14:00", S(1740603597)},
        {"1969-12-31T23:59:59.75Z", -S(1) + 750000000},
        {"1900-01-01T00:00:00Z", -S(2208988800)},
        {"2199-12-31T23:59:59Z", S(7258118399)},
        // no offset, no instant
        {"2025-02-26T20:59:57", NONE},
        {"2025-02-26", NONE},
        {"2025-02-26Z", NONE},
        {"2025-02-26T20:59:57.Z", NONE},
        {"2025-02-26T20:59:57.5508545271Z", NONE},
        {"2025-02-26T20:59:57,5Z", NONE},
        {"2025-02-26t20:59:57z", NONE},
        {"2025-02-26T20:59:57Zx", NONE},
        {"2025-02-26T20:59:57+", NONE},
        {"2025-02-26T20:59:57+05", NONE},
        {"2025-02-26T20:59:57+05:", NONE},
        {"2025-02-26T20:59:57+15:00", NONE},
        {"2025-02-26T20:59:57+05:60", NONE},
        {"2025-02-26T24:00:00Z", NONE},
        {"2025-02-26T20:60:00Z", NONE},
        {"2025-02-26T20:59:60Z", NONE},
        {"2025-02-29T20:59:57Z", NONE},
        {"2025-2-26T20:59:57Z", NONE},
        {"25-02-26T20:59:57Z", NONE},
        {"+2025-02-26T20:59:57Z", NONE},
        {"2200-01-01T00:00:00Z", NONE},
        {"1899-12-31T23:59:59Z", NONE},
        {"", NONE},
    };
    ASSERT_ALL(rows, MOMENT_ISO);
}

static void days_are_midnight_in_utc(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2025-11-06", S(1762387200)},
        {" 2025-11-06 ", S(1762387200)},
        {"2024-02-29", S(1709164800)},
        {"2000-02-29", S(951782400)},
        {"1970-01-01", 0},
        {"2024-08-19T00:00:00+0000", S(1724025600)},
        {"2024-08-19 16:00", S(1724025600)},
        {"2025-02-30", NONE},
        {"2025-02-29", NONE},
        {"2100-02-29", NONE},
        {"2025-04-31", NONE},
        {"2025-00-10", NONE},
        {"2025-13-01", NONE},
        {"2025-11-00", NONE},
        {"2025-11-32", NONE},
        {"2025-1-06", NONE},
        {"06-11-2025", NONE},
        {"2025/11/06", NONE},
        {"2025-11-6", NONE},
        {"2025-11-066", NONE},
        {"2025-11-06x", NONE},
        {"2025-11", NONE},
        {"20251106", NONE},
        {"None", NONE},
        {"", NONE},
    };
    ASSERT_ALL(rows, MOMENT_DAY);
}

static void local_times_are_those_of_their_zone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        // summer and winter in New York
        {"2024-10-30 19:59:53.814", S(1730332793) + 814000000},
        {"2024-10-30T19:59:53", S(1730332793)},
        {"2025-01-09 15:59:57", S(1736456397)},
        {"2025-01-09 15:59", S(1736456340)},
        {"2025-01-09", NONE},
        {"2025-01-09 15:59:57Z", NONE},
        {"2025-01-09 15:59:57 EST", NONE},
        {"2025-01-09 25:59:57", NONE},
        {"2025-02-30 15:59:57", NONE},
        {"N/D N/D", NONE},
        // the hour that is twice is the first of the two, the one that is not
        // there is counted on: calendar/zone.h
        {"2024-11-03 01:30:00", S(1730611800)},
        {"2024-03-10 02:30:00", S(1710055800)},
    };
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    assert_int_equal(
        zone_create(&zone, ZONE_FOLDER, span_of("America/New_York"), error), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_moment(rows[i].text, MOMENT_LOCAL, zone, rows[i].ns);
        assert_moment(rows[i].text, MOMENT_LOCAL, NULL, NONE);
    }
    zone_destroy(&zone);
}

/* Every cut of a good text, and every byte of it changed, is read or refused,
 * and never past the end. */
static void spoilt_texts_break_nothing(void **state)
{
    (void)state;
    static const char good[] = "2025-02-26T20:59:57.550854527+05:30";
    static const char bytes[] = {'\0', '9', '-', ' ', 'Z', '\xff'};
    for (size_t len = 0; len < sizeof(good); len++) {
        for (size_t at = 0; at < len; at++) {
            for (size_t i = 0; i < sizeof(bytes); i++) {
                char *text = test_malloc(len);
                memcpy(text, good, len);
                text[at] = bytes[i];
                for (int form = MOMENT_UNIX_S; form <= MOMENT_LOCAL; form++) {
                    int64_t ns;
                    moment_read(&ns, (struct span){text, len},
                                (enum moment_form)form, NULL);
                }
                test_free(text);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_since_1970_are_read),
    cmocka_unit_test(instants_of_iso_8601_are_read),
    cmocka_unit_test(days_are_midnight_in_utc),
    cmocka_unit_test(local_times_are_those_of_their_zone),
    cmocka_unit_test(spoilt_texts_break_nothing),
};

TEST_MAIN(tests)
