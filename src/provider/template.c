/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/template.h"

#include <string.h>

#include "base/check.h"

#define SYMBOL_PLACE "{sym}"
#define KEY_PLACE    "{key}"

static bool begins_with(struct span text, const char *front)
{
    size_t len = strlen(front);
    return text.len >= len && memcmp(text.data, front, len) == 0;
}

/* Bytes of "https://host:port" at the front of a text; 0 where it has none. */
static size_t origin_len_of(struct span text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t begin = strlen(schemes[i]);
        if (begins_with(text, schemes[i])) {
            size_t end = begin;
            while (end < text.len &&
                   memchr("/?#{}", text.data[end], 5) == NULL) {
                end++;
            }
            return end > begin ? end : 0;
        }
    }
    return 0;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

bool template_is_origin(struct span text)
{
    return text.len > 0 && is_printable(text) &&
           origin_len_of(text) == text.len;
}

const char *template_fault(struct span text)
{
    size_t origin_len = is_printable(text) ? origin_len_of(text) : 0;
    if (origin_len == 0 || origin_len == text.len ||
        text.data[origin_len] != '/') {
        return "an URL is https://HOST/PATH?QUERY (or http://), without spaces";
    }
    bool has_symbol = false;
    for (size_t at = origin_len; at < text.len; at++) {
        struct span rest = {text.data + at, text.len - at};
        bool is_symbol = begins_with(rest, SYMBOL_PLACE);
        has_symbol = has_symbol || is_symbol;
        if (rest.data[0] == '{' && !is_symbol &&
            !begins_with(rest, KEY_PLACE)) {
            return "what stands in braces in an URL is {sym} or {key}";
        }
    }
    return has_symbol ? NULL : "the URL has no {sym}, where the symbol goes";
}

bool template_has_key(struct span text)
{
    return span_has_nocase(text, span_of(KEY_PLACE));
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

static void put_encoded(struct buffer *out, struct span text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (is_unreserved(text.data[i])) {
            buffer_put_byte(out, text.data[i]);
            continue;
        }
        char escape[3] = {'%', hex[byte >> 4], hex[byte & 15]};
        buffer_put(out, escape, sizeof(escape));
    }
}

void template_compose(struct span text, struct span origin, struct span symbol,
                      struct span key, struct buffer *out)
{
    CHECK_SLOW(template_fault(text) == NULL);
    size_t origin_len = origin_len_of(text);
    CHECK(origin_len > 0);
    buffer_put_span(out, origin.len > 0 ? origin
                                        : (struct span){text.data, origin_len});
    struct span rest = {text.data + origin_len, text.len - origin_len};
    while (rest.len > 0) {
        size_t len = 1;
        if (begins_with(rest, SYMBOL_PLACE)) {
            len = strlen(SYMBOL_PLACE);
            put_encoded(out, symbol);
        } else if (begins_with(rest, KEY_PLACE)) {
            len = strlen(KEY_PLACE);
            put_encoded(out, key);
        } else {
            buffer_put_byte(out, rest.data[0]);
        }
        rest = (struct span){rest.data + len, rest.len - len};
    }
}
