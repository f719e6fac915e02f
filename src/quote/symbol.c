/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/symbol.h"

#include <endian.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"

/* Each byte's normalised form, or 0 where it is not allowed. */
static const char normal[256] = {
    ['A'] = 'A', ['B'] = 'B', ['C'] = 'C', ['D'] = 'D', ['E'] = 'E',
    ['F'] = 'F', ['G'] = 'G', ['H'] = 'H', ['I'] = 'I', ['J'] = 'J',
    ['K'] = 'K', ['L'] = 'L', ['M'] = 'M', ['N'] = 'N', ['O'] = 'O',
    ['P'] = 'P', ['Q'] = 'Q', ['R'] = 'R', ['S'] = 'S', ['T'] = 'T',
    ['U'] = 'U', ['V'] = 'V', ['W'] = 'W', ['X'] = 'X', ['Y'] = 'Y',
    ['Z'] = 'Z', ['a'] = 'A', ['b'] = 'B', ['c'] = 'C', ['d'] = 'D',
    ['e'] = 'E', ['f'] = 'F', ['g'] = 'G', ['h'] = 'H', ['i'] = 'I',
    ['j'] = 'J', ['k'] = 'K', ['l'] = 'L', ['m'] = 'M', ['n'] = 'N',
    ['o'] = 'O', ['p'] = 'P', ['q'] = 'Q', ['r'] = 'R', ['s'] = 'S',
    ['t'] = 'T', ['u'] = 'U', ['v'] = 'V', ['w'] = 'W', ['x'] = 'X',
    ['y'] = 'Y', ['z'] = 'Z', ['0'] = '0', ['1'] = '1', ['2'] = '2',
    ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6', ['7'] = '7',
    ['8'] = '8', ['9'] = '9', ['.'] = '.', ['-'] = '-', ['^'] = '^',
    ['='] = '=', ['/'] = '/', [':'] = ':', ['_'] = '_',
};

int symbol_parse(struct symbol *out, struct span text)
{
    text = span_trim(text);
    if (text.len < 1 || text.len > SYMBOL_LEN_LIMIT) {
        return ERR_SYMBOL;
    }
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < text.len; i++) {
        char c = normal[(unsigned char)text.data[i]];
        if (c == '\0') {
            return ERR_SYMBOL;
        }
        out->text[i] = c;
    }
    out->len = (uint8_t)text.len;
    CHECK_SLOW(out->text[out->len] == '\0');
    return 0;
}

/* --- Keys: eight letters at a time -----------------------------------------
 */

/* A byte in each of a word's. */
#define EACH(byte) ((uint64_t)(byte)*UINT64_C(0x0101010101010101))

/* 1 to 8 bytes, the first of them lowest, and 0 behind them. */
static uint64_t load_word(const char *at, size_t len)
{
    uint64_t all;
    uint32_t first;
    uint32_t last;
    if (len == sizeof(all)) {
        memcpy(&all, at, sizeof(all));
        return le64toh(all);
    }
    if (len >= sizeof(first)) { // where the two overlap they are the same
        memcpy(&first, at, sizeof(first));
        memcpy(&last, at + len - sizeof(last), sizeof(last));
        return le32toh(first) | (uint64_t)le32toh(last)
                                    << (len - sizeof(last)) * 8;
    }
    return (uint64_t)(unsigned char)at[0] |
           (uint64_t)(unsigned char)at[len / 2] << len / 2 * 8 |
           (uint64_t)(unsigned char)at[len - 1] << (len - 1) * 8;
}

/*
 * The word with a to z as A to Z.  A byte above 0x7f may disturb the one behind
 * it, but stays above 0x5f, and so is in no symbol; nor is any other byte that
 * is not allowed made one that is.
 */
static uint64_t in_capitals(uint64_t word)
{
    uint64_t from_a = word + EACH(0x80 - 'a');
    uint64_t beyond_z = word + EACH(0x7f - 'z');
    return word - ((from_a & ~beyond_z & EACH(0x80)) >> 2);
}

bool symbol_key_read(struct symbol_key *out, struct span text)
{
    const size_t half = sizeof(uint64_t);
    if (text.len < 1 || text.len > SYMBOL_KEY_LETTERS) {
        return false;
    }
    uint64_t front = load_word(text.data, text.len < half ? text.len : half);
    uint64_t back =
        text.len > half ? load_word(text.data + half, text.len - half) : 0;
    front = in_capitals(front);
    back = in_capitals(back);
    out->words[0] = htole64(front << 8 | text.len);
    out->words[1] = htole64(back << 8 | front >> 56);
    return true;
}

uint64_t symbol_key_hash(struct symbol_key key)
{
    return hash_pair(key.words[0], key.words[1]);
}

uint64_t symbol_hash(const struct symbol *symbol)
{
    return symbol->len <= SYMBOL_KEY_LETTERS
               ? symbol_key_hash(symbol_key(symbol))
               : hash_bytes(symbol->text, symbol->len);
}

struct span symbol_mic(const struct symbol *symbol)
{
    static const char *const others[] = {
        "ARCX", "BATS", "BVMF", "IEXG", "MTAA", "NEOE", "ROCO",
    };
    const size_t mic_len = 4;
    if (symbol->len < 1 + 1 + mic_len) {
        return span_of("");
    }
    struct span mic = {symbol->text + symbol->len - mic_len, mic_len};
    bool is_code = mic.data[-1] == '.' && mic.data[0] == 'X';
    for (size_t i = 0; i < mic_len; i++) {
        char c = mic.data[i];
        is_code = is_code && ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        is_code = is_code ||
                  (mic.data[-1] == '.' && span_equal(mic, span_of(others[i])));
    }
    return is_code ? mic : span_of("");
}
