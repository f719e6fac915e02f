/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metric.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

int metric_init(struct metrics *metrics, size_t count)
{
    CHECK(count > 0);
    *metrics = (struct metrics){.count = count};
    metrics->cells = mem_calloc(count, sizeof(*metrics->cells));
    return metrics->cells != NULL ? 0 : ERR_NOMEM;
}

void metric_deinit(struct metrics *metrics)
{
    mem_free(metrics->cells);
    *metrics = (struct metrics){0};
}

uint64_t metric_sum_at(const struct metrics *metrics, size_t at)
{
    CHECK(at < METRIC_CELLS);
    uint64_t sum = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        sum += atomic_load_explicit(&metrics->cells[i].values[at],
                                    memory_order_relaxed);
    }
    return sum;
}

uint64_t metric_sum(const struct metrics *metrics, enum metric metric)
{
    CHECK(metric < METRIC_COUNT);
    return metric_sum_at(metrics, (size_t)metric);
}

const struct metric_info *metric_info_of(enum metric metric)
{
    static const struct metric_info table[METRIC_COUNT] = {
#define METRIC_ROW(name, kind, unit, help) {#name, METRIC_##kind, unit, help},
        METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
    };
    CHECK(metric < METRIC_COUNT);
    return &table[metric];
}
