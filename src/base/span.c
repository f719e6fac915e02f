/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include "base/check.h"
#include "base/err.h"

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

bool span_has_nocase(struct span text, struct span part)
{
    if (part.len == 0) {
        return true;
    }
    for (size_t at = 0; at + part.len <= text.len; at++) {
        struct span here = {text.data + at, part.len};
        if (span_equal_nocase(here, part)) {
            return true;
        }
    }
    return false;
}

bool span_split(struct span *rest, char separator, struct span *part)
{
    if (rest->data == NULL) {
        *part = (struct span){NULL, 0};
        return false;
    }
    const char *found = memchr(rest->data, separator, rest->len);
    if (found == NULL) {
        *part = *rest;
        *rest = (struct span){NULL, 0};
        return true;
    }
    size_t before = (size_t)(found - rest->data);
    CHECK(before < rest->len);
    *part = (struct span){rest->data, before};
    *rest = (struct span){found + 1, rest->len - before - 1};
    return true;
}

int span_to_u64(struct span text, uint64_t *out)
{
    if (text.len == 0) {
        return ERR_SYNTAX;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return ERR_SYNTAX;
        }
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return ERR_RANGE;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return 0;
}
