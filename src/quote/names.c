/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every request asks here before it asks anything else, so a look-up costs one
 * hash of a normalised text and one comparison, however many aliases there are:
 * symbols, names and aliases are keys of one table.  Most of what is asked for
 * is no key, and costs one look at a filter, which is small enough to be near:
 * each key has set two bits of one word, and a text whose bits are not both set
 * is none (a Bloom filter of one word).  Two more have the keys that could be
 * symbols: those that find themselves, and those that find another one.
 *
 * The file's text is copied twice.  In the first copy the reader cuts it into
 * fields in place, and that is where the names that are shown live; the second
 * is the first in capitals, so the key of a field is at the same place there.
 */
#include "quote/names.h"

#include <errno.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "quote/listing.h"

/* 200,000 lines of 300 bytes. */
#define FILE_BYTES_LIMIT (60u << 20)

/* Bits of the filter for each key, at least: so at most one text in 50 or so
 * that is no key is looked up in vain. */
#define FILTER_BITS 16

/* The fewest words of the filter. */
#define FILTER_WORDS_FIRST 16

struct names {
    struct listing listing;
    char *texts_upper;         /* its texts, but a-z are A-Z */
    struct listing_key *table; /* uthash's head; over the listing's keys */
    uint64_t *filter;          /* of all keys, by hash_bytes() */
    uint64_t *symbols;     /* of those that find themselves, by symbol_hash() */
    uint64_t *renames;     /* of symbols that find another, by symbol_hash() */
    uint64_t filters_mask; /* words of either, a power of 2, less 1 */
};

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

/* The two bits of a hash in its word. */
static uint64_t filter_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

static uint64_t filter_at(const struct names *names, uint64_t hash)
{
    return hash >> 32 & names->filters_mask;
}

static bool may_have(const struct names *names, uint64_t hash)
{
    uint64_t bits = filter_bits(hash);
    return (names->filter[filter_at(names, hash)] & bits) == bits;
}

bool names_may_have(const struct names *names, uint64_t hash)
{
    uint64_t bits = filter_bits(hash);
    return names != NULL &&
           ((names->symbols[filter_at(names, hash)] & bits) == bits ||
            names_may_rename(names, hash));
}

bool names_may_rename(const struct names *names, uint64_t hash)
{
    uint64_t bits = filter_bits(hash);
    return names != NULL &&
           (names->renames[filter_at(names, hash)] & bits) == bits;
}

static int make_filters(struct names *names)
{
    uint64_t words = FILTER_WORDS_FIRST;
    while (words * 64 < names->listing.keys_count * FILTER_BITS) {
        words *= 2;
    }
    names->filter = mem_calloc(words, sizeof(*names->filter));
    names->symbols = mem_calloc(words, sizeof(*names->symbols));
    names->renames = mem_calloc(words, sizeof(*names->renames));
    names->filters_mask = words - 1;
    bool is_made = names->filter != NULL && names->symbols != NULL &&
                   names->renames != NULL;
    return is_made ? 0 : ERR_NOMEM;
}

static struct listing_key *find_key(const struct names *names, struct span text,
                                    uint64_t hash)
{
    struct listing_key *found;
    HASH_FIND_BYHASHVALUE(hh, names->table, text.data, text.len, (unsigned)hash,
                          found);
    return found;
}

/* Note a key that is a symbol, the one that it finds or another. */
static void note_symbol(struct names *names, const struct listing_key *key)
{
    struct symbol symbol;
    if (symbol_parse(&symbol, key->text) != 0) {
        return;
    }
    uint64_t hash = symbol_hash(&symbol);
    uint64_t *filter = symbol_equal(&symbol, &key->name->symbol)
                           ? names->symbols
                           : names->renames;
    filter[filter_at(names, hash)] |= filter_bits(hash);
}

static int add_to_table(struct names *names, struct listing_key *key,
                        struct names_error *error)
{
    uint64_t hash = hash_bytes(key->text.data, key->text.len);
    const struct listing_key *other = find_key(names, key->text, hash);
    if (other != NULL && other->name == key->name) {
        return 0; // "IBM" is IBM's symbol and its name
    }
    if (other != NULL) {
        return listing_refuse(error, ERR_SYNTAX, key->line,
                              "\"%.*s\" is %s here and %s in line %zu",
                              LISTING_SHOWN(key->text), key->name->symbol.text,
                              other->name->symbol.text, other->line);
    }
    names->filter[filter_at(names, hash)] |= filter_bits(hash);
    note_symbol(names, key);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, names->table, key->text.data, key->text.len,
                                (unsigned)hash, key);
    return key->hh.tbl != NULL ? 0 : ERR_NOMEM; // so uthash says it
}

static int make_table(struct names *names, struct names_error *error)
{
    const struct listing *listing = &names->listing;
    names->texts_upper = mem_text(listing->texts, listing->texts_len);
    if (names->texts_upper == NULL || make_filters(names) != 0) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < listing->texts_len; i++) {
        names->texts_upper[i] = upper(names->texts_upper[i]);
    }
    for (size_t i = 0; i < listing->keys_count; i++) {
        struct listing_key *key = &listing->keys[i];
        size_t at = (size_t)(key->text.data - listing->texts);
        CHECK(at + key->text.len <= listing->texts_len);
        key->text.data = names->texts_upper + at;
        int err = add_to_table(names, key, error);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

int names_create(struct names **out, struct span text,
                 struct names_error *error)
{
    *out = NULL;
    *error = (struct names_error){.line = 0};
    if (text.len > FILE_BYTES_LIMIT) {
        return listing_refuse(error, ERR_FULL, 0, "longer than %u bytes",
                              FILE_BYTES_LIMIT);
    }
    struct names *names = mem_calloc(1, sizeof(*names));
    int err =
        names != NULL ? listing_read(&names->listing, text, error) : ERR_NOMEM;
    if (err == 0) {
        err = make_table(names, error);
    }
    if (err == 0) {
        *out = names;
        return 0;
    }
    if (err == ERR_NOMEM) {
        listing_refuse(error, err, 0, "%s", err_sentence(err));
    }
    names_destroy(&names);
    return err;
}

int names_load(struct names **out, const char *path, struct names_error *error)
{
    *out = NULL;
    *error = (struct names_error){.line = 0};
    struct buffer text = buffer_empty(FILE_BYTES_LIMIT);
    int err = file_read(&text, path);
    if (err == 0) {
        err = names_create(out, buffer_span(&text), error);
    } else {
        listing_refuse(error, err, 0, "%s",
                       err == ERR_IO     ? strerror(errno)
                       : err == ERR_FULL ? "the file is far too long"
                                         : err_sentence(err));
    }
    buffer_deinit(&text);
    return err;
}

int names_create_built_in(struct names **out, struct names_error *error)
{
    extern const struct embed_file embed_names[];
    CHECK(embed_names[0].name != NULL);
    struct span text = {embed_names[0].data, embed_names[0].len};
    return names_create(out, text, error);
}

void names_destroy(struct names **names)
{
    if (*names == NULL) {
        return;
    }
    HASH_CLEAR(hh, (*names)->table);
    mem_free((*names)->filter);
    mem_free((*names)->symbols);
    mem_free((*names)->renames);
    mem_free((*names)->texts_upper);
    listing_deinit(&(*names)->listing);
    mem_free(*names);
    *names = NULL;
}

const struct name *names_find(const struct names *names, struct span text)
{
    char wanted[LISTING_KEY_BYTES_LIMIT];
    if (names == NULL) {
        return NULL;
    }
    text = span_trim(text);
    if (text.len > sizeof(wanted)) {
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        wanted[i] = upper(text.data[i]);
    }
    uint64_t hash = hash_bytes(wanted, text.len);
    if (!may_have(names, hash)) {
        return NULL;
    }
    const struct listing_key *found =
        find_key(names, (struct span){wanted, text.len}, hash);
    return found != NULL ? found->name : NULL;
}

size_t names_count(const struct names *names)
{
    return names->listing.count;
}
