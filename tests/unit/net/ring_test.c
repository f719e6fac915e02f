/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring_test.c -- what a ring answers is what send(2) answers, all of it within
 * the call, also where the kernel takes fewer than it is asked to.
 */
#include "net/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liburing.h>

#include "base/check.h"
#include "base/err.h"
#include "testing/testing.h"

#define SENDS 16

/* Stands before liburing's: spoils requests, which the kernel then refuses
 * without looking at those behind them; or lets none through. */
static unsigned spoiled_count; // so many of the next call
static int refusal;            // what the call returns instead; 0: nothing
static unsigned calls;

int __real_io_uring_submit_and_wait(struct io_uring *uring, unsigned wait_nr);
int __wrap_io_uring_submit_and_wait(struct io_uring *uring, unsigned wait_nr);

int __wrap_io_uring_submit_and_wait(struct io_uring *uring, unsigned wait_nr)
{
    calls++;
    if (refusal != 0) {
        return refusal;
    }
    for (unsigned i = 0; i < spoiled_count; i++) {
        // Every second one, from the second.
        unsigned at = (*uring->sq.khead + 1 + 2 * i) & *uring->sq.kring_mask;
        uring->sq.sqes[at].flags = 0x80; // there is none of that number
    }
    spoiled_count = 0;
    return __real_io_uring_submit_and_wait(uring, wait_nr);
}

struct ring_pairs {
    struct ring *ring;
    int ours[SENDS];
    int theirs[SENDS];
    struct ring_send sends[SENDS];
};

static int set_up(void **state)
{
    struct ring_pairs *pairs = calloc(1, sizeof(*pairs));
    assert_non_null(pairs);
    *state = pairs;
    spoiled_count = 0;
    refusal = 0;
    calls = 0;
    for (size_t i = 0; i < SENDS; i++) {
        int fds[2];
        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        pairs->ours[i] = fds[0];
        pairs->theirs[i] = fds[1];
        pairs->sends[i] =
            (struct ring_send){.fd = fds[0], .bytes = "news", .len = 4};
    }
    int err = ring_open(&pairs->ring, SENDS);
    assert_true(err == 0 || (err == ERR_IO && pairs->ring == NULL));
    if (err != 0) {
        print_message("no io_uring here: %s\n", strerror(errno));
    }
    return 0;
}

static int tear_down(void **state)
{
    struct ring_pairs *pairs = *state;
    for (size_t i = 0; i < SENDS; i++) {
        close(pairs->ours[i]);
        close(pairs->theirs[i]);
    }
    ring_close(&pairs->ring);
    assert_null(pairs->ring);
    free(pairs);
    return 0;
}

/* The pairs, where there is a ring; the test is skipped otherwise. */
static struct ring_pairs *pairs_of(void **state)
{
    struct ring_pairs *pairs = *state;
    if (pairs->ring == NULL) {
        skip();
    }
    return pairs;
}

static void expect(const struct ring_pairs *pairs, size_t i, const char *text)
{
    char got[64] = {0};
    ssize_t len = recv(pairs->theirs[i], got, sizeof(got) - 1, MSG_DONTWAIT);
    assert_int_equal(len, strlen(text) > 0 ? (ssize_t)strlen(text) : -1);
    assert_string_equal(got, text);
}

static void one_call_sends_all(void **state)
{
    struct ring_pairs *pairs = pairs_of(state);
    for (int round = 0; round < 5; round++) {
        assert_int_equal(ring_send(pairs->ring, pairs->sends, SENDS), SENDS);
        for (size_t i = 0; i < SENDS; i++) {
            assert_int_equal(pairs->sends[i].answer, 4);
            expect(pairs, i, "news");
        }
    }
    assert_int_equal(calls, 5);
}

static void answers_are_those_of_send(void **state)
{
    struct ring_pairs *pairs = pairs_of(state);
    static char much[1u << 20];
    close(pairs->theirs[0]);
    pairs->theirs[0] = -1;
    while (send(pairs->ours[1], much, sizeof(much), MSG_NOSIGNAL) > 0) {
    }
    while (send(pairs->ours[1], much, 1, MSG_NOSIGNAL) > 0) {
    }
    assert_int_equal(errno, EAGAIN);
    pairs->sends[2].bytes = much;
    pairs->sends[2].len = sizeof(much);
    pairs->sends[3].fd = -1;
    pairs->sends[4].fd = STDERR_FILENO; // no socket
    assert_int_equal(ring_send(pairs->ring, pairs->sends, SENDS), SENDS);
    assert_int_equal(pairs->sends[0].answer, -EPIPE);
    assert_int_equal(pairs->sends[1].answer, -EAGAIN);
    assert_true(pairs->sends[2].answer > 4);
    assert_true(pairs->sends[2].answer < (ssize_t)sizeof(much));
    assert_int_equal(pairs->sends[3].answer, -EBADF);
    assert_int_equal(pairs->sends[4].answer, -ENOTSOCK);
    for (size_t i = 5; i < SENDS; i++) {
        assert_int_equal(pairs->sends[i].answer, 4);
        expect(pairs, i, "news");
    }
    assert_int_equal(calls, 1);
}

/* The kernel stops behind one that it refuses: the rest goes in another call,
 * and that one by send(). */
static void what_was_not_taken_is_submitted_again(void **state)
{
    struct ring_pairs *pairs = pairs_of(state);
    for (unsigned spoiled = 1; spoiled <= SENDS / 2; spoiled++) {
        calls = 0;
        spoiled_count = spoiled;
        assert_int_equal(ring_send(pairs->ring, pairs->sends, SENDS), SENDS);
        assert_int_equal(calls, spoiled < SENDS / 2 ? spoiled + 1 : spoiled);
        for (size_t i = 0; i < SENDS; i++) {
            assert_int_equal(pairs->sends[i].answer, 4);
            expect(pairs, i, "news");
        }
    }
}

static void refused_call_answers_nobody(void **state)
{
    struct ring_pairs *pairs = pairs_of(state);
    refusal = -EAGAIN;
    assert_int_equal(ring_send(pairs->ring, pairs->sends, SENDS), 0);
    for (size_t i = 0; i < SENDS; i++) {
        expect(pairs, i, "");
    }
    // Closed now, it sends nothing any more.
    ring_close(&pairs->ring);
    expect(pairs, 0, "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(one_call_sends_all, set_up, tear_down),
    cmocka_unit_test_setup_teardown(answers_are_those_of_send, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(what_was_not_taken_is_submitted_again,
                                    set_up, tear_down),
    cmocka_unit_test_setup_teardown(refused_call_answers_nobody, set_up,
                                    tear_down),
};

TEST_MAIN(tests)
