/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span.h -- a borrowed run of bytes.
 *
 * A span owns nothing and is passed by value.  Its bytes need no 0 at the end
 * and may hold any value; data may be NULL only when len is 0.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *data;
    size_t len; /* bytes */
};

/* printf("%.*s", SPAN_ARGS(span)) */
#define SPAN_ARGS(span) (int)(span).len, (span).data

/* A span over a C string, without its 0.  Threads: any, as all below. */
static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* Same bytes, same length. */
static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Same bytes but for the case of A to Z. */
bool span_equal_nocase(struct span a, struct span b);

/* The span without spaces, tabs, carriage returns and newlines at its ends. */
struct span span_trim(struct span text);

/* Whether `part` stands somewhere in `text`, but for the case of A to Z. */
bool span_has_nocase(struct span text, struct span part);

/*
 * Take what stands before the next `separator` off the front of *rest, and the
 * separator with it.  Returns false, and an empty *part, when *rest is at its
 * end (data is NULL then).  "a,,b" gives "a", "", "b"; "" gives "".
 */
bool span_split(struct span *rest, char separator, struct span *part);

/*
 * Read a decimal unsigned integer that fills the whole span: digits only.
 * Returns 0, ERR_SYNTAX, or ERR_RANGE above UINT64_MAX.
 */
int span_to_u64(struct span text, uint64_t *out);
