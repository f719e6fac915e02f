/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h -- the fields of a quote as clients see them, in their fixed order:
 *
 *     symbol name price currency open high low previous_close change
 *     change_percent volume as_of fetched age_ms state delay unit_factor source
 *     server
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"
#include "quote/freshness.h"

struct name;  /* quote/names.h */
struct quote; /* quote/quote.h */

enum field {
    FIELD_SYMBOL,
    FIELD_NAME,
    FIELD_PRICE,
    FIELD_CURRENCY,
    FIELD_OPEN,
    FIELD_HIGH,
    FIELD_LOW,
    FIELD_PREVIOUS_CLOSE,
    FIELD_CHANGE,
    FIELD_CHANGE_PERCENT,
    FIELD_VOLUME,
    FIELD_AS_OF,
    FIELD_FETCHED,
    FIELD_AGE_MS,
    FIELD_STATE,
    FIELD_DELAY,       /* of the provider's prices: "15m", "0", "end of day" */
    FIELD_UNIT_FACTOR, /* known where they were divided by it: "100" */
    FIELD_SOURCE,
    FIELD_SERVER,
    FIELD_COUNT, /* also: no such field */
};

/* What the fields are taken from; all BORROWED. */
struct field_source {
    const struct quote *quote;
    const struct name *name; /* the names file's; NULL where it has none */
    enum freshness state;
    uint64_t now_mono_ms;
    const char *server;
};

/* Bytes of the longest text that field_text() composes, and its 0. */
#define FIELD_TEXT_SIZE 32

/* "previous_close".  BORROWED, static. */
const char *field_name(enum field field);

/* The same with its length, for what is composed often. */
struct span field_name_span(enum field field);

/* Bytes of the longest label, and some zeros. */
#define FIELD_LABEL_SIZE 24

/* How JSON has the name, with quotation marks and a colon, three bytes more;
 * behind it are zeros up to FIELD_LABEL_SIZE, so that always as many bytes can
 * be copied.  BORROWED, static. */
const char *field_label(enum field field);

/* The field of a name, in any case; FIELD_COUNT where there is none. */
enum field field_find(struct span name);

/*
 * The text of a field; data is NULL where it is not known.  BORROWED from
 * `scratch` or from the source.
 */
struct span field_text(enum field field, const struct field_source *source,
                       char scratch[FIELD_TEXT_SIZE]);
