/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

#include <stddef.h>

#include "base/check.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether a character is one of those from pattern[*at] to the next ']', and
 * move *at behind that.  Without one the set ends with the pattern. */
static bool is_in_set(struct span pattern, size_t *at, char c)
{
    size_t i = *at;
    bool is_negated = i < pattern.len && pattern.data[i] == '^';
    i += is_negated;
    bool is_in = false;
    while (i < pattern.len && pattern.data[i] != ']') {
        if (pattern.data[i] == '\\' && i + 1 < pattern.len) {
            i++;
        }
        char first = lower(pattern.data[i]);
        char last = first;
        if (i + 2 < pattern.len && pattern.data[i + 1] == '-') {
            last = lower(pattern.data[i + 2]);
            i += 2;
        }
        char low = first < last ? first : last;
        char high = first < last ? last : first;
        is_in = is_in || (c >= low && c <= high);
        i++;
    }
    *at = i < pattern.len ? i + 1 : i;
    return is_in != is_negated;
}

/* Whether one character matches what stands at pattern[*at], which is no star,
 * and move *at behind it. */
static bool match_one(struct span pattern, size_t *at, char c)
{
    CHECK(*at < pattern.len);
    char wanted = pattern.data[(*at)++];
    switch (wanted) {
    case '?':
        return true;
    case '[':
        return is_in_set(pattern, at, lower(c));
    case '\\':
        if (*at < pattern.len) {
            wanted = pattern.data[(*at)++];
        }
        return lower(wanted) == lower(c);
    default:
        return lower(wanted) == lower(c);
    }
}

/* Only the last star need be gone back to: what stands before it has matched
 * the shortest beginning that it can. */
bool glob_match(struct span pattern, struct span text)
{
    size_t at = 0;
    size_t read = 0;
    size_t star = pattern.len + 1; // behind the last star; none
    size_t star_read = 0;
    while (read < text.len) {
        if (at < pattern.len && pattern.data[at] == '*') {
            star = ++at;
            star_read = read;
            continue;
        }
        if (at < pattern.len && match_one(pattern, &at, text.data[read])) {
            read++;
            continue;
        }
        if (star > pattern.len) {
            return false;
        }
        at = star;
        read = ++star_read;
    }
    while (at < pattern.len && pattern.data[at] == '*') {
        at++;
    }
    return at == pattern.len;
}
