/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_test.c -- every call of the library with each of its allocations
 * failing in turn, against a small server: it says so, leaves no descriptor
 * open, and the next call is as good as any.
 */
#include <quoted/quoted.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/testing.h"

static const struct {
    const char *verb;
    const char *answer;
} answers[] = {
    {"HELLO", "%1\r\n$6\r\nserver\r\n$6\r\nquoted\r\n"},
    {"CLIENT", "+OK\r\n"},
    {"PING", "+PONG\r\n"},
    {"SUBSCRIBE", ">3\r\n+subscribe\r\n+IBM\r\n:1\r\n"},
    {"HGETALL", "*6\r\n+symbol\r\n+IBM\r\n+price\r\n+1.50\r\n+fetched\r\n"
                "+2025-11-06T20:15:01.123Z\r\n"},
    {"HISTORY", "*1\r\n*6\r\n:1\r\n+1\r\n+1\r\n+1\r\n+1\r\n:1\r\n"},
    {"EXPLAIN", "$4\r\nwhy\n\r\n"},
};

/* --- The server, in a process of its own ---------------------------------- */

static void answer_verb(int fd, const char *verb)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strcmp(verb, answers[i].verb) == 0) {
            size_t len = strlen(answers[i].answer);
            if (send(fd, answers[i].answer, len, MSG_NOSIGNAL) !=
                (ssize_t)len) {
                return;
            }
        }
    }
}

/* Answer by the first word of each command: the line behind "*n" and "$n". */
static void serve_one(int fd)
{
    FILE *in = fdopen(fd, "r");
    char line[512];
    while (fgets(line, sizeof(line), in) != NULL) {
        int words = line[0] == '*' ? line[1] - '0' : 0; // of one digit
        char verb[64] = "";
        for (int i = 0; i < 2 * words; i++) {
            if (fgets(line, sizeof(line), in) == NULL) {
                break;
            }
            if (i == 1) {
                snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(line, "\r\n"),
                         line);
            }
        }
        answer_verb(fd, verb);
    }
    fclose(in);
}

static void serve(int listener)
{
    while (true) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            _exit(0);
        }
        serve_one(fd);
    }
}

struct fixture {
    pid_t server;
    char path[64];
    char address[80];
};

static int set_up(void **state)
{
    static struct fixture f;
    snprintf(f.path, sizeof(f.path), "/tmp/memory_test.%d", (int)getpid());
    snprintf(f.address, sizeof(f.address), "unix:%s", f.path);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, f.path, strlen(f.path) + 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 64), 0);
    f.server = fork();
    assert_true(f.server >= 0);
    if (f.server == 0) {
        serve(listener);
    }
    close(listener);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    kill(f->server, SIGKILL);
    waitpid(f->server, NULL, 0);
    unlink(f->path);
    return 0;
}

/* --- The library ---------------------------------------------------------- */

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Silence is not what is tested here. */
static const struct quoted_options patient = {
    .size = sizeof(patient), .timeout_ms = 60000, .attempt_ms = 30000};

static bool is_fine(int err)
{
    assert_true(err == 0 || err == QUOTED_E_NOMEM);
    return err == 0;
}

/* Each call once; returns how many of them failed. */
static int call_all(struct quoted *q)
{
    int failed = 0;
    struct quoted_quote quotes[2] = {QUOTED_QUOTE_INIT};
    const char *const symbols[] = {"IBM", "IBM"};
    struct quoted_demand demand = QUOTED_DEMAND_INIT;
    demand.max_age_ms = 0;
    failed += !is_fine(quoted_get_many_with(q, symbols, 2, &demand, quotes));
    struct quoted_bar bars[2] = {QUOTED_BAR_INIT};
    size_t count;
    failed += !is_fine(quoted_history(q, "IBM", NULL, bars, 2, &count));
    char text[16];
    failed += !is_fine(quoted_explain(q, "IBM", text, sizeof(text)));
    failed += !is_fine(quoted_ping(q));
    return failed;
}

static void oom_costs_a_handle_one_call(void **state)
{
    const struct fixture *f = *state;
    int before = count_descriptors();
    TESTING_EACH_ALLOCATION(n)
    {
        struct quoted *q;
        if (is_fine(quoted_open(&q, f->address, &patient))) {
            assert_true(call_all(q) <= 1);
            quoted_close(&q);
        }
        assert_null(q);
        assert_int_equal(count_descriptors(), before);
    }
}

/* Enough that what is sent and received does not fit where a PING did. */
#define ROWS 200

/* Hear of each row once; returns how many calls failed. */
static int hear_of_all(struct quoted_watch *w)
{
    bool is_told[ROWS] = {false};
    int left = ROWS;
    int failed = 0;
    while (left > 0) {
        struct quoted_quote quote = QUOTED_QUOTE_INIT;
        size_t i;
        if (is_fine(quoted_watch_next(w, &quote, &i, 60000))) {
            left -= !is_told[i];
            is_told[i] = true;
        } else {
            failed++;
        }
    }
    return failed;
}

static void oom_costs_a_watch_one_call(void **state)
{
    const struct fixture *f = *state;
    const char *symbols[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        symbols[i] = "IBM";
    }
    int before = count_descriptors();
    int failed = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct quoted_watch *w;
        if (is_fine(
                quoted_watch_open(&w, f->address, &patient, symbols, ROWS))) {
            int failed_now = hear_of_all(w);
            assert_true(failed_now <= 1);
            failed += failed_now;
            quoted_watch_close(&w);
        }
        assert_null(w);
        assert_int_equal(count_descriptors(), before);
    }
    assert_true(failed > 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(oom_costs_a_handle_one_call, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(oom_costs_a_watch_one_call, set_up,
                                    tear_down),
};

TEST_MAIN(tests)
