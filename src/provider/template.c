/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/template.h"

#include <string.h>

#include "base/check.h"

#define FILE_SCHEME "file:"

static const struct {
    const char *text;
    enum template_place place;
} places[] = {
    {"{sym}", TEMPLATE_SYM},     {"{syms}", TEMPLATE_SYMS},
    {"{first}", TEMPLATE_FIRST}, {"{rest}", TEMPLATE_REST},
    {"{mic}", TEMPLATE_MIC},     {"{key}", TEMPLATE_KEY},
    {"{key2}", TEMPLATE_KEY2},
};

#define PLACES_COUNT (sizeof(places) / sizeof(places[0]))

/* Those of which an URL has exactly one. */
#define SYMBOL_PLACES (TEMPLATE_SYM | TEMPLATE_SYMS | TEMPLATE_FIRST)

#define KEY_PLACES (TEMPLATE_KEY | TEMPLATE_KEY2)

static bool begins_with(struct span text, const char *front)
{
    size_t len = strlen(front);
    return text.len >= len && memcmp(text.data, front, len) == 0;
}

static struct span behind(struct span text, size_t len)
{
    CHECK(len <= text.len);
    return (struct span){text.data + len, text.len - len};
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

/* Whether all bytes are ASCII from `first` to the tilde. */
static bool is_printable(struct span text, char first)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < first || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

bool template_is_origin(struct span text)
{
    return text.len > 0 && is_printable(text, '!') &&
           origin_len_of(text) == text.len;
}

bool template_is_file(struct span text)
{
    return begins_with(text, FILE_SCHEME);
}

/* The place that a text begins with, and its length; 1 for any other byte. */
static enum template_place place_at(struct span text, size_t *len)
{
    for (size_t i = 0; i < PLACES_COUNT; i++) {
        if (begins_with(text, places[i].text)) {
            *len = strlen(places[i].text);
            return places[i].place;
        }
    }
    *len = 1;
    return TEMPLATE_NONE;
}

/* The places of a text; *is_good is whether each brace that opens is one's. */
static unsigned find_places(struct span text, bool *is_good)
{
    unsigned found = 0;
    *is_good = true;
    while (text.len > 0) {
        size_t len;
        enum template_place place = place_at(text, &len);
        *is_good = *is_good && (place != TEMPLATE_NONE || text.data[0] != '{');
        found |= (unsigned)place;
        text = behind(text, len);
    }
    return found;
}

unsigned template_places(struct span text)
{
    bool is_good;
    return find_places(text, &is_good);
}

static const char *file_fault(struct span text)
{
    bool is_good = begins_with(text, FILE_SCHEME "///") &&
                   is_printable(text, '!') &&
                   memchr(text.data, '{', text.len) == NULL;
    return is_good ? NULL
                   : "the URL of a file is file:///PATH, and nothing is asked "
                     "in it";
}

const char *template_url_fault(struct span text)
{
    if (template_is_file(text)) {
        return file_fault(text);
    }
    size_t origin_len = is_printable(text, '!') ? origin_len_of(text) : 0;
    if (origin_len == 0 || origin_len == text.len ||
        text.data[origin_len] != '/') {
        return "an URL is https://HOST/PATH?QUERY (or http://), without spaces";
    }
    bool is_good;
    unsigned found = find_places(behind(text, origin_len), &is_good);
    unsigned symbols = found & SYMBOL_PLACES;
    if (!is_good) {
        return "what stands in braces in an URL is {sym}, {syms}, {first}, "
               "{rest}, {mic}, {key} or {key2}";
    }
    if (symbols == 0) {
        return "the URL has no {sym}, {syms} or {first}, where symbols go";
    }
    if ((symbols & (symbols - 1)) != 0) {
        return "an URL has one of {sym}, {syms} and {first}";
    }
    if ((symbols == TEMPLATE_FIRST) != ((found & TEMPLATE_REST) != 0)) {
        return "{first} and {rest} go together in an URL";
    }
    return NULL;
}

const char *template_header_fault(struct span text)
{
    struct span value = text;
    struct span name;
    span_split(&value, ':', &name);
    if (name.len == 0 || value.len == 0 || !is_printable(name, '!') ||
        !is_printable(value, ' ')) {
        return "a header line is NAME: VALUE, such as \"X-Token: {key}\"";
    }
    bool is_good;
    unsigned found = find_places(value, &is_good);
    if (!is_good || (found & ~(unsigned)KEY_PLACES) != 0 ||
        memchr(name.data, '{', name.len) != NULL) {
        return "what stands in braces in a header line is {key} or {key2}, "
               "behind the colon";
    }
    return NULL;
}

/* --- Composing ------------------------------------------------------------ */

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

/* Symbols from number `from` to before number `to`. */
static void put_symbols(struct buffer *out,
                        const struct template_values *values, size_t from,
                        size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i > from) {
            buffer_put_span(out, values->sep);
        }
        put_encoded(out, values->symbols[i]);
    }
}

static void put_place(struct buffer *out, enum template_place place,
                      const struct template_values *values)
{
    switch (place) {
    case TEMPLATE_NONE:
        break;
    case TEMPLATE_SYM:
    case TEMPLATE_FIRST:
        put_symbols(out, values, 0, 1);
        break;
    case TEMPLATE_SYMS:
        put_symbols(out, values, 0, values->count);
        break;
    case TEMPLATE_REST:
        put_symbols(out, values, 1, values->count);
        break;
    case TEMPLATE_MIC:
        buffer_put_span(out, values->mic);
        break;
    case TEMPLATE_KEY:
        put_encoded(out, values->key);
        break;
    case TEMPLATE_KEY2:
        put_encoded(out, values->key2);
        break;
    }
}

void template_put_url(struct span text, const struct template_values *values,
                      struct buffer *out)
{
    CHECK_SLOW(template_url_fault(text) == NULL);
    CHECK(values->count > 0);
    if (template_is_file(text)) {
        buffer_put_span(out, values->origin.len > 0 ? values->origin : text);
        return;
    }
    size_t origin_len = origin_len_of(text);
    CHECK(origin_len > 0);
    buffer_put_span(out, values->origin.len > 0
                             ? values->origin
                             : (struct span){text.data, origin_len});
    for (text = behind(text, origin_len); text.len > 0;) {
        size_t len;
        enum template_place place = place_at(text, &len);
        if (place == TEMPLATE_NONE) {
            buffer_put_byte(out, text.data[0]);
        }
        put_place(out, place, values);
        text = behind(text, len);
    }
}

void template_put_header(struct span text, const struct template_values *values,
                         struct buffer *out)
{
    CHECK_SLOW(template_header_fault(text) == NULL);
    while (text.len > 0) {
        size_t len;
        enum template_place place = place_at(text, &len);
        if (place == TEMPLATE_NONE) {
            buffer_put_byte(out, text.data[0]);
        } else {
            CHECK((place & KEY_PLACES) != 0);
            buffer_put_span(out,
                            place == TEMPLATE_KEY ? values->key : values->key2);
        }
        text = behind(text, len);
    }
}
