/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.h -- the table of what can be asked for by HTTP: a row a path.
 *
 * Every path answers GET, and by itself HEAD (the same without the body) and
 * OPTIONS.  openapi.json says the same; a test compares the two.
 *
 * Threads: the worker's, but where it says otherwise.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct web_request; /* web/web.h */

struct site {
    const char *pattern; /* "/v1/quotes/{symbol}"; see web/target.h */
    /* Answer a request, now or later; GET or HEAD, its argument decoded. */
    void (*run)(struct web_request *request);
    /* Its answer has no end, so it begins when no request waits any more. */
    bool is_endless;
};

/* All rows.  BORROWED, static.  Threads: any. */
const struct site *site_table(size_t *count);

/* The row of a request's path, or NULL; *argument as target_match(). */
const struct site *site_find(struct span path, struct span *argument);

/* Answer a request at a row; NULL for a path that there is not. */
void site_run(const struct site *site, struct web_request *request);
