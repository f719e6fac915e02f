/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/extract.h"

#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "provider/document.h"
#include "provider/provider_priv.h"

#define NS_PER_DAY (INT64_C(86400) * 1000000000)

/* The longest text that is tried as a number: 17 digits with everything that a
 * provider puts round them are half of it. */
#define NUMBER_LEN_LIMIT 64

/* How usable a value is, worst first, so that of several the best is kept. */
enum usability {
    USABILITY_MISSING,
    USABILITY_NOTHING, /* null, "N/A", a price of 0 */
    USABILITY_UNREADABLE,
    USABILITY_GOOD,
};

/* --- Numbers -------------------------------------------------------------- */

static bool is_word_for_nothing(struct span text)
{
    static const char *const words[] = {
        "", "N/A", "N/D", "NA", "n/a", "None", "null", "-", "--",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (span_equal(text, span_of(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Copy a number without the commas between its thousands.  Returns the length;
 * 0 where it is too long or a comma parts anything else. */
static size_t copy_without_commas(struct span text, char out[NUMBER_LEN_LIMIT])
{
    size_t len = 0;
    size_t at = 0;
    size_t group = 0; // digits since the last comma or the beginning
    bool has_comma = false;
    if (text.len > NUMBER_LEN_LIMIT) {
        return 0;
    }
    if (text.len > 0 && text.data[0] == '-') {
        out[len++] = text.data[at++];
    }
    for (; at < text.len && (is_digit(text.data[at]) || text.data[at] == ',');
         at++) {
        if (text.data[at] != ',') {
            out[len++] = text.data[at];
            group++;
            continue;
        }
        if (group < 1 || group > 3 || (has_comma && group != 3)) {
            return 0;
        }
        has_comma = true;
        group = 0;
    }
    if (has_comma && group != 3) {
        return 0;
    }
    // A comma further on is left in, and makes the text no number.
    memcpy(out + len, text.data + at, text.len - at);
    return len + text.len - at;
}

/* Read a number in a provider's writing: "$1,234.50", "1.8418%". */
static bool read_number(struct span text, struct decimal *out)
{
    text = span_trim(text);
    if (text.len > 0 && text.data[text.len - 1] == '%') {
        text.len--;
    }
    if (text.len > 0 && text.data[0] == '$') {
        text.data++;
        text.len--;
    }
    char plain[NUMBER_LEN_LIMIT];
    struct span number = {plain, copy_without_commas(text, plain)};
    return decimal_parse(out, number) == 0;
}

/* Whether 0 and less stand for "not known". */
static bool is_price_like(enum quote_number number)
{
    switch (number) {
    case QUOTE_PRICE:
    case QUOTE_OPEN:
    case QUOTE_HIGH:
    case QUOTE_LOW:
    case QUOTE_PREVIOUS_CLOSE:
        return true;
    case QUOTE_CHANGE:
    case QUOTE_CHANGE_PERCENT:
    case QUOTE_VOLUME:
    case QUOTE_NUMBERS:
        break;
    }
    return false;
}

static enum usability use_value(struct document_node node,
                                enum quote_number number, struct decimal *out)
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
    if (is_word_for_nothing(span_trim(text))) {
        return USABILITY_NOTHING;
    }
    if (!read_number(text, out)) {
        return USABILITY_UNREADABLE;
    }
    bool is_unknown = is_price_like(number) && !decimal_is_positive(*out);
    return is_unknown ? USABILITY_NOTHING : USABILITY_GOOD;
}

/* Set one number of the quote from the first usable of its places; *about is
 * the text that could not be read, if that is the best there was. */
static enum usability extract_number(const struct provider_endpoint *endpoint,
                                     struct document_node row,
                                     enum quote_number number,
                                     struct quote *out, struct span *about)
{
    const struct provider_texts *places = &endpoint->numbers[number];
    enum usability best = USABILITY_MISSING;
    for (size_t i = 0; i < places->count; i++) {
        struct document_node node = document_find(row, places->items[i]);
        struct decimal value;
        enum usability usability = use_value(node, number, &value);
        if (usability == USABILITY_GOOD) {
            quote_set(out, number, value);
            return USABILITY_GOOD;
        }
        if (usability == USABILITY_UNREADABLE) {
            *about = document_text(node);
        }
        best = usability > best ? usability : best;
    }
    return best;
}

/* --- The other fields ----------------------------------------------------- */

/* Digits of a fixed width, as in a date. */
static bool read_digits(struct span text, size_t at, size_t len, uint64_t *out)
{
    CHECK(at + len <= text.len);
    return span_to_u64((struct span){text.data + at, len}, out) == 0;
}

static bool is_date(uint64_t year, uint64_t month, uint64_t day)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) {
        return false;
    }
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return is_leap || month != 2 || day < 29;
}

/* Read "2025-11-06", and nothing behind it but a time of day. */
static bool read_day(struct span text, int64_t *unix_ns)
{
    const size_t date_len = 10;
    uint64_t year;
    uint64_t month;
    uint64_t day;
    if (text.len < date_len || text.data[4] != '-' || text.data[7] != '-' ||
        !read_digits(text, 0, 4, &year) || !read_digits(text, 5, 2, &month) ||
        !read_digits(text, 8, 2, &day) || !is_date(year, month, day)) {
        return false;
    }
    if (text.len > date_len && text.data[date_len] != 'T' &&
        text.data[date_len] != ' ') {
        return false;
    }
    int64_t days =
        clock_days_of_date((int64_t)year, (unsigned)month, (unsigned)day);
    *unix_ns = days * NS_PER_DAY;
    return true;
}

static void extract_as_of(const struct provider_endpoint *endpoint,
                          struct document_node row, struct quote *out)
{
    for (size_t i = 0; i < endpoint->days.count && !out->has_as_of; i++) {
        struct document_node node = document_find(row, endpoint->days.items[i]);
        if (node.kind == DOCUMENT_TEXT &&
            read_day(span_trim(document_text(node)), &out->as_of_unix_ns)) {
            out->has_as_of = true;
            out->as_of_is_day = true;
        }
    }
}

static bool is_currency(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char upper = (char)(text.data[i] & ~0x20);
        if (upper < 'A' || upper > 'Z') {
            return false;
        }
    }
    return text.len > 0 && text.len < QUOTE_CURRENCY_SIZE;
}

/* The currency that the answer states; the description's own only where it
 * states none.  One that can't be read stays unknown: nothing is guessed. */
static void extract_currency(const struct provider *provider,
                             struct document_node row, struct quote *out)
{
    struct span currency = provider->currency;
    const struct provider_texts *places = &provider->quote.currency;
    for (size_t i = 0; i < places->count; i++) {
        struct document_node node = document_find(row, places->items[i]);
        struct span text = span_trim(document_text(node));
        if (!is_word_for_nothing(text)) {
            currency = is_currency(text) ? text : span_of("");
            break;
        }
    }
    CHECK(currency.len < sizeof(out->currency));
    if (currency.len > 0) {
        memcpy(out->currency, currency.data, currency.len);
    }
}

/* --- The quote ------------------------------------------------------------ */

/* The object that holds the fields, and whether its place is there but empty.
 */
static struct document_node find_row(const struct provider_endpoint *endpoint,
                                     const struct document *document,
                                     bool *is_empty)
{
    struct document_node root = document_root(document);
    struct document_node row = {DOCUMENT_MISSING, NULL};
    *is_empty = false;
    for (size_t i = 0; i < endpoint->rows.count; i++) {
        struct document_node node =
            document_find(root, endpoint->rows.items[i]);
        if (node.kind == DOCUMENT_MAP && document_count(node) > 0) {
            return node;
        }
        bool can_hold = node.kind == DOCUMENT_MAP || node.kind == DOCUMENT_LIST;
        *is_empty = *is_empty || node.kind == DOCUMENT_NULL ||
                    (can_hold && document_count(node) == 0);
    }
    return row;
}

/* Whether the answer says that its price is the asked symbol's. */
static enum extract_result check_symbol(
    const struct provider_endpoint *endpoint, struct document_node row,
    const struct symbol *asked, struct span *about)
{
    if (endpoint->id.len == 0) {
        return EXTRACT_PRICE; // this provider echoes none
    }
    struct document_node node = document_find(row, endpoint->id);
    struct symbol echoed;
    *about = document_text(node);
    if (is_word_for_nothing(span_trim(*about))) {
        return EXTRACT_NO_SYMBOL;
    }
    bool is_same =
        symbol_parse(&echoed, *about) == 0 && symbol_equal(&echoed, asked);
    return is_same ? EXTRACT_PRICE : EXTRACT_OTHER_SYMBOL;
}

enum extract_result extract_quote(const struct provider *provider,
                                  const struct document *document,
                                  const struct symbol *symbol,
                                  struct quote *out, struct span *about)
{
    const struct provider_endpoint *endpoint = &provider->quote;
    *out = (struct quote){.symbol = *symbol};
    *about = span_of("");
    bool is_empty;
    struct document_node row = find_row(endpoint, document, &is_empty);
    if (row.kind == DOCUMENT_MISSING) {
        return is_empty ? EXTRACT_EMPTY : EXTRACT_OTHER_SHAPE;
    }
    switch (extract_number(endpoint, row, QUOTE_PRICE, out, about)) {
    case USABILITY_MISSING:
        return EXTRACT_NO_FIELD;
    case USABILITY_NOTHING:
        return EXTRACT_NO_PRICE;
    case USABILITY_UNREADABLE:
        return EXTRACT_NO_NUMBER;
    case USABILITY_GOOD:
        break;
    }
    enum extract_result result = check_symbol(endpoint, row, symbol, about);
    if (result != EXTRACT_PRICE) {
        return result;
    }
    for (enum quote_number number = 0; number < QUOTE_NUMBERS; number++) {
        struct span ignored;
        extract_number(endpoint, row, number, out, &ignored);
    }
    extract_as_of(endpoint, row, out);
    extract_currency(provider, row, out);
    memcpy(out->source, provider->name, sizeof(out->source));
    return EXTRACT_PRICE;
}
