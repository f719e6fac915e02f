/* SPDX-License-Identifier: Apache-2.0 */
#include "show/render.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/utf8.h"

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

/* --- JSON ----------------------------------------------------------------- */

static const char hex_digits[] = "0123456789abcdef";

/* Whether a byte stands for itself in a JSON string. */
static bool is_plain(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte >= ' ' && byte < 127 && c != '"' && c != '\\';
}

/* How many bytes at the front of a text stand for themselves: nearly always
 * all. */
static size_t count_plain(struct span text)
{
    size_t count = 0;
    while (count < text.len && is_plain(text.data[count])) {
        count++;
    }
    return count;
}

static void put_escaped(struct buffer *out, char c)
{
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\') {
        const char text[2] = {'\\', c};
        buffer_put(out, text, sizeof(text));
        return;
    }
    const char text[6] = {
        '\\', 'u', '0', '0', hex_digits[byte >> 4], hex_digits[byte & 15],
    };
    buffer_put(out, text, sizeof(text));
}

/* Whether a field's text is composed here and not by others, so that all its
 * bytes stand for themselves. */
static bool is_own(enum field field)
{
    return render_is_number(field) || field == FIELD_AS_OF ||
           field == FIELD_FETCHED || field == FIELD_STATE;
}

/* Append a text of which all bytes stand for themselves, in quotation marks. */
static void put_own(struct buffer *out, struct span text)
{
    char *at = buffer_reserve(out, text.len + 2);
    if (at != NULL) {
        at[0] = '"';
        if (text.len > 0) {
            memcpy(at + 1, text.data, text.len);
        }
        at[text.len + 1] = '"';
        out->len += text.len + 2;
    }
}

void render_json_text(struct buffer *out, struct span text)
{
    size_t plain = count_plain(text); // bytes that stand for themselves
    if (plain == text.len) {
        put_own(out, text);
        return;
    }
    buffer_put_byte(out, '"');
    size_t from = 0; // behind what is written
    bool is_utf8 = utf8_is_valid(text);
    for (size_t i = plain; i < text.len; i++) {
        bool is_high = (text.data[i] & 0x80) != 0;
        if (is_plain(text.data[i]) || (is_high && is_utf8)) {
            plain++;
            continue;
        }
        buffer_put(out, text.data + from, plain);
        if (is_high) {
            buffer_put_text(out, "\\ufffd");
        } else {
            put_escaped(out, text.data[i]);
        }
        from = i + 1;
        plain = 0;
    }
    CHECK(from + plain == text.len);
    if (plain > 0) {
        buffer_put(out, text.data + from, plain);
    }
    buffer_put_byte(out, '"');
}

/* Append a separator, a field's name in quotation marks, and a colon. */
static void put_label(struct buffer *out, char separator, enum field field)
{
    char *at = buffer_reserve(out, 1 + FIELD_LABEL_SIZE);
    if (at != NULL) {
        at[0] = separator;
        memcpy(at + 1, field_label(field), FIELD_LABEL_SIZE);
        out->len += 1 + field_name_span(field).len + 3;
    }
}

void render_json(struct buffer *out, const struct field_source *source,
                 bool as_numbers)
{
    char separator = '{';
    for (int i = 0; i < FIELD_COUNT; i++) {
        enum field field = (enum field)i;
        char scratch[FIELD_TEXT_SIZE];
        struct span text = render_has(field)
                               ? field_text(field, source, scratch)
                               : (struct span){NULL, 0};
        if (text.data == NULL) {
            continue;
        }
        put_label(out, separator, field);
        if (as_numbers && render_is_number(field)) {
            buffer_put_span(out, text);
        } else if (is_own(field)) {
            put_own(out, text);
        } else {
            render_json_text(out, text);
        }
        separator = ',';
    }
    CHECK(separator == ','); // there is always a symbol
    buffer_put_byte(out, '}');
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
