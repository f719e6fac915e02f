/* SPDX-License-Identifier: Apache-2.0 */
#include "web/partial.h"

#include <stddef.h>

#include "base/check.h"
#include "serve/heartbeat.h"

void partial_note(struct partials *partials, struct partial *partial,
                  bool is_new, uint64_t now_ms)
{
    CHECK(partial->web != NULL);
    if (partial->is_listed && !is_new) {
        return;
    }
    if (!partial->is_listed) {
        partial->is_listed = true;
        LIST_INSERT_HEAD(&partials->list, partial, link);
        heartbeat_settle(partials->heartbeat, true);
    }
    partial->since_ms = now_ms;
}

void partial_forget(struct partials *partials, struct partial *partial)
{
    if (!partial->is_listed) {
        return;
    }
    partial->is_listed = false;
    LIST_REMOVE(partial, link);
    heartbeat_settle(partials->heartbeat, !LIST_EMPTY(&partials->list));
}
