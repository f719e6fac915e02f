/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clause.h -- reading the YAML of a description, with errors that say where,
 * what and what would be right.
 *
 * A map is read through a table of its keys, each with a function that reads
 * the value; the table also is the list of what is allowed.  A key that is not
 * in it is an error, as in the settings: a misspelt rule that silently never
 * holds would let an apology pass for something else.
 *
 * Threads: the provider's maker, for all below.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "provider/provider_priv.h"

#define CLAUSE_PATH_SIZE 96

/* A reading of one document.  The first failure stays; readers may go on after
 * it, and what they fill in is thrown away. */
struct clause {
    struct provider *provider;
    const struct yaml *yaml;
    char *error; /* PROVIDER_ERROR_SIZE bytes */
    int err;     /* 0, ERR_SYNTAX or ERR_NOMEM */
    /* What is being read, for error texts: "endpoints.quote.rows". */
    char path[CLAUSE_PATH_SIZE];
    int number; /* of the entry being read */
};

/* A function that reads a value into what its map is about. */
typedef void (*clause_read_fn)(struct clause *clause, void *into, int node);

/* A function that reads a value whose key is the user's own word. */
typedef void (*clause_pair_fn)(struct clause *clause, void *into, int key,
                               int node);

/* A key, the function that reads its value, and a number for that. */
struct clause_entry {
    const char *key;
    clause_read_fn read;
    int number;
};

/* A word and what it means. */
struct clause_word {
    const char *word;
    int meaning;
};

#define CLAUSE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts in messages are cut to this: "%.*s" with CLAUSE_SHOWN(span). */
#define CLAUSE_SHOWN_MAX 60
#define CLAUSE_SHOWN(text)                                           \
    (int)((text).len < CLAUSE_SHOWN_MAX ? (text).len                 \
                                        : (size_t)CLAUSE_SHOWN_MAX), \
        (text).data

/* Fail: "line 24: endpoints.quote.rows: " and the cause. */
void clause_fail(struct clause *clause, int node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fail for want of memory. */
void clause_fail_nomem(struct clause *clause);

/* Read a map through the table of its keys.  `into` is handed on. */
void clause_map(struct clause *clause, void *into, int node,
                const struct clause_entry *entries, size_t count);

/* Read each pair of a map whose keys are the user's own words. */
void clause_pairs(struct clause *clause, void *into, int node,
                  clause_pair_fn read);

/* Read each item of a list. */
void clause_list(struct clause *clause, void *into, int node,
                 clause_read_fn read);

/* A key that is the user's own word. */
struct span clause_name(const struct clause *clause, int key);

/* The value of a key in a map; 0 where it is absent. */
int clause_find(const struct clause *clause, int node, const char *key);

/* Whether a value is a text, and not a list or a map. */
bool clause_is_text(const struct clause *clause, int node);

/* Whether a value is a list. */
bool clause_is_list(const struct clause *clause, int node);

/* A scalar on one line; "" and an error for anything else. */
struct span clause_text(struct clause *clause, int node);

/* As above, and not empty. */
struct span clause_words(struct clause *clause, int node);

/* As above, or empty, and of printable ASCII without spaces: a part of a symbol
 * or of an URL. */
struct span clause_part(struct clause *clause, int node);

/* A currency: "USD", or one that counts in hundredths, such as GBX. */
struct span clause_currency(struct clause *clause, int node);

/* One text, or a list of them: none of them empty, 1 to PROVIDER_TEXTS_LIMIT.
 */
void clause_texts(struct clause *clause, int node, struct provider_texts *out);

/* A JSON pointer. */
void clause_check_pointer(struct clause *clause, int node, struct span text);

/* One of some words; returns its meaning, or that of the first with an error
 * that lists them. */
int clause_word(struct clause *clause, int node,
                const struct clause_word *words, size_t count);

/* A whole number in a range; `low` with an error outside of it. */
size_t clause_number(struct clause *clause, int node, size_t low, size_t high);

/* "true" or "false". */
bool clause_bool(struct clause *clause, int node);

/* "0s", "15m", "eod", "unknown", in `text` of a node. */
struct provider_delay clause_delay(struct clause *clause, int node,
                                   struct span text);

/*
 * The zone of a name, owned by the provider.  NULL with an error where there is
 * no such zone; NULL without one where the machine has no zones at all, since a
 * server can do without: times that need one are then not known.
 */
const struct zone *clause_zone(struct clause *clause, int node,
                               struct span name);
