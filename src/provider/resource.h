/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.h -- the endpoints of a description: what is asked, and where the
 * answer has what.
 */

#pragma once

#include "provider/clause.h"

/* Read the map of endpoints into the provider's: one of a name that is there
 * already takes its place.  Threads: the provider's maker, as below. */
void resource_read_all(struct clause *clause, void *into, int node);

/* What is missing in an endpoint or does not go together, once all is read: a
 * constant BORROWED sentence; NULL where it is good. */
const char *resource_fault(const struct provider_endpoint *endpoint);

/* Whether it gives prices; else only bid and ask. */
bool resource_has_price(const struct provider_endpoint *endpoint);

/* The number of the endpoint of a name; endpoints_count where there is none. */
size_t resource_find(const struct provider *provider, struct span name);
