/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h -- the places settings come from, each read into a struct conf.
 *
 * Each call goes over what is there already, so the order of the calls is the
 * order of precedence.  All return 0 or a negative error with the report
 * (refusal.h) in source->error; the settings are then half-filled, and only
 * good for being freed.  The file is read by reader.h, on the calls at the end.
 * Threads: the owner's of the struct conf.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "conf/conf.h"
#include "conf/option.h"

/* Bytes of "file:line: key" and its 0, the path cut to its end. */
#define SOURCE_PLACE_SIZE 256

/* Bytes of the longest key that is looked for and its 0; none has half. */
#define SOURCE_KEY_SIZE 96

struct source {
    struct conf *conf;
    char *error;      /* CONF_ERROR_SIZE bytes */
    const char *file; /* its path, for reports */
    /* Where each provider begins in the file; 0: not there. */
    size_t provider_lines[CONF_PROVIDERS_LIMIT];
    /* What is being read, for reports. */
    char place[SOURCE_PLACE_SIZE];
    bool is_environment;
};

/* Read the QUOTED_ variables of "NAME=value"..., NULL at the end. */
int source_read_environment(struct source *source,
                            const char *const *environment);

/* Read one "key=value" of a --set flag. */
int source_read_set(struct source *source, const char *set);

/*
 * Whether a variable's name (without its value) is that of a provider's key,
 * QUOTED_<NAME>_KEY or QUOTED_<NAME>_KEY_FILE, and not of a setting; *out is
 * then the NAME.  BORROWED from `name`.
 */
bool source_is_key(struct span name, struct span *out);

/*
 * The provider of a number, made with defaults, and those before it too, where
 * it is not there yet; NULL when there is no memory for it.  `index` is below
 * CONF_PROVIDERS_LIMIT (checked).
 */
struct conf_provider *source_provider(struct source *source, size_t index);

/* Set one value of `base` (value.h); reports what was found and what is
 * allowed. */
int source_set(struct source *source, void *base, const struct option *option,
               struct span text);

/* Report a key that is none, with the one that was meant where that can be
 * told; `prefix` is what stands before the table's keys ("providers.0."). */
int source_refuse_key(struct source *source, const struct option_table *table,
                      const char *prefix, struct span wanted);

/* Write "fresh_for, stale_for": the keys of a section behind their dots, or
 * all of a table without sections. */
void source_list_words(char out[CONF_ERROR_SIZE / 2],
                       const struct option_table *table, struct span section);
