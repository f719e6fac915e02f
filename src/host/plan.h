/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h -- what a key allows and which markets it is for, as settings say it.
 *
 *     limits   "5/s 75/m"       calls
 *              "800/d symbols"  each symbol of a call
 *              "none"
 *     markets  "XNYS XNAS"
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "desk/terms.h"

/* What is allowed, for error texts. */
#define PLAN_LIMITS_FORM                                                 \
    "calls by s, m, h, d or mo, such as \"5/s 75/m\", with \"symbols\" " \
    "behind "                                                            \
    "one that counts symbols, or \"none\""
#define PLAN_MARKETS_FORM "MICs with spaces between, such as \"XNYS XNAS\""

/*
 * Read limits into provider->rules.  Returns 0, with has_rules as it was where
 * the text is ""; ERR_SYNTAX; or ERR_FULL beyond DESK_RULES_LIMIT.
 * Threads: main.
 */
int plan_read_limits(struct desk_provider *provider, struct span text);

/* Read markets into provider->markets, which the provider owns.  Returns 0,
 * ERR_SYNTAX or ERR_NOMEM; what was read before is freed with the provider. */
int plan_read_markets(struct desk_provider *provider, struct span text);
