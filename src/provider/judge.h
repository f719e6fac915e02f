/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h -- what a provider's answer means; the order is provider.h's.
 */

#pragma once

#include "provider/provider.h"
#include "provider/query.h"

/* As provider_judge() says, which checks what this promises. */
void judge_answer(const struct query *query,
                  const struct provider_answer *answer,
                  struct provider_outcome *outcome,
                  struct provider_verdict verdicts[]);
