/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo_test.c -- requests that are known by their bytes.
 */
#include "web/memo.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/http.h"
#include "testing/testing.h"

#define BEHIND    " HTTP/1.1\r\nHost: a\r\n\r\n"
#define IBM       "GET /v1/quotes/IBM" BEHIND
#define IBM_QUERY "GET /v1/quotes/IBM?format=csv" BEHIND
#define IBM_ELSE  "GET /v1/quotes/IBM HTTP/1.1\r\nHost: b\r\n\r\n"

/* Keep a request as it was read. */
static void keep(struct memos *memos, const char *request, enum form form)
{
    const struct web_call call = {
        .target = {request + 4, strcspn(request + 4, " ")},
        .form = form,
    };
    memo_keep(memos, span_of(request), &call);
}

/* Whether bytes are known, to who has found nothing yet. */
static bool is_known(const struct memos *memos, struct span bytes)
{
    uint32_t last = 0;
    struct memo_found found;
    return memo_find(memos, bytes, &last, &found);
}

static void assert_found(const struct memos *memos, const char *bytes,
                         const char *text, const char *target, size_t len)
{
    uint32_t last = 0;
    for (int i = 0; i < 2; i++) { // the second time where it was found last
        struct memo_found found;
        assert_true(memo_find(memos, span_of(bytes), &last, &found));
        assert_true(span_equal(found.text, span_of(text)));
        assert_true(span_equal(found.target, span_of(target)));
        assert_int_equal(found.len, len);
    }
}

static void inv1_a_request_is_found_by_all_of_its_bytes(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    assert_false(is_known(&memos, span_of(IBM)));
    char request[] = IBM;
    keep(&memos, request, FORM_CSV);
    memset(request, '?', sizeof(request) - 1); // it was copied
    assert_found(&memos, IBM, "IBM", "/v1/quotes/IBM", strlen(IBM));
    assert_found(&memos, IBM "GET /", "IBM", "/v1/quotes/IBM", strlen(IBM));
    struct memo_found found;
    uint32_t last = 0;
    assert_true(memo_find(&memos, span_of(IBM), &last, &found));
    assert_int_equal(found.memo->call.form, FORM_CSV);
    memo_forget_all(&memos);
    assert_false(is_known(&memos, span_of(IBM)));
}

static void inv1_another_symbol_is_asked_for_in_the_same_way(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    keep(&memos, IBM_QUERY, FORM_CSV);
#define BRK "GET /v1/quotes/brk.b-1_x?format=csv" BEHIND
    assert_found(&memos, BRK, "brk.b-1_x", "/v1/quotes/brk.b-1_x?format=csv",
                 strlen(BRK));
    assert_false(is_known(&memos, span_of(IBM)));
    memo_forget_all(&memos);
}

/* Bytes that would be read differently, or that mean something else. */
static void inv1_nothing_else_is_found(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    keep(&memos, IBM, FORM_JSON);
    const size_t text_at = strcspn(IBM, "I");
    for (size_t cut = 0; cut < strlen(IBM); cut++) {
        assert_false(is_known(&memos, (struct span){IBM, cut}));
    }
    for (size_t i = 0; i < strlen(IBM); i++) {
        char other[] = IBM;
        other[i] ^= 1;
        bool is_text = i >= text_at && i < text_at + strlen("IBM");
        assert_int_equal(is_known(&memos, span_of(other)), is_text);
    }
    static const char *const others[] = {
        "\r\n" IBM,
        IBM_ELSE,
        IBM_QUERY,
        "GET /v1/quotes/" BEHIND,
        "GET /v1/quotes/%49BM" BEHIND,
        "GET /v1/quotes/I%42M" BEHIND,
        "GET /v1/quotes/EUR/USD" BEHIND,
        "GET /v1/quotes/IBM#x" BEHIND,
        "GET /v1/quotes/A B" BEHIND,
        "GET /v1/quotes/A2345678901234567890123456789012345" BEHIND,
        "HEAD /v1/quotes/IBM" BEHIND,
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(is_known(&memos, span_of(others[i])));
    }
    memo_forget_all(&memos);
}

static void inv1_what_else_may_be_meant_is_not_kept(void **state)
{
    (void)state;
    static const char *const others[] = {
        "GET /v1/quotes/EUR/USD" BEHIND, "GET /v1/quotes/IBM%20" BEHIND,
        "GET /v1/quotes/%49BM" BEHIND,   "GET http://a/v1/quotes/IBM" BEHIND,
        "HEAD /v1/quotes/IBM" BEHIND,    IBM "more",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct memos memos = {{NULL}};
        keep(&memos, others[i], FORM_JSON);
        for (size_t place = 0; place < MEMO_PLACES; place++) {
            assert_null(memos.places[place]);
        }
    }
}

static void what_is_too_long_is_not_kept(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    char request[2 * MEMO_BYTES_LIMIT];
    snprintf(request, sizeof(request),
             "GET /v1/quotes/IBM HTTP/1.1\r\nX: %0*d\r\n\r\n", MEMO_BYTES_LIMIT,
             0);
    keep(&memos, request, FORM_JSON);
    assert_false(is_known(&memos, span_of(request)));
    memo_forget_all(&memos);
}

static void many_push_each_other_out(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    char request[64];
    for (int i = 0; i < 4 * MEMO_PLACES; i++) {
        snprintf(request, sizeof(request),
                 "GET /v1/quotes/IBM HTTP/1.1\r\nX: %d\r\n\r\n", i);
        keep(&memos, request, FORM_JSON);
        assert_true(is_known(&memos, span_of(request)));
    }
    memo_forget_all(&memos);
}

static void what_was_found_last_is_looked_at_first(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    keep(&memos, IBM, FORM_JSON);
    keep(&memos, IBM_QUERY, FORM_CSV);
    uint32_t last = 0;
    struct memo_found found;
    assert_true(memo_find(&memos, span_of(IBM), &last, &found));
    uint32_t place = last;
    assert_ptr_equal(memos.places[place], found.memo);
    // Of another request it says nothing, whether that is known or not.
    assert_false(memo_find(&memos, span_of(IBM_ELSE), &last, &found));
    assert_int_equal(last, place);
    for (size_t cut = 0; cut < strlen(IBM); cut++) {
        struct span part = {IBM, cut};
        assert_false(memo_find(&memos, part, &last, &found));
    }
    assert_true(memo_find(&memos, span_of(IBM_QUERY), &last, &found));
    assert_int_equal(found.memo->call.form, FORM_CSV);
    assert_ptr_equal(memos.places[last], found.memo);
    memo_forget_all(&memos);
    assert_false(memo_find(&memos, span_of(IBM_QUERY), &last, &found));
}

static void oom_keeps_nothing(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    mem_fail_nth(1);
    keep(&memos, IBM, FORM_JSON);
    mem_fail_nth(0);
    assert_false(is_known(&memos, span_of(IBM)));
    memo_forget_all(&memos);
}

/* The request that it was read of is another one's memory by then. */
static void what_is_found_does_not_look_at_the_request(void **state)
{
    (void)state;
    static const char request[] =
        "GET /v1/quotes/IBM HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n";
    char bytes[sizeof(request)];
    memcpy(bytes, request, sizeof(request));
    struct http_request http;
    assert_int_equal(http_parse(&http, bytes, strlen(bytes), 0),
                     strlen(request));
    const struct web_call call = {.http = &http, .target = http.target};
    struct memos memos = {{NULL}};
    memo_keep(&memos, (struct span){bytes, strlen(bytes)}, &call);
    memset(bytes, '?', sizeof(bytes));
    memset(&http, 0xff, sizeof(http));
    uint32_t last = 0;
    struct memo_found found;
    assert_true(memo_find(&memos, span_of(request), &last, &found));
    assert_null(found.memo->call.http);
    assert_null(found.memo->call.target.data);
    assert_string_equal(found.memo->call.name.text, "mine");
    memo_forget_all(&memos);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inv1_a_request_is_found_by_all_of_its_bytes),
        cmocka_unit_test(inv1_another_symbol_is_asked_for_in_the_same_way),
        cmocka_unit_test(inv1_nothing_else_is_found),
        cmocka_unit_test(inv1_what_else_may_be_meant_is_not_kept),
        cmocka_unit_test(what_is_too_long_is_not_kept),
        cmocka_unit_test(many_push_each_other_out),
        cmocka_unit_test(what_was_found_last_is_looked_at_first),
        cmocka_unit_test(oom_keeps_nothing),
        cmocka_unit_test(what_is_found_does_not_look_at_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
