/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.h -- whether the server lives, and whether to send it requests.
 *
 * `status` is pass, warn or fail; the names of the members are those that
 * health documents in the field use (status, checks, componentId, output).
 * A provider's outage is a warning: were it a failure, all servers would leave
 * at once, and nobody would answer from memory.
 *
 * Each is the run() of a row in web/site.c.  Threads: the worker's.
 */

#pragma once

struct web_request; /* web/web.h */

/* /livez: 200 while every thread's loop turns, else 503: start it anew. */
void health_live(struct web_request *request);

/* /readyz, /healthz: 200 as long as requests are wanted, 503 from when it was
 * told to end; with ?verbose, why. */
void health_ready(struct web_request *request);

/* /version: the version, and the name of this server. */
void health_version(struct web_request *request);
