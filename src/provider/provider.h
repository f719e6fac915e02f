/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h -- a provider as data: what to ask it, and what its answer means.
 *
 * A description (data/providers/NAME.yaml; its form is docs/providers.md) holds
 * URL templates, spellings, JSON pointers and error rules; the one interpreter
 * here knows no provider's name.  Pure: bytes in, verdicts out; the call itself
 * is made elsewhere (fetch/caller.h).
 *
 *     query_choose()     which of the symbols that wait go into one call
 *     query_compose_*()  its URL and header lines, which hold the key
 *     provider_judge()   what came back: an outcome of the call as a whole, and
 *                        a verdict on each symbol of it
 *
 * The first two are in provider/query.h.
 *
 * Order of judgement:
 *   (1) a rule that is a guard: the data would not be what it looks like;
 *   (2) a price for an asked symbol in a 2xx answer makes the outcome OK,
 *       whatever else the body says; a price under a symbol that nobody asked
 *       for is UPSTREAM, never served;
 *   (3) the first error rule that holds, the endpoint's before the provider's;
 *   (4) the class of the HTTP status;
 *   (5) a 2xx that can't be read is UPSTREAM; one whose place of the data is
 *       empty, or whose price is a word for nothing or 0, is UNKNOWN; one whose
 *       price is missing or no number is UPSTREAM; and any other is NOTICE:
 *       words that nobody has taught us yet.
 * What is odd about one symbol is never NOTICE, which rests the whole provider.
 * An answer is strict JSON from the first byte to the last (or CSV where the
 * description says so), or it is none.
 *
 * A symbol of a batch without a price gets a class of its own: by the rules,
 * held against its row; UNKNOWN where the answer simply leaves it out.
 *
 * Threads: any, for all below; a provider is never changed once it is made.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "quote/quote.h"

struct provider; /* opaque; see provider.c */
struct query;    /* provider/query.h */
struct zone;     /* calendar/zone.h */

#define PROVIDER_ERROR_SIZE 256
#define PROVIDER_TEXT_SIZE  200
#define PROVIDER_STEP_SIZE  64

/* Symbols of one call; the largest batch of a provider known is 250. */
#define PROVIDER_SYMBOLS_LIMIT 256

#define PROVIDER_ENDPOINTS_LIMIT 8 /* of a description */

/* What an answer means.  The name is what descriptions, logs and metrics say.
 */
// clang-format off
/*        class                    name        told to clients as */
#define PROVIDER_CLASSES(CLASS)                                                \
    CLASS(PROVIDER_OK,             "ok",         ERR_OK)                       \
    CLASS(PROVIDER_UNKNOWN,        "unknown",    ERR_UNKNOWN)                  \
    CLASS(PROVIDER_FORBIDDEN,      "forbidden",  ERR_NODATA)                   \
    CLASS(PROVIDER_PLAN,           "plan",       ERR_NODATA)                   \
    CLASS(PROVIDER_AUTH,           "auth",       ERR_UPSTREAM)                 \
    CLASS(PROVIDER_LIMIT_SECOND,   "limit.s",    ERR_LIMIT)                    \
    CLASS(PROVIDER_LIMIT_MINUTE,   "limit.m",    ERR_LIMIT)                    \
    CLASS(PROVIDER_LIMIT_HOUR,     "limit.h",    ERR_LIMIT)                    \
    CLASS(PROVIDER_LIMIT_DAY,      "limit.d",    ERR_LIMIT)                    \
    CLASS(PROVIDER_LIMIT_MONTH,    "limit.mo",   ERR_LIMIT)                    \
    CLASS(PROVIDER_SESSION,        "session",    ERR_UPSTREAM)                 \
    CLASS(PROVIDER_BLOCKED,        "blocked",    ERR_UPSTREAM)                 \
    CLASS(PROVIDER_UPSTREAM,       "upstream",   ERR_UPSTREAM)                 \
    CLASS(PROVIDER_BAD,            "bad",        ERR_NODATA)                   \
    CLASS(PROVIDER_NOTICE,         "notice",     ERR_UPSTREAM)
// clang-format on

enum provider_class {
#define PROVIDER_ENUM(class, name, err) class,
    PROVIDER_CLASSES(PROVIDER_ENUM)
#undef PROVIDER_ENUM
        PROVIDER_CLASS_COUNT,
};

/* --- Making and ending ---------------------------------------------------- */

/*
 * Read a description.  On success returns 0 and *out is the caller's, to be
 * ended with provider_destroy(); else ERR_SYNTAX with line, key, cause and what
 * is allowed in `error`, or ERR_NOMEM.  `name` becomes the source of its
 * quotes.  Reads time zones from the machine, which blocks.
 */
int provider_create(struct provider **out, const char *name, struct span yaml,
                    char error[PROVIDER_ERROR_SIZE]);

/*
 * As above, from the descriptions that are built in.  ERR_ABSENT with the list
 * of those there are in `error`.
 */
int provider_create_built_in(struct provider **out, const char *name,
                             char error[PROVIDER_ERROR_SIZE]);

/* Free and set *provider to NULL; NULL already is allowed. */
void provider_destroy(struct provider **provider);

/* --- What it is ----------------------------------------------------------- */

/* BORROWED from the provider, as all below. */
const char *provider_name(const struct provider *provider);

/* A number that providers of one name and description have alike, in this
 * process. */
uint64_t provider_fingerprint(const struct provider *provider);

/* Whether a call needs a key (its URL or headers hold one, and the description
 * knows none for everybody). */
bool provider_needs_key(const struct provider *provider);

/* Where a person gets a key: an URL, "" where none is needed. */
const char *provider_key_page(const struct provider *provider);

/*
 * What is wrong with a key, as a sentence; NULL where it is good.  One that
 * goes into header lines must be printable ASCII; a provider with two keys
 * takes them as one text with a colon between, KEY:KEY2.
 */
const char *provider_key_fault(const struct provider *provider,
                               const char *key);

/* Whether it can be asked for a symbol: it has a spelling for the market that
 * the symbol names, if it names one.  For routes. */
bool provider_serves(const struct provider *provider,
                     const struct symbol *symbol);

/* Whether its prices move at any hour, whatever markets they are of: those of a
 * stand-in. */
bool provider_is_always_open(const struct provider *provider);

/* What a limit counts. */
enum provider_cost {
    PROVIDER_COST_REQUEST,  /* calls */
    PROVIDER_COST_SYMBOL,   /* each symbol of a call */
    PROVIDER_COST_DISTINCT, /* each symbol once a window */
};

struct provider_limit {
    uint32_t count;             /* 1 or more */
    enum provider_class window; /* PROVIDER_LIMIT_SECOND to _MONTH */
    enum provider_cost cost;
};

/* What the key allows; *count of them. */
const struct provider_limit *provider_limits(const struct provider *provider,
                                             size_t *count);

/* Where its days and months turn.  Several where one of them is right and
 * nobody knows which: a limit then holds in the days of each. */
#define PROVIDER_TURNS_LIMIT 2

struct provider_turn {
    const struct zone *zone; /* NULL: UTC.  BORROWED from the provider */
    unsigned hour;           /* 0 to 23 */
};

/* *count of them, 1 or more; UTC's midnight where the description is silent.
 */
const struct provider_turn *provider_turns(const struct provider *provider,
                                           size_t *count);

/* Bytes of response headers to accept. */
size_t provider_header_max(const struct provider *provider);

/* Whether it is a file on this machine, not a host: its URLs begin with
 * "file:", nothing is asked in them, and one answer has every symbol. */
bool provider_is_file(const struct provider *provider);

/* Endpoints are numbered from 0; and the name of one. */
size_t provider_endpoints(const struct provider *provider);
const char *provider_endpoint_name(const struct provider *provider,
                                   size_t endpoint);

/* --- What came back ------------------------------------------------------- */

/* An answer.  All BORROWED. */
struct provider_answer {
    int status; /* HTTP; 200 for a file */
    struct span body;
    struct span headers; /* "Name: value" lines, LF or CRLF; may be empty */
    int64_t now_unix_ms; /* when it came; 0: not known */
    /* When what it says was written down, which a price without a time of its
     * own is as of; 0: not known. */
    int64_t written_unix_ms;
};

/* What an answer says of one symbol. */
struct provider_verdict {
    enum provider_class class;
    /* Valid with PROVIDER_OK; fetched_* are the caller's to fill.  Without a
     * price only where the endpoint has none to give (bid and ask alone), and
     * such an endpoint is never chosen. */
    struct quote quote;
    bool has_bid;
    bool has_ask;
    struct decimal bid; /* in the quote's currency */
    struct decimal ask;
    /* Why, in one printable line: the provider's own words (the first of them,
     * the key blotted out) or ours ("the body is not JSON"); "" with OK. */
    char text[PROVIDER_TEXT_SIZE];
};

/* What an answer says of the call. */
struct provider_outcome {
    enum provider_class class; /* OK where one symbol's is */
    char text[PROVIDER_TEXT_SIZE];
    /* Which step of the order decided, for people: "guard 1 of bulk", "rule 3",
     * "status 404", "data". */
    char decided_by[PROVIDER_STEP_SIZE];
    uint64_t retry_after_ms; /* the provider's own word; 0: none */
    bool has_left;           /* the provider said what is left: */
    uint64_t left;
    enum provider_class left_window;
    /* The call was refused whole because of this one of its symbols, and is to
     * be made again without it; the query's count where that is not so. */
    size_t drop;
    /* It was refused whole because of one of its symbols, and is not said which
     * one: ask again in halves.  No symbol is blamed: all are UPSTREAM. */
    bool splits;
};

/*
 * Judge the answer to a query: *outcome, and verdicts[i] on its symbol i.
 * Never fails: a body that can't be read, for want of memory too, is a class.
 */
void provider_judge(const struct query *query,
                    const struct provider_answer *answer,
                    struct provider_outcome *outcome,
                    struct provider_verdict verdicts[]);

/* "limit.d" and the like.  BORROWED, static. */
const char *provider_class_name(enum provider_class class);

/* The error that clients are told: ERR_OK, ERR_UNKNOWN, ERR_NODATA, ERR_LIMIT
 * or ERR_UPSTREAM (base/err.h). */
int provider_class_err(enum provider_class class);
