/* SPDX-License-Identifier: Apache-2.0 */
#include "web/target.h"

#include "base/buffer.h"
#include "base/check.h"

bool target_match(const char *pattern, struct span path, struct span *argument)
{
    *argument = (struct span){NULL, 0};
    const char *brace = strchr(pattern, '{');
    if (brace == NULL) {
        return span_equal(path, span_of(pattern));
    }
    size_t fixed = (size_t)(brace - pattern);
    if (path.len <= fixed || memcmp(path.data, pattern, fixed) != 0) {
        return false;
    }
    *argument = (struct span){path.data + fixed, path.len - fixed};
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The byte that the escape at `at` stands for; -1 where it is broken. */
static int escaped(struct span text, size_t at)
{
    CHECK(at < text.len && text.data[at] == '%');
    int high = at + 2 < text.len ? hex_digit(text.data[at + 1]) : -1;
    int low = at + 2 < text.len ? hex_digit(text.data[at + 2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool target_is_decodable(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '%' && escaped(text, i) < 0) {
            return false;
        }
    }
    return true;
}

/* As target_decode(); with is_form a plus is a space, as forms are sent. */
static bool decode(struct span text, bool is_form, struct buffer *out)
{
    char *to = buffer_reserve(out, text.len);
    if (to == NULL) {
        return false;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int byte = escaped(text, i);
            if (byte < 0) {
                return false;
            }
            c = (char)byte;
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        to[len++] = c;
    }
    CHECK(len <= text.len);
    out->len += len;
    return true;
}

bool target_decode(struct span text, struct buffer *out)
{
    return decode(text, false, out);
}

/* Take pairs off the front of *query until one has the name. */
static bool next_of(struct span *query, const char *name, struct span *value)
{
    struct span pair;
    while (span_split(query, '&', &pair)) {
        struct span key;
        span_split(&pair, '=', &key);
        if (span_equal(key, span_of(name))) {
            *value = pair.data != NULL ? pair : span_of("");
            return true;
        }
    }
    return false;
}

bool target_find(struct span query, const char *name, struct span *value)
{
    return next_of(&query, name, value);
}

bool target_words(struct span query, const char *name, struct buffer *out)
{
    bool has_any = false;
    struct span value;
    while (next_of(&query, name, &value)) {
        if (has_any) {
            buffer_put_byte(out, ',');
        }
        has_any = true;
        if (!decode(value, true, out)) {
            return false;
        }
    }
    return has_any;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(".-_:[]%~!$&'()*+,;=", c) != NULL);
}

bool target_is_host(struct span host)
{
    size_t len = 0;
    while (len < host.len && is_host_char(host.data[len])) {
        len++;
    }
    return len == host.len;
}
