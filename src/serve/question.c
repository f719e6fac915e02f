/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/question.h"

#include <string.h>
#include <sys/queue.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "fetch/fetch.h"
#include "serve/worker.h"
#include "store/store.h"

/*
 * It travels itself: the other thread writes the answer into it and posts it to
 * its worker.  Until then only `answer` is the other thread's, and that only.
 */
struct question {
    struct worker_mail mail;   // first
    LIST_ENTRY(question) link; // of the worker's, until it is done or gone
    struct worker *worker;
    struct symbol symbol;
    question_done_fn on_done;
    void *user;
    bool is_away; // the other thread has it
    bool is_done; // on_done was called, or is being called
    bool is_gone; // nobody wants the answer any more
    int err;      // the worker's: ERR_DRAINING where it was not waited for
    struct {
        int err;
        struct bars bars; // of a list of its own
        struct desk_explanation *explanation;
    } answer;
};

static void free_question(struct question *question)
{
    mem_free(question->answer.bars.list);
    mem_free(question->answer.explanation);
    mem_free(question);
}

/* Free one that is with its worker. */
static void drop(struct question *question)
{
    CHECK(!question->is_away);
    CHECK(question->worker->questions_count > 0);
    question->worker->questions_count--;
    free_question(question);
}

/* Tell who asked; then the question may be no more. */
static void finish(struct question *question, int err)
{
    CHECK(!question->is_done && !question->is_gone);
    LIST_REMOVE(question, link);
    question->is_done = true;
    question->err = err;
    question->on_done(question->user);
}

IMPLEMENTS(on_mail)
static void on_answer(struct worker *worker, struct worker_mail *mail)
{
    struct question *question = (struct question *)mail;
    CHECK(question->worker == worker && question->is_away);
    question->is_away = false;
    if (question->is_gone) {
        drop(question);
    } else if (!question->is_done) {
        finish(question, question->answer.err);
    }
}

/* --- Asking --------------------------------------------------------------- */

static struct question *make_question(struct worker *worker,
                                      const struct symbol *symbol,
                                      question_done_fn on_done, void *user)
{
    if (worker->questions_count >= QUESTION_LIMIT) {
        return NULL;
    }
    struct question *question = mem_calloc(1, sizeof(*question));
    if (question != NULL) {
        question->mail.on_mail = on_answer;
        question->worker = worker;
        question->symbol = *symbol;
        question->on_done = on_done;
        question->user = user;
    }
    return question;
}

/* The other thread has taken it, or not. */
static int send_off(struct question **out, struct question *question, int err)
{
    if (err != 0) {
        free_question(question);
        return err == ERR_DRAINING ? err : ERR_OVERLOADED;
    }
    struct worker *worker = question->worker;
    question->is_away = true;
    worker->questions_count++;
    LIST_INSERT_HEAD(&worker->questions, question, link);
    *out = question;
    return 0;
}

int question_past(struct question **out, struct worker *worker,
                  const struct store_question *past, question_done_fn on_done,
                  void *user)
{
    *out = NULL;
    struct store *store = worker->shared->store;
    if (store == NULL) {
        return ERR_STORE;
    }
    struct question *question =
        make_question(worker, &past->symbol, on_done, user);
    if (question == NULL) {
        return ERR_OVERLOADED;
    }
    return send_off(out, question, store_ask(store, past, question));
}

int question_explain(struct question **out, struct worker *worker,
                     const struct symbol *symbol, question_done_fn on_done,
                     void *user)
{
    *out = NULL;
    struct question *question = make_question(worker, symbol, on_done, user);
    if (question == NULL) {
        return ERR_OVERLOADED;
    }
    return send_off(out, question,
                    fetch_explain(worker->shared->fetch, worker->number,
                                  (uint64_t)(uintptr_t)question, symbol));
}

void question_destroy(struct question **question)
{
    struct question *gone = *question;
    if (gone == NULL) {
        return;
    }
    *question = NULL;
    CHECK(!gone->is_gone);
    if (!gone->is_done) {
        LIST_REMOVE(gone, link);
    }
    gone->is_gone = true;
    if (!gone->is_away) {
        drop(gone);
    }
}

bool question_is_done(const struct question *question)
{
    return question->is_done;
}

const struct symbol *question_symbol(const struct question *question)
{
    return &question->symbol;
}

/* --- The answer ----------------------------------------------------------- */

int question_err(const struct question *question)
{
    CHECK(question->is_done);
    return question->err;
}

const struct bars *question_bars(const struct question *question)
{
    CHECK(question->is_done);
    bool is_there = question->err == 0 && question->answer.bars.step_ms > 0;
    return is_there ? &question->answer.bars : NULL;
}

const struct desk_explanation *question_explanation(
    const struct question *question)
{
    CHECK(question->is_done);
    return question->err == 0 ? question->answer.explanation : NULL;
}

/* --- For worker.c and supply.c -------------------------------------------- */

void question_drain(struct worker *worker)
{
    // Each call may end others, and those who are told ask no more.
    for (struct question *first;
         (first = LIST_FIRST(&worker->questions)) != NULL;) {
        finish(first, ERR_DRAINING);
    }
}

/* Hand it back, from the other thread. */
static void come_back(struct question *question)
{
    if (!worker_post(question->worker, &question->mail)) {
        // Its worker has ended, and its connections before.
        CHECK(question->is_gone);
        free_question(question);
    }
}

/* A copy of the bars that there are; their list is never NULL. */
static int copy_bars(struct bars *out, const struct bars *bars)
{
    struct bar *list = mem_calloc(bars->count + 1, sizeof(*list));
    if (list == NULL) {
        return ERR_OVERLOADED;
    }
    memcpy(list, bars->list, bars->count * sizeof(*list));
    *out = *bars;
    out->list = list;
    return 0;
}

void question_answer_past(void *tag, int err, const struct bars *bars)
{
    struct question *question = tag;
    if (err == 0) {
        question->answer.err = copy_bars(&question->answer.bars, bars);
    } else {
        question->answer.err = err == ERR_NOMEM      ? ERR_OVERLOADED
                               : err == ERR_DRAINING ? err
                                                     : ERR_STORE;
    }
    come_back(question);
}

void question_answer_explanation(uint64_t number,
                                 struct desk_explanation *explanation)
{
    struct question *question = (struct question *)(uintptr_t)number;
    question->answer.err = explanation == NULL ? ERR_OVERLOADED : 0;
    question->answer.explanation = explanation;
    come_back(question);
}
