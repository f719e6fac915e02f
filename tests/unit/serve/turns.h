/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns.h -- work that sessions put off to their worker's next turn, which
 * comes when the test says so.
 *
 * Included once a program: it defines what net/loop.c would do.
 */

#pragma once

#include "net/loop.h"
#include "unit/serve/watching.h"

#define TASKS_MAX 2

static struct loop_task *tasks[TASKS_MAX]; // put off

void loop_put_off(struct loop *loop, struct loop_task *task)
{
    assert_ptr_equal(loop, &watching.worker.loop);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (tasks[i] == NULL) {
            tasks[i] = task;
            return;
        }
    }
    fail_msg("a connection has put off more than one task");
}

void loop_call_off(struct loop *loop, struct loop_task *task)
{
    assert_ptr_equal(loop, &watching.worker.loop);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        tasks[i] = tasks[i] == task ? NULL : tasks[i];
    }
}

/* The loop's next turn. */
static inline void turn(void)
{
    struct loop_task *due[TASKS_MAX];
    memcpy(due, tasks, sizeof(due));
    memset(tasks, 0, sizeof(tasks));
    watching.worker.loop.turns++;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (due[i] != NULL) {
            due[i]->run(due[i]);
        }
    }
}

static inline bool is_put_off(void)
{
    return tasks[0] != NULL || tasks[1] != NULL;
}
