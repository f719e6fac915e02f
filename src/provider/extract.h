/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.h -- the quote in the row of an answer that is about one symbol.
 *
 * A field is a list of pointers; the first usable value wins.  Usable is what
 * is there, is no word for nothing and is a number (document/figure.h); and,
 * for prices, is above 0: the providers write 0 where they know none.
 *
 * Prices in hundredths of a currency are given in the currency, exactly.  Where
 * the unit is in doubt and the prices of one row are about a hundredfold of
 * each other, one of them is in another unit than its siblings, and nobody can
 * say which: there is no quote.
 *
 * A price of a place that is marked |stale is of an earlier session.  What else
 * the row says is not of that session, so nothing of it is taken.
 */

#pragma once

#include "base/span.h"
#include "document/document.h"
#include "provider/provider_priv.h"

enum extract_result {
    EXTRACT_PRICE,        /* there is a quote */
    EXTRACT_OTHER_MARKET, /* a price, but of the market *about says */
    EXTRACT_MIXED_UNITS,  /* a price, and another in another unit */
    EXTRACT_NO_PRICE,     /* the price is a word for nothing, or not above 0 */
    EXTRACT_NO_NUMBER,    /* the price is there and can't be read: *about */
    EXTRACT_NO_FIELD,     /* nothing is where the price goes */
};

/* Where to look, and for what.  All BORROWED. */
struct extract {
    const struct provider *provider;
    const struct provider_endpoint *endpoint;
    const struct symbol *symbol;
    struct provider_delay delay; /* of this place of the data */
    int64_t now_unix_ms;         /* 0: not known */
    int64_t written_unix_ms;     /* 0: not known; as of when, by default */
};

/*
 * Look for the quote in a row.  With EXTRACT_PRICE fills quote, bid and ask of
 * *out, but for the fetched_* times; *about is the text that the result is
 * about, "" for none, BORROWED from the document.  Threads: the document's, as
 * below.
 */
enum extract_result extract_quote(const struct extract *extract,
                                  struct document_node row,
                                  struct provider_verdict *out,
                                  struct span *about);

/* Whether anything at all is where the endpoint's numbers and symbol go; else
 * the object is about something else. */
bool extract_has_any(const struct provider_endpoint *endpoint,
                     struct document_node row);
