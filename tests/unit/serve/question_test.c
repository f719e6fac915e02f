/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question_test.c -- a question to another thread is answered once or not at
 * all, whoever ends first.  The other threads and the worker's mailbox are the
 * test's: what was asked is answered when the test says so.
 */
#include "serve/question.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "desk/view.h"
#include "fetch/fetch.h"
#include "serve/worker.h"
#include "store/store.h"
#include "testing/testing.h"

static struct fixture {
    struct shared shared;
    struct worker worker;
    int ask_err;              // what the other threads say to a question
    bool is_over;             // the worker's thread has ended
    void *tag;                // of the last question
    struct worker_mail *mail; // that waits for the worker
    struct store_question asked;
    unsigned explained;
    struct question *to_destroy; // when it is done
    unsigned done;
} fixture;

/* --- What question.c calls ------------------------------------------------ */

int store_ask(struct store *store, const struct store_question *question,
              void *tag)
{
    assert_ptr_equal(store, fixture.shared.store);
    fixture.asked = *question;
    fixture.tag = tag;
    return fixture.ask_err;
}

int fetch_explain(struct fetch *fetch, unsigned asker, uint64_t number,
                  const struct symbol *symbol)
{
    assert_ptr_equal(fetch, fixture.shared.fetch);
    assert_int_equal(asker, 3);
    assert_string_equal(symbol->text, "IBM");
    fixture.explained++;
    fixture.tag = (void *)(uintptr_t)number;
    return fixture.ask_err;
}

bool worker_post(struct worker *worker, struct worker_mail *mail)
{
    assert_ptr_equal(worker, &fixture.worker);
    assert_null(fixture.mail);
    if (!fixture.is_over) {
        fixture.mail = mail;
    }
    return !fixture.is_over;
}

/* -------------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    fixture.shared.store = (struct store *)&fixture.asked; // only its address
    fixture.shared.fetch = (struct fetch *)&fixture.done;
    fixture.worker.shared = &fixture.shared;
    fixture.worker.number = 3;
    LIST_INIT(&fixture.worker.questions);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_true(LIST_EMPTY(&fixture.worker.questions));
    assert_int_equal(fixture.worker.questions_count, 0);
    assert_null(fixture.mail);
    return 0;
}

static void on_done(void *user)
{
    assert_ptr_equal(user, &fixture);
    fixture.done++;
    question_destroy(&fixture.to_destroy);
}

static const struct store_question *past(void)
{
    static struct store_question question = {.step_ms = 60000};
    assert_int_equal(symbol_parse(&question.symbol, span_of("IBM")), 0);
    return &question;
}

static struct question *ask_past(void)
{
    struct question *question;
    assert_int_equal(
        question_past(&question, &fixture.worker, past(), on_done, &fixture),
        0);
    assert_false(question_is_done(question));
    return question;
}

static struct question *ask_why(void)
{
    struct question *question;
    assert_int_equal(question_explain(&question, &fixture.worker,
                                      &past()->symbol, on_done, &fixture),
                     0);
    return question;
}

/* The worker gets its mail. */
static void deliver(void)
{
    struct worker_mail *mail = fixture.mail;
    assert_non_null(mail);
    fixture.mail = NULL;
    mail->on_mail(&fixture.worker, mail);
}

static void answer_past(int err, size_t count)
{
    struct bar list[2] = {{.at_unix_ms = 60000, .count = 7},
                          {.at_unix_ms = 120000, .count = 1}};
    struct bars bars = {.step_ms = 60000, .list = list, .count_max = 2};
    bars.count = count;
    question_answer_past(fixture.tag, err, err == 0 ? &bars : NULL);
}

static void answer_why(void)
{
    struct desk_explanation *explanation = mem_calloc(1, sizeof(*explanation));
    assert_non_null(explanation);
    explanation->next_ms = 42;
    question_answer_explanation((uint64_t)(uintptr_t)fixture.tag, explanation);
}

/* --- Tests ---------------------------------------------------------------- */

static void the_past_comes_as_a_copy(void **state)
{
    (void)state;
    struct question *question = ask_past();
    assert_int_equal(fixture.asked.step_ms, 60000);
    assert_string_equal(question_symbol(question)->text, "IBM");
    answer_past(0, 2);
    assert_int_equal(fixture.done, 0); // on the worker's thread only
    deliver();
    assert_int_equal(fixture.done, 1);
    assert_true(question_is_done(question));
    assert_int_equal(question_err(question), 0);
    const struct bars *bars = question_bars(question);
    assert_int_equal(bars->count, 2);
    assert_int_equal(bars->list[0].count, 7);
    assert_int_equal(bars->list[1].at_unix_ms, 120000);
    assert_null(question_explanation(question));
    question_destroy(&question);
    assert_null(question);
}

static void a_past_without_prices_is_an_answer(void **state)
{
    (void)state;
    struct question *question = ask_past();
    answer_past(0, 0);
    deliver();
    assert_int_equal(question_bars(question)->count, 0);
    question_destroy(&question);
}

static void an_explanation_is_moved(void **state)
{
    (void)state;
    struct question *question = ask_why();
    answer_why();
    deliver();
    assert_int_equal(question_err(question), 0);
    assert_int_equal(question_explanation(question)->next_ms, 42);
    assert_null(question_bars(question));
    question_destroy(&question);

    question = ask_why();
    question_answer_explanation((uint64_t)(uintptr_t)fixture.tag, NULL);
    deliver();
    assert_int_equal(question_err(question), ERR_OVERLOADED);
    assert_null(question_explanation(question));
    question_destroy(&question);
}

static void errors_are_those_that_clients_are_told(void **state)
{
    (void)state;
    const int rows[][2] = {{ERR_IO, ERR_STORE},
                           {ERR_NOMEM, ERR_OVERLOADED},
                           {ERR_DRAINING, ERR_DRAINING}};
    for (size_t i = 0; i < 3; i++) {
        struct question *question = ask_past();
        answer_past(rows[i][0], 0);
        deliver();
        assert_int_equal(question_err(question), rows[i][1]);
        assert_null(question_bars(question));
        question_destroy(&question);
    }
}

static void what_cant_be_asked_is_said_at_once(void **state)
{
    (void)state;
    struct question *question;
    const int rows[][2] = {{ERR_NOMEM, ERR_OVERLOADED},
                           {ERR_DRAINING, ERR_DRAINING}};
    for (size_t i = 0; i < 2; i++) {
        fixture.ask_err = rows[i][0];
        assert_int_equal(question_past(&question, &fixture.worker, past(),
                                       on_done, &fixture),
                         rows[i][1]);
        assert_null(question);
        assert_int_equal(question_explain(&question, &fixture.worker,
                                          &past()->symbol, on_done, &fixture),
                         rows[i][1]);
        assert_null(question);
    }
    fixture.shared.store = NULL;
    assert_int_equal(
        question_past(&question, &fixture.worker, past(), on_done, &fixture),
        ERR_STORE);
    assert_null(question);
}

static void inv1_done_is_told_once_and_not_to_who_is_gone(void **state)
{
    (void)state;
    struct question *question = ask_past();
    question_destroy(&question);
    question_destroy(&question); // NULL already
    answer_past(0, 2);
    deliver();
    assert_int_equal(fixture.done, 0);
    fixture.to_destroy = ask_past(); // destroyed by who is told
    answer_past(0, 2);
    deliver();
    assert_int_equal(fixture.done, 1);
}

static void inv2_what_comes_too_late_is_freed(void **state)
{
    (void)state;
    struct question *question = ask_why();
    question_destroy(&question);
    answer_why();
    deliver();
    question = ask_why();
    question_destroy(&question);
    fixture.is_over = true; // the worker's thread has ended meanwhile
    answer_why();
    fixture.worker.questions_count--; // of a worker that is no more
    question = NULL;
    assert_int_equal(fixture.done, 0);
}

static void inv3_a_worker_has_only_so_many(void **state)
{
    (void)state;
    struct question *questions[QUESTION_LIMIT];
    void *tags[QUESTION_LIMIT];
    for (size_t i = 0; i < QUESTION_LIMIT; i++) {
        questions[i] = ask_past();
        tags[i] = fixture.tag;
    }
    struct question *more;
    assert_int_equal(
        question_past(&more, &fixture.worker, past(), on_done, &fixture),
        ERR_OVERLOADED);
    question_destroy(&questions[0]); // the store works on it still
    assert_int_equal(question_explain(&more, &fixture.worker, &past()->symbol,
                                      on_done, &fixture),
                     ERR_OVERLOADED);
    for (size_t i = 0; i < QUESTION_LIMIT; i++) {
        fixture.tag = tags[i];
        answer_past(0, 1);
        deliver();
    }
    more = ask_past(); // that of the one that is gone; the others are kept
    void *tag = fixture.tag;
    struct question *none;
    assert_int_equal(
        question_past(&none, &fixture.worker, past(), on_done, &fixture),
        ERR_OVERLOADED);
    fixture.tag = tag;
    answer_past(0, 1);
    deliver();
    question_destroy(&more);
    for (size_t i = 0; i < QUESTION_LIMIT; i++) {
        question_destroy(&questions[i]);
    }
}

static void draining_ends_what_is_open(void **state)
{
    (void)state;
    struct question *question = ask_past();
    void *tag = fixture.tag;
    fixture.to_destroy = ask_why();
    void *gone = fixture.tag;
    question_drain(&fixture.worker);
    assert_int_equal(fixture.done, 2);
    assert_int_equal(question_err(question), ERR_DRAINING);
    assert_null(question_bars(question));
    question_drain(&fixture.worker);
    assert_int_equal(fixture.done, 2);
    fixture.tag = gone;
    answer_why();
    deliver();
    fixture.tag = tag;
    answer_past(0, 2); // it stays what was told
    deliver();
    assert_int_equal(fixture.done, 2);
    assert_int_equal(question_err(question), ERR_DRAINING);
    assert_null(question_bars(question));
    question_destroy(&question);
}

static void oom_is_overload_and_leaves_nothing(void **state)
{
    (void)state;
    unsigned answered = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct question *question;
        int err = question_past(&question, &fixture.worker, past(), on_done,
                                &fixture);
        if (err == 0) {
            answer_past(0, 2);
            deliver();
            err = question_err(question);
            assert_true((err == 0) == (question_bars(question) != NULL));
        }
        assert_true(err == 0 || err == ERR_OVERLOADED);
        answered += err == 0;
        question_destroy(&question);
    }
    assert_int_equal(answered, 1);
}

#define QUESTION_TEST(name) \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    QUESTION_TEST(the_past_comes_as_a_copy),
    QUESTION_TEST(a_past_without_prices_is_an_answer),
    QUESTION_TEST(an_explanation_is_moved),
    QUESTION_TEST(errors_are_those_that_clients_are_told),
    QUESTION_TEST(what_cant_be_asked_is_said_at_once),
    QUESTION_TEST(inv1_done_is_told_once_and_not_to_who_is_gone),
    QUESTION_TEST(inv2_what_comes_too_late_is_freed),
    QUESTION_TEST(inv3_a_worker_has_only_so_many),
    QUESTION_TEST(draining_ends_what_is_open),
    QUESTION_TEST(oom_is_overload_and_leaves_nothing),
};

TEST_MAIN(tests)
