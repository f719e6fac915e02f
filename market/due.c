/* SPDX-License-Identifier: Apache-2.0 */
#include "market/due.h"

#include "base/check.h"
#include "net/loop.h"

static void on_timer(uv_timer_t *timer)
{
    struct due_list *list = timer->data;
    loop_wake(list->loop);
    for (struct due *due; (due = TAILQ_FIRST(&list->queue)) != NULL;) {
        if (due->at_ms > list->loop->now_ms) {
            uv_timer_start(timer, on_timer, due->at_ms - list->loop->now_ms, 0);
            return;
        }
        due_cancel(list, due);
        due->on_due(due->user);
    }
}

void due_init(struct due_list *list, struct loop *loop)
{
    list->loop = loop;
    TAILQ_INIT(&list->queue);
    int err = uv_timer_init(&loop->uv, &list->timer);
    CHECK(err == 0); // it only fills in the struct
    list->timer.data = list;
}

void due_close(struct due_list *list)
{
    uv_close((uv_handle_t *)&list->timer, NULL);
}

void due_set(struct due_list *list, struct due *due, uint64_t delay_ms)
{
    CHECK(due->on_due != NULL);
    due_cancel(list, due);
    due->is_set = true;
    due->at_ms = list->loop->now_ms + delay_ms;
    struct due *before = TAILQ_LAST(&list->queue, due_queue);
    while (before != NULL && before->at_ms > due->at_ms) {
        before = TAILQ_PREV(before, due_queue, link);
    }
    if (before != NULL) {
        TAILQ_INSERT_AFTER(&list->queue, before, due, link);
        return;
    }
    TAILQ_INSERT_HEAD(&list->queue, due, link);
    if (!uv_is_closing((uv_handle_t *)&list->timer)) {
        uv_timer_start(&list->timer, on_timer, delay_ms, 0);
    }
}

void due_cancel(struct due_list *list, struct due *due)
{
    if (due->is_set) {
        TAILQ_REMOVE(&list->queue, due, link);
        due->is_set = false;
    }
}
