/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments_test.c -- the command line of quote(1), right and wrong.
 */
#include "cli/arguments.h"

#include <quoted/quoted.h>
#include <stdio.h>

#include "testing/testing.h"

#define WORDS_LIMIT 20

/* getopt_long() moves the pointers, so each parse has an array of its own; the
 * texts stand in `texts`. */
struct line {
    char texts[WORDS_LIMIT][64];
    char *argv[WORDS_LIMIT + 1];
    struct arguments arguments;
};

static int parse(struct line *line, const char *const *words)
{
    int argc = 0;
    for (; words[argc] != NULL; argc++) {
        assert_true(argc < WORDS_LIMIT);
        snprintf(line->texts[argc], sizeof(line->texts[argc]), "%s",
                 words[argc]);
        line->argv[argc] = line->texts[argc];
    }
    line->argv[argc] = NULL;
    return arguments_parse(&line->arguments, argc, line->argv);
}

#define PARSE(line, ...) \
    parse(line, (const char *const[]){"quote", __VA_ARGS__, NULL})

static void no_arguments_ask_for_a_table(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(parse(&line, (const char *const[]){"quote", NULL}), 0);
    const struct arguments *a = &line.arguments;
    assert_int_equal(a->task, ARGUMENTS_ASK);
    assert_int_equal(a->format, ARGUMENTS_TABLE);
    assert_int_equal(a->repeat, 1);
    assert_int_equal(a->every_ms, 0);
    assert_int_equal(a->timeout_ms, QUOTED_TIMEOUT_MS);
    assert_int_equal(a->attempt_ms, QUOTED_ATTEMPT_MS);
    assert_int_equal(a->balance, QUOTED_BALANCE_CONNECTION);
    assert_null(a->server);
    assert_null(a->client);
    assert_int_equal(a->names_count, 0);
}

static void all_options_are_taken(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(PARSE(&line, "-s", "a:1,b:2", "--format=report",
                           "--client", "7", "--repeat", "3", "--every", "1m",
                           "--reconnect", "--timeout", "250ms", "--fresh",
                           "IBM", "--no-color", "Walt Disney Co"),
                     0);
    const struct arguments *a = &line.arguments;
    assert_string_equal(a->server, "a:1,b:2");
    assert_int_equal(a->format, ARGUMENTS_REPORT);
    assert_string_equal(a->client, "7");
    assert_int_equal(a->repeat, 3);
    assert_int_equal(a->every_ms, 60000);
    assert_int_equal(a->timeout_ms, 250);
    assert_true(a->reconnect && a->fresh && a->no_color);
    assert_int_equal(a->names_count, 2);
    assert_string_equal(a->names[0], "IBM");
    assert_string_equal(a->names[1], "Walt Disney Co");
}

static void short_ways_mean_the_same(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(PARSE(&line, "--json"), 0);
    assert_int_equal(line.arguments.format, ARGUMENTS_JSON);
    assert_int_equal(PARSE(&line, "--plain"), 0);
    assert_int_equal(line.arguments.format, ARGUMENTS_PLAIN);
    assert_int_equal(PARSE(&line, "-fcsv"), 0);
    assert_int_equal(line.arguments.format, ARGUMENTS_CSV);
    assert_int_equal(PARSE(&line, "--ping"), 0);
    assert_int_equal(line.arguments.task, ARGUMENTS_PING);
    assert_int_equal(PARSE(&line, "--explain", "IBM", "Google"), 0);
    assert_int_equal(line.arguments.task, ARGUMENTS_EXPLAIN);
    assert_int_equal(line.arguments.names_count, 2);
    assert_int_equal(PARSE(&line, "-h", "--nonsense"), 0);
    assert_int_equal(line.arguments.task, ARGUMENTS_HELP);
    assert_int_equal(PARSE(&line, "-V"), 0);
    assert_int_equal(line.arguments.task, ARGUMENTS_VERSION);
}

static void ages_and_periods_are_taken(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(PARSE(&line, "IBM"), 0);
    assert_int_equal(line.arguments.max_age_ms, -1);
    assert_int_equal(PARSE(&line, "--max-age", "0"), 0);
    assert_int_equal(line.arguments.max_age_ms, 0);
    assert_int_equal(PARSE(&line, "--max-age", "0s"), 0);
    assert_int_equal(line.arguments.max_age_ms, 0);
    assert_int_equal(PARSE(&line, "--max-age=5s"), 0);
    assert_int_equal(line.arguments.max_age_ms, 5000);
    assert_int_equal(PARSE(&line, "--max-age=366d"), 0);
    assert_int_equal(line.arguments.max_age_ms, QUOTED_MAX_AGE_MS_LIMIT);
    assert_int_equal(PARSE(&line, "--history", "--from=-7d", "--step", "1h"),
                     0);
    assert_int_equal(line.arguments.task, ARGUMENTS_HISTORY);
    assert_string_equal(line.arguments.period.from, "-7d");
    assert_null(line.arguments.period.to);
    assert_string_equal(line.arguments.period.every, "1h");
    const char *const bad[] = {"-1s", "367d", "1", "", "1.5s", "5 s", "00s "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(PARSE(&line, "--max-age", (char *)bad[i]), -1);
        assert_non_null(strstr(line.arguments.error, ": not 0, or a whole"));
    }
}

static void names_may_begin_with_a_dash_behind_two(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(PARSE(&line, "--", "-s", "--ping"), 0);
    assert_int_equal(line.arguments.task, ARGUMENTS_ASK);
    assert_int_equal(line.arguments.names_count, 2);
    assert_string_equal(line.arguments.names[0], "-s");
}

static void every_is_without_end_unless_repeat_says(void **state)
{
    (void)state;
    struct line line;
    assert_int_equal(PARSE(&line, "--every", "1s"), 0);
    assert_int_equal(line.arguments.repeat, ARGUMENTS_REPEAT_LIMIT);
    assert_int_equal(PARSE(&line, "--repeat=2", "--every=1s"), 0);
    assert_int_equal(line.arguments.repeat, 2);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    const struct {
        const char *words[3];
        const char *error;
    } rows[] = {
        {{"--nope"}, "--nope: no such option"},
        {{"IBM", "--nope=1"}, "--nope=1: no such option"},
        {{"--ping=1"}, "--ping=1: takes no value"},
        {{"--help=1"}, "--help=1: takes no value"},
        {{"-x"}, "-x: no such option"},
        {{"-xs"}, "-x: no such option"},
        {{"-s"}, "-s: needs a value"},
        {{"--server"}, "--server: needs a value"},
        {{"--repeat"}, "--repeat: needs a value"},
        {{"--re"}, "--re: no such option"}, // --repeat or --reconnect
        {{"-f", "xml"}, "--format xml: not table, report, json, csv or plain"},
        {{"--repeat", "0"}, "--repeat 0: not a whole number from 1"},
        {{"--repeat", "-1"}, "--repeat -1: not a whole number from 1"},
        {{"--repeat", "2x"}, "--repeat 2x: not a whole number from 1"},
        {{"--repeat", "99999999999999999999"},
         "--repeat 99999999999999999999: not a whole number from 1"},
        {{"--every", "0s"},
         "--every 0s: not a whole number and ms, s or m, such as 250ms; up to "
         "60m"},
        {{"--client", "a b"},
         "--client a b: not 1 to 32 letters, digits and . _ -"},
        {{"--ping", "IBM"}, "--ping takes no names"},
        {{"--explain"}, "--explain needs a symbol or name"},
        {{"--explain", "IBM", "--json"},
         "--explain and --format json: only one of them"},
        {{"--explain", "IBM", "--fresh"},
         "--explain and --fresh: only one of them"},
        {{"--history", "-freport"},
         "--history and --format report: only one of them"},
        {{"--history", "--max-age=1s"},
         "--history and --max-age: only one of them"},
        {{"--from", "-7d", "IBM"}, "--from goes with --history only"},
        {{"--watch", "--to=now"}, "--to goes with --history only"},
        {{"--step="},
         "--step: not one word of plain letters, digits and signs"},
        {{"--to=a b"}, "--to: not one word of plain letters, digits and signs"},
        {{"--watch", "--max-age=0"},
         "--watch and --max-age: only one of them, --watch goes on by itself"},
        {{"--watch", "--every=1s"},
         "--watch and --every: only one of them, --watch goes on by itself"},
        {{"--watch", "-freport"},
         "--watch and --format report: only one of them, --watch goes on by "
         "itself"},
        {{"IBM", ""}, "name 2 is empty or holds a control character"},
        {{"\x1b[2J"}, "name 1 is empty or holds a control character"},
        {{"--\x1b[2J"}, "an option: no such option"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct line line;
        assert_int_equal(
            PARSE(&line, rows[i].words[0], rows[i].words[1], rows[i].words[2]),
            -1);
        assert_string_equal(line.arguments.error, rows[i].error);
    }
}

static void durations_need_a_unit_and_have_bounds(void **state)
{
    (void)state;
    const struct {
        const char *text;
        uint32_t ms; // 0: refused
    } rows[] = {
        {"1ms", 1},
        {"250ms", 250},
        {"2s", 2000},
        {"60m", 3600000},
        {"3600s", 3600000},
        {"61m", 0},
        {"3600001ms", 0},
        {"0s", 0},
        {"2", 0},
        {"", 0},
        {"s", 0},
        {"-1s", 0},
        {" 1s", 0},
        {"1 s", 0},
        {"1.5s", 0},
        {"1h", 0},
        {"99999999999999999999s", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t ms = 0;
        int err = arguments_parse_duration(&ms, rows[i].text);
        assert_int_equal(err, rows[i].ms == 0 ? -1 : 0);
        assert_int_equal(ms, rows[i].ms);
    }
}

static void names_are_clean_utf8(void **state)
{
    (void)state;
    const char *const good[] = {"A", "Ahold Delhaize", "\xc3\xa9",
                                "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    const char *const bad[] = {"",      "\n",       "a\x7f", "\xc2\x9b",
                               "\xc3",  "\xe2\x82", "\x80",  "\xff",
                               "\xc3(", "\xc0\xaf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(arguments_is_name(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(arguments_is_name(bad[i]));
    }
}

static void help_begins_with_examples_and_fits_a_terminal(void **state)
{
    (void)state;
    const char *help = arguments_help();
    assert_true(strstr(help, "Examples:") < strstr(help, "Usage:"));
    size_t width = 0;
    for (; *help != '\0'; help++) {
        width = *help == '\n' ? 0 : width + 1;
        assert_true(width <= 80);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_arguments_ask_for_a_table),
    cmocka_unit_test(all_options_are_taken),
    cmocka_unit_test(short_ways_mean_the_same),
    cmocka_unit_test(ages_and_periods_are_taken),
    cmocka_unit_test(names_may_begin_with_a_dash_behind_two),
    cmocka_unit_test(every_is_without_end_unless_repeat_says),
    cmocka_unit_test(wrong_arguments_are_named),
    cmocka_unit_test(durations_need_a_unit_and_have_bounds),
    cmocka_unit_test(names_are_clean_utf8),
    cmocka_unit_test(help_begins_with_examples_and_fits_a_terminal),
};

TEST_MAIN(tests)
