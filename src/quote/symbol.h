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

/* Same symbol. */
static inline bool symbol_equal(const struct symbol *a, const struct symbol *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* hash_bytes() of the text (base/hash.h), for the tables it is looked up in.
 * Threads: any. */
uint64_t symbol_hash(const struct symbol *symbol);

/*
 * The code of the market that a symbol names, "XLON"; empty where it names
 * none.  A code is four letters or digits that begin with X, or one of the few
 * markets with listings of their own whose codes do not: ARCX, BATS, BVMF,
 * IEXG, MTAA, NEOE, ROCO.  BORROWED from *symbol.
 */
struct span symbol_mic(const struct symbol *symbol);
