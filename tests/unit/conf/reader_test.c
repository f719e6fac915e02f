/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader_test.c -- the settings file: every form that is allowed, and for every
 * other one a line that says where, what was found and what is allowed.
 */
#include "conf/reader.h"

#include <stdio.h>

#include "base/units.h"
#include "loading.h"

static void assert_file_refused(const char *text, const char *message)
{
    assert_refused(text, NULL, NULL, ERR_SYNTAX, message);
}

static void every_section_is_read(void **state)
{
    (void)state;
    struct conf *conf = load_good("server:\n"
                                  "  id: one\n"
                                  "  listen:\n"
                                  "    - 127.0.0.1:7400\n"
                                  "    - \"*:7401\"\n"
                                  "    - unix:/run/quoted.sock\n"
                                  "  workers: 4\n"
                                  "cache:\n"
                                  "  fresh_for: 30s\n"
                                  "  stale_for: 2h\n"
                                  "  unknown_for: 5m\n"
                                  "  symbols_max: 1000\n"
                                  "fetch:\n"
                                  "  retry_after: 1s\n"
                                  "  calls_max: 8\n"
                                  "  flights_max: 100\n"
                                  "limits:\n"
                                  "  connections: 50\n"
                                  "  request_bytes: 2KiB\n"
                                  "  output_bytes: 2MiB\n"
                                  "  idle_for: 10m\n"
                                  "log:\n"
                                  "  level: debug\n"
                                  "  format: json\n"
                                  "names: /etc/quoted/names.csv\n"
                                  "providers:\n"
                                  "  - name: alphavantage\n"
                                  "    key_file: /run/secrets/key\n"
                                  "  - name: market\n"
                                  "    url: http://127.0.0.1:7401\n"
                                  "    timeout: 250ms\n",
                                  NULL, NULL);
    assert_string_equal(conf->server.id, "one");
    assert_int_equal(conf->server.listen.count, 3);
    assert_string_equal(conf->server.listen.items[1], "*:7401");
    assert_string_equal(conf->server.listen.items[2], "unix:/run/quoted.sock");
    assert_int_equal(conf->server.workers, 4);
    assert_int_equal(conf->cache.fresh_for_ms, 30000);
    assert_int_equal(conf->cache.stale_for_ms, 7200000);
    assert_int_equal(conf->cache.unknown_for_ms, 300000);
    assert_int_equal(conf->cache.symbols_max, 1000);
    assert_int_equal(conf->fetch.retry_after_ms, 1000);
    assert_int_equal(conf->fetch.calls_max, 8);
    assert_int_equal(conf->fetch.flights_max, 100);
    assert_int_equal(conf->limits.connections_max, 50);
    assert_int_equal(conf->limits.request_bytes_max, 2048);
    assert_int_equal(conf->limits.output_bytes_max, 2 << 20);
    assert_int_equal(conf->limits.idle_for_ms, 600000);
    assert_string_equal(conf->log.level, "debug");
    assert_string_equal(conf->log.format, "json");
    assert_string_equal(conf->names, "/etc/quoted/names.csv");
    assert_int_equal(conf->providers_count, 2);
    assert_string_equal(conf->providers[0].name, "alphavantage");
    assert_string_equal(conf->providers[0].key_file, "/run/secrets/key");
    assert_string_equal(conf->providers[0].url, "");
    assert_int_equal(conf->providers[0].timeout_ms, 5000);
    assert_string_equal(conf->providers[1].url, "http://127.0.0.1:7401");
    assert_int_equal(conf->providers[1].timeout_ms, 250);
    conf_destroy(&conf);
    assert_null(conf);
}

static void lists_can_be_one_line(void **state)
{
    (void)state;
    struct conf *conf = load_good("server: {listen: [a:1, b:2]}", NULL, NULL);
    assert_int_equal(conf->server.listen.count, 2);
    conf_destroy(&conf);
    conf = load_good("server: {listen: a:1}", NULL, NULL);
    assert_int_equal(conf->server.listen.count, 1);
    conf_destroy(&conf);
}

/* What is left when everything in a section is commented out. */
static void blank_sections_are_allowed(void **state)
{
    (void)state;
    struct conf *conf = load_good("server:\n"
                                  "  # id: one\n"
                                  "cache:\n"
                                  "providers:\n"
                                  "names:\n",
                                  NULL, NULL);
    assert_int_equal(conf->cache.fresh_for_ms, 60000);
    assert_string_equal(conf->names, "");
    assert_int_equal(conf->providers_count, 0);
    conf_destroy(&conf);
}

static void wrong_values_are_told_with_their_line(void **state)
{
    (void)state;
    assert_file_refused(
        "cache:\n  fresh_for: 60\n",
        "quoted.yaml:2: cache.fresh_for: found \"60\"; "
        "allowed: 100ms to 7d, written as " UNITS_DURATION_FORM);
    assert_refused("cache:\n\n  fresh_for: 8d\n", NULL, NULL, ERR_RANGE,
                   "quoted.yaml:3: cache.fresh_for: found \"8d\"; "
                   "allowed: 100ms to 7d, written as " UNITS_DURATION_FORM);
    assert_file_refused("limits:\n  request_bytes: 64\n",
                        "quoted.yaml:2: limits.request_bytes: found \"64\"; "
                        "allowed: 1KiB to 16MiB, written as " UNITS_SIZE_FORM);
    assert_file_refused("log:\n  level: trace\n",
                        "quoted.yaml:2: log.level: found \"trace\"; allowed: "
                        "debug, info, warning or error");
    assert_file_refused("server:\n  listen:\n    - a:1\n    - 7400\n",
                        "quoted.yaml:2: server.listen: found \"a:1,7400\"; "
                        "allowed: 1 to 16 addresses, each host:port, "
                        "[ipv6]:port, *:port or unix:/absolute/path");
    assert_file_refused("http:\n  cors_origins: [\"https://a.example\"]\n",
                        "quoted.yaml:2: http.cors_origins: found a list; "
                        "allowed: 0 to 1024 bytes of origins with spaces "
                        "between, each scheme://host or scheme://host:port, or "
                        "*");
    assert_file_refused("server:\n  listen: []\n",
                        "quoted.yaml:2: server.listen: found \"\"; allowed: 1 "
                        "to 16 addresses, each host:port, [ipv6]:port, *:port "
                        "or unix:/absolute/path");
    assert_refused("server:\n  workers: 65\n", NULL, NULL, ERR_RANGE,
                   "quoted.yaml:2: server.workers: found \"65\"; allowed: 0 "
                   "to 63");
}

static void wrong_kinds_are_told(void **state)
{
    (void)state;
    assert_file_refused("- a\n",
                        "quoted.yaml:1: found a list; allowed: a map, such as "
                        "\"cache:\" and, indented below it, \"fresh_for: "
                        "60s\"");
    assert_file_refused("cache: 60s\n",
                        "quoted.yaml:1: cache: found \"60s\"; allowed: a map "
                        "of fresh_for, stale_for, unknown_for, symbols_max");
    assert_file_refused("log:\n  level: [info]\n",
                        "quoted.yaml:2: log.level: found a list; allowed: "
                        "debug, info, warning or error");
    assert_file_refused("log:\n  level: {info: 1}\n",
                        "quoted.yaml:2: log.level: found a map; allowed: "
                        "debug, info, warning or error");
    assert_file_refused("server:\n  listen: [[a:1]]\n",
                        "quoted.yaml:2: server.listen: found a list; allowed: "
                        "a word as item of the list");
    assert_file_refused(
        "providers: market\n",
        "quoted.yaml:1: providers: found \"market\"; allowed: "
        "a list (\"- name: ...\"), each item with a name and, "
        "as needed, description, url, key_file, timeout, limits and markets");
    assert_file_refused("providers:\n  - market\n",
                        "quoted.yaml:2: providers.0: found \"market\"; "
                        "allowed: a name and, as needed, description, url, "
                        "key_file, timeout, limits and markets");
}

static void unknown_keys_are_told_with_what_was_meant(void **state)
{
    (void)state;
    assert_file_refused("cache:\n  fresh_for: 60s\n  stalefor: 1h\n",
                        "quoted.yaml:3: cache.stalefor: no such setting; did "
                        "you mean cache.stale_for?");
    assert_file_refused("fresh_for: 60s\n",
                        "quoted.yaml:1: fresh_for: no such setting; did you "
                        "mean cache.fresh_for?");
    assert_file_refused("cache:\n  ttl: 60s\n",
                        "quoted.yaml:2: cache.ttl: no such setting; there are "
                        "fresh_for, stale_for, unknown_for, symbols_max");
    assert_file_refused("database:\n  url: x\n",
                        "quoted.yaml:1: database: no such setting; "
                        "quoted.yaml(5) lists them");
    assert_file_refused("cache.fresh_for: 60s\n",
                        "quoted.yaml:1: cache.fresh_for: in a file this is "
                        "\"fresh_for:\", indented, below \"cache:\"");
    assert_file_refused("providers:\n  - name: x\n    time_out: 1s\n",
                        "quoted.yaml:3: providers.0.time_out: no such "
                        "setting; did you mean providers.0.timeout?");
    assert_file_refused(
        "providers:\n  - name: x\n    retries: 3\n",
        "quoted.yaml:3: providers.0.retries: no such setting; "
        "there are name, description, url, key_file, timeout, limits, "
        "markets");
}

static void keys_of_providers_are_not_shown(void **state)
{
    (void)state;
    static const char *const words[] = {"key", "apikey", "api_key", "token"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char text[128];
        char error[CONF_ERROR_SIZE];
        struct conf *conf;
        snprintf(text, sizeof(text), "providers: [{name: x, %s: SECRET}]",
                 words[i]);
        assert_int_equal(load(&conf, text, NULL, NULL, error), ERR_SYNTAX);
        assert_null(strstr(error, "SECRET"));
        assert_non_null(strstr(error, "key_file"));
    }
}

static void passwords_in_urls_are_not_shown(void **state)
{
    (void)state;
    assert_file_refused("providers:\n  - name: x\n    url: http://u:PW@host\n",
                        "quoted.yaml:3: providers.0.url: found another form; "
                        "allowed: http://host:port, https://host:port or "
                        "file:///path, without user, password or path");
}

static void keys_in_place_of_their_files_are_not_shown(void **state)
{
    (void)state;
    assert_file_refused("providers:\n  - name: x\n    key_file: |\n"
                        "      SECRET\n      SECRET\n",
                        "quoted.yaml:3: providers.0.key_file: found another "
                        "form; allowed: 0 to 4095 bytes of UTF-8 without "
                        "control characters");
}

static void providers_have_names_and_different_ones(void **state)
{
    (void)state;
    assert_file_refused("providers:\n  - name: x\n  - url: http://y\n",
                        "quoted.yaml:3: providers.1: found no name; a provider "
                        "needs one, such as \"name: alphavantage\"");
    assert_file_refused("providers:\n\n  - {}\n",
                        "quoted.yaml:3: providers.0: found no name; a provider "
                        "needs one, such as \"name: alphavantage\"");
    assert_file_refused("providers:\n  - name: x\n  - name: y\n  - name: x\n",
                        "quoted.yaml:4: providers.2: found the name \"x\"; "
                        "that is the name of providers.0 already");
}

static void providers_are_16_at_most(void **state)
{
    (void)state;
    char text[17 * 16 + 32] = "providers:\n";
    for (int i = 0; i < 16; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "- name: p%d\n", i);
    }
    struct conf *conf = load_good(text, NULL, NULL);
    assert_int_equal(conf->providers_count, 16);
    conf_destroy(&conf);
    size_t len = strlen(text);
    snprintf(text + len, sizeof(text) - len, "- name: p16\n");
    assert_refused(text, NULL, NULL, ERR_RANGE,
                   "quoted.yaml:1: providers: found 17 items; allowed: at most "
                   "16");
}

static void yaml_errors_have_the_file_and_line(void **state)
{
    (void)state;
    assert_file_refused("a: 1\na: 2\n", "quoted.yaml:2: \"a\" stands here and "
                                        "in line 1 already");
    char error[CONF_ERROR_SIZE];
    struct conf *conf;
    assert_int_equal(load(&conf, "a: [\n", NULL, NULL, error), ERR_SYNTAX);
    assert_int_equal(strncmp(error, "quoted.yaml:2: not YAML: ", 25), 0);
}

static void errors_are_one_printable_line(void **state)
{
    (void)state;
    assert_file_refused("log:\n  level: \"a\\nb\\e[31m\"\n",
                        "quoted.yaml:2: log.level: found \"a?b?[31m\"; "
                        "allowed: debug, info, warning or error");
    assert_file_refused("\"a\\nb\": 1\n", "quoted.yaml:1: a?b: no such "
                                          "setting; quoted.yaml(5) lists them");
}

/* However long path, key and value are, place and cause are not cut off. */
static void long_texts_are_cut(void **state)
{
    (void)state;
    char path[2000];
    memset(path, 'p', sizeof(path));
    memcpy(path + sizeof(path) - 6, ".yaml", 6);
    char text[4000] = "cache:\n  fresh_for: ";
    memset(text + strlen(text), 'v', 3000);
    struct conf_sources sources = {.file = path, .file_text = span_of(text)};
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    assert_int_equal(conf_load(&conf, &sources, error), ERR_SYNTAX);
    assert_int_equal(strncmp(error, "...ppp", 6), 0);
    assert_non_null(strstr(error, "p.yaml:2: cache.fresh_for: found \"vvv"));
    assert_non_null(strstr(error, UNITS_DURATION_FORM));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_section_is_read),
    cmocka_unit_test(lists_can_be_one_line),
    cmocka_unit_test(blank_sections_are_allowed),
    cmocka_unit_test(wrong_values_are_told_with_their_line),
    cmocka_unit_test(wrong_kinds_are_told),
    cmocka_unit_test(unknown_keys_are_told_with_what_was_meant),
    cmocka_unit_test(keys_of_providers_are_not_shown),
    cmocka_unit_test(passwords_in_urls_are_not_shown),
    cmocka_unit_test(keys_in_place_of_their_files_are_not_shown),
    cmocka_unit_test(providers_have_names_and_different_ones),
    cmocka_unit_test(providers_are_16_at_most),
    cmocka_unit_test(yaml_errors_have_the_file_and_line),
    cmocka_unit_test(errors_are_one_printable_line),
    cmocka_unit_test(long_texts_are_cut),
};

TEST_MAIN(tests)
