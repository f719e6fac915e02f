/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h -- the report: for each request the price, who answered whom and how
 * long it took; at the end the average.
 *
 * Its lines are fixed, because programs read them.  -1 stands for a price that
 * could not be had, here and nowhere else.
 */

#pragma once

#include <stdint.h>
#include <stdio.h>

struct quoted_quote; /* quoted/quoted.h */

struct report {
    FILE *out;
    const char *client;   /* "From client" */
    uint64_t answered;    /* requests that a server answered */
    uint64_t answered_ns; /* what these took together */
};

/* Write the lines of one request: name as the user typed it, how long it took
 * in nanoseconds.  Threads: main, as below. */
void report_request(struct report *report, const char *name,
                    const struct quoted_quote *quote, uint64_t took_ns);

/* Write the average over the requests that a server answered. */
void report_average(const struct report *report);
