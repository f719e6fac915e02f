/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h -- what a test has told the market to do, symbol by symbol, and what
 * the market has counted for it.
 *
 * The symbol "*" stands for every call, those without a symbol among them. What
 * is set for a symbol itself goes before what is set for "*".
 *
 *   (1) The answers that were set for a symbol are taken in their order, each
 *       as often as it says.
 *   (2) script_clear() leaves the script as it was made, apart from the counts
 *       of what is under way.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "market/answer.h"
#include "market/price.h"
#include "quote/symbol.h"

/* Bounds: symbols that are told apart (calls for further ones count in the
 * total only), and answers that wait for one symbol. */
#define SCRIPT_SYMBOLS_LIMIT 1000000
#define SCRIPT_ANSWERS_LIMIT 10000

struct script; /* opaque; see script.c */

/* An answer that a test has set. */
struct script_answer {
    struct script_answer *next;
    enum answer_class class_of; /* ANSWER_CLASSES_COUNT: none */
    int status;                 /* 0: the usual one */
    char *body;                 /* NULL: the usual one */
    size_t body_len;
    char *type;        /* Content-Type; NULL: the usual one */
    char *headers;     /* header lines, each with its \r\n; NULL: none */
    uint64_t delay_ms; /* UINT64_MAX: the market's latency */
    size_t truncate;   /* bytes of body sent before the end; SIZE_MAX: all */
    uint64_t repeat;   /* calls that it still answers, 1 or more */
    bool resets;       /* the connection is reset in place of its end, or of
                        * the answer where there is nothing else in it */
    bool hangs;        /* never answered */
};

/* An answer that changes nothing, for filling in.  NULL: no memory.  Ended with
 * script_free_answer().  Threads: the owner's, as for all below. */
struct script_answer *script_make_answer(void);

/* Free an answer; NULL is allowed. */
void script_free_answer(struct script_answer *answer);

/* Make an empty script.  Returns 0 or ERR_NOMEM. */
int script_create(struct script **out);

/* Free it and set *script to NULL; NULL already is allowed. */
void script_destroy(struct script **script);

/* The symbol "*". */
struct symbol script_any(void);

/* --- What is to happen ---------------------------------------------------- */

/* Hold calls for a symbol, or stop holding them.  Stopping for "*" stops for
 * every symbol.  Returns 0, ERR_NOMEM or ERR_FULL. */
int script_hold(struct script *script, const struct symbol *symbol);
void script_unhold(struct script *script, const struct symbol *symbol);

/* Whether a call for a symbol is held; NULL: a call without one. */
bool script_is_held(const struct script *script, const struct symbol *symbol);

/* Add an answer behind those of a symbol.  MOVED: on success returns 0 and
 * *answer is NULL; ERR_NOMEM or ERR_FULL, and it stays the caller's. */
int script_add_answer(struct script *script, const struct symbol *symbol,
                      struct script_answer **answer);

/* Take the next answer for a call; NULL: none is set.  BORROWED until the next
 * call that changes the script. */
const struct script_answer *script_take_answer(struct script *script,
                                               const struct symbol *symbol);

/* Fix a symbol's session, which also makes it known.  Returns as
 * script_hold(). */
int script_set_session(struct script *script, const struct symbol *symbol,
                       const struct price_session *session);

/* The fixed session of a symbol; NULL: none.  BORROWED as above. */
const struct price_session *script_find_session(const struct script *script,
                                                const struct symbol *symbol);

/* --- What has happened ---------------------------------------------------- */

struct script_counts {
    uint64_t total;     /* calls */
    uint64_t held;      /* calls that are held now */
    uint64_t in_flight; /* calls not answered yet, held ones among them */
    uint64_t max_in_flight;
    uint64_t connections; /* accepted */
};

/* Count a call for a symbol (NULL: without one), which is in flight then. */
void script_count_call(struct script *script, const struct symbol *symbol);

/* The call was answered, or nobody waits for it any more. */
void script_count_end(struct script *script);

/* A call is held, or is no longer. */
void script_count_hold(struct script *script);
void script_count_unhold(struct script *script);

/* A connection was accepted. */
void script_count_connection(struct script *script);

/* The counts.  BORROWED. */
const struct script_counts *script_counts(const struct script *script);

/* How many calls there were for a symbol. */
uint64_t script_calls(const struct script *script, const struct symbol *symbol);

/* Append the counts as JSON, with those of each symbol in the order of their
 * first calls. */
void script_put_counts(const struct script *script, struct buffer *out);

/* Forget holds, answers, prices and counts; what is in flight or held is still
 * counted as that. */
void script_clear(struct script *script);
