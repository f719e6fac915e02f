/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrape.h -- all that can be seen of a server from outside, as one page for
 * Prometheus: what is counted in cells, the process, the fetch thread's
 * providers.
 */

#pragma once

#include <stdbool.h>

struct buffer; /* base/buffer.h */
struct shared; /* serve/worker.h */

/*
 * Append the page (obs/exposition.h says its Content-Type).  About 20 KiB; it
 * fails as the buffer does.  Threads: any, while the server runs.  Takes no
 * lock but that of the fetch thread's report, which is held for a memcpy().
 */
void scrape_put(struct buffer *out, const struct shared *shared,
                bool is_openmetrics);
