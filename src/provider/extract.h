/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract.h -- the quote in a provider's answer, if there is one.
 *
 * A field is a list of pointers; the first usable value wins.  Usable is what
 * is there, is no word for nothing ("", "N/A", "None", "-" ...) and is a number
 * once one trailing %, one leading $ and the commas between thousands are gone;
 * and, for prices, is above 0: the providers write 0 where they know none.
 *
 * A comma that does not part thousands makes the text no number: "12,50" is
 * twelve and a half in one country and would be 1250 here.
 */

#pragma once

#include "base/span.h"
#include "quote/quote.h"

struct document; /* provider/document.h */
struct provider; /* provider/provider.h */
struct symbol;   /* quote/symbol.h */

enum extract_result {
    EXTRACT_PRICE,        /* *out is a quote */
    EXTRACT_OTHER_SYMBOL, /* a price, but of what *about says */
    EXTRACT_NO_SYMBOL,    /* a price, but it is not said of what */
    EXTRACT_EMPTY,     /* the place of the data is there, with nothing in it */
    EXTRACT_NO_PRICE,  /* the price is a word for nothing, or not above 0 */
    EXTRACT_NO_NUMBER, /* the price is there and can't be read: *about */
    EXTRACT_NO_FIELD,  /* there is data, but nothing where the price goes */
    EXTRACT_OTHER_SHAPE, /* there is no place of the data */
};

/*
 * Look for the quote of `symbol`.  With EXTRACT_PRICE fills *out, but for the
 * fetched_* times; *about is the text that the result is about, "" for none,
 * BORROWED from the document.  Threads: the document's.
 */
enum extract_result extract_quote(const struct provider *provider,
                                  const struct document *document,
                                  const struct symbol *symbol,
                                  struct quote *out, struct span *about);
