/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h -- strangers' words made fit for a log line.
 *
 * A provider's text may hold newlines, terminal escapes, broken UTF-8, and, as
 * Alpha Vantage's does, the caller's own key.  What comes out is one printable
 * line of UTF-8 without the key, cut between two characters.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* What stands in the key's place. */
#define WORDS_BLOT "<key>"

/* Keys shorter than this are left alone: they are no secrets, and blotting out
 * every "a" would leave no sentence. */
#define WORDS_KEY_LEN_MIN 4

/* Keys that are kept out of one line. */
#define WORDS_KEYS 2

struct words {
    char *out; /* ends in 0 after each call */
    size_t size;
    size_t len;
    struct span keys[WORDS_KEYS];
    bool space_waits; /* for a character to stand behind it */
    bool is_full;
};

/* Begin an empty line in `out` of `size` bytes, 1 or more (checked), which must
 * never show `key`.  Both BORROWED while words are put.  Threads: its owner's.
 */
void words_init(struct words *words, char *out, size_t size, struct span key);

/* Keep a second key out, too; BORROWED likewise. */
void words_hide(struct words *words, struct span key);

/*
 * Append a text, cleaned:
 *   white space and what does not print, in runs   one space; none at the ends
 *   bytes that are not UTF-8                        a question mark each
 *   the key, in any case, also with %XX, \/ or \u00XX for its characters, and
 *   the front of it where the text ends inside it   WORDS_BLOT
 * What does not fit is dropped whole character by character.
 */
void words_put(struct words *words, struct span text);

/* Bytes of the UTF-8 character that a text begins with; 0 where it begins with
 * none (RFC 3629: no surrogates, no longer form than needed), or is empty. */
size_t words_character(struct span text);
