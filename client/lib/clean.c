/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/clean.h"

#include "base/check.h"

/* Bytes of the clean character at the front, 0 where there is none. */
static size_t char_len(struct span text)
{
    CHECK(text.len > 0);
    unsigned char first = (unsigned char)text.data[0];
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f;
    }
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.len < len) {
        return 0;
    }
    uint32_t value = first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (next & 0x3f);
    }
    // The least value of each length; below it the form is not the shortest.
    static const uint32_t least[] = {[2] = 0xa0, [3] = 0x800, [4] = 0x10000};
    bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    return value < least[len] || value > 0x10ffff || is_surrogate ? 0 : len;
}

bool clean_text(struct span text)
{
    while (text.len > 0) {
        size_t len = char_len(text);
        if (len == 0) {
            return false;
        }
        text.data += len;
        text.len -= len;
    }
    return true;
}

void clean_copy(char *out, size_t size, struct span text)
{
    CHECK(size > 0);
    size_t at = 0;
    while (text.len > 0) {
        size_t len = char_len(text);
        size_t taken = len > 0 ? len : 1;
        if (taken > size - 1 - at) {
            break;
        }
        memcpy(out + at, len > 0 ? text.data : "?", taken);
        at += taken;
        text.data += taken;
        text.len -= taken;
    }
    CHECK(at < size);
    out[at] = '\0';
}

void clean_copy_lines(char *out, size_t size, struct span text)
{
    CHECK(size > 0);
    size_t at = 0;
    struct span line;
    out[0] = '\0';
    // As many bytes go out as come in, since '?' stands for one byte.
    while (text.len > 0 && span_split(&text, '\n', &line) &&
           line.len + 1 < size - at) {
        clean_copy(out + at, line.len + 1, line);
        at += line.len;
        memcpy(out + at, "\n", 2);
        at++;
    }
}
