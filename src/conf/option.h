/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h -- the table of settings: what there is, of which form, and why.
 *
 * Everything else about settings is made from this table: reading (source.h,
 * value.h), the file that --print-config shows (printer.h), docs/options.md.
 * A setting that is added to struct conf needs one row here and a paragraph in
 * the man page, and nothing else.
 *
 * The rows of a provider are a table of their own, whose places are in struct
 * conf_provider and whose keys are the part behind "providers.0.".
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum option_type {
    OPTION_TEXT,      /* char *; min and max are bytes */
    OPTION_NAME,      /* char *; a-z 0-9 - _; min and max are bytes */
    OPTION_URL,       /* char *; an origin, without a slash at its end, or "" */
    OPTION_ORIGINS,   /* char *; origins with spaces between, "*", or "" */
    OPTION_CHOICE,    /* char *; one of `choices` */
    OPTION_ADDRESSES, /* struct conf_list; min and max are addresses */
    OPTION_DURATION,  /* uint64_t, milliseconds */
    OPTION_SIZE,      /* uint64_t, bytes */
    OPTION_COUNT,     /* uint64_t */
};

struct option {
    const char *key; /* "cache.fresh_for" */
    enum option_type type;
    size_t offset; /* of its field */
    uint64_t min;
    uint64_t max;
    bool zero_too;      /* 0 is allowed besides min to max */
    bool needs_restart; /* a change is not taken over by SIGHUP */
    bool may_be_secret; /* what is there by mistake may be: no error shows it */
    const char *choices; /* "a|b|c" */
    const char *initial; /* the default, as it would be written */
    const char *help;    /* sentences for people who run the server */
};

struct option_table {
    const struct option *rows;
    size_t count;
};

/* The settings of the server and those of one provider.  BORROWED, static.
 * Threads: any, as all below. */
const struct option_table *option_table(void);
const struct option_table *option_table_of_provider(void);

/* What there is to say about the list of providers as a whole. */
const char *option_providers_help(void);

/* The row of a key, or NULL. */
const struct option *option_find(const struct option_table *table,
                                 struct span key);

/*
 * The row whose key a person most likely meant by a text that is none: the one
 * with the fewest letters to change, or that ends in the whole text
 * ("fresh_for" finds cache.fresh_for).  Case does not count, nor which of . _ -
 * is written. NULL where nothing is near.
 */
const struct option *option_nearest(const struct option_table *table,
                                    struct span text);

/* The part of a key before its dot: "cache"; empty where there is no dot. */
struct span option_section(const struct option *option);

/* The part of a key behind its dot: "fresh_for"; all where there is no dot. */
const char *option_word(const struct option *option);

/* Whether there is no default: every provider needs a name of its own. */
bool option_is_required(const struct option *option);

/* The default for people: "1m", "empty" or "required".  BORROWED, static. */
const char *option_default(const struct option *option);
