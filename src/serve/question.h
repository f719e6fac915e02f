/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question.h -- what a request asks of another thread, prices apart: the past
 * of a symbol (the store's thread), or why its price is what it is (the fetch
 * thread's).
 *
 *     question_past(), question_explain()   asked
 *         |               on_done(), once
 *     done                question_err(), question_bars()...
 *         |               question_destroy(), also before it is done
 *     gone
 *
 * Invariants:
 *
 *   (1) on_done is called once, later, never from within a call of this file
 *       but question_drain(); and not after question_destroy().
 *   (2) What comes for a question that is gone is freed, and nobody hears of
 *       it.
 *   (3) There are never more than QUESTION_LIMIT questions of a worker.  Those
 *       that are done count as long as they are kept, for the room that they
 *       take, and those that are gone until their answer has come, because the
 *       other thread works on them still.
 *
 * Threads: the worker's, but where it says otherwise.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bars;             /* store/bars.h */
struct desk_explanation; /* desk/view.h */
struct question;         /* opaque; see question.c */
struct store_question;   /* store/store.h */
struct symbol;           /* quote/symbol.h */
struct worker;           /* serve/worker.h */

/* An answer from the store may take a megabyte. */
#define QUESTION_LIMIT 64

/* The answer has come.  Destroying the question from here is allowed. */
typedef void (*question_done_fn)(void *user);

/*
 * Ask for the past of a symbol.  Returns 0 and *out is the caller's, to be
 * ended with question_destroy(); on_done will be called.  Else it is not, and
 * *out is NULL:
 *
 *   ERR_STORE       Nothing is kept: there is no store.
 *   ERR_OVERLOADED  QUESTION_LIMIT is reached, or there is no memory.
 *   ERR_DRAINING    The other thread is ending.
 */
int question_past(struct question **out, struct worker *worker,
                  const struct store_question *past, question_done_fn on_done,
                  void *user);

/* Ask the fetch thread what it knows of a symbol.  As above, without ERR_STORE.
 */
int question_explain(struct question **out, struct worker *worker,
                     const struct symbol *symbol, question_done_fn on_done,
                     void *user);

/* Forget it, and set *question to NULL; NULL already is allowed. */
void question_destroy(struct question **question);

/* Whether the answer has come. */
bool question_is_done(const struct question *question);

/* What was asked about.  BORROWED. */
const struct symbol *question_symbol(const struct question *question);

/* --- The answer, once it has come (checked) ------------------------------- */

/* 0; ERR_STORE where the store can't be read; ERR_OVERLOADED for want of
 * memory; ERR_DRAINING. */
int question_err(const struct question *question);

/* What question_past() asked for; NULL with an err, and of another question.
 * BORROWED from the question, as the next. */
const struct bars *question_bars(const struct question *question);

/* What question_explain() asked for; NULL with an err, and of another question.
 */
const struct desk_explanation *question_explanation(
    const struct question *question);

/* --- For worker.c and supply.c -------------------------------------------- */

/* End the worker's open questions with ERR_DRAINING. */
void question_drain(struct worker *worker);

/* The answer to question_past(): `tag` is what store_ask() was given, the rest
 * as in store_answer_fn.  Threads: the store's. */
void question_answer_past(void *tag, int err, const struct bars *bars);

/* The answer to question_explain(): `number` is what fetch_explain() was given;
 * `explanation` is MOVED, NULL for want of memory.  Threads: the fetch thread.
 */
void question_answer_explanation(uint64_t number,
                                 struct desk_explanation *explanation);
