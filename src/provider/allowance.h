/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allowance.h -- what the header lines of an answer say about further calls.
 */

#pragma once

#include "provider/provider.h"

/* A provider may ask to be left alone for so long at most; what is longer is
 * somebody's mistake. */
#define ALLOWANCE_RETRY_LIMIT_MS (UINT64_C(31) * 86400000)

/*
 * Fill in retry_after_ms and what is left.  Retry-After may hold seconds or an
 * HTTP date (RFC 9110), which is only read where answer->now_unix_ms is known.
 * Of a line that stands twice the later counts.  Threads: any.
 */
void allowance_read(const struct provider *provider,
                    const struct provider_answer *answer,
                    struct provider_outcome *outcome);
