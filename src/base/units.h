/* SPDX-License-Identifier: Apache-2.0 */
/*
 * units.h -- durations and sizes as people write them.
 *
 * A number without a unit is refused (but for 0): "60" is a minute to one
 * reader and an hour to the next.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

/* What is allowed, for error texts. */
#define UNITS_DURATION_FORM "a whole number and ms, s, m, h or d, such as 250ms"
#define UNITS_SIZE_FORM     "a whole number and B, KiB, MiB or GiB, as in 64KiB"

/* Bytes of the longest printed duration or size and its 0. */
#define UNITS_TEXT_SIZE 24

/*
 * Read "250ms", "60s", "10m", "1h", "7d" or "0".  Returns 0, ERR_SYNTAX, or
 * ERR_RANGE above UINT64_MAX milliseconds.  Threads: any, as all below.
 */
int units_parse_duration_ms(uint64_t *out_ms, struct span text);

/* Read "512B", "64KiB", "1MiB", "2GiB" or "0".  Errors as above. */
int units_parse_size_bytes(uint64_t *out_bytes, struct span text);

/* Write in the largest unit that divides it: 60000 is "1m".  Returns the
 * length without the 0. */
int units_print_duration_ms(char out[UNITS_TEXT_SIZE], uint64_t ms);
int units_print_size_bytes(char out[UNITS_TEXT_SIZE], uint64_t bytes);
