/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h -- zlib's format (RFC 1950), read up to a stated bound.
 *
 * A kilobyte can say "a megabyte of zeros", so what comes out is bounded by the
 * buffer that it goes into, and memory is taken as it is filled.
 */

#pragma once

struct buffer; /* base/buffer.h */
struct span;   /* base/span.h */

/*
 * Append what the stream in `bytes` holds, which it fills to its last byte.
 * Returns 0, ERR_SYNTAX where it is no such stream, ERR_FULL above
 * out->len_max, ERR_NOMEM.  After a failure *out holds a part.  Threads: any.
 */
int inflate_bytes(struct buffer *out, const struct span *bytes);
