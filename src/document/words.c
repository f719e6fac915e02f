/* SPDX-License-Identifier: Apache-2.0 */
#include "document/words.h"

#include "base/check.h"

/* --- Characters ----------------------------------------------------------- */

static bool is_between(struct span text, size_t at, unsigned low, unsigned high)
{
    unsigned char byte = at < text.len ? (unsigned char)text.data[at] : 0;
    return byte >= low && byte <= high;
}

size_t words_character(struct span text)
{
    // The second byte's range is what rules out long forms and surrogates.
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, len;
    } forms[] = {
        {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
        {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
        {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    if (text.len == 0) {
        return 0;
    }
    if ((unsigned char)text.data[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (is_between(text, 0, forms[i].first_low, forms[i].first_high)) {
            bool is_whole =
                is_between(text, 1, forms[i].second_low, forms[i].second_high);
            for (size_t at = 2; at < forms[i].len; at++) {
                is_whole = is_whole && is_between(text, at, 0x80, 0xBF);
            }
            return is_whole ? forms[i].len : 0;
        }
    }
    return 0;
}

/* White space, C0 and C1 controls, and the characters that break a line or turn
 * its direction on a terminal: U+200E, F; U+2028 to 202E; U+2066 to 2069. */
static bool is_blank(struct span text, size_t len)
{
    CHECK(len >= 1 && len <= text.len);
    if (len == 1) {
        return is_between(text, 0, 0x00, 0x20) || text.data[0] == 0x7F;
    }
    if (len == 2) {
        return is_between(text, 0, 0xC2, 0xC2) &&
               is_between(text, 1, 0x80, 0xA0);
    }
    if (len != 3 || !is_between(text, 0, 0xE2, 0xE2)) {
        return false;
    }
    bool is_u20xx =
        is_between(text, 1, 0x80, 0x80) &&
        (is_between(text, 2, 0x8E, 0x8F) || is_between(text, 2, 0xA8, 0xAE));
    return is_u20xx ||
           (is_between(text, 1, 0x81, 0x81) && is_between(text, 2, 0xA6, 0xA9));
}

/* --- The key -------------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Whether a text begins with two hexadecimal digits that mean `c`. */
static bool begins_with_hex_of(struct span text, char c)
{
    if (text.len < 2) {
        return false;
    }
    int high = hex_value(text.data[0]);
    int low = hex_value(text.data[1]);
    return high >= 0 && low >= 0 && high * 16 + low == (unsigned char)c;
}

static struct span behind(struct span text, size_t len)
{
    CHECK(len <= text.len);
    return (struct span){text.data + len, text.len - len};
}

/* Bytes at the front of a text that stand for one character of the key. */
static size_t match_character(struct span text, char c)
{
    if (text.len == 0) {
        return 0;
    }
    if (span_equal_nocase((struct span){text.data, 1}, (struct span){&c, 1})) {
        return 1;
    }
    if (text.data[0] == '%' && begins_with_hex_of(behind(text, 1), c)) {
        return 3;
    }
    if (text.data[0] == '\\' && text.len >= 2 && text.data[1] == c) {
        return 2;
    }
    if (text.len >= 6 && memcmp(text.data, "\\u00", 4) == 0 &&
        begins_with_hex_of(behind(text, 4), c)) {
        return 6;
    }
    return 0;
}

/* Bytes at the front of a text that are the key, or its front part where the
 * text ends; 0 where it does not begin with it. */
static size_t match_key(struct span text, struct span key)
{
    if (key.len < WORDS_KEY_LEN_MIN) {
        return 0;
    }
    struct span rest = text;
    for (size_t i = 0; i < key.len; i++) {
        size_t len = match_character(rest, key.data[i]);
        if (len == 0) {
            bool is_cut_off = rest.len == 0 && i >= WORDS_KEY_LEN_MIN;
            return is_cut_off ? text.len : 0;
        }
        rest = behind(rest, len);
    }
    return text.len - rest.len;
}

/* --- The line ------------------------------------------------------------- */

void words_init(struct words *words, char *out, size_t size, struct span key)
{
    CHECK(size >= 1);
    *words = (struct words){.out = out, .size = size, .keys = {key}};
    out[0] = '\0';
}

void words_hide(struct words *words, struct span key)
{
    words->keys[1] = key;
}

static void put_whole(struct words *words, const char *data, size_t len)
{
    CHECK(words->len < words->size);
    CHECK(!words->is_full);
    size_t space = words->space_waits && words->len > 0 ? 1 : 0;
    if (space + len > words->size - 1 - words->len) {
        words->is_full = true;
        return;
    }
    memset(words->out + words->len, ' ', space);
    memcpy(words->out + words->len + space, data, len);
    words->len += space + len;
    words->out[words->len] = '\0';
    words->space_waits = false;
}

void words_put(struct words *words, struct span text)
{
    while (text.len > 0 && !words->is_full) {
        size_t key_len = 0;
        for (size_t i = 0; i < WORDS_KEYS; i++) {
            size_t one_len = match_key(text, words->keys[i]);
            key_len = one_len > key_len ? one_len : key_len;
        }
        size_t len = key_len > 0 ? key_len : words_character(text);
        if (key_len > 0) {
            put_whole(words, WORDS_BLOT, strlen(WORDS_BLOT));
        } else if (len == 0) {
            put_whole(words, "?", 1);
            len = 1;
        } else if (is_blank(text, len)) {
            words->space_waits = true;
        } else {
            put_whole(words, text.data, len);
        }
        text = behind(text, len);
    }
}
