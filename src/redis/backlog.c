/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/backlog.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/loop.h"
#include "serve/inquiry.h"
#include "serve/question.h"
#include "serve/worker.h"

void backlog_init(struct backlog *backlog, struct session *session,
                  struct worker *worker,
                  void (*on_done)(struct session *session))
{
    TAILQ_INIT(&backlog->list);
    backlog->session = session;
    backlog->worker = worker;
    backlog->on_done = on_done;
    backlog->symbols = 0;
    backlog->held_bytes = 0;
    backlog->demands = 0;
}

/* inquiry_done_fn, question_done_fn */
static void on_done(void *user)
{
    const struct turn *turn = user;
    turn->backlog->on_done(turn->backlog->session);
}

static struct turn *make_turn(struct backlog *backlog)
{
    struct turn *turn = mem_calloc(1, sizeof(*turn));
    if (turn != NULL) {
        turn->backlog = backlog;
        turn->held = buffer_empty(LOOP_REPLY_BYTES_LIMIT);
    }
    return turn;
}

static size_t weight(const struct turn *turn)
{
    CHECK((turn->inquiry == NULL) != (turn->question == NULL));
    return turn->question != NULL ? BACKLOG_QUESTION_WEIGHT
                                  : inquiry_count(turn->inquiry);
}

/* It waits: put it behind the others. */
static void put_last(struct turn *turn)
{
    struct backlog *backlog = turn->backlog;
    TAILQ_INSERT_TAIL(&backlog->list, turn, link);
    backlog->symbols += weight(turn);
    backlog->demands += turn->request.demands_age;
}

struct turn *backlog_wait(struct backlog *backlog,
                          const struct session_request *request, size_t count)
{
    struct turn *turn = make_turn(backlog);
    uint8_t *fields = mem_calloc(request->fields_count + 1, 1);
    if (turn == NULL || fields == NULL ||
        inquiry_create(&turn->inquiry, backlog->worker, count, on_done, turn) !=
            0) {
        mem_free(turn);
        mem_free(fields);
        return NULL;
    }
    if (request->fields_count > 0) {
        memcpy(fields, request->fields, request->fields_count);
    }
    turn->request = *request;
    turn->request.fields = fields;
    turn->fields = fields;
    put_last(turn);
    return turn;
}

/* The question was asked, or not. */
static int settle(struct turn *turn, session_compose_fn compose, int err)
{
    if (err != 0) {
        mem_free(turn);
        return err;
    }
    turn->compose = compose;
    put_last(turn);
    return 0;
}

int backlog_ask_past(struct backlog *backlog, const struct store_question *past,
                     session_compose_fn compose)
{
    struct turn *turn = make_turn(backlog);
    if (turn == NULL) {
        return ERR_OVERLOADED;
    }
    return settle(
        turn, compose,
        question_past(&turn->question, backlog->worker, past, on_done, turn));
}

int backlog_ask_why(struct backlog *backlog, const struct symbol *symbol,
                    session_compose_fn compose)
{
    struct turn *turn = make_turn(backlog);
    if (turn == NULL) {
        return ERR_OVERLOADED;
    }
    return settle(turn, compose,
                  question_explain(&turn->question, backlog->worker, symbol,
                                   on_done, turn));
}

void backlog_free(struct turn *turn)
{
    struct backlog *backlog = turn->backlog;
    TAILQ_REMOVE(&backlog->list, turn, link);
    CHECK(backlog->symbols >= weight(turn));
    CHECK(backlog->held_bytes >= turn->held.len);
    backlog->symbols -= weight(turn);
    backlog->demands -= turn->request.demands_age;
    backlog->held_bytes -= turn->held.len;
    inquiry_destroy(&turn->inquiry);
    question_destroy(&turn->question);
    buffer_deinit(&turn->held);
    mem_free(turn->fields);
    mem_free(turn);
}

bool backlog_is_done(const struct turn *turn)
{
    return turn->question != NULL ? question_is_done(turn->question)
                                  : inquiry_is_done(turn->inquiry);
}

size_t backlog_count_waiting(const struct backlog *backlog)
{
    size_t count = 0;
    const struct turn *turn;
    TAILQ_FOREACH(turn, &backlog->list, link)
    {
        count += !backlog_is_done(turn);
    }
    return count;
}

struct turn *backlog_last(const struct backlog *backlog)
{
    return TAILQ_LAST(&backlog->list, turn_list);
}
