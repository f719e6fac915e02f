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

#define IBM "GET /v1/quotes/IBM HTTP/1.1\r\nHost: a\r\n\r\n"

static struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

static void keep(struct memos *memos, const char *request, const char *symbol)
{
    const struct symbol kept = symbol_of(symbol);
    const struct web_call call = {
        .target = {request + 4, strcspn(request + 4, " ")},
        .form = FORM_CSV,
    };
    memo_keep(memos, span_of(request), &kept, &call);
}

static void inv1_a_request_is_found_by_all_of_its_bytes(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    assert_null(memo_find(&memos, span_of(IBM)));
    char request[] = IBM;
    keep(&memos, request, "IBM");
    memset(request, '?', sizeof(request) - 1); // it was copied
    const struct memo *memo = memo_find(&memos, span_of(IBM));
    assert_non_null(memo);
    assert_string_equal(memo->symbol.text, "IBM");
    assert_int_equal(memo->len, strlen(IBM));
    assert_int_equal(memo->call.form, FORM_CSV);
    assert_true(span_equal(memo->call.target, span_of("/v1/quotes/IBM")));
    assert_ptr_equal(memo_find(&memos, span_of(IBM "GET /")), memo);
    memo_forget_all(&memos);
    assert_null(memo_find(&memos, span_of(IBM)));
}

static void inv1_nothing_else_is_found(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    keep(&memos, IBM, "IBM");
    for (size_t cut = 0; cut < strlen(IBM); cut++) {
        assert_null(memo_find(&memos, (struct span){IBM, cut}));
    }
    for (size_t i = 0; i < strlen(IBM); i++) {
        char other[] = IBM;
        other[i] ^= 1;
        assert_null(memo_find(&memos, span_of(other)));
    }
    assert_null(memo_find(&memos, span_of("\r\n" IBM)));
    memo_forget_all(&memos);
}

static void what_is_too_long_or_has_more_is_not_kept(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    keep(&memos, IBM "more", "IBM");
    assert_null(memo_find(&memos, span_of(IBM)));
    char request[2 * MEMO_BYTES_LIMIT];
    snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nX: %0*d\r\n\r\n",
             MEMO_BYTES_LIMIT, 0);
    keep(&memos, request, "IBM");
    assert_null(memo_find(&memos, span_of(request)));
    memo_forget_all(&memos);
}

static void many_push_each_other_out(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    char request[64];
    for (int i = 0; i < 4 * MEMO_PLACES; i++) {
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "S%d", i);
        snprintf(request, sizeof(request), "GET /%s HTTP/1.1\r\n\r\n", symbol);
        keep(&memos, request, symbol);
        const struct memo *memo = memo_find(&memos, span_of(request));
        assert_non_null(memo);
        assert_string_equal(memo->symbol.text, symbol);
    }
    memo_forget_all(&memos);
}

static void oom_keeps_nothing(void **state)
{
    (void)state;
    struct memos memos = {{NULL}};
    mem_fail_nth(1);
    keep(&memos, IBM, "IBM");
    mem_fail_nth(0);
    assert_null(memo_find(&memos, span_of(IBM)));
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
    const struct symbol symbol = symbol_of("IBM");
    const struct web_call call = {.http = &http, .target = http.target};
    struct memos memos = {{NULL}};
    memo_keep(&memos, (struct span){bytes, strlen(bytes)}, &symbol, &call);
    memset(bytes, '?', sizeof(bytes));
    memset(&http, 0xff, sizeof(http));
    const struct memo *memo = memo_find(&memos, span_of(request));
    assert_non_null(memo);
    assert_null(memo->call.http);
    assert_string_equal(memo->call.name.text, "mine");
    memo_forget_all(&memos);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inv1_a_request_is_found_by_all_of_its_bytes),
        cmocka_unit_test(inv1_nothing_else_is_found),
        cmocka_unit_test(what_is_too_long_or_has_more_is_not_kept),
        cmocka_unit_test(many_push_each_other_out),
        cmocka_unit_test(oom_keeps_nothing),
        cmocka_unit_test(what_is_found_does_not_look_at_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
