/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_priv.h -- what judging needs to know of a query, too.
 */

#pragma once

#include "base/span.h"
#include "provider/query.h"

/* The keys of a query, each apart; "" where there is none. */
struct query_keys {
    struct span first;
    struct span second;
};

/* The keys that a query is composed with.  BORROWED from it.  Threads: any. */
struct query_keys query_keys_of(const struct query *query);
