/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup_test.c -- looking names up on a thread that the caller may outlive, or
 * that may outlive the caller.  Run under ThreadSanitizer too.
 */
#include "lib/lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>

#include "base/err.h"
#include "testing/testing.h"

static void wait_for(const struct lookup *lookup)
{
    struct pollfd polled = {.fd = lookup_fd(lookup), .events = POLLIN};
    assert_int_equal(poll(&polled, 1, -1), 1);
}

static void numbers_need_no_lookup(void **state)
{
    (void)state;
    struct lookup_result result;
    assert_int_equal(lookup_numeric(&result, "127.0.0.1", "7400"), 0);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.addresses[0].ss_family, AF_INET);
    struct sockaddr_in in;
    memcpy(&in, &result.addresses[0], sizeof(in));
    assert_int_equal(ntohs(in.sin_port), 7400);
    assert_int_equal(lookup_numeric(&result, "::1", "1"), 0);
    assert_int_equal(result.addresses[0].ss_family, AF_INET6);
    assert_int_equal(lookup_numeric(&result, "localhost", "1"), ERR_SYNTAX);
}

static void answer_comes_through_the_descriptor(void **state)
{
    (void)state;
    struct lookup *lookup;
    struct lookup_result result;
    assert_int_equal(lookup_begin(&lookup, "127.0.0.1", "80"), 0);
    wait_for(lookup);
    assert_int_equal(lookup_take(lookup, &result), 0);
    assert_int_equal(result.error, 0);
    assert_int_equal(result.count, 1);
    lookup_end(&lookup);
    assert_null(lookup);
    lookup_end(&lookup);
}

static void name_that_is_none_is_an_answer_too(void **state)
{
    (void)state;
    struct lookup *lookup;
    struct lookup_result result;
    // Refused by the port, before any name server is asked.
    assert_int_equal(lookup_begin(&lookup, "127.0.0.1", "no-port"), 0);
    wait_for(lookup);
    assert_int_equal(lookup_take(lookup, &result), 0);
    assert_int_not_equal(result.error, 0);
    assert_int_equal(result.count, 0);
    lookup_end(&lookup);
}

/* The thread frees the request then, or we do: LeakSanitizer and
 * ThreadSanitizer watch which. */
static void caller_may_let_go_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct lookup *lookup;
        struct lookup_result result;
        assert_int_equal(lookup_begin(&lookup, "127.0.0.1", "80"), 0);
        if (i % 3 == 1) {
            (void)lookup_take(lookup, &result);
        } else if (i % 3 == 2) {
            wait_for(lookup);
        }
        lookup_end(&lookup);
    }
}

static void oom_begins_nothing(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct lookup *lookup;
        int err = lookup_begin(&lookup, "127.0.0.1", "80");
        assert_true(err == 0 || (err == ERR_NOMEM && lookup == NULL));
        if (err == 0) {
            wait_for(lookup);
        }
        lookup_end(&lookup);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_need_no_lookup),
    cmocka_unit_test(answer_comes_through_the_descriptor),
    cmocka_unit_test(name_that_is_none_is_an_answer_too),
    cmocka_unit_test(caller_may_let_go_at_any_time),
    cmocka_unit_test(oom_begins_nothing),
};

TEST_MAIN(tests)
