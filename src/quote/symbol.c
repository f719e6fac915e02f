/* SPDX-License-Identifier: Apache-2.0 */
#include "quote/symbol.h"

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

uint64_t symbol_hash(const struct symbol *symbol)
{
    return hash_bytes(symbol->text, symbol->len);
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
