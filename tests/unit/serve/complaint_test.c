/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complaint_test.c -- names of requests, given by us or by a client, and which
 * failures are logged under them.
 */
#include "serve/complaint.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "obs/log.h"
#include "serve/guest.h"
#include "serve/worker.h"
#include "testing/testing.h"

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"

static void each_request_has_a_name_of_its_own(void **state)
{
    (void)state;
    static struct worker workers[2];
    workers[1].number = 1;
    struct complaint_name names[20];
    for (size_t i = 0; i < 20; i++) {
        complaint_name(&workers[i % 2], &names[i]);
        assert_int_equal(strlen(names[i].text), 16);
        for (size_t before = 0; before < i; before++) {
            assert_string_not_equal(names[i].text, names[before].text);
        }
    }
}

/* What is taken over of a traceparent alone; "" for nothing. */
static const char *trace_of(const char *header)
{
    static struct complaint_name name;
    name.text[0] = '\0';
    const struct span none = {NULL, 0};
    bool is_taken = complaint_take_name(&name, span_of(header), none);
    assert_int_equal(is_taken, name.text[0] != '\0');
    return name.text;
}

static void trace_id_is_taken_over(void **state)
{
    (void)state;
    assert_string_equal(trace_of("00-" TRACE "-" PARENT "-01"), TRACE);
    assert_string_equal(trace_of("00-" TRACE "-" PARENT "-00"), TRACE);
    // A later version may have more behind it, this one not.
    assert_string_equal(trace_of("cc-" TRACE "-" PARENT "-01-what"), TRACE);
    assert_string_equal(trace_of("cc-" TRACE "-" PARENT "-01"), TRACE);
    const char *const wrong[] = {
        "",
        "00",
        "00-" TRACE "-" PARENT "-01-what",
        "cc-" TRACE "-" PARENT "-01.what",
        "ff-" TRACE "-" PARENT "-01",
        "0G-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-0",
        "00-" TRACE "_" PARENT "-01",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-" PARENT "-01",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_string_equal(trace_of(wrong[i]), "");
    }
}

static void name_of_the_client_is_taken_over_where_it_is_plain(void **state)
{
    (void)state;
    char longest[COMPLAINT_NAME_SIZE];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const good[] = {"a", "7c0F-1.x_9", longest};
    struct complaint_name name;
    for (size_t i = 0; i < 3; i++) {
        assert_true(
            complaint_take_name(&name, span_of("no trace"), span_of(good[i])));
        assert_string_equal(name.text, good[i]);
    }
    char longer[COMPLAINT_NAME_SIZE + 1];
    snprintf(longer, sizeof(longer), "%sa", longest);
    const char *const bad[] = {"", "a b", "a\"", "a\r\nb", "\xc3\xa4", longer};
    for (size_t i = 0; i < 6; i++) {
        assert_false(complaint_take_name(&name, span_of(""), span_of(bad[i])));
    }
}

static void trace_goes_before_the_name_of_the_client(void **state)
{
    (void)state;
    struct complaint_name name;
    assert_true(complaint_take_name(
        &name, span_of("00-" TRACE "-" PARENT "-01"), span_of("mine")));
    assert_string_equal(name.text, TRACE);
}

/* What is logged of a failure with this code; "" for nothing. */
static const char *logged(const char *code)
{
    static char text[1000];
    int fds[2];
    assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
    log_setup(fds[1], LOG_INFO, LOG_LOGFMT);
    struct guest guest = {.spoken = PROTOCOL_HTTP};
    snprintf(guest.member.peer, sizeof(guest.member.peer), "192.0.2.1:40000");
    const struct complaint_name name = {"abc"};
    complaint_log(&guest, &name, code, span_of("IBM"), span_of("no \"way\""));
    log_setup(STDERR_FILENO, LOG_INFO, LOG_LOGFMT);
    ssize_t len = read(fds[0], text, sizeof(text) - 1);
    text[len > 0 ? len : 0] = '\0';
    close(fds[0]);
    close(fds[1]);
    const char *level = strstr(text, "level=");
    return level != NULL ? level : "";
}

static void failures_of_ours_are_logged(void **state)
{
    (void)state;
    assert_string_equal(
        logged("UPSTREAM"),
        "level=warning room=serve msg=\"request failed\" code=UPSTREAM "
        "proto=http request=abc symbol=IBM peer=192.0.2.1:40000 "
        "reason=\"no \\\"way\\\"\"\n");
    assert_string_not_equal(logged("LIMIT"), "");
    assert_string_not_equal(logged("OVERLOADED"), "");
    assert_string_not_equal(logged("STORE"), "");
}

static void mistakes_of_clients_are_not_logged(void **state)
{
    (void)state;
    const char *const codes[] = {"UNKNOWN",  "NODATA", "SYMBOL", "TOOOLD",
                                 "DRAINING", "ERR",    ""};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_string_equal(logged(codes[i]), "");
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_request_has_a_name_of_its_own),
    cmocka_unit_test(trace_id_is_taken_over),
    cmocka_unit_test(name_of_the_client_is_taken_over_where_it_is_plain),
    cmocka_unit_test(trace_goes_before_the_name_of_the_client),
    cmocka_unit_test(failures_of_ours_are_logged),
    cmocka_unit_test(mistakes_of_clients_are_not_logged),
};

TEST_MAIN(tests)
