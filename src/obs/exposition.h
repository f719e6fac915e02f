/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exposition.h -- what is counted, as text for Prometheus.
 *
 * The text is that of version 0.0.4, or OpenMetrics 1.0.0, which a scraper asks
 * for by its Accept.  Names are made from the tables of metric.h and family.h:
 * "quoted_" (but not before "process_"), the row's name, its unit, "_total"
 * where it only grows.  The page has each name once, its samples together.
 *
 *     exposition_put_cells()      all that is counted in cells
 *     exposition_begin() -> exposition_put()...       the other families
 *     exposition_end()
 *
 * Takes no lock: cells are summed one after the other while others count.
 * Threads: any.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "obs/family.h"

struct buffer;  /* base/buffer.h */
struct metrics; /* obs/metric.h */

/* A page being written. */
struct exposition {
    struct buffer *out;
    bool is_openmetrics;
};

struct exposition_label {
    const char *name;
    const char *value; /* any text; what needs escapes gets them */
};

/* Labels of one sample. */
#define EXPOSITION_LABELS_LIMIT 3

/* The Content-Type of a page.  BORROWED, static. */
const char *exposition_type(bool is_openmetrics);

/* Every row of metric.h that no family stands for, and every family that is
 * counted in cells. */
void exposition_put_cells(const struct exposition *page,
                          const struct metrics *metrics);

/* The name under which a family's samples stand, those of a histogram with a
 * part behind it. */
void exposition_put_name(struct buffer *out, enum family family);

/* The head of a family; its samples follow at once. */
void exposition_begin(const struct exposition *page, enum family family);

/* A sample of it, which is no histogram.  The value of a family in seconds is
 * in ms. */
void exposition_put(const struct exposition *page, enum family family,
                    const struct exposition_label *labels, size_t count,
                    uint64_t value);

/* A sample of a histogram: its buckets, not yet added up, and its sum in ms, as
 * metric_observe() counts them. */
void exposition_put_histogram(const struct exposition *page, enum family family,
                              const struct exposition_label *labels,
                              size_t count,
                              const uint64_t cells[FAMILY_CELLS_HISTOGRAM]);

/* The end of the page. */
void exposition_end(const struct exposition *page);
