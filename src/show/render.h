/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.h -- a quote as a document: JSON, CSV or plain text, the same in every
 * protocol.
 *
 * The fields are those of show/field.h, under their names there, in their
 * order, but for age_ms: what is rendered stays true for as long as the quote
 * is the one that is served, so that it can be cached and compared byte by
 * byte.  What is not known is left out (JSON) or empty (CSV).
 *
 * Numbers are never converted: their digits are those of field_text().
 *
 * Threads: any.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "show/field.h"

struct buffer; /* base/buffer.h */

/* A bound for what one quote takes in any form, whatever its texts are: names
 * and servers have 128 and 64 bytes, of which each may take 6. */
#define RENDER_BYTES_LIMIT 2048

/* Append {"symbol":"IBM","price":"137.16",...}, without a line's end. With
 * as_numbers the numbers stand without quotation marks. */
void render_json(struct buffer *out, const struct field_source *source,
                 bool as_numbers);

/* Append a text as a JSON string with its quotation marks.  What is not UTF-8
 * is shown as U+FFFD. */
void render_json_text(struct buffer *out, struct span text);

/* Append the line of CSV (RFC 4180) that names the columns, with CR LF. */
void render_csv_head(struct buffer *out);

/* Append the line of a quote. */
void render_csv(struct buffer *out, const struct field_source *source);

/* Append one field of CSV, quoted where it must be. */
void render_csv_text(struct buffer *out, struct span text);

/* Append "IBM 137.16 USD fresh" and a newline; "-" where there is no currency.
 */
void render_text(struct buffer *out, const struct field_source *source);

/* Whether a field is among those that are rendered. */
bool render_has(enum field field);

/* Whether it is a number, which JSON shows as text unless as_numbers. */
bool render_is_number(enum field field);
