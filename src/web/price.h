/* SPDX-License-Identifier: Apache-2.0 */
/*
 * price.h -- quotes by HTTP: one at its own path, several in one answer, and
 * what is in memory.
 *
 * Each is the run() of a row in web/site.c.  Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"

struct web_request; /* web/web.h */

/* Quotes in one answer of what is in memory, at most and where nobody says. */
#define PRICE_PAGE_LIMIT   1000
#define PRICE_PAGE_DEFAULT 100

/* /v1/quotes/{symbol}: the quote, or a problem. */
void price_one(struct web_request *request);

/*
 * /v1/quotes?symbols=A,B: an element each, in that order, with a status of its
 * own.  Without symbols: what is in memory, some at a time; asks no provider.
 */
void price_many(struct web_request *request);

/* Read `format`, `numbers` and Accept into the call.  Where there is no such
 * form it is answered, and false is returned. */
bool price_choose_form(struct web_request *request);

/* Whether a list of entity tags (If-None-Match) has a tag, or is "*".  Pure. */
bool price_has_tag(struct span list, const char *tag);
