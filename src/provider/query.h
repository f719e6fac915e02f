/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h -- one call to a provider: what goes into it, and its URL and header
 * lines.
 *
 * The key is in what is composed here and in no other text.
 *
 * Threads: any, for all below.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "provider/provider.h"

/* What waits for a call.  All BORROWED. */
struct query_wish {
    const struct symbol *const *symbols; /* most urgent first */
    size_t count;     /* 1 to PROVIDER_SYMBOLS_LIMIT (checked) */
    size_t count_max; /* that one call may take by the budget, 1 or more */
    uint32_t endpoints_off; /* bit n: endpoint n is not to be used (plan) */
};

/*
 * Choose what the next call asks: an endpoint, by the order of the
 * description's `use`, and which of the symbols.  The first is served
 * (checked), and always one of them; others that are not served are passed
 * over.  Returns how many, with their numbers in `taken`, rising.  Those left
 * out don't fit together with these, or are too many: they are for the next
 * call.  0 where no endpoint is left.
 */
size_t query_choose(const struct provider *provider,
                    const struct query_wish *wish, size_t *endpoint,
                    size_t taken[PROVIDER_SYMBOLS_LIMIT]);

/* One call: what was chosen.  All BORROWED. */
struct query {
    const struct provider *provider;
    size_t endpoint;
    const struct symbol *const *symbols; /* each served (checked) */
    size_t count;    /* 1 to PROVIDER_SYMBOLS_LIMIT (checked) */
    const char *key; /* "" for the description's own, or none; without fault */
};

/*
 * Append the URL, symbols and key percent-encoded.  `origin`
 * ("http://127.0.0.1:7401", without a slash at its end) takes the place of the
 * description's own scheme, host and port; "" keeps it.  Of a file it takes the
 * place of the whole: "file:///var/lib/prices.csv".  What is appended may hold
 * the key: it is for libcurl's eyes only.  To show a call to people, compose it
 * with another key.  For want of room or memory *out fails.
 */
void query_compose_url(const struct query *query, const char *origin,
                       struct buffer *out);

/* Append the header lines, each with a 0 behind it and no newline.  They may
 * hold the key. */
void query_compose_headers(const struct query *query, struct buffer *out);

/*
 * Write what came back into `out`, of `size` bytes, 1 or more (checked), for
 * people: one printable line, cut to fit, in which no key shows
 * (document/words.h).
 */
void query_show(const struct query *query, struct span text, char *out,
                size_t size);
