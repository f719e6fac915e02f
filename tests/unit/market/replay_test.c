/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_test.c -- a file is played back line by line, and a wrong one is
 * refused with its line and what would be right.
 */
#include "market/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "testing/testing.h"

#define HEADER "time,symbol,price\n"

static struct replay *replay_of(const char *text)
{
    struct replay *replay;
    struct replay_error error;
    int err = replay_create(&replay, span_of(text), &error);
    if (err != 0) {
        fail_msg("%zu: %s", error.line, error.text);
    }
    return replay;
}

static struct price_session at(const struct replay *replay, const char *text,
                               uint64_t step)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    struct price_session session;
    assert_true(replay_find(replay, &symbol, step, &session));
    return session;
}

static void symbols_move_line_by_line_and_stay_at_the_last(void **state)
{
    (void)state;
    struct replay *replay =
        replay_of("# demo\r\n\r\n" HEADER "2010-01-01,IBM,120.5\n"
                  "2010-01-01, aapl ,30\n"
                  "\n# and on\n"
                  "2010-02-01,IBM,121\n"
                  "2010-03-01,IBM,119.25");
    assert_int_equal(at(replay, "IBM", 0).price, 1205000);
    assert_int_equal(at(replay, "IBM", 1).price, 1210000);
    assert_int_equal(at(replay, "IBM", 2).price, 1192500);
    assert_int_equal(at(replay, "IBM", UINT64_MAX).price, 1192500);
    assert_string_equal(at(replay, "IBM", 1).day, "2010-02-01");
    assert_int_equal(at(replay, "AAPL", 7).price, 300000);
    struct symbol other;
    assert_int_equal(symbol_parse(&other, span_of("DIS")), 0);
    struct price_session session;
    assert_false(replay_find(replay, &other, 0, &session));
    assert_false(replay_find(NULL, &other, 0, &session));
    replay_destroy(&replay);
    assert_null(replay);
    replay_destroy(&replay);
}

static void lines_of_one_date_are_one_session(void **state)
{
    (void)state;
    struct replay *replay = replay_of(HEADER "2010-01-04,IBM,10\n"
                                             "2010-01-05T14:30:00Z,IBM,11\n"
                                             "2010-01-05T14:31:00Z,IBM,13\n"
                                             "2010-01-05T14:32:00Z,IBM,9\n"
                                             "2010-01-05T14:32:00Z,IBM,12\n"
                                             "2010-01-06T14:30:00Z,IBM,14\n");
    struct price_session s = at(replay, "IBM", 4);
    assert_int_equal(s.open, 110000);
    assert_int_equal(s.high, 130000);
    assert_int_equal(s.low, 90000);
    assert_int_equal(s.price, 120000);
    assert_int_equal(s.previous, 100000);
    assert_string_equal(s.day, "2010-01-05");
    assert_true(s.volume > at(replay, "IBM", 3).volume);
    s = at(replay, "IBM", 5);
    assert_int_equal(s.previous, 120000);
    assert_int_equal(s.open, 140000);
    s = at(replay, "IBM", 0);
    assert_int_equal(s.previous, 100000);
    assert_int_equal(price_change(&s), 0);
    replay_destroy(&replay);
}

static void wrong_files_are_refused_with_their_line(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t line;
        const char *says;
    } cases[] = {
        {"", 0, "no prices"},
        {HEADER, 0, "no prices"},
        {"time;symbol;price\n", 1, "it must be \"time,symbol,price\""},
        {"\n# x\nsymbol,time,price\n", 3, "it must be"},
        {HEADER "2010-01-01,IBM\n", 2, "three fields"},
        {HEADER "2010-01-01,IBM,1,USD\n", 2, "three fields"},
        {HEADER "Jan 1 2010,IBM,1\n", 2, "allowed: 2004-08-01"},
        {HEADER "2010-13-01,IBM,1\n", 2, "is no time"},
        {HEADER "2010-12-32,IBM,1\n", 2, "is no time"},
        {HEADER "2010-01-01T9:00:00Z,IBM,1\n", 2, "is no time"},
        {HEADER "2010-01-01 ,IBM,1\n", 2, "is no time"},
        {HEADER "2010-01-01,I B,1\n", 2, "allowed: 1 to 32 of A-Z"},
        {HEADER "2010-01-01,,1\n", 2, "is no symbol"},
        {HEADER "2010-01-01,IBM,0\n", 2, "allowed: above 0"},
        {HEADER "2010-01-01,IBM,-1\n", 2, "is no price"},
        {HEADER "2010-01-01,IBM,nan\n", 2, "is no price"},
        {HEADER "2010-01-01,IBM,1.00001\n", 2, "is no price"},
        {HEADER "2010-01-02,IBM,1\n2010-01-03,X,1\n2010-01-01,IBM,1\n", 4,
         "2010-01-01 is before 2010-01-02"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct replay *replay;
        struct replay_error error;
        assert_int_equal(replay_create(&replay, span_of(cases[i].text), &error),
                         ERR_SYNTAX);
        assert_null(replay);
        assert_int_equal(error.line, cases[i].line);
        if (strstr(error.text, cases[i].says) == NULL) {
            fail_msg("case %zu says: %s", i, error.text);
        }
    }
}

static void files_are_loaded(void **state)
{
    (void)state;
    char path[] = "/tmp/replay_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    const char *text = HEADER "2010-01-01,IBM,120.5\n";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct replay *replay;
    struct replay_error error;
    assert_int_equal(replay_load(&replay, path, &error), 0);
    assert_int_equal(at(replay, "IBM", 0).price, 1205000);
    replay_destroy(&replay);
    unlink(path);
    assert_int_equal(replay_load(&replay, path, &error), ERR_IO);
    assert_int_equal(error.line, 0);
    assert_non_null(strstr(error.text, "No such file"));
    assert_null(replay);
}

static void oom_file_is_refused_whole(void **state)
{
    (void)state;
    const char *text = HEADER "2010-01-01,IBM,1\n2010-01-01,AAPL,2\n";
    TESTING_EACH_ALLOCATION(n)
    {
        struct replay *replay;
        struct replay_error error;
        int err = replay_create(&replay, span_of(text), &error);
        assert_true(err == 0 || err == ERR_NOMEM);
        assert_true((err == 0) == (replay != NULL));
        replay_destroy(&replay);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(symbols_move_line_by_line_and_stay_at_the_last),
    cmocka_unit_test(lines_of_one_date_are_one_session),
    cmocka_unit_test(wrong_files_are_refused_with_their_line),
    cmocka_unit_test(files_are_loaded),
    cmocka_unit_test(oom_file_is_refused_whole),
};

TEST_MAIN(tests)
