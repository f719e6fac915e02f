/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/line.h"

#include "base/check.h"

enum line line_take(struct lines *lines, struct span *text)
{
    CHECK(lines->at <= lines->len);
    const char *from = lines->bytes + lines->at;
    size_t left = lines->len - lines->at;
    const char *end = left > 0 ? memchr(from, '\n', left) : NULL;
    if (end == NULL) {
        return LINE_NONE;
    }
    size_t len = (size_t)(end - from);
    lines->at += len + 1;
    if (len == 0 || end[-1] != '\r' || memchr(from, '\r', len - 1) != NULL ||
        memchr(from, '\0', len) != NULL) {
        return LINE_BAD;
    }
    *text = (struct span){from, len - 1};
    return LINE_GOOD;
}
