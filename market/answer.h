/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h -- the bodies that Alpha Vantage answers with, letter for letter:
 * names of the fields, four places, strings throughout, indented by four; and
 * its apologies, nearly all of which come with status 200.
 */

#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"
#include "market/limit.h"
#include "market/price.h"

/* Append text as a JSON string with its quotes.  What is no UTF-8 in it becomes
 * U+FFFD.  Threads: any, as for all below. */
void answer_put_string(struct buffer *out, struct span text);

/* GLOBAL_QUOTE; `is_delayed`: as with entitlement=delayed, which changes the
 * name of the one field at the top. */
void answer_put_quote(struct buffer *out, const struct symbol *symbol,
                      const struct price_session *session, bool is_delayed);

/* GLOBAL_QUOTE with datatype=csv. */
void answer_put_quote_csv(struct buffer *out, const struct symbol *symbol,
                          const struct price_session *session);

/*
 * SYMBOL_SEARCH: the companies whose symbol begins with the keywords or whose
 * name holds them, best match first.  `also`, where it is not NULL, is a symbol
 * that is traded under no name and that the keywords are.
 */
void answer_put_search(struct buffer *out, struct span keywords,
                       const struct symbol *also);

/* What classes of failure there are.  Names are those of the control API.
 *
 *     class                   name */
#define ANSWER_CLASSES(CLASS)                                             \
    CLASS(ANSWER_UNKNOWN, "unknown") /* an empty quote */                 \
    CLASS(ANSWER_EMPTY, "empty")     /* {} */                             \
    CLASS(ANSWER_BAD_CALL, "bad_call")                                    \
    CLASS(ANSWER_BAD_FUNCTION, "bad_function")                            \
    CLASS(ANSWER_BAD_KEY, "bad_key")                                      \
    CLASS(ANSWER_DEMO_KEY, "demo_key")                                    \
    CLASS(ANSWER_LIMIT_DAY, "limit_day")                                  \
    CLASS(ANSWER_LIMIT_DAY_NOTE, "limit_day_note") /* as before 2025 */   \
    CLASS(ANSWER_LIMIT_MINUTE, "limit_minute")                            \
    CLASS(ANSWER_LIMIT_SECOND, "limit_second")                            \
    CLASS(ANSWER_LIMIT_BURST, "limit_burst") /* paid, too many at once */ \
    CLASS(ANSWER_LIMIT_OLD_NOTE, "limit_old_note") /* 2018 to 2023 */     \
    CLASS(ANSWER_PREMIUM, "premium")                                      \
    CLASS(ANSWER_DOWN, "down") /* 503, HTML */

enum answer_class {
#define ANSWER_ENUM(kind, name) kind,
    ANSWER_CLASSES(ANSWER_ENUM)
#undef ANSWER_ENUM
        ANSWER_CLASSES_COUNT, /* also: no failure */
};

/* The names, for error texts. */
#define ANSWER_CLASS_NAME(kind, name) name " "
#define ANSWER_CLASS_NAMES            ANSWER_CLASSES(ANSWER_CLASS_NAME)

/* What of a call its apology may repeat.  All BORROWED. */
struct answer_call {
    struct span function;
    struct span key;
    const struct limit_rule *rule;
};

/* The class of a name; ANSWER_CLASSES_COUNT where there is none. */
enum answer_class answer_find_class(struct span name);

/* Its name, HTTP status and content type.  BORROWED, static. */
const char *answer_class_name(enum answer_class kind);
int answer_class_status(enum answer_class kind);
const char *answer_class_type(enum answer_class kind);

/* Its body. */
void answer_put_class(struct buffer *out, enum answer_class kind,
                      const struct answer_call *call);
