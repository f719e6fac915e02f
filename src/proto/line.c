/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/line.h"

#include "base/check.h"

enum line line_take(struct lines *lines, struct span *text)
{
    CHECK(lines->at <= lines->len);
    size_t left = lines->len - lines->at;
    if (left == 0) {
        return LINE_NONE; // there may be no bytes at all to point at
    }
    const char *from = lines->bytes + lines->at;
    const char *end = memchr(from, '\n', left);
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
