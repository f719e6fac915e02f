/* SPDX-License-Identifier: Apache-2.0 */
#include "host/market.h"

#include <stdbool.h>

#include "base/check.h"
#include "calendar/calendar.h"
#include "calendar/timetable.h"
#include "desk/terms.h"
#include "quote/names.h"
#include "quote/symbol.h"

/* Whether a symbol looks like that of a share: letters, perhaps with a class
 * behind a dot.  Others are pairs, futures and indices. */
static bool is_plain(const struct symbol *symbol)
{
    for (size_t i = 0; i < symbol->len; i++) {
        char c = symbol->text[i];
        if ((c < 'A' || c > 'Z') && c != '.') {
            return false;
        }
    }
    return true;
}

struct span market_of(const struct names *names, const char *usual,
                      const struct symbol *symbol)
{
    CHECK(symbol->len > 0);
    const struct name *name = names_find(names, symbol_span(symbol));
    struct span market = symbol_mic(symbol);
    if (name != NULL && name->mic[0] != '\0') {
        market = span_of(name->mic);
    } else if (market.len == 0 && is_plain(symbol)) {
        market = span_of(usual);
    }
    return market;
}

static bool is_always_open(const struct market_book *book,
                           const struct symbol *symbol)
{
    for (size_t i = 0; i < book->providers_count; i++) {
        const struct provider *provider = book->providers[i].provider;
        if (provider_serves(provider, symbol)) {
            return provider_is_always_open(provider);
        }
    }
    return false;
}

const struct timetable *market_hours(const struct market_book *book,
                                     const struct symbol *symbol)
{
    if (is_always_open(book, symbol)) {
        return timetable_unknown();
    }
    return calendar_find(book->calendar,
                         market_of(book->names, book->usual, symbol));
}
