/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_test.c -- the greeting of a connection and what a server makes of it,
 * over a pair of sockets whose other end is the test.
 */
#include "lib/member.h"

#include <quoted/quoted.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "lib/handle.h"
#include "lib/replies.h"
#include "testing/testing.h"

struct fixture {
    struct server server;
    struct member *member;
    int peer; /* the server's end */
};

static const struct greeting greeting = {
    .client_name = "client-7",
    .heartbeat_ms = 100,
};

#define QUOTED_HELLO                                                    \
    "%3\r\n$6\r\nserver\r\n$6\r\nquoted\r\n$5\r\nproto\r\n:3\r\n$7\r\n" \
    "modules\r\n*0\r\n"

/* A member that is connected to f->peer, as if it had been just now. */
static int connect_to_peer(struct fixture *f)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends),
                     0);
    f->member->fd = ends[0];
    f->member->is_connecting = true;
    f->peer = ends[1];
    return member_finish(f->member, &greeting, 0);
}

static int make(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;
    *f = (struct fixture){.server = {.is_fixed = true}};
    memcpy(f->server.endpoint.text, "a:1", 4);
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    assert_int_equal(
        member_create(&f->member, &f->server, &address, sizeof(address)), 0);
    assert_int_equal(connect_to_peer(f), 0);
    *state = f;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *f = *state;
    member_destroy(&f->member);
    assert_null(f->member);
    if (f->peer >= 0) {
        close(f->peer);
    }
    return 0;
}

static void say(struct fixture *f, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(f->peer, text, len, 0), (ssize_t)len);
    bool received = false;
    assert_int_equal(member_receive(f->member, &received), 0);
    assert_true(received);
}

static const struct reply *next(struct fixture *f)
{
    const struct reply *reply;
    assert_int_equal(member_next(f->member, &reply), 0);
    return reply;
}

static void greeting_is_one_write(void **state)
{
    struct fixture *f = *state;
    buffer_put_text(&f->member->out, "*1\r\n$4\r\nPING\r\n");
    member_send(f->member);
    assert_int_equal(f->member->out.len, 0);
    char text[512];
    ssize_t len = recv(f->peer, text, sizeof(text) - 1, 0);
    assert_true(len > 0);
    text[len] = '\0';
    assert_string_equal(
        text, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"
              "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$8\r\nclient-7\r\n"
              "*3\r\n$6\r\nCLIENT\r\n$9\r\nHEARTBEAT\r\n$3\r\n100\r\n"
              "*1\r\n$4\r\nPING\r\n");
}

static void inv1_stranger_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct reply *reply;
    say(f,
        "%2\r\n+proto\r\n:3\r\n+server\r\n+redis\r\n+OK\r\n+OK\r\n+PONG\r\n");
    assert_int_equal(member_next(f->member, &reply), ERR_PROTOCOL);
    assert_int_equal(f->member->error, QUOTED_E_PROTOCOL);
    assert_string_equal(f->member->failure,
                        "this is \"redis\", and no quoted server");
}

static void inv1_who_says_no_name_is_no_stranger(void **state)
{
    struct fixture *f = *state;
    say(f, "%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n+PONG\r\n");
    assert_int_equal(next(f)->kind, REPLY_STATUS);
}

static void inv2_older_server_serves(void **state)
{
    struct fixture *f = *state;
    say(f, "-ERR unknown command\r\n-ERR no\r\n-ERR no\r\n+PONG\r\n");
    const struct reply *reply = next(f);
    assert_int_equal(reply->kind, REPLY_STATUS);
    assert_true(span_equal(reply->fields[0], span_of("PONG")));
    assert_int_equal(f->member->greeting, GREETING_OVER);
    assert_false(f->member->has_heartbeat);
    assert_true(member_is_at_rest(f->member));
}

static void inv3_heartbeat_is_a_promise(void **state)
{
    struct fixture *f = *state;
    say(f, QUOTED_HELLO);
    assert_null(next(f));
    say(f, "+OK\r\n+O");
    assert_null(next(f));
    assert_false(f->member->has_heartbeat);
    assert_false(member_is_at_rest(f->member));
    say(f, "K\r\n");
    assert_null(next(f));
    assert_true(f->member->has_heartbeat);
    assert_true(member_is_at_rest(f->member));
}

static void inv3_each_connection_promises_anew(void **state)
{
    struct fixture *f = *state;
    say(f, QUOTED_HELLO "+OK\r\n+OK\r\n");
    assert_null(next(f));
    assert_true(f->member->has_heartbeat);
    member_hang_up(f->member);
    close(f->peer);
    assert_int_equal(connect_to_peer(f), 0);
    assert_false(f->member->has_heartbeat);
    assert_int_equal(f->member->greeting, GREETING_HELLO);
}

static void inv4_pushes_are_not_replies(void **state)
{
    struct fixture *f = *state;
    say(f, ">2\r\n+waiting\r\n:1\r\n" QUOTED_HELLO
           "+OK\r\n+OK\r\n>2\r\n+waiting\r\n:1\r\n+PONG\r\n>1\r\n+x\r\n");
    const struct reply *reply = next(f);
    assert_int_equal(reply->kind, REPLY_STATUS);
    assert_null(next(f));
    assert_true(member_is_at_rest(f->member));
}

static void names_are_made_clean(void **state)
{
    struct fixture *f = *state;
    const struct reply *reply;
    say(f, "%1\r\n+server\r\n$8\r\n\033]0;x\007\r\n\r\n");
    assert_int_equal(member_next(f->member, &reply), ERR_PROTOCOL);
    assert_string_equal(f->member->failure,
                        "this is \"?]0;x???\", and no quoted server");
}

static void end_of_a_connection_is_told(void **state)
{
    struct fixture *f = *state;
    close(f->peer);
    f->peer = -1;
    bool received = true;
    member_send(f->member); // no SIGPIPE
    assert_int_equal(member_receive(f->member, &received), ERR_IO);
    assert_false(received);
    assert_int_equal(f->member->error, QUOTED_E_UNREACHABLE);
    member_hang_up(f->member);
    member_hang_up(f->member);
    assert_int_equal(f->member->fd, -1);
}

static void addresses_of_names_are_named_with_both(void **state)
{
    (void)state;
    struct server server = {.is_fixed = false};
    memcpy(server.endpoint.text, "a.example:1", 12);
    struct sockaddr_storage address = {.ss_family = AF_INET};
    struct member *member;
    assert_int_equal(member_create(&member, &server, &address, 16), 0);
    assert_string_equal(member->text, "a.example:1 (0.0.0.0)");
    assert_true(member_is_at(member, &address, 16));
    assert_false(member_is_at(member, &address, 28));
    member_destroy(&member);
}

static void oom_connects_nothing(void **state)
{
    struct fixture *f = *state;
    TESTING_EACH_ALLOCATION(n)
    {
        member_hang_up(f->member);
        buffer_deinit(&f->member->out);
        close(f->peer);
        int err = connect_to_peer(f);
        assert_true(err == 0 || err == ERR_NOMEM);
        // Without memory for the greeting the buffer has failed, as pass.c and
        // trial.c look at.
        assert_true(err != 0 || f->member->out.failed ||
                    f->member->out.len > 0);
    }
}

#define ON_A_CONNECTION(test) \
    cmocka_unit_test_setup_teardown(test, make, unmake)

static const struct CMUnitTest tests[] = {
    ON_A_CONNECTION(greeting_is_one_write),
    ON_A_CONNECTION(inv1_stranger_is_refused),
    ON_A_CONNECTION(inv1_who_says_no_name_is_no_stranger),
    ON_A_CONNECTION(inv2_older_server_serves),
    ON_A_CONNECTION(inv3_heartbeat_is_a_promise),
    ON_A_CONNECTION(inv3_each_connection_promises_anew),
    ON_A_CONNECTION(inv4_pushes_are_not_replies),
    ON_A_CONNECTION(names_are_made_clean),
    ON_A_CONNECTION(end_of_a_connection_is_told),
    cmocka_unit_test(addresses_of_names_are_named_with_both),
    ON_A_CONNECTION(oom_connects_nothing),
};

TEST_MAIN(tests)
