/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replies.h -- the replies of a RESP server, version 2 or 3, out of the bytes
 * it sends.
 *
 * They are written into one reply of fixed size.  So a reply costs no
 * allocation, and a server that announces a billion elements or sends a line
 * without an end is refused at once:
 *
 *   (1) A reply holds at most REPLIES_FIELDS_LIMIT fields and
 *       REPLIES_TEXT_LIMIT bytes of text, and is no empty array.  What is
 *       nested in it, at most REPLIES_DEPTH_LIMIT deep, is passed over: an
 *       empty field stands in its place.
 *   (2) A reply is at most REPLIES_BYTES_LIMIT bytes long, and no more bytes
 *       than that wait for its rest.
 *   (3) After a refusal the bytes have no meaning any more: every later call
 *       fails too, and the connection is to be closed.
 *   (4) What is read depends on the bytes alone, not on where they are cut.
 *
 * Specification: Redis documentation, "Redis serialization protocol
 * specification".  What only a client that asks for it would get (attributes,
 * streamed strings and aggregates) is refused.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct replies; /* opaque; see replies.c */

/* A quote has 18 fields, each a name and a value; this leaves room for a server
 * that is newer than the library. */
#define REPLIES_FIELDS_LIMIT 128

/* A quote's texts are some 400 bytes. */
#define REPLIES_TEXT_LIMIT 8192

/* Text, and the length before each of the fields. */
#define REPLIES_BYTES_LIMIT (2 * REPLIES_TEXT_LIMIT)

/* A server has fewer; who asks has a bound of its own besides. */
#define REPLIES_ROWS_LIMIT 1000000

/* Redis' answer to HELLO lists modules, which are maps. */
#define REPLIES_DEPTH_LIMIT 8

enum reply_kind {
    REPLY_STATUS, /* +PONG */
    REPLY_ERROR,  /* -UNKNOWN ... */
    REPLY_TEXT,   /* a string, a number as it was written, "true", "false" */
    REPLY_NIL,
    REPLY_FIELDS, /* an array, set or map: as above; "" for nil */
    REPLY_PUSH,   /* the same, but an answer to nothing */
    REPLY_ROWS,   /* `count` replies follow, its rows; no fields */
};

struct reply {
    enum reply_kind kind;
    size_t count;                             /* of fields; 1 for text */
    struct span fields[REPLIES_FIELDS_LIMIT]; /* fields[0] is the text */
};

/* Make a reader.  On success returns 0 and *out is the caller's, to be ended
 * with replies_destroy(); ERR_NOMEM else.  Threads: its owner's, as below. */
int replies_create(struct replies **out);

/* Free the reader and set *replies to NULL; NULL already is allowed. */
void replies_destroy(struct replies **replies);

/* Hand over bytes that were received.  Returns 0 or ERR_NOMEM. */
int replies_feed(struct replies *replies, const char *data, size_t len);

/*
 * The next reply.  Returns 0 with *out a reply, or with NULL when more bytes
 * are needed; ERR_PROTOCOL when they are refused (replies_refusal() says why).
 * BORROWED until the next call on this reader.
 */
int replies_next(struct replies *replies, const struct reply **out);

/*
 * Whether the next array is one of rows, too many for one reply: then it is
 * given as REPLY_ROWS, up to REPLIES_ROWS_LIMIT, and its values are replies of
 * their own.  An empty one is no error then.
 */
void replies_expect_rows(struct replies *replies, bool expects_rows);

/* Whether bytes wait for the rest of their reply. */
bool replies_has_rest(const struct replies *replies);

/* Why the bytes were refused; "" when they were not.  BORROWED, static. */
const char *replies_refusal(const struct replies *replies);
