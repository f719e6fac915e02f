/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h -- the file of names as it was read, before it is a table.
 *
 * The inside of names.h, which says what the file holds; only names.c uses it.
 */

#pragma once

#include <stddef.h>

#include "base/hash.h"
#include "base/span.h"
#include "quote/names.h"

/* The longest name or alias.  A look-up copies what was asked for to the stack,
 * so it has to end somewhere; the longest registered company names have about
 * a hundred bytes. */
#define LISTING_KEY_BYTES_LIMIT 128

/* printf("%.*s") of a text in an error: its first bytes are enough to find it.
 */
#define LISTING_SHOWN(span) \
    (int)((span).len < 40 ? (span).len : 40), (span).data

/* One text that finds an instrument. */
struct listing_key {
    UT_hash_handle hh; /* of the table it comes into */
    struct span text;  /* trimmed, 1 to LISTING_KEY_BYTES_LIMIT bytes */
    const struct name *name;
    size_t line;
};

struct listing {
    char *texts; /* the file, cut into fields in place */
    size_t texts_len;
    struct name *items; /* their texts are BORROWED from `texts` */
    size_t count;
    size_t count_max;
    struct listing_key *keys; /* theirs too */
    size_t keys_count;
    size_t keys_max;
};

/*
 * Read a file's text.  Returns 0, or ERR_SYNTAX, ERR_FULL or ERR_NOMEM with
 * *error; either way *out is to be ended with listing_deinit().  Texts that
 * stand for two instruments are not looked for.  Threads: its owner's.
 */
int listing_read(struct listing *out, struct span text,
                 struct names_error *error);

/* Free what the listing holds. */
void listing_deinit(struct listing *listing);

/* Fill *error, made one printable line, and return `err`. */
__attribute__((format(printf, 4, 5))) int listing_refuse(
    struct names_error *error, int err, size_t line, const char *format, ...);
