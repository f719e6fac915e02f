/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provider.h -- a provider as data: what to ask it, and what its answer means.
 *
 * A description (data/providers/NAME.yaml) holds URL template, JSON pointers
 * and error rules; the one interpreter here knows no provider's name.  Pure:
 * bytes in, verdict out; the call itself is made elsewhere (fetch/caller.h).
 *
 * Order of judgement:
 *   (1) a price for the asked symbol in a 2xx answer is OK, whatever else the
 *       body says; a price under another symbol is UPSTREAM, never served;
 *   (2) the first error rule that holds;
 *   (3) the class of the HTTP status;
 *   (4) a 2xx that is no JSON is UPSTREAM; one whose place of the data is
 * empty, or whose price is a word for nothing or 0, is UNKNOWN; one whose price
 *       is missing or no number is UPSTREAM; and any other is NOTICE: words
 *       that nobody has taught us yet.
 * What is odd about one symbol is never NOTICE, which rests the whole provider.
 * An answer is strict JSON from the first byte to the last, or it is none.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"
#include "quote/quote.h"

struct provider; /* opaque; see provider.c */

#define PROVIDER_ERROR_SIZE 256
#define PROVIDER_TEXT_SIZE  200

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

struct provider_verdict {
    enum provider_class class;
    /* Valid with PROVIDER_OK; fetched_* are the caller's to fill. */
    struct quote quote;
    /* Why, in one printable line: the provider's own words (the first of them,
     * the key blotted out) or ours ("the body is not JSON"); "" with OK. */
    char text[PROVIDER_TEXT_SIZE];
};

/*
 * Read a description.  On success returns 0 and *out is the caller's, to be
 * ended with provider_destroy(); else ERR_SYNTAX with line and cause in
 * `error`, or ERR_NOMEM.  `name` becomes the source of its quotes.  Threads:
 * any.
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

/* BORROWED from the provider.  Threads: any, as all below. */
const char *provider_name(const struct provider *provider);

/* Whether a call needs a key (its URL or headers hold one). */
bool provider_needs_key(const struct provider *provider);

/* Where a person gets a key: an URL, "" where none is needed.  BORROWED. */
const char *provider_key_page(const struct provider *provider);

/*
 * Append the URL of one call, symbol and key percent-encoded.  `origin`
 * ("http://127.0.0.1:7401", without a slash at its end) takes the place of the
 * description's own scheme, host and port; "" keeps it.  The URL may hold the
 * key: it is for libcurl's eyes only.
 */
void provider_compose_url(const struct provider *provider, const char *origin,
                          const struct symbol *symbol, const char *key,
                          struct buffer *out);

/*
 * Judge an answer: HTTP status and body of a call for `symbol` with `key`.
 * Never fails: a body that can't be read, for want of memory too, is a class.
 */
void provider_judge(const struct provider *provider, int status,
                    struct span body, const struct symbol *symbol,
                    const char *key, struct provider_verdict *out);

/* "limit.d" and the like.  BORROWED, static. */
const char *provider_class_name(enum provider_class class);

/* The error that clients are told: ERR_OK, ERR_UNKNOWN, ERR_NODATA, ERR_LIMIT
 * or ERR_UPSTREAM (base/err.h). */
int provider_class_err(enum provider_class class);
