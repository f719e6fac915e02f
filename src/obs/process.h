/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h -- what the kernel says of this process.
 */

#pragma once

#include <stdint.h>

/* Each is 0 where the kernel does not say. */
struct process_usage {
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t cpu_ms; /* user and system */
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t threads;
};

/* Ask.  A few system calls, no more with many connections than with few (before
 * Linux 6.2: one for every few hundred of them).  Threads: any. */
void process_read(struct process_usage *out);
