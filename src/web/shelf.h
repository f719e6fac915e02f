/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf.h -- what the HTTP sessions of one worker share: scratch memory, the
 * date, quotes as they were composed last, and who is slow to send.
 *
 * Made with the worker's first session, freed with its loop.
 *
 *   (1) A rendition is that of the quote, the state, the form and the settings
 *       that it is looked up with; never of an earlier one.
 *   (2) Once a quote's rendition is on the shelf, taking it allocates nothing.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "proto/http.h"
#include "quote/freshness.h"
#include "quote/quote.h"
#include "web/partial.h"

struct answer;       /* serve/ask.h */
struct fetch_report; /* fetch/fetch.h */
struct memos;        /* web/memo.h */
struct settings;     /* serve/settings.h */
struct worker;       /* serve/worker.h */

/* In which form a quote is answered. */
enum form {
    FORM_JSON,
    FORM_CSV,
    FORM_TEXT,
    FORM_JSON_NUMBERS, /* JSON, prices as numbers */
    FORM_COUNT,
};

/* Renditions of one worker: some 1.3 KiB each, of what was asked for last.  A
 * place that is taken becomes another symbol's when that is asked for twice
 * before a third one: of a million symbols that are asked for once each, none
 * is worth to be kept, nor to push out one that is asked for again and again.
 */
#define SHELF_PLACES 1024

/* Bytes of an entity tag, with its quotation marks, and its 0. */
#define SHELF_TAG_SIZE 19

/* "Sun, 22 Nov 2026 14:13:59 GMT" and its 0. */
#define SHELF_DATE_SIZE 30

/* A quote as the body of an answer. */
struct rendition {
    struct quote quote;
    enum freshness state;
    enum form form;
    struct buffer body;
    char tag[SHELF_TAG_SIZE]; /* of exactly these bytes */
    bool is_kept; /* it may be asked for again: what follows is worth it */
    /* The whole answer to a plain request, as it was composed in the
     * millisecond whole_ms of the loop's clock; empty: there is none. */
    struct buffer whole;
    uint64_t whole_ms;
};

/* Where a rendition is kept. */
struct shelf_place {
    struct rendition *rendition; /* owned; NULL: nothing yet */
    uint32_t kept;   /* a mark of the symbol and the form that it is of */
    uint32_t passed; /* the same of the last one that was asked for here */
};

struct shelf {
    struct worker *worker;
    struct http_request request; /* that is being answered */
    struct buffer text;          /* scratch: decoded words */
    struct buffer body;          /* scratch: an answer's body */
    struct buffer tags;          /* scratch: If-None-Match of several lines */
    struct settings *settings;   /* held; what the renditions were made by */
    struct shelf_place places[SHELF_PLACES];
    struct fetch_report *report; /* scratch: owned, as large as it is */
    struct memos *memos;         /* owned; web/memo.h */
    struct rendition spare;      /* of what is not kept */
    uint64_t date_ms; /* of the loop's clock, when date_s was right */
    int64_t date_s;
    char date[SHELF_DATE_SIZE];
    struct partials partials; /* sessions whose request is there in part */
};

/* The shelf of a worker, made where there is none yet; NULL for want of memory.
 * `on_beat` is called about once a second with the shelf, while
 * there are any in `partials`. */
struct shelf *shelf_of(struct worker *worker, void (*on_beat)(void *shelf));

/* Free a worker's shelf, if it has one; a slot of guest_protocol. */
void shelf_leave(struct worker *worker);

/* The time for the Date header.  BORROWED for the turn. */
struct span shelf_date(struct shelf *shelf);

/* Write an instant as in a Date header, "Sun, 22 Nov 2026 14:13:59 GMT"; years
 * 0 to 9999.  Pure. */
void shelf_print_date(char out[SHELF_DATE_SIZE], int64_t unix_s);

/* Forget what was made by other settings than the worker's. */
void shelf_settle(struct shelf *shelf);

/* An answer's quote in a form.  BORROWED until the next call; its body may have
 * failed for want of memory. */
struct rendition *shelf_rendition(struct shelf *shelf,
                                  const struct answer *answer, enum form form);

/* Append an answer's quote in a form to `out`: as part of a longer body. */
void shelf_put_quote(struct shelf *shelf, const struct answer *answer,
                     enum form form, struct buffer *out);

/* The body of a tag: a strong one, of exactly these bytes. */
void shelf_print_tag(char out[SHELF_TAG_SIZE], struct span body);
