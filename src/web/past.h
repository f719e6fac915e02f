/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past.h -- prices of the past by HTTP.
 *
 *     /v1/history/{symbol}?from=2026-11-01&to=now&every=1d
 *
 * The parameters are those of HISTORY (show/instant.h).  Threads: the
 * worker's.
 */

#pragma once

struct web_request; /* web/web.h */

/* The run() of a row in web/site.c: JSON, or CSV. */
void past_history(struct web_request *request);
