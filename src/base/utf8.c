/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/check.h"

/* Bytes of the character at the front of `text`, which is not empty; 0 where
 * there is none. */
static size_t character_bytes(struct span text)
{
    CHECK_SLOW(text.len > 0);
    const unsigned char *byte = (const unsigned char *)text.data;
    if (byte[0] < 0x80) {
        return 1;
    }
    size_t len = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || len > text.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_bad = (byte[0] == 0xe0 && byte[1] < 0xa0) ||  // not the shortest
                  (byte[0] == 0xed && byte[1] >= 0xa0) || // a surrogate
                  (byte[0] == 0xf0 && byte[1] < 0x90) ||  // not the shortest
                  (byte[0] == 0xf4 && byte[1] >= 0x90);   // beyond U+10FFFF
    return is_bad ? 0 : len;
}

/* Bytes at the front, eight by eight, that are characters each. */
static size_t plain_bytes(struct span text)
{
    size_t len = 0;
    for (uint64_t eight; len + sizeof(eight) <= text.len;) {
        memcpy(&eight, text.data + len, sizeof(eight));
        if ((eight & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        len += sizeof(eight);
    }
    return len;
}

bool utf8_is_valid(struct span text)
{
    while (text.len > 0) {
        size_t plain = plain_bytes(text);
        size_t len = plain > 0 ? plain : character_bytes(text);
        if (len == 0) {
            return false;
        }
        CHECK(len <= text.len);
        text.data += len;
        text.len -= len;
    }
    return true;
}

bool utf8_has_control(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte == 0x7f) {
            return true;
        }
    }
    return false;
}
