/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figure.h -- numbers in providers' writing.
 *
 * A number may have a trailing %, a leading $ and commas between its thousands.
 * A comma that does not part thousands makes the text no number: "12,50" is
 * twelve and a half in one country and would be 1250 here.
 */

#pragma once

#include <stdbool.h>

#include "base/decimal.h"
#include "base/span.h"

/* Whether a text, without space round it, is a word for nothing: "", "N/A",
 * "N/D", "NA", "n/a", "None", "null", "-", "--".  Threads: any, as below. */
bool figure_is_nothing(struct span text);

/* Read "312.4200", "$1,234.50", "1.8418%".  False, and *out is as it was, where
 * it is no number, or one that no decimal holds exactly. */
bool figure_read(struct decimal *out, struct span text);
