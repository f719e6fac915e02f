/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h -- what stands behind the host in an address: paths matched with
 * patterns, percent-decoding, parameters.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct buffer; /* base/buffer.h */

/*
 * Whether a path, as it was sent, is of a pattern: "/v1/version", or
 * "/v1/quotes/{symbol}", of which *argument is then the last part, not empty
 * and as it was sent; it may hold slashes, because some symbols do ("BTC/USD")
 * and some proxies decode them.  Else *argument is empty.
 */
bool target_match(const char *pattern, struct span path, struct span *argument);

/* Append a text, percent-decoded, to `out`.  Returns false where an escape is
 * broken. */
bool target_decode(struct span text, struct buffer *out);

/* Whether no escape in a text is broken. */
bool target_is_decodable(struct span text);

/* Whether a query has a parameter, and its first value as it was sent. */
bool target_find(struct span query, const char *name, struct span *value);

/* Append the words of all parameters of a name, decoded and with commas between
 * them: "symbols=A,B&symbols=C" gives "A,B,C".  Returns false where an escape
 * is broken, or there is no such parameter. */
bool target_words(struct span query, const char *name, struct buffer *out);

/* Whether a Host header could name a host, and a port; or is empty, as it may
 * be. */
bool target_is_host(struct span host);
