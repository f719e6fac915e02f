/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet.h -- whether the text of a file of prices is whole.
 *
 * Nobody says when a file that is written in place is complete.  What is cut
 * off must not be read: "137.1" may be the front of "137.16".
 */

#pragma once

#include "base/span.h"

struct provider; /* provider/provider.h */

/*
 * What is wrong with a file's text, as a constant sentence; NULL where it has
 * rows with prices and ends as a whole file does: CSV with the end of its last
 * line, JSON with its last brace.  `provider` is a file (checked).  Threads:
 * any.
 */
const char *sheet_fault(const struct provider *provider, struct span text);
