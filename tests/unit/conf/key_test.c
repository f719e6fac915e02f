/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_test.c -- where a provider's key comes from, and that no error shows one.
 */
#include "conf/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loading.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

struct fixture {
    char path[64];
    char variable[128]; /* QUOTED_MARKET_KEY_FILE=path */
    struct conf_provider provider;
};

static int start(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    assert_non_null(f);
    snprintf(f->path, sizeof(f->path), "/tmp/quoted-key-test-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(f->variable, sizeof(f->variable), "QUOTED_MARKET_KEY_FILE=%s",
             f->path);
    static char name[] = "market";
    static char empty[] = "";
    f->provider =
        (struct conf_provider){.name = name, .url = empty, .key_file = empty};
    *state = f;
    return 0;
}

static int finish(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    mem_free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *text, size_t len)
{
    FILE *file = fopen(f->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static void assert_key(const struct fixture *f, const char *const *environment,
                       const char *expected)
{
    char *key;
    char error[CONF_ERROR_SIZE];
    int err = conf_provider_key(&key, &f->provider, environment, error);
    assert_string_equal(error, "");
    assert_int_equal(err, 0);
    assert_string_equal(key, expected);
    mem_free(key);
}

static void assert_no_key(const struct fixture *f,
                          const char *const *environment, int expected,
                          const char *message)
{
    char *key = f->provider.name; // to be overwritten
    char error[CONF_ERROR_SIZE];
    int err = conf_provider_key(&key, &f->provider, environment, error);
    assert_string_equal(error, message);
    assert_int_equal(err, expected);
    assert_null(key);
}

static void nothing_set_is_an_empty_key(void **state)
{
    struct fixture *f = *state;
    assert_key(f, NULL, "");
    assert_key(f, LIST("PATH=/bin", "QUOTED_OTHER_KEY=x"), "");
}

/* What a compose file makes of a variable that is not set. */
static void empty_variables_count_as_none(void **state)
{
    struct fixture *f = *state;
    assert_key(f, LIST("QUOTED_MARKET_KEY=", "QUOTED_MARKET_KEY_FILE="), "");
    assert_key(f, LIST("QUOTED_MARKET_KEY_FILE=", "QUOTED_MARKET_KEY=k"), "k");
}

static void sources_have_an_order(void **state)
{
    struct fixture *f = *state;
    write_file(f, " from-file\r\n", 12);
    assert_key(f, LIST("QUOTED_MARKET_KEY=from-variable"), "from-variable");
    assert_key(f, LIST("QUOTED_MARKET_KEY=from-variable", f->variable),
               "from-file");
    f->provider.key_file = f->path;
    assert_key(f, LIST("QUOTED_MARKET_KEY_FILE=/none"), "from-file");
}

static void names_are_spelt_in_capitals(void **state)
{
    struct fixture *f = *state;
    char name[] = "twelve-data_2";
    f->provider.name = name;
    assert_key(f, LIST("QUOTED_TWELVE_DATA_2_KEY=k"), "k");
}

static void longest_key_is_taken(void **state)
{
    struct fixture *f = *state;
    char text[300];
    memset(text, 'k', sizeof(text));
    text[256] = '\n';
    write_file(f, text, 257);
    text[256] = '\0';
    assert_key(f, LIST(f->variable), text);
    text[256] = 'k';
    write_file(f, text, 257);
    char message[CONF_ERROR_SIZE];
    snprintf(message, sizeof(message),
             "QUOTED_MARKET_KEY_FILE %s: the key is longer than 256 bytes",
             f->path);
    assert_no_key(f, LIST(f->variable), ERR_SYNTAX, message);
}

static void huge_files_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = mem_calloc(1, 100000);
    memset(text, ' ', 100000);
    write_file(f, text, 100000);
    mem_free(text);
    char message[CONF_ERROR_SIZE];
    snprintf(message, sizeof(message),
             "QUOTED_MARKET_KEY_FILE %s: the key is longer than 256 bytes",
             f->path);
    assert_no_key(f, LIST(f->variable), ERR_SYNTAX, message);
}

static void bad_keys_are_refused_and_not_shown(void **state)
{
    struct fixture *f = *state;
    assert_no_key(f, LIST("QUOTED_MARKET_KEY= \t"), ERR_SYNTAX,
                  "QUOTED_MARKET_KEY: the key is empty");
    assert_no_key(f, LIST("QUOTED_MARKET_KEY=SECRET\nHost: evil"), ERR_SYNTAX,
                  "QUOTED_MARKET_KEY: the key has more than one line");
    assert_no_key(f, LIST("QUOTED_MARKET_KEY=SEC\x01RET"), ERR_SYNTAX,
                  "QUOTED_MARKET_KEY: the key holds a control character or is "
                  "no text");
    assert_no_key(f, LIST("QUOTED_MARKET_KEY=SEC\xffRET"), ERR_SYNTAX,
                  "QUOTED_MARKET_KEY: the key holds a control character or is "
                  "no text");
    write_file(f, "SEC\0RET", 7);
    char message[CONF_ERROR_SIZE];
    snprintf(message, sizeof(message),
             "QUOTED_MARKET_KEY_FILE %s: the key holds a control character or "
             "is no text",
             f->path);
    assert_no_key(f, LIST(f->variable), ERR_SYNTAX, message);
    write_file(f, "", 0);
    snprintf(message, sizeof(message),
             "QUOTED_MARKET_KEY_FILE %s: the key is empty", f->path);
    assert_no_key(f, LIST(f->variable), ERR_SYNTAX, message);
}

static void missing_files_are_named(void **state)
{
    struct fixture *f = *state;
    char path[] = "/nowhere/key";
    f->provider.key_file = path;
    assert_no_key(f, NULL, ERR_IO,
                  "key_file of market /nowhere/key: can't read the file: No "
                  "such file or directory");
    f->provider.key_file = path + strlen(path); // ""
    assert_no_key(f, LIST("QUOTED_MARKET_KEY_FILE=/nowhere/key"), ERR_IO,
                  "QUOTED_MARKET_KEY_FILE /nowhere/key: can't read the file: "
                  "No such file or directory");
    assert_no_key(f, LIST("QUOTED_MARKET_KEY_FILE=/tmp"), ERR_IO,
                  "QUOTED_MARKET_KEY_FILE /tmp: can't read the file: Is a "
                  "directory");
}

/* Somebody wrote the key where the name of its file should be. */
static void keys_in_place_of_files_are_not_shown(void **state)
{
    struct fixture *f = *state;
    assert_no_key(f, LIST("QUOTED_MARKET_KEY_FILE=DEMO1234"), ERR_IO,
                  "QUOTED_MARKET_KEY_FILE: can't read the file: No such file "
                  "or directory");
    char key[] = "DEMO1234";
    f->provider.key_file = key;
    assert_no_key(f, NULL, ERR_IO,
                  "key_file of market: can't read the file: No such file or "
                  "directory");
}

static void providers_with_keys_are_added_when_there_is_none(void **state)
{
    (void)state;
    struct conf *conf = load_good(
        NULL,
        LIST("QUOTED_FINNHUB_KEY=a", "QUOTED_ALPHAVANTAGE_KEY_FILE=/b",
             "QUOTED_FINNHUB_KEY_FILE=/c",
             "QUOTED_EMPTY_KEY=", "QUOTED_TWELVE_DATA_KEY=d"),
        NULL);
    assert_int_equal(conf->providers_count, 3);
    assert_string_equal(conf->providers[0].name, "alphavantage");
    assert_string_equal(conf->providers[1].name, "finnhub");
    assert_string_equal(conf->providers[2].name, "twelve_data");
    assert_string_equal(conf->providers[0].key_file, "");
    assert_int_equal(conf->providers[0].timeout_ms, 5000);
    conf_destroy(&conf);
}

static void providers_with_keys_are_not_added_to_others(void **state)
{
    (void)state;
    struct conf *conf = load_good("providers: [{name: market}]",
                                  LIST("QUOTED_ALPHAVANTAGE_KEY=a"), NULL);
    assert_int_equal(conf->providers_count, 1);
    assert_string_equal(conf->providers[0].name, "market");
    conf_destroy(&conf);
}

static void keys_of_impossible_providers_are_refused(void **state)
{
    (void)state;
    assert_refused(NULL, LIST("QUOTED_ABCDEFGHIJKLMNOPQRSTUVWX_KEY=SECRET"),
                   NULL, ERR_RANGE,
                   "environment QUOTED_ABCDEFGHIJKLMNOPQRSTUVWX_KEY: found "
                   "\"abcdefghijklmnopqrstuvwx\"; allowed: 1 to 23 bytes of "
                   "a-z 0-9 - _");
    const char *environment[18] = {NULL};
    static char variables[17][24];
    for (int i = 0; i < 17; i++) {
        snprintf(variables[i], sizeof(variables[i]), "QUOTED_P%d_KEY=x", i);
        environment[i] = variables[i];
    }
    assert_refused(NULL, environment, NULL, ERR_RANGE,
                   "environment QUOTED_P16_KEY: the key of one provider more "
                   "than 16");
}

static void oom_gives_no_key(void **state)
{
    struct fixture *f = *state;
    write_file(f, "key", 3);
    TESTING_EACH_ALLOCATION(n)
    {
        char *key;
        char error[CONF_ERROR_SIZE];
        int err =
            conf_provider_key(&key, &f->provider, LIST(f->variable), error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (key != NULL));
        assert_true((err == 0) == (error[0] == '\0'));
        mem_free(key);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

static const struct CMUnitTest tests[] = {
    TEST(nothing_set_is_an_empty_key),
    TEST(empty_variables_count_as_none),
    TEST(sources_have_an_order),
    TEST(names_are_spelt_in_capitals),
    TEST(longest_key_is_taken),
    TEST(huge_files_are_refused),
    TEST(bad_keys_are_refused_and_not_shown),
    TEST(missing_files_are_named),
    TEST(keys_in_place_of_files_are_not_shown),
    TEST(providers_with_keys_are_added_when_there_is_none),
    TEST(providers_with_keys_are_not_added_to_others),
    TEST(keys_of_impossible_providers_are_refused),
    TEST(oom_gives_no_key),
};

TEST_MAIN(tests)
