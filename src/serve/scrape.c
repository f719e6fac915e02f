/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/scrape.h"

#include "obs/exposition.h"
#include "obs/process.h"
#include "serve/worker.h"

static void put_plain(const struct exposition *page, enum family family,
                      uint64_t value)
{
    exposition_begin(page, family);
    exposition_put(page, family, NULL, 0, value);
}

static void put_build(const struct exposition *page)
{
    const struct exposition_label labels[] = {
        {"version", QUOTED_VERSION},
        {"compiler", __VERSION__},
    };
    exposition_begin(page, FAMILY_build);
    exposition_put(page, FAMILY_build, labels, 2, 1);
}

static void put_process(const struct exposition *page,
                        const struct shared *shared)
{
    struct process_usage usage;
    process_read(&usage);
    put_plain(page, FAMILY_process_cpu, usage.cpu_ms);
    put_plain(page, FAMILY_process_start_time,
              (uint64_t)shared->started_unix_ms);
    put_plain(page, FAMILY_process_resident_memory, usage.resident_bytes);
    put_plain(page, FAMILY_process_virtual_memory, usage.virtual_bytes);
    put_plain(page, FAMILY_process_open_fds, usage.open_fds);
    put_plain(page, FAMILY_process_max_fds, usage.max_fds);
    put_plain(page, FAMILY_process_threads, usage.threads);
}

void scrape_put(struct buffer *out, const struct shared *shared,
                bool is_openmetrics)
{
    struct exposition page = {out, is_openmetrics};
    put_build(&page);
    put_process(&page, shared);
    exposition_put_cells(&page, &shared->metrics);
    exposition_end(&page);
}
