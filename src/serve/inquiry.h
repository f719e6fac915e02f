/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry.h -- a request for the quotes of several symbols, some of which have
 * to be fetched first.
 *
 *     inquiry_look()      everything is in memory: answer at once
 *         |               otherwise
 *     inquiry_create()    asks for what is missing and waits for it
 *         |               on_done(), once, when the last of it has come
 *     inquiry_recall()    the answers again, all of them
 *     inquiry_destroy()   at any time; what has not come, nobody waits for
 *
 * Answers are passed in worker->answers, the worker's scratch, in the order of
 * the symbols.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inquiry; /* opaque; see inquiry.c */
struct span;    /* base/span.h */
struct worker;  /* serve/worker.h */

/* The last answer has come.  Destroying the inquiry from here is allowed. */
typedef void (*inquiry_done_fn)(void *user);

/* Look in memory for what `count` texts name, RESP_ARGS_LIMIT at most.  Returns
 * whether all is answered; what is not has neither a quote nor an err. */
bool inquiry_look(struct worker *worker, const struct span *texts,
                  size_t count);

/*
 * The same, for quotes that are not older than max_age_ms (serve/ask.h).  Where
 * there is one that is older, and a younger one can't be had, the inquiry's
 * answer is ERR_TOOOLD, whose reason says how old it is and why: because the
 * call failed, or brought what is no newer, or because the last one failed less
 * than fetch.retry_after ago.  ERR_OVERLOADED and ERR_DRAINING stay what they
 * are: another server may have it.
 */
bool inquiry_look_within(struct worker *worker, const struct span *texts,
                         size_t count, uint64_t max_age_ms);

/*
 * Wait for what inquiry_look(), or the other, has just left without an answer.
 * on_done is called later, never from within; where nothing could be waited
 * for, it is not called, and inquiry_is_done() at once.  Returns 0, or
 * ERR_OVERLOADED for want of memory and where WAIT_LIMIT symbols are in the
 * worker's requests already.
 */
int inquiry_create(struct inquiry **out, struct worker *worker, size_t count,
                   inquiry_done_fn on_done, void *user);

/* Stop waiting, free and set *inquiry to NULL; NULL already is allowed. */
void inquiry_destroy(struct inquiry **inquiry);

/* Whether every answer has come. */
bool inquiry_is_done(const struct inquiry *inquiry);

/* When it was made, by the loop's clock. */
uint64_t inquiry_asked_ms(const struct inquiry *inquiry);

/* Number of symbols. */
size_t inquiry_count(const struct inquiry *inquiry);

/*
 * Put the answers into worker->answers; their quotes and reasons are BORROWED
 * from the inquiry, which is done (checked), or from the cache for the turn: a
 * quote that has become current since the symbol was answered takes the place
 * of the one before it.
 */
void inquiry_recall(const struct inquiry *inquiry);
