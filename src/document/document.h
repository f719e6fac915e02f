/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h -- a stranger's answer as a tree: JSON, strictly, or CSV.
 *
 * json-c is included in document.c only.  It reads the numbers and strings;
 * what it lets pass even in its strict mode (RFC 8259 does not) is refused
 * before it sees the text: NaN and Infinity, 007 and 1., control bytes in
 * strings, names in single quotes, wrong UTF-8, bytes behind a 0; and, though
 * RFC 8259 allows it, a name with a 0 in it, where json-c would end the name.
 *
 * Where a name stands twice in one object, the later one counts.
 *
 * CSV is a list of rows, each of which has its cells as texts by the names of
 * the columns; so the same pointers lead through both.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct document;    /* opaque; see document.c */
struct json_object; /* json-c's, which only document.c looks into */
struct table;       /* document/table.h */

/* No quote is near this long; the caller bounds what it accepts far below. */
#define DOCUMENT_BYTES_LIMIT (8u << 20)

/* Objects and arrays inside each other; the deepest answer known has five. */
#define DOCUMENT_DEPTH_LIMIT 16

/* Objects and arrays of a document.  json-c takes up to 900 bytes for one that
 * is written in two, so the bytes alone bound nothing.  The richest answer that
 * we ask for, 100 rows of six objects each, has a thirtieth of this. */
#define DOCUMENT_OBJECTS_LIMIT 20000u

/* One step of a pointer ("05. price"), in bytes. */
#define DOCUMENT_STEP_LIMIT 128

enum document_kind {
    DOCUMENT_MISSING, /* a pointer led nowhere */
    DOCUMENT_NULL,
    DOCUMENT_BOOLEAN,
    DOCUMENT_NUMBER,
    DOCUMENT_TEXT,
    DOCUMENT_LIST,
    DOCUMENT_MAP,
};

/* A value in a document: BORROWED, as long as the document. */
struct document_node {
    enum document_kind kind;
    struct json_object *object; /* of JSON */
    const struct table *table;  /* of CSV: all of it, a row, a cell */
    size_t row;
    struct span cell;
};

/*
 * Read a body of JSON.  On success returns 0 and *out is the caller's, to be
 * ended with document_destroy().  On failure *out is NULL: ERR_SYNTAX where it
 * is no JSON, ERR_FULL beyond a bound above, ERR_NOMEM.  Threads: any; a
 * document is one thread's, since json-c keeps the texts of its numbers in it.
 */
int document_parse(struct document **out, struct span body);

/* As above, of CSV (document/table.h).  A body that begins with { or [ is read
 * as JSON: that is how providers of CSV say no. */
int document_parse_csv(struct document **out, struct span body);

/* Free and set *document to NULL; NULL already is allowed. */
void document_destroy(struct document **document);

/* The value that is the whole body. */
struct document_node document_root(const struct document *document);

/* Whether a text is a JSON pointer (RFC 6901) whose steps are within the limit;
 * a step ends at a slash, and holds ~0 for ~ and ~1 for a slash. */
bool document_is_pointer(struct span text);

/* The value that a pointer leads to from `node`; DOCUMENT_MISSING where there
 * is none.  "" is the node itself. */
struct document_node document_find(struct document_node node,
                                   struct span pointer);

/* A string without its quotes and escapes, a number exactly as it was sent,
 * "true" or "false"; empty for the other kinds.  BORROWED. */
struct span document_text(struct document_node node);

/* Members of an object or array, rows of a table, cells of a row; 0 for the
 * other kinds. */
size_t document_count(struct document_node node);

/* Whether the rows of CSV have a column of this name; false for JSON. */
bool document_has_column(struct document_node node, struct span name);

/* A walk over the members of a node. */
struct document_walk {
    struct document_node node;
    size_t at;
    void *entry; /* json-c's, the next of an object */
};

/* Begin a walk, which is BORROWED from the document. */
struct document_walk document_walk(struct document_node node);

/* The next member, and its name; "" in a list.  False at the end. */
bool document_next(struct document_walk *walk, struct span *name,
                   struct document_node *member);

/*
 * What an object says to people: the first string with a space in it among its
 * members, or else among those of the objects in it; or else the first string
 * of its own.  Empty where there is none.  BORROWED.
 */
struct span document_sentence(struct document_node node);
