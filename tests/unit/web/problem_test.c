/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_test.c -- failures as documents.
 */
#include "web/problem.h"

#include <string.h>

#include "base/buffer.h"
#include "base/err.h"
#include "testing/testing.h"

static void assert_err(int err, int status, const char *code)
{
    struct problem problem = problem_of_err(err);
    assert_int_equal(problem.status, status);
    assert_string_equal(problem.code, code);
    assert_string_equal(problem.title, err_sentence(err));
}

static void every_err_of_a_quote_has_a_status_and_its_own_word(void **state)
{
    (void)state;
    assert_err(ERR_UNKNOWN, 404, "UNKNOWN");
    assert_err(ERR_NODATA, 404, "NODATA");
    assert_err(ERR_LIMIT, 503, "LIMIT");
    assert_err(ERR_UPSTREAM, 502, "UPSTREAM");
    assert_err(ERR_OVERLOADED, 503, "OVERLOADED");
    assert_err(ERR_DRAINING, 503, "DRAINING");
    assert_err(ERR_SYMBOL, 400, "SYMBOL");
    assert_err(ERR_TOOOLD, 504, "TOOOLD");
    assert_err(ERR_STORE, 503, "STORE");
}

static void no_err_that_a_client_is_told_is_forgotten(void **state)
{
    (void)state;
    for (int err = -1; strcmp(err_word(err), "ERR") != 0; err--) {
        assert_string_equal(problem_of_err(err).code, err_word(err));
    }
    assert_int_equal(problem_of_err(ERR_NOMEM).status, 500);
}

static void statuses_have_codes_of_their_own(void **state)
{
    (void)state;
    const int statuses[] = {400, 404, 405, 406, 408, 413,
                            414, 431, 501, 504, 505};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        struct problem problem = problem_of_status(statuses[i]);
        assert_int_equal(problem.status, statuses[i]);
        assert_true(strlen(problem.code) > 0 && strlen(problem.title) > 0);
    }
    assert_string_equal(problem_of_status(404).code, "PATH");
}

static void assert_document(const struct problem *problem, const char *expected)
{
    struct buffer out = buffer_empty(1024);
    problem_put(&out, problem);
    buffer_put_byte(&out, '\0');
    assert_false(out.failed);
    assert_string_equal(out.data, expected);
    buffer_deinit(&out);
}

static void a_document_holds_what_is_known(void **state)
{
    (void)state;
    struct problem problem = problem_of_err(ERR_LIMIT);
    assert_document(&problem,
                    "{\"type\":\"/openapi.json#/components/responses/LIMIT\","
                    "\"title\":\"the provider's allowance is used\","
                    "\"status\":503,\"code\":\"LIMIT\"}");
    problem.detail = span_of("25 a \"day\"");
    problem.instance = span_of("/v1/quotes/IBM");
    problem.symbol = span_of("IBM");
    problem.retry_after_ms = 1500;
    assert_document(&problem,
                    "{\"type\":\"/openapi.json#/components/responses/LIMIT\","
                    "\"title\":\"the provider's allowance is used\","
                    "\"status\":503,\"detail\":\"25 a \\\"day\\\"\","
                    "\"instance\":\"/v1/quotes/IBM\",\"code\":\"LIMIT\","
                    "\"symbol\":\"IBM\",\"retry_after_ms\":1500}");
}

static void retry_after_is_never_too_early(void **state)
{
    (void)state;
    struct problem problem = {.status = 503};
    assert_int_equal(problem_retry_after_s(&problem), 0);
    problem.retry_after_ms = 1;
    assert_int_equal(problem_retry_after_s(&problem), 1);
    problem.retry_after_ms = 1000;
    assert_int_equal(problem_retry_after_s(&problem), 1);
    problem.retry_after_ms = 1001;
    assert_int_equal(problem_retry_after_s(&problem), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_err_of_a_quote_has_a_status_and_its_own_word),
        cmocka_unit_test(no_err_that_a_client_is_told_is_forgotten),
        cmocka_unit_test(statuses_have_codes_of_their_own),
        cmocka_unit_test(a_document_holds_what_is_known),
        cmocka_unit_test(retry_after_is_never_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
