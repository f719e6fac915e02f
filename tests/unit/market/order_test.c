/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_test.c -- orders are read strictly: what a test meant is what it gets,
 * and what it did not mean is refused with what is allowed.
 */
#include "market/order.h"

#include <string.h>

#include "base/err.h"
#include "testing/testing.h"

static struct order read_good(enum order_kind kind, const char *body)
{
    struct order order;
    if (order_read(&order, kind, span_of(body)) != 0) {
        fail_msg("%s: %s", body, order.error);
    }
    return order;
}

static void symbols_are_normalised(void **state)
{
    (void)state;
    struct order order = read_good(ORDER_HOLD, " {\"symbol\": \" ibm \"}\n");
    assert_string_equal(order.symbol.text, "IBM");
    order = read_good(ORDER_HOLD, "{\"symbol\":\"*\"}");
    assert_string_equal(order.symbol.text, "*");
}

static void releases_have_a_count_or_none(void **state)
{
    (void)state;
    struct order order = read_good(ORDER_RELEASE, "{\"symbol\":\"IBM\"}");
    assert_true(order.count == UINT64_MAX);
    order = read_good(ORDER_RELEASE, "{\"count\":3,\"symbol\":\"IBM\"}");
    assert_int_equal(order.count, 3);
}

static void answers_are_read_with_all_their_fields(void **state)
{
    (void)state;
    struct order order = read_good(
        ORDER_NEXT,
        "{\"symbol\":\"IBM\",\"answers\":[{\"status\":503,\"body\":"
        "\"a\\u0000b\","
        "\"delay\":\"100ms\",\"truncate\":20,\"reset\":true,\"hang\":false,"
        "\"headers\":{\"Retry-After\":\"60\",\"content-type\":\"text/html\","
        "\"X\":\"\"},\"repeat\":3},{\"class\":\"limit_day\"},{}]}");
    const struct script_answer *answer = order.answers;
    assert_int_equal(answer->status, 503);
    assert_int_equal(answer->body_len, 3);
    assert_memory_equal(answer->body, "a\0b", 3);
    assert_int_equal(answer->delay_ms, 100);
    assert_int_equal(answer->truncate, 20);
    assert_true(answer->resets);
    assert_false(answer->hangs);
    assert_string_equal(answer->headers, "Retry-After: 60\r\nX: \r\n");
    assert_string_equal(answer->type, "text/html");
    assert_int_equal(answer->repeat, 3);
    answer = answer->next;
    assert_int_equal(answer->class_of, ANSWER_LIMIT_DAY);
    answer = answer->next;
    assert_int_equal(answer->class_of, ANSWER_CLASSES_COUNT);
    assert_int_equal(answer->status, 0);
    assert_null(answer->body);
    assert_null(answer->headers);
    assert_true(answer->delay_ms == UINT64_MAX);
    assert_true(answer->truncate == SIZE_MAX);
    assert_int_equal(answer->repeat, 1);
    assert_null(answer->next);
    order_deinit(&order);
    assert_null(order.answers);
}

static void last_of_two_fields_counts(void **state)
{
    (void)state;
    struct order order = read_good(
        ORDER_NEXT, "{\"symbol\":\"A\",\"answers\":[{\"body\":\"x\"},{}],"
                    "\"answers\":[{\"body\":\"y\",\"body\":\"z\"}]}");
    assert_memory_equal(order.answers->body, "z", 1);
    assert_null(order.answers->next);
    order_deinit(&order);
}

static void prices_keep_their_digits(void **state)
{
    (void)state;
    struct order order =
        read_good(ORDER_PRICE,
                  "{\"symbol\":\"IBM\",\"price\":135.6,\"day\":\"2025-11-06\","
                  "\"previous_close\":\"134\"}");
    assert_int_equal(order.session.price, 1356000);
    assert_int_equal(order.session.open, 1356000);
    assert_int_equal(order.session.high, 1356000);
    assert_int_equal(order.session.low, 1356000);
    assert_int_equal(order.session.previous, 1340000);
    assert_string_equal(order.session.day, "2025-11-06");
    order = read_good(ORDER_PRICE, "{\"symbol\":\"CL\",\"price\":\"-37.63\"}");
    assert_int_equal(order.session.price, -376300);
    assert_int_equal(order.session.previous, -376300);
    assert_string_equal(order.session.day, "");
    order = read_good(ORDER_PRICE, "{\"symbol\":\"A\",\"price\":7}");
    assert_int_equal(order.session.price, 70000);
}

struct wrong {
    enum order_kind kind;
    const char *body;
    const char *says;
};

#define ANSWER(fields) "{\"symbol\":\"A\",\"answers\":[{" fields "}]}"

static const struct wrong wrongs[] = {
    {ORDER_HOLD, "", "must be a JSON object"},
    {ORDER_HOLD, " \n", "must be a JSON object"},
    {ORDER_HOLD, "[]", "must be a JSON object"},
    {ORDER_HOLD, "null", "must be a JSON object"},
    {ORDER_HOLD, "\"IBM\"", "must be a JSON object"},
    {ORDER_HOLD, "{\"symbol\":\"IBM\"", "it ends too early"},
    {ORDER_HOLD, "{\"symbol\":\"IBM\"}}", "is no JSON"},
    {ORDER_HOLD, "{'symbol':'IBM'}", "is no JSON"},
    {ORDER_HOLD, "{\"symbol\":\"IBM\",}", "is no JSON"},
    {ORDER_HOLD, "{\"symbol\":\"\xff\"}", "is no JSON"},
    {ORDER_HOLD, "{\"a\":[[[[[[[[1]]]]]]]]}", "is no JSON"},
    {ORDER_HOLD, "{}", "\"symbol\" is missing"},
    {ORDER_HOLD, "{\"symbol\":1}", "\"symbol\" must be 1 to 32"},
    {ORDER_HOLD, "{\"symbol\":\"\"}", "\"symbol\" must be 1 to 32"},
    {ORDER_HOLD, "{\"symbol\":\"I B\"}", "\"symbol\" must be 1 to 32"},
    {ORDER_HOLD, "{\"symbl\":\"A\"}",
     "\"symbl\" is not known here; allowed: "
     "symbol"},
    {ORDER_HOLD, "{\"symbol\":\"A\",\"count\":1}", "\"count\" is not known"},
    {ORDER_RELEASE, "{\"symbol\":\"A\",\"count\":0}", "\"count\" must be"},
    {ORDER_RELEASE, "{\"symbol\":\"A\",\"count\":\"1\"}", "\"count\" must be"},
    {ORDER_RELEASE, "{\"symbol\":\"A\",\"count\":1.0}", "\"count\" must be"},
    {ORDER_RELEASE, "{\"symbol\":\"A\",\"count\":-1}", "\"count\" must be"},
    {ORDER_NEXT, "{\"symbol\":\"A\"}", "\"answers\" is missing"},
    {ORDER_NEXT, "{\"symbol\":\"A\",\"answers\":[]}", "missing or empty"},
    {ORDER_NEXT, "{\"symbol\":\"A\",\"answers\":{}}", "must be an array"},
    {ORDER_NEXT, "{\"symbol\":\"A\",\"answers\":[1]}", "must be an object"},
    {ORDER_NEXT, "{\"symbol\":\"A\",\"answers\":[{},1]}", "must be an object"},
    {ORDER_NEXT, ANSWER("\"status\":199"), "from 200 to 599"},
    {ORDER_NEXT, ANSWER("\"status\":600"), "from 200 to 599"},
    {ORDER_NEXT, ANSWER("\"status\":\"200\""), "from 200 to 599"},
    {ORDER_NEXT, ANSWER("\"body\":{}"), "\"body\" must be a string"},
    {ORDER_NEXT, ANSWER("\"class\":\"nope\""), "one of: unknown empty"},
    {ORDER_NEXT, ANSWER("\"class\":\"down\",\"body\":\"\""), "exclude"},
    {ORDER_NEXT, ANSWER("\"delay\":100"), "\"delay\" must be"},
    {ORDER_NEXT, ANSWER("\"delay\":\"100\""), "\"delay\" must be"},
    {ORDER_NEXT, ANSWER("\"delay\":\"61m\""), "at most 1h"},
    {ORDER_NEXT, ANSWER("\"truncate\":-1"), "\"truncate\" must be"},
    {ORDER_NEXT, ANSWER("\"reset\":1"), "\"reset\" must be true"},
    {ORDER_NEXT, ANSWER("\"hang\":\"yes\""), "\"hang\" must be true"},
    {ORDER_NEXT, ANSWER("\"repeat\":0"), "\"repeat\" must be"},
    {ORDER_NEXT, ANSWER("\"repeat\":1000000001"), "from 1 to 1000000000"},
    {ORDER_NEXT, ANSWER("\"headers\":[]"), "\"headers\" must be an object"},
    {ORDER_NEXT, ANSWER("\"headers\":{\"a b\":\"\"}"), "of one line"},
    {ORDER_NEXT, ANSWER("\"headers\":{\"a\":\"b\\r\\nc\"}"), "of one line"},
    {ORDER_NEXT, ANSWER("\"headers\":{\"a\":1}"), "of one line"},
    {ORDER_NEXT, ANSWER("\"headers\":{\"content-length\":\"1\"}"), "can't"},
    {ORDER_NEXT, ANSWER("\"bdy\":\"\""), "allowed: status body class headers"},
    {ORDER_PRICE, "{\"symbol\":\"A\"}", "\"price\" is missing"},
    {ORDER_PRICE, "{\"symbol\":\"*\",\"price\":1}", "not of *"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":\"x\"}", "\"price\" must be"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":1.00001}", "\"price\" must be"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":1e9}", "\"price\" must be"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":null}", "\"price\" must be"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":1,\"previous_close\":[]}",
     "\"previous_close\" must be"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":1,\"day\":\"6 Nov\"}", "a date"},
    {ORDER_PRICE, "{\"symbol\":\"A\",\"price\":1,\"day\":20251106}", "a date"},
};

static void wrong_orders_are_refused_with_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct order order;
        int err = order_read(&order, wrongs[i].kind, span_of(wrongs[i].body));
        if (err != ERR_SYNTAX || strstr(order.error, wrongs[i].says) == NULL) {
            fail_msg("%s: %d, says %s", wrongs[i].body, err, order.error);
        }
        assert_null(order.answers);
    }
}

static void oom_order_is_refused_whole(void **state)
{
    (void)state;
    const char *body = ANSWER("\"body\":\"x\",\"headers\":{\"a\":\"b\"},"
                              "\"class\":\"down\",\"status\":500");
    const char *good = ANSWER("\"body\":\"x\",\"headers\":{\"a\":\"b\"}");
    TESTING_EACH_ALLOCATION(n)
    {
        struct order order;
        int err = order_read(&order, ORDER_NEXT, span_of(good));
        assert_true(err == 0 || order.error[0] != '\0');
        assert_true((err == 0) == (order.answers != NULL));
        order_deinit(&order);
        assert_true(order_read(&order, ORDER_NEXT, span_of(body)) != 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(symbols_are_normalised),
    cmocka_unit_test(releases_have_a_count_or_none),
    cmocka_unit_test(answers_are_read_with_all_their_fields),
    cmocka_unit_test(last_of_two_fields_counts),
    cmocka_unit_test(prices_keep_their_digits),
    cmocka_unit_test(wrong_orders_are_refused_with_what_is_allowed),
    cmocka_unit_test(oom_order_is_refused_whole),
};

TEST_MAIN(tests)
