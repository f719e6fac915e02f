/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_test.c -- from settings to providers with their keys; and where that
 * does not go, an error that tells the way on and never the key.
 */
#include "host/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "quote/names.h"
#include "testing/testing.h"

#define KEY "SeCrEtKeY99"

struct opened {
    struct conf *conf;
    struct desk_provider providers[CONF_PROVIDERS_LIMIT];
    size_t count;
    char error[UPSTREAM_ERROR_SIZE];
};

/* Load settings and open their providers; returns what upstream_open() did. */
static int try_open(struct opened *opened, const char *yaml,
                    const char *const *environment)
{
    memset(opened, 0, sizeof(*opened));
    char error[CONF_ERROR_SIZE];
    const struct conf_sources sources = {
        .file = "quoted.yaml",
        .file_text = span_of(yaml),
        .environment = environment,
    };
    assert_int_equal(conf_load(&opened->conf, &sources, error), 0);
    opened->count = 99;
    return upstream_open(opened->providers, &opened->count, opened->conf,
                         environment, opened->error);
}

static void end(struct opened *opened)
{
    for (size_t i = 0; i < CONF_PROVIDERS_LIMIT; i++) {
        terms_free_provider(&opened->providers[i]);
    }
    conf_destroy(&opened->conf);
}

static void assert_says(const char *error, const char *part)
{
    if (strstr(error, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, error);
    }
}

/* It fails with this error, says all of these parts, and opens nothing. */
static void assert_refused(const char *yaml, const char *const *environment,
                           int err, const char *const parts[])
{
    struct opened opened;
    assert_int_equal(try_open(&opened, yaml, environment), err);
    assert_int_equal(opened.count, 0);
    for (size_t i = 0; parts[i] != NULL; i++) {
        assert_says(opened.error, parts[i]);
    }
    assert_null(strstr(opened.error, KEY));
    for (size_t i = 0; i < CONF_PROVIDERS_LIMIT; i++) {
        assert_null(opened.providers[i].provider); // none is open
        assert_null(opened.providers[i].key);
    }
    end(&opened);
}

/* A file with a key in it; the caller unlinks it. */
static void write_key(char path[32], const char *text)
{
    snprintf(path, 32, "/tmp/upstreamXXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void providers_are_opened_with_url_timeout_and_key(void **state)
{
    (void)state;
    char path[32];
    char yaml[300];
    write_key(path, KEY "\n");
    snprintf(yaml, sizeof(yaml),
             "providers:\n"
             "  - name: alphavantage\n"
             "    key_file: %s\n"
             "    timeout: 3s\n"
             "  - name: market\n"
             "    url: http://127.0.0.1:7402\n",
             path);
    struct opened opened;
    assert_int_equal(try_open(&opened, yaml, NULL), 0);
    assert_int_equal(opened.count, 2);
    const struct desk_provider *first = &opened.providers[0];
    const struct desk_provider *second = &opened.providers[1];
    assert_string_equal(provider_name(first->provider), "alphavantage");
    assert_string_equal(first->key, KEY);
    assert_string_equal(first->origin, "");
    assert_int_equal(first->timeout_ms, 3000);
    assert_string_equal(provider_name(second->provider), "market");
    assert_string_equal(second->origin, "http://127.0.0.1:7402");
    assert_string_equal(second->key, ""); // it takes any
    assert_true(second->timeout_ms > 0);
    end(&opened);
    unlink(path);
}

/* Its own description: like a built-in one, or of a provider that has none. */
static void description_of_ones_own_is_read(void **state)
{
    (void)state;
    char path[32];
    char yaml[300];
    write_key(path, "like: finnhub\nlimits: [[7, h]]\n");
    snprintf(yaml, sizeof(yaml),
             "providers:\n"
             "  - {name: finnhub, description: %s}\n"
             "  - {name: other, description: %s}\n",
             path, path);
    const char *const environment[] = {"QUOTED_FINNHUB_KEY=" KEY,
                                       "QUOTED_OTHER_KEY=" KEY, NULL};
    struct opened opened;
    assert_int_equal(try_open(&opened, yaml, environment), 0);
    assert_int_equal(opened.count, 2);
    for (size_t i = 0; i < 2; i++) {
        size_t count;
        const struct provider *provider = opened.providers[i].provider;
        const struct provider_limit *limits = provider_limits(provider, &count);
        assert_string_equal(provider_name(provider),
                            i == 0 ? "finnhub" : "other");
        assert_int_equal(count, 1);
        assert_int_equal(limits[0].count, 7);
        assert_int_equal(limits[0].window, PROVIDER_LIMIT_HOUR);
    }
    end(&opened);
    unlink(path);
}

static void wrong_description_is_said_with_file_line_and_cause(void **state)
{
    (void)state;
    char path[32];
    char yaml[300];
    write_key(path, "like: finnhub\nlimits: [[7, w]]\n");
    snprintf(yaml, sizeof(yaml),
             "providers:\n  - {name: own, description: %s}\n", path);
    const char *const parts[] = {
        "provider 'own': description: /tmp/upstream",
        ": line 2: limits 1: a limit is [COUNT, WINDOW]", NULL};
    assert_refused(yaml, NULL, ERR_SYNTAX, parts);
    unlink(path);
    const char *const gone[] = {"provider 'own': description: /tmp/upstream",
                                ": No such file or directory", NULL};
    assert_refused(yaml, NULL, ERR_IO, gone);
    const char *const folder[] = {"/tmp: Is a directory", NULL};
    assert_refused("providers:\n  - {name: own, description: /tmp}\n", NULL,
                   ERR_IO, folder);
    const char *const endless[] = {"/dev/zero: longer than 256 KiB", NULL};
    assert_refused("providers:\n  - {name: own, description: /dev/zero}\n",
                   NULL, ERR_FULL, endless);
}

static void name_without_a_description_says_how_to_give_one(void **state)
{
    (void)state;
    const char *const parts[] = {"providers: 'own': there is no description of",
                                 "yahoo", "or name a file with description",
                                 NULL};
    assert_refused("providers:\n  - {name: own}\n", NULL, ERR_ABSENT, parts);
}

static void url_is_of_the_providers_kind(void **state)
{
    (void)state;
    const char *const no_file[] = {"provider 'market': url: it is no file",
                                   NULL};
    assert_refused("providers:\n  - {name: market, url: file:///x}\n", NULL,
                   ERR_SYNTAX, no_file);
    const char *const file[] = {"provider 'file': url: it is a file", NULL};
    assert_refused("providers:\n  - {name: file, url: http://x}\n", NULL,
                   ERR_SYNTAX, file);
    struct opened opened;
    assert_int_equal(try_open(&opened,
                              "providers:\n  - {name: file, url: file:///x}\n",
                              NULL),
                     0);
    assert_string_equal(opened.providers[0].origin, "file:///x");
    end(&opened);
}

static void key_of_the_environment_is_enough(void **state)
{
    (void)state;
    const char *const environment[] = {"QUOTED_ALPHAVANTAGE_KEY=" KEY, NULL};
    struct opened opened;
    assert_int_equal(try_open(&opened, "", environment), 0);
    assert_int_equal(opened.count, 1);
    assert_string_equal(provider_name(opened.providers[0].provider),
                        "alphavantage");
    assert_string_equal(opened.providers[0].key, KEY);
    end(&opened);
}

static void without_a_provider_both_ways_on_are_told(void **state)
{
    (void)state;
    const char *const parts[] = {
        "no provider is configured",
        "https://www.alphavantage.co/support/#api-key", // where to get a key
        "QUOTED_ALPHAVANTAGE_KEY_FILE=",                // where to put it
        "key_file: ",
        "quoted-market --listen 127.0.0.1:7401", // or without one
        "--set providers.0.name=market",
        "--set providers.0.url=http://127.0.0.1:7401",
        NULL,
    };
    assert_refused("", NULL, ERR_ABSENT, parts);
}

/* The lines of that text work as they stand. */
static void way_on_without_a_key_works(void **state)
{
    (void)state;
    struct opened opened;
    char error[CONF_ERROR_SIZE];
    const char *const sets[] = {"providers.0.name=market",
                                "providers.0.url=http://127.0.0.1:7401"};
    const struct conf_sources sources = {.sets = sets, .sets_count = 2};
    memset(&opened, 0, sizeof(opened));
    assert_int_equal(conf_load(&opened.conf, &sources, error), 0);
    assert_int_equal(upstream_open(opened.providers, &opened.count, opened.conf,
                                   NULL, opened.error),
                     0);
    assert_int_equal(opened.count, 1);
    end(&opened);
}

static void unknown_provider_is_refused_with_those_there_are(void **state)
{
    (void)state;
    const char *const parts[] = {"'alfavantage'", "alphavantage", "market",
                                 NULL};
    assert_refused("providers: [{name: alfavantage}]\n", NULL, ERR_ABSENT,
                   parts);
}

static void missing_key_is_refused_with_where_to_get_one(void **state)
{
    (void)state;
    const char *const parts[] = {"'alphavantage'",
                                 "https://www.alphavantage.co/support/#api-key",
                                 "key_file", NULL};
    assert_refused("providers: [{name: alphavantage}]\n", NULL, ERR_ABSENT,
                   parts);
    const char *const empty[] = {"QUOTED_ALPHAVANTAGE_KEY=", NULL};
    assert_refused("providers: [{name: alphavantage}]\n", empty, ERR_ABSENT,
                   parts);
}

static void key_of_the_wrong_form_is_refused(void **state)
{
    (void)state;
    const char *const one[] = {"QUOTED_ALPACA_KEY=" KEY, NULL};
    const char *const foreign[] = {"QUOTED_FINNHUB_KEY=" KEY "\xc3\xa9", NULL};
    const char *const two[] = {"QUOTED_ALPACA_KEY=ID:" KEY, NULL};
    const char *const one_parts[] = {"'alpaca'", "written KEY:KEY2", NULL};
    const char *const foreign_parts[] = {"'finnhub'", "printable ASCII", NULL};
    assert_refused("", one, ERR_SYNTAX, one_parts);
    assert_refused("", foreign, ERR_SYNTAX, foreign_parts);
    struct opened opened;
    assert_int_equal(try_open(&opened, "", two), 0);
    end(&opened);
}

static void key_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    const char *const parts[] = {"/no/such/key/file", NULL};
    assert_refused("providers: [{name: alphavantage, "
                   "key_file: /no/such/key/file}]\n",
                   NULL, ERR_IO, parts);
}

static void key_file_that_holds_no_key_is_named(void **state)
{
    (void)state;
    char path[32];
    char yaml[200];
    write_key(path, KEY "\n" KEY "\n");
    snprintf(yaml, sizeof(yaml),
             "providers: [{name: alphavantage, key_file: %s}]\n", path);
    const char *const parts[] = {path, NULL};
    assert_refused(yaml, NULL, ERR_SYNTAX, parts);
    unlink(path);
}

/* Where the second fails, the first is not left open. */
static void one_bad_provider_opens_none(void **state)
{
    (void)state;
    const char *const environment[] = {"QUOTED_ALPHAVANTAGE_KEY=" KEY, NULL};
    const char *const parts[] = {"'nobody'", NULL};
    assert_refused("providers: [{name: alphavantage}, {name: market}, "
                   "{name: nobody}]\n",
                   environment, ERR_ABSENT, parts);
}

static void oom_opens_none(void **state)
{
    (void)state;
    int failures = 0;
    const char *const environment[] = {"QUOTED_ALPHAVANTAGE_KEY=" KEY, NULL};
    struct opened opened;
    int err =
        try_open(&opened, "providers: [{name: alphavantage}]\n", environment);
    assert_int_equal(err, 0);
    TESTING_EACH_ALLOCATION(n)
    {
        struct desk_provider providers[CONF_PROVIDERS_LIMIT] = {0};
        size_t count;
        err = upstream_open(providers, &count, opened.conf, environment,
                            opened.error);
        assert_true(err == 0 || err == ERR_NOMEM);
        failures += err != 0;
        assert_int_equal(count, err == 0);
        assert_int_equal(providers[0].provider != NULL, err == 0);
        assert_true(err == 0 || opened.error[0] != '\0');
        terms_free_provider(&providers[0]);
    }
    assert_true(failures > 3);
    end(&opened);
}

/* --- Names -----------------------------------------------------------------
 */

static int try_names(struct names **out, const char *yaml,
                     char error[UPSTREAM_ERROR_SIZE])
{
    struct conf *conf;
    char conf_error[CONF_ERROR_SIZE];
    const struct conf_sources sources = {.file = "quoted.yaml",
                                         .file_text = span_of(yaml)};
    assert_int_equal(conf_load(&conf, &sources, conf_error), 0);
    int err = upstream_load_names(out, conf, error);
    conf_destroy(&conf);
    return err;
}

static void names_are_the_built_in_ones_or_the_files(void **state)
{
    (void)state;
    struct names *names;
    char error[UPSTREAM_ERROR_SIZE];
    assert_int_equal(try_names(&names, "", error), 0);
    assert_int_equal(names_count(names), 10);
    assert_string_equal(names_find(names, span_of("google"))->symbol.text,
                        "GOOGL");
    names_destroy(&names);

    char path[32];
    char yaml[100];
    write_key(path, "symbol,name\nX,Ex\n");
    snprintf(yaml, sizeof(yaml), "names: %s\n", path);
    assert_int_equal(try_names(&names, yaml, error), 0);
    assert_int_equal(names_count(names), 1);
    names_destroy(&names);
    unlink(path);
}

static void names_file_that_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    struct names *names;
    char error[UPSTREAM_ERROR_SIZE];
    assert_int_equal(try_names(&names, "names: /no/such/names\n", error),
                     ERR_IO);
    assert_null(names);
    assert_says(error, "/no/such/names");

    char path[32];
    char yaml[100];
    char place[64];
    write_key(path, "symbol,name\nX,Ex\n(),Wrong\n");
    snprintf(yaml, sizeof(yaml), "names: %s\n", path);
    snprintf(place, sizeof(place), "%s:3", path);
    assert_int_equal(try_names(&names, yaml, error), ERR_SYNTAX);
    assert_null(names);
    assert_says(error, place);
    unlink(path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(providers_are_opened_with_url_timeout_and_key),
    cmocka_unit_test(description_of_ones_own_is_read),
    cmocka_unit_test(wrong_description_is_said_with_file_line_and_cause),
    cmocka_unit_test(name_without_a_description_says_how_to_give_one),
    cmocka_unit_test(url_is_of_the_providers_kind),
    cmocka_unit_test(key_of_the_environment_is_enough),
    cmocka_unit_test(without_a_provider_both_ways_on_are_told),
    cmocka_unit_test(way_on_without_a_key_works),
    cmocka_unit_test(unknown_provider_is_refused_with_those_there_are),
    cmocka_unit_test(missing_key_is_refused_with_where_to_get_one),
    cmocka_unit_test(key_of_the_wrong_form_is_refused),
    cmocka_unit_test(key_file_that_cannot_be_read_is_named),
    cmocka_unit_test(key_file_that_holds_no_key_is_named),
    cmocka_unit_test(one_bad_provider_opens_none),
    cmocka_unit_test(oom_opens_none),
    cmocka_unit_test(names_are_the_built_in_ones_or_the_files),
    cmocka_unit_test(names_file_that_is_wrong_is_named_with_its_line),
};

TEST_MAIN(tests)
