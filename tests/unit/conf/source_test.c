/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_test.c -- settings of the environment and of --set flags.
 */
#include "conf/source.h"

#include "base/units.h"
#include "loading.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void every_key_can_come_from_the_environment(void **state)
{
    (void)state;
    struct conf *conf = load_good(
        NULL,
        LIST("PATH=/bin", "QUOTED_SERVER_ID=one",
             "QUOTED_SERVER_LISTEN=a:1,unix:/b", "QUOTED_CACHE_FRESH_FOR=30s",
             "QUOTED_LIMITS_REQUEST_BYTES=2KiB", "QUOTED_NAMES=/n",
             "QUOTED_LOG_LEVEL=error", "quoted_log_level=x", "ODD"),
        NULL);
    assert_string_equal(conf->server.id, "one");
    assert_int_equal(conf->server.listen.count, 2);
    assert_string_equal(conf->server.listen.items[1], "unix:/b");
    assert_int_equal(conf->cache.fresh_for_ms, 30000);
    assert_int_equal(conf->limits.request_bytes_max, 2048);
    assert_string_equal(conf->names, "/n");
    assert_string_equal(conf->log.level, "error");
    conf_destroy(&conf);
}

static void every_key_can_come_from_a_flag(void **state)
{
    (void)state;
    struct conf *conf =
        load_good(NULL, NULL,
                  LIST("server.id=a=b", "server.listen=a:1,unix:/b",
                       "cache.fresh_for=30s", "cache.fresh_for=40s", "names="));
    assert_string_equal(conf->server.id, "a=b");
    assert_int_equal(conf->server.listen.count, 2);
    assert_int_equal(conf->cache.fresh_for_ms, 40000); // the later wins
    assert_string_equal(conf->names, "");
    conf_destroy(&conf);
}

static void elements_of_providers_have_numbers(void **state)
{
    (void)state;
    struct conf *conf =
        load_good("providers: [{name: a}]",
                  LIST("QUOTED_PROVIDERS_2_NAME=c", "QUOTED_PROVIDERS_1_NAME=b",
                       "QUOTED_PROVIDERS_0_URL=http://x",
                       "QUOTED_PROVIDERS_1_KEY_FILE=/k"),
                  LIST("providers.1.timeout=1s", "providers.3.name=d"));
    assert_int_equal(conf->providers_count, 4);
    assert_string_equal(conf->providers[0].name, "a");
    assert_string_equal(conf->providers[0].url, "http://x");
    assert_string_equal(conf->providers[1].name, "b");
    assert_string_equal(conf->providers[1].key_file, "/k");
    assert_int_equal(conf->providers[1].timeout_ms, 1000);
    assert_string_equal(conf->providers[2].name, "c");
    assert_string_equal(conf->providers[3].name, "d");
    assert_int_equal(conf->providers[3].timeout_ms, 5000);
    conf_destroy(&conf);
}

static void gaps_between_providers_are_refused(void **state)
{
    (void)state;
    assert_refused(NULL, NULL, LIST("providers.1.name=a"), ERR_SYNTAX,
                   "providers.0: found no name; a provider needs one, such as "
                   "\"name: alphavantage\"");
    assert_refused(NULL, LIST("QUOTED_PROVIDERS_0_URL=http://x"), NULL,
                   ERR_SYNTAX,
                   "providers.0: found no name; a provider needs one, such as "
                   "\"name: alphavantage\"");
    assert_refused(NULL, NULL, LIST("providers.16.name=a"), ERR_RANGE,
                   "--set providers.16.name: found provider 16; allowed: 0 to "
                   "15");
    struct conf *conf;
    char error[CONF_ERROR_SIZE];
    assert_int_equal(load(&conf, NULL,
                          LIST("QUOTED_PROVIDERS_18446744073709551615_NAME=x"),
                          NULL, error),
                     ERR_RANGE);
    assert_int_equal(load(&conf, NULL,
                          LIST("QUOTED_PROVIDERS_18446744073709551616_NAME=x"),
                          NULL, error),
                     ERR_SYNTAX);
}

static void wrong_values_name_the_variable(void **state)
{
    (void)state;
    assert_refused(NULL, LIST("QUOTED_CACHE_FRESH_FOR=60"), NULL, ERR_SYNTAX,
                   "environment QUOTED_CACHE_FRESH_FOR: found \"60\"; allowed: "
                   "100ms to 7d, written as " UNITS_DURATION_FORM);
    assert_refused(NULL, LIST("QUOTED_SERVER_WORKERS=65"), NULL, ERR_RANGE,
                   "environment QUOTED_SERVER_WORKERS: found \"65\"; allowed: "
                   "0 to 63");
    assert_refused(NULL, LIST("QUOTED_PROVIDERS_0_URL=http://u:PW@h"), NULL,
                   ERR_SYNTAX,
                   "environment QUOTED_PROVIDERS_0_URL: found another form; "
                   "allowed: http://host:port, https://host:port or "
                   "file:///path, without user, password or path");
}

static void wrong_values_name_the_flag(void **state)
{
    (void)state;
    assert_refused(NULL, NULL, LIST("log.level=x"), ERR_SYNTAX,
                   "--set log.level: found \"x\"; allowed: debug, info, "
                   "warning or error");
    assert_refused(NULL, NULL, LIST("log.level"), ERR_SYNTAX,
                   "--set log.level: found no value; allowed: --set "
                   "key=value");
    assert_refused(NULL, NULL, LIST(""), ERR_SYNTAX,
                   "--set : found no value; allowed: --set key=value");
    assert_refused(NULL, NULL, LIST("=x"), ERR_SYNTAX,
                   "--set : no such setting; quoted.yaml(5) lists them");
}

static void unknown_variables_are_told_with_what_was_meant(void **state)
{
    (void)state;
    assert_refused(NULL, LIST("QUOTED_CACHE_FRESHFOR=1s"), NULL, ERR_SYNTAX,
                   "environment QUOTED_CACHE_FRESHFOR: no such setting; did "
                   "you mean QUOTED_CACHE_FRESH_FOR?");
    assert_refused(NULL, LIST("QUOTED_Cache_Fresh_For=1s"), NULL, ERR_SYNTAX,
                   "environment QUOTED_Cache_Fresh_For: no such setting; did "
                   "you mean QUOTED_CACHE_FRESH_FOR?");
    assert_refused(NULL, LIST("QUOTED_SECRET=hush"), NULL, ERR_SYNTAX,
                   "environment QUOTED_SECRET: no such setting; "
                   "quoted.yaml(5) lists them");
    assert_refused(NULL, LIST("QUOTED_=x"), NULL, ERR_SYNTAX,
                   "environment QUOTED_: no such setting; quoted.yaml(5) "
                   "lists them");
    assert_refused(NULL, LIST("QUOTED_PROVIDERS_0_TIMOUT=1s"), NULL, ERR_SYNTAX,
                   "environment QUOTED_PROVIDERS_0_TIMOUT: no such setting; "
                   "did you mean QUOTED_PROVIDERS_0_TIMEOUT?");
    assert_refused(NULL, LIST("QUOTED_PROVIDERS_0_KEY=SECRET"), NULL,
                   ERR_SYNTAX,
                   "environment QUOTED_PROVIDERS_0_KEY: a key is no setting; "
                   "write it to a file and name that in key_file, or set "
                   "QUOTED_<NAME>_KEY");
    assert_refused(NULL, LIST("QUOTED_SERVER_PORT=7400"), NULL, ERR_SYNTAX,
                   "environment QUOTED_SERVER_PORT: no such setting; "
                   "quoted.yaml(5) lists them");
}

static void unknown_flags_are_told_with_what_was_meant(void **state)
{
    (void)state;
    assert_refused(NULL, NULL, LIST("cache.fresh-for=1s"), ERR_SYNTAX,
                   "--set cache.fresh-for: no such setting; did you mean "
                   "cache.fresh_for?");
    assert_refused(NULL, NULL, LIST("providers.0.nam=x"), ERR_SYNTAX,
                   "--set providers.0.nam: no such setting; did you mean "
                   "providers.0.name?");
    assert_refused(NULL, NULL, LIST("providers.0.="), ERR_SYNTAX,
                   "--set providers.0.: no such setting; there are name, "
                   "description, url, key_file, timeout, limits, markets");
    assert_refused(NULL, NULL, LIST("server.tls=x"), ERR_SYNTAX,
                   "--set server.tls: no such setting; did you mean "
                   "server.id?");
}

/* A service named "quoted" must not keep the server in it from starting. */
static void variables_of_kubernetes_are_passed_over(void **state)
{
    (void)state;
    struct conf *conf = load_good(
        NULL,
        LIST("QUOTED_SERVICE_HOST=10.0.0.1", "QUOTED_SERVICE_PORT=7400",
             "QUOTED_SERVICE_PORT_RESP=7400", "QUOTED_PORT=tcp://10.0.0.1:7400",
             "QUOTED_PORT_7400_TCP=tcp://10.0.0.1:7400",
             "QUOTED_PORT_7400_TCP_PROTO=tcp", "QUOTED_PORT_7400_TCP_PORT=7400",
             "QUOTED_PORT_7400_TCP_ADDR=10.0.0.1",
             "QUOTED_MARKET_SERVICE_HOST=10.0.0.2"),
        NULL);
    conf_destroy(&conf);
    assert_refused(NULL, LIST("QUOTED_PORT=7400"), NULL, ERR_SYNTAX,
                   "environment QUOTED_PORT: no such setting; quoted.yaml(5) "
                   "lists them");
}

static void keys_are_told_from_settings(void **state)
{
    (void)state;
    struct span name;
    assert_true(source_is_key(span_of("QUOTED_ALPHAVANTAGE_KEY"), &name));
    assert_true(span_equal(name, span_of("ALPHAVANTAGE")));
    assert_true(source_is_key(span_of("QUOTED_TWELVE_DATA_KEY_FILE"), &name));
    assert_true(span_equal(name, span_of("TWELVE_DATA")));
    assert_false(source_is_key(span_of("QUOTED__KEY_"), &name));
    assert_false(source_is_key(span_of("QUOTED_KEY"), &name));
    assert_false(source_is_key(span_of("QUOTED__KEY_FILE_X"), &name));
    assert_false(source_is_key(span_of("QUOTED_KEY_FILE"), &name));
    assert_false(source_is_key(span_of("QUOTED_alphavantage_KEY"), &name));
    assert_false(source_is_key(span_of("QUOTED_PROVIDERS_0_KEY"), &name));
    assert_false(source_is_key(span_of("QUOTED_PROVIDERS_0_KEY_FILE"), &name));
    assert_false(source_is_key(span_of("ALPHAVANTAGE_KEY"), &name));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_key_can_come_from_the_environment),
    cmocka_unit_test(every_key_can_come_from_a_flag),
    cmocka_unit_test(elements_of_providers_have_numbers),
    cmocka_unit_test(gaps_between_providers_are_refused),
    cmocka_unit_test(wrong_values_name_the_variable),
    cmocka_unit_test(wrong_values_name_the_flag),
    cmocka_unit_test(unknown_variables_are_told_with_what_was_meant),
    cmocka_unit_test(unknown_flags_are_told_with_what_was_meant),
    cmocka_unit_test(variables_of_kubernetes_are_passed_over),
    cmocka_unit_test(keys_are_told_from_settings),
};

TEST_MAIN(tests)
