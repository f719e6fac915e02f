/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clean.h -- text that may be printed to a terminal: UTF-8, no control.
 *
 * Control characters are U+0000 to U+001F, U+007F and U+0080 to U+009F: a
 * terminal acts on them, and whoever writes a server's names would be writing
 * on the user's screen.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Whether the whole text is clean; "" is.  Threads: any, as below. */
bool clean_text(struct span text);

/*
 * Copy a text into `size` bytes (1 or more) with a 0 behind it; each byte that
 * is not clean becomes '?', and what is too long is cut between characters.
 */
void clean_copy(char *out, size_t size, struct span text);

/* The same for a text of lines: line feeds stay, and a line that does not fit
 * whole is left out, with those behind it. */
void clean_copy_lines(char *out, size_t size, struct span text);
