/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/scrape.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "desk/view.h"
#include "fetch/fetch.h"
#include "obs/exposition.h"
#include "obs/log.h"
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

/* --- Providers ------------------------------------------------------------ */

/* Families of a label that only the report knows the values of: each has its
 * samples together, of all providers. */
static void put_calls(const struct exposition *page,
                      const struct fetch_report *report)
{
    exposition_begin(page, FAMILY_upstream_calls);
    for (size_t i = 0; i < report->posts_count; i++) {
        for (int class = 0; class < PROVIDER_CLASS_COUNT; class ++) {
            const struct exposition_label labels[] = {
                {"provider", report->posts[i].name},
                {"class", provider_class_name((enum provider_class) class)},
            };
            exposition_put(page, FAMILY_upstream_calls, labels, 2,
                           report->posts[i].outcomes[class]);
        }
    }
    exposition_begin(page, FAMILY_upstream_duration);
    for (size_t i = 0; i < report->posts_count; i++) {
        const struct exposition_label label = {"provider",
                                               report->posts[i].name};
        exposition_put_histogram(page, FAMILY_upstream_duration, &label, 1,
                                 report->posts[i].took);
    }
}

static void put_standings(const struct exposition *page,
                          const struct fetch_report *report)
{
    exposition_begin(page, FAMILY_provider_standing);
    for (size_t i = 0; i < report->posts_count; i++) {
        for (int standing = 0; standing < DESK_STANDINGS; standing++) {
            const struct exposition_label labels[] = {
                {"provider", report->posts[i].name},
                {"standing", view_standing_name((enum desk_standing)standing)},
            };
            exposition_put(page, FAMILY_provider_standing, labels, 2,
                           (int)report->posts[i].standing == standing);
        }
    }
    exposition_begin(page, FAMILY_provider_queued);
    for (size_t i = 0; i < report->posts_count; i++) {
        const struct exposition_label label = {"provider",
                                               report->posts[i].name};
        exposition_put(page, FAMILY_provider_queued, &label, 1,
                       report->posts[i].queued);
    }
}

static bool is_same(const struct budget_view *a, const struct budget_view *b)
{
    return a->rule.span == b->rule.span && a->rule.cost == b->rule.cost;
}

/* Rule `k` of a provider, or of those that count the same as it the one that is
 * nearest to its end; NULL where one before it was shown for all of them.  A
 * day that may turn at one of two hours is two rules. */
static const struct budget_view *rule_to_show(const struct desk_post_view *post,
                                              size_t k)
{
    const struct budget_view *shown = &post->rules[k].view;
    for (size_t i = 0; i < post->rules_count; i++) {
        const struct budget_view *other = &post->rules[i].view;
        if (!is_same(other, shown)) {
            continue;
        }
        if (i < k) {
            return NULL;
        }
        shown = other->left < shown->left ? other : shown;
    }
    return shown;
}

static void put_budgets(const struct exposition *page,
                        const struct fetch_report *report, enum family family)
{
    exposition_begin(page, family);
    for (size_t i = 0; i < report->posts_count; i++) {
        const struct desk_post_view *post = &report->posts[i];
        for (size_t k = 0; k < post->rules_count; k++) {
            const struct budget_view *view = rule_to_show(post, k);
            if (view == NULL) {
                continue;
            }
            const struct exposition_label labels[] = {
                {"provider", post->name},
                {"window", budget_span_name(view->rule.span)},
                {"counts", budget_cost_name(view->rule.cost)},
            };
            exposition_put(page, family, labels, 3,
                           family == FAMILY_budget_left ? view->left
                                                        : view->rule.n);
        }
    }
}

static void put_providers(const struct exposition *page,
                          const struct fetch_report *report)
{
    put_calls(page, report);
    put_standings(page, report);
    put_budgets(page, report, FAMILY_budget_left);
    put_budgets(page, report, FAMILY_budget_limit);
}

void scrape_put(struct buffer *out, const struct shared *shared,
                bool is_openmetrics)
{
    struct exposition page = {out, is_openmetrics};
    // Larger than a stack frame should be.
    struct fetch_report *report = mem_calloc(1, sizeof(*report));
    if (report == NULL) {
        out->failed = true;
        return;
    }
    fetch_copy_report(shared->fetch, report);
    put_build(&page);
    put_plain(&page, FAMILY_log_suppressed, log_suppressed());
    put_process(&page, shared);
    exposition_put_cells(&page, &shared->metrics);
    put_providers(&page, report);
    mem_free(report);
    exposition_end(&page);
}
