/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flags_test.c -- the command line is read whole, and what is wrong with it is
 * said with what would be right.
 */
#include "market/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "market/answer.h"
#include "testing/testing.h"

#define ARGS_LIMIT 20

/* Read a command line given as one text, separated by spaces. */
static int read_line(struct flags *flags, const char *line)
{
    static char text[512];
    char *args[ARGS_LIMIT] = {text};
    int count = 0;
    snprintf(text, sizeof(text), "quoted-market %s", line);
    for (char *at = text; at != NULL && count < ARGS_LIMIT - 1; count++) {
        args[count] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    args[count] = NULL;
    return flags_read(flags, count, args);
}

static void defaults_are_those_of_the_manual(void **state)
{
    (void)state;
    char name[] = "quoted-market";
    char *args[] = {name, NULL};
    struct flags flags;
    assert_int_equal(flags_read(&flags, 1, args), 0);
    assert_string_equal(flags.listen, "127.0.0.1:7401");
    assert_null(flags.key);
    assert_null(flags.prices);
    assert_int_equal(flags.seed, 1);
    assert_int_equal(flags.latency_ms, 0);
    assert_int_equal(flags.step_ms, 1000);
    assert_int_equal(flags.rule.calls_max[LIMIT_DAY], 0);
    assert_false(flags.invents);
    assert_false(flags.wants_help || flags.wants_version);
}

static void every_flag_is_read(void **state)
{
    (void)state;
    struct flags flags;
    assert_int_equal(read_line(&flags,
                               "--listen [::1]:0 --key=K --prices p.csv --seed "
                               "18446744073709551615 --latency 200ms --limit "
                               "25/d,1/s --step 0 --invent"),
                     0);
    assert_string_equal(flags.listen, "[::1]:0");
    assert_string_equal(flags.key, "K");
    assert_string_equal(flags.prices, "p.csv");
    assert_true(flags.seed == UINT64_MAX);
    assert_int_equal(flags.latency_ms, 200);
    assert_int_equal(flags.rule.calls_max[LIMIT_DAY], 25);
    assert_int_equal(flags.rule.calls_max[LIMIT_SECOND], 1);
    assert_int_equal(flags.step_ms, 0);
    assert_true(flags.invents);
    assert_int_equal(read_line(&flags, "--version"), 0);
    assert_true(flags.wants_version);
    assert_int_equal(read_line(&flags, "--help"), 0);
    assert_true(flags.wants_help);
    assert_int_equal(read_line(&flags, "-h"), 0);
    assert_true(flags.wants_help);
}

static void wrong_ones_are_refused_with_what_is_allowed(void **state)
{
    (void)state;
    const struct {
        const char *line;
        const char *says;
    } cases[] = {
        {"--nonsense", "--nonsense: there is no such option"},
        {"-x", "no such option"},
        {"--key", "--key: it needs a value"},
        {"--key=", "allowed: any text"},
        {"--seed -1", "--seed -1: allowed: a whole number"},
        {"--seed 0x1", "a whole number"},
        {"--latency 200", "--latency 200: allowed: a whole number and ms"},
        {"--latency 11m", "at most 10m"},
        {"--step 1w", "at most 7d"},
        {"--step 8d", "at most 7d"},
        {"--limit 25", "such as 25/d,1/s"},
        {"--limit 0/d", "such as 25/d,1/s"},
        {"--invent=yes", "--invent=yes"},
        {"--seed 1 file", "file: only options are allowed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct flags flags;
        assert_int_equal(read_line(&flags, cases[i].line), ERR_SYNTAX);
        if (strstr(flags.error, cases[i].says) == NULL) {
            fail_msg("%s: says %s", cases[i].line, flags.error);
        }
    }
}

static void limits_are_met_to_the_millisecond(void **state)
{
    (void)state;
    struct flags flags;
    assert_int_equal(read_line(&flags, "--latency 600000ms"), 0);
    assert_int_equal(read_line(&flags, "--latency 600001ms"), ERR_SYNTAX);
    assert_int_equal(read_line(&flags, "--step 7d"), 0);
    assert_int_equal(read_line(&flags, "--step 604800001ms"), ERR_SYNTAX);
}

/* The help names every flag, and every class that a test can ask for. */
static void help_is_complete(void **state)
{
    (void)state;
    const char *const flags[] = {
        "--listen", "--key",     "--prices", "--seed",    "--step",
        "--invent", "--latency", "--limit",  "--version", "--help"};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        assert_non_null(strstr(flags_help(), flags[i]));
    }
    for (int i = 0; i < ANSWER_CLASSES_COUNT; i++) {
        const char *name = answer_class_name((enum answer_class)i);
        assert_non_null(strstr(flags_help(), name));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(defaults_are_those_of_the_manual),
    cmocka_unit_test(every_flag_is_read),
    cmocka_unit_test(wrong_ones_are_refused_with_what_is_allowed),
    cmocka_unit_test(limits_are_met_to_the_millisecond),
    cmocka_unit_test(help_is_complete),
};

TEST_MAIN(tests)
