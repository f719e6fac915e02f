/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.h -- quotes as a table, JSON, CSV or plain lines.
 *
 * One struct show writes one document, which may hold several passes over the
 * list: show_begin(), show_pass() any number of times, show_end().  Failures
 * are part of a table, of JSON and of CSV; plain lines are prices only.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/arguments.h"

struct quoted_quote; /* quoted/quoted.h */

struct show {
    FILE *out;
    enum arguments_format format; /* not ARGUMENTS_REPORT */
    bool has_colors;
    size_t written; /* quotes so far */
};

/* Write what stands before the first quote.  Threads: main, as below. */
void show_begin(struct show *show);

/* Write a pass: names[i] is what was asked, quotes[i] what came of it. */
void show_pass(struct show *show, char *const *names,
               const struct quoted_quote *quotes, size_t n);

/* Write what stands behind the last quote. */
void show_end(struct show *show);

/* Bytes of the longest printed age and its 0. */
#define SHOW_AGE_SIZE 24

/* Write an age as people say it: 240ms, 12s, 3m, 5h, 2d; "-" below 0. */
void show_age(char out[SHOW_AGE_SIZE], long long age_ms);

/* Write a clean text as a string of JSON, or as a field of CSV. */
void show_json_text(FILE *out, const char *text);
void show_csv_text(FILE *out, const char *text);

/* Columns that a text takes on a terminal: its characters. */
size_t show_width(const char *text);

/* Write a change as "+1.10 (+0.82%)", and a state as "fresh" or "unknown"; "-"
 * where there is none.  Cut at `size` bytes. */
void show_change(char *out, size_t size, const struct quoted_quote *quote);
void show_state(char *out, size_t size, const struct quoted_quote *quote);

/* Write a line about one quote, for whoever reads along: JSON as an object, a
 * table as a time of day, what changed, and its state.  CSV's first line is
 * show_begin()'s. */
void show_line(const struct show *show, const char *name,
               const struct quoted_quote *quote);
