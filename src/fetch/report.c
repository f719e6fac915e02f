/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/report.h"

#include "base/check.h"
#include "base/err.h"
#include "desk/desk.h"

int report_init(struct report *report)
{
    return uv_mutex_init(&report->lock) == 0 ? 0 : ERR_NOMEM;
}

void report_deinit(struct report *report)
{
    uv_mutex_destroy(&report->lock);
}

void report_renew(struct report *report, struct desk *desk,
                  struct steady_time now)
{
    struct fetch_report *draft = &report->draft;
    draft->unix_ms = now.unix_ms;
    draft->mono_ms = now.mono_ms;
    draft->flights = desk_count(desk);
    draft->posts_count = desk_posts(desk);
    CHECK(draft->posts_count <= DESK_PROVIDERS_LIMIT);
    for (size_t i = 0; i < draft->posts_count; i++) {
        view_look_at_post(desk, now, i, &draft->posts[i]);
    }
    uv_mutex_lock(&report->lock);
    report->kept = *draft;
    uv_mutex_unlock(&report->lock);
}

void report_copy(struct report *report, struct fetch_report *out)
{
    uv_mutex_lock(&report->lock);
    *out = report->kept;
    uv_mutex_unlock(&report->lock);
}
