/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h -- whether bytes are a text that can be shown anywhere.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"

/* Whether all of it is UTF-8: shortest forms, no surrogates, nothing above
 * U+10FFFF.  Threads: any, as below. */
bool utf8_is_valid(struct span text);

/* Whether it holds a control character of ASCII: below space, or DEL. */
bool utf8_has_control(struct span text);
