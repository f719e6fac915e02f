/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "obs/metric.h"

const char *exposition_type(bool is_openmetrics)
{
    return is_openmetrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* --- Names ---------------------------------------------------------------- */

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The name without what its samples have behind it. */
static void put_name(const struct exposition *page,
                     const struct family_info *info)
{
    buffer_put_text(page->out,
                    begins_with(info->name, "process_") ? "" : "quoted_");
    buffer_put_text(page->out, info->name);
    if (info->unit[0] != '\0') {
        buffer_put_byte(page->out, '_');
        buffer_put_text(page->out, info->unit);
    }
}

static const char *suffix_of(enum family_kind kind)
{
    return kind == FAMILY_COUNTER ? "_total"
           : kind == FAMILY_INFO  ? "_info"
                                  : "";
}

/* Prometheus' own text names the samples, OpenMetrics what they are of. */
static void put_head_name(const struct exposition *page,
                          const struct family_info *info)
{
    put_name(page, info);
    if (!page->is_openmetrics) {
        buffer_put_text(page->out, suffix_of(info->kind));
    }
}

void exposition_put_name(struct buffer *out, enum family family)
{
    const struct exposition page = {.out = out};
    put_head_name(&page, family_info_of(family));
}

/* --- Heads ---------------------------------------------------------------- */

static void put_escaped(const struct exposition *page, const char *text,
                        bool escapes_quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            buffer_put_text(page->out, "\\n");
            continue;
        }
        if (*text == '\\' || (*text == '"' && escapes_quotes)) {
            buffer_put_byte(page->out, '\\');
        }
        buffer_put_byte(page->out, *text);
    }
}

static const char *type_of(const struct exposition *page, enum family_kind kind)
{
    switch (kind) {
    case FAMILY_COUNTER:
        return "counter";
    case FAMILY_HISTOGRAM:
        return "histogram";
    case FAMILY_INFO:
        return page->is_openmetrics ? "info" : "gauge";
    default:
        return "gauge";
    }
}

static void put_head(const struct exposition *page,
                     const struct family_info *info)
{
    buffer_put_text(page->out, "# HELP ");
    put_head_name(page, info);
    buffer_put_byte(page->out, ' ');
    put_escaped(page, info->help, page->is_openmetrics);
    buffer_put_text(page->out, "\n# TYPE ");
    put_head_name(page, info);
    buffer_put_byte(page->out, ' ');
    buffer_put_text(page->out, type_of(page, info->kind));
    buffer_put_byte(page->out, '\n');
    if (page->is_openmetrics && info->unit[0] != '\0') {
        buffer_put_text(page->out, "# UNIT ");
        put_head_name(page, info);
        buffer_put_byte(page->out, ' ');
        buffer_put_text(page->out, info->unit);
        buffer_put_byte(page->out, '\n');
    }
}

void exposition_begin(const struct exposition *page, enum family family)
{
    put_head(page, family_info_of(family));
}

/* --- Samples -------------------------------------------------------------- */

static void put_labels(const struct exposition *page,
                       const struct exposition_label *labels, size_t count)
{
    CHECK(count <= EXPOSITION_LABELS_LIMIT);
    for (size_t i = 0; i < count; i++) {
        buffer_put_byte(page->out, i == 0 ? '{' : ',');
        buffer_put_text(page->out, labels[i].name);
        buffer_put_text(page->out, "=\"");
        put_escaped(page, labels[i].value, true);
        buffer_put_byte(page->out, '"');
    }
    if (count > 0) {
        buffer_put_byte(page->out, '}');
    }
}

static void put_seconds(const struct exposition *page, uint64_t value_ms)
{
    buffer_printf(page->out, "%" PRIu64 ".%03" PRIu64, value_ms / 1000,
                  value_ms % 1000);
}

static void put_value(const struct exposition *page,
                      const struct family_info *info, uint64_t value)
{
    if (info->kind == FAMILY_GAUGE && value > INT64_MAX) {
        value = 0; // counted down already, and up not yet seen
    }
    if (strcmp(info->unit, "seconds") == 0) {
        put_seconds(page, value);
    } else {
        buffer_put_u64(page->out, value);
    }
    buffer_put_byte(page->out, '\n');
}

static void put_sample(const struct exposition *page,
                       const struct family_info *info,
                       const struct exposition_label *labels, size_t count,
                       uint64_t value)
{
    put_name(page, info);
    buffer_put_text(page->out, suffix_of(info->kind));
    put_labels(page, labels, count);
    buffer_put_byte(page->out, ' ');
    put_value(page, info, value);
}

void exposition_put(const struct exposition *page, enum family family,
                    const struct exposition_label *labels, size_t count,
                    uint64_t value)
{
    const struct family_info *info = family_info_of(family);
    CHECK(info->kind != FAMILY_HISTOGRAM);
    put_sample(page, info, labels, count, value);
}

/* --- Histograms ----------------------------------------------------------- */

/* A bound as both forms have it: "0.005", "1.0". */
static void print_bound(char out[24], uint64_t bound_ms)
{
    int len = snprintf(out, 24, "%" PRIu64 ".%03" PRIu64, bound_ms / 1000,
                       bound_ms % 1000);
    while (out[len - 1] == '0' && out[len - 2] != '.') {
        out[--len] = '\0';
    }
}

static void put_part(const struct exposition *page,
                     const struct family_info *info, const char *part,
                     const struct exposition_label *labels, size_t count)
{
    put_name(page, info);
    buffer_put_text(page->out, part);
    put_labels(page, labels, count);
    buffer_put_byte(page->out, ' ');
}

void exposition_put_histogram(const struct exposition *page, enum family family,
                              const struct exposition_label *labels,
                              size_t count,
                              const uint64_t cells[FAMILY_CELLS_HISTOGRAM])
{
    const struct family_info *info = family_info_of(family);
    const uint64_t *bounds_ms = family_bounds_ms(family);
    CHECK(count < EXPOSITION_LABELS_LIMIT);
    struct exposition_label all[EXPOSITION_LABELS_LIMIT];
    for (size_t i = 0; i < count; i++) {
        all[i] = labels[i];
    }
    uint64_t sum = 0;
    for (size_t i = 0; i <= FAMILY_BOUNDS; i++) {
        char bound[24] = "+Inf";
        if (i < FAMILY_BOUNDS) {
            print_bound(bound, bounds_ms[i]);
        }
        all[count] = (struct exposition_label){"le", bound};
        sum += cells[i];
        put_part(page, info, "_bucket", all, count + 1);
        buffer_put_u64(page->out, sum);
        buffer_put_byte(page->out, '\n');
    }
    put_part(page, info, "_sum", labels, count);
    put_seconds(page, cells[FAMILY_BOUNDS + 1]);
    buffer_put_byte(page->out, '\n');
    put_part(page, info, "_count", labels, count);
    buffer_put_u64(page->out, sum);
    buffer_put_byte(page->out, '\n');
}

/* --- What is in cells ----------------------------------------------------- */

static size_t begin_of(enum family family)
{
    static const size_t table[FAMILY_COUNT] = {
#define FAMILY_AT(name, kind, unit, one, two, help) METRIC_AT_##name,
        FAMILY_TABLE(FAMILY_AT)
#undef FAMILY_AT
    };
    return table[family];
}

/* One combination of a family's labels. */
static void put_combination(const struct exposition *page,
                            const struct metrics *metrics, enum family family,
                            size_t number)
{
    const struct family_info *info = family_info_of(family);
    struct exposition_label labels[2];
    size_t count = 0;
    size_t second = family_label_values(info->labels[1]);
    size_t values[2] = {number / second, number % second};
    for (size_t i = 0; i < 2; i++) {
        if (info->labels[i] != FAMILY_LABEL_NONE) {
            labels[count++] = (struct exposition_label){
                family_label_name(info->labels[i]),
                family_label_word(info->labels[i], values[i]),
            };
        }
    }
    size_t cells = family_kind_cells(info->kind);
    size_t at = begin_of(family) + number * cells;
    uint64_t sums[FAMILY_CELLS_HISTOGRAM] = {0};
    for (size_t i = 0; i < cells; i++) {
        sums[i] = metric_sum_at(metrics, at + i);
    }
    if (info->kind == FAMILY_HISTOGRAM) {
        exposition_put_histogram(page, family, labels, count, sums);
    } else {
        put_sample(page, info, labels, count, sums[0]);
    }
}

static void put_family(const struct exposition *page,
                       const struct metrics *metrics, enum family family)
{
    const struct family_info *info = family_info_of(family);
    size_t combinations = family_label_values(info->labels[0]) *
                          family_label_values(info->labels[1]);
    if (combinations > 0) {
        exposition_begin(page, family);
    }
    for (size_t i = 0; i < combinations; i++) {
        put_combination(page, metrics, family, i);
    }
}

static bool is_family(const char *name)
{
    for (int family = 0; family < FAMILY_COUNT; family++) {
        if (strcmp(family_info_of((enum family)family)->name, name) == 0) {
            return true;
        }
    }
    return false;
}

void exposition_put_cells(const struct exposition *page,
                          const struct metrics *metrics)
{
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_info *row = metric_info_of((enum metric)metric);
        if (is_family(row->name)) {
            continue;
        }
        struct family_info info = {
            .name = row->name,
            .kind = row->kind == METRIC_GAUGE ? FAMILY_GAUGE : FAMILY_COUNTER,
            .unit = "",
            .help = row->help,
        };
        put_head(page, &info);
        put_sample(page, &info, NULL, 0,
                   metric_sum(metrics, (enum metric)metric));
    }
    for (int family = 0; family < FAMILY_COUNT; family++) {
        put_family(page, metrics, (enum family)family);
    }
}

void exposition_end(const struct exposition *page)
{
    if (page->is_openmetrics) {
        buffer_put_text(page->out, "# EOF\n");
    }
}
