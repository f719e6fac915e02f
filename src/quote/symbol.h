/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbol.h -- what names an instrument, normalised.
 *
 * A symbol is 1 to 32 of A-Z 0-9 . - ^ = / : _ in capitals.  Two texts that
 * differ in case or in surrounding white space are one symbol.
 *
 * Behind its last dot it may name a market by its code (ISO 10383):
 * "TSCO.XLON".  "BRK.B" names none; that is a class of shares.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define SYMBOL_LEN_LIMIT 32

/* What is allowed, for error texts. */
#define SYMBOL_FORM "1 to 32 of A-Z 0-9 . - ^ = / : _"

struct symbol {
    uint8_t len;
    char text[SYMBOL_LEN_LIMIT + 1]; /* ends in 0; the bytes behind it are 0 */
};

/*
 * Normalise a text into *out.  Returns 0, or ERR_SYMBOL when it is empty, too
 * long or holds another character; *out is then undefined.  Threads: any.
 */
int symbol_parse(struct symbol *out, struct span text);

/* The normalised text.  BORROWED from *symbol. */
static inline struct span symbol_span(const struct symbol *symbol)
{
    return (struct span){symbol->text, symbol->len};
}

/*
 * The length and the first letters of a symbol, which tell a short one from all
 * others: in two words, with which a symbol is found in less time than it takes
 * to normalise its text.
 */
struct symbol_key {
    uint64_t words[2];
};

/* The longest symbol that its key tells from others. */
#define SYMBOL_KEY_LETTERS 15

_Static_assert(SYMBOL_KEY_LETTERS + 1 == sizeof(struct symbol_key),
               "with the length they fill it");

/* The key of a symbol.  Threads: any, as all below. */
static inline struct symbol_key symbol_key(const struct symbol *symbol)
{
    struct symbol_key key;
    memcpy(&key, symbol, sizeof(key));
    return key;
}

/* Same key. */
static inline bool symbol_key_equal(struct symbol_key a, struct symbol_key b)
{
    return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1])) == 0;
}

/*
 * The key of the symbol that a text is; of one that is none, or has white space
 * around it, a key that no symbol has.  Returns false where the text is empty
 * or has more than SYMBOL_KEY_LETTERS.  Threads: any.
 */
bool symbol_key_read(struct symbol_key *out, struct span text);

/* Same symbol. */
static inline bool symbol_equal(const struct symbol *a, const struct symbol *b)
{
    return symbol_key_equal(symbol_key(a), symbol_key(b)) &&
           (a->len <= SYMBOL_KEY_LETTERS ||
            memcmp(a->text, b->text, a->len) == 0);
}

/* A seeded hash (base/hash.h), for the tables that symbols are looked up in.
 * Threads: any. */
uint64_t symbol_hash(const struct symbol *symbol);

/* That of the symbol with this key, which has at most SYMBOL_KEY_LETTERS. */
uint64_t symbol_key_hash(struct symbol_key key);

/*
 * The code of the market that a symbol names, "XLON"; empty where it names
 * none.  A code is four letters or digits that begin with X, or one of the few
 * markets with listings of their own whose codes do not: ARCX, BATS, BVMF,
 * IEXG, MTAA, NEOE, ROCO.  BORROWED from *symbol.
 */
struct span symbol_mic(const struct symbol *symbol);
