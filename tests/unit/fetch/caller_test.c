/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller_test.c -- HTTP calls against a server that answers well and badly, on
 * 127.0.0.1.  Run under ThreadSanitizer too: the server is a thread.
 */
#include "fetch/caller.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "testing/testing.h"
#include "unit/fetch/desk.h"
#include "unit/fetch/stub.h"

#include <zlib.h>

/* What the stub answers, by target. */
static void answer(void *user, const char *target, struct stub_answer *out)
{
    (void)user;
    if (strcmp(target, "/reset") == 0) {
        out->resets = true;
    } else if (strcmp(target, "/close") == 0) {
        out->closes = true;
    } else if (strcmp(target, "/cut") == 0) {
        stub_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        out->closes = true;
    } else if (strcmp(target, "/nonsense") == 0) {
        stub_printf(out, "220 mail.example ESMTP\r\n");
        out->closes = true;
    } else if (strcmp(target, "/404") == 0) {
        stub_put(out, "404 Not Found", "", span_of("no such thing"));
    } else if (strcmp(target, "/503") == 0) {
        stub_put(out, "503 Service Unavailable", "", span_of("<html>"));
    } else if (strcmp(target, "/302") == 0) {
        stub_put(out, "302 Found", "Location: /elsewhere\r\n",
                 span_of("over there"));
    } else if (strcmp(target, "/request") == 0) {
        stub_put(out, "200 OK", "", out->request);
    } else if (strcmp(target, "/empty") == 0) {
        stub_put(out, "200 OK", "", span_of(""));
    } else if (strcmp(target, "/chunked") == 0) {
        stub_printf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\none\r\n4\r\n two\r\n0\r\n\r\n");
    } else {
        stub_put(out, "200 OK", "", span_of(target));
    }
}

static void answers_are_given_as_they_are(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    call_stub(&desk, "/price?symbol=IBM", PATIENCE_MS);
    run_all(&desk);
    assert_answer(&desk.calls[0], 200, "/price?symbol=IBM");
    call_stub(&desk, "/404", PATIENCE_MS);
    call_stub(&desk, "/503", PATIENCE_MS);
    call_stub(&desk, "/empty", PATIENCE_MS);
    call_stub(&desk, "/chunked", PATIENCE_MS);
    run_all(&desk);
    assert_answer(&desk.calls[1], 404, "no such thing");
    assert_answer(&desk.calls[2], 503, "<html>");
    assert_answer(&desk.calls[3], 200, "");
    assert_answer(&desk.calls[4], 200, "one two");
    close_desk(&desk);
}

static void redirect_is_not_followed(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    call_stub(&desk, "/302", PATIENCE_MS);
    run_all(&desk);
    assert_answer(&desk.calls[0], 302, "over there");
    assert_int_equal(stub_requests(desk.stub), 1);
    close_desk(&desk);
}

static void connection_is_used_again(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    for (int i = 0; i < 10; i++) {
        call_stub(&desk, "/again", PATIENCE_MS);
        run_all(&desk);
        assert_answer(&desk.calls[i], 200, "/again");
    }
    assert_int_equal(stub_requests(desk.stub), 10);
    assert_int_equal(stub_connections(desk.stub), 1);
    close_desk(&desk);
}

IMPLEMENTS(caller_again_fn)
static bool never_again(void *user, void *tag)
{
    struct desk *desk = user;
    assert_ptr_equal(tag, &desk->calls[1]);
    return false;
}

/* A connection that was idle is reset as it is used again: the call is sent
 * once more, on a new one, unless somebody minds. */
static void dead_connection_is_asked_about_before_another_is_made(void **state)
{
    (void)state;
    for (unsigned minds = 0; minds < 2; minds++) {
        struct desk desk;
        open_desk(&desk, answer);
        caller_ask_again(desk.caller, minds ? never_again : NULL);
        call_stub(&desk, "/price", PATIENCE_MS);
        run_all(&desk);
        call_stub(&desk, "/reset", PATIENCE_MS);
        run_all(&desk);
        assert_failed(&desk.calls[1]);
        assert_int_equal(stub_requests(desk.stub), minds ? 2 : 3);
        assert_int_equal(
            strcmp(desk.calls[1].failure, "the connection was dead") == 0,
            minds);
        close_desk(&desk);
    }
}

static void calls_run_at_the_same_time(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    stub_hold(desk.stub, true);
    for (int i = 0; i < 20; i++) {
        char target[16];
        snprintf(target, sizeof(target), "/%d", i);
        call_stub(&desk, target, PATIENCE_MS);
    }
    while (stub_requests(desk.stub) < 20) {
        uv_run(&desk.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(desk.ended, 0);
    stub_hold(desk.stub, false);
    run_all(&desk);
    for (int i = 0; i < 20; i++) {
        char target[16];
        snprintf(target, sizeof(target), "/%d", i);
        assert_answer(&desk.calls[i], 200, target);
    }
    close_desk(&desk);
}

static void next_call_may_start_from_within_the_callback(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    desk.again = "/second";
    call_stub(&desk, "/first", PATIENCE_MS);
    run_all(&desk);
    assert_int_equal(desk.started, 2);
    assert_answer(&desk.calls[0], 200, "/first");
    assert_answer(&desk.calls[1], 200, "/second");
    close_desk(&desk);
}

/* --- What goes wrong -------------------------------------------------------
 */

static void broken_answers_are_failures(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    const char *const targets[] = {"/reset", "/close", "/cut", "/nonsense"};
    for (unsigned i = 0; i < 4; i++) {
        call_stub(&desk, targets[i], PATIENCE_MS);
        run_all(&desk);
        assert_failed(&desk.calls[i]);
    }
    call_stub(&desk, "/well", PATIENCE_MS); // and the next one is fine
    run_all(&desk);
    assert_answer(&desk.calls[4], 200, "/well");
    close_desk(&desk);
}

static void hanging_provider_is_given_up_after_the_timeout(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    stub_hold(desk.stub, true);
    call_stub(&desk, "/slow", 50);
    run_all(&desk);
    assert_failed(&desk.calls[0]);
    assert_non_null(strstr(desk.calls[0].failure, "imeout"));
    stub_hold(desk.stub, false);
    call_stub(&desk, "/well", PATIENCE_MS);
    run_all(&desk);
    assert_answer(&desk.calls[1], 200, "/well");
    close_desk(&desk);
}

/* A port on which nobody listens. */
static void url_of_nobody(char *out, size_t size)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    close(fd);
    snprintf(out, size, "http://127.0.0.1:%u/", ntohs(in.sin_port));
}

static void provider_that_is_not_there_is_a_failure(void **state)
{
    (void)state;
    struct desk desk;
    char url[64];
    open_desk(&desk, answer);
    url_of_nobody(url, sizeof(url));
    start_call(&desk, url, PATIENCE_MS);
    run_all(&desk);
    assert_failed(&desk.calls[0]);
    close_desk(&desk);
}

static void only_http_is_spoken(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    const char *const urls[] = {"file:///etc/hostname", "ftp://127.0.0.1/x",
                                "gopher://127.0.0.1/x", "dict://127.0.0.1/x"};
    for (unsigned i = 0; i < 4; i++) {
        start_call(&desk, urls[i], PATIENCE_MS);
        run_all(&desk);
        assert_failed(&desk.calls[i]);
        assert_int_equal(desk.calls[i].body.len, 0);
    }
    close_desk(&desk);
}

/* --- Long bodies -----------------------------------------------------------
 */

static void put_long(struct stub_answer *out, size_t len)
{
    stub_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
    memset(stub_append(out, NULL, len), 'x', len);
}

static void put_chunked(struct stub_answer *out, size_t len)
{
    stub_printf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t sent = 0; sent < len; sent += 4096) {
        size_t now = len - sent < 4096 ? len - sent : 4096;
        stub_printf(out, "%zx\r\n%*c\r\n", now, (int)now, 'x');
    }
    stub_printf(out, "0\r\n\r\n");
}

/* A gzip stream whose header goes on and on, and decodes to nothing. */
static void put_endless_gzip(struct stub_answer *out, size_t len)
{
    static const char head[] = "\x1f\x8b\x08\x08\0\0\0\0\0\x03"; // a name comes
    stub_printf(out,
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                "Content-Length: %zu\r\n\r\n",
                len);
    stub_append(out, head, sizeof(head) - 1);
    len -= sizeof(head) - 1;
    memset(stub_append(out, NULL, len), 'n', len);
}

static void answer_long(void *user, const char *target, struct stub_answer *out)
{
    (void)user;
    uint64_t len;
    CHECK(span_to_u64(span_of(target + 2), &len) == 0);
    if (target[1] == 'c') {
        put_chunked(out, len);
    } else if (target[1] == 'z') {
        put_endless_gzip(out, len);
    } else {
        put_long(out, len);
    }
}

static void body_beyond_the_limit_ends_the_call(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer_long);
    const char kinds[] = {'l', 'c'};
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned j = 0; j < 3; j++) {
            char target[32];
            size_t len = CALLER_BODY_LIMIT - 1 + j;
            snprintf(target, sizeof(target), "/%c%zu", kinds[i], len);
            call_stub(&desk, target, PATIENCE_MS);
            run_all(&desk);
            const struct ended *call = &desk.calls[i * 3 + j];
            assert_int_equal(call->failed, len > CALLER_BODY_LIMIT);
            if (call->failed) {
                assert_string_equal(call->failure,
                                    "the body is longer than 1 MiB");
            } else {
                assert_int_equal(call->body.len, len);
            }
        }
    }
    call_stub(&desk, "/l20000000", PATIENCE_MS);
    run_all(&desk);
    assert_failed(&desk.calls[6]);
    close_desk(&desk);
}

static void encoded_body_beyond_the_limit_ends_the_call_too(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer_long);
    call_stub(&desk, "/z20000000", PATIENCE_MS);
    run_all(&desk);
    assert_failed(&desk.calls[0]);
    assert_string_equal(desk.calls[0].failure, "the body is longer than 1 MiB");
    close_desk(&desk);
}

/* 8 MiB that come as 8 KiB. */
static void answer_bomb(void *user, const char *target, struct stub_answer *out)
{
    (void)user;
    (void)target;
    static unsigned char packed[65536];
    static unsigned char zeros[65536];
    z_stream z = {.next_out = packed, .avail_out = sizeof(packed)};
    CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) ==
          Z_OK);
    for (int i = 0; i < 128; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof(zeros);
        CHECK(deflate(&z, i < 127 ? Z_NO_FLUSH : Z_FINISH) >= Z_OK);
    }
    CHECK(deflateEnd(&z) == Z_OK);
    stub_put(out, "200 OK", "Content-Encoding: gzip\r\n",
             (struct span){(char *)packed, sizeof(packed) - z.avail_out});
}

static void body_that_unpacks_beyond_the_limit_ends_the_call(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer_bomb);
    call_stub(&desk, "/bomb", PATIENCE_MS);
    run_all(&desk);
    assert_failed(&desk.calls[0]);
    assert_string_equal(desk.calls[0].failure, "the body is longer than 1 MiB");
    close_desk(&desk);
}

/* --- Ends ------------------------------------------------------------------
 */

static void destroy_ends_calls_without_calling_back(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    call_stub(&desk, "/done", PATIENCE_MS); // leaves an idle connection
    run_all(&desk);
    stub_hold(desk.stub, true);
    for (int i = 0; i < 5; i++) {
        call_stub(&desk, "/under-way", PATIENCE_MS);
    }
    while (stub_requests(desk.stub) < 6) {
        uv_run(&desk.loop.uv, UV_RUN_NOWAIT);
    }
    call_stub(&desk, "/not-begun", PATIENCE_MS);
    caller_destroy(&desk.caller);
    assert_null(desk.caller);
    stub_hold(desk.stub, false);
    run_some(&desk);
    assert_int_equal(desk.ended, 1);
    close_desk(&desk);
}

static void caller_that_never_called_ends_too(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk, answer);
    assert_string_equal(caller_load_error(desk.caller), "");
    close_desk(&desk);
}

/* --- No memory -------------------------------------------------------------
 */

static void oom_makes_no_caller(void **state)
{
    (void)state;
    struct loop loop;
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&loop, &options), 0);
    int failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct caller *caller;
        int err = caller_create(&caller, &loop, on_done, NULL);
        assert_true(err == 0 || (err == ERR_NOMEM && caller == NULL));
        failures += err != 0;
        caller_destroy(&caller);
    }
    assert_int_equal(failures, 2);
    loop_deinit(&loop);
}

static void header_lines_go_out_as_they_are(void **state)
{
    (void)state;
    static const char lines[] = "X-Token: a b%c\0User-Agent: me/1";
    struct desk desk;
    open_desk(&desk, answer);
    char url[512];
    snprintf(url, sizeof(url), "%s/request", stub_origin(desk.stub));
    struct ended *call = &desk.calls[desk.started++];
    *call = (struct ended){.body = buffer_empty(4096)};
    struct span headers = {lines, sizeof(lines)}; // with the last 0
    assert_int_equal(caller_start(desk.caller, url, headers, PATIENCE_MS, call),
                     0);
    run_all(&desk);
    struct span seen = buffer_span(&call->body);
    assert_true(span_has_nocase(seen, span_of("\r\nX-Token: a b%c\r\n")));
    assert_true(span_has_nocase(seen, span_of("\r\nUser-Agent: me/1\r\n")));
    assert_false(span_has_nocase(seen, span_of("quoted/")));
    close_desk(&desk);
}

/* A call for which there is no memory is refused or fails; the next is fine. */
static void oom_fails_a_call_and_no_more(void **state)
{
    (void)state;
    int refused = 0;
    int failed = 0;
    for (size_t n = 1, made = 0; made + 1 >= n; n++) {
        struct desk desk;
        open_desk(&desk, answer);
        char url[512];
        snprintf(url, sizeof(url), "%s/first", stub_origin(desk.stub));
        struct ended *call = &desk.calls[desk.started++];
        call->body = buffer_empty(1000);
        buffer_reserve(&call->body, 500); // not under test
        mem_fail_nth(n);
        int err = caller_start(desk.caller, url, span_of(""), 50, call);
        if (err == 0) {
            run_all(&desk);
        } else {
            assert_int_equal(err, ERR_NOMEM);
            desk.ended++;
            refused++;
        }
        made = mem_fail_nth(0);
        failed += err == 0 && call->failed;
        call_stub(&desk, "/second", PATIENCE_MS);
        run_all(&desk);
        assert_answer(&desk.calls[1], 200, "/second");
        close_desk(&desk);
    }
    assert_true(refused >= 1);
    assert_true(failed >= 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_are_given_as_they_are),
    cmocka_unit_test(redirect_is_not_followed),
    cmocka_unit_test(connection_is_used_again),
    cmocka_unit_test(dead_connection_is_asked_about_before_another_is_made),
    cmocka_unit_test(calls_run_at_the_same_time),
    cmocka_unit_test(next_call_may_start_from_within_the_callback),
    cmocka_unit_test(broken_answers_are_failures),
    cmocka_unit_test(hanging_provider_is_given_up_after_the_timeout),
    cmocka_unit_test(provider_that_is_not_there_is_a_failure),
    cmocka_unit_test(only_http_is_spoken),
    cmocka_unit_test(body_beyond_the_limit_ends_the_call),
    cmocka_unit_test(encoded_body_beyond_the_limit_ends_the_call_too),
    cmocka_unit_test(body_that_unpacks_beyond_the_limit_ends_the_call),
    cmocka_unit_test(destroy_ends_calls_without_calling_back),
    cmocka_unit_test(caller_that_never_called_ends_too),
    cmocka_unit_test(oom_makes_no_caller),
    cmocka_unit_test(header_lines_go_out_as_they_are),
    cmocka_unit_test(oom_fails_a_call_and_no_more),
};

DESK_MAIN(tests)
