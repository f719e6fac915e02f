/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exhibit.h -- a provider's call as people are shown it, a step a line.
 *
 * What strangers sent is made one printable line each, and no key is in it
 * (provider/query.h).  Threads: main, for all below.
 */

#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/span.h"
#include "base/units.h"
#include "budget/budget.h"

struct query; /* provider/query.h */
struct quote; /* quote/quote.h */

/* Write a step: what it is about, in a column ("": the one before goes on), and
 * what there is to say.  Flushes, for the next may take a while. */
void exhibit_say(FILE *out, const char *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What goes out: the URL and header lines, composed with another key. */
void exhibit_request(FILE *out, const struct query *query, const char *origin);

/* What each rule of a budget has left, as a step about `about`. */
void exhibit_budget(FILE *out, const char *about, struct budget *budget,
                    struct steady_time now);

/* The header lines of an answer that say something about it or the allowance.
 */
void exhibit_headers(FILE *out, const struct query *query, struct span headers);

/* The beginning of a body. */
void exhibit_body(FILE *out, const struct query *query, struct span body);

/* All that is known of a quote, but when it was fetched. */
void exhibit_quote(FILE *out, const struct quote *quote);

/* Write a duration for people, in two units at most: "3h 20m". */
void exhibit_print_rough(char out[UNITS_TEXT_SIZE], uint64_t ms);
