/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlook.h -- what stands behind the prices, by HTTP: the providers, why a
 * symbol's price is what it is, and everything that is counted.
 *
 * Each is the run() of a row in web/site.c.  Threads: the worker's.
 */

#pragma once

struct buffer;       /* base/buffer.h */
struct fetch_report; /* fetch/fetch.h */
struct web_request;  /* web/web.h */

/* /v1/providers: each with how it stands, what it allows and what is left. */
void outlook_providers(struct web_request *request);

/* /v1/explain/{symbol}: JSON, or as the text of EXPLAIN. */
void outlook_explain(struct web_request *request);

/* /metrics: for Prometheus, or as OpenMetrics. */
void outlook_metrics(struct web_request *request);
