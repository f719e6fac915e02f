/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h -- the URL of a call, with {sym} and {key} where those go.
 *
 *     https://www.alphavantage.co/query?symbol={sym}&apikey={key}
 *     '------------------------'
 *               origin, which a setting may replace
 *
 * Symbol and key are percent-encoded (RFC 3986), so neither can end its place
 * in the URL and begin another.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

/* Whether a text is a scheme (http or https), host and port, and no more. */
bool template_is_origin(struct span text);

/* What is wrong with a template, for an error text: a constant BORROWED
 * sentence; NULL where it is good. */
const char *template_fault(struct span text);

/* Whether a template that is good has a {key}. */
bool template_has_key(struct span text);

/*
 * Append the URL of a template that is good (checked).  An origin that is not
 * empty takes the place of the template's own.  Threads: any.
 */
void template_compose(struct span text, struct span origin, struct span symbol,
                      struct span key, struct buffer *out);
