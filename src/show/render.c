/* SPDX-License-Identifier: Apache-2.0 */
#include "show/render.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/utf8.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "show/field_priv.h"

bool render_has(enum field field)
{
    return field < FIELD_COUNT && field != FIELD_AGE_MS;
}

bool render_is_number(enum field field)
{
    switch (field) {
    case FIELD_PRICE:
    case FIELD_OPEN:
    case FIELD_HIGH:
    case FIELD_LOW:
    case FIELD_PREVIOUS_CLOSE:
    case FIELD_CHANGE:
    case FIELD_CHANGE_PERCENT:
    case FIELD_VOLUME:
        return true;
    default:
        return false;
    }
}

/* --- JSON -----------------------------------------------------------------
 *
 * A quote is composed for nearly every request over HTTP for a symbol that was
 * not asked for lately.  So there is room for the most that it can take before
 * it begins, and what follows writes on where the last one ended (`at`),
 * looking at no bound: json_bytes_limit() has counted it.
 */

static const char hex_digits[] = "0123456789abcdef";

/* The most bytes that one byte of a text becomes. */
#define ESCAPED_BYTES 6

/* Whether a byte stands for itself in a JSON string. */
static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= ' ' && byte < 127 && c != '"' && c != '\\';
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether that is true of eight bytes.  A byte's high bit is found in one of
 * the sums where it is below ' ', 127, above that, or an unwanted one; no sum
 * goes into the next byte unless it is found in its own. */
static bool are_plain(uint64_t bytes)
{
    uint64_t quotes = bytes ^ EACH('"');
    uint64_t slashes = bytes ^ EACH('\\');
    uint64_t found = (bytes - EACH(' ')) | (bytes + EACH(1)) | bytes |
                     (quotes - EACH(1)) | (slashes - EACH(1));
    return (found & EACH(0x80)) == 0;
}

/* All bytes of a text of less than eight, some twice, or spaces. */
static uint64_t short_bytes(struct span text)
{
    uint32_t halves[2];
    if (text.len >= sizeof(halves[0])) {
        memcpy(&halves[0], text.data, sizeof(halves[0]));
        memcpy(&halves[1], text.data + text.len - sizeof(halves[1]),
               sizeof(halves[1]));
        return halves[0] | (uint64_t)halves[1] << 32;
    }
    uint64_t bytes = EACH(' ');
    for (size_t i = 0; i < text.len; i++) {
        bytes = bytes << 8 | (unsigned char)text.data[i];
    }
    return bytes;
}

/* Whether it is true of a whole text, as it nearly always is. */
static bool is_all_plain(struct span text)
{
    uint64_t bytes;
    if (text.len < sizeof(bytes)) {
        return are_plain(short_bytes(text));
    }
    for (size_t i = 0; i + sizeof(bytes) < text.len; i += sizeof(bytes)) {
        memcpy(&bytes, text.data + i, sizeof(bytes));
        if (!are_plain(bytes)) {
            return false;
        }
    }
    memcpy(&bytes, text.data + text.len - sizeof(bytes), sizeof(bytes));
    return are_plain(bytes);
}

/* Copy a text; return where it ends.  Most are so short that a call of memcpy()
 * would cost more than the copy. */
static char *put_bytes(char *at, struct span text)
{
    uint64_t head;
    uint64_t tail;
    uint32_t short_head;
    uint32_t short_tail;
    if (text.len > 2 * sizeof(head)) {
        memcpy(at, text.data, text.len);
    } else if (text.len >= sizeof(head)) {
        memcpy(&head, text.data, sizeof(head));
        memcpy(&tail, text.data + text.len - sizeof(tail), sizeof(tail));
        memcpy(at, &head, sizeof(head));
        memcpy(at + text.len - sizeof(tail), &tail, sizeof(tail));
    } else if (text.len >= sizeof(short_head)) {
        memcpy(&short_head, text.data, sizeof(short_head));
        memcpy(&short_tail, text.data + text.len - sizeof(short_tail),
               sizeof(short_tail));
        memcpy(at, &short_head, sizeof(short_head));
        memcpy(at + text.len - sizeof(short_tail), &short_tail,
               sizeof(short_tail));
    } else {
        for (size_t i = 0; i < text.len; i++) {
            at[i] = text.data[i];
        }
    }
    return at + text.len;
}

static char *put_escaped(char *at, char c)
{
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\') {
        at[0] = '\\';
        at[1] = c;
        return at + 2;
    }
    memcpy(at, "\\u00", 4);
    at[4] = hex_digits[byte >> 4];
    at[5] = hex_digits[byte & 15];
    return at + ESCAPED_BYTES;
}

/* Write what is inside the quotation marks; return where it ends. */
static char *put_inside(char *at, struct span text)
{
    if (is_all_plain(text)) {
        return put_bytes(at, text);
    }
    bool is_utf8 = utf8_is_valid(text);
    for (size_t i = 0; i < text.len; i++) {
        bool is_high = (text.data[i] & 0x80) != 0;
        if (is_plain(text.data[i]) || (is_high && is_utf8)) {
            *at++ = text.data[i];
        } else if (is_high) {
            memcpy(at, "\\ufffd", ESCAPED_BYTES);
            at += ESCAPED_BYTES;
        } else {
            at = put_escaped(at, text.data[i]);
        }
    }
    return at;
}

void render_json_text(struct buffer *out, struct span text)
{
    char *at = buffer_reserve(out, ESCAPED_BYTES * text.len + 2);
    if (at != NULL) {
        char *end = at;
        *end++ = '"';
        end = put_inside(end, text);
        *end++ = '"';
        out->len += (size_t)(end - at);
    }
}

/* Whether a field's text is composed here and not by others, so that all its
 * bytes stand for themselves. */
static bool is_own(enum field field)
{
    return field == FIELD_SYMBOL || render_is_number(field) ||
           field == FIELD_AS_OF || field == FIELD_FETCHED ||
           field == FIELD_STATE || field == FIELD_DELAY ||
           field == FIELD_UNIT_FACTOR;
}

/* What the texts of others take in a quote, at most. */
static size_t foreign_bytes_limit(const struct field_source *source)
{
    size_t len = strlen(source->server) + QUOTE_SOURCE_SIZE;
    size_t currency = QUOTE_CURRENCY_SIZE;
    if (source->name != NULL) {
        size_t other = strlen(source->name->currency);
        len += strlen(source->name->name);
        currency = other > currency ? other : currency;
    }
    return ESCAPED_BYTES * (len + currency);
}

/* The rest, at most: labels with separators (191 bytes), quotation marks (38),
 * the symbol, 8 numbers, two times, delay, factor and state (327), the end; and
 * what is written of a field before it turns out not to be known (60). */
#define OWN_BYTES_LIMIT 640

/* Write a field, if it is known, and return where it ends. */
__attribute__((always_inline)) static inline char *put_field(
    char *at, char separator, enum field field,
    const struct field_source *source, bool as_numbers)
{
    bool is_bare = as_numbers && render_is_number(field);
    at[0] = separator;
    memcpy(at + 1, field_label(field), FIELD_LABEL_SIZE);
    char *inside = at + 1 + field_name_span(field).len + 3;
    if (!is_bare) {
        *inside++ = '"';
    }
    // What is composed is composed where it is to stand.
    struct span text = field_compose(field, source, inside);
    if (text.data == NULL) {
        return at; // as if nothing had been written
    }
    if (text.data == inside) {
        at = inside + text.len;
    } else if (is_own(field)) {
        at = put_bytes(inside, text);
    } else {
        at = put_inside(inside, text);
    }
    if (!is_bare) {
        *at++ = '"';
    }
    return at;
}

void render_json(struct buffer *out, const struct field_source *source,
                 bool as_numbers)
{
    size_t limit = OWN_BYTES_LIMIT + foreign_bytes_limit(source);
    char *from = buffer_reserve(out, limit);
    if (from == NULL) {
        return;
    }
    char *at = put_field(from, '{', FIELD_SYMBOL, source, as_numbers);
    // Of each field only its own code: the loop is so often in the way.
#pragma GCC unroll 20
    for (int field = FIELD_SYMBOL + 1; field < FIELD_COUNT; field++) {
        if (render_has((enum field)field)) {
            at = put_field(at, ',', (enum field)field, source, as_numbers);
        }
    }
    *at++ = '}';
    CHECK((size_t)(at - from) <= limit);
    out->len += (size_t)(at - from);
}

/* --- CSV ------------------------------------------------------------------ */

static bool needs_quoting(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"' || c == ',' || c == '\r' || c == '\n') {
            return true;
        }
    }
    return false;
}

void render_csv_text(struct buffer *out, struct span text)
{
    if (!needs_quoting(text)) {
        buffer_put_span(out, text);
        return;
    }
    buffer_put_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') {
            buffer_put_byte(out, '"');
        }
        buffer_put_byte(out, text.data[i]);
    }
    buffer_put_byte(out, '"');
}

/* A line of CSV: the names, or what they are of a quote. */
static void put_line(struct buffer *out, const struct field_source *source)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        enum field field = (enum field)i;
        if (!render_has(field)) {
            continue;
        }
        char scratch[FIELD_TEXT_SIZE];
        if (field != FIELD_SYMBOL) {
            buffer_put_byte(out, ',');
        }
        render_csv_text(out, source != NULL ? field_text(field, source, scratch)
                                            : field_name_span(field));
    }
    buffer_put_text(out, "\r\n");
}

void render_csv_head(struct buffer *out)
{
    put_line(out, NULL);
}

void render_csv(struct buffer *out, const struct field_source *source)
{
    CHECK(source != NULL);
    put_line(out, source);
}

/* --- Plain text ----------------------------------------------------------- */

void render_text(struct buffer *out, const struct field_source *source)
{
    static const enum field shown[] = {FIELD_SYMBOL, FIELD_PRICE,
                                       FIELD_CURRENCY, FIELD_STATE};
    const size_t count = sizeof(shown) / sizeof(shown[0]);
    for (size_t i = 0; i < count; i++) {
        char scratch[FIELD_TEXT_SIZE];
        struct span text = field_text(shown[i], source, scratch);
        buffer_put_span(out, text.data != NULL ? text : span_of("-"));
        buffer_put_byte(out, i + 1 < count ? ' ' : '\n');
    }
}
