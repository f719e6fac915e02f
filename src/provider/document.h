/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h -- a provider's answer as JSON, strictly.
 *
 * json-c is included in document.c only.  It reads the numbers and strings;
 * what it lets pass even in its strict mode (RFC 8259 does not) is refused
 * before it sees the text: NaN and Infinity, 007 and 1., control bytes in
 * strings, names in single quotes, wrong UTF-8, bytes behind a 0.
 *
 * Where a name stands twice in one object, the later one counts.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct document;    /* opaque; see document.c */
struct json_object; /* json-c's, which only document.c looks into */

/* No quote is near this long; the caller bounds what it accepts far below. */
#define DOCUMENT_BYTES_LIMIT (8u << 20)

/* Objects and arrays inside each other; the deepest answer known has five. */
#define DOCUMENT_DEPTH_LIMIT 16

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
    struct json_object *object;
};

/*
 * Read a body.  On success returns 0 and *out is the caller's, to be ended with
 * document_destroy().  On failure *out is NULL: ERR_SYNTAX where it is no JSON,
 * ERR_FULL beyond a bound above, ERR_NOMEM.  Threads: any; a document is one
 * thread's, since json-c keeps the texts of its numbers in it.
 */
int document_parse(struct document **out, struct span body);

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

/* Members of an object or array; 0 for the other kinds. */
size_t document_count(struct document_node node);

/* The first string among the members of an object; DOCUMENT_MISSING without. */
struct document_node document_first_text(struct document_node node);
