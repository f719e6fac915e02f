/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/extract.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "document/currency.h"
#include "document/figure.h"
#include "provider/spelling.h"

/* How far ahead of our clock a provider's may be.  A time beyond that was read
 * in the wrong zone or unit, and would keep later prices out. */
#define AHEAD_LIMIT_MS (INT64_C(15) * 60000)

/* A day begins up to 14 hours before it does in UTC. */
#define DAY_AHEAD_LIMIT_MS (INT64_C(14) * 3600000 + AHEAD_LIMIT_MS)

/* The longest text that is tried as a time, and a space behind it. */
#define TIME_SIZE 64

/* How usable a value is, worst first, so that of several the best is kept. */
enum usability {
    USABILITY_MISSING,
    USABILITY_NOTHING, /* null, "N/A", a price of 0 */
    USABILITY_UNREADABLE,
    USABILITY_GOOD,
};

/* --- Numbers -------------------------------------------------------------- */

/* Whether 0 and less stand for "not known". */
static bool is_price_like(int number)
{
    switch (number) {
    case QUOTE_PRICE:
    case QUOTE_OPEN:
    case QUOTE_HIGH:
    case QUOTE_LOW:
    case QUOTE_PREVIOUS_CLOSE:
    case PROVIDER_BID:
    case PROVIDER_ASK:
        return true;
    default:
        return false;
    }
}

static enum usability use_value(struct document_node node, int number,
                                struct decimal *out)
{
    switch (node.kind) {
    case DOCUMENT_MISSING:
        return USABILITY_MISSING;
    case DOCUMENT_NULL:
        return USABILITY_NOTHING;
    case DOCUMENT_BOOLEAN:
    case DOCUMENT_LIST:
    case DOCUMENT_MAP:
        return USABILITY_UNREADABLE;
    case DOCUMENT_NUMBER:
    case DOCUMENT_TEXT:
        break;
    }
    struct span text = document_text(node);
    if (figure_is_nothing(span_trim(text))) {
        return USABILITY_NOTHING;
    }
    if (!figure_read(out, text)) {
        return USABILITY_UNREADABLE;
    }
    bool is_unknown = is_price_like(number) && !decimal_is_positive(*out);
    return is_unknown ? USABILITY_NOTHING : USABILITY_GOOD;
}

/* A number of a row. */
struct found {
    enum usability usability;
    struct decimal value;
    bool is_stale;     // by its place
    struct span about; // the text that could not be read, if that is the best
};

static struct found find_number(const struct provider_endpoint *endpoint,
                                struct document_node row, int number)
{
    const struct provider_places *places = &endpoint->numbers[number];
    struct found best = {.usability = USABILITY_MISSING, .about = span_of("")};
    for (size_t i = 0; i < places->count; i++) {
        struct document_node node =
            document_find(row, places->items[i].pointer);
        struct decimal value;
        enum usability usability = use_value(node, number, &value);
        if (usability == USABILITY_GOOD) {
            return (struct found){usability, value, places->items[i].is_stale,
                                  span_of("")};
        }
        if (usability == USABILITY_UNREADABLE) {
            best.about = document_text(node);
        }
        best.usability =
            usability > best.usability ? usability : best.usability;
    }
    return best;
}

static void set_number(struct provider_verdict *out, int number,
                       struct decimal value)
{
    switch (number) {
    case PROVIDER_BID:
        out->has_bid = true;
        out->bid = value;
        break;
    case PROVIDER_ASK:
        out->has_ask = true;
        out->ask = value;
        break;
    default:
        quote_set(&out->quote, (enum quote_number)number, value);
        break;
    }
}

/* --- Units ---------------------------------------------------------------- */

/* The currency that the answer states; the description's own only where it
 * states none.  One that can't be read stays unknown: nothing is guessed. */
static struct currency find_currency(const struct extract *extract,
                                     struct document_node row)
{
    const struct provider *provider = extract->provider;
    const struct provider_texts *places = &extract->endpoint->currency;
    const struct provider_market *market =
        spelling_market(provider, extract->symbol);
    struct span text = market != NULL ? market->currency : provider->currency;
    for (size_t i = 0; i < places->count; i++) {
        struct document_node node = document_find(row, places->items[i]);
        struct span stated = span_trim(document_text(node));
        if (!figure_is_nothing(stated)) {
            text = stated;
            break;
        }
    }
    struct currency currency = {.places = 0};
    bool is_known = currency_read(&currency, text);
    CHECK(is_known == (currency.code[0] != '\0'));
    return currency;
}

/* Make a price of the row one in whole units: pence pounds.  False where no
 * decimal holds that. */
static bool convert(const struct currency *currency, int number,
                    struct decimal *value)
{
    bool is_money = is_price_like(number) || number == QUOTE_CHANGE;
    return !is_money || currency->places == 0 ||
           decimal_shift(value, *value, -currency->places) == 0;
}

/* Whether a price may as well be meant in hundredths: of a currency for which
 * that is usual, or of one that is not known while the symbol has an ending, as
 * "TSCO.LON".  Without one it is an American listing, of which a hundredfold
 * between two days is more likely a reverse split. */
static bool is_unit_doubtful(const char *code, const struct symbol *symbol)
{
    const char *dot = strrchr(symbol->text, '.');
    bool has_ending = dot != NULL && strlen(dot + 1) >= 2;
    return currency_is_divided(code) || (code[0] == '\0' && has_ending);
}

/* Whether prices of the row are in different units, as far as can be told. */
static bool has_mixed_units(const struct currency *currency,
                            const struct quote *quote)
{
    if (!quote_has(quote, QUOTE_PRICE) ||
        !is_unit_doubtful(currency->code, &quote->symbol)) {
        return false;
    }
    struct decimal price = quote_number(quote, QUOTE_PRICE);
    for (int number = 0; number < QUOTE_NUMBERS; number++) {
        enum quote_number n = (enum quote_number)number;
        if (is_price_like(number) && quote_has(quote, n) &&
            currency_units_differ(price, quote_number(quote, n))) {
            return true;
        }
    }
    return false;
}

/* --- The time ------------------------------------------------------------- */

/* The text of one member, or of two with a space between; "" where one of them
 * is not there, or there is no room. */
static struct span time_text(const struct provider_time *time,
                             struct document_node row, char scratch[TIME_SIZE])
{
    size_t len = 0;
    for (size_t i = 0; i < time->pointers_count; i++) {
        struct document_node node = document_find(row, time->pointers[i]);
        struct span text = span_trim(document_text(node));
        bool is_value =
            node.kind == DOCUMENT_TEXT || node.kind == DOCUMENT_NUMBER;
        if (!is_value || figure_is_nothing(text) ||
            len + text.len + 1 > TIME_SIZE) {
            return span_of("");
        }
        memcpy(scratch + len, text.data, text.len);
        len += text.len;
        scratch[len++] = ' ';
    }
    CHECK(len > 0);
    return (struct span){scratch, len - 1};
}

static void extract_as_of(const struct extract *extract,
                          struct document_node row, struct quote *out)
{
    const struct provider_times *times = &extract->endpoint->times;
    for (size_t i = 0; i < times->count; i++) {
        const struct provider_time *time = &times->items[i];
        char scratch[TIME_SIZE];
        int64_t unix_ns;
        if (!moment_read(&unix_ns, time_text(time, row, scratch), time->form,
                         time->zone)) {
            continue;
        }
        bool is_day = time->form == MOMENT_DAY;
        int64_t ahead_ms =
            unix_ns / (int64_t)CLOCK_NS_PER_MS - extract->now_unix_ms;
        if (extract->now_unix_ms == 0 ||
            ahead_ms <= (is_day ? DAY_AHEAD_LIMIT_MS : AHEAD_LIMIT_MS)) {
            out->has_as_of = true;
            out->as_of_is_day = is_day;
            out->as_of_unix_ns = unix_ns;
            return;
        }
    }
    if (extract->written_unix_ms > 0) {
        out->has_as_of = true;
        out->as_of_unix_ns =
            extract->written_unix_ms * (int64_t)CLOCK_NS_PER_MS;
    }
}

/* --- The quote ------------------------------------------------------------ */

/* Whether the answer speaks of another market than the symbol's. */
static bool is_elsewhere(const struct extract *extract,
                         struct document_node row, struct span *about)
{
    const struct provider_texts *places = &extract->endpoint->mic;
    for (size_t i = 0; i < places->count; i++) {
        struct document_node node = document_find(row, places->items[i]);
        *about = span_trim(document_text(node));
        if (!figure_is_nothing(*about)) {
            return !spelling_allows_market(extract->provider, extract->symbol,
                                           *about);
        }
    }
    return false;
}

/* Look for what there has to be: the price, or one of bid and ask where the
 * endpoint has no price. */
static struct found find_main(const struct extract *extract,
                              struct document_node row)
{
    const struct provider_endpoint *endpoint = extract->endpoint;
    if (endpoint->numbers[QUOTE_PRICE].count > 0) {
        return find_number(endpoint, row, QUOTE_PRICE);
    }
    struct found bid = find_number(endpoint, row, PROVIDER_BID);
    struct found ask = find_number(endpoint, row, PROVIDER_ASK);
    return bid.usability > ask.usability ? bid : ask;
}

static enum extract_result extract_numbers(const struct extract *extract,
                                           struct document_node row,
                                           bool price_only,
                                           struct provider_verdict *out)
{
    struct currency currency = find_currency(extract, row);
    int count = price_only ? QUOTE_PRICE + 1 : PROVIDER_NUMBERS;
    for (int number = 0; number < count; number++) {
        struct found found = find_number(extract->endpoint, row, number);
        if (found.usability == USABILITY_GOOD &&
            convert(&currency, number, &found.value)) {
            set_number(out, number, found.value);
        }
    }
    bool has_price = quote_has(&out->quote, QUOTE_PRICE);
    if (!has_price && !out->has_bid && !out->has_ask) {
        return EXTRACT_NO_NUMBER; // in whole units it is beyond a decimal
    }
    if (has_mixed_units(&currency, &out->quote)) {
        return EXTRACT_MIXED_UNITS;
    }
    memcpy(out->quote.currency, currency.code, sizeof(currency.code));
    CHECK(currency.places == 0 || currency.places == 2);
    out->quote.unit_factor = currency.places > 0 ? 100 : 0;
    return EXTRACT_PRICE;
}

static void set_delay(const struct extract *extract, struct quote *out)
{
    struct provider_delay delay = extract->delay;
    if (delay.kind == QUOTE_DELAY_UNKNOWN) {
        delay = extract->endpoint->delay;
    }
    if (delay.kind == QUOTE_DELAY_UNKNOWN) {
        delay = extract->provider->delay;
    }
    out->delay = (uint8_t)delay.kind;
    out->delay_s = delay.s;
}

enum extract_result extract_quote(const struct extract *extract,
                                  struct document_node row,
                                  struct provider_verdict *out,
                                  struct span *about)
{
    *out = (struct provider_verdict){.quote.symbol = *extract->symbol};
    struct found found = find_main(extract, row);
    *about = found.about;
    switch (found.usability) {
    case USABILITY_MISSING:
        return EXTRACT_NO_FIELD;
    case USABILITY_NOTHING:
        return EXTRACT_NO_PRICE;
    case USABILITY_UNREADABLE:
        return EXTRACT_NO_NUMBER;
    case USABILITY_GOOD:
        break;
    }
    if (is_elsewhere(extract, row, about)) {
        return EXTRACT_OTHER_MARKET;
    }
    *about = span_of("");
    enum extract_result result =
        extract_numbers(extract, row, found.is_stale, out);
    if (result != EXTRACT_PRICE) {
        return result;
    }
    struct quote *quote = &out->quote;
    quote->is_old = found.is_stale;
    if (!found.is_stale) {
        extract_as_of(extract, row, quote);
    }
    set_delay(extract, quote);
    memcpy(quote->source, extract->provider->name, sizeof(quote->source));
    return EXTRACT_PRICE;
}

bool extract_has_any(const struct provider_endpoint *endpoint,
                     struct document_node row)
{
    bool has_any = endpoint->id.len > 0 &&
                   document_find(row, endpoint->id).kind != DOCUMENT_MISSING;
    for (int number = 0; number < PROVIDER_NUMBERS; number++) {
        has_any = has_any || find_number(endpoint, row, number).usability !=
                                 USABILITY_MISSING;
    }
    return has_any;
}
