/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h -- URLs and header lines, with places for symbols and keys.
 *
 *     https://www.alphavantage.co/query?symbol={sym}&apikey={key}
 *     '------------------------'
 *               origin, which a setting may replace
 *
 *     {sym}            the symbol of a call that takes one
 *     {syms}           all symbols, with `sep` between
 *     {first} {rest}   the first of them, and the others
 *     {mic}            what the description says of the symbols' market
 *     {key} {key2}     the keys
 *
 * In URLs symbols and keys are percent-encoded (RFC 3986), so that none can end
 * its place and begin another; what a description itself says (`sep`, {mic})
 * goes in as it is.
 *
 * Threads: any, for all below.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

/* The places of a template: bits. */
enum template_place {
    TEMPLATE_NONE = 0,
    TEMPLATE_SYM = 1u << 0,
    TEMPLATE_SYMS = 1u << 1,
    TEMPLATE_FIRST = 1u << 2,
    TEMPLATE_REST = 1u << 3,
    TEMPLATE_MIC = 1u << 4,
    TEMPLATE_KEY = 1u << 5,
    TEMPLATE_KEY2 = 1u << 6,
};

/* Whether a text is a scheme (http or https), host and port, and no more. */
bool template_is_origin(struct span text);

/* Whether an URL is of a file: "file:///var/lib/prices.csv". */
bool template_is_file(struct span text);

/* What is wrong with an URL, for an error text: a constant BORROWED sentence;
 * NULL where it is good. */
const char *template_url_fault(struct span text);

/* As above, of a header line: "Authorization: Bearer {key}". */
const char *template_header_fault(struct span text);

/* The places that a text has. */
unsigned template_places(struct span text);

/* What goes into the places.  All BORROWED. */
struct template_values {
    struct span origin;         /* in place of the template's own; or "" */
    const struct span *symbols; /* spelled, and different from each other */
    size_t count;               /* 1 or more */
    struct span sep;
    struct span mic;
    struct span key;
    struct span key2;
};

/* Append the URL of a template that is good (checked). */
void template_put_url(struct span text, const struct template_values *values,
                      struct buffer *out);

/* Append a header line that is good (checked).  The keys go in as they are:
 * what a line cannot hold is refused before (provider_key_fault()). */
void template_put_header(struct span text, const struct template_values *values,
                         struct buffer *out);
