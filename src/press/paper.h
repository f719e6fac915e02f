/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paper.h -- a file of prices, read whole, and what tells one state of it from
 * another.
 *
 * Threads: any that may block, for all below.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* What document/document.h reads at most: some 100,000 rows. */
#define PAPER_BYTES_LIMIT (8u << 20)

#define PAPER_ERROR_SIZE 160

/* One state of a file. */
struct paper_state {
    bool is_there;
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t changed_unix_ns;
};

/* Whether two are the same. */
bool paper_is_same(const struct paper_state *a, const struct paper_state *b);

/* The path in file:///PATH (checked), as it stands there.  BORROWED. */
const char *paper_path(const char *url);

/* Look at a file.  Returns 0, or ERR_IO with why in `error`: it is not there,
 * or is no file (a pipe would block). */
int paper_look(const char *path, struct paper_state *out,
               char error[PAPER_ERROR_SIZE]);

/*
 * Append a file's text to *out, an empty buffer of up to PAPER_BYTES_LIMIT.
 * Returns 0 with the state that it was read in; ERR_STALE where it changed
 * meanwhile; ERR_IO, ERR_FULL or ERR_NOMEM; all with why in `error`.
 */
int paper_read(const char *path, struct buffer *out, struct paper_state *state,
               char error[PAPER_ERROR_SIZE]);
