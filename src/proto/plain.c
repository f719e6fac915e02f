/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/plain.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The bytes of "*2\r\n$3\r\nGET\r\n", and of "$4\r\nMGET\r\n", which stands
 * behind the line of the array's length. */
#define GET_BYTES  13
#define MGET_BYTES 10

/* What is left to read. */
struct rest {
    const char *at;
    const char *end;
};

static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_get(struct rest *rest)
{
    static const char small[8] = "\0\0\0\x20\x20\x20";
    const char *at = rest->at;
    if (rest->end - at < GET_BYTES || word_at(at) != word_at("*2\r\n$3\r\n") ||
        (word_at(at + 5) | word_at(small)) != word_at("3\r\nget\r\n")) {
        return false;
    }
    rest->at += GET_BYTES;
    return true;
}

static bool take_mget(struct rest *rest)
{
    static const char small[8] = "\0\0\0\0\x20\x20\x20\x20";
    const char *at = rest->at;
    if (rest->end - at < MGET_BYTES ||
        (word_at(at) | word_at(small)) != word_at("$4\r\nmget") ||
        at[8] != '\r' || at[9] != '\n') {
        return false;
    }
    rest->at += MGET_BYTES;
    return true;
}

/* Take "<type><number>\r\n", the number from 1 to 99 and something behind it.
 */
static bool take_number(struct rest *rest, char type, size_t *out)
{
    const char *at = rest->at;
    if (rest->end - at < 5 || at[0] != type || !is_digit(at[1])) {
        return false;
    }
    size_t value = (size_t)(at[1] - '0');
    at += 2;
    if (is_digit(*at)) {
        value = value * 10 + (size_t)(*at - '0');
        at++;
    }
    if (at[0] != '\r' || at[1] != '\n') {
        return false;
    }
    rest->at = at + 2;
    *out = value;
    return value > 0;
}

/* The same of "$<digit>\r\n", which nearly all are. */
static inline bool take_digit(struct rest *rest, size_t *out)
{
    uint32_t word;
    uint32_t zero;
    if ((size_t)(rest->end - rest->at) < sizeof(word)) {
        return false;
    }
    memcpy(&word, rest->at, sizeof(word));
    memcpy(&zero, "$0\r\n", sizeof(zero));
    // It is the digit in the second byte, and nothing in the others.
    uint32_t value = le32toh(word) - le32toh(zero);
    if ((value & 0xff) != 0 || value >> 8 < 1 || value >> 8 > 9) {
        return false;
    }
    rest->at += sizeof(word);
    *out = value >> 8;
    return true;
}

static inline bool take_text(struct rest *rest, struct span *text)
{
    size_t len;
    if ((!take_digit(rest, &len) && !take_number(rest, '$', &len)) ||
        (size_t)(rest->end - rest->at) < len + 2 ||
        memcmp(rest->at + len, "\r\n", 2) != 0) {
        return false;
    }
    *text = (struct span){rest->at, len};
    rest->at += len + 2;
    return true;
}

size_t plain_parse_get(struct span *text, struct span bytes)
{
    struct rest rest = {bytes.data, bytes.data + bytes.len};
    bool is_read = take_get(&rest) && take_text(&rest, text);
    return is_read ? (size_t)(rest.at - bytes.data) : 0;
}

size_t plain_parse_mget(struct plain_texts *texts, struct span bytes)
{
    struct rest rest = {bytes.data, bytes.data + bytes.len};
    size_t words;
    if (!take_number(&rest, '*', &words) || words < 2 || !take_mget(&rest)) {
        return 0;
    }
    texts->count = words - 1;
    for (size_t i = 0; i < texts->count; i++) {
        if (!take_text(&rest, &texts->texts[i])) {
            return 0;
        }
    }
    return (size_t)(rest.at - bytes.data);
}
