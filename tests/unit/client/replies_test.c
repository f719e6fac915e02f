/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replies_test.c -- replies out of bytes, whole or in pieces, and the bounds
 * that a hostile server runs into.
 */
#include "lib/replies.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static int make(void **state)
{
    return replies_create((struct replies **)state);
}

static int unmake(void **state)
{
    replies_destroy((struct replies **)state);
    assert_null(*state);
    return 0;
}

static void feed(struct replies *replies, const char *text)
{
    assert_int_equal(replies_feed(replies, text, strlen(text)), 0);
}

static const struct reply *next(struct replies *replies)
{
    const struct reply *reply;
    assert_int_equal(replies_next(replies, &reply), 0);
    return reply;
}

static void assert_text(struct span text, const char *expected)
{
    assert_true(span_equal(text, span_of(expected)));
}

static void replies_come_one_by_one(void **state)
{
    struct replies *r = *state;
    feed(r, "+PONG\r\n-UNKNOWN X: no\r\n$3\r\na\r\n\r\n:-42\r\n$-1\r\n"
            "*3\r\n$5\r\nprice\r\n:7\r\n$-1\r\n");
    const struct reply *reply = next(r);
    assert_int_equal(reply->kind, REPLY_STATUS);
    assert_text(reply->fields[0], "PONG");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_ERROR);
    assert_text(reply->fields[0], "UNKNOWN X: no");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_TEXT);
    assert_text(reply->fields[0], "a\r\n");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_TEXT);
    assert_text(reply->fields[0], "-42");
    assert_int_equal(next(r)->kind, REPLY_NIL);
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_FIELDS);
    assert_int_equal(reply->count, 3);
    assert_text(reply->fields[0], "price");
    assert_text(reply->fields[1], "7");
    assert_text(reply->fields[2], "");
    assert_null(next(r));
    assert_false(replies_has_rest(r));
}

static void cut_anywhere_changes_nothing(void **state)
{
    (void)state;
    const char *const bytes =
        "*4\r\n$1\r\na\r\n$2\r\nbb\r\n+ok\r\n:1\r\n+X\r\n";
    size_t len = strlen(bytes);
    for (size_t cut = 0; cut <= len; cut++) {
        struct replies *r;
        assert_int_equal(replies_create(&r), 0);
        assert_int_equal(replies_feed(r, bytes, cut), 0);
        const struct reply *reply = next(r);
        bool is_whole = reply != NULL;
        assert_int_equal(is_whole, cut >= len - 4);
        assert_int_equal(replies_has_rest(r), cut != 0 && cut != len - 4);
        assert_int_equal(replies_feed(r, bytes + cut, len - cut), 0);
        reply = is_whole ? reply : next(r);
        assert_int_equal(reply->count, 4);
        assert_text(reply->fields[1], "bb");
        assert_text(reply->fields[2], "ok");
        assert_int_equal(next(r)->kind, REPLY_STATUS);
        assert_null(next(r));
        replies_destroy(&r);
    }
}

/* What HISTORY is answered: more rows than a reply has fields. */
static void rows_are_replies_of_their_own(void **state)
{
    struct replies *r = *state;
    replies_expect_rows(r, true);
    feed(r, ">2\r\n+waiting\r\n:1\r\n*9999\r\n*2\r\n:1\r\n$1\r\na\r\n*2\r\n");
    assert_int_equal(next(r)->kind, REPLY_PUSH);
    const struct reply *reply = next(r);
    assert_int_equal(reply->kind, REPLY_ROWS);
    assert_int_equal(reply->count, 9999);
    replies_expect_rows(r, false);
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_FIELDS);
    assert_int_equal(reply->count, 2);
    assert_text(reply->fields[1], "a");
    assert_null(next(r));
    assert_true(replies_has_rest(r));
    feed(r, ":2\r\n$1\r\nb\r\n");
    assert_text(next(r)->fields[1], "b");
    assert_false(replies_has_rest(r));
}

static void no_rows_are_rows_too_and_errors_stay_errors(void **state)
{
    struct replies *r = *state;
    replies_expect_rows(r, true);
    feed(r, "*0\r\n-STORE none\r\n$1\r\na\r\n*-1\r\n%1\r\n+a\r\n+b\r\n");
    const struct reply *reply = next(r);
    assert_int_equal(reply->kind, REPLY_ROWS);
    assert_int_equal(reply->count, 0);
    assert_int_equal(next(r)->kind, REPLY_ERROR);
    assert_int_equal(next(r)->kind, REPLY_TEXT);
    assert_int_equal(next(r)->kind, REPLY_NIL);
    assert_int_equal(next(r)->kind, REPLY_FIELDS);
}

static void assert_refused_by(struct replies *r, const char *bytes)
{
    const struct reply *reply;
    assert_string_equal(replies_refusal(r), "");
    feed(r, bytes);
    int err = 0;
    do {
        err = replies_next(r, &reply);
    } while (err == 0 && reply != NULL);
    assert_int_equal(err, ERR_PROTOCOL);
    assert_string_not_equal(replies_refusal(r), "");
    // (3) Refused once, refused for good.
    feed(r, "+PONG\r\n");
    assert_int_equal(replies_next(r, &reply), ERR_PROTOCOL);
    assert_null(reply);
}

static void rows_have_a_bound(void **state)
{
    (void)state;
    struct replies *r;
    assert_int_equal(replies_create(&r), 0);
    replies_expect_rows(r, true);
    assert_refused_by(r, "*1000001\r\n");
    replies_destroy(&r);
}

static void assert_refused(const char *bytes)
{
    struct replies *r;
    assert_int_equal(replies_create(&r), 0);
    assert_refused_by(r, bytes);
    replies_destroy(&r);
}

static void resp3_is_read(void **state)
{
    struct replies *r = *state;
    feed(r, "%2\r\n$5\r\nprice\r\n,135.60\r\n+volume\r\n(12345678901234567890"
            "\r\n>2\r\n+waiting\r\n:1\r\n_\r\n#t\r\n=7\r\ntxt:abc\r\n"
            "!9\r\nUNKNOWN X\r\n~2\r\n#f\r\n_\r\n*-1\r\n");
    const struct reply *reply = next(r);
    assert_int_equal(reply->kind, REPLY_FIELDS);
    assert_int_equal(reply->count, 4);
    assert_text(reply->fields[1], "135.60");
    assert_text(reply->fields[3], "12345678901234567890");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_PUSH);
    assert_text(reply->fields[0], "waiting");
    assert_int_equal(next(r)->kind, REPLY_NIL);
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_TEXT);
    assert_text(reply->fields[0], "true");
    assert_text(next(r)->fields[0], "abc");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_ERROR);
    assert_text(reply->fields[0], "UNKNOWN X");
    reply = next(r);
    assert_int_equal(reply->kind, REPLY_FIELDS);
    assert_int_equal(reply->count, 2);
    assert_text(reply->fields[0], "false");
    assert_text(reply->fields[1], "");
    assert_int_equal(next(r)->kind, REPLY_NIL);
    assert_null(next(r));
    assert_false(replies_has_rest(r));
}

/* (1) A quote's fields are flat; HELLO's answer is not. */
static void inv1_what_is_nested_is_passed_over(void **state)
{
    struct replies *r = *state;
    feed(r, "%3\r\n+modules\r\n*2\r\n%1\r\n+name\r\n+x\r\n*0\r\n"
            "+server\r\n+quoted\r\n+more\r\n*0\r\n+PONG\r\n");
    const struct reply *reply = next(r);
    assert_int_equal(reply->count, 6);
    assert_text(reply->fields[0], "modules");
    assert_text(reply->fields[1], "");
    assert_text(reply->fields[2], "server");
    assert_text(reply->fields[3], "quoted");
    assert_text(reply->fields[5], "");
    assert_int_equal(next(r)->kind, REPLY_STATUS);
    feed(r, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
    assert_int_equal(next(r)->count, 1);
    assert_null(next(r));
    assert_refused("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"
                   "*1\r\n:1\r\n");
    assert_refused("*1\r\n>1\r\n:1\r\n");
}

static void inv1_arrays_are_short_and_not_empty(void **state)
{
    (void)state;
    assert_refused("*0\r\n");
    assert_refused("%0\r\n");
    assert_refused(">0\r\n");
    assert_refused("%65\r\n");
    assert_refused("*129\r\n");
    assert_refused("*2147483647\r\n");
    assert_refused("*4294967296\r\n:1\r\n");
    assert_refused("*9223372036854775807\r\n");
    assert_refused("*-2\r\n");
}

static void inv1_as_many_fields_as_stated_are_taken(void **state)
{
    struct replies *r = *state;
    feed(r, "*128\r\n");
    for (int i = 0; i < REPLIES_FIELDS_LIMIT; i++) {
        assert_null(next(r));
        feed(r, ":1\r\n");
    }
    assert_int_equal(next(r)->count, REPLIES_FIELDS_LIMIT);
}

static void inv1_texts_together_have_a_bound(void **state)
{
    (void)state;
    char text[REPLIES_TEXT_LIMIT + 2];
    memset(text, 'x', sizeof(text));
    for (size_t more = 0; more < 2; more++) {
        struct replies *r;
        const struct reply *reply;
        assert_int_equal(replies_create(&r), 0);
        char head[64];
        snprintf(head, sizeof(head), "*2\r\n+1234\r\n$%zu\r\n",
                 REPLIES_TEXT_LIMIT - 4 + more);
        feed(r, head);
        assert_int_equal(replies_feed(r, text, REPLIES_TEXT_LIMIT - 4 + more),
                         0);
        feed(r, "\r\n");
        int err = replies_next(r, &reply);
        assert_int_equal(err, more == 0 ? 0 : ERR_PROTOCOL);
        replies_destroy(&r);
    }
}

static void inv2_endless_line_is_refused(void **state)
{
    struct replies *r = *state;
    const struct reply *reply;
    char text[1024];
    memset(text, 'x', sizeof(text));
    feed(r, "+");
    size_t fed = 1;
    while (replies_next(r, &reply) == 0) {
        assert_null(reply);
        assert_true(fed <= REPLIES_BYTES_LIMIT);
        assert_int_equal(replies_feed(r, text, sizeof(text)), 0);
        fed += sizeof(text);
    }
    assert_string_equal(replies_refusal(r), "a reply that is too long");
}

static void inv2_huge_text_is_refused_before_it_came(void **state)
{
    (void)state;
    char text[REPLIES_BYTES_LIMIT + 32];
    memset(text, 'x', sizeof(text));
    memcpy(text, "$536870912\r\n", 12);
    text[sizeof(text) - 1] = '\0';
    assert_refused(text);
}

static void inv3_what_is_no_resp_is_refused(void **state)
{
    (void)state;
    assert_refused("HTTP/1.1 400 Bad Request\r\n");
    assert_refused("\r\n");
    assert_refused(":x\r\n");
    assert_refused("$-2\r\n");
    assert_refused("$99999999999999999999\r\n");
    assert_refused("x");
    assert_refused("+fine\n");
    assert_refused(":\r\n");
    assert_refused(":+\r\n");
    assert_refused("_x\r\n");
    assert_refused("#x\r\n");
    assert_refused("#\r\n");
    assert_refused("=3\r\nabc\r\n");
    assert_refused("$1\r\nabc");
    assert_refused("%-1\r\n");
    assert_refused("|1\r\n+a\r\n+b\r\n+c\r\n");
    assert_refused("$?\r\n");
}

static void oom_reads_nothing(void **state)
{
    (void)state;
    TESTING_EACH_ALLOCATION(n)
    {
        struct replies *r = NULL;
        const struct reply *reply = NULL;
        int err = replies_create(&r);
        assert_true(err == 0 || (err == ERR_NOMEM && r == NULL));
        if (err == 0) {
            err = replies_feed(r, "+PONG\r\n", 7);
            assert_true(err == 0 || err == ERR_NOMEM);
            assert_int_equal(replies_next(r, &reply), 0);
            assert_int_equal(reply != NULL, err == 0);
        }
        replies_destroy(&r);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(rows_are_replies_of_their_own, make,
                                    unmake),
    cmocka_unit_test_setup_teardown(no_rows_are_rows_too_and_errors_stay_errors,
                                    make, unmake),
    cmocka_unit_test(rows_have_a_bound),
    cmocka_unit_test_setup_teardown(replies_come_one_by_one, make, unmake),
    cmocka_unit_test(cut_anywhere_changes_nothing),
    cmocka_unit_test_setup_teardown(resp3_is_read, make, unmake),
    cmocka_unit_test_setup_teardown(inv1_what_is_nested_is_passed_over, make,
                                    unmake),
    cmocka_unit_test(inv1_arrays_are_short_and_not_empty),
    cmocka_unit_test_setup_teardown(inv1_as_many_fields_as_stated_are_taken,
                                    make, unmake),
    cmocka_unit_test(inv1_texts_together_have_a_bound),
    cmocka_unit_test_setup_teardown(inv2_endless_line_is_refused, make, unmake),
    cmocka_unit_test(inv2_huge_text_is_refused_before_it_came),
    cmocka_unit_test(inv3_what_is_no_resp_is_refused),
    cmocka_unit_test(oom_reads_nothing),
};

TEST_MAIN(tests)
