/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directive.h -- what a client demands of an answer's age, by Cache-Control:
 * RFC 9111, 5.2.1.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "quote/freshness.h"

struct http_request; /* proto/http.h */
struct quote;        /* quote/quote.h */

/* No such demand. */
#define DIRECTIVE_NONE UINT64_MAX

/* What is said is milliseconds, or DIRECTIVE_NONE. */
struct directive {
    uint64_t max_age_ms;   /* no older than this; 0 with no-cache */
    uint64_t max_stale_ms; /* if stale, then for no longer than this */
    uint64_t min_fresh_ms; /* and fresh for so long still */
    bool is_only_if_cached;
    bool is_limiting; /* any of the first three is said */
};

/* Read the Cache-Control headers of a request; where there are none, Pragma:
 * no-cache.  What can't be read is passed over. */
void directive_read(struct directive *out, const struct http_request *request);

/* Whether it is to be fresh for longer than any price is that may change at any
 * time: for those no call is of use. */
bool directive_is_beyond(const struct directive *directive,
                         const struct freshness_rule *rule);

/* The age that a quote may have by what is demanded, where its price may change
 * at any time; DIRECTIVE_NONE where any will do, or none would. */
uint64_t directive_age_ms(const struct directive *directive,
                          const struct freshness_rule *rule);

/* Whether a quote is as the client demands. */
bool directive_allows(const struct directive *directive,
                      const struct quote *quote,
                      const struct freshness_rule *rule, uint64_t now_mono_ms);
