/* SPDX-License-Identifier: Apache-2.0 */
#include "web/mark.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/hash.h"
#include "quote/quote.h"

#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_DAY (INT64_C(86400000) * NS_PER_MS)

/* The longest number: some ten thousand years of milliseconds. */
#define DIGITS_LIMIT 12

uint32_t mark_of_symbols(const struct symbol *symbols, size_t count)
{
    uint64_t mark = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t parts[2] = {mark, hash_mark(symbols[i].text, symbols[i].len)};
        mark = hash_mark(parts, sizeof(parts));
    }
    return (uint32_t)mark;
}

struct mark mark_of_quote(const struct quote *quote)
{
    return (struct mark){
        .is_known = true,
        .has_as_of = quote->has_as_of && quote->as_of_unix_ns >= 0,
        .as_of_is_day = quote->as_of_is_day,
        .fetched_unix_ms = quote->fetched_unix_ms,
        .as_of_unix_ns =
            quote->as_of_unix_ns - quote->as_of_unix_ns % NS_PER_MS,
    };
}

bool mark_is_before(const struct mark *mark, const struct quote *quote)
{
    if (!mark->is_known) {
        return true;
    }
    const struct quote seen = {
        .has_as_of = mark->has_as_of,
        .as_of_is_day = mark->as_of_is_day,
        .as_of_unix_ns = mark->as_of_unix_ns,
    };
    return quote->fetched_unix_ms > mark->fetched_unix_ms &&
           quote_compare_as_of(quote, &seen) >= 0;
}

/* --- Writing ---------------------------------------------------------------
 */

static void put_hex(struct buffer *out, uint64_t number)
{
    char text[16];
    size_t at = sizeof(text);
    do {
        text[--at] = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number != 0);
    buffer_put(out, text + at, sizeof(text) - at);
}

static void put_one(struct buffer *out, const struct mark *mark,
                    int64_t newest_unix_ms)
{
    if (!mark->is_known) {
        buffer_put_byte(out, '-');
        return;
    }
    CHECK(mark->fetched_unix_ms <= newest_unix_ms);
    put_hex(out, (uint64_t)(newest_unix_ms - mark->fetched_unix_ms));
    if (mark->has_as_of) {
        int64_t unit = mark->as_of_is_day ? NS_PER_DAY : NS_PER_MS;
        buffer_put_byte(out, mark->as_of_is_day ? 'y' : 'x');
        put_hex(out, (uint64_t)(mark->as_of_unix_ns / unit));
    }
}

void mark_put(struct buffer *out, uint32_t symbols, const struct mark *marks,
              size_t count)
{
    int64_t newest_unix_ms = 0;
    for (size_t i = 0; i < count; i++) {
        if (marks[i].is_known && marks[i].fetched_unix_ms > newest_unix_ms) {
            newest_unix_ms = marks[i].fetched_unix_ms;
        }
    }
    put_hex(out, symbols);
    buffer_put_byte(out, '-');
    put_hex(out, (uint64_t)newest_unix_ms);
    for (size_t i = 0; i < count; i++) {
        buffer_put_byte(out, '.');
        put_one(out, &marks[i], newest_unix_ms);
    }
}

/* --- Reading ---------------------------------------------------------------
 */

static bool read_hex(struct span text, int64_t *out)
{
    if (text.len == 0 || text.len > DIGITS_LIMIT) {
        return false;
    }
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit =
            text.data[i] != '\0' ? strchr(digits, text.data[i]) : NULL;
        if (digit == NULL) {
            return false;
        }
        number = number * 16 + (digit - digits);
    }
    *out = number;
    return true;
}

/* When the price was: "x19aaf3bff00" or "y4fa3"; empty: nobody knows. */
static bool read_as_of(struct span text, struct mark *out)
{
    if (text.len == 0) {
        return true;
    }
    int64_t number;
    struct span digits = {text.data + 1, text.len - 1};
    bool is_day = text.data[0] == 'y';
    int64_t unit = is_day ? NS_PER_DAY : NS_PER_MS;
    if ((!is_day && text.data[0] != 'x') || !read_hex(digits, &number) ||
        number > INT64_MAX / unit) {
        return false;
    }
    out->has_as_of = true;
    out->as_of_is_day = is_day;
    out->as_of_unix_ns = number * unit;
    return true;
}

static bool read_one(struct span text, int64_t newest_unix_ms, struct mark *out)
{
    if (span_equal(text, span_of("-"))) {
        return true;
    }
    size_t len = 0;
    while (len < text.len && text.data[len] != 'x' && text.data[len] != 'y') {
        len++;
    }
    int64_t earlier_ms;
    if (!read_hex((struct span){text.data, len}, &earlier_ms) ||
        earlier_ms > newest_unix_ms) {
        return false;
    }
    out->is_known = true;
    out->fetched_unix_ms = newest_unix_ms - earlier_ms;
    return read_as_of((struct span){text.data + len, text.len - len}, out);
}

static bool read_all(struct span id, uint32_t symbols, struct mark *marks,
                     size_t count)
{
    struct span rest = id;
    struct span part;
    int64_t number;
    if (!span_split(&rest, '-', &part) || !read_hex(part, &number) ||
        number != (int64_t)symbols || rest.data == NULL) {
        return false;
    }
    int64_t newest_unix_ms;
    if (!span_split(&rest, '.', &part) || !read_hex(part, &newest_unix_ms)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!span_split(&rest, '.', &part) ||
            !read_one(part, newest_unix_ms, &marks[i])) {
            return false;
        }
    }
    return rest.data == NULL;
}

bool mark_read(struct span id, uint32_t symbols, struct mark *marks,
               size_t count)
{
    memset(marks, 0, count * sizeof(*marks));
    if (read_all(id, symbols, marks, count)) {
        return true;
    }
    memset(marks, 0, count * sizeof(*marks));
    return false;
}
