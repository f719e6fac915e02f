/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spelling.h -- from quoted's symbols to a provider's.
 *
 *     TSCO.XLON    TSCO.L (Yahoo)   TSCO.LSE (EODHD)   TSCO.LON (Alpha Vantage)
 *     BRK.B        BRK-B            BRK-B.US           BRK.B
 *
 * A symbol that names a market is spelled as the description says of that
 * market, and can't be asked for where it says nothing: a listing elsewhere is
 * another price.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "provider/clause.h"
#include "quote/symbol.h"

/* Bytes of the longest symbol in a provider's spelling. */
#define SPELLING_LEN_LIMIT 64

struct spelling {
    size_t len;
    size_t bare_len; /* without the suffix */
    char text[SPELLING_LEN_LIMIT];
};

/* Read the `symbol` of a description into its provider; what it does not say
 * stays as it was.  Threads: the provider's maker. */
void spelling_read(struct clause *clause, void *into, int node);

/* Spell a symbol; false where the provider has no spelling for it.  Threads:
 * any, as all below. */
bool spelling_of(const struct provider *provider, const struct symbol *symbol,
                 struct spelling *out);

/* The text of a spelling.  BORROWED from it. */
static inline struct span spelling_span(const struct spelling *spelling)
{
    return (struct span){spelling->text, spelling->len};
}

/* How the market that a symbol names is spelled; NULL where it names none, or
 * one whose symbols are spelled like those that name none.  BORROWED. */
const struct provider_market *spelling_market(const struct provider *provider,
                                              const struct symbol *symbol);

/* Whether an answer that speaks of market `mic` can be about a symbol: it names
 * none, or means the same market. */
bool spelling_allows_market(const struct provider *provider,
                            const struct symbol *symbol, struct span mic);

/* Whether an echoed symbol is the one that was sent, but for case and white
 * space round it.  With `is_bare` it may also be that without its suffix. */
bool spelling_equal(const struct spelling *sent, struct span echoed,
                    bool is_bare);
