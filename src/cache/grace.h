/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grace.h -- the two ends of a grace period of liburcu's, shown to
 * ThreadSanitizer, which can't see liburcu's ordering (0.13 is built without
 * its annotations).  In other builds they do nothing.
 *
 * Threads: any.
 */

#pragma once

/* Before a thread pauses, leaves, or hands something to call_rcu(). */
void grace_before(void);

/* First in what call_rcu() calls. */
void grace_after(void);
