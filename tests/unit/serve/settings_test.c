/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_test.c -- a snapshot lives as long as somebody holds it, and takes
 * its configuration and names along when it goes (LeakSanitizer watches).  Run
 * under ThreadSanitizer too.
 */
#include "serve/settings.h"

#include <pthread.h>

#include "base/check.h"
#include "base/err.h"
#include "quote/names.h"
#include "testing/testing.h"

static void load(struct conf **conf, struct names **names)
{
    char error[CONF_ERROR_SIZE];
    struct names_error names_error;
    const struct conf_sources sources = {
        .file = "quoted.yaml",
        .file_text = span_of("cache: {fresh_for: 7s, stale_for: 3m}\n"),
    };
    assert_int_equal(conf_load(conf, &sources, error), 0);
    assert_int_equal(names_create_built_in(names, &names_error), 0);
}

static struct settings *make(void)
{
    struct conf *conf;
    struct names *names;
    struct settings *settings;
    load(&conf, &names);
    assert_int_equal(settings_create(&settings, &conf, &names), 0);
    assert_null(conf); // MOVED
    assert_null(names);
    return settings;
}

static void rule_is_that_of_the_configuration(void **state)
{
    (void)state;
    struct settings *settings = make();
    assert_int_equal(settings->rule.fresh_for_ms, 7000);
    assert_int_equal(settings->rule.stale_for_ms, 180000);
    assert_non_null(settings->conf);
    assert_int_equal(names_count(settings->names), 10);
    settings_leave(&settings);
    assert_null(settings);
    settings_leave(&settings); // NULL already is allowed
}

static void last_to_leave_frees_it(void **state)
{
    (void)state;
    struct settings *first = make();
    struct settings *second = settings_hold(first);
    assert_ptr_equal(second, first);
    struct settings *third = settings_hold(second);
    settings_leave(&first);
    settings_leave(&third);
    assert_non_null(second->conf); // alive still
    assert_int_equal(names_count(second->names), 10);
    settings_leave(&second);
    assert_null(second);
}

#define THREADS 3
#define ROUNDS  2000

static void *hold_and_leave(void *user)
{
    struct settings *mine = user;
    for (int i = 0; i < ROUNDS; i++) {
        struct settings *more = settings_hold(mine);
        CHECK(more->rule.fresh_for_ms == 7000);
        settings_leave(&more);
    }
    settings_leave(&mine);
    return NULL;
}

static void holders_of_several_threads_leave_at_once(void **state)
{
    (void)state;
    struct settings *settings = make();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_leave,
                                        settings_hold(settings)),
                         0);
    }
    settings_leave(&settings); // a thread may be the last
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void oom_moves_nothing(void **state)
{
    (void)state;
    int failures = 0;
    struct conf *conf;
    struct names *names;
    load(&conf, &names);
    TESTING_EACH_ALLOCATION(n)
    {
        struct settings *settings;
        int err = settings_create(&settings, &conf, &names);
        if (err != 0) {
            assert_int_equal(err, ERR_NOMEM);
            assert_null(settings);
            assert_non_null(conf); // still ours
            assert_non_null(names);
            failures++;
        }
        settings_leave(&settings);
    }
    assert_int_equal(failures, 1);
    assert_null(conf);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rule_is_that_of_the_configuration),
    cmocka_unit_test(last_to_leave_frees_it),
    cmocka_unit_test(holders_of_several_threads_leave_at_once),
    cmocka_unit_test(oom_moves_nothing),
};

TEST_MAIN(tests)
