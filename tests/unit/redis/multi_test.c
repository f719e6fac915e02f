/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of redis/multi.c, with a session that does nothing but own a MULTI and
 * take what EXEC hands over.  That the replies come in order is shown with real
 * connections, in tests/peers/redis_test.py.
 */
#include "redis/multi.h"

#include <string.h>

#include "base/buffer.h"
#include "proto/resp.h"
#include "redis/client.h"
#include "redis/command.h"
#include "redis/quotes.h"
#include "redis/session.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "testing/testing.h"

#define BYTES_MAX 1000

struct session {
    struct multi *multi;
    struct worker worker;
    struct settings settings;
    struct conf conf;
    struct buffer next; // what EXEC handed over
    struct buffer out;
};

/* --- What multi.c calls ------------------------------------------------------
 */

struct multi **session_multi(struct session *session)
{
    return &session->multi;
}

struct worker *session_worker(const struct session *session)
{
    return (struct worker *)&session->worker;
}

void session_run_next(struct session *session, struct buffer *commands)
{
    assert_int_equal(session->next.len, 0);
    session->next = *commands;
    *commands = buffer_empty(0);
}

void command_fail(struct session *session, struct buffer *out, const char *word,
                  const char *sentence)
{
    (void)session;
    resp_put_error(out, word, span_of(sentence));
}

void client_reset(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    (void)command;
    (void)out;
    multi_drop(session);
}

void client_quit(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    (void)session;
    (void)command;
    (void)out;
}

void quotes_get(struct session *session, const struct resp_command *command,
                struct buffer *out)
{
    (void)session;
    (void)command;
    (void)out;
    fail_msg("%s", "a kept command is not run");
}

/* --- A session, and commands for it ------------------------------------------
 */

static int setup(void **state)
{
    static struct session session; // a worker is larger than a stack should be
    memset(&session, 0, sizeof(session));
    session.conf.limits.output_bytes_max = BYTES_MAX;
    session.settings.conf = &session.conf;
    session.worker.settings = &session.settings;
    session.next = buffer_empty(BYTES_MAX);
    session.out = buffer_empty(BYTES_MAX);
    *state = &session;
    return 0;
}

static int teardown(void **state)
{
    struct session *session = *state;
    multi_drop(session);
    buffer_deinit(&session->next);
    buffer_deinit(&session->out);
    return 0;
}

/* Run a command of the session's worker; returns whether it was kept. */
static bool run(struct session *session, const char *line, command_fn fn)
{
    char text[BYTES_MAX * 2];
    int len = snprintf(text, sizeof(text), "%s\n", line);
    struct resp_command *command = &session->worker.command;
    assert_int_equal(resp_parse(command, text, (size_t)len, sizeof(text)), len);
    struct command found = {.name = "any", .run = fn};
    buffer_clear(&session->out);
    bool is_kept = multi_keep(session, &found, command, &session->out);
    if (!is_kept) {
        fn(session, command, &session->out);
    }
    return is_kept;
}

static void assert_out(struct session *session, const char *beginning)
{
    size_t len = strlen(beginning);
    assert_true(session->out.len >= len);
    assert_memory_equal(session->out.data, beginning, len);
}

/* --- Tests -------------------------------------------------------------------
 */

static void commands_are_run_where_no_multi_is_open(void **state)
{
    struct session *session = *state;
    char text[] = "GET IBM\n";
    struct resp_command *command = &session->worker.command;
    resp_parse(command, text, strlen(text), BYTES_MAX);
    struct command get = {.name = "get", .run = quotes_get};
    assert_false(multi_keep(session, &get, command, &session->out));
    assert_int_equal(session->out.len, 0);
    multi_spoil(session);
    multi_drop(session);
    assert_null(session->multi);
}

/* (1) While one is open, every command is kept and answered +QUEUED, but for
 * MULTI, EXEC, DISCARD, RESET and QUIT. */
static void inv1_all_but_its_own_commands_are_kept(void **state)
{
    struct session *session = *state;
    assert_false(run(session, "MULTI", multi_multi));
    assert_out(session, "+OK\r\n");
    assert_true(run(session, "GET IBM", quotes_get));
    assert_out(session, "+QUEUED\r\n");
    assert_false(run(session, "MULTI", multi_multi));
    assert_out(session, "-ERR MULTI within MULTI");
    assert_false(run(session, "QUIT", client_quit));
    assert_non_null(session->multi);
    assert_false(run(session, "RESET", client_reset));
    assert_null(session->multi);

    assert_false(run(session, "EXEC", multi_exec));
    assert_out(session, "-ERR EXEC without MULTI\r\n");
    assert_false(run(session, "DISCARD", multi_discard));
    assert_out(session, "-ERR DISCARD without MULTI\r\n");
}

static void exec_hands_over_what_was_kept_as_it_would_come(void **state)
{
    struct session *session = *state;
    run(session, "MULTI", multi_multi);
    run(session, "GET IBM", quotes_get);
    run(session, "get 'a \\x b' \"\\r\\n\"", quotes_get);
    run(session, "EXEC", multi_exec);
    assert_out(session, "*2\r\n");
    assert_null(session->multi);

    const char expected[] =
        "*2\r\n$3\r\nGET\r\n$3\r\nIBM\r\n"
        "*3\r\n$3\r\nget\r\n$6\r\na \\x b\r\n$2\r\n\r\n\r\n";
    assert_int_equal(session->next.len, strlen(expected));
    assert_memory_equal(session->next.data, expected, strlen(expected));
}

static void exec_of_nothing_is_an_empty_array(void **state)
{
    struct session *session = *state;
    run(session, "MULTI", multi_multi);
    run(session, "EXEC", multi_exec);
    assert_out(session, "*0\r\n");
    assert_int_equal(session->next.len, 0);
    assert_null(session->multi);
}

static void discard_forgets_what_was_kept(void **state)
{
    struct session *session = *state;
    run(session, "MULTI", multi_multi);
    run(session, "GET IBM", quotes_get);
    run(session, "DISCARD", multi_discard);
    assert_out(session, "+OK\r\n");
    assert_null(session->multi);
    assert_int_equal(session->next.len, 0);
}

/* (3) A command that is refused makes EXEC answer -EXECABORT and run none. */
static void inv3_exec_after_a_refused_command_runs_none(void **state)
{
    struct session *session = *state;
    run(session, "MULTI", multi_multi);
    run(session, "GET IBM", quotes_get);
    multi_spoil(session);
    assert_true(run(session, "GET DIS", quotes_get));
    assert_out(session, "+QUEUED\r\n");
    run(session, "EXEC", multi_exec);
    assert_out(session, "-EXECABORT ");
    assert_int_equal(session->next.len, 0);
    assert_null(session->multi);
}

static void an_exec_that_cannot_be_run_ends_it(void **state)
{
    struct session *session = *state;
    run(session, "MULTI", multi_multi);
    run(session, "GET IBM", quotes_get);
    buffer_clear(&session->out);
    multi_abort(session, &session->out);
    assert_out(session, "-EXECABORT ");
    assert_null(session->multi);
    assert_int_equal(session->next.len, 0);
    multi_abort(session, &session->out); // without one it is the same
}

/* Open a MULTI and have one command kept that takes `bytes`. */
static void keep_bytes(struct session *session, int bytes)
{
    int overhead = (int)strlen("*2\r\n$3\r\nGET\r\n$123\r\n\r\n");
    char line[BYTES_MAX * 2];
    snprintf(line, sizeof(line), "GET %0*d", bytes - overhead, 0);
    run(session, "MULTI", multi_multi);
    assert_true(run(session, line, quotes_get));
}

/* (3) It keeps at most limits.output_bytes. */
static void inv3_as_many_bytes_as_the_bound_are_kept(void **state)
{
    struct session *session = *state;
    keep_bytes(session, BYTES_MAX);
    assert_out(session, "+QUEUED\r\n");
    run(session, "EXEC", multi_exec);
    assert_int_equal(session->next.len, BYTES_MAX);
}

static void inv3_a_byte_more_than_the_bound_is_refused(void **state)
{
    struct session *session = *state;
    keep_bytes(session, BYTES_MAX + 1);
    assert_out(session, "-ERR the commands since MULTI are more than "
                        "limits.output_bytes");
    assert_true(run(session, "GET IBM", quotes_get));
    assert_out(session, "-ERR ");
    run(session, "EXEC", multi_exec);
    assert_out(session, "-EXECABORT ");
    assert_int_equal(session->next.len, 0);
}

static void oom_is_told_and_leaves_nothing_behind(void **state)
{
    struct session *session = *state;
    buffer_put_text(&session->out, "has its memory already");
    TESTING_EACH_ALLOCATION(n)
    {
        run(session, "MULTI", multi_multi);
        if (session->multi == NULL) {
            assert_out(session, "-OVERLOADED ");
            continue;
        }
        run(session, "GET IBM", quotes_get);
        bool is_kept = session->out.data[0] == '+';
        run(session, "EXEC", multi_exec);
        assert_out(session, is_kept ? "*1\r\n" : "-EXECABORT ");
        assert_true(is_kept == (session->next.len > 0));
        buffer_deinit(&session->next);
        assert_null(session->multi);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(commands_are_run_where_no_multi_is_open),
    TEST(inv1_all_but_its_own_commands_are_kept),
    TEST(exec_hands_over_what_was_kept_as_it_would_come),
    TEST(exec_of_nothing_is_an_empty_array),
    TEST(discard_forgets_what_was_kept),
    TEST(inv3_exec_after_a_refused_command_runs_none),
    TEST(an_exec_that_cannot_be_run_ends_it),
    TEST(inv3_as_many_bytes_as_the_bound_are_kept),
    TEST(inv3_a_byte_more_than_the_bound_is_refused),
    TEST(oom_is_told_and_leaves_nothing_behind),
};

TEST_MAIN(tests)
