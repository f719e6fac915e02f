/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h -- what a provider's answer means; the order is provider.h's.
 */

#pragma once

#include "base/span.h"
#include "provider/provider.h"

/* An answer and what was asked.  All BORROWED for the call. */
struct judge {
    const struct provider *provider;
    int status; /* HTTP */
    struct span body;
    const struct symbol *symbol;
    struct span key;
};

/* Rules without `at` look at this much of a body. */
#define JUDGE_BODY_LEN_LIMIT 2048

/* Fill in a verdict that is all 0 but for its class.  Threads: any. */
void judge_answer(const struct judge *judge, struct provider_verdict *out);
