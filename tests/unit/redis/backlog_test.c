/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog_test.c -- requests that wait, in their order, and what they weigh.
 * Inquiries and questions are the test's: they are done when it says so.
 */
#include "redis/backlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "serve/inquiry.h"
#include "serve/question.h"
#include "serve/worker.h"
#include "store/store.h"
#include "testing/testing.h"

struct inquiry {
    size_t count;
    bool is_done;
    inquiry_done_fn on_done;
    void *user;
};

struct question {
    bool is_past;
    bool is_done;
    question_done_fn on_done;
    void *user;
};

static struct fixture {
    struct backlog backlog;
    int err;        // of what is begun
    unsigned alive; // inquiries and questions
    unsigned told;
} fixture;

/* --- What backlog.c calls ------------------------------------------------- */

int inquiry_create(struct inquiry **out, struct worker *worker, size_t count,
                   inquiry_done_fn on_done, void *user)
{
    (void)worker;
    *out = fixture.err == 0 ? mem_calloc(1, sizeof(**out)) : NULL;
    if (*out == NULL) {
        return ERR_OVERLOADED;
    }
    **out = (struct inquiry){count, false, on_done, user};
    fixture.alive++;
    return 0;
}

void inquiry_destroy(struct inquiry **inquiry)
{
    fixture.alive -= *inquiry != NULL;
    mem_free(*inquiry);
    *inquiry = NULL;
}

bool inquiry_is_done(const struct inquiry *inquiry)
{
    return inquiry->is_done;
}

size_t inquiry_count(const struct inquiry *inquiry)
{
    return inquiry->count;
}

static int ask(struct question **out, bool is_past, question_done_fn on_done,
               void *user)
{
    *out = fixture.err == 0 ? mem_calloc(1, sizeof(**out)) : NULL;
    if (*out == NULL) {
        return fixture.err == 0 ? ERR_OVERLOADED : fixture.err;
    }
    **out = (struct question){is_past, false, on_done, user};
    fixture.alive++;
    return 0;
}

int question_past(struct question **out, struct worker *worker,
                  const struct store_question *past, question_done_fn on_done,
                  void *user)
{
    (void)worker;
    assert_int_equal(past->step_ms, 1000);
    return ask(out, true, on_done, user);
}

int question_explain(struct question **out, struct worker *worker,
                     const struct symbol *symbol, question_done_fn on_done,
                     void *user)
{
    (void)worker;
    assert_string_equal(symbol->text, "IBM");
    return ask(out, false, on_done, user);
}

void question_destroy(struct question **question)
{
    fixture.alive -= *question != NULL;
    mem_free(*question);
    *question = NULL;
}

bool question_is_done(const struct question *question)
{
    return question->is_done;
}

/* -------------------------------------------------------------------------- */

static void on_told(struct session *session)
{
    assert_ptr_equal(session, &fixture.alive);
    fixture.told++;
}

static void compose(struct session *session, const struct question *question,
                    struct buffer *out)
{
    (void)session;
    (void)question;
    (void)out;
}

static int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    // Neither is looked into: only their addresses are handed on.
    backlog_init(&fixture.backlog, (struct session *)&fixture.alive,
                 (struct worker *)&fixture.err, on_told);
    return 0;
}

static void free_all(void)
{
    for (struct turn *turn;
         (turn = TAILQ_FIRST(&fixture.backlog.list)) != NULL;) {
        backlog_free(turn);
    }
}

static int teardown(void **state)
{
    (void)state;
    free_all();
    assert_int_equal(fixture.backlog.symbols, 0);
    assert_int_equal(fixture.backlog.held_bytes, 0);
    assert_int_equal(fixture.alive, 0);
    return 0;
}

static int ask_past(void)
{
    const struct store_question past = {.step_ms = 1000};
    return backlog_ask_past(&fixture.backlog, &past, compose);
}

static int ask_why(void)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of("IBM")), 0);
    return backlog_ask_why(&fixture.backlog, &symbol, compose);
}

static struct turn *wait_for(size_t count)
{
    const uint8_t fields[] = {4, 2};
    struct session_request request = {.fields = fields, .fields_count = 2};
    return backlog_wait(&fixture.backlog, &request, count);
}

static void turns_are_in_the_order_in_which_they_were_put(void **state)
{
    (void)state;
    assert_null(backlog_last(&fixture.backlog));
    assert_int_equal(ask_past(), 0);
    struct turn *first = backlog_last(&fixture.backlog);
    struct turn *second = wait_for(3);
    assert_ptr_equal(backlog_last(&fixture.backlog), second);
    assert_int_equal(ask_why(), 0);
    struct turn *third = backlog_last(&fixture.backlog);
    assert_true(first->question->is_past && !third->question->is_past);
    assert_ptr_equal(first->compose, compose);
    assert_ptr_equal(TAILQ_FIRST(&fixture.backlog.list), first);
    assert_ptr_equal(TAILQ_NEXT(first, link), second);
    assert_ptr_equal(TAILQ_NEXT(second, link), third);
}

static void a_request_keeps_fields_of_its_own(void **state)
{
    (void)state;
    const struct turn *turn = wait_for(1);
    assert_int_equal(turn->request.fields_count, 2);
    assert_int_equal(turn->request.fields[0], 4);
    assert_int_equal(turn->request.fields[1], 2);
}

static void each_waits_until_its_own_answer_comes(void **state)
{
    (void)state;
    struct turn *prices = wait_for(1);
    assert_int_equal(ask_past(), 0);
    struct turn *past = backlog_last(&fixture.backlog);
    assert_int_equal(backlog_count_waiting(&fixture.backlog), 2);
    past->question->is_done = true;
    past->question->on_done(past->question->user);
    assert_int_equal(fixture.told, 1);
    assert_true(backlog_is_done(past) && !backlog_is_done(prices));
    assert_int_equal(backlog_count_waiting(&fixture.backlog), 1);
    prices->inquiry->is_done = true;
    prices->inquiry->on_done(prices->inquiry->user);
    assert_int_equal(fixture.told, 2);
    assert_int_equal(backlog_count_waiting(&fixture.backlog), 0);
}

static void a_session_may_have_eight_questions_before_it_is_not_read(
    void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        assert_int_equal(ask_past(), 0);
    }
    assert_true(fixture.backlog.symbols < SESSION_WAITING_LIMIT);
    assert_int_equal(ask_why(), 0);
    assert_true(fixture.backlog.symbols >= SESSION_WAITING_LIMIT);
    for (int i = 0; i < 4; i++) {
        backlog_free(TAILQ_FIRST(&fixture.backlog.list));
    }
    assert_true(fixture.backlog.symbols <= SESSION_WAITING_LIMIT / 2);
    wait_for(5);
    assert_int_equal(fixture.backlog.symbols, SESSION_WAITING_LIMIT / 2 + 5);
}

static void demands_of_an_age_are_counted(void **state)
{
    (void)state;
    const struct session_request request = {.demands_age = true};
    struct turn *first = backlog_wait(&fixture.backlog, &request, 1);
    backlog_wait(&fixture.backlog, &request, 1);
    wait_for(1);
    assert_int_equal(ask_past(), 0);
    assert_int_equal(fixture.backlog.demands, 2);
    backlog_free(first);
    assert_int_equal(fixture.backlog.demands, 1);
    free_all();
    assert_int_equal(fixture.backlog.demands, 0);
}

static void what_is_held_goes_with_its_turn(void **state)
{
    (void)state;
    struct turn *turn = wait_for(1);
    buffer_put_text(&turn->held, "+PONG\r\n");
    fixture.backlog.held_bytes += turn->held.len;
    backlog_free(turn);
    assert_int_equal(fixture.backlog.held_bytes, 0);
}

static void what_cant_be_begun_is_no_turn(void **state)
{
    (void)state;
    fixture.err = ERR_DRAINING;
    assert_int_equal(ask_past(), ERR_DRAINING);
    assert_int_equal(ask_why(), ERR_DRAINING);
    assert_null(wait_for(1));
    assert_null(backlog_last(&fixture.backlog));
}

static void oom_is_overload_and_leaves_nothing(void **state)
{
    (void)state;
    unsigned begun = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        int err = ask_past();
        assert_true(err == 0 || err == ERR_OVERLOADED);
        int err_why = ask_why();
        assert_true(err_why == 0 || err_why == ERR_OVERLOADED);
        const struct turn *turn = wait_for(1);
        begun += err == 0;
        begun += err_why == 0;
        begun += turn != NULL;
        free_all();
        assert_int_equal(fixture.alive, 0);
    }
    assert_true(begun >= 3);
}

#define BACKLOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    BACKLOG_TEST(turns_are_in_the_order_in_which_they_were_put),
    BACKLOG_TEST(a_request_keeps_fields_of_its_own),
    BACKLOG_TEST(each_waits_until_its_own_answer_comes),
    BACKLOG_TEST(a_session_may_have_eight_questions_before_it_is_not_read),
    BACKLOG_TEST(demands_of_an_age_are_counted),
    BACKLOG_TEST(what_is_held_goes_with_its_turn),
    BACKLOG_TEST(what_cant_be_begun_is_no_turn),
    BACKLOG_TEST(oom_is_overload_and_leaves_nothing),
};

TEST_MAIN(tests)
