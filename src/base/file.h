/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h -- reading a whole small file, up to a stated bound.
 */

#pragma once

struct buffer; /* base/buffer.h */

/*
 * Append what the file at `path` holds to *out.  Returns 0, or
 *
 *   ERR_IO      It can't be opened or read; errno says why.
 *   ERR_FULL    It is longer than out->len_max allows.
 *   ERR_NOMEM   No memory.
 *
 * After a failure *out holds a part of the file.  Pipes and /dev/stdin can be
 * read too.  Blocks.  Threads: any that may block.
 */
int file_read(struct buffer *out, const char *path);
