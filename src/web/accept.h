/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.h -- which of the forms of an answer a client wants: RFC 9110, 12.5.1.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

/*
 * The form with the highest weight in an Accept header; the first of them where
 * several have it, and the first of all where there is no header (its data is
 * NULL or it is empty).  `types` are `count` of the form "text/csv".  A form
 * has the weight of the most specific range that it matches.  Returns its
 * place, or -1 where none is wanted.  Parameters but q are passed over.
 */
int accept_choose(struct span header, const char *const *types, size_t count);
