/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_test.c -- each form of a setting takes what it allows, at both ends of
 * its range and not beyond, and prints what it took.
 */
#include "conf/value.h"

#include "base/err.h"
#include "conf/conf.h"
#include "testing/testing.h"

struct fixture {
    struct conf conf;
    struct conf_provider provider;
};

static int start(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    *state = f;
    return f != NULL ? 0 : -1;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < option_table()->count; i++) {
        value_clear(&f->conf, &option_table()->rows[i]);
    }
    for (size_t i = 0; i < option_table_of_provider()->count; i++) {
        value_clear(&f->provider, &option_table_of_provider()->rows[i]);
    }
    mem_free(f);
    return 0;
}

/* Set a key of the server or, with a dot in front, of the provider. */
static int set(struct fixture *f, const char *key, const char *text)
{
    bool is_of_provider = key[0] == '.';
    const struct option *option = option_find(
        is_of_provider ? option_table_of_provider() : option_table(),
        span_of(key + is_of_provider));
    assert_non_null(option);
    void *base = is_of_provider ? (void *)&f->provider : (void *)&f->conf;
    int err = value_set(base, option, span_of(text));
    return err;
}

static void assert_prints(struct fixture *f, const char *key, const char *text)
{
    bool is_of_provider = key[0] == '.';
    const struct option *option = option_find(
        is_of_provider ? option_table_of_provider() : option_table(),
        span_of(key + is_of_provider));
    char printed[VALUE_TEXT_SIZE];
    void *base = is_of_provider ? (void *)&f->provider : (void *)&f->conf;
    value_print(printed, base, option);
    assert_string_equal(printed, text);
}

static void durations_need_units_and_keep_to_their_range(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, "cache.fresh_for", "99ms"), ERR_RANGE);
    assert_int_equal(set(f, "cache.fresh_for", "100ms"), 0);
    assert_int_equal(f->conf.cache.fresh_for_ms, 100);
    assert_int_equal(set(f, "cache.fresh_for", "7d"), 0);
    assert_int_equal(f->conf.cache.fresh_for_ms, 7 * 86400000);
    assert_int_equal(set(f, "cache.fresh_for", "604800001ms"), ERR_RANGE);
    assert_int_equal(set(f, "cache.fresh_for", "0"), ERR_RANGE);
    assert_int_equal(set(f, "cache.fresh_for", "60"), ERR_SYNTAX);
    assert_int_equal(set(f, "cache.fresh_for", "1.5s"), ERR_SYNTAX);
    assert_int_equal(set(f, "cache.fresh_for", "-1s"), ERR_SYNTAX);
    assert_int_equal(set(f, "cache.fresh_for", " 1s"), ERR_SYNTAX);
    assert_int_equal(set(f, "cache.fresh_for", ""), ERR_SYNTAX);
    assert_prints(f, "cache.fresh_for", "7d"); // as it was
    assert_int_equal(set(f, "cache.fresh_for", "90s"), 0);
    assert_prints(f, "cache.fresh_for", "90s");
    assert_int_equal(set(f, "cache.stale_for", "0"), 0);
    assert_prints(f, "cache.stale_for", "0");
}

static void zero_can_be_allowed_below_the_range(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, "limits.idle_for", "0"), 0);
    assert_prints(f, "limits.idle_for", "0");
    assert_int_equal(set(f, "limits.idle_for", "0s"), 0);
    assert_int_equal(set(f, "limits.idle_for", "999ms"), ERR_RANGE);
    assert_int_equal(set(f, "limits.idle_for", "1s"), 0);
    assert_int_equal(set(f, "limits.idle_for", "30d"), 0);
    assert_int_equal(set(f, "limits.idle_for", "31d"), ERR_RANGE);
}

static void sizes_keep_to_their_range(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, "limits.request_bytes", "1023B"), ERR_RANGE);
    assert_int_equal(set(f, "limits.request_bytes", "1KiB"), 0);
    assert_int_equal(set(f, "limits.request_bytes", "16MiB"), 0);
    assert_int_equal(f->conf.limits.request_bytes_max, 16 << 20);
    assert_int_equal(set(f, "limits.request_bytes", "17MiB"), ERR_RANGE);
    assert_int_equal(set(f, "limits.request_bytes", "64KB"), ERR_SYNTAX);
    assert_int_equal(set(f, "limits.request_bytes", "65536"), ERR_SYNTAX);
    assert_int_equal(set(f, "limits.output_bytes", "15KiB"), ERR_RANGE);
    assert_int_equal(set(f, "limits.output_bytes", "16KiB"), 0);
    assert_int_equal(set(f, "limits.output_bytes", "64MiB"), 0);
    assert_int_equal(set(f, "limits.output_bytes", "65MiB"), ERR_RANGE);
    assert_prints(f, "limits.output_bytes", "64MiB");
}

static void counts_keep_to_their_range(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key;
        const char *lowest;
        const char *highest;
        const char *above;
    } rows[] = {
        {"server.workers", "0", "63", "64"},
        {"cache.symbols_max", "1", "1048576", "1048577"},
        {"fetch.calls_max", "1", "1024", "1025"},
        {"fetch.flights_max", "1", "1000000", "1000001"},
        {"limits.connections", "1", "1000000", "1000001"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(set(f, rows[i].key, rows[i].lowest), 0);
        assert_prints(f, rows[i].key, rows[i].lowest);
        assert_int_equal(set(f, rows[i].key, rows[i].highest), 0);
        assert_prints(f, rows[i].key, rows[i].highest);
        assert_int_equal(set(f, rows[i].key, rows[i].above), ERR_RANGE);
        assert_int_equal(set(f, rows[i].key, "-1"), ERR_SYNTAX);
        assert_int_equal(set(f, rows[i].key, "1e3"), ERR_SYNTAX);
        assert_int_equal(set(f, rows[i].key, "0x10"), ERR_SYNTAX);
        assert_int_equal(set(f, rows[i].key, "99999999999999999999"),
                         ERR_RANGE);
    }
    assert_int_equal(set(f, "cache.symbols_max", "0"), ERR_RANGE);
}

static void choices_are_taken_exactly(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, "log.level", "debug"), 0);
    assert_int_equal(set(f, "log.level", "error"), 0);
    assert_prints(f, "log.level", "error");
    assert_int_equal(set(f, "log.level", "ERROR"), ERR_SYNTAX);
    assert_int_equal(set(f, "log.level", "err"), ERR_SYNTAX);
    assert_int_equal(set(f, "log.level", ""), ERR_SYNTAX);
    assert_int_equal(set(f, "log.level", "info|error"), ERR_SYNTAX);
    assert_prints(f, "log.level", "error");
}

static void texts_are_short_utf8_without_control_characters(void **state)
{
    struct fixture *f = *state;
    char text[80];
    memset(text, 'x', sizeof(text));
    text[65] = '\0';
    assert_int_equal(set(f, "server.id", text), ERR_RANGE);
    text[64] = '\0';
    assert_int_equal(set(f, "server.id", text), 0);
    assert_int_equal(set(f, "server.id", ""), 0);
    assert_int_equal(set(f, "server.id", "Z\xc3\xbcrich 1"), 0);
    assert_prints(f, "server.id", "Z\xc3\xbcrich 1");
    assert_int_equal(set(f, "server.id", "a\nb"), ERR_SYNTAX);
    assert_int_equal(set(f, "server.id", "a\x7f"), ERR_SYNTAX);
    assert_int_equal(set(f, "server.id", "\xff"), ERR_SYNTAX);
    const struct option *id = option_find(option_table(), span_of("server.id"));
    assert_int_equal(value_set(&f->conf, id, (struct span){"a\0b", 3}),
                     ERR_SYNTAX);
    assert_prints(f, "server.id", "Z\xc3\xbcrich 1");
}

static void addresses_are_checked_by_their_form(void **state)
{
    struct fixture *f = *state;
    static const char *const good[] = {
        "127.0.0.1:7400", "*:7400",   "[::1]:0",       "localhost:65535",
        "a-b.c_d:1",      "unix:/a",  "unix:/run/a b", "[fe80::1]:80",
        "0.0.0.0:1,*:2",  "a:1, b:2",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set(f, "server.listen", good[i]), 0);
    }
    assert_prints(f, "server.listen", "a:1,b:2");
    static const char *const bad[] = {
        "7400",    ":7400",  "host",   "host:",       "host:65536",
        "host:1x", "::1:80", "[::1]",  "[]:80",       "[::1]80",
        "unix:",   "unix:/", "unix:a", "http://a:80", "a b:80",
        "a:1,",    "*",      ",a:1",   "a:000000080", "unix:/a\nb",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (set(f, "server.listen", bad[i]) != ERR_SYNTAX) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_prints(f, "server.listen", "a:1,b:2");
}

static void lists_hold_1_to_16(void **state)
{
    struct fixture *f = *state;
    char text[17 * 4 + 1] = "";
    for (size_t i = 0; i < 16; i++) {
        memcpy(text + 4 * i, "a:1,", 5);
    }
    text[16 * 4 - 1] = '\0';
    assert_int_equal(set(f, "server.listen", text), 0);
    assert_int_equal(f->conf.server.listen.count, 16);
    text[16 * 4 - 1] = ',';
    memcpy(text + 16 * 4, "a:1", 4);
    assert_int_equal(set(f, "server.listen", text), ERR_RANGE);
    assert_int_equal(set(f, "server.listen", ""), ERR_SYNTAX);
    assert_int_equal(f->conf.server.listen.count, 16);
}

/* The longest list that can be set can be printed. */
static void longest_list_is_printed(void **state)
{
    struct fixture *f = *state;
    static char text[17 * 128];
    memset(text, 'h', sizeof(text));
    for (size_t i = 0; i < 16; i++) {
        memcpy(text + 128 * i + 125, ":1,", 3);
    }
    text[16 * 128 - 1] = '\0';
    assert_int_equal(set(f, "server.listen", text), 0);
    assert_prints(f, "server.listen", text);
    text[0] = 'h';
    text[127] = 'h'; // one address of 128 and more
    assert_int_equal(set(f, "server.listen", text), ERR_SYNTAX);
}

static void pages_are_told_by_their_origins(void **state)
{
    static const char *const good[] = {
        "",
        "*",
        "null",
        "https://a.example",
        "https://a.example http://localhost:8080 http://[::1]:80",
        " https://a.example  https://b.example ",
        "moz-extension://0f-1",
    };
    static const char *const bad[] = {
        "a.example",
        "https://a.example, https://b.example",
        "https://a.example,https://b.example",
        "https://a.example/",
        "https://a.example/page",
        "https://a.example:x",
        "https://",
        "://a.example",
        "https:/a.example",
        "https://*.example",
        "https://u:p@a.example",
        "* https://a.example",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set(f, "http.cors_origins", good[i]), 0);
        assert_prints(f, "http.cors_origins", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (set(f, "http.cors_origins", bad[i]) != ERR_SYNTAX) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void urls_are_origins(void **state)
{
    struct fixture *f = *state;
    static const char *const good[] = {
        "http://127.0.0.1:7401",
        "https://www.alphavantage.co",
        "http://[::1]:80",
        "http://market",
        "file:///var/lib/prices.csv",
        "",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(set(f, ".url", good[i]), 0);
        assert_prints(f, ".url", good[i]);
    }
    assert_int_equal(set(f, ".url", "https://host:8443/"), 0);
    assert_prints(f, ".url", "https://host:8443");
    static const char *const bad[] = {
        "host:80",        "ftp://host", "http://",      "http:///",
        "http://a/b",     "http://a//", "http://u:p@a", "http://u@a",
        "http://a?b=c",   "http://a#b", "http://a:",    "http://a:x",
        "http://a:99999", "http://a b", "HTTP://a",     "http://[::1",
        "http://*",       "/",          "file://",      "file:///",
        "file://host/a",  "file:a",     "file:///a b",  "FILE:///a",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (set(f, ".url", bad[i]) != ERR_SYNTAX) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_prints(f, ".url", "https://host:8443");
}

static void provider_names_are_plain(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, ".name", "alphavantage"), 0);
    assert_int_equal(set(f, ".name", "twelve-data_2"), 0);
    assert_int_equal(set(f, ".name", "abcdefghijklmnopqrstuvw"), 0); // 23
    assert_int_equal(set(f, ".name", "abcdefghijklmnopqrstuvwx"), ERR_RANGE);
    assert_int_equal(set(f, ".name", ""), ERR_RANGE);
    assert_int_equal(set(f, ".name", "AlphaVantage"), ERR_SYNTAX);
    assert_int_equal(set(f, ".name", "../etc"), ERR_SYNTAX);
    assert_int_equal(set(f, ".timeout", "99ms"), ERR_RANGE);
    assert_int_equal(set(f, ".timeout", "100ms"), 0);
    assert_int_equal(set(f, ".timeout", "60s"), 0);
    assert_int_equal(set(f, ".timeout", "61s"), ERR_RANGE);
}

static void ranges_are_told(void **state)
{
    (void)state;
    char text[VALUE_ALLOWED_SIZE];
    value_print_range(text,
                      option_find(option_table(), span_of("cache.fresh_for")));
    assert_string_equal(text, "100ms to 7d");
    value_print_range(text, option_find(option_table(), span_of("log.level")));
    assert_string_equal(text, "debug, info, warning or error");
    value_print_range(text, option_find(option_table(), span_of("log.format")));
    assert_string_equal(text, "logfmt or json");
    value_print_range(text,
                      option_find(option_table(), span_of("limits.idle_for")));
    assert_string_equal(text, "0, or 1s to 30d");
}

static void oom_keeps_the_old_value(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(set(f, "server.listen", "a:1,b:2"), 0);
    assert_int_equal(set(f, "server.id", "old"), 0);
    TESTING_EACH_ALLOCATION(n)
    {
        int err = set(f, "server.listen", "c:3,d:4");
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_prints(f, "server.listen", err == 0 ? "c:3,d:4" : "a:1,b:2");
    }
    TESTING_EACH_ALLOCATION(n)
    {
        int err = set(f, "server.id", "new");
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_prints(f, "server.id", err == 0 ? "new" : "old");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

static const struct CMUnitTest tests[] = {
    TEST(durations_need_units_and_keep_to_their_range),
    TEST(zero_can_be_allowed_below_the_range),
    TEST(sizes_keep_to_their_range),
    TEST(counts_keep_to_their_range),
    TEST(choices_are_taken_exactly),
    TEST(texts_are_short_utf8_without_control_characters),
    TEST(addresses_are_checked_by_their_form),
    TEST(lists_hold_1_to_16),
    TEST(longest_list_is_printed),
    TEST(urls_are_origins),
    TEST(pages_are_told_by_their_origins),
    TEST(provider_names_are_plain),
    TEST(ranges_are_told),
    TEST(oom_keeps_the_old_value),
};

TEST_MAIN(tests)
