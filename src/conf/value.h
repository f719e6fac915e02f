/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h -- one setting's value: text to field and back.
 *
 * `base` is the struct that the option's offset counts from: a struct conf or a
 * struct conf_provider.  Threads: the owner's of that struct.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"
#include "conf/option.h"

/* Bytes of the longest printed value and its 0: a path, or a full list. */
#define VALUE_TEXT_SIZE 4352

/* Bytes of the longest sentence of value_print_allowed() and its 0. */
#define VALUE_ALLOWED_SIZE 192

/* The longest address in a list (net/address.h prints no longer one). */
#define VALUE_ADDRESS_BYTES_LIMIT 127

/*
 * Set a field from text; a list is written with commas.  On failure the field
 * is as it was: ERR_SYNTAX, ERR_RANGE or ERR_NOMEM.
 */
int value_set(void *base, const struct option *option, struct span text);

/* Set a field to the option's default; that may lie outside its range, where
 * there is none ("" for a name).  ERR_NOMEM. */
int value_set_initial(void *base, const struct option *option);

/* Free what the field owns and leave it empty. */
void value_clear(void *base, const struct option *option);

/* Write the field as value_set() reads it, for durations and sizes in the
 * largest unit. */
void value_print(char out[VALUE_TEXT_SIZE], const void *base,
                 const struct option *option);

/* Write what is allowed, for an error text: "100ms to 7d, written as ...". */
void value_print_allowed(char out[VALUE_ALLOWED_SIZE],
                         const struct option *option);

/* Write the range, for a table: "100ms to 7d". */
void value_print_range(char out[VALUE_ALLOWED_SIZE],
                       const struct option *option);
